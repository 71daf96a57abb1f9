"""A letter as bytes: what any reader of mail makes of it, and that nothing in it becomes a header (RFC 5322)."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xds.mss.letter import MssLetter, Subject, write_letter

ID = UUID("5c25553c-bd03-4762-93c8-eadf56b0101b")
HEADERS = {
    "From",
    "To",
    "Reply-To",
    "Subject",
    "Date",
    "Message-ID",
    "Disposition-Notification-To",
    "MIME-Version",
    "Content-Type",
}


def written(**changes: Any) -> tuple[bytes, EmailMessage]:
    said: dict[str, Any] = {
        "letter_id": ID,
        "mailbox": "pfi@labo.mssante.fr",
        "recipients": ("dr@hopital.mssante.fr",),
        "reply_to": "secretariat@labo.mssante.fr",
        "subject": Subject(label="CR d'examens biologiques", family="Modèle", given="Zoé", born="195807141015"),
        "text": "Bonjour,\n.\nFrom ici",
        "archive": b"PK",
        "readable": (b"%PDF-1",),
        "wants_reading": True,
        "final": False,
        "date": datetime(2026, 3, 1, tzinfo=UTC),
        **changes,
    }
    content = write_letter(MssLetter(**said))
    return content, cast("EmailMessage", message_from_bytes(content, policy=policy.default))


def test_a_letter_reads_back_as_it_was_written() -> None:
    content, mail = written()

    assert mail["Subject"] == "XDM/1.0/DDM+CR d'examens biologiques MODÈLE Zoé 14/07/1958"
    assert mail["Message-ID"] == f"<{ID}@labo.mssante.fr>"
    assert mail["Disposition-Notification-To"] == mail["From"] == "pfi@labo.mssante.fr"
    assert mail["Reply-To"] == "secretariat@labo.mssante.fr"
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().splitlines() == ["Bonjour,", ".", "From ici"]
    assert [(one.get_filename(), one.get_content()) for one in mail.iter_attachments()] == [
        ("IHE_XDM.zip", b"PK"),
        ("DOC00001.pdf", b"%PDF-1"),
    ]
    assert content.isascii()


def test_the_same_letter_is_known_by_the_same_id() -> None:
    assert written()[1]["Message-ID"] == written(text="another")[1]["Message-ID"]


@pytest.mark.parametrize(("final", "said"), [(True, "FIN"), (False, None)])
def test_that_the_patient_may_not_answer_is_said_when_it_is_so(final: bool, said: str | None) -> None:
    assert written(final=final)[1]["X-MSS-MES"] == said


def test_a_subject_begins_on_the_line_of_its_header() -> None:
    subject = Subject(label="CR d'examens biologiques de toutes sortes", family="Modele", given="Zoe", born="19580714")
    assert b"\r\nSubject: XDM/1.0/DDM+CR d'examens" in written(subject=subject)[0]


@given(words=st.lists(st.text(max_size=40), min_size=4, max_size=4), text=st.text(max_size=80))
def test_no_word_becomes_a_header_or_a_line_too_long(words: list[str], text: str) -> None:
    label, family, given_name, born = words
    subject = Subject(label=label, family=family, given=given_name, born=born)
    content, mail = written(subject=subject, text=text)
    assert set(mail.keys()) == HEADERS
    assert len(mail.keys()) == len(HEADERS)
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    "address",
    ["a@b.fr\r\nBcc: x@y.fr", "a@b.fr, x@y.fr", "A <a@b.fr>", "a b@c.fr", "é@b.fr", '"a"@b.fr', "a@b.fr;x", "a@b.fr\0"],
)
@pytest.mark.parametrize("place", ["recipients", "mailbox", "reply_to"])
def test_an_address_that_is_none_writes_nothing(address: str, place: str) -> None:
    with pytest.raises(ValueError, match="address"):
        written(**{place: (address,) if place == "recipients" else address})
