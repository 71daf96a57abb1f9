from __future__ import annotations

from conformance.reports.judged import Judged, Options
from conformance.reports.junit import render
from security import xml


def suites(*judged: Judged):
    return xml.parse(b"".join(render(judged, Options(language="en"))))


def test_a_suite_counts_its_cases(invalid, unusable):
    made = suites(invalid, unusable)

    first, second = made
    assert dict(first.attrib) == {
        "name": "dossier/a b.xml", "tests": "5", "failures": "1", "errors": "0", "skipped": "1",
    }  # fmt: skip
    assert len(first.findall("testcase")) == 5
    assert dict(second.attrib) == {"name": "bad.xml", "tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    assert second.find("testcase/error") is not None


def test_an_error_is_a_failure_and_a_warning_is_printed_by_a_case_that_passes(invalid):
    cases = {one.get("name"): one for one in suites(invalid)[0]}

    failure = cases["VSM-CODE"].find("failure")
    assert failure.get("message") == "The code of the document is SYNTH."
    assert "3:26 /ClinicalDocument/code" in failure.text
    assert "found: 34133-9, expected: SYNTH" in failure.text
    assert cases["HDR-DECEASED"].find("system-out") is not None
    assert cases["HDR-DECEASED"].find("failure") is None


def test_layers_are_cases_that_pass_or_are_skipped(invalid):
    cases = {one.get("name"): one for one in suites(invalid)[0]}

    assert len(cases["CDA structure"]) == 0
    assert cases["Terminologies"].find("skipped").get("message") == "no table"
    assert "Document model" not in cases
