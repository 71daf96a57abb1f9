"""What a laboratory sends for MSSanté leaves as letters, each recipient once, and their fate is told."""

from __future__ import annotations

import itertools
from typing import Any

from samples.documents.elements import new_oid
from samples.documents.laboratory_report import laboratory_report
from samples.hl7v2.messages import oru
from xds.xdm.verify import is_valid, verify

from .post import MAILBOX, Post, attachments, medium_of, text_of

_numbers = itertools.count(1)


def fresh(name: str = "dr") -> str:
    """An address that no other test writes to."""
    return f"{name}.{next(_numbers)}@hopital.mssante.fr"


def for_mssante(patient: Any, *mailboxes: str, to_patient: bool = False, **said: str) -> Any:
    """A report for these mailboxes, the patient's too, and not for the DMP unless it is said."""
    asked = {
        "DESTDMP": "N",
        "DESTMSSANTEPS": "Y" if mailboxes else "N",
        "DESTMSSANTEPAT": "Y" if to_patient else "N",
        **said,
    }
    return oru(
        laboratory_report(patient, unique_id=new_oid()),
        patient=patient,
        said=asked,
        mailboxes=mailboxes,
        to_patient=to_patient,
    )


def test_a_letter_holds_the_document_twice_and_says_of_whom_it_is(post: Post, admitted: Any) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, INVISIBLE_PATIENT="Y", ACK_LECTURE_MSS="Y")

    post.bench.done(message)

    taken = post.delivered(doctor)
    letter = taken.letter
    born = f"{admitted.born[6:8]}/{admitted.born[4:6]}/{admitted.born[:4]}"
    label = message.at("OBR^1^4").split("^")[1]
    assert letter["Subject"] == f"XDM/1.0/DDM+{label} {admitted.family} {admitted.given[0]} {born}"
    assert (letter["From"], letter["To"], letter["Disposition-Notification-To"]) == (MAILBOX, doctor, MAILBOX)
    assert letter["X-MSS-MES"] is None
    assert label in text_of(letter)
    assert list(attachments(letter)) == ["IHE_XDM.zip", "DOC00001.pdf"]
    assert attachments(letter)["DOC00001.pdf"].startswith(b"%PDF-")
    medium = medium_of(letter)
    assert is_valid(verify(medium)), verify(medium)
    (submission,) = medium.submissions
    (document,) = submission.documents
    assert document.content is not None
    assert document.entry.size == len(document.content)
    assert submission.request.submission_set is not None
    assert submission.request.submission_set.extra == ()


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
    assert post.silent(message)
