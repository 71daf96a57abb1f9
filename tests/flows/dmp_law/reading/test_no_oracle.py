"""Whatever is asked, and however often, the answer is that of a record where what is hidden never was.

The record is made through the doors: masked at its deposit, masked later, of a forbidden type, archived, deleted,
replaced, in lots of their own and in lots of others. Its twin is the same rows without what the reader may not see, and
without what only that left behind. Both get the same sequence of messages; whole HTTP answers are compared.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.client import HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.cli.story import REPOSITORY
from gateway.soap_door import SERVICES
from samples.changes import archive, change_lot, delete, make_visible, mask, unmask
from samples.client import queries
from samples.client.mtom import Message
from samples.client.queries import CATALOGUE, MULTI_PATIENT, QueryId
from samples.client.raw import RawAnswer
from samples.documents.vsm import vsm
from samples.submission import MASQUE_PS
from samples.xds.submission import XdsSubmission
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry

from .conftest import (
    ARCHIVED,
    AUTHOR,
    DELETED,
    DOCTOR,
    EMERGENCY,
    EVERY,
    NURSE,
    OCCUPATIONAL,
    TREATING,
    File,
    House,
    someone,
)

CLASSES, LOINC = "1.2.250.1.213.1.1.4.1", "2.16.840.1.113883.6.1"
PSYCHIATRY = (Code("11", CLASSES, "Synthèse"), Code("68599-0", LOINC, "Synthèse psychiatrique"))
"""Which a nurse may not read."""
PHYSICIAN = "an occupational physician"
READERS: dict[str, tuple[str, dict[str, str]]] = {
    "a doctor": (DOCTOR, {}),
    "a nurse": (NURSE, {}),
    "a doctor in an emergency": (DOCTOR, EMERGENCY),
    PHYSICIAN: (OCCUPATIONAL, {}),
}
NOWHERE, NEW_LOT = "urn:uuid:00000000-0000-4000-8000-000000000000", "2.25.42"
TABLES = ("submission_sets", "document_entries", "associations")
_VARYING = re.compile(rb"(?<=MessageID>)[^<]*|(?<=RelatesTo>)[^<]*|(?<=Request>)[^<]*|(?<=document\d\.)[0-9a-f]{32}")
_SPACES = ("SYNTHESES", "CARE", "REPORTS", "BIOLOGY", "IMAGING", "PERSONAL")


@dataclass(frozen=True)
class World:
    """The full record, and for each reader a twin without what he may not see. `hidden` are uniqueIds, by reader."""

    full: File
    twins: dict[str, File]
    hidden: dict[str, frozenset[str]]
    unique_ids: tuple[str, ...]
    uuids: tuple[str, ...]
    entries: dict[str, DocumentEntry]
    former: str
    """An entryUUID that everybody saw, before its document was masked."""


def change(file: File, who: str, order: Callable[[XdsSubmission], XdsSubmission]) -> None:
    lot = change_lot(signer=file.house.credential(f"{who}.sign"), patient_id=file.cx, now=datetime.now(UTC))
    answer = file.at(who).update(order(lot))
    assert answer.succeeded, answer.errors


def lived(file: File) -> dict[str, str]:
    """What happened in the record; its documents by name."""
    name: dict[str, str] = {}
    name["plain"], name["in one lot with a masked one"], name["masked in one lot with others"] = file.documents(
        {}, {}, {}
    )
    name["psychiatry"], name["archived"], name["archived and masked"] = file.documents(
        {"kind": PSYCHIATRY}, {"status": ARCHIVED}, {"status": ARCHIVED, "confidentiality": ("MASQUE_PS",)}
    )
    (name["masked when deposited"],) = file.deposit(file.lot([vsm(file.patient)], confidentiality=[MASQUE_PS]))
    for which in ("masked later", "masked twice", "archived, then masked", "unmasked"):
        (name[which],) = file.documents({})
    (name["deleted and masked"],) = file.documents({"status": DELETED, "confidentiality": ("MASQUE_PS",)})
    (name["invisible"],) = file.documents({"confidentiality": ("INVISIBLE_PATIENT",)})
    (old,) = file.deposit(file.lot([vsm(file.patient)], confidentiality=[MASQUE_PS]))
    name["replaced"] = old
    (name["that replaces"],) = file.deposit(
        file.lot(
            [vsm(file.patient, replaces=old, version=2)],
            confidentiality=[MASQUE_PS],
            replaces={0: file.now(old).entry_uuid},
        )
    )
    for which in ("masked in one lot with others", "masked later", "masked twice", "unmasked"):
        change(file, AUTHOR, lambda lot, one=name[which]: mask(lot, file.now(one)))
    for which in ("masked twice", "unmasked"):
        change(file, AUTHOR, lambda lot, one=name[which]: unmask(lot, file.now(one)))
    change(file, AUTHOR, lambda lot: mask(lot, file.now(name["masked twice"])))
    target = file.now(name["archived, then masked"])
    change(file, AUTHOR, lambda lot: archive(lot, target.entry_uuid))
    file.become(name["archived, then masked"], status=ARCHIVED, confidentiality=("MASQUE_PS",))
    return name


MASKED = (
    "masked in one lot with others", "archived and masked", "masked when deposited", "masked later", "masked twice",
    "archived, then masked", "deleted and masked", "replaced", "that replaces",
)  # fmt: skip


def twin(full: File, hidden: Iterable[str], *authorised: str, current_only: bool = False) -> File:
    """The same rows without some documents, the lots that held nothing else, and associations that lead to neither."""
    file = File(full.house, someone()).open(*authorised)
    entries = _of_record(full, "entry_uuid, unique_id, status, codes::text LIKE '%%E1762%%'", "document_entries")
    links = _of_record(full, "source, target, entry_uuid", "associations")
    signatures = {one for one, _, _, is_signature in entries if is_signature}
    gone = {one for one, unique_id, _, _ in entries if unique_id in hidden}
    if current_only:
        gone |= {one for one, _, status, _ in entries if status != "APPROVED"}
    for (lot,) in _of_record(full, "entry_uuid", "submission_sets"):
        held = {target for source, target, _ in links if source == lot}
        if held - signatures <= gone:
            gone |= {lot, *(held & signatures)}
    gone |= {link for source, target, link in links if {source, target} & gone}
    for table in TABLES:
        columns = full.rows(
            "SELECT string_agg(column_name, ', ') FROM information_schema.columns WHERE table_schema = 'ecluse'"
            " AND table_name = %s AND column_name <> 'patient_key' AND is_generated = 'NEVER'",
            table,
        )[0][0]
        copied = (
            f"INSERT INTO ecluse.{table} (patient_key, {columns}) SELECT p.patient_key, {columns} FROM ecluse.{table} t"  # noqa: S608
            " JOIN ecluse.patients f ON f.patient_key = t.patient_key AND f.patient_id = %s, ecluse.patients p"
            " WHERE p.patient_id = %s AND NOT t.entry_uuid = ANY (%s)"
        )
        full.run(copied, full.cx, file.cx, list(gone))
    return file


def _of_record(file: File, columns: str, table: str) -> list[tuple[Any, ...]]:
    query = f"SELECT {columns} FROM ecluse.{table} JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s"  # noqa: S608
    return file.rows(query, file.cx)


@pytest.fixture(scope="module")
def world(reading_house: House) -> World:
    people = (AUTHOR, NURSE, DOCTOR, OCCUPATIONAL)
    full = File(reading_house, someone()).open(*people, treating=TREATING)
    name = lived(full)
    masked = frozenset(name[one] for one in MASKED)
    special = {name[one] for one in ("archived", "invisible")}
    hidden = {
        "a doctor": masked,
        "a nurse": masked | {name["psychiatry"]},
        "a doctor in an emergency": masked,
        PHYSICIAN: masked | special,  # and what is not current
    }
    uuids = [f"urn:uuid:{one}" for table in TABLES for (one,) in _of_record(full, "entry_uuid", table)]
    ((former,),) = full.rows(
        "SELECT 'urn:uuid:' || entry_uuid FROM ecluse.document_entries WHERE unique_id = %s AND version = 1",
        name["masked later"],
    )
    return World(
        full=full,
        twins={reader: twin(full, gone, *people, current_only=reader == PHYSICIAN) for reader, gone in hidden.items()},
        hidden=hidden,
        unique_ids=tuple(name.values()),
        uuids=tuple(uuids),
        entries={unique_id: full.now(unique_id) for unique_id in name.values()},
        former=former,
    )


@dataclass
class Wire:
    """One connection a person, kept open; answers come whole."""

    connections: dict[str, HTTPSConnection] = field(default_factory=dict)

    def send(self, file: File, who: str, service: str, message: Message) -> RawAnswer:
        if who not in self.connections:
            address = file.house.rehearsal.doors["consultation"]
            url = urlsplit(address.url)
            context = _context(file, who, address.ca)
            self.connections[who] = HTTPSConnection(url.hostname or "", url.port, context=context, timeout=30)
        connection = self.connections[who]
        kind, body = message.encode()
        connection.request("POST", f"{SERVICES}/{service}", body, {"Content-Type": kind})
        response = connection.getresponse()
        return RawAnswer(status=response.status, headers=dict(response.getheaders()), body=response.read())


def _context(file: File, who: str, ca: Any) -> Any:
    context = ssl.create_default_context(cafile=str(ca))
    shown = file.house.credential(f"{who}.auth")
    context.load_cert_chain(shown.chain_path, shown.key_path)
    return context


def said(answer: RawAnswer, *patients: File) -> tuple[int, dict[str, str], bytes]:
    """An answer without what differs by itself: dates, ids of messages and parts, the patient."""
    headers = {name: value for name, value in answer.headers.items() if name != "Date"}
    body = _VARYING.sub(b"", answer.body)
    found = re.search(r'boundary="?([^";]+)', headers.get("Content-Type", ""))
    if found:
        body = body.replace(found[1].encode(), b"boundary")
        headers["Content-Type"] = headers["Content-Type"].replace(found[1], "boundary")
    for patient in patients:
        body = body.replace(patient.patient.ins.encode(), b"<INS>")
    return answer.status, headers, body


Asked = tuple[str, Callable[[File, Any], Message]]


@st.composite
def questions(draw: st.DrawFn, world: World) -> Asked:
    """One message about what is there, what is hidden, and what never was: its service, and what makes it."""
    some_ids = st.lists(st.sampled_from([*world.unique_ids, "2.25.1"]), min_size=1, max_size=3)
    some_uuids = st.lists(st.sampled_from([*world.uuids, world.former, NOWHERE]), min_size=1, max_size=4)
    kind = draw(st.sampled_from(("query", "query", "query", "retrieve", "change")))
    if kind == "retrieve":
        repository = st.sampled_from((REPOSITORY, REPOSITORY, REPOSITORY, "1.2.3"))
        wanted = [(draw(repository), one) for one in draw(some_ids)]
        return "repository", lambda _, client: client.retrieve_message(wanted)
    if kind == "change":
        return "registry", _attempt(draw, world)
    query = draw(st.sampled_from([one for one in QueryId if one not in MULTI_PATIENT]))
    return_type = draw(st.sampled_from(("LeafClass", "ObjectRef")))
    statuses = [str(one) for one in draw(st.lists(st.sampled_from(EVERY), min_size=1, max_size=4, unique=True))]
    level = draw(st.sampled_from((None, 1, 2)))
    single, multiple = CATALOGUE[query]
    values: dict[str, Any] = {} if level is None else {"metadata_level": level}
    for one in (*single, *multiple):
        if one == "status" or one.endswith("_status"):
            values[one] = statuses
        elif one in ("format_code", "confidentiality_code", "class_code") and draw(st.integers(0, 4)) == 0:
            values[one] = {"confidentiality_code": Code("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "")}.get(
                one, Code("11", CLASSES, "")
            )
        elif one == "association_type":
            values[one] = [f"urn:ihe:iti:2007:AssociationType:{item}" for item in ("RPLC", "APND", "signs")]
        elif one == "reference_id":
            values[one] = "%"
    by_id = [one for one in ("entry_uuid", "unique_id", "uuid", "logical_id") if one in {**single, **multiple}]
    if by_id:
        chosen = draw(st.sampled_from(by_id))
        ids = draw(some_ids if chosen == "unique_id" else some_uuids)
        values[chosen] = ids[0] if chosen in single else ids
    spaces = draw(st.lists(st.sampled_from(_SPACES), max_size=2, unique=True))

    def make(file: File, client: Any) -> Message:
        about = {"patient_id": file.cx} if "patient_id" in single else {}
        slots = list(queries.build(query, **{**values, **about}))
        if query is QueryId.FIND_DOCUMENTS and spaces:
            slots.append(("$EcluseSpace", (queries.one_of(spaces),)))
        message: Message = client.query_message(query, slots, return_type)
        return message

    return "registry", make


def _attempt(draw: st.DrawFn, world: World) -> Callable[[File, Any], Message]:
    """A change that the law refuses to who is not its author: of something hidden, or of what is not there."""
    hidden = frozenset.intersection(*world.hidden.values())
    entry = world.entries[draw(st.sampled_from(sorted(hidden)))]
    order = draw(st.sampled_from((mask, unmask, make_visible, archive, delete)))
    by_status = order in (archive, delete)
    target = draw(st.sampled_from((entry.entry_uuid, world.former, NOWHERE)))

    def make(file: File, client: Any) -> Message:
        signer = client.ecluse_signer
        lot = change_lot(signer=signer, patient_id=file.cx, now=datetime(2026, 1, 1, tzinfo=UTC))
        lot = replace(lot, submission_set=replace(lot.submission_set, unique_id=NEW_LOT))
        message: Message = client.update_message(
            order(lot, target if by_status else replace(entry, patient_id=file.cx))
        )
        return message

    return make


@pytest.fixture(scope="module")
def wire() -> Any:
    opened = Wire()
    yield opened
    for connection in opened.connections.values():
        connection.close()


@pytest.mark.parametrize("reader", READERS)
def test_the_reader_finds_something_and_not_all(world: World, reader: str) -> None:
    """Otherwise the comparison below would prove little."""
    who, vihf = READERS[reader]
    found = set(world.full.listed(who, *EVERY, **vihf))
    assert found
    assert not found & world.hidden[reader]
    assert found == set(world.twins[reader].listed(who, *EVERY, **vihf))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_sequence_of_messages_tells_what_is_hidden(world: World, wire: Wire, data: st.DataObject) -> None:
    reader = data.draw(st.sampled_from(sorted(READERS)))
    who, vihf = READERS[reader]
    for _ in range(data.draw(st.integers(1, 5))):
        service, make = data.draw(questions(world))
        answers = []
        for file in (world.full, world.twins[reader]):
            client = file.at(who, **vihf)
            client.ecluse_signer = file.house.credential(f"{who}.sign")
            answers.append(said(wire.send(file, who, service, make(file, client)), world.full, world.twins[reader]))
        assert answers[0] == answers[1]
