"""What the DMP adds to IHE: class of a type, confidentiality, languages, lot signature (DMP TD2.1; CI-SIS)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.metadata_codes import codes_of, shown
from conformance.checks.metadata_rule import (
    DMP,
    Fault,
    MetadataRule,
    Subject,
    association_path,
    entry_path,
    folder_path,
    set_path,
)
from profiles.codes import LotSignature
from xds.errors import Severity, XdsErrorCode
from xds.metadata.datatypes import Cx, parse_dtm, parse_oid
from xds.metadata.document_entry import DocumentEntry

_LEVELS = "2.16.840.1.113883.5.25"
_MASKED = frozenset(("MASQUE_PS", "INVISIBLE_PATIENT"))
_GUARDIANS = "INVISIBLE_REPRESENTANTS_LEGAUX"


def _signatures(subject: Subject) -> Iterator[tuple[DocumentEntry, LotSignature]]:
    signature = subject.domain.lot_signature
    for entry in subject.request.entries if signature else ():
        if signature and subject.is_signature(entry):
            yield entry, signature


def _signature_codes(subject: Subject) -> Iterator[Fault]:
    for entry, signature in _signatures(subject):
        for name, code in codes_of(entry):
            if not code.code or not code.scheme:
                continue
            allowed = signature.codes.get(name)
            if allowed is None:
                if not subject.domain.allows(name, code.code, code.scheme):
                    yield Fault(entry_path(entry, name), shown(code), f"a code that the DMP allows in {name}")
            elif (code.code, code.scheme) not in allowed:
                listed = ", ".join(sorted("^^".join(key) for key in allowed))
                yield Fault(entry_path(entry, name), shown(code), f"a code of the lot signature: {listed}")


def _signature_mime_types(subject: Subject) -> Iterator[Fault]:
    for entry, signature in _signatures(subject):
        if entry.mime_type and entry.mime_type not in signature.mime_types:
            expected = " or ".join(sorted(signature.mime_types))
            yield Fault(entry_path(entry, "@mimeType"), entry.mime_type, expected)


def _languages(subject: Subject) -> Iterator[Fault]:
    own = {entry.entry_uuid: signature.languages for entry, signature in _signatures(subject)}
    for entry in subject.request.entries:
        allowed = own.get(entry.entry_uuid, subject.domain.languages)
        if entry.language_code and entry.language_code not in allowed:
            yield Fault(entry_path(entry, "languageCode"), entry.language_code, " or ".join(sorted(allowed)))


def _no_folders(subject: Subject) -> Iterator[Fault]:
    for folder in subject.request.folders:
        yield Fault(folder_path(folder), "a Folder", "no Folder: the DMP keeps none")
    for one in subject.members:
        if not subject.has(one.source):
            yield Fault(
                association_path(one, "@sourceObject"), one.source, "the id of the SubmissionSet: no Folder is kept"
            )


def _class_of_type(subject: Subject) -> Iterator[Fault]:
    for entry in subject.clinical_entries:
        kind, found = entry.type_code, entry.class_code
        if kind is None or found is None or not subject.domain.allows("classCode", found.code, found.scheme):
            continue
        expected = subject.domain.class_of(kind.code, kind.scheme)
        if expected is not None and (found.code, found.scheme) != expected:
            text = f"{'^^'.join(expected)}, the class of type {shown(kind)}"
            yield Fault(entry_path(entry, "classCode"), shown(found), text)


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


RULES: tuple[MetadataRule[Subject], ...] = (
    MetadataRule(id="O6", source="DMP TD2.1; ITI DSG", find=_signature_codes, domains=DMP),
    MetadataRule(id="O7", source="DMP TD2.1; ITI DSG", find=_signature_mime_types, domains=DMP),
    MetadataRule(id="DMP-LANGUAGE", source="DMP TD2.1", find=_languages, domains=DMP),
    MetadataRule(id="DMP-CLASS", source="NOS ASS_X16", find=_class_of_type, domains=DMP),
    MetadataRule(id="DMP-UNIQUEID", source="DMP TD2.1", find=_plain_unique_ids, domains=DMP),
    MetadataRule(
        id="DMP-AUTHORITY", source="INS, référentiel national d'identitovigilance", find=_authorities, domains=DMP
    ),
    MetadataRule(id="D-080", source="NOS JDV_J58; DMP TD2.1", find=_confidentiality_count, domains=DMP),
    MetadataRule(id="D-081-R", source="DMP TD2.1", find=_restricted, severity=Severity.WARNING, domains=DMP),
    MetadataRule(id="D-081-V", source="DMP TD2.1", find=_very_restricted, domains=DMP),
    MetadataRule(id="D-082", source="DMP EX_2.1-1050", find=_masked_twice, domains=DMP),
    MetadataRule(id="D-083", source="DMP EX_2.1-1050", find=_guardians_of_adults, domains=DMP),
    MetadataRule(id="FOLDER", source="DMP TD2.1", find=_no_folders, code=XdsErrorCode.REGISTRY, domains=DMP),
)
