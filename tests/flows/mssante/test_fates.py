"""What becomes of a letter: refused, put off, taken; each recipient once, its fate told once (homologation G-11)."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

from samples.hl7v2.messages import pam

from ..hl7v2.laboratory import eventually
from .post import Post, for_mssante, fresh, mailbox_of


def ecluse(post: Post, *words: str) -> str:
    """What a command of the house says."""
    done = subprocess.run(
        [sys.executable, "-m", "gateway", "--lang", "en", *words, "--data", str(post.house.data)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_who_is_refused_at_once_is_told_with_the_answer_and_the_others_have_their_letter(
    post: Post, admitted: Any
) -> None:
    unknown, doctor = fresh("inconnu"), fresh()
    post.box.refusals[unknown] = "550 5.1.1 no such mailbox"
    message = for_mssante(admitted, unknown, doctor, INVISIBLE_PATIENT="Y")

    post.bench.done(message)

    assert post.settled(message) == [("PS", "DONE", "sent", False)]
    assert post.told(message) == {unknown: ("N", "550")}
    assert len(post.box.to(doctor)) == 1


def test_an_answer_that_has_no_code_in_the_table_is_told_by_the_nearest(post: Post, admitted: Any) -> None:
    moved = fresh("parti")
    post.box.refusals[moved] = "556 domain takes no mail"
    message = for_mssante(admitted, moved, INVISIBLE_PATIENT="Y")

    post.bench.done(message)

    assert post.told(message) == {moved: ("N", "550")}


def test_who_is_put_off_is_tried_again_alone(post: Post, admitted: Any) -> None:
    busy, doctor = fresh("plein"), fresh()
    post.box.refusals[busy] = "452 4.2.2 mailbox full"
    message = for_mssante(admitted, busy, doctor, INVISIBLE_PATIENT="Y")
    post.bench.done(message)
    post.delivered(doctor)

    del post.box.refusals[busy]

    again = post.delivered(busy)
    assert set(again.recipients) == {busy}
    assert again.letter["Message-ID"] == post.delivered(doctor).letter["Message-ID"]
    assert post.settled(message) == [("PS", "DONE", "sent", False)]
    assert len(post.box.to(doctor)) == 1


def test_who_is_put_off_for_ever_is_told_with_the_last_answer(post: Post, admitted: Any) -> None:
    busy = fresh("plein")
    post.box.refusals[busy] = "450 4.2.1 try later"
    message = for_mssante(admitted, busy, INVISIBLE_PATIENT="Y")

    post.bench.done(message)

    assert post.told(message) == {busy: ("N", "450")}
    assert post.settled(message) == [("PS", "DONE", "sent", False)]


def test_a_letter_that_the_server_refuses_whole_is_told_of_for_each(post: Post, admitted: Any) -> None:
    doctor, nurse = fresh(), fresh("ide")
    message = for_mssante(admitted, doctor, nurse, INVISIBLE_PATIENT="Y")
    post.box.answers["taken"] = "554 5.7.1 not like this"
    try:
        post.bench.done(message)
        assert post.told(message, number=2) == {doctor: ("N", "554"), nurse: ("N", "554")}
    finally:
        del post.box.answers["taken"]


def test_a_server_that_tells_nothing_of_delivery_is_told_of_when_it_accepts(post: Post, admitted: Any) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, INVISIBLE_PATIENT="Y")
    extensions, post.box.extensions = post.box.extensions, ("SIZE 20000000",)
    try:
        post.bench.done(message)
        assert post.told(message) == {doctor: ("Y", "")}
    finally:
        post.box.extensions = extensions
    assert "ENVID" not in post.delivered(doctor).mail


def test_who_asked_for_no_word_has_none(post: Post, admitted: Any) -> None:
    unknown = fresh("inconnu")
    post.box.refusals[unknown] = "550 no such mailbox"
    message = for_mssante(admitted, unknown, INVISIBLE_PATIENT="Y", ACK_RECEPTION="N")

    post.bench.done(message)

    assert post.settled(message) == [("PS", "DONE", "sent", False)]
    assert post.silent(message)


def test_a_server_that_is_away_parks_the_letter_and_nothing_is_told_until_it_is_sent(post: Post, admitted: Any) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, INVISIBLE_PATIENT="Y")
    post.box.answers["greeting"] = "421 not now"
    try:
        post.bench.done(message)
        assert post.settled(message) == [("PS", "PARKED", "the server does not let us in: 421", True)]
    finally:
        del post.box.answers["greeting"]
    assert post.silent(message)
    of = message.at("MSH^1^10")
    (parked,) = [one for one in json.loads(ecluse(post, "letters", "list", "--json")) if one["control_id"] == of]
    shown = json.loads(ecluse(post, "letters", "show", parked["id"]))
    assert shown["recipients"] == [{"rank": 0, "state": "waiting", "answer": "", "receipt": None, "reading": None}]

    assert "1 letter is tried" in ecluse(post, "letters", "replay", parked["id"])

    post.delivered(doctor)
    assert post.settled(message) == [("PS", "DONE", "sent", False)]
    assert doctor not in ecluse(post, "letters", "list", "--all")


def test_a_parked_letter_that_is_given_up_is_erased(post: Post, admitted: Any) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, INVISIBLE_PATIENT="Y")
    post.box.answers["greeting"] = "421 not now"
    try:
        post.bench.done(message)
        assert post.settled(message)[0][1] == "PARKED"
        (letter_id,) = post.bench.rows(
            "SELECT letter_id::text FROM ecluse.letters JOIN ecluse.inbox USING (message_id) WHERE control_id = %s",
            message.at("MSH^1^10"),
        )[0]
        ecluse(post, "letters", "drop", letter_id)
    finally:
        del post.box.answers["greeting"]
    assert post.letters(message) == [("PS", "DROPPED", "the server does not let us in: 421", False)]
    assert post.box.to(doctor) == []


def test_document_and_letters_of_one_message_both_arrive(post: Post, admitted: Any) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, to_patient=True, DESTDMP="Y")

    post.bench.done(message)

    assert len(post.bench.documents(admitted)) == 1
    post.delivered(doctor)
    post.delivered(mailbox_of(admitted))
    assert post.bench.told(message).verdict == "Y"


def test_the_dmp_refuses_and_the_letter_leaves(post: Post, admitted: Any) -> None:
    doctor, stranger = fresh(), replace(admitted, nir="2580769129001", local_id="IPP2580769129001")
    message = for_mssante(stranger, doctor, DESTDMP="Y", INVISIBLE_PATIENT="Y")

    assert post.bench.send(message).code == "AA"

    post.delivered(doctor)
    assert post.bench.told(message).code == "XDSUnknownPatientId"
    assert post.bench.settled(message) == ("PARKED", "XDSUnknownPatientId", True)


def test_a_patient_who_is_against_feeding_still_has_his_doctor_written_to(post: Post, admitted: Any) -> None:
    doctor = fresh()
    post.bench.send(pam("IO", "IC", patient=admitted))
    message = for_mssante(admitted, doctor, DESTDMP="Y", INVISIBLE_PATIENT="Y")

    assert post.bench.send(message).code == "AA"

    post.delivered(doctor)
    assert post.bench.told(message).code == "SBX_FEEDING_OPPOSED"
    assert post.bench.documents(admitted) == {}


def test_a_message_that_is_treated_again_makes_no_second_letter(post: Post, admitted: Any) -> None:
    doctor = fresh()
    post.bench.send(pam("IO", "IC", patient=admitted))
    message = for_mssante(admitted, doctor, DESTDMP="Y", INVISIBLE_PATIENT="Y")
    post.bench.send(message)
    post.delivered(doctor)
    assert post.settled(message) == [("PS", "DONE", "sent", False)]
    post.bench.send(pam("INO", "IC", patient=admitted, date="20260401090000"))
    ((message_id,),) = post.bench.rows(
        "SELECT message_id::text FROM ecluse.inbox WHERE control_id = %s", message.at("MSH^1^10")
    )

    ecluse(post, "inbox", "replay", message_id)

    eventually(lambda: post.bench.of(message.at("MSH^1^10"))[0] == "DONE")
    assert len(post.bench.documents(admitted)) == 1
    assert len(post.box.to(doctor)) == 1


def test_acknowledgements_of_letters_are_sealed_until_they_leave(post: Post, admitted: Any) -> None:
    unknown = fresh("inconnu")
    post.box.refusals[unknown] = "550 no such mailbox"
    message = for_mssante(admitted, unknown, INVISIBLE_PATIENT="Y")

    post.bench.done(message)
    post.told(message)

    held = repr(post.bench.rows("SELECT content FROM ecluse.acknowledgements WHERE event = 'Z02'"))
    assert unknown not in held
    assert json.loads(ecluse(post, "inbox", "list", "--all", "--json"))[-1]["kind"].startswith(("ZAM^Z0", "ORU"))
