"""Every cell of the functional rights matrix for feeding, searching and reading, at the doors that really open.

A card of a professional opens consultation; certificates of structures and cards of staff open ingest, and here the
cards of professionals too. Reinforced indirect authentication opens neither: its cells are a refusal, and which one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from gateway.cli.story import REPOSITORY
from profiles.dmp.rights import Cell, CellKey, cells
from samples.client.answers import SoapFault
from samples.documents.vsm import vsm
from security.vihf.model import AuthenticationMode, Role
from security.vihf.roles import OTHERS
from xds.dmp.operations import Operation

from .conftest import (
    ARCHIVED,
    DELETED,
    DENIED,
    DEPRECATED,
    DOCTOR,
    EVERY,
    NURSE,
    OCCUPATIONAL,
    REASON,
    TREATING,
    File,
    House,
    someone,
)

OPERATIONS = (Operation.FEED, Operation.FEED_BY_CPE, Operation.SEARCH, Operation.REFERENCE_SEARCH, Operation.READ)
PEOPLE = {"P": NURSE, "M": DOCTOR, "W": OCCUPATIONAL, "T": TREATING}
STRUCTURE, STAFF = "chu-seine", {"tls": "chu-seine.cpe", "seal": "chu-seine.cpe-sign"}
REINFORCED = AuthenticationMode.INDIRECTE_RENFORCEE
ABSENT = ("XDSDocumentUniqueIdError", "GRANTED")
NOT_ALLOWED = (DENIED, "6-MATRIX")
KINDS: dict[str, dict[str, Any]] = {
    "NOT_MASKED": {},
    "MASKED": {"confidentiality": ("MASQUE_PS",)},
    "INVISIBLE": {"confidentiality": ("INVISIBLE_PATIENT",)},
    "ARCHIVED": {"status": ARCHIVED},
    "OBSOLETE": {"status": DEPRECATED},
    "DELETED": {"status": DELETED},
}


def cells_of(*operations: Operation, authentication: tuple[str, ...] = ("DIRECTE", "INDIRECTE")) -> list[Any]:
    return [
        pytest.param(key, cell, id="-".join(filter(None, key)))
        for key, cell in cells().items()
        if key.operation in operations and key.authentication in authentication
    ]


def vihf_of(key: CellKey) -> dict[str, Any]:
    return {"purpose": key.mode, "reason": REASON if key.mode == "bris_de_glace" else None}


def test_the_modules_here_replay_every_cell_of_feeding_and_reading() -> None:
    asked = {key.operation for key in cells() if key.operation.startswith(("TD2.", "TD3.1", "TD3.2"))}
    assert asked == set(OPERATIONS)
    assert {key.document for key in cells() if key.operation == Operation.READ} == set(KINDS)
    assert {key.column for key in cells() if key.operation in OPERATIONS} == {*PEOPLE, "E", "S", "N"}


class Shelf:
    """A record with one document of each kind, all of AUTHOR, and a masked one that each professional deposited."""

    def __init__(self, house: House, *, permitted: bool) -> None:
        self.file = File(house, someone()).open(NURSE, DOCTOR, OCCUPATIONAL, treating=TREATING, masked=permitted)
        self.of_kind = dict(zip(KINDS, self.file.documents(*KINDS.values()), strict=True))
        self.masked_of = {
            who: self.file.documents({**KINDS["MASKED"], "author": who}, by=who)[0] for who in PEOPLE.values()
        }


@pytest.fixture(scope="module")
def shelves(reading_house: House) -> dict[bool, Shelf]:
    """By whether the patient lets masked documents be read in an emergency."""
    return {permitted: Shelf(reading_house, permitted=permitted) for permitted in (False, True)}


def reads(file: File, who: str, unique_id: str, key: CellKey) -> tuple[str, str]:
    """What came of a reading: its error code, empty when the bytes came, and the rule that the record keeps."""
    answer = file.read(who, unique_id, **vihf_of(key))
    assert (len(answer.documents) == 1) == answer.succeeded
    ((operation, _, code, rule),) = file.traces()[-1:]
    assert (operation, [code] if code else []) == (key.operation, answer.error_codes)
    return code, rule


@pytest.mark.parametrize(("key", "cell"), [one for one in cells_of(Operation.READ) if one.values[0].column in PEOPLE])
def test_each_cell_of_reading_says_what_consultation_does(shelves: dict[bool, Shelf], key: CellKey, cell: Cell) -> None:
    who = PEOPLE[key.column]
    granted = ("", "GRANTED")
    for permitted, shelf in shelves.items():
        others = shelf.of_kind[key.document]
        if not cell.allowed:
            expected = NOT_ALLOWED
        elif cell.condition == "f" or (cell.condition == "g" and not permitted):
            expected = ABSENT
        else:
            expected = granted
        assert reads(shelf.file, who, others, key) == expected, f"masked permitted: {permitted}"
        if key.document == "MASKED":
            own = shelf.masked_of[who]
            assert reads(shelf.file, who, own, key) == (granted if cell.allowed else NOT_ALLOWED)


@pytest.mark.parametrize(("key", "cell"), [one for one in cells_of(Operation.SEARCH) if one.values[0].column in PEOPLE])
def test_each_cell_of_searching_says_what_consultation_does(
    shelves: dict[bool, Shelf], key: CellKey, cell: Cell
) -> None:
    """Who searches finds what he may read; an occupational physician, who reads nothing, what nothing hides."""
    who = PEOPLE[key.column]
    assert cell.allowed
    for permitted, shelf in shelves.items():
        found = set(shelf.file.listed(who, *EVERY, **vihf_of(key)))
        assert shelf.masked_of[who] in found, "one's own"
        for kind, unique_id in shelf.of_kind.items():
            read = cells()[key._replace(operation=Operation.READ, document=kind)]
            hidden = read.condition == "f" or (read.condition == "g" and not permitted)
            assert (unique_id in found) == (kind == "NOT_MASKED" or (read.allowed and not hidden)), (kind, permitted)
        assert shelf.file.traces()[-1] == (Operation.SEARCH, "success", "", "GRANTED")


@pytest.mark.parametrize(
    ("key", "cell"), [one for one in cells_of(Operation.REFERENCE_SEARCH) if one.values[0].column in PEOPLE]
)
def test_each_cell_of_the_reference_search_of_professionals_says_what_both_doors_do(
    shelves: dict[bool, Shelf], key: CellKey, cell: Cell
) -> None:
    """At consultation it is a search among others; at ingest it finds what its sender deposited as its author."""
    who, shelf = PEOPLE[key.column], shelves[False]
    assert cell.allowed
    readable, own = shelf.of_kind["NOT_MASKED"], shelf.masked_of[who]
    found = shelf.file.at(who, **vihf_of(key)).get_documents(unique_ids=[readable], return_type="ObjectRef")
    assert len(found.ids) == 1
    fed = shelf.file.at(who, "ingest", **vihf_of(key)).get_documents(
        unique_ids=[readable, own], return_type="ObjectRef"
    )
    assert fed.ids == [shelf.file.now(own).entry_uuid]
    assert shelf.file.traces()[-1] == (Operation.REFERENCE_SEARCH, "success", "", "GRANTED")


@pytest.fixture(scope="module")
def fed(reading_house: House) -> File:
    """One record for all deposits."""
    return File(reading_house, someone()).open(treating=TREATING)


@pytest.mark.parametrize(("key", "cell"), cells_of(Operation.FEED, Operation.FEED_BY_CPE))
def test_each_cell_of_feeding_says_what_ingest_does(fed: File, key: CellKey, cell: Cell) -> None:
    """What a deposit is follows from who makes it: of the two transactions, one is his and the other he cannot ask."""
    who = PEOPLE.get(key.column, STRUCTURE)
    names = STAFF if key.column == "E" else {}
    lot = fed.lot([vsm(fed.patient)], names.get("seal", f"{who}.sign"))
    before = len(fed.traces())
    fed.deposit(lot, who, **names, **vihf_of(key))
    ((operation, outcome, _, rule),) = fed.traces()[before:]
    other = Operation.FEED_BY_CPE if key.operation == Operation.FEED else Operation.FEED
    assert (outcome, rule) == ("success", "GRANTED")
    assert operation == (key.operation if cell.allowed else other)


OUTSIDE: dict[str, Callable[[Any, str, str], Any]] = {
    Operation.SEARCH: lambda client, cx, _: client.find_documents(cx),
    Operation.READ: lambda client, _, unique_id: client.retrieve([(REPOSITORY, unique_id)]),
}


@pytest.mark.parametrize(
    ("key", "cell"),
    [one for one in cells_of(Operation.SEARCH, Operation.READ) if one.values[0].column in ("E", "S")],
)
def test_each_cell_of_structures_and_staff_reads_nowhere(shelves: dict[bool, Shelf], key: CellKey, cell: Cell) -> None:
    """Consultation does not believe their certificates: TLS says no. Ingest lists nothing, and never reads."""
    assert not cell.allowed
    file, there = shelves[False].file, shelves[False].of_kind[key.document or "NOT_MASKED"]
    ask = OUTSIDE[key.operation]
    names = STAFF if key.column == "E" else {}
    before = file.traces()
    with pytest.raises(requests.RequestException):
        ask(file.at(STRUCTURE, **names, **vihf_of(key)), file.cx, there)
    assert file.traces() == before
    door = file.at(STRUCTURE, "ingest", **names, **vihf_of(key))
    if key.operation == Operation.READ:
        with pytest.raises(SoapFault) as refused:
            ask(door, file.cx, there)
        assert refused.value.subcode == "ActionNotSupported"
        return
    answer = ask(door, file.cx, there)
    assert (answer.error_codes, answer.ids) == ([DENIED], [])
    assert file.traces()[-1] == (Operation.REFERENCE_SEARCH, "refused", DENIED, "D-050-CHANNEL")


@pytest.mark.parametrize(
    ("key", "cell"), [one for one in cells_of(Operation.REFERENCE_SEARCH) if one.values[0].column in ("E", "S")]
)
def test_each_cell_of_structures_and_staff_finds_the_references_of_their_own(
    shelves: dict[bool, Shelf], key: CellKey, cell: Cell
) -> None:
    file, there = shelves[False].file, shelves[False].of_kind["NOT_MASKED"]
    names = STAFF if key.column == "E" else {}
    assert (cell.allowed, cell.condition) == (True, "e")
    own = file.at(STRUCTURE, "ingest", **names, **vihf_of(key)).get_documents(
        unique_ids=[there], return_type="ObjectRef"
    )
    others = file.at("ch-loire", "ingest", **vihf_of(key)).get_documents(unique_ids=[there], return_type="ObjectRef")
    assert (own.ids, others.ids) == ([file.now(there).entry_uuid], [])


@pytest.mark.parametrize(("key", "cell"), cells_of(*OPERATIONS, authentication=(REINFORCED,)))
def test_no_cell_of_reinforced_authentication_has_a_door(shelves: dict[bool, Shelf], key: CellKey, cell: Cell) -> None:
    """No door offers it, whatever the sheet says: the certificate of a structure does not open consultation, and ingest
    refuses the mode, as consultation does when a card of a professional claims it."""
    file, there = shelves[False].file, shelves[False].of_kind[key.document or "NOT_MASKED"]
    who = PEOPLE.get(key.column, STRUCTURE)
    roles = (Role(code="SECRETARIAT_MEDICAL", system=OTHERS, display=""),) if key.column == "N" else None
    claimed = {"mode": REINFORCED, "roles": roles, **vihf_of(key)}
    before = (file.traces(), file.state())
    feeding = key.operation in (Operation.FEED, Operation.FEED_BY_CPE)
    faults = []
    if feeding:
        with pytest.raises(SoapFault) as refused:
            file.deposit(file.lot([vsm(file.patient)]), STRUCTURE, **claimed)
        faults.append(refused.value)
    else:
        ask = OUTSIDE.get(key.operation, OUTSIDE[Operation.SEARCH])
        with pytest.raises(requests.RequestException):
            ask(file.at(STRUCTURE, **claimed), file.cx, there)
        if who in PEOPLE.values():
            with pytest.raises(SoapFault) as refused:
                ask(file.at(who, **claimed), file.cx, there)
            faults.append(refused.value)
        with pytest.raises(SoapFault) as refused:
            file.at(STRUCTURE, "ingest", **claimed).get_documents(unique_ids=[there], return_type="ObjectRef")
        faults.append(refused.value)
    assert {(fault.detail["Code"], fault.kind) for fault in faults} == {(DENIED, "CHANNEL_FORBIDDEN")}
    assert (file.traces(), file.state()) == before
