"""Register Document Set-b: what a registry refuses, and with which code (ITI TF-2 §3.42.4.1.3; ITI TF-3 §4.2)."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lxml import etree

from conformance.scenarios.bench import ELSEWHERE, Bench
from conformance.scenarios.model import Play, Step, Table
from conformance.scenarios.steps import counted, refused
from samples.client.queries import QueryId
from samples.xds.entries import on_demand_entry
from samples.xds.patients import DomainPatient
from samples.xds.submission import XdsSubmission, folder_of, new_submission, one_document
from xds.metadata.association import AssociationType
from xds.metadata.codes import Code

TABLE = Table("Document Registry", "ITI-42")
METADATA = "XDSRegistryMetadataError"
NOWHERE = "urn:uuid:00000000-0000-4000-8000-000000000000"

MISSING: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "classCode": ({"class_code": None}, "11998a"),
    "confidentialityCode": ({"confidentiality_codes": ()}, "11998a"),
    "creationTime": ({"creation_time": ""}, "11998a"),
    "formatCode": ({"format_code": None}, "11998a"),
    "healthcareFacilityTypeCode": ({"healthcare_facility_type_code": None}, "11998a"),
    "languageCode": ({"language_code": ""}, "11998a"),
    "practiceSettingCode": ({"practice_setting_code": None}, "11998a"),
    "sourcePatientId": ({"source_patient_id": ""}, "11998a"),
    "typeCode": ({"type_code": None}, "11998a"),
    "hash": ({"hash": None}, ""),
    "size": ({"size": None}, ""),
    "uniqueId": ({"unique_id": ""}, ""),
    "patientId": ({"patient_id": ""}, ""),
}
"""What an entry must have when it is registered, and the test of the toolkit that leaves it out."""

Spoil = Callable[[Bench, DomainPatient], XdsSubmission]


def _one(**changes: Any) -> Spoil:
    return lambda _, patient: one_document(patient, **changes)


def _rewritten(rewrite: Callable[[etree._Element], None]) -> Spoil:
    return lambda _, patient: one_document(patient).rewritten(rewrite)


def _twice(root: etree._Element, path: str) -> None:
    for found in root.findall(path):
        parent = found.getparent()
        if parent is not None:
            parent.insert(parent.index(found), copy.deepcopy(found))


def _two_values(root: etree._Element) -> None:
    values = root.find(".//{*}Slot[@name='languageCode']/{*}ValueList")
    if values is not None:
        etree.SubElement(values, etree.QName(values).text.replace("ValueList", "Value")).text = "fr"


def _unlabelled(root: etree._Element) -> None:
    for package in root.iter("{*}RegistryPackage"):
        for label in [item for item in package.iterfind("{*}Classification") if item.get("classificationNode")]:
            package.remove(label)


def _renamed_identifier(root: etree._Element) -> None:
    for name in root.iterfind(".//{*}ExtrinsicObject/{*}ExternalIdentifier/{*}Name/{*}LocalizedString"):
        name.set("value", "XDSDocumentEntry.somethingElse")


def _unknown_type(root: etree._Element) -> None:
    for association in root.iter("{*}Association"):
        association.set("associationType", "urn:example:knows")


def _two_sets(_: Bench, patient: DomainPatient) -> XdsSubmission:
    def add(root: etree._Element) -> None:
        package = root.find(".//{*}RegistryPackage")
        other = new_submission(patient).xml.find(".//{*}RegistryPackage")
        if package is not None and other is not None:
            other.set("id", "SubmissionSet02")
            for part in other.iter("{*}Classification", "{*}ExternalIdentifier"):
                for end in ("classifiedObject", "registryObject"):
                    if part.get(end):
                        part.set(end, "SubmissionSet02")
                part.set("id", f"{part.get('id')}.other")
            package.addnext(other)

    return one_document(patient).rewritten(add)


def _same_ids(_: Bench, patient: DomainPatient) -> XdsSubmission:
    return one_document(patient).add_document(patient).with_entry(1, entry_uuid="Document01")


def _same_unique_ids(_: Bench, patient: DomainPatient) -> XdsSubmission:
    lot = one_document(patient).add_document(patient)
    return lot.with_entry(1, unique_id=lot.entries[0].unique_id)


def _set_and_folder_share(_: Bench, patient: DomainPatient) -> XdsSubmission:
    lot = folder_of(patient)
    return lot.with_folder(0, unique_id=lot.submission_set.unique_id)


def _relating_strangers(bench: Bench, patient: DomainPatient) -> XdsSubmission:
    known = one_document(patient).assigned()
    bench.register(known)
    source = known.entries[0].entry_uuid
    return one_document(patient).relate(AssociationType.APND, source, "Document01")


WRONG: tuple[tuple[str, str, Spoil, str], ...] = (
    ("a creationTime that is no date", "O3", _one(creation_time="20241301"), METADATA),
    ("a hash that is not one", "O3", _one(hash="0123"), METADATA),
    ("a languageCode with a blank", "O3", _one(language_code="en US"), METADATA),
    ("a sourcePatientId without authority", "O3", _one(source_patient_id="P-1"), METADATA),
    (
        "a service that stops before it starts",
        "O9",
        _one(service_start_time="2024", service_stop_time="2023"),
        METADATA,
    ),
    ("a title of 129 characters", "O10", _one(title="t" * 129), METADATA),
    ("a class that the domain does not know", "O6", _one(class_code=Code("NOBODY", "1.2.3.4", "Nobody")), METADATA),
    ("a class of another coding scheme", "O6", _one(class_code=Code("REPORTS", "1.2.3.4", "Reports")), METADATA),
    ("a mimeType that the domain does not know", "O7", _one(mime_type="text/unheard-of"), METADATA),
    ("two values for the language", "O2", _rewritten(_two_values), METADATA),
    (
        "two classes",
        "O2",
        _rewritten(lambda root: _twice(root, ".//{*}ExtrinsicObject/{*}Classification[2]")),
        METADATA,
    ),
    ("the same Slot twice", "M7", _rewritten(lambda root: _twice(root, ".//{*}Slot[@name='hash']")), METADATA),
    ("an identifier under another name", "O5", _rewritten(_renamed_identifier), METADATA),
    ("a package that says not what it is", "M3", _rewritten(_unlabelled), METADATA),
    ("two SubmissionSets", "M2", _two_sets, METADATA),
    ("two objects of one id", "M4", _same_ids, METADATA),
    ("two documents of one uniqueId", "M5", _same_unique_ids, "XDSRegistryDuplicateUniqueIdInMessage"),
    (
        "a folder with the uniqueId of its submission",
        "M5",
        _set_and_folder_share,
        "XDSRegistryDuplicateUniqueIdInMessage",
    ),
    ("an association of an unknown type", "A1", _rewritten(_unknown_type), METADATA),
    (
        "an association that leads nowhere",
        "A2",
        lambda _, patient: one_document(patient).relate(AssociationType.APND, "Document01", NOWHERE),
        "UnresolvedReferenceException",
    ),
    (
        "a replacement of what nobody registered",
        "A8",
        lambda _, patient: one_document(patient).relate(AssociationType.RPLC, "Document01", NOWHERE),
        "UnresolvedReferenceException",
    ),
    (
        "a replacement of a document of the same submission",
        "A8",
        lambda _, patient: (
            one_document(patient).add_document(patient).relate(AssociationType.RPLC, "Document01", "Document02")
        ),
        "UnresolvedReferenceException",
    ),
    (
        "a relationship whose source is another submission's document",
        "A7",
        _relating_strangers,
        "UnresolvedReferenceException",
    ),
    (
        "a document that no association makes a member",
        "A3",
        lambda _, p: one_document(p).without_association(0),
        METADATA,
    ),
    (
        "a membership that is neither Original nor Reference",
        "A3",
        lambda _, p: one_document(p).with_association(0, submission_set_status=None),
        METADATA,
    ),
    (
        "a membership by Reference of a new document",
        "A4",
        lambda _, p: one_document(p).with_association(0, submission_set_status="Reference"),
        METADATA,
    ),
    (
        "a document put in a folder without the submission saying so",
        "A5",
        lambda _, p: folder_of(p).without_association(3),
        METADATA,
    ),
    ("a folder without code", "O1", lambda _, p: folder_of(p).with_folder(0, codes=()), METADATA),
    ("a folder without title", "O1", lambda _, p: folder_of(p).with_folder(0, title=None), METADATA),
    (
        "a submission without contentType",
        "O1",
        lambda _, p: one_document(p).with_submission_set(content_type_code=None),
        METADATA,
    ),
    ("a submission without sourceId", "O1", lambda _, p: one_document(p).with_submission_set(source_id=""), METADATA),
    (
        "an on-demand entry",
        "O8",
        lambda _, p: new_submission(p).add_entry(on_demand_entry(p, ELSEWHERE)),
        METADATA,
    ),
    (
        "a relationship between a document and a submission",
        "A16",
        lambda _, p: one_document(p).relate(AssociationType.APND, "Document01", "SubmissionSet01"),
        METADATA,
    ),
)
"""What is wrong with a submission, the rule it breaks, and the code of the refusal."""


def nothing_of(bench: Bench, lot: XdsSubmission) -> Step:
    """No document of a submission that was refused is found."""
    found = bench.query(QueryId.GET_DOCUMENTS, unique_id=[name for name in lot.unique_ids if name] or ["none"])
    return counted("nothing is found", found)


def _without(changes: Mapping[str, Any]) -> Play:
    def play(bench: Bench) -> Iterator[Step]:
        lot = one_document(bench.patient()).in_repository(ELSEWHERE).with_entry(0, **changes)
        yield refused("register without it", bench.ingest.register(lot), METADATA)
        yield nothing_of(bench, lot)

    return play


def _wrong(spoil: Spoil, code: str) -> Play:
    def play(bench: Bench) -> Iterator[Step]:
        lot = spoil(bench, bench.patient())
        yield refused("register it", bench.register(lot), code)
        yield nothing_of(bench, lot)

    return play


for _rank, (_name, (_changes, _test)) in enumerate(MISSING.items(), start=1):
    TABLE.add(f"N.{_rank:02}", f"An entry without {_name} is refused", (_test,) if _test else (), _without(_changes))
for _rank, (_name, _rule, _spoil, _code) in enumerate(WRONG, start=20):
    TABLE.add(f"N.{_rank}", f"Refused: {_name} ({_rule})", (), _wrong(_spoil, _code))
