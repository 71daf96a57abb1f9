"""Are codes and values those of the domain? Rules O6, O7 and what the DMP adds (DMP TD2.1)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.metadata_rule import Fault, MetadataRule, Subject, entry_path, set_path
from xds.errors import Severity
from xds.metadata.codes import Code
from xds.metadata.datatypes import Cx, parse_dtm, parse_oid
from xds.metadata.document_entry import DocumentEntry

_LEVELS = "2.16.840.1.113883.5.25"
_MASKED = frozenset(("MASQUE_PS", "INVISIBLE_PATIENT"))
_GUARDIANS = "INVISIBLE_REPRESENTANTS_LEGAUX"


def _codes_of(entry: DocumentEntry) -> Iterator[tuple[str, Code]]:
    single = (
        ("classCode", entry.class_code),
        ("formatCode", entry.format_code),
        ("healthcareFacilityTypeCode", entry.healthcare_facility_type_code),
        ("practiceSettingCode", entry.practice_setting_code),
        ("typeCode", entry.type_code),
    )
    yield from ((name, code) for name, code in single if code is not None)
    yield from (("confidentialityCode", code) for code in entry.confidentiality_codes)
    yield from (("eventCodeList", code) for code in entry.event_codes)


def _shown(code: Code) -> str:
    return f"{code.code}^^{code.scheme}"


def _codes(subject: Subject) -> Iterator[Fault]:
    signature = subject.domain.lot_signature.codes
    for entry in subject.request.entries:
        own = signature if subject.is_signature(entry) else {}
        for name, code in _codes_of(entry):
            if not code.code or not code.scheme:
                continue
            allowed = own.get(name)
            if allowed is not None and (code.code, code.scheme) not in allowed:
                listed = ", ".join(sorted("^^".join(key) for key in allowed))
                yield Fault(entry_path(entry, name), _shown(code), f"a code of the lot signature: {listed}")
            elif allowed is None and not subject.domain.allows(name, code.code, code.scheme):
                yield Fault(entry_path(entry, name), _shown(code), f"a code that the DMP allows in {name}")
    for submission_set in subject.submission_sets:
        code_or_none = submission_set.content_type_code
        if code_or_none and not subject.domain.allows("contentTypeCode", code_or_none.code, code_or_none.scheme):
            expected = "a code that the DMP allows in contentTypeCode"
            yield Fault(set_path(submission_set, "contentTypeCode"), _shown(code_or_none), expected)


def _mime_types(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        domain = subject.domain
        allowed = domain.lot_signature.mime_types if subject.is_signature(entry) else domain.mime_types
        if entry.mime_type and entry.mime_type not in allowed:
            yield Fault(entry_path(entry, "@mimeType"), entry.mime_type, " or ".join(sorted(allowed)))


def _languages(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        domain = subject.domain
        allowed = domain.lot_signature.languages if subject.is_signature(entry) else domain.languages
        if entry.language_code and entry.language_code not in allowed:
            yield Fault(entry_path(entry, "languageCode"), entry.language_code, " or ".join(sorted(allowed)))


def _class_of_type(subject: Subject) -> Iterator[Fault]:
    for entry in subject.clinical_entries:
        kind, found = entry.type_code, entry.class_code
        if kind is None or found is None or not subject.domain.allows("classCode", found.code, found.scheme):
            continue
        expected = subject.domain.class_of(kind.code, kind.scheme)
        if expected is not None and (found.code, found.scheme) != expected:
            text = f"{'^^'.join(expected)}, the class of type {_shown(kind)}"
            yield Fault(entry_path(entry, "classCode"), _shown(found), text)


def _plain_unique_ids(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        try:
            parse_oid(entry.unique_id or "0.0")
        except ValueError as error:
            expected = "an OID alone, without extension"
            yield Fault(entry_path(entry, "uniqueId"), f"{entry.unique_id} ({error})", expected)


def _authorities(subject: Subject) -> Iterator[Fault]:
    owners = [(entry.patient_id, entry_path(entry, "patientId")) for entry in subject.request.entries]
    owners += [(one.patient_id, set_path(one, "patientId")) for one in subject.submission_sets]
    for value, path in owners:
        try:
            authority = Cx.parse(value).authority
        except ValueError:
            continue
        if authority not in subject.domain.patient_authorities:
            expected = " or ".join(sorted(subject.domain.patient_authorities))
            yield Fault(path, f"the authority {authority}", f"a test INS, of authority {expected}")


def _confidentiality_count(subject: Subject) -> Iterator[Fault]:
    for entry in subject.request.entries:
        codes = entry.confidentiality_codes
        levels = [code.code for code in codes if code.scheme == _LEVELS]
        path = entry_path(entry, "confidentialityCode")
        if len(codes) > 4:
            yield Fault(path, f"{len(codes)} codes", "1 to 4 codes")
        if codes and len(levels) != 1:
            yield Fault(path, f"{len(levels)} codes of {_LEVELS}", "one level, N, with the visibility codes beside it")


def _level(level: str, entries: tuple[DocumentEntry, ...]) -> Iterator[Fault]:
    for entry in entries:
        if any(code.code == level and code.scheme == _LEVELS for code in entry.confidentiality_codes):
            yield Fault(entry_path(entry, "confidentialityCode"), level, "N: such documents are not for the DMP")


def _restricted(subject: Subject) -> Iterator[Fault]:
    yield from _level("R", subject.clinical_entries)


def _very_restricted(subject: Subject) -> Iterator[Fault]:
    yield from _level("V", subject.clinical_entries)


def _masked_twice(subject: Subject) -> Iterator[Fault]:
    # The signature of a lot carries both by construction.
    for entry in subject.clinical_entries:
        if {code.code for code in entry.confidentiality_codes} >= _MASKED:
            path = entry_path(entry, "confidentialityCode")
            yield Fault(path, " and ".join(sorted(_MASKED)), "one of the two: nobody could read the document")


def _guardians_of_adults(subject: Subject) -> Iterator[Fault]:
    for submission_set in subject.submission_sets:
        for entry in subject.clinical_entries:
            hidden = any(code.code == _GUARDIANS for code in entry.confidentiality_codes)
            if hidden and _is_adult(entry, submission_set.submission_time):
                path = entry_path(entry, "confidentialityCode")
                yield Fault(path, f"{_GUARDIANS} for an adult", "this code for a minor only")


def _is_adult(entry: DocumentEntry, time: str) -> bool:
    """Eighteen or more at `time` by the birth date of sourcePatientInfo; unknown dates say no."""
    births = [value[6:] for value in entry.source_patient_info if value.startswith("PID-7|")]
    try:
        born, now = parse_dtm(births[0] if births else ""), parse_dtm(time)
    except ValueError:
        return False
    return (now.year - born.year, now.month, now.day) >= (18, born.month, born.day)


RULES = (
    MetadataRule(id="O6", source="ITI TF-3 §4.2.3.1.2; CI-SIS Annexe XDS", find=_codes),
    MetadataRule(id="O7", source="DMP TD2.1", find=_mime_types),
    MetadataRule(id="DMP-LANGUAGE", source="DMP TD2.1", find=_languages),
    MetadataRule(id="DMP-CLASS", source="NOS ASS_X16", find=_class_of_type),
    MetadataRule(id="DMP-UNIQUEID", source="DMP TD2.1", find=_plain_unique_ids),
    MetadataRule(id="DMP-AUTHORITY", source="INS, référentiel national d'identitovigilance", find=_authorities),
    MetadataRule(id="D-080", source="NOS JDV_J58; DMP TD2.1", find=_confidentiality_count),
    MetadataRule(id="D-081-R", source="DMP TD2.1", find=_restricted, severity=Severity.WARNING),
    MetadataRule(id="D-081-V", source="DMP TD2.1", find=_very_restricted),
    MetadataRule(id="D-082", source="DMP EX_2.1-1050", find=_masked_twice),
    MetadataRule(id="D-083", source="DMP EX_2.1-1050", find=_guardians_of_adults),
)
