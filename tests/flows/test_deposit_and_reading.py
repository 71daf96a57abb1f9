"""What the house is for: an establishment deposits, an authorised professional finds and reads the same bytes."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from cda.document import parse_document
from cda.header import read_header
from cda.to_metadata import to_entry
from gateway.cli.story import PUBLIC_PATIENT, REPOSITORY
from gateway.soap_door import SERVICES
from samples.client.client import ConsultationClient, IngestClient
from samples.documents.discharge_letter import discharge_letter
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from samples.submission import MASQUE_PS, build_submission
from samples.vihf import build_vihf

PUBLIC = Path(__file__).parents[3] / "shared" / "samples-fr"


def test_a_signed_lot_is_found_and_read_byte_for_byte(scene: Any) -> None:
    documents = [vsm(scene.patient), laboratory_report(scene.patient), discharge_letter(scene.patient)]
    lot = scene.lot(documents)

    answer = scene.deposit(lot)

    assert answer.succeeded, answer.errors
    assert scene.found() == sorted(lot.unique_ids)
    with closing(scene.consultation()) as doctor:
        read = doctor.retrieve((REPOSITORY, unique_id) for unique_id in lot.unique_ids)
    assert read.succeeded
    assert {item.unique_id: item.content for item in read.documents} == dict(
        zip(lot.unique_ids, documents, strict=True)
    )


def test_a_client_that_knows_only_what_the_doors_publish_deposits_and_reads(scene: Any) -> None:
    ingest, consultation = scene.house.doors["ingest"], scene.house.doors["consultation"]
    seal, card = scene.house.credential("chu-seine.sign"), scene.house.credential("dr-essai.sign")
    lot = scene.lot([vsm(scene.patient)])

    with IngestClient(
        ingest.url,
        scene.house.credential("chu-seine.auth"),
        ingest.ca,
        vihf=lambda: build_vihf(signer=seal, patient=scene.patient.cx, now=datetime.now(UTC)),
        wsdl=f"{ingest.url}{SERVICES}/repository?wsdl",
    ) as hospital:
        deposited = hospital.provide_and_register(lot)
    with ConsultationClient(
        consultation.url,
        scene.house.credential("dr-essai.auth"),
        consultation.ca,
        vihf=lambda: build_vihf(signer=card, patient=scene.patient.cx, now=datetime.now(UTC)),
        registry_wsdl=f"{consultation.url}{SERVICES}/registry?wsdl",
        repository_wsdl=f"{consultation.url}{SERVICES}/repository?wsdl",
    ) as doctor:
        found = doctor.find_documents(scene.patient.cx)
        read = doctor.retrieve([(REPOSITORY, lot.unique_ids[0])])

    assert deposited.succeeded, deposited.errors
    assert found.unique_ids == list(lot.unique_ids)
    assert [item.content for item in read.documents] == [lot.contents["Document01"]]


def test_metadata_come_back_as_they_were_sent_and_completed_by_the_registry(scene: Any) -> None:
    lot = scene.lot([vsm(scene.patient)])
    assert scene.deposit(lot).succeeded

    with closing(scene.consultation()) as doctor:
        (entry,) = doctor.find_documents(scene.patient.cx).document_entries

    sent = lot.entries[0]
    for name in (
        "unique_id",
        "type_code",
        "class_code",
        "format_code",
        "authors",
        "title",
        "hash",
        "size",
        "creation_time",
    ):
        assert getattr(entry, name) == getattr(sent, name), name
    assert entry.repository_unique_id == REPOSITORY
    assert entry.entry_uuid.startswith("urn:uuid:")
    assert entry.entry_uuid != sent.entry_uuid


def test_a_replacement_deprecates_what_it_replaces(scene: Any) -> None:
    first, identifier = vsm(scene.patient), f"urn:uuid:{uuid4()}"
    header = read_header(parse_document(first))
    assert scene.deposit(scene.lot([(to_entry(header, first, entry_uuid=identifier), first)])).succeeded
    second = scene.lot([vsm(scene.patient, replaces=header.unique_id, version=2)], replaces={0: identifier})

    answer = scene.deposit(second)

    assert answer.succeeded, answer.errors
    assert scene.found() == list(second.unique_ids)
    with closing(scene.consultation()) as doctor:
        old = doctor.get_documents(entry_uuids=[identifier])
        both = doctor.find_documents(
            scene.patient.cx,
            status=[
                "urn:oasis:names:tc:ebxml-regrep:StatusType:Approved",
                "urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated",
            ],
        )
    assert [entry.get("status") for entry in old.entries] == ["urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"]
    assert len(both.entries) == 2


def test_a_replacement_by_another_establishment_finds_nothing_to_replace(scene: Any) -> None:
    first, identifier = vsm(scene.patient), f"urn:uuid:{uuid4()}"
    header = read_header(parse_document(first))
    assert scene.deposit(scene.lot([(to_entry(header, first, entry_uuid=identifier), first)])).succeeded
    theirs = scene.lot([vsm(scene.patient, version=2)], replaces={0: identifier}, by="ch-loire")
    nobodys = scene.lot([vsm(scene.patient, version=2)], replaces={0: f"urn:uuid:{uuid4()}"}, by="ch-loire")

    answers = [scene.deposit(lot, by="ch-loire") for lot in (theirs, nobodys)]

    assert [answer.error_codes for answer in answers] == [["UnresolvedReferenceException"]] * 2


def test_object_refs_name_the_same_documents_as_leaf_classes(scene: Any) -> None:
    assert scene.deposit(scene.lot([vsm(scene.patient), laboratory_report(scene.patient)])).succeeded

    with closing(scene.consultation()) as doctor:
        full = doctor.find_documents(scene.patient.cx)
        references = doctor.find_documents(scene.patient.cx, return_type="ObjectRef")

    assert sorted(references.ids) == sorted(full.ids)
    assert references.entries == ()


def test_get_all_gives_the_lot_and_what_holds_it_together(scene: Any) -> None:
    assert scene.deposit(scene.lot([vsm(scene.patient)])).succeeded

    with closing(scene.consultation()) as doctor:
        answer = doctor.get_all(scene.patient.cx)

    kinds = sorted(item.tag.partition("}")[2] for item in answer.objects)
    assert kinds.count("ExtrinsicObject") == 1, "the signature of the lot is nobody's reading"
    assert kinds.count("RegistryPackage") == 1
    assert "Association" in kinds


def test_a_masked_document_and_an_absent_one_look_the_same(scene: Any) -> None:
    masked = scene.lot([laboratory_report(scene.patient)], confidentiality=[MASQUE_PS])
    assert scene.deposit(masked).succeeded
    (hidden,) = masked.unique_ids
    absent = "2.25.1"

    with closing(scene.consultation()) as doctor:
        by_id = [doctor.get_documents(unique_ids=[unique_id]) for unique_id in (hidden, absent)]
        read = [doctor.retrieve([(REPOSITORY, unique_id)]) for unique_id in (hidden, absent)]

    assert len({(answer.status, tuple(answer.ids), tuple(answer.error_codes)) for answer in by_id}) == 1
    assert by_id[0].ids == []
    texts = [
        [(error.code, error.context.replace(unique_id, "…"), error.location) for error in answer.errors]
        for answer, unique_id in zip(read, (hidden, absent), strict=True)
    ]
    assert texts[0] == texts[1]
    assert [answer.error_codes for answer in read] == [["XDSDocumentUniqueIdError"]] * 2


def test_a_retrieve_with_one_good_document_is_a_partial_success(scene: Any) -> None:
    lot = scene.lot([vsm(scene.patient)])
    assert scene.deposit(lot).succeeded

    with closing(scene.consultation()) as doctor:
        answer = doctor.retrieve([(REPOSITORY, lot.unique_ids[0]), (REPOSITORY, "2.25.1"), ("1.2.3", "2.25.2")])

    assert answer.status == "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess"
    assert [item.unique_id for item in answer.documents] == list(lot.unique_ids)
    assert answer.error_codes == ["XDSDocumentUniqueIdError", "XDSUnknownRepositoryId"]


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public sample documents are not beside the project")
@pytest.mark.parametrize("path", sorted(PUBLIC.glob("*.xml")), ids=lambda path: path.name)
def test_a_public_document_goes_through(house: Any, path: Path) -> None:
    content = path.read_bytes()
    if PUBLIC_PATIENT.split("^")[0].encode() not in content:
        pytest.skip("of another patient")
    professional = house.credential("dr-essai.auth").national_id
    with closing(house.owner()) as connection:
        known = connection.execute(
            "SELECT 1 FROM ecluse.patients WHERE patient_id LIKE %s", (PUBLIC_PATIENT.split("^")[0] + "%",)
        ).fetchone()
    if known is None:
        house.open_record(PUBLIC_PATIENT, [professional])
    lot = build_submission(
        [content], signer=house.credential("chu-seine.sign"), now=datetime.now(UTC), patient_id=PUBLIC_PATIENT
    )

    with closing(house.establishment("chu-seine", PUBLIC_PATIENT)) as hospital:
        answer = hospital.provide_and_register(lot)
    with closing(house.professional("dr-essai", PUBLIC_PATIENT)) as doctor:
        read = doctor.retrieve([(REPOSITORY, lot.unique_ids[0])])

    assert answer.succeeded, answer.errors
    assert [item.content for item in read.documents] == [content]
