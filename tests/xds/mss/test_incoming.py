"""What came to the mailbox, and what is answered: letters with a medium, letters of machines, letters of strangers."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from xds.mss.answer import Answer, write_answer, write_report
from xds.mss.incoming import IncomingLetter, NotForUs, read_incoming
from xds.mss.mail import Mail
from xds.mss.notices import Disposition

SUBJECT = "XDM/1.0/DDM+CR d'examens biologiques MARTIN Claire 12/03/1958"
SENDER = "labo@rhone.mssante.example"


def letter(*archives: tuple[str, bytes], subject: str = SUBJECT, **fields: str) -> bytes:
    """A letter as a laboratory sends it; a field without value is left out, `_` in a name stands for `-`."""
    mail = EmailMessage(policy=policy.SMTP)
    said = {
        "Return-Path": f"<{SENDER}>",
        "From": SENDER,
        "To": "chu@mssante.example",
        "Message-ID": "<one@rhone.mssante.example>",
        "Disposition-Notification-To": SENDER,
        "Subject": subject,
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    for name, value in said.items():
        if value:
            mail[name] = value
    mail.set_content("Bonjour,\nvoici un document.\n")
    for name, content in archives or (("IHE_XDM.zip", b"PK"),):
        mail.add_attachment(content, maintype="application", subtype="zip", filename=name)
    return mail.as_bytes()


def read(data: bytes) -> IncomingLetter:
    found = read_incoming(data)
    assert isinstance(found, IncomingLetter), found
    return found


def test_a_letter_has_its_medium_and_where_to_answer() -> None:
    found = read(letter())

    assert (found.message_id, found.subject) == ("one@rhone.mssante.example", SUBJECT)
    assert (found.answer_to, found.medium) == (SENDER, b"PK")


def test_a_subject_is_read_however_it_is_spelled() -> None:
    folded = letter(subject="XDM/1.0/DDM+Compte rendu d'hospitalisation très détaillé ÉTIENNE-LÉGLISE Zoé 01/02/2003")
    raw = letter().replace(SUBJECT.encode(), "XDM/1.0/DDM+Synthèse ÉTÉ Zoé".encode())
    latin = letter().replace(SUBJECT.encode(), "XDM/1.0/DDM+Synthèse ÉTÉ Zoé".encode("latin-1"))

    assert read(folded).subject.endswith("détaillé ÉTIENNE-LÉGLISE Zoé 01/02/2003")
    assert read(raw).subject == read(latin).subject == "XDM/1.0/DDM+Synthèse ÉTÉ Zoé"


def test_the_medium_is_the_one_that_has_its_name() -> None:
    assert read(letter(("annexe.zip", b"other"), ("ihe_xdm.ZIP", b"PK"))).medium == b"PK"
    assert read(letter(("lot.zip", b"PK"))).medium == b"PK"


NOT_FOR_US = {
    "another subject": letter(subject="Votre rendez-vous"),
    "no zip": letter().replace(b"application/zip", b"application/pdf").replace(b"IHE_XDM.zip", b"IHE_XDM.pdf"),
    "two media": letter(("IHE_XDM.zip", b"PK"), ("IHE_XDM.zip", b"PK")),
    "two archives of other names": letter(("a.zip", b"PK"), ("b.zip", b"PK")),
    "what a machine answered": letter(Auto_Submitted="auto-replied"),
    "what a machine answered, by its subject": letter(subject=f"[KO Intégration système !][902] {SUBJECT}"),
    "a list": letter(Precedence="list"),
    "a patient": letter(From="279035121518989@patient.mssante.fr"),
    "a patient, behind another name": letter(Return_Path="<279035121518989@Patient.MSSante.fr>"),
}


@pytest.mark.parametrize("name", NOT_FOR_US)
def test_what_is_not_for_this_door_is_left_alone(name: str) -> None:
    assert isinstance(read_incoming(NOT_FOR_US[name]), NotForUs)


NO_ANSWER = {
    "nobody asked": {"Disposition_Notification_To": ""},
    "another address asks": {"Disposition_Notification_To": "victim@elsewhere.example"},
    "two ask": {"Disposition_Notification_To": f"{SENDER}, victim@elsewhere.example"},
    "it came from nowhere": {"Return_Path": "<>"},
    "it does not say where it came from": {"Return_Path": ""},
    "it has no id": {"Message_ID": ""},
}


@pytest.mark.parametrize("name", NO_ANSWER)
def test_no_notification_goes_to_who_did_not_ask_from_where_it_came(name: str) -> None:
    assert read(letter(**NO_ANSWER[name])).answer_to == ""


def test_a_second_return_path_makes_the_first_doubtful() -> None:
    assert read(b"Return-Path: <victim@elsewhere.example>\r\n" + letter()).answer_to == ""


def test_an_id_cannot_begin_another_header() -> None:
    found = read(letter().replace(b"<one@rhone", b"<one\r\n\t@rhone\x00\x0b"))
    assert found.message_id.isprintable()


def answer(code: str = "", reason: str = "", data: bytes | None = None) -> EmailMessage:
    said = Answer(
        answer_id="a1",
        mailbox="chu@mssante.example",
        to=SENDER,
        letter=letter() if data is None else data,
        code=code,
        reason=reason,
    )
    content = write_answer(said, datetime(2026, 11, 22, 19, 0, tzinfo=UTC))
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_an_answer_is_read_back_as_the_news_that_it_is() -> None:
    good, bad = (read_incoming(answer(code).as_bytes()) for code in ("", "902"))

    assert isinstance(good, Disposition)
    assert isinstance(bad, Disposition)
    assert [(one.letter, one.code, one.recipients) for one in (*good.notices, *bad.notices)] == [
        ("one@rhone.mssante.example", "", ("chu@mssante.example",)),
        ("one@rhone.mssante.example", "902", ("chu@mssante.example",)),
    ]


def test_an_answer_says_in_its_subject_what_failed_and_brings_the_letter_back() -> None:
    said = answer("902", "le dossier n'existe pas")

    assert said["Subject"] == f"[KO Intégration système !][902] {SUBJECT}"
    assert said["Auto-Submitted"] == "auto-replied"
    assert said["In-Reply-To"] == "<one@rhone.mssante.example>"
    words, _, enclosed = said.iter_parts()
    assert "902 Patient inconnu" in words.get_content()
    assert "le dossier n'existe pas" in words.get_content()
    inside = enclosed.get_content()
    assert [part.get_filename() for part in inside.iter_attachments()] == ["IHE_XDM.zip"]


def test_a_report_is_an_ordinary_mail_with_the_letter_and_no_letter_itself() -> None:
    said = Answer(answer_id="a1", mailbox="chu@mssante.example", to="dsi@mssante.example", letter=letter(), code="902")

    content = write_report(said, datetime(2026, 11, 22, 19, 0, tzinfo=UTC))

    mail = message_from_bytes(content, policy=policy.default)
    assert (mail["To"], mail["Subject"]) == ("dsi@mssante.example", f"[KO Intégration système !][902] {SUBJECT}")
    assert mail.get_content_type() == "multipart/mixed"
    words, enclosed = mail.iter_parts()
    assert "902 Patient inconnu" in words.get_content()
    assert enclosed.get_content_type() == "message/rfc822"
    assert isinstance(read_incoming(content), NotForUs)


def test_an_answer_to_a_hostile_letter_has_no_field_of_its_own_making() -> None:
    hostile = letter().replace(SUBJECT.encode(), b"XDM/1.0/DDM =?utf-8?q?x=0D=0ABcc:_victim=40elsewhere.example?=")
    said = answer("906", "a\r\nBcc: victim@elsewhere.example", hostile)

    assert said["Bcc"] is None
    assert "\n" not in said["Subject"]


def test_an_answer_encloses_8_bit_letters_as_they_came() -> None:
    data = letter().replace(b"voici un document", "voilà".encode("latin-1"))
    assert "voilà".encode("latin-1") in bytes(answer("", data=data))


@pytest.mark.parametrize("to", ["", "a", "a@b\r\nBcc: c@d", "a@b, c@d", "<a@b>"])
def test_an_answer_goes_to_one_address(to: str) -> None:
    said = Answer(answer_id="a1", mailbox="chu@mssante.example", to=to, letter=letter())
    with pytest.raises(ValueError, match="address"):
        write_answer(said, datetime.now(UTC))


def test_no_machine_answers_an_answer() -> None:
    said = answer("906")
    said.replace_header("Content-Type", 'multipart/mixed; boundary="x"')
    assert isinstance(read_incoming(said.as_bytes()), NotForUs)
    assert Mail.read(said.as_bytes()).addresses("Disposition-Notification-To") == ()
