"""SARIF 2.1.0: what its schema requires is there, indexes point where they say, fixes repair the document."""

from __future__ import annotations

import json
import re

import pytest

from conformance.repairs import mend
from conformance.reports.addresses import uri_of
from conformance.reports.judged import Judged, Options
from conformance.reports.sarif import render


def log(*judged: Judged, language: str = "en") -> dict:
    return json.loads(b"".join(render(judged, Options(language=language))))


def test_a_log_has_what_the_schema_requires(invalid, valid, unusable):
    made = log(invalid, valid, unusable)

    (run,) = made["runs"]
    driver = run["tool"]["driver"]
    assert made["version"] == "2.1.0"
    assert driver["name"] == "ecluse"
    assert re.fullmatch(r"[a-zA-Z]{2}(-[a-zA-Z]{2})?", run["language"])
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    assert len({json.dumps(one) for one in run["artifacts"]}) == 3
    assert len({one["id"] for one in driver["rules"]}) == len(driver["rules"])
    for rule in driver["rules"]:
        assert rule["fullDescription"]["text"]
        assert rule["help"]["text"]
    for result in run["results"]:
        assert driver["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        for location in result["locations"]:
            physical = location["physicalLocation"]
            address = physical["artifactLocation"]
            assert run["artifacts"][address["index"]]["location"]["uri"] == address["uri"]
            assert physical["region"]["startLine"] >= 1
            assert physical["region"]["startColumn"] >= 1


def test_a_fix_replaces_what_its_region_names_in_bytes_and_in_lines(invalid):
    result = log(invalid)["runs"][0]["results"][0]

    (change,) = result["fixes"][0]["artifactChanges"]
    content, lines = invalid.content, invalid.content.decode().split("\n")
    for one in reversed(change["replacements"]):
        region, text = one["deletedRegion"], one.get("insertedContent", {}).get("text", "")
        deleted = content[region["byteOffset"] : region["byteOffset"] + region["byteLength"]]
        content = content.replace(
            content, content[: region["byteOffset"]] + text.encode() + content[region["byteOffset"] + len(deleted) :]
        )
        line = lines[region["startLine"] - 1]
        assert region["endLine"] == region["startLine"]
        assert line[region["startColumn"] - 1 : region["endColumn"] - 1] == deleted.decode()
        lines[region["startLine"] - 1] = line[: region["startColumn"] - 1] + text + line[region["endColumn"] - 1 :]
    expected = mend(invalid.content, invalid.report.findings).content
    assert content == "\n".join(lines).encode() == expected


def test_a_file_that_cannot_be_judged_is_a_notification(unusable):
    (run,) = log(unusable)["runs"]

    assert run["results"] == []
    assert run["invocations"][0]["executionSuccessful"] is False
    assert run["invocations"][0]["toolExecutionNotifications"][0]["level"] == "error"


def test_rules_speak_french_too(invalid):
    run = log(invalid, language="fr")["runs"][0]

    assert run["language"] == "fr-FR"
    assert run["tool"]["driver"]["rules"][0]["help"]["text"] == "Écrivez code='SYNTH'."


@pytest.mark.parametrize(
    ("file", "uri"),
    [
        ("a b/é.xml", "a%20b/%C3%A9.xml"),
        ("/x/y.xml", "file:///x/y.xml"),
        ("c:d#?.xml", "c%3Ad%23%3F.xml"),
        ("\udcff.xml", "%FF.xml"),
        ("-", "-"),
    ],
)
def test_a_file_has_a_uri(file, uri):
    assert uri_of(file) == uri
