"""A letter that leaves: who it goes to, what it says, what it holds (homologation G-09, G-10, G-17)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest

from samples.documents.elements import new_oid
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from xds.xdm.verify import is_valid, verify

from .post import MAILBOX, Post, attachments, for_mssante, fresh, mailbox_of, medium_of, text_of


def test_a_letter_says_of_whom_it_is_and_holds_the_document_for_software_and_for_people(
    post: Post, admitted: Any
) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, INVISIBLE_PATIENT="Y", ACK_LECTURE_MSS="Y")

    post.bench.done(message)

    letter = post.delivered(doctor).letter
    born = f"{admitted.born[6:8]}/{admitted.born[4:6]}/{admitted.born[:4]}"
    label = message.at("OBR^1^4").split("^")[1]
    assert letter["Subject"] == f"XDM/1.0/DDM+{label} {admitted.family} {admitted.given[0]} {born}"
    assert (letter["From"], letter["To"], letter["Disposition-Notification-To"]) == (MAILBOX, doctor, MAILBOX)
    assert letter["X-MSS-MES"] is None
    assert label in text_of(letter)
    assert list(attachments(letter)) == ["IHE_XDM.zip", "DOC00001.pdf"]
    assert attachments(letter)["DOC00001.pdf"].startswith(b"%PDF-")


def test_the_medium_of_a_letter_is_valid_and_agrees_with_its_document(post: Post, admitted: Any) -> None:
    doctor, document = fresh(), laboratory_report(admitted, unique_id=new_oid())

    post.bench.done(for_mssante(admitted, doctor, documents=[document], INVISIBLE_PATIENT="Y"))

    medium = medium_of(post.delivered(doctor).letter)
    assert is_valid(verify(medium)), verify(medium)
    (submission,) = medium.submissions
    (found,) = submission.documents
    assert found.content == document
    assert {code.code for code in found.entry.confidentiality_codes} == {"N", "INVISIBLE_PATIENT"}
    assert submission.request.submission_set is not None
    assert submission.request.submission_set.extra == ()


def test_a_structured_document_becomes_a_pdf(post: Post, admitted: Any) -> None:
    doctor = fresh()

    post.bench.done(for_mssante(admitted, doctor, documents=[vsm(admitted)], INVISIBLE_PATIENT="Y"))

    assert attachments(post.delivered(doctor).letter)["DOC00001.pdf"].startswith(b"%PDF-")


def test_two_documents_of_one_message_are_two_files_and_two_copies(post: Post, admitted: Any) -> None:
    doctor = fresh()
    documents = [laboratory_report(admitted, unique_id=new_oid()) for _ in range(2)]

    post.bench.done(for_mssante(admitted, doctor, documents=documents, INVISIBLE_PATIENT="Y"))

    letter = post.delivered(doctor).letter
    assert list(attachments(letter)) == ["IHE_XDM.zip", "DOC00001.pdf", "DOC00002.pdf"]
    assert [one.content for one in medium_of(letter).submissions[0].documents] == documents


@pytest.mark.parametrize(("flow", "action"), [("replace", "C"), ("delete", "D")])
def test_a_replacement_and_a_deletion_say_so_on_the_medium(post: Post, admitted: Any, flow: Any, action: str) -> None:
    doctor = fresh()
    changed = laboratory_report(admitted, unique_id=new_oid(), replaces=new_oid())

    post.bench.done(for_mssante(admitted, doctor, documents=[changed], flow=flow, INVISIBLE_PATIENT="Y"))

    medium = medium_of(post.delivered(doctor).letter)
    assert is_valid(verify(medium)), verify(medium)
    submission_set = medium.submissions[0].request.submission_set
    assert submission_set is not None
    assert submission_set.extra == (("action", (action,)),)


def test_the_envelope_asks_for_word_of_delivery_under_the_name_of_the_letter(post: Post, admitted: Any) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, INVISIBLE_PATIENT="Y")

    post.bench.done(message)

    taken = post.delivered(doctor)
    name = str(taken.letter["Message-ID"]).strip("<>").partition("@")[0]
    assert f"MAIL FROM:<{MAILBOX}>".lower() in taken.mail.lower()
    assert f"RET=HDRS ENVID={name}" in taken.mail
    assert f"NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;{doctor}" in taken.recipients[doctor]
    assert post.settled(message) == [("PS", "DONE", "sent", False)]
    assert post.silent(message), "the server will tell"


def test_nothing_is_asked_that_the_sender_did_not_ask(post: Post, admitted: Any) -> None:
    doctor = fresh()

    post.bench.done(for_mssante(admitted, doctor, INVISIBLE_PATIENT="Y", ACK_RECEPTION="N"))

    taken = post.delivered(doctor)
    assert "ENVID" not in taken.mail
    assert "NOTIFY" not in taken.recipients[doctor]
    assert taken.letter["Disposition-Notification-To"] is None


def test_professionals_share_a_letter_and_the_patient_has_his_own(post: Post, admitted: Any) -> None:
    doctor, nurse = fresh(), fresh("ide")
    message = for_mssante(admitted, doctor, nurse, to_patient=True)
    message = message.after(message.place_of("DESTMSSANTEPAT"), "NTE|1|||FIN")

    post.bench.done(message)

    shared, own = post.delivered(doctor), post.delivered(mailbox_of(admitted))
    assert set(shared.recipients) == {doctor, nurse}
    assert shared.letter["To"] == f"{doctor}, {nurse}"
    assert set(own.recipients) == {mailbox_of(admitted)}
    assert (shared.letter["X-MSS-MES"], own.letter["X-MSS-MES"]) == (None, "FIN")
    assert shared.letter["Message-ID"] != own.letter["Message-ID"]
    assert [kind for kind, *_ in post.settled(message)] == ["PS", "PATIENT"]


def test_who_is_named_but_not_asked_for_gets_nothing(post: Post, admitted: Any) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, to_patient=True, DESTMSSANTEPAT="N", INVISIBLE_PATIENT="Y")

    post.bench.done(message)

    post.delivered(doctor)
    assert post.settled(message) == [("PS", "DONE", "sent", False)]
    assert post.box.to(mailbox_of(admitted)) == []


def test_each_letter_has_its_text_and_answers_go_where_the_sender_says(post: Post, admitted: Any) -> None:
    doctor, secretary = fresh(), fresh("secretariat")
    message = for_mssante(admitted, doctor, to_patient=True)
    last = message.place_of("ACK_LECTURE_MSS")
    for number, (code, text) in enumerate(
        [("CORPSMAIL_PATIENT", "Pour vous."), ("CORPSMAIL_PS", "Chère consœur,\nvoici.")]
    ):
        data = b64encode(text.encode()).decode()
        message = message.after(last, f"OBX|{13 - number}|ED|{code}^Corps^MetaDMPMSS||^TEXT^^Base64^{data}||||||F")
    message = message.after("PRT^3", f"PRT||UC||REPLY^^participation|||||||||||^^X.400^{secretary}")

    post.bench.done(message)

    letter, own = post.delivered(doctor).letter, post.delivered(mailbox_of(admitted)).letter
    assert text_of(letter).split() == ["Chère", "consœur,", "voici."]
    assert text_of(own).split() == ["Pour", "vous."]
    assert letter["Reply-To"] == own["Reply-To"] == secretary


ADDRESSES = {
    "in PRT-15, as published": "||||||||||^^X.400^{}",
    "with NET": "||||||||||^NET^X.400^{}",
    "one pipe less": "|||||||||^^X.400^{}",
    "no-break spaces behind": "||||||||||^^X.400^{}\u00a0\u202f",
    "another way to reach him first": "||||||||||^PRN^PH^~^^X.400^{}",
}


@pytest.mark.parametrize("form", ADDRESSES)
def test_an_address_is_found_however_it_is_written(post: Post, admitted: Any, form: str) -> None:
    doctor = fresh()
    message = for_mssante(admitted, "somebody@else.mssante.fr", INVISIBLE_PATIENT="Y")
    person = message.at("PRT^2^5")
    written = f"PRT||UC||RCT^^participation|{person}{ADDRESSES[form].format(doctor)}"

    post.bench.done(message.without("PRT^2").after("PRT^1", written))

    assert post.delivered(doctor).letter["To"] == doctor


@pytest.mark.parametrize(
    "value", ["MODELE\\X0D\\\\X0A\\Bcc: x@y.fr", "MOD\\.br\\Bcc: x@y.fr", "MOD\u2028ÈLE\x85Bcc: x"]
)
def test_nothing_that_is_sent_begins_a_header(post: Post, admitted: Any, value: str) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, INVISIBLE_PATIENT="Y")
    message = (
        message.with_component("PID^1^5", 1, value)
        if "~" not in message.at("PID^1^5")
        else message.edited("PID^1^5", lambda names: f"{value}^{names.split('~')[0].partition('^')[2]}")
    )
    if post.bench.send(message).code != "AA":
        return

    taken = post.delivered(doctor)
    assert taken.letter["Bcc"] is None
    assert set(taken.recipients) == {doctor}
    assert str(taken.letter["Subject"]).startswith("XDM/1.0/DDM+")
