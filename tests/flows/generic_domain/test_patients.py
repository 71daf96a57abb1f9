"""Whom the registry knows: the identity feed by both its wires, merges, and the domain that wants no feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from gateway.cli.rehearsal import Rehearsal
from samples.client.client import IngestClient
from samples.feed import MllpClient, adt, interaction
from samples.xds.patients import DomainPatient, new_patient
from samples.xds.submission import one_document
from security import xml

REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
Feed = Callable[[Rehearsal], MllpClient]


def ids(*patients: DomainPatient) -> tuple[tuple[str, str], ...]:
    return tuple((patient.identifier, patient.authority) for patient in patients)


def test_a_patient_whom_no_feed_announced_is_unknown_and_nothing_is_kept(source: Any, consumer: Any) -> None:
    lot = one_document(new_patient())
    answer = source.provide_and_register(lot)
    assert answer.error_codes == ["XDSUnknownPatientId"]
    assert lot.patient_id in answer.errors[0].context
    assert consumer.get_documents(unique_ids=lot.unique_ids).ids == []


def test_the_v3_feed_makes_a_patient_known(source: IngestClient, consumer: Any) -> None:
    patient = new_patient()
    assert source.announce(xml.parse(interaction("add", *ids(patient)))).accepted
    assert source.provide_and_register(one_document(patient)).succeeded


@pytest.mark.parametrize("wire", ["ITI-8", "ITI-44"])
def test_after_a_merge_everything_is_the_survivors_and_the_other_is_gone(
    wire: str, generic_house: Rehearsal, feed_of: Feed, source: IngestClient, consumer: Any
) -> None:
    survivor, subsumed = new_patient(), new_patient()
    with feed_of(generic_house) as feed:
        assert all(b"MSA|AA" in feed.send(adt("A01", patient.cx)) for patient in (survivor, subsumed))
        lots = [one_document(patient) for patient in (survivor, subsumed)]
        assert all(source.provide_and_register(lot).succeeded for lot in lots)
        if wire == "ITI-8":
            assert b"MSA|AA" in feed.send(adt("A40", survivor.cx, subsumed=subsumed.cx))
        else:
            assert source.announce(xml.parse(interaction("merge", *ids(survivor), subsumed=ids(subsumed)))).accepted

    found = consumer.find_documents(survivor.cx)
    assert sorted(found.unique_ids) == sorted(unique_id for lot in lots for unique_id in lot.unique_ids)
    assert {entry.patient_id for entry in found.document_entries} == {survivor.cx}
    assert consumer.find_documents(subsumed.cx).ids == []
    answer = consumer.retrieve((REPOSITORY, unique_id) for unique_id in found.unique_ids)
    assert sorted(item.content for item in answer.documents) == sorted(
        content for lot in lots for content in lot.contents.values()
    )
    assert source.provide_and_register(one_document(subsumed)).error_codes == ["XDSUnknownPatientId"]


@pytest.fixture(scope="module")
def open_house() -> Iterator[Rehearsal]:
    with Rehearsal({"ECLUSE_IHE_PATIENTS": "accept_all", "ECLUSE_IHE_AUTHORITIES": "1.2.3.4"}, domain="ihe") as house:
        yield house


def test_a_domain_without_feed_knows_whoever_is_named_by_its_authorities(open_house: Rehearsal) -> None:
    patient, stranger = DomainPatient(identifier="P1", authority="1.2.3.4"), new_patient()
    with closing(open_house.source("chu-seine")) as source:
        assert source.provide_and_register(one_document(patient)).succeeded
        assert set(source.provide_and_register(one_document(stranger)).error_codes) == {"XDSUnknownPatientId"}
    with closing(open_house.consumer("dr-essai")) as consumer:
        assert len(consumer.find_documents(patient.cx).unique_ids) == 1


def test_a_refused_submission_opens_no_record(open_house: Rehearsal) -> None:
    patient = DomainPatient(identifier="P2", authority="1.2.3.4")
    with closing(open_house.source("chu-seine")) as source:
        lot = one_document(patient, size=1)
        assert source.provide_and_register(lot).error_codes == ["XDSRepositoryMetadataError"]
    with closing(open_house.owner()) as connection:
        known = connection.execute("SELECT count(*) FROM ecluse.patients WHERE patient_id LIKE 'P2^%'").fetchone()
    assert known == (0,)
