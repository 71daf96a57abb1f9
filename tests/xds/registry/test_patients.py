"""Patients made known and merged by the feed, on the real server of a generic domain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from lxml import etree

from gateway.database.domain import declare_domain
from gateway.database.opening import Database
from gateway.database.pool import DoorPool, open_pool
from security.at_rest.new_record import create_record_key_for
from security.at_rest.record_keys import Kek, unwrap
from security.at_rest.wrapping_keys import WrappingPrivateKey, create_wrapping_key
from security.audit.event import AuditEvent, Outcome
from xds.ebrim import writer
from xds.ebrim.fragments import write_folder
from xds.errors import Refusal
from xds.metadata.association import Association, AssociationType
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.registry.patients import Merging, Opening, PatientFault, PatientFeed, PatientRefused

_numbers = count(1)
RIM = "{urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0}"


@dataclass(frozen=True)
class Feed:
    """The feed, and the owner for what no door may see."""

    feed: PatientFeed
    owner: psycopg.Connection[Any]
    wrapping: WrappingPrivateKey
    pool: DoorPool

    def a_patient(self, *, known: bool = True) -> str:
        patient_id = f"MRN-{next(_numbers)}^^^&1.3.6.1.4.1.21367.2005.13.20.1000&ISO"
        if known:
            self.open(patient_id)
        return patient_id

    def open(self, patient_id: str) -> str:
        event = an_event()
        self.feed.open(patient_id, create_record_key_for(self.wrapping.public), event)
        return event.request_id

    def merge(self, survivor: str, subsumed: str) -> str:
        event = an_event()
        self.feed.merge(survivor, subsumed, event)
        return event.request_id

    def one(self, query: str, *values: Any) -> Any:
        row = self.owner.execute(query, values).fetchone()
        assert row is not None
        return row

    def record(self, patient_id: str) -> tuple[UUID, str, int, UUID | None, UUID]:
        found: tuple[UUID, str, int, UUID | None, UUID] = self.one(
            "SELECT patient_key, status, revision, merged_into, key_id FROM ecluse.records"
            " JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s",
            f"{patient_id}^NH",
        )
        return found

    def counts(self, patient_id: str) -> dict[str, int]:
        key = self.record(patient_id)[0]
        tables = ("submission_sets", "document_entries", "folders", "associations", "unique_ids", "record_keys")
        return {
            table: self.one(f"SELECT count(*) FROM ecluse.{table} WHERE patient_key = %s", key)[0]  # noqa: S608
            for table in tables
        }

    def fragments(self, patient_id: str) -> list[bytes]:
        key = self.record(patient_id)[0]
        rows = self.owner.execute(
            "SELECT fragment FROM ecluse.submission_sets WHERE patient_key = %(key)s"
            " UNION ALL SELECT fragment FROM ecluse.document_entries WHERE patient_key = %(key)s"
            " UNION ALL SELECT fragment FROM ecluse.folders WHERE patient_key = %(key)s",
            {"key": key},
        ).fetchall()
        return [bytes(fragment) for (fragment,) in rows]

    def events(self, request_id: str) -> int:
        return int(
            self.one("SELECT count(*) FROM ecluse.audit_events WHERE event::jsonb ->> 'request' = %s", request_id)[0]
        )

    def deposit(self, patient_id: str, *, limited: bool = False, **changes: Any) -> Deposit:
        """What a submission of one document in one folder leaves, row by row."""
        lot = Deposit(self.record(patient_id)[0], patient_id, limited=limited, **changes)
        lot.insert(self.owner)
        return lot


class Deposit:
    """A set, an entry, a folder and two associations, written as the registry writes them."""

    def __init__(self, key: UUID, patient_id: str, *, limited: bool = False, title: str = "Lettre") -> None:
        self.key = key
        self.entry = DocumentEntry(
            entry_uuid=urn(),
            unique_id=oid(),
            patient_id=patient_id,
            source_patient_id=patient_id,
            source_patient_info=(f"PID-3|{patient_id}",),
            mime_type="text/xml",
            language_code="fr-FR",
            creation_time="20260301101500",
            class_code=Code("10", "1.2", "Compte rendu"),
            type_code=Code("11", "1.3", "Lettre"),
            format_code=Code("f", "1.4", "texte"),
            healthcare_facility_type_code=Code("h", "1.5", "Hôpital"),
            practice_setting_code=Code("p", "1.6", "Clinique"),
            confidentiality_codes=(Code("N", "1.7", "Normal"),),
            hash="a" * 40,
            size=12,
            title=title,
        )
        self.lot = SubmissionSet(
            entry_uuid=urn(),
            unique_id=oid(),
            patient_id=patient_id,
            source_id="1.2.3",
            submission_time="20260301102000",
            content_type_code=Code("04", "1.8", "Consultation"),
        )
        self.folder = Folder(
            entry_uuid=urn(),
            unique_id=oid(),
            patient_id="" if limited else patient_id,
            codes=(Code("c", "1.9", "Dossier"),),
            last_update_time="20260301102000",
        )
        self.associations = [
            Association(
                entry_uuid=urn(),
                association_type=AssociationType.HAS_MEMBER,
                source=source,
                target=target,
                submission_set_status="Original" if source == self.lot.entry_uuid else None,
            )
            for source, target in (
                (self.lot.entry_uuid, self.entry.entry_uuid),
                (self.folder.entry_uuid, self.entry.entry_uuid),
            )
        ]

    def insert(self, owner: psycopg.Connection[Any]) -> None:
        lot, entry, folder = (UUID(each.entry_uuid[9:]) for each in (self.lot, self.entry, self.folder))
        with owner.transaction():
            owner.execute(
                "INSERT INTO ecluse.submission_sets (patient_key, entry_uuid, unique_id, source_id, depositor_id,"
                " submission_time, author_persons, codes, fragment) VALUES (%s, %s, %s, '1.2.3', 'x', '2026', '{}',"
                " '{}', %s)",
                (self.key, lot, self.lot.unique_id, writer.write_submission_set(self.lot)),
            )
            owner.execute(
                "INSERT INTO ecluse.document_entries (patient_key, entry_uuid, logical_id, version, unique_id, status,"
                " object_type, mime_type, hash, size, blob_address, key_id, creation_time, depositor_id,"
                " author_structure_ids, author_person_ids, author_persons, codes, fragment)"
                " SELECT %(key)s, %(id)s, %(id)s, 1, %(unique_id)s, 'APPROVED', gen_random_uuid(), 'text/xml', 'a', 12,"
                " %(blob)s, key_id, '2026', 'x', '{}', '{}', '{}', '{}', %(fragment)s"
                " FROM ecluse.records WHERE patient_key = %(key)s",
                {
                    "key": self.key,
                    "id": entry,
                    "unique_id": self.entry.unique_id,
                    "blob": bytes(32),
                    "fragment": writer.write_entry(self.entry),
                },
            )
            owner.execute(
                "INSERT INTO ecluse.folders (patient_key, entry_uuid, logical_id, version, unique_id, status,"
                " last_update_time, depositor_id, codes, fragment)"
                " VALUES (%s, %s, %s, 1, %s, 'APPROVED', '20260301102000', 'x', '{}', %s)",
                (self.key, folder, folder, self.folder.unique_id, write_folder(self.folder)),
            )
            for each in self.associations:
                owner.execute(
                    "INSERT INTO ecluse.associations (patient_key, entry_uuid, association_type, source, target,"
                    " submission_set, fragment) VALUES (%s, %s, %s, %s, %s, %s, %s)",
                    (
                        self.key,
                        UUID(each.entry_uuid[9:]),
                        str(each.association_type),
                        UUID(each.source[9:]),
                        UUID(each.target[9:]),
                        lot,
                        writer.write_association(each),
                    ),
                )
            for kind, one, unique_id in (
                ("SS", lot, self.lot.unique_id),
                ("DE", entry, self.entry.unique_id),
                ("FD", folder, self.folder.unique_id),
            ):
                owner.execute(
                    "INSERT INTO ecluse.unique_ids (unique_id, kind, patient_key, entry_uuid, structure_id)"
                    " VALUES (%s, %s, %s, %s, 'x')",
                    (unique_id, kind, self.key, one),
                )


def urn() -> str:
    return f"urn:uuid:{uuid4()}"


def oid() -> str:
    return f"2.25.{uuid4().int}"


def an_event() -> AuditEvent:
    return AuditEvent(
        door="ingest",
        time=datetime.now(UTC),
        transaction="ITI-44",
        outcome=Outcome.SUCCESS,
        request_id=str(uuid4()),
    )


@pytest.fixture(scope="module")
def generic(
    tmp_path_factory: pytest.TempPathFactory, another_database: Callable[[Path], AbstractContextManager[Database]]
) -> Iterator[Database]:
    with another_database(tmp_path_factory.mktemp("generic")) as opened:
        declare_domain(opened.layout.owner_url, "ihe")
        yield opened


@pytest.fixture(scope="module")
def feed(generic: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feed]:
    directory = tmp_path_factory.mktemp("keys")
    wrapping = create_wrapping_key(directory / "wrapping.key", directory / "wrapping.pub")
    pool = open_pool(generic.layout.ingest_url, size=6, name="test-feed")
    with psycopg.connect(generic.layout.owner_url, autocommit=True) as owner:
        yield Feed(PatientFeed(pool), owner, wrapping, pool)
    pool.close()


def test_a_patient_is_known_once_announced(feed: Feed) -> None:
    patient_id = feed.a_patient(known=False)
    assert not feed.feed.is_known(patient_id)

    request = feed.open(patient_id)

    assert feed.feed.is_known(patient_id)
    assert feed.record(patient_id)[1:4] == ("OPEN", 0, None)
    assert feed.counts(patient_id)["record_keys"] == 1
    assert feed.events(request) == 1


def test_the_key_of_a_patient_announced_opens_in_consultation_only(feed: Feed) -> None:
    patient_id = feed.a_patient()
    key_id, public, wrapped = feed.one(
        "SELECT k.key_id, r.public_key, k.wrapped_private_key FROM ecluse.records r JOIN ecluse.record_keys k"
        " USING (patient_key, key_id) JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s",
        f"{patient_id}^NH",
    )
    key = unwrap(bytes(wrapped), Kek(secret=bytes(32), wrapping=feed.wrapping), key_id)
    assert key.public_key().to_bytes() == bytes(public)


def test_a_patient_announced_again_keeps_everything(feed: Feed) -> None:
    patient_id = feed.a_patient()
    before, counts = feed.record(patient_id), feed.counts(patient_id)
    request = feed.open(f"{patient_id}^PI")
    assert (feed.record(patient_id), feed.counts(patient_id)) == (before, counts)
    assert feed.events(request) == 1


def test_one_patient_announced_by_many_at_once_has_one_record(feed: Feed) -> None:
    patient_id = feed.a_patient(known=False)
    start = threading.Barrier(6)

    def announce(_number: int) -> None:
        start.wait()
        feed.open(patient_id)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(announce, range(6)))
    assert feed.counts(patient_id)["record_keys"] == 1


def test_all_that_the_subsumed_patient_has_is_the_survivors(feed: Feed) -> None:
    survivor, subsumed = feed.a_patient(), feed.a_patient()
    feed.deposit(survivor)
    feed.deposit(subsumed)
    feed.deposit(subsumed)

    request = feed.merge(survivor, subsumed)

    assert feed.counts(subsumed) == dict.fromkeys(feed.counts(subsumed), 0)
    assert feed.counts(survivor) == {
        "submission_sets": 3,
        "document_entries": 3,
        "folders": 3,
        "associations": 6,
        "unique_ids": 9,
        "record_keys": 2,
    }
    new, old = feed.record(survivor), feed.record(subsumed)
    assert (new[1], new[2], new[3]) == ("OPEN", 1, None)
    assert (old[1], old[2], old[3]) == ("MERGED", 1, new[0])
    assert not feed.feed.is_known(subsumed)
    assert feed.events(request) == 1


def test_fragments_name_the_survivor_and_keep_the_source_patient(feed: Feed) -> None:
    survivor, subsumed = feed.a_patient(), feed.a_patient()
    # Texts that imitate what is looked for do not deceive.
    imitation = (
        f'identificationScheme="urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427" registryObject="x" value="{subsumed}"'
    )
    deposit = feed.deposit(subsumed, title=imitation)
    feed.merge(survivor, subsumed)

    fragments = {etree.fromstring(fragment).get("id"): fragment for fragment in feed.fragments(survivor)}
    assert len(fragments) == 3
    for fragment in fragments.values():
        assert _patient_id(fragment) == survivor
    rewritten = fragments[deposit.entry.entry_uuid]
    expected = writer.write_entry(deposit.entry).replace(
        f'value="{subsumed.replace("&", "&amp;")}" objectType'.encode(),
        f'value="{survivor.replace("&", "&amp;")}" objectType'.encode(),
    )
    assert rewritten == expected
    assert etree.fromstring(rewritten).findtext(f'{RIM}Slot[@name="sourcePatientId"]//{RIM}Value') == subsumed
    assert etree.fromstring(rewritten).find(f"{RIM}Name/{RIM}LocalizedString").get("value") == imitation


def _patient_id(fragment: bytes) -> str | None:
    for identifier in etree.fromstring(fragment).iterfind(f"{RIM}ExternalIdentifier"):
        if identifier.find(f"{RIM}Name/{RIM}LocalizedString").get("value").endswith(".patientId"):
            return identifier.get("value")
    return None


@pytest.mark.parametrize("spelling", ["{}^^^&1.9.8&ISO^PI", "{}^^^&1.9.8&ISO^NH", "{}^^^&1.9.8&ISO"])
def test_objects_sent_with_another_spelling_of_the_id_name_the_survivor_too(feed: Feed, spelling: str) -> None:
    number = f"S{next(_numbers)}"
    survivor, subsumed = feed.a_patient(), f"{number}^^^&1.9.8&ISO"
    feed.open(subsumed)
    Deposit(feed.record(subsumed)[0], spelling.format(number)).insert(feed.owner)
    feed.merge(survivor, subsumed)
    assert {_patient_id(fragment) for fragment in feed.fragments(survivor)} == {survivor}


def test_a_survivor_whose_id_needs_escapes_is_written_well_formed(feed: Feed) -> None:
    survivor, subsumed = 'A"<\\T\\>é^^^&1.2.3&ISO', feed.a_patient()
    feed.open(survivor)
    feed.deposit(subsumed)
    feed.merge(survivor, subsumed)
    assert {_patient_id(fragment) for fragment in feed.fragments(survivor)} == {survivor}


def test_an_object_of_limited_metadata_without_patient_moves_as_it_is(feed: Feed) -> None:
    survivor, subsumed = feed.a_patient(), feed.a_patient()
    deposit = feed.deposit(subsumed, limited=True)
    feed.merge(survivor, subsumed)
    assert write_folder(deposit.folder) in feed.fragments(survivor)


def test_what_was_sealed_to_the_subsumed_record_still_opens(feed: Feed) -> None:
    survivor, subsumed = feed.a_patient(), feed.a_patient()
    deposit = feed.deposit(subsumed)
    sealed_to = feed.record(subsumed)[4]
    feed.merge(survivor, subsumed)
    key_id, wrapped, holder = feed.one(
        "SELECT k.key_id, k.wrapped_private_key, k.patient_key FROM ecluse.document_entries e"
        " JOIN ecluse.record_keys k USING (key_id) WHERE e.unique_id = %s",
        deposit.entry.unique_id,
    )
    assert key_id == sealed_to
    assert holder == feed.record(survivor)[0]
    assert unwrap(bytes(wrapped), Kek(secret=bytes(32), wrapping=feed.wrapping), key_id).key_id == sealed_to


def test_merges_chain(feed: Feed) -> None:
    a, b, c = feed.a_patient(), feed.a_patient(), feed.a_patient()
    feed.deposit(a)
    feed.merge(b, a)
    feed.merge(c, b)
    assert feed.counts(c)["document_entries"] == 1
    assert feed.counts(c)["record_keys"] == 3
    assert {_patient_id(fragment) for fragment in feed.fragments(c)} == {c}
    assert feed.record(a)[3] == feed.record(b)[0]
    assert feed.record(b)[3] == feed.record(c)[0]


def test_a_merge_done_twice_stays_done(feed: Feed) -> None:
    survivor, subsumed = feed.a_patient(), feed.a_patient()
    feed.merge(survivor, subsumed)
    before = feed.record(survivor), feed.record(subsumed)
    request = feed.merge(survivor, subsumed)
    assert (feed.record(survivor), feed.record(subsumed)) == before
    assert feed.events(request) == 1


def _closed(feed: Feed) -> str:
    patient_id = feed.a_patient()
    key = feed.record(patient_id)[0]
    feed.owner.execute("UPDATE ecluse.records SET status = 'CLOSED', closed_at = now() WHERE patient_key = %s", (key,))
    return patient_id


def _merged(feed: Feed) -> str:
    patient_id = feed.a_patient()
    feed.merge(feed.a_patient(), patient_id)
    return patient_id


def _unknown(feed: Feed) -> str:
    return feed.a_patient(known=False)


@pytest.mark.parametrize(
    ("survivor", "subsumed", "fault"),
    [
        (_unknown, Feed.a_patient, PatientFault.SURVIVOR_UNKNOWN),
        (_closed, Feed.a_patient, PatientFault.SURVIVOR_CLOSED),
        (_merged, Feed.a_patient, PatientFault.SURVIVOR_MERGED),
        (Feed.a_patient, _unknown, PatientFault.SUBSUMED_UNKNOWN),
        (Feed.a_patient, _closed, PatientFault.SUBSUMED_CLOSED),
        (Feed.a_patient, _merged, PatientFault.SUBSUMED_MERGED),
    ],
)
def test_a_merge_that_makes_no_sense_is_refused(
    feed: Feed, survivor: Callable[[Feed], str], subsumed: Callable[[Feed], str], fault: PatientFault
) -> None:
    new, old, event = survivor(feed), subsumed(feed), an_event()
    with pytest.raises(PatientRefused) as refused:
        feed.feed.merge(new, old, event)
    assert refused.value.fault is fault
    assert feed.events(event.request_id) == 0


def test_a_patient_is_not_merged_into_itself(feed: Feed) -> None:
    patient_id = feed.a_patient()
    with pytest.raises(PatientRefused) as refused:
        feed.merge(patient_id, f"{patient_id}^PI")
    assert refused.value.fault is PatientFault.SAME


@pytest.mark.parametrize(("state", "fault"), [(_merged, PatientFault.MERGED), (_closed, PatientFault.CLOSED)])
def test_a_patient_merged_or_closed_is_not_announced(
    feed: Feed, state: Callable[[Feed], str], fault: PatientFault
) -> None:
    patient_id, event = state(feed), an_event()
    with pytest.raises(PatientRefused) as refused:
        feed.feed.open(patient_id, create_record_key_for(feed.wrapping.public), event)
    assert refused.value.fault is fault
    assert feed.events(event.request_id) == 0


def test_orders_given_together_are_all_done_or_none(feed: Feed) -> None:
    fresh, subsumed, opened, merged = feed.a_patient(known=False), feed.a_patient(), an_event(), an_event()
    opening = Opening(patient_id=fresh, key=create_record_key_for(feed.wrapping.public), event=opened)
    with pytest.raises(PatientRefused):
        feed.feed.apply([opening, Merging(survivor=fresh, subsumed=_unknown(feed), event=merged)])
    assert not feed.feed.is_known(fresh)
    assert feed.events(opened.request_id) == 0

    feed.feed.apply([opening, Merging(survivor=fresh, subsumed=subsumed, event=merged)])
    assert feed.feed.is_known(fresh)
    assert (feed.events(opened.request_id), feed.events(merged.request_id)) == (1, 1)


def test_opposite_merges_at_once_never_deadlock(feed: Feed) -> None:
    for _ in range(5):
        one, other = feed.a_patient(), feed.a_patient()
        start = threading.Barrier(2)

        def merge(pair: tuple[str, str], start: threading.Barrier = start) -> str:
            start.wait()
            try:
                feed.merge(*pair)
            except PatientRefused as refused:
                return str(refused.fault)
            return "DONE"

        with ThreadPoolExecutor(2) as threads:
            answers = sorted(threads.map(merge, [(one, other), (other, one)]))
        assert answers == ["DONE", "SURVIVOR_MERGED"]


def test_a_merge_waits_for_a_submission_in_flight(feed: Feed) -> None:
    survivor, subsumed = feed.a_patient(), feed.a_patient()
    key = feed.record(subsumed)[0]
    with ThreadPoolExecutor(1) as threads:
        with feed.owner.transaction():
            feed.owner.execute("SELECT 1 FROM ecluse.records WHERE patient_key = %s FOR SHARE", (key,))
            merging = threads.submit(feed.merge, survivor, subsumed)
            deposit = Deposit(key, subsumed)
            deposit.insert(feed.owner)
        merging.result(5)
    assert feed.counts(survivor)["document_entries"] == 1
    assert feed.counts(subsumed)["document_entries"] == 0


def test_a_house_of_the_dmp_refuses_the_feed(database: Database, feed: Feed) -> None:
    with psycopg.connect(
        database.layout.ingest_url, autocommit=True, options="-c search_path=ecluse,pg_temp"
    ) as connection:
        for call in ("patient_status('x')", "open_patient('x', NULL, '', '', '')", "merge_patients('x', 'y', '', '')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="administration"):
                connection.execute(f"SELECT {call}")


def test_no_other_role_may_feed(generic: Database) -> None:
    with psycopg.connect(
        generic.layout.consultation_url, autocommit=True, options="-c search_path=ecluse,pg_temp"
    ) as connection:
        for call in ("open_patient('x', NULL, '', '', '')", "merge_patients('x', 'y', '', '')", "patient_status('x')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(f"SELECT {call}")


def test_a_registry_that_does_not_answer_is_a_refusal(generic: Database, feed: Feed) -> None:
    closed = open_pool(generic.layout.ingest_url.replace("ecluse_ingest", "nobody_here"), size=1, name="test-gone")
    try:
        with pytest.raises(Refusal) as refused:
            PatientFeed(closed).is_known("x^^^&1.2&ISO")
        assert [error.code for error in refused.value.errors] == ["XDSRegistryNotAvailable"]
    finally:
        closed.close()
