"""validate_message(message) -> Report: is a message of HL7 v2 right, does it agree with its documents, are they valid?

The same rules as at the listener, in the same report form as those of documents (CI-SIS HL7 v2 2.1; PAM-FR 2.11).
Results without a document are judged with the document that the listener would make of them.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from itertools import accumulate

from cda.document import CdaDocument, UnreadableDocument, parse_document
from cda.header import read_header
from cda.header_values import CdaHeader, Patient, unique_id_of
from conformance.carried import AGREEMENT, placed
from conformance.catalogue import HL7V2_MDM, HL7V2_ORU, HL7V2_PAM, LAYERS
from conformance.diagnosis import diagnose
from conformance.laboratory.remarks import Kind, Remark
from conformance.laboratory.results import with_results
from conformance.report import Finding, Report, Severity, layer_results
from conformance.validate import validate_document
from profiles.hl7v2.tables import rules
from xds.hl7v2.agreement import DocumentFacts, check_agreement
from xds.hl7v2.document_message import CarriedDocument, DocumentMessage
from xds.hl7v2.faults import Fault
from xds.hl7v2.faults import Severity as FaultSeverity
from xds.hl7v2.reading import Reading, read_message
from xds.hl7v2.segments import Segment
from xds.hl7v2.terms import Terms

MESSAGE, RESULTS = "message", "results"
_TITLES = {
    MESSAGE: ("Message HL7 v2", "HL7 v2 message"),
    RESULTS: ("Résultats sans document", "Results without a document"),
    AGREEMENT: ("Accord avec les documents", "Agreement with the documents"),
    **LAYERS,
}
_PROFILES = {"ORU": HL7V2_ORU, "MDM": HL7V2_MDM, "ADT": HL7V2_PAM}
_SEGMENT = re.compile(r"[A-Z][A-Z0-9]{2}(?![A-Za-z0-9+/=])")
_SEVERITIES = {FaultSeverity.ERROR: Severity.ERROR, FaultSeverity.WARNING: Severity.WARNING}
_ENDS = re.compile("\r\n|\r|\n")
_VALUE = 5


def validate_message(content: bytes, terms: Terms | None = None) -> Report:
    """Judge a message, each document that it carries, and whether they agree.

    `terms` are by default those of a sandbox, today. Findings on a document have its path after the place of the OBX,
    and the line and column in the document.
    """
    read = read_message(content, terms or Terms(today=datetime.now(UTC).date()))
    reading, remarks = with_results(read, content)
    places = _Places(content, reading)
    findings = [_of_fault(fault, MESSAGE, places) for fault in reading.faults]
    findings += [_of_remark(one, places) for one in remarks]
    asked = {MESSAGE: True} | ({RESULTS: True} if reading is not read else {})
    if isinstance(reading.message, DocumentMessage) and reading.message.documents:
        parsed = [_parsed(one) for one in reading.message.documents]
        documents = [one for one in parsed if isinstance(one, CdaDocument)]
        asked[AGREEMENT] = len(documents) == len(parsed)
        if asked[AGREEMENT]:
            facts = [facts_of(read_header(one)) for one in documents]
            findings += [_of_fault(one, AGREEMENT, places) for one in check_agreement(reading.message, facts)]
        for carried, document in zip(reading.message.documents, parsed, strict=True):
            report = document if isinstance(document, Report) else validate_document(document)
            asked |= {layer.name: layer.asked for layer in report.layers}
            findings += (placed(one, f"OBX^{carried.observation}^{_VALUE}") for one in report.findings)
    return Report(
        _PROFILES.get(reading.header.message_code, HL7V2_ORU),
        tuple(findings),
        document_type="^".join(filter(None, (reading.header.message_code, reading.header.trigger))) or None,
        layers=layer_results(findings, asked, _TITLES),
    )


def facts_of(header: CdaHeader) -> DocumentFacts:
    """What a message must agree with."""
    patient = header.patient or Patient()
    return DocumentFacts(
        unique_id=header.unique_id,
        replaces=unique_id_of(header.replaces),
        type=header.code,
        confidentiality=header.confidentiality.code if header.confidentiality else None,
        patient_ids=tuple((one.extension or "", one.root) for one in patient.ids),
        family=patient.birth_family,
        birth_date=patient.birth_time,
        sex=patient.gender,
    )


def _parsed(carried: CarriedDocument) -> CdaDocument | Report:
    try:
        return parse_document(carried.content)
    except UnreadableDocument as error:
        return diagnose(carried.content, error)


def _of_fault(fault: Fault, layer: str, places: _Places) -> Finding:
    row = rules()[fault.rule]
    line, column = places.of(fault.location)
    return Finding(
        rule=fault.rule,
        severity=_SEVERITIES[fault.severity],
        source=row.source,
        path=fault.location,
        line=line,
        column=column,
        found=fault.found,
        expected=fault.expected,
        message=f"Règle enfreinte : {row.message}",
        message_en=f"Broken rule: {row.message_en}",
        hint=row.hint,
        hint_en=row.hint_en,
        layer=layer,
    )


def _of_remark(remark: Remark, places: _Places) -> Finding:
    line, column = places.of(remark.location)
    return Finding(
        rule=remark.rule,
        severity=Severity.ERROR if remark.kind is Kind.ERROR else Severity.WARNING,
        source="CI-SIS CR-BIO 2024.01",
        path=remark.location,
        line=line,
        column=column,
        found=None,
        expected=None,
        message=_sentence(remark.text("fr")),
        message_en=_sentence(remark.text("en")),
        hint=_consequence(remark, "fr"),
        hint_en=_consequence(remark, "en"),
        layer=RESULTS,
    )


def _consequence(remark: Remark, language: str) -> str:
    """What became of what the remark speaks of, and how often."""
    english, instead = language == "en", remark.instead(language)
    said = []
    if instead:
        said.append(f"Instead: {instead}." if english else f"À la place : {instead}.")
    if remark.kind is Kind.LEFT_OUT:
        said.append("It is left out." if english else "C'est omis.")
    if remark.times > 1:
        said.append(f"{remark.times} times in the message." if english else f"{remark.times} fois dans le message.")
    return " ".join(said)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


class _Places:
    """Line and column of a place of ERR-2, from 1, in characters; 0 where it is not in the message."""

    def __init__(self, content: bytes, reading: Reading) -> None:
        self._segments = {(one.name, one.number): one for one in reading.segments}
        self._lines: dict[tuple[str, int], int] = {}
        counted: Counter[str] = Counter()
        for number, line in enumerate(_ENDS.split(content.decode(reading.header.encoding, "replace")), 1):
            if _SEGMENT.match(line):
                counted[line[:3]] += 1
                self._lines[line[:3], counted[line[:3]]] = number

    def of(self, location: str) -> tuple[int, int]:
        """Where a location begins; the segment when the field is absent, or behind the data of a document."""
        name, number, *rest = location.split("^")
        key = (name, int(number))
        line, segment = self._lines.get(key, 0), self._segments.get(key)
        if segment is None or not line:
            return line, int(line > 0)
        field = int(rest[0]) if rest else 0
        return line, _column(segment, field)


def _column(segment: Segment, field: int) -> int:
    if not 0 < field < len(segment.fields) or (segment.text(2) == "ED" and field > _VALUE):
        return 1
    # MSH-1 is the delimiter that stands right behind the name.
    before = segment.fields[:field] if segment.name != "MSH" else (segment.name, *segment.fields[2:field])
    return list(accumulate((len(one) + 1 for one in before), initial=1))[-1]
