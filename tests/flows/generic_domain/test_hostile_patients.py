"""Patients made to be confused, merged in circles, or announced without end (ITI-8, ITI-44)."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from samples.feed import MllpClient, NoAnswer, adt, interaction
from samples.xds.patients import RED, DomainPatient, new_patient
from samples.xds.submission import one_document
from security import xml


@pytest.fixture
def send(siege: Any, feed_of: Callable[[Any], MllpClient]) -> Callable[..., list[str]]:
    """Send messages on a connection of their own: the codes that acknowledge them."""

    def sent(*messages: bytes) -> list[str]:
        with feed_of(siege.house) as feed:
            return [feed.send(message).partition(b"MSA|")[2][:2].decode() for message in messages]

    return sent


def test_ids_that_differ_by_anything_but_blanks_are_different_patients(siege: Any, send: Any) -> None:
    base = f"p{uuid4().hex[:8]}e"
    names = [base, base.upper(), base + "\u0301", base[:-1] + "\u00e9", base + "'", base + "%"]
    patients = [DomainPatient(identifier=name) for name in names]
    assert send(*(adt("A04", patient.cx) for patient in patients)) == ["AA"] * len(names)
    lots = [one_document(patient) for patient in patients]
    assert all(siege.source.provide_and_register(lot).succeeded for lot in lots)

    found = [siege.consumer.find_documents(patient.cx).unique_ids for patient in patients]
    assert found == [list(lot.unique_ids) for lot in lots]


def test_blanks_around_an_id_make_no_other_patient(siege: Any, send: Any) -> None:
    """Whoever adds them, in the feed, a submission or a query: one patient has one record."""
    patient = new_patient()
    spellings = [replace(patient, identifier=text.format(patient.identifier)) for text in ("{}", "{} ", " {}")]
    assert send(adt("A04", spellings[1].cx)) == ["AA"]
    before = siege.kept()["patients"]
    assert send(*(adt("A04", spelling.cx) for spelling in spellings)) == ["AA"] * 3
    lots = [one_document(spelling) for spelling in spellings]
    assert all(siege.source.provide_and_register(lot).succeeded for lot in lots)

    assert siege.kept()["patients"] == before
    expected = sorted(unique_id for lot in lots for unique_id in lot.unique_ids)
    for spelling in spellings:
        assert sorted(siege.consumer.find_documents(spelling.cx).unique_ids) == expected


def test_merges_never_make_a_circle(siege: Any, send: Any) -> None:
    one, two, three = (new_patient() for _ in range(3))
    assert send(*(adt("A04", patient.cx) for patient in (one, two, three))) == ["AA"] * 3
    first = one_document(one)
    assert siege.source.provide_and_register(first).succeeded

    assert send(adt("A40", two.cx, subsumed=one.cx), adt("A40", three.cx, subsumed=two.cx)) == ["AA", "AA"]
    for survivor, subsumed in ((one, two), (one, three), (two, three), (three, three)):
        answer = siege.withstands(lambda pair=(survivor, subsumed): send(adt("A40", pair[0].cx, subsumed=pair[1].cx)))
        assert answer == ["AE"]

    assert siege.consumer.find_documents(three.cx).unique_ids == list(first.unique_ids)
    assert siege.consumer.find_documents(one.cx).ids == []


def test_of_two_merges_against_each_other_one_wins(siege: Any, send: Any) -> None:
    one, two = new_patient(), new_patient()
    assert send(adt("A04", one.cx), adt("A04", two.cx)) == ["AA", "AA"]
    orders = [adt("A40", two.cx, subsumed=one.cx), adt("A40", one.cx, subsumed=two.cx)] * 4

    with ThreadPoolExecutor(8) as pool:
        told = [answer[0] for answer in pool.map(send, orders)]

    assert sorted((told[0::2], told[1::2])) == [["AA"] * 4, ["AE"] * 4], "the same order again is done already"
    siege.serves()


def test_a_flood_of_announcements_is_answered(siege: Any, send: Any) -> None:
    before = siege.kept()["patients"]
    with ThreadPoolExecutor(8) as pool:
        floods = [[adt("A04", new_patient().cx) for _ in range(25)] for _ in range(8)]
        answers = list(pool.map(lambda flood: send(*flood), floods))

    assert answers == [["AA"] * 25] * 8
    assert siege.kept()["patients"] == before + 200
    siege.serves()


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (b"hello", "AR"),
        (b"", "AR"),
        (adt("A04", "x" * 300 + "^^^&1.2.3&ISO"), "AE"),
        (adt("A04", "~".join(f"p{rank}^^^&1.2.3&ISO" for rank in range(20_000))), "AE"),
        (adt("A04", "a\0b^^^&1.2.3&ISO"), "AE"),
        (adt("A04", "  ^^^&1.2.3&ISO"), "AE"),
        (adt("A04", "a^^^&1.2.'3&ISO"), "AE"),
        (adt("A04", "&" * 100_000), "AE"),
        (adt("A04", "a^^^&1.2.3&ISO") + b"PID|||x^^^&1.2.3&ISO\r", "AE"),
    ],
    ids=["no HL7", "nothing", "a long id", "20 000 ids", "a null", "a blank id", "a quote", "subcomponents", "two PID"],
)
def test_a_hostile_announcement_opens_nothing(siege: Any, send: Any, message: bytes, code: str) -> None:
    assert siege.withstands(lambda: send(message)) == [code]


def test_a_message_larger_than_the_listener_reads_is_not_answered(siege: Any, send: Any) -> None:
    def attack() -> None:
        with pytest.raises((OSError, NoAnswer)):
            send(adt("A04", new_patient().cx) + b"NTE|1||" + b"x" * 2_000_000)

    siege.withstands(attack)


@pytest.mark.parametrize(
    ("patients", "code"),
    [
        (tuple((f"p{rank}", RED) for rank in range(10_000)), "CE"),
        (tuple((f"p{rank}", RED) for rank in range(21)), "CE"),
        (((" ", RED),), "CE"),
        ((("a\x85b", RED),), "CE"),
        ((("x" * 300, RED),), "CE"),
        ((("p", "1.2.'3"),), "CE"),
        ((), "CE"),
    ],
    ids=["10 000 ids", "21 ids", "a blank id", "a control character", "a long id", "no OID", "no id"],
)
def test_a_hostile_interaction_opens_nothing(siege: Any, patients: tuple[tuple[str, str], ...], code: str) -> None:
    body = xml.parse(interaction("add", *patients))
    answer = siege.withstands(lambda: siege.source.announce(body))
    assert answer.code == code


@pytest.mark.parametrize("name", ["' OR 1=1 --", "\U0001f600", "%", "\\", '<>&"', "a|b^c&d~e"])
def test_any_text_is_the_id_of_one_patient(siege: Any, name: str) -> None:
    own = f"{name}{uuid4().hex[:8]}"
    assert siege.source.announce(xml.parse(interaction("add", (own, RED)))).accepted
    spelled = own.replace("\\", "\\E\\").replace("|", "\\F\\").replace("^", "\\S\\").replace("&", "\\T\\")
    lot = one_document(DomainPatient(identifier=spelled.replace("~", "\\R\\")))
    assert siege.source.provide_and_register(lot).succeeded
    assert siege.consumer.find_documents(lot.patient_id).unique_ids == list(lot.unique_ids)
