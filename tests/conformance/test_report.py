from __future__ import annotations

import json
import pickle
from dataclasses import replace

from conformance.report import Edit, Finding, Heading, LayerResult, Report, Severity, Summary, unreadable

FINDING = Finding(
    rule="VSM-CODE",
    severity=Severity.ERROR,
    source="CI-SIS VSM 2023.01",
    path="/ClinicalDocument/code",
    line=10,
    column=3,
    found=None,
    expected="SYNTH",
    message="Le code est SYNTH.",
    message_en="The code is SYNTH.",
    hint="Voyez.",
)
WARNING = Finding(
    rule="W",
    severity=Severity.WARNING,
    source="S",
    path="/ClinicalDocument",
    line=1,
    column=1,
    found="a",
    expected=None,
    message="Attention.",
    message_en="Careful.",
)


def test_warnings_leave_a_document_valid():
    assert Report("vsm", (WARNING,)).valid
    assert not Report("vsm", (WARNING, FINDING)).valid


def test_json_has_the_shape_that_others_build_on():
    printed = [json.loads(json.dumps(Report("vsm", (FINDING,)).as_data("a.xml")))]

    assert printed == [
        {
            "file": "a.xml",
            "profile": "vsm",
            "document_type": None,
            "valid": False,
            "findings": [
                {
                    "rule": "VSM-CODE",
                    "severity": "error",
                    "path": "/ClinicalDocument/code",
                    "line": 10,
                    "column": 3,
                    "found": None,
                    "expected": "SYNTH",
                    "message": "Le code est SYNTH.",
                    "source": "CI-SIS VSM 2023.01",
                    "hint": "Voyez.",
                    "layer": "",
                    "repair": [],
                }
            ],
            "layers": [],
            "notes": [],
            "summary": None,
        }
    ]


def test_json_tells_layers_repairs_and_what_a_reader_sees():
    report = Report(
        "vsm",
        (replace(FINDING, layer="header", repair=(Edit(3, 5, "é".encode()),)),),
        document_type="VSM",
        layers=(LayerResult(name="header", title="En-tête", title_en="Header", errors=1),),
        notes=("note",),
        summary=Summary(
            (Heading(title="Allergies", title_en="Allergies", loinc="48765-2", state="absent"),), 2, "long"
        ),
    )

    data = report.as_data("a.xml", "en")

    assert data["document_type"] == "VSM"
    assert data["findings"][0]["repair"] == [{"start": 3, "end": 5, "text": "é"}]
    assert data["layers"] == [
        {"name": "header", "title": "Header", "asked": True, "errors": 1, "warnings": 0, "note": ""}
    ]
    assert data["notes"] == ["note"]
    assert data["summary"]["pages"] == 2
    assert data["summary"]["headings"][0]["state"] == "absent"


def test_reports_can_be_sent_to_another_process():
    report = Report("vsm", (FINDING,), layers=(LayerResult(name="a", title="a", title_en="a", asked=False, note="n"),))

    assert pickle.loads(pickle.dumps(report)) == report  # noqa: S301


def test_bytes_that_cannot_be_read_have_a_report_of_their_own():
    report = unreadable("not well-formed XML at line 1, column 4")

    assert not report.valid
    assert report.profile is None
    assert report.findings[0].rule == "CDA-UNREADABLE"
