"""Whatever is asked, and however often, the answer is that of a record where what is hidden never was.

A record and its twin, which lacks what the reader may not see, get the same sequence of messages; whole HTTP answers
are compared. FHIR is asked in `test_no_oracle_in_fhir.py`.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
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
from xds.metadata.codes import Code

from .conftest import EVERY, File
from .twins import CLASSES, READERS, World

NOWHERE, NEW_LOT = "urn:uuid:00000000-0000-4000-8000-000000000000", "2.25.42"
_VARYING = re.compile(rb"(?<=MessageID>)[^<]*|(?<=RelatesTo>)[^<]*|(?<=Request>)[^<]*|(?<=document\d\.)[0-9a-f]{32}")
_SPACES = ("SYNTHESES", "CARE", "REPORTS", "BIOLOGY", "IMAGING", "PERSONAL")


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
