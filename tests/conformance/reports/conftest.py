from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.positions import positions
from conformance.repairs import edits
from conformance.report import Finding, Heading, LayerResult, Report, Severity, Summary, unreadable
from conformance.reports.judged import Judged
from security import xml

SOURCE = """<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:sdtc="urn:hl7-org:sdtc">
  <title>Synthèse</title><code code="34133-9" codeSystem="x"/>
  <recordTarget><sdtc:deceasedInd value="oui"/></recordTarget>
</ClinicalDocument>
""".encode()

CODE = Finding(
    rule="VSM-CODE",
    severity=Severity.ERROR,
    source="CI-SIS VSM 2023.01",
    path="/ClinicalDocument/code",
    line=3,
    column=26,
    found="34133-9",
    expected="SYNTH",
    message="Le code du document est SYNTH.",
    message_en="The code of the document is SYNTH.",
    hint="Écrivez code='SYNTH'.",
    hint_en="Write code='SYNTH'.",
    layer="document",
    context="cda:ClinicalDocument",
    test="cda:code/@code = 'SYNTH'",
)
DECEASED = replace(
    CODE,
    rule="HDR-DECEASED",
    severity=Severity.WARNING,
    path="/ClinicalDocument/recordTarget/deceasedInd/@value",
    line=4,
    column=17,
    found=None,
    expected=None,
    layer="header",
    context="",
)
LAYERS = (
    LayerResult(name="structure", title="Structure CDA", title_en="CDA structure"),
    LayerResult(name="header", title="En-tête", title_en="Header", warnings=1),
    LayerResult(name="document", title="Modèle", title_en="Document model", errors=1),
    LayerResult(name="terminology", title="Terminologies", title_en="Terminologies", asked=False, note="no table"),
)
SUMMARY = Summary(
    (
        Heading(title="Allergies", title_en="Allergies", loinc="48765-2", state="present", items=("<pollen>",), line=9),
        Heading(title="Traitements", title_en="Treatments", loinc="10160-0", state="absent"),
    ),
    2,
    "over one page",
)


def with_repair(finding: Finding, steps: str, source: bytes = SOURCE) -> Finding:
    """The finding with the edits of these steps at its place."""
    root = xml.parse(source)
    places = positions(source, root)
    element = next(one for one, place in places.items() if place[:2] == (finding.line, finding.column))
    return replace(finding, repair=edits(steps, element, source, places[element].start))


@pytest.fixture
def invalid() -> Judged:
    findings = (with_repair(CODE, "@code='SYNTH';@displayName='Synthèse'"), DECEASED)
    return Judged("dossier/a b.xml", Report("vsm-2023.01", findings, "VSM", LAYERS, ("a note",), SUMMARY), SOURCE)


@pytest.fixture
def valid() -> Judged:
    return Judged("good.xml", Report("level1", (), layers=LAYERS[:1]), SOURCE)


@pytest.fixture
def unusable() -> Judged:
    return Judged("bad.xml", unreadable("not well-formed XML at line 1, column 4"), b"<a")


HOSTILE = "<script>alert(1)</script>\x1b[31m\x00\u202e\ud800]]>&amp;\"'\r\n\ufffe"


@pytest.fixture
def hostile() -> Judged:
    """Everything that a document or a file name could bring."""
    finding = replace(
        CODE, rule=HOSTILE, source=HOSTILE, path=f"/ClinicalDocument/{HOSTILE}", found=HOSTILE.replace("\ud800", ""),
        expected=HOSTILE.replace("\ud800", ""), message=HOSTILE, message_en=HOSTILE, hint=HOSTILE, hint_en=HOSTILE,
        layer=HOSTILE, context=HOSTILE, test=HOSTILE,
    )  # fmt: skip
    layer = LayerResult(name=HOSTILE, title=HOSTILE, title_en=HOSTILE, asked=False, note=HOSTILE)
    heading = Heading(title=HOSTILE, title_en=HOSTILE, loinc=HOSTILE, state="present", items=(HOSTILE,))
    report = Report(HOSTILE, (finding,), HOSTILE, (layer,), (HOSTILE,), Summary((heading,), 1, HOSTILE))
    return Judged(HOSTILE, report, b"<a>\x1b[31m\n\x00\xff <script>\n                         <b>\xe2\x80\xae</b></a>")
