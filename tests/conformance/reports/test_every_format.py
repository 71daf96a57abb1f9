"""Whatever a document or a file name holds, no format breaks; none needs the source, or a finding."""

from __future__ import annotations

import json

import pytest

from conformance.report import Report, Severity
from conformance.reports.formats import FORMATS, renderer
from conformance.reports.judged import Judged, Options, Totals, at_least
from security import xml

LANGUAGES = ("fr", "en")


def printed(form: str, *judged: Judged, language: str = "en") -> str:
    return b"".join(renderer(form)(judged, Options(language=language))).decode("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", FORMATS)
def test_hostile_content_breaks_no_format(form, language, hostile):
    text = printed(form, hostile, language=language)

    assert "\x1b" not in text
    assert "\x00" not in text
    assert "\u202e" not in text or form in ("json", "sarif")
    if form in ("svrl", "junit"):
        xml.parse(text.encode())
    if form in ("json", "sarif"):
        json.loads(text)
    if form == "html":
        assert "<script" not in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_whose_content_nobody_kept_is_printed_too(form, invalid):
    text = printed(form, Judged(invalid.file, invalid.report))

    assert ("VSM-CODE" in text) is (form != "patch")


@pytest.mark.parametrize("form", FORMATS)
def test_no_file_at_all_is_a_report_too(form):
    text = printed(form)

    if form in ("svrl", "junit"):
        xml.parse(text.encode())
    if form == "json":
        assert json.loads(text) == []


@pytest.mark.parametrize("form", [one for one in FORMATS if one not in ("sarif", "html", "patch")])
def test_formats_that_stream_ask_for_a_file_only_when_the_one_before_is_printed(form, invalid):
    asked = 0

    def files():
        nonlocal asked
        for _ in range(100):
            asked += 1
            yield invalid

    chunks = renderer(form)(files(), Options())
    read = b""
    while invalid.file.encode() not in read and b"a%20b" not in read:
        read += next(chunks)

    assert asked == 1


def test_json_has_one_object_a_file_in_order(invalid, valid, unusable):
    data = json.loads(printed("json", invalid, valid, unusable))

    assert [one["file"] for one in data] == ["dossier/a b.xml", "good.xml", "bad.xml"]
    assert [one["valid"] for one in data] == [False, True, False]
    assert data[0]["findings"][0]["repair"][0]["text"] == "SYNTH"


def test_what_is_less_grave_can_be_left_out_and_the_verdict_stays(invalid):
    report = at_least(invalid.report, Severity.ERROR)

    assert [one.rule for one in report.findings] == ["VSM-CODE"]
    assert not report.valid
    assert at_least(invalid.report, Severity.INFO) is invalid.report


def test_totals_count_files_and_tell_the_rules_broken_most(invalid, valid, unusable):
    totals = Totals()
    for one in (invalid, invalid, valid, unusable):
        totals.add(one)

    assert (totals.files, totals.valid, totals.invalid, totals.unusable) == (4, 1, 2, 1)
    assert (totals.errors, totals.warnings) == (2, 2)
    assert [(one.rule, times) for one, times in totals.most_broken(5)] == [("VSM-CODE", 2), ("HDR-DECEASED", 2)]
    assert totals.most_broken(1)[0][0].rule == "VSM-CODE"


def test_a_report_without_layers_or_findings_is_one_passing_case():
    text = printed("junit", Judged("x.xml", Report("level1", ())))

    assert 'tests="1" failures="0" errors="0" skipped="0"' in text
