from __future__ import annotations

from datetime import date

import pytest

from cda.document import parse_document
from conformance.report import Report, Severity
from conformance.summary.advice import TEXTS
from conformance.summary.view import with_summary
from profiles.rule_texts import rule_texts
from samples.documents.vsm import vsm

SOON = date(2024, 7, 1)
CONTENT = vsm(unique_id="2.25.7")


def viewed(content: bytes, today: date = SOON, *, pages: bool = False) -> Report:
    return with_summary(Report("vsm-2023.01", ()), parse_document(content), today=today, pages=pages)


def states(content: bytes) -> dict[str, str]:
    summary = viewed(content).summary
    assert summary is not None
    return {one.title_en: one.state for one in summary.headings}


def advice(content: bytes, today: date = SOON) -> list[str]:
    return [one.rule for one in viewed(content, today).findings]


def test_a_whole_summary_is_shown_heading_by_heading():
    summary = viewed(CONTENT).summary

    assert {one.state for one in summary.headings} == {"present"}
    allergies = next(one for one in summary.headings if one.loinc == "48765-2")
    assert allergies.items == ("Allergie médicamenteuse, Pénicilline (2003)",)
    assert CONTENT.decode().splitlines()[allergies.line - 1].strip()
    assert [one.loinc for one in summary.headings][:4] == ["11450-4", "11348-0", "47519-4", "48765-2"]


def test_known_to_be_absent_and_no_information_are_two_things(official):
    said = states(official("own/VSM_2023.01_own_negations.xml"))

    assert said["Current conditions"] == "empty"
    assert said["Past medical history"] == "unknown"
    assert said["Long-term treatments"] == "empty"
    assert said["Family history"] == "absent"


def test_what_is_denied_is_not_shown_as_present():
    content = CONTENT.replace(b'negationInd="false"', b'negationInd="true"', 1)

    headings = viewed(content).summary.headings

    assert [item for one in headings for item in one.items if item.startswith("non : ")] == [
        "non : Fibrillation auriculaire (02/03/2019)"
    ]


def test_the_sentence_of_a_composite_section_is_shown(official):
    said = states(official("own/VSM_2023.01_own_minimal.xml"))

    assert said["Current conditions"] == "absent"
    assert said["Conditions, history, allergies (text)"] == "present"


def test_a_good_summary_needs_no_advice_but_on_what_it_lacks():
    assert set(advice(CONTENT)) <= {"HAS-REASON", "HAS-ROW"}


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("HAS-TWICE", b'code="J45.9"', b'code="E11.9"'),
        ("HAS-ANCHOR", b'"#an1"', b'"#nowhere"'),
        ("HAS-ROW", b'"#an2"', b'"#an1"'),
        ("HAS-NOWHERE", b'<reference value="#pb1s"/>', b'<reference value="#pb99"/>'),
        ("HAS-SILENT", b'<code code="48765-2"', b'<code code="0-0"'),
    ],
)
def test_each_advice_speaks_of_its_own_fault(rule, old, new):
    before = advice(CONTENT)
    after = advice(CONTENT.replace(old, new))

    assert old in CONTENT
    assert after.count(rule) > before.count(rule)


def test_a_treatment_without_reason_is_told():
    content = CONTENT.replace(b'typeCode="RSON"', b'typeCode="REFR"')

    assert advice(content).count("HAS-REASON") >= 2


def test_a_summary_grows_old_after_a_year():
    made = CONTENT.partition(b'<effectiveTime value="')[2][:8].decode()
    then = date(int(made[:4]), int(made[4:6]), int(made[6:]))

    assert "HAS-OLD" not in advice(CONTENT, then.replace(year=then.year + 1))
    assert "HAS-OLD" in advice(CONTENT, then.replace(year=then.year + 2))


def test_advice_never_makes_a_document_invalid():
    report = viewed(CONTENT, date(2099, 1, 1))

    assert report.findings
    assert {one.severity for one in report.findings} == {Severity.INFO}
    assert report.valid


def test_a_page_too_many_is_told_with_what_runs_over():
    pytest.importorskip("weasyprint", exc_type=(ImportError, OSError), reason="WeasyPrint is not installed")
    report = viewed(CONTENT.replace(b"<item>", b"<item>" + b"point " * 40 + b"</item><item>" * 60), pages=True)

    assert report.summary.pages > 1
    assert report.summary.overflow == "Points de vigilance"
    assert report.findings[-1].rule == "HAS-ONE-PAGE"
    assert viewed(CONTENT, pages=True).summary.pages == 1


def test_every_advice_speaks_two_languages():
    for rule, text in rule_texts(TEXTS).items():
        assert rule.startswith("HAS-")
        assert text.message != text.message_en
        assert text.hint != text.hint_en
