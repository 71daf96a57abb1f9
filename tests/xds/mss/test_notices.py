"""What servers and readers tell of a letter: DSN and MDN, as they are, and as strangers make them."""

from __future__ import annotations

import base64

import pytest

from xds.mss.mail import Mail, UnusableMail
from xds.mss.notices import DeliveryStatus, Disposition, read_notice

LETTER = "0b7e1f5a-7c9d-5f5e-9a57-3f0f0b7c7d11"


def dsn(*recipients: str, envelope: str = LETTER, enclosed: str = "", head: str = "") -> bytes:
    """A delivery status notification, a block of fields for each recipient."""
    blocks = "\r\n".join(f"{one}\r\n" for one in recipients)
    identity = f"Original-Envelope-Id: {envelope}\r\n" if envelope else ""
    return (
        f"Return-Path: <>\r\n{head}From: MAILER-DAEMON@hopital.mssante.example\r\nTo: labo@mssante.example\r\n"
        "Subject: Undelivered\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report;\r\n report-type="delivery-status";\r\n'
        ' boundary="b1"\r\n\r\n--b1\r\nContent-Type: text/plain\r\n\r\nSorry.\r\n\r\n'
        "--b1\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx.mssante.example\r\n{identity}\r\n{blocks}\r\n"
        f"--b1\r\nContent-Type: text/rfc822-headers\r\n\r\nSubject: x\r\n{enclosed}\r\n--b1--\r\n"
    ).encode()


def failed(
    address: str = "dr.a@mssante.example", diagnostic: str = "smtp; 550 5.1.1 unknown", status: str = "5.1.1"
) -> str:
    return (
        f"Original-Recipient: rfc822;{address}\r\nFinal-Recipient: rfc822; {address}\r\nAction: failed\r\n"
        f"Status: {status}\r\nDiagnostic-Code: {diagnostic}\r\n"
    )


def mdn(disposition: str, *, more: str = "", letter: str = f"<{LETTER}@mssante.example>", kind: str = "") -> bytes:
    """A disposition notification."""
    return (
        "From: dr.a@mssante.example\r\nTo: labo@mssante.example\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b1\r\n\r\n"
        "--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nLu.\r\n\r\n"
        f"--b1\r\nContent-Type: {kind or 'message/disposition-notification'}\r\n\r\n"
        "Reporting-UA: weda; 1\r\nOriginal-Recipient: rfc822;Dr.A@mssante.example\r\n"
        f"Final-Recipient: rfc822;dr.a@other.example\r\nOriginal-Message-ID: {letter}\r\n"
        f"Disposition: {disposition}\r\n{more}\r\n--b1--\r\n"
    ).encode()


def notices(data: bytes):
    found = read_notice(Mail.read(data))
    assert found is not None
    return found.notices


def test_a_failure_names_the_letter_the_recipient_and_the_answer_of_the_server() -> None:
    (one,) = notices(dsn(failed()))

    assert (one.letter, one.recipients, one.code) == (LETTER, ("dr.a@mssante.example",), "550")
    assert one.label == "550 5.1.1 unknown"


@pytest.mark.parametrize(
    ("diagnostic", "status", "code"),
    [
        ("smtp; 550 5.1.1 unknown", "5.1.1", "550"),
        ("smtp;552-5.2.2 full", "5.2.2", "552"),
        ("smtp; 535 5.7.8 no", "5.7.8", "530"),
        ("X-Postfix; Host or domain name not found", "5.4.4", "512"),
        ("smtp; unknown user", "5.1.1", "550"),
        ("", "5.2.2", "552"),
        ("", "", "554"),
        ("smtp; 250 2.1.5 ok", "5.0.0", "554"),
        ("smtp; 421 4.4.2 gone", "4.4.2", "421"),
    ],
)
def test_a_failure_is_told_with_the_nearest_code_of_the_table(diagnostic: str, status: str, code: str) -> None:
    assert [one.code for one in notices(dsn(failed(diagnostic=diagnostic, status=status)))] == [code]


@pytest.mark.parametrize(
    ("action", "told"),
    [
        ("delivered", [""]),
        ("relayed", [""]),
        ("expanded", [""]),
        ("delayed", []),
        ("failed", ["554"]),
        ("Delivered (to mailbox)", [""]),
        ("no word", []),
    ],
)
def test_each_action_says_what_it_says(action: str, told: list[str]) -> None:
    block = f"Final-Recipient: rfc822;dr.a@mssante.example\r\nAction: {action}\r\nStatus: 9.9\r\n"
    assert [one.code for one in notices(dsn(block))] == told


def test_several_recipients_are_told_of_apart() -> None:
    delivered = "Final-Recipient: rfc822;b@mssante.example\r\nAction: delivered\r\nStatus: 2.0.0\r\n"
    assert [(one.recipients, one.code) for one in notices(dsn(failed(), delivered))] == [
        (("dr.a@mssante.example",), "550"),
        (("b@mssante.example",), ""),
    ]


def test_a_server_without_envelope_ids_encloses_the_header_of_the_letter() -> None:
    (one,) = notices(dsn(failed(), envelope="", enclosed=f"Message-ID: <{LETTER}@mssante.example>\r\n"))
    assert one.letter == f"{LETTER}@mssante.example"


def test_an_envelope_id_and_an_address_repeated_as_they_were_sent_are_decoded() -> None:
    (one,) = notices(dsn(failed("dr+2Ba@mssante.example"), envelope="QQ+3D1"))
    assert (one.letter, one.recipients) == ("QQ=1", ("dr+a@mssante.example",))


def test_folded_fields_are_one_line() -> None:
    (one,) = notices(dsn(failed(diagnostic="smtp;\r\n 550\r\n\t5.1.1 unknown\r\n user")))
    assert (one.code, one.label) == ("550", "550 5.1.1 unknown user")


def test_a_status_that_names_no_letter_tells_nothing() -> None:
    assert notices(dsn(failed(), envelope="")) == ()


def test_a_status_that_names_nobody_tells_nothing() -> None:
    assert notices(dsn("Action: failed\r\nStatus: 5.0.0\r\n")) == ()


@pytest.mark.parametrize(
    ("disposition", "more", "codes"),
    [
        ("manual-action/MDN-sent-manually; displayed", "", [""]),
        ("automatic-action/MDN-sent-automatically; processed", "", [""]),
        ("automatic-action/MDN-sent-automatically;dispatched", "", [""]),
        ("automatic-action/MDN-sent-automatically; deleted", "", [""]),
        ("automatic-action/MDN-sent-automatically; processed/Error: 902^Patient inconnu", "", ["902"]),
        ("automatic-action/MDN-sent-automatically; processed/error", "Error: 904^Traits INS\r\n", ["904"]),
        ("automatic-action/MDN-sent-automatically; processed/Error: 999^x", "", ["906"]),
        ("automatic-action/MDN-sent-automatically; deleted/Error: no space", "", ["906"]),
        ("automatic-action/MDN-sent-automatically; processed/warning", "", [""]),
        ("automatic-action/MDN-sent-automatically; failed", "", []),
        ("displayed", "", []),
    ],
)
def test_each_disposition_says_what_it_says(disposition: str, more: str, codes: list[str]) -> None:
    assert [one.code for one in notices(mdn(disposition, more=more))] == codes


def test_a_disposition_knows_its_recipient_by_both_names() -> None:
    (one,) = notices(mdn("manual-action/MDN-sent-manually; displayed"))
    assert one.recipients == ("dr.a@mssante.example", "dr.a@other.example")
    assert one.letter == f"{LETTER}@mssante.example"


def test_the_kinds_are_told_apart() -> None:
    assert isinstance(read_notice(Mail.read(dsn(failed()))), DeliveryStatus)
    assert isinstance(read_notice(Mail.read(mdn("x; displayed"))), Disposition)
    assert read_notice(Mail.read(mdn("x; displayed", kind="text/plain"))) is None
    assert read_notice(Mail.read(b"Subject: hello\r\n\r\nhello")) is None


HOSTILE = {
    "nothing": b"",
    "no header": b"\r\n\r\n",
    "bytes": bytes(range(256)) * 20,
    "a status without blocks": dsn(),
    "8-bit everywhere": dsn(failed(diagnostic="smtp; 550 \u00e9\u00e8 inconnu")).replace(b"MAILER", b"\xe9\xff"),
    "a header that never ends": b"Subject: " + b"a" * 100_000,
    "an encoded word that is none": b"Subject: =?utf-8?q?=C3=?= =?x?b?!!?=\r\nMessage-ID: =?utf-8?b?_?=\r\n\r\n",
    "a charset that is none": b"Subject: =?none-such?q?abc?=\r\n\r\n",
    "many recipients": dsn(*[failed(f"a{rank}@x.example") for rank in range(800)]),
    "an empty boundary": b'Content-Type: multipart/report; boundary=""\r\n\r\n--\r\n\r\n----\r\n',
    "a content type that is none": b"Content-Type: /; ;;=\r\n\r\nx",
    "a parameter that is none": b"Content-Type: multipart/report; boundary*0*=''%ZZ; boundary*1=b\r\n\r\n--b--",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_read_or_refused_and_nothing_else(name: str) -> None:
    mail = Mail.read(HOSTILE[name])
    found = read_notice(mail)
    assert mail.subject.isprintable()
    assert found is None or len(found.notices) <= 500


def test_multiparts_without_end_are_not_followed() -> None:
    deep = b"".join(b"Content-Type: multipart/report; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(5000))
    with pytest.raises(UnusableMail):
        Mail.read(b"Subject: x\r\n" + deep)


TOO_MUCH = {
    "fields": b"a:b\r\n" * 200_000,
    "fields of a mail inside the mail": b"Content-Type: message/rfc822\r\n\r\n" + b"a:b\n" * 200_000,
    "blocks of a status": b"Content-Type: message/delivery-status\r\n\r\n" + b"a:b\n\n" * 100_000,
    "lines that end with CR": b"a:b\r" * 200_000,
    "text": b"\r\n" + b"a b " * 2_000_000,
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_more_than_the_parser_should_make_objects_of_is_not_read(name: str) -> None:
    with pytest.raises(UnusableMail):
        Mail.read(TOO_MUCH[name])


def test_a_field_of_encoded_words_without_end_is_cut() -> None:
    assert len(Mail.read(b"Subject: " + b"=?a?q?" * 100_000 + b"\r\n\r\n").subject) <= 8192


def test_a_large_attachment_is_read() -> None:
    content = bytes(range(256)) * 40_000
    body = base64.encodebytes(content).replace(b"\n", b"\r\n")
    head = b"Content-Type: application/zip; name=x.zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"

    (part,) = Mail.read(head + body).parts()

    assert part.content == content


def test_more_parts_than_anybody_sends_are_not_read() -> None:
    with pytest.raises(UnusableMail):
        read_notice(
            Mail.read(b"Content-Type: multipart/report; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 5000 + b"--b--")
        )
