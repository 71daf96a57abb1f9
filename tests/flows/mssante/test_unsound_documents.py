"""A document that the DMP would refuse for what is in it leaves in no letter, whether the DMP is to have it or not."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from samples.documents.elements import new_oid
from samples.documents.vsm import vsm
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import pam

from .post import Post, for_mssante, fresh
from .test_fates import ecluse

CODE = "InvalidDocumentContent"
HELD = ("PARKED", CODE, True)


def unsound(patient: Any, doctor: str, rules: tuple[str, ...] = ("SEC-F29-CODE",), **said: Any) -> Er7:
    """A summary for a doctor, or two, each of which breaks a rule."""
    documents = [vsm(patient, unique_id=new_oid(), breaking=rule) for rule in rules]
    return for_mssante(patient, doctor, documents=documents, INVISIBLE_PATIENT="Y", **said)


def sent(post: Post, message: Er7) -> Any:
    answer = post.bench.send(message)
    assert answer.code == "AA", answer.errors
    return post.bench.settled(message)


def test_a_sound_document_that_is_not_for_the_dmp_leaves(post: Post, admitted: Any) -> None:
    doctor = fresh()

    post.bench.done(for_mssante(admitted, doctor, documents=[vsm(admitted)], INVISIBLE_PATIENT="Y"))

    post.delivered(doctor)


@pytest.mark.parametrize("dmp", ["N", "Y"])
def test_an_unsound_one_does_not_and_its_sender_learns_why(post: Post, admitted: Any, dmp: str) -> None:
    doctor = fresh()
    message = unsound(admitted, doctor, DESTDMP=dmp)

    assert sent(post, message) == HELD

    told = post.bench.told(message)
    assert (told.verdict, told.code) == ("N", CODE)
    assert "SEC-F29-CODE" in told.reason
    assert post.letters(message) == []
    assert post.box.to(doctor) == []
    assert post.bench.documents(admitted) == {}


@pytest.mark.parametrize("dmp", ["N", "Y"])
def test_every_fault_is_told(post: Post, admitted: Any, dmp: str) -> None:
    message = unsound(admitted, fresh(), ("SEC-F29-CODE", "VSM-SEC-32"), DESTDMP=dmp)

    assert sent(post, message) == HELD

    told = post.bench.told(message)
    assert "SEC-F29-CODE" in told.faults
    assert "VSM-SEC-32" in told.faults


def test_who_asked_for_no_word_has_none_and_the_house_has_it_parked(post: Post, admitted: Any) -> None:
    doctor = fresh()
    message = unsound(admitted, doctor, ACK_RECEPTION="N")

    assert sent(post, message) == HELD

    assert post.silent(message, "Z01")
    assert post.box.to(doctor) == []
    of = message.at("MSH^1^10")
    assert of in [one["control_id"] for one in json.loads(ecluse(post, "inbox", "list", "--json"))]


def test_a_document_that_replaces_is_judged_and_one_that_is_deleted_is_not(post: Post, admitted: Any) -> None:
    doctor, other = fresh(), fresh()
    documents = [vsm(admitted, unique_id=new_oid(), replaces=new_oid(), breaking="SEC-F29-CODE")]
    changed = for_mssante(admitted, doctor, documents=documents, flow="replace", INVISIBLE_PATIENT="Y")
    deleted = for_mssante(admitted, other, documents=documents, flow="delete", INVISIBLE_PATIENT="Y")

    assert sent(post, changed) == HELD
    post.bench.done(deleted)

    post.delivered(other)
    assert post.box.to(doctor) == []


def test_what_the_patient_says_of_feeding_lets_no_unsound_document_pass(post: Post, admitted: Any) -> None:
    doctor = fresh()
    post.bench.send(pam("IO", "IC", patient=admitted))
    message = unsound(admitted, doctor, DESTDMP="Y")

    assert sent(post, message) == HELD

    assert "SBX_FEEDING_OPPOSED" in post.bench.told(message).faults
    assert post.box.to(doctor) == []


def test_a_record_that_nobody_knows_lets_no_unsound_document_pass(post: Post, admitted: Any) -> None:
    doctor, stranger = fresh(), replace(admitted, nir="2580769129001", local_id="IPP2580769129001")
    message = unsound(stranger, doctor, DESTDMP="Y")

    assert sent(post, message) == HELD

    assert post.bench.told(message).code == CODE
    assert post.box.to(doctor) == []
