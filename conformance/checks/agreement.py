"""Does a CDA document agree with its metadata? (CI-SIS Partage; DMP TD2.1).

A disagreement is a value: whoever refuses a lot spells it as an error, whoever reports it as a finding. Values that
identify the patient are never repeated. A document may be given as bytes or already parsed: parse once, ask often.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cda.document import CdaDocument, UnreadableDocument, parse_document
from cda.document_codes import format_code
from cda.header import CdaHeader, read_header
from cda.header_values import Patient, ServiceEvent, unique_id_of
from cda.times import same_instant
from cda.to_metadata import practice_setting
from xds.errors import RegistryError, Severity, XdsErrorCode
from xds.metadata.codes import Code
from xds.metadata.datatypes import Cx, Xcn
from xds.metadata.document_entry import DocumentEntry

_ROOT = "/ClinicalDocument"
_ROLE = f"{_ROOT}/recordTarget/patientRole"
_MAIN_ACT = f"{_ROOT}/documentationOf[1]/serviceEvent"


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One thing that document and metadata say differently: `place` in the document, what it says, what they say."""

    rule: str
    place: str
    found: str | None
    expected: str
    severity: Severity = Severity.ERROR

    def as_error(self, unique_id: str) -> RegistryError:
        """The error of a registry: it names the document by its uniqueId, then the rule and the place."""
        if self.rule == "AGR-PATIENT":
            text = f"{unique_id}: {self.rule} {self.place}: none is {self.expected}"
            return RegistryError(XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH, text, self.place)
        met = f"found {self.found}, expected" if self.found is not None else "expected"
        text = f"{unique_id}: {self.rule} {self.place}: {met} {self.expected}"
        return RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text, self.place, self.severity)


def check_agreement(entry: DocumentEntry, content: bytes | CdaDocument) -> tuple[RegistryError, ...]:
    """Compare the header with the entry: errors first, then warnings; one error when the bytes are no CDA document."""
    return tuple(one.as_error(entry.unique_id) for one in disagreements(entry, content))


def check_replacement(
    entry: DocumentEntry, content: bytes | CdaDocument, replaced: str | None
) -> tuple[RegistryError, ...]:
    """The document that the CDA says it replaces is the one that the lot replaces: `replaced`, a uniqueId, or none.

    A CDA that replaces a document is only warned about when the lot replaces nothing: the earlier version may never
    have been shared. Says nothing of bytes that are no CDA document: `check_agreement` does.
    """
    try:
        header = _header(content)
    except UnreadableDocument:
        return ()
    named = unique_id_of(header.replaces)
    if named == replaced:
        return ()
    place = f"{_ROOT}/relatedDocument[@typeCode='RPLC']/parentDocument/id"
    expected = replaced or "no relatedDocument, as the lot replaces nothing"
    severity = Severity.ERROR if replaced else Severity.WARNING
    return (Disagreement("AGR-RPLC", place, named, expected, severity).as_error(entry.unique_id),)


def disagreements(entry: DocumentEntry, content: bytes | CdaDocument) -> tuple[Disagreement, ...]:
    """Everything that header and entry say differently: what matters most first, then the warnings."""
    try:
        header = _header(content)
    except UnreadableDocument as error:
        return (Disagreement("AGR-CDA", _ROOT, str(error), "a CDA document"),)
    return (*_errors(entry, header), *_warnings(entry, header))


def _errors(entry: DocumentEntry, header: CdaHeader) -> Iterator[Disagreement]:
    if header.unique_id != entry.unique_id:
        yield Disagreement("AGR-UNIQUEID", f"{_ROOT}/id", header.unique_id, f"uniqueId, {entry.unique_id}")
    if not _is_patient(entry.patient_id, header.patient or Patient()):
        yield Disagreement("AGR-PATIENT", f"{_ROLE}/id", None, "the patientId of the metadata")
    if not _same_code(header.code, entry.type_code):
        expected = f"typeCode, {_spell(entry.type_code)}"
        yield Disagreement("AGR-TYPECODE", f"{_ROOT}/code", _spell(header.code), expected)
    if entry.creation_time and not same_instant(header.effective_time, entry.creation_time):
        expected = f"creationTime, {entry.creation_time} in UTC"
        yield Disagreement("AGR-CREATIONTIME", f"{_ROOT}/effectiveTime", header.effective_time, expected)
    implied = format_code(header)
    if implied is not None and entry.format_code is not None and implied.code != entry.format_code.code:
        expected = f"formatCode, {entry.format_code.code}"
        yield Disagreement("AGR-FORMATCODE", f"{_ROOT}/templateId", implied.code, expected)


def _warnings(entry: DocumentEntry, header: CdaHeader) -> Iterator[Disagreement]:
    act = header.main_act or ServiceEvent()
    pairs = (
        ("AGR-TITLE", "title", header.title == entry.title, None, "the title of the metadata"),
        (
            "AGR-LANGUAGE",
            "languageCode",
            header.language == entry.language_code,
            header.language,
            f"languageCode, {entry.language_code}",
        ),
        (
            "AGR-AUTHOR",
            "author",
            _author_ids(header) == _entry_author_ids(entry),
            None,
            "the authors of the metadata, by their identifiers",
        ),
        (
            "AGR-SETTING",
            "documentationOf[1]/serviceEvent/performer",
            _same_code(practice_setting(header), entry.practice_setting_code),
            _spell(practice_setting(header)),
            f"practiceSettingCode, {_spell(entry.practice_setting_code)}",
        ),
        (
            "AGR-FACILITY",
            "componentOf/encompassingEncounter/location/healthCareFacility/code",
            _same_code(header.facility_type, entry.healthcare_facility_type_code),
            _spell(header.facility_type),
            f"healthcareFacilityTypeCode, {_spell(entry.healthcare_facility_type_code)}",
        ),
        (
            "AGR-SERVICESTART",
            f"{_MAIN_ACT}/effectiveTime/low",
            _same_time(act.low, entry.service_start_time),
            act.low,
            f"serviceStartTime, {entry.service_start_time} in UTC",
        ),
        (
            "AGR-SERVICESTOP",
            f"{_MAIN_ACT}/effectiveTime/high",
            _same_time(act.high, entry.service_stop_time),
            act.high,
            f"serviceStopTime, {entry.service_stop_time} in UTC",
        ),
    )
    for rule, place, agrees, found, expected in pairs:
        if not agrees:
            path = place if place.startswith("/") else f"{_ROOT}/{place}"
            yield Disagreement(rule, path, found, expected, Severity.WARNING)


def _document(content: bytes | CdaDocument) -> CdaDocument:
    return content if isinstance(content, CdaDocument) else parse_document(content)


def _header(content: bytes | CdaDocument) -> CdaHeader:
    return read_header(_document(content))


def _is_patient(patient_id: str, patient: Patient) -> bool:
    try:
        declared = Cx.parse(patient_id)
    except ValueError:
        return False
    return any((one.root, one.extension) == (declared.authority, declared.identifier) for one in patient.ids)


def _author_ids(header: CdaHeader) -> frozenset[str]:
    return frozenset(one.id.extension for one in header.authors if one.id and one.id.extension)


def _entry_author_ids(entry: DocumentEntry) -> frozenset[str]:
    identifiers = (_xcn_id(one.person) for one in entry.authors if one.person)
    return frozenset(identifier for identifier in identifiers if identifier)


def _xcn_id(person: str) -> str:
    try:
        return Xcn.parse(person).identifier
    except ValueError:
        return ""


def _same_code(one: Code | None, other: Code | None) -> bool:
    return one is other if one is None or other is None else one.same_concept(other)


def _same_time(one: str | None, other: str | None) -> bool:
    return one is other if one is None or other is None else same_instant(one, other)


def _spell(code: Code | None) -> str:
    return f"{code.code} ({code.scheme})" if code else "none"
