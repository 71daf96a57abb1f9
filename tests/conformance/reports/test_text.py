from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.report import Report, unreadable
from conformance.reports.judged import Judged, Options
from conformance.reports.text import render


def printed(judged: Judged, **options) -> str:
    return b"".join(render([judged], Options(**{"language": "en", **options}))).decode()


def test_a_valid_file_takes_one_line(valid):
    assert printed(valid) == "good.xml: valid (level1)\n"
    assert printed(valid, language="fr") == "good.xml: valide (level1)\n"


def test_a_finding_shows_the_line_of_the_source_with_a_caret_below_the_place(invalid):
    assert printed(invalid) == (
        "dossier/a b.xml: invalid (vsm-2023.01)\n"
        "  a note\n"
        "  Header: 1 warning\n"
        "  warning HDR-DECEASED 4:17 The code of the document is SYNTH. [CI-SIS VSM 2023.01]\n"
        '       4 │   <recordTarget><sdtc:deceasedInd value="oui"/></recordTarget>\n'
        "         │                 ^\n"
        "    → Write code='SYNTH'.\n"
        "    /ClinicalDocument/recordTarget/deceasedInd/@value\n"
        "  Document model: 1 error\n"
        "  error VSM-CODE 3:26 The code of the document is SYNTH. [CI-SIS VSM 2023.01]\n"
        '       3 │   <title>Synthèse</title><code code="34133-9" codeSystem="x"/>\n'
        "         │                          ^\n"
        "    found: 34133-9, expected: SYNTH\n"
        "    → Write code='SYNTH'.\n"
        "    a certain repair is known\n"
        "    /ClinicalDocument/code\n"
        "  Terminologies not asked: no table\n"
        "  What a clinician reads (Pages: 2)\n"
        "  over one page\n"
        "    Allergies: present\n"
        "      - <pollen>\n"
        "    Treatments: absent\n"
    )


def test_a_file_that_cannot_be_judged_says_why_where_and_what_to_do():
    report = unreadable("reason", message_en="It is cut.", hint_en="Export it again.", line=1, column=4)

    assert printed(Judged("bad.xml", report, b"<a><b")) == (
        "bad.xml: cannot be judged: It is cut. (line 1, 4)\n"
        "       1 │ <a><b\n"
        "         │    ^\n"
        "    → Export it again.\n"
        "    [reason]\n"
    )


def test_the_lines_of_the_source_can_be_left_out(invalid):
    assert "Synthèse</title>" not in printed(invalid, source=False)


def test_colours_are_only_put_in_when_asked_for(invalid):
    assert "\x1b[31merror\x1b[0m" in printed(invalid, colour=True)
    assert "\x1b" not in printed(invalid)


def test_one_rule_broken_often_is_shown_a_few_times_and_counted(invalid):
    many = tuple(replace(invalid.report.findings[0], line=0) for _ in range(7))
    judged = Judged("a.xml", Report("p", many), None)

    text = printed(judged, at_most=3)

    assert text.count("error VSM-CODE") == 3
    assert "… 4 more of VSM-CODE (--all)" in text
    assert printed(judged).count("error VSM-CODE") == 7


def test_many_long_notes_are_cut_unless_all_is_asked_for():
    judged = Judged("a.xml", Report("p", (), notes=("n" * 1000,) * 9))

    assert "… 6 more notes (--all)" in printed(judged, at_most=3)
    assert max(map(len, printed(judged, at_most=3).splitlines())) < 220
    assert printed(judged).count("n" * 1000) == 9


def test_a_long_line_is_cut_around_the_place(invalid):
    line = b"<a>" + b"x" * 5000 + b"<code/>" + b"y" * 5000
    finding = replace(invalid.report.findings[0], line=1, column=5004)

    lines = printed(Judged("a.xml", Report("p", (finding,)), line)).splitlines()

    shown, caret = lines[3], lines[4]
    assert len(shown) < 130
    assert shown[caret.index("^") :].startswith("<code/>")


def test_wide_characters_before_the_place_move_the_caret(invalid):
    finding = replace(invalid.report.findings[0], line=1, column=6)

    lines = printed(Judged("a.xml", Report("p", (finding,)), "<a>漢é<code/>".encode())).splitlines()

    assert lines[4].index("^") == lines[3].index("<code/>") + 1


@pytest.mark.parametrize(
    ("found", "said"),
    [(None, "found: absent, expected: a time"), ("", "expected: a time"), ("1", "found: 1, expected: a time")],
)
def test_what_a_rule_does_not_show_is_not_said_to_be_absent(invalid, found, said):
    (one, *_) = invalid.report.findings
    report = replace(invalid.report, findings=(replace(one, found=found, expected="a time"),))

    assert f"    {said}\n" in printed(replace(invalid, report=report))
