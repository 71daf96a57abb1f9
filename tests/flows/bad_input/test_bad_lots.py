"""Lots that contradict themselves, their documents, the record or the registry: every error found, in one answer."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from cda.document import parse_document
from cda.header import read_header
from cda.to_metadata import to_entry
from gateway import records
from samples.documents.discharge_letter import discharge_letter
from samples.documents.elements import new_oid
from samples.documents.faults import break_rule
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import PAUL
from samples.documents.vsm import vsm
from samples.documents.vsm_faults import VSM_FAULTS
from samples.submission import Source, Submission
from security import xml
from xds.metadata.association import Association, AssociationType
from xds.metadata.codes import Code

LOINC = "2.16.840.1.113883.6.1"
METADATA, REPOSITORY = "XDSRegistryMetadataError", "XDSRepositoryMetadataError"
UNKNOWN = Code("no-such-code", LOINC, "Inconnu")
NOWHERE = "urn:uuid:00000000-0000-4000-8000-000000000000"
FIRST = "ExtrinsicObject[Document01]"


def derived(content: bytes, sent: bytes | None = None, **changes: Any) -> Source:
    """An entry made from `content`, changed, for the bytes `sent`."""
    entry = to_entry(read_header(parse_document(content)), content, entry_uuid="Document01")
    sent = content if sent is None else sent
    digest = hashlib.sha1(sent, usedforsecurity=False).hexdigest()
    return replace(entry, hash=digest, size=len(sent), **changes), sent


SPOILED: list[tuple[str, Callable[[Submission], Submission], list[tuple[str, ...]]]] = [
    ("a wrong hash", lambda lot: lot.with_entry(0, hash="0" * 40),
     [(REPOSITORY, "HASH", f"{FIRST}/hash", "found " + "0" * 40, "expected", "SHA-1 of the bytes received")]),
    ("a wrong size", lambda lot: lot.with_entry(0, size=1),
     [(REPOSITORY, "SIZE", f"{FIRST}/size", "found 1,", "the bytes received")]),
    ("an entry without its document", lambda lot: lot.without_document("Document01"),
     [("XDSMissingDocument", FIRST, "Document[Document01]")]),
    ("a document without its entry", lambda lot: lot.with_document("Document99", b"<extra/>"),
     [("XDSMissingDocumentMetadata", "Document[Document99]")]),
    ("an unknown typeCode", lambda lot: lot.with_entry(0, type_code=UNKNOWN),
     [(METADATA, "O6", f"{FIRST}/typeCode", f"no-such-code^^{LOINC}", "a code that the DMP allows"),
      ("InvalidDocumentContent", "AGR-TYPECODE", "/ClinicalDocument/code")]),
    ("an unknown formatCode", lambda lot: lot.with_entry(0, format_code=UNKNOWN),
     [(METADATA, "O6", f"{FIRST}/formatCode", f"no-such-code^^{LOINC}"),
      ("InvalidDocumentContent", "AGR-FORMATCODE", "/ClinicalDocument/templateId")]),
    ("an unknown healthcareFacilityTypeCode", lambda lot: lot.with_entry(0, healthcare_facility_type_code=UNKNOWN),
     [(METADATA, "O6", f"{FIRST}/healthcareFacilityTypeCode", f"no-such-code^^{LOINC}")]),
    ("a class of another type",
     lambda lot: lot.with_entry(0, class_code=Code("60", "1.2.250.1.213.1.1.4.1", "Remboursement")),
     [(METADATA, "DMP-CLASS", f"{FIRST}/classCode", "found 60^^", "the class of type SYNTH")]),
    ("no typeCode", lambda lot: lot.with_entry(0, type_code=None), [(METADATA, FIRST, "typeCode")]),
    ("neither languageCode nor practiceSettingCode",
     lambda lot: lot.with_entry(0, language_code="", practice_setting_code=None),
     [(METADATA, "O1", FIRST, "languageCode"), (METADATA, "O1", FIRST, "required code practiceSettingCode")]),
    ("no author of the lot", lambda lot: lot.with_submission_set(authors=()),
     [(METADATA, "V-40", "RegistryPackage[SubmissionSet01]/author/authorInstitution", "found none", "1750999013"),
      (METADATA, "V-41", "RegistryPackage[SubmissionSet01]/author/authorPerson", "found none")]),
    ("another patient in one entry", lambda lot: lot.with_entry(0, patient_id=PAUL.cx),
     [("XDSPatientIdDoesNotMatch", "P2", f"{FIRST}/patientId"),
      ("XDSPatientIdDoesNotMatch", "V-42", f"{FIRST}/patientId", "resource-id"),
      ("XDSPatientIdDoesNotMatch", "AGR-PATIENT", "/ClinicalDocument/recordTarget/patientRole/id")]),
    ("one uniqueId for two documents", lambda lot: lot.with_entry(1, unique_id=lot.entries[0].unique_id),
     [("XDSRegistryDuplicateUniqueIdInMessage", f"{FIRST}/uniqueId", "2 times in the message"),
      ("XDSRegistryDuplicateUniqueIdInMessage", "ExtrinsicObject[Signature01]/uniqueId", "2 times in the message")]),
    ("a replacement of nothing",
     lambda lot: lot.with_association(
         Association(entry_uuid="R", association_type=AssociationType.RPLC, source="Document01", target=NOWHERE)),
     [("UnresolvedReferenceException", NOWHERE)]),
    ("several faults at once",
     lambda lot: lot.with_entry(0, hash="0" * 40, size=1, healthcare_facility_type_code=UNKNOWN, language_code="xx-XX"),
     [(REPOSITORY, f"{FIRST}/hash"), (REPOSITORY, f"{FIRST}/size"),
      (METADATA, f"{FIRST}/healthcareFacilityTypeCode"), (METADATA, f"{FIRST}/languageCode", "xx-XX")]),
    ("faults of reading and of rules at once",
     lambda lot: lot.without_document("Document01").with_entry(
         0, healthcare_facility_type_code=UNKNOWN, language_code=""),
     [("XDSMissingDocument", FIRST), (METADATA, f"{FIRST}/healthcareFacilityTypeCode"),
      (METADATA, FIRST, "languageCode")]),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "expected"), [row[1:] for row in SPOILED], ids=[row[0] for row in SPOILED])
def test_every_error_of_a_lot_is_told_with_its_code_its_place_and_what_was_expected(
    ward: Any, spoil: Any, expected: list[tuple[str, ...]]
) -> None:
    ward.failure(ward.deposit(spoil(ward.scene.lot([vsm(ward.scene.patient)]))), *expected)


def test_a_dtd_or_an_entity_in_a_document_is_refused_and_never_read(ward: Any) -> None:
    good = laboratory_report(ward.scene.patient)
    at = good.index(b"<ClinicalDocument")
    doctype = good[:at] + b'<!DOCTYPE ClinicalDocument [<!ENTITY x SYSTEM "file:///etc/hostname">]>' + good[at:]
    for sent, words in (
        (good[:at] + b"<!DOCTYPE ClinicalDocument>" + good[at:], ("a DTD is not allowed",)),
        (doctype.replace(b"</title>", b"&x;</title>", 1), ("a DTD is not allowed",)),
        (good.replace(b"</title>", b"&x;</title>", 1), ("not well-formed", "line", "column")),
        (good.removesuffix(b"</ClinicalDocument>"), ("not well-formed", "line", "column")),
        (b"%PDF-1.4 no CDA", ("'<'",)),
    ):
        source = derived(good, sent)
        expected = ("InvalidDocumentContent", source[0].unique_id, "AGR-CDA", *words)
        ward.failure(ward.deposit(ward.scene.lot([source])), expected)


def test_a_document_about_somebody_else_is_refused(ward: Any) -> None:
    source = derived(laboratory_report(PAUL), patient_id=ward.scene.patient.cx)
    answer = ward.failure(
        ward.deposit(ward.scene.lot([source])),
        ("XDSPatientIdDoesNotMatch", source[0].unique_id, "/ClinicalDocument/recordTarget/patientRole/id"),
    )
    assert PAUL.ins not in str(answer.errors)


def test_a_lot_for_another_patient_than_that_of_the_vihf_is_refused(ward: Any, new_scene: Any) -> None:
    other = new_scene(ward.scene.house)
    lot = other.lot([vsm(other.patient)])
    ward.failure(ward.deposit(lot), ("XDSPatientIdDoesNotMatch", "V-42", "the record of the VIHF (resource-id)"))


def test_a_patient_without_a_record_is_unknown(ward: Any) -> None:
    nobody = replace(ward.scene, patient=replace(ward.scene.patient, nir="1550875014002"))
    lot = nobody.lot([vsm(nobody.patient)])
    ward.failure(lambda: nobody.deposit(lot), ("XDSUnknownPatientId", "no record"))


def test_a_closed_record_takes_nothing_more(ward: Any, new_scene: Any) -> None:
    closed = new_scene(ward.scene.house)
    with closing(ward.scene.house.owner()) as connection:
        records.close_record(connection, closed.patient.cx)
    ward.failure(lambda: closed.deposit(closed.lot([vsm(closed.patient)])), ("DMPClosed", "closed"))


def test_a_unique_id_is_registered_once_whoever_asks(ward: Any, new_scene: Any) -> None:
    taken = new_oid()
    assert ward.scene.deposit(ward.scene.lot([vsm(ward.scene.patient, unique_id=taken)])).succeeded
    mine = ward.scene.lot([vsm(ward.scene.patient, unique_id=taken)])
    theirs = ward.scene.lot([vsm(ward.scene.patient, unique_id=taken)], by="ch-loire")
    elsewhere = new_scene(ward.scene.house)

    expected = ("XDSDuplicateUniqueIdInRegistry", taken, "already registered")
    answers = [
        ward.failure(ward.deposit(mine), expected),
        ward.failure(ward.deposit(theirs, by="ch-loire"), expected),
        ward.failure(lambda: elsewhere.deposit(elsewhere.lot([vsm(elsewhere.patient, unique_id=taken)])), expected),
    ]

    texts = {tuple((error.code, error.context, error.location) for error in answer.errors if error.severity == "Error")
             for answer in answers}  # fmt: skip
    assert len(texts) == 1, "the answer tells who registered it"


def test_what_was_replaced_already_is_not_replaced_again(ward: Any) -> None:
    patient, identifier = ward.scene.patient, f"urn:uuid:{uuid4()}"
    entry, content = derived(vsm(patient))
    assert ward.scene.deposit(ward.scene.lot([(replace(entry, entry_uuid=identifier), content)])).succeeded
    first, second = (
        ward.scene.lot([vsm(patient, replaces=entry.unique_id, version=2)], replaces={0: identifier}) for _ in range(2)
    )
    assert ward.scene.deposit(first).succeeded
    ward.failure(ward.deposit(second), ("XDSRegistryDeprecatedDocumentError", "A10", identifier, "not Approved"))


def test_a_lot_sent_twice_is_registered_once(ward: Any) -> None:
    lot = ward.scene.lot([vsm(ward.scene.patient)])
    assert ward.scene.deposit(lot).succeeded
    every = (lot.submission_set.unique_id, *(entry.unique_id for entry in lot.entries))
    ward.failure(ward.deposit(lot), *(("XDSDuplicateUniqueIdInRegistry", taken) for taken in every))


def test_two_documents_of_one_lot_may_not_share_a_unique_id(ward: Any) -> None:
    shared, patient = new_oid(), ward.scene.patient
    lot = ward.scene.lot([laboratory_report(patient, unique_id=shared), discharge_letter(patient, unique_id=shared)])
    code = "XDSRegistryDuplicateUniqueIdInMessage"
    ward.failure(
        ward.deposit(lot),
        (code, f"{FIRST}/uniqueId", shared, "2 times in the message"),
        (code, "ExtrinsicObject[Document02]/uniqueId", shared),
    )


@pytest.mark.parametrize("turn", range(5))
def test_of_two_lots_in_parallel_with_one_unique_id_exactly_one_is_registered(ward: Any, turn: int) -> None:
    shared, start = new_oid(), threading.Barrier(2)
    before = len(ward.scene.found())
    lots = [
        (ward.scene.lot([vsm(ward.scene.patient, unique_id=shared)], by=by), by) for by in ("chu-seine", "ch-loire")
    ]

    def deposit(lot: Submission, by: str) -> Any:
        with closing(ward.scene.ingest(by)) as client:
            message = client.message(lot)
            start.wait()
            return client.send(message)

    kept = ward.scene.kept()
    with ThreadPoolExecutor(2) as threads:
        answers = [future.result() for future in [threads.submit(deposit, *lot) for lot in lots]]

    assert sorted(answer.succeeded for answer in answers) == [False, True], [answer.errors for answer in answers]
    (refused,) = (answer for answer in answers if not answer.succeeded)
    errors = [error for error in refused.errors if error.severity == "Error"]
    assert [error.code for error in errors] == ["XDSDuplicateUniqueIdInRegistry"]
    assert shared in errors[0].context
    assert ward.scene.found().count(shared) == 1
    assert len(ward.scene.found()) == before + 1
    assert ward.scene.kept()[-1] == kept[-1] + 2, "one document and one signature, no bytes of the other lot"
    ward.lives_on()


def test_a_synthesis_that_breaks_rules_is_told_each_of_them_with_its_xpath(ward: Any) -> None:
    broken = break_rule(vsm(ward.scene.patient, breaking="SEC-F29-CODE"), "SEC-F30-CODE", VSM_FAULTS)
    lot = ward.scene.lot([broken])
    (unique_id,) = lot.unique_ids
    answer = ward.failure(
        ward.deposit(lot),
        ("InvalidDocumentContent", unique_id, "SEC-F29-CODE", "/ClinicalDocument", "line", "expected"),
        ("InvalidDocumentContent", unique_id, "SEC-F30-CODE", "/ClinicalDocument", "line", "expected"),
    )
    tree = xml.parse(broken, xml.DOCUMENT)
    places = [error.location for error in answer.errors if error.severity == "Error"]
    assert [len(tree.xpath(in_namespace(place))) for place in places] == [1, 1], places


def in_namespace(path: str) -> str:
    """The path of a finding, whatever the prefixes of the document."""
    steps = [step.partition("[") for step in path.strip("/").split("/")]
    return "".join(f"/*[local-name()='{name}']{bracket}{rest}" for name, bracket, rest in steps)
