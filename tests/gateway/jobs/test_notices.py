"""News leave the house once, by the way there is, and never with what they should not say."""

from __future__ import annotations

import itertools
import re
import ssl
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner

from gateway.administration import holder
from gateway.cli.main import main
from gateway.notices.message import Channel, Message, messages_of
from gateway.notices.texts import wording
from gateway.records import RecordsError, authorise
from samples.pki.factory import TestPki
from xds.dmp.holder import Address, Traits
from xds.dmp.notices import Recipient
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record
from xds.dmp.traces import NoticeKind

from .conftest import CONTENT, DOCTOR, HIDDEN, TITLE, Place, ins_of
from .smtp_server import Mailbox, Server

TRAITS = Traits(
    family="ESSAI", given=("Alix",), address=Address(lines=("1 rue d'Essai",), postal_code="75001", city="Paris")
)
_addresses = itertools.count(1)


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server(Mailbox())
    yield found
    found.down()


def mail(server: Server, **changes: Any) -> dict[str, dict[str, Any]]:
    said = {"host": "127.0.0.1", "port": server.port, "security": "none", "sender": "dmp@ecluse.invalid", "timeout": 5}
    return {"mail": {**said, **changes}, "jobs": {"first_pause": 1}}


def a_holder(
    place: Place, *, email: str | None = None, mobile: str | None = None, minor: bool = False
) -> tuple[str, Record]:
    """A record whose holder has an address of his own; the news of its opening is not waited for."""
    patient_id, record = place.a_record()
    born = date(place.now().year - 10, 1, 1) if minor else None
    address = f"alix{next(_addresses)}@exemple.invalid" if email is None else email
    holder.set_holder(place.owner, patient_id, traits=TRAITS, birth_date=born, email=address, mobile=mobile)
    place.owner.execute("DELETE FROM ecluse.outbox")
    return patient_id, record


def announce(place: Place, key: UUID, kind: NoticeKind, subject: str = "", *, secret: bool = False) -> UUID:
    return UUID(
        str(
            place.one(
                "INSERT INTO ecluse.outbox (patient_key, kind, subject, secret) VALUES (%s, %s, %s, %s)"
                " RETURNING notice_id",
                key,
                kind.value,
                subject or str(uuid4()),
                secret,
            )[0]
        )
    )


def hurry(place: Place) -> None:
    place.owner.execute("UPDATE ecluse.outbox SET not_before = now() WHERE done_at IS NULL")


def test_a_notice_goes_to_the_server_once(place: Place, server: Server) -> None:
    _, record = a_holder(place)
    announce(place, record.patient_key, NoticeKind.FIRST_ACCESS, DOCTOR)
    assert place.deliver(**mail(server)).messages == 1
    assert place.deliver(**mail(server)).messages == 0
    ((_, letter),) = server.box.letters
    assert letter["From"] == "dmp@ecluse.invalid"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "professionnel de santé" in letter.get_content()


def test_a_server_that_is_down_gets_the_notice_when_it_is_back(place: Place, server: Server) -> None:
    _, record = a_holder(place)
    announce(place, record.patient_key, NoticeKind.DOCUMENT_ADDED)
    port = server.port
    server.down()
    sent = place.deliver(**mail(server))
    assert (sent.messages, sent.waiting, sent.parked) == (0, 1, 0)
    assert place.one("SELECT last_error FROM ecluse.outbox")[0].startswith("the server does not answer")
    assert place.deliver(**mail(server)).waiting == 0, "not before its pause is over"
    again = Server(server.box, port)
    hurry(place)
    assert place.deliver(**mail(again)).messages == 1
    again.down()
    assert len(server.box.letters) == 1


def test_a_server_that_dies_before_it_answers_gets_the_same_message_again(place: Place, server: Server) -> None:
    _, record = a_holder(place)
    announce(place, record.patient_key, NoticeKind.DOCUMENT_ADDED)
    server.box.drop_after_data = 1
    assert place.deliver(**mail(server)).waiting == 1
    hurry(place)
    assert place.deliver(**mail(server)).messages == 1
    first, second = (letter["Message-ID"] for _, letter in server.box.letters)
    assert first == second


def test_what_the_server_refuses_for_good_is_parked_until_somebody_looks(place: Place, server: Server) -> None:
    patient_id, record = a_holder(place, email="nobody@exemple.invalid")
    server.box.refusals["nobody@exemple.invalid"] = "550 no such user"
    notice = announce(place, record.patient_key, NoticeKind.DOCUMENT_ADDED)
    assert place.deliver(**mail(server)).parked == 1
    hurry(place)
    assert place.deliver(**mail(server)).parked == 0
    words = ["--lang", "en", "outbox"]
    listed = CliRunner().invoke(main, [*words, "list", "--data", str(place.data)])
    (line,) = [one for one in listed.stdout.splitlines() if one.startswith(str(notice))]
    assert re.search(r"document added +parked +1 attempt +the server refuses the address: 550$", line)
    assert "nobody@" not in listed.stdout
    server.box.refusals.clear()
    retried = CliRunner().invoke(main, [*words, "retry", str(notice), "--data", str(place.data)])
    assert retried.exit_code == 0
    assert place.deliver(**mail(server)).messages == 1
    assert CliRunner().invoke(main, [*words, "retry", str(notice), "--data", str(place.data)]).exit_code == 1
    assert patient_id


def test_a_server_that_is_busy_is_asked_again_and_again_then_the_notice_is_parked(place: Place, server: Server) -> None:
    _, record = a_holder(place, email="busy@exemple.invalid")
    server.box.refusals["busy@exemple.invalid"] = "451 later"
    announce(place, record.patient_key, NoticeKind.DOCUMENT_ADDED)
    settings = mail(server)
    settings["jobs"]["attempts"] = 3
    outcomes = []
    for _ in range(3):
        sent = place.deliver(**settings)
        outcomes.append((sent.waiting, sent.parked))
        hurry(place)
    assert outcomes == [(1, 0), (1, 0), (0, 1)]


NO_ADDRESSES = [
    "a@b\r\nBcc: x@y",
    "no address at all\n",
    "a@b, c@d",
    "Alix <a@b>",
    "@b",
    "a@",
    "a\u2028@b",
    '"a b"@c',
    "a@-b",
]


@pytest.mark.parametrize("address", NO_ADDRESSES)
def test_what_is_no_address_is_refused_and_one_that_stands_there_is_not_written_to(
    place: Place, server: Server, address: str
) -> None:
    patient_id, record = a_holder(place)
    with pytest.raises(RecordsError, match="name@domain"):
        holder.set_holder(place.owner, patient_id, email=address)
    place.owner.execute("UPDATE ecluse.holders SET email = %s WHERE patient_key = %s", (address, record.patient_key))
    notice = announce(place, record.patient_key, NoticeKind.DOCUMENT_ADDED)
    assert place.deliver(**mail(server)).messages == 1
    assert server.box.letters == []
    (channel,) = place.one("SELECT channel FROM ecluse.deliveries WHERE notice_id = %s", notice)
    assert channel == "LETTER"


def test_an_address_that_the_server_cannot_take_is_parked(place: Place, server: Server) -> None:
    _, record = a_holder(place, email="é@exemple.invalid")
    announce(place, record.patient_key, NoticeKind.DOCUMENT_ADDED)
    assert place.deliver(**mail(server)).parked == 1
    assert server.box.letters == []


ANSWERS = [
    # what the server says, where; what is written down of it; whether it is for good
    ({"greeting": "554 not today"}, "the server does not let us in: 554", False),
    ({"MAIL": "550 who are you"}, "the server refuses mail.sender: 550", False),
    ({"MAIL": "451 later"}, "the server refuses mail.sender: 451", False),
    ({"RCPT": "450 mailbox busy"}, "the server refuses the address: 450", False),
    ({"RCPT": "550 no such user"}, "the server refuses the address: 550", True),
    ({"DATA": "452 full"}, "the server refuses the message: 452", False),
    ({"taken": "554 looks like spam"}, "the server refuses the message: 554", True),
    ({"taken": "421 closing"}, "the server refuses the message: 421", False),
    ({"taken": ""}, "the server does not answer: SMTPServerDisconnected", False),
]


@pytest.mark.parametrize(("answers", "error", "for_good"), ANSWERS, ids=[one[1] for one in ANSWERS])
def test_only_what_is_about_this_letter_is_for_good(
    place: Place, server: Server, answers: dict[str, str], error: str, *, for_good: bool
) -> None:
    _, record = a_holder(place)
    notice = announce(place, record.patient_key, NoticeKind.DOCUMENT_ADDED)
    server.box.answers.update(answers)
    sent = place.deliver(**mail(server))
    assert (sent.waiting, sent.parked) == ((0, 1) if for_good else (1, 0))
    assert place.one("SELECT last_error FROM ecluse.outbox WHERE notice_id = %s", notice) == (error,)


def test_a_server_without_starttls_parks_nothing(place: Place, server: Server) -> None:
    keys = [a_holder(place)[1].patient_key for _ in range(3)]
    for key in keys:
        announce(place, key, NoticeKind.DOCUMENT_ADDED)
    sent = place.deliver(**mail(server, security="starttls"))
    assert (sent.waiting, sent.parked) == (3, 0)
    assert "mail.security" in place.one("SELECT last_error FROM ecluse.outbox LIMIT 1")[0]
    hurry(place)
    assert place.deliver(**mail(server)).messages == 3


def test_a_full_disk_loses_no_letter(place: Place) -> None:
    _, record = a_holder(place, email="")
    notice = announce(place, record.patient_key, NoticeKind.RECORD_CLOSED)
    outgoing = place.data / "outgoing"
    kept = outgoing.rename(place.data / "kept") if outgoing.exists() else None
    outgoing.symlink_to("/dev/full")  # whatever is written below it fails
    assert place.deliver().waiting == 1
    outgoing.unlink()
    if kept is not None:
        kept.rename(outgoing)
    hurry(place)
    assert place.deliver().messages == 1
    assert len(list((outgoing / "letters").glob(f"{notice}-*"))) == 1


def test_a_name_of_several_lines_writes_no_line_of_ours(place: Place) -> None:
    patient_id, record = a_holder(place, email="")
    traits = Traits(
        family="ESSAI\n\nVotre dossier est clos\r", address=Address(lines=("1 rue\x0bd'Essai",), city="Paris")
    )
    holder.set_holder(place.owner, patient_id, traits=traits)
    notice = announce(place, record.patient_key, NoticeKind.RECORD_CLOSED)
    place.deliver()
    (letter,) = (place.data / "outgoing" / "letters").glob(f"{notice}-*.txt")
    assert letter.read_text("utf-8").splitlines()[:3] == ["ESSAI Votre dossier est clos", "1 rue d'Essai", "Paris"]


def test_what_was_parked_is_given_up_by_name(place: Place, server: Server) -> None:
    _, record = a_holder(place, email="nobody@exemple.invalid")
    server.box.refusals["nobody@exemple.invalid"] = "550 no such user"
    notice = announce(place, record.patient_key, NoticeKind.DOCUMENT_ADDED)
    words = ["--lang", "en", "outbox", "discard", str(notice), "--data", str(place.data)]
    early = CliRunner().invoke(main, words)
    assert (early.exit_code, "ecluse outbox list" in early.stderr) == (1, True)
    assert place.deliver(**mail(server)).parked == 1
    assert CliRunner().invoke(main, words).exit_code == 0
    listed = CliRunner().invoke(main, ["--lang", "en", "outbox", "list", "--all", "--data", str(place.data)])
    (line,) = [one for one in listed.stdout.splitlines() if one.startswith(str(notice))]
    assert re.search(r"document added +given up +1 attempt$", line)


def test_two_dispatchers_never_send_the_same_notice(place: Place, server: Server) -> None:
    expected = set()
    for _ in range(20):
        _, record = a_holder(place)
        expected.add(record.patient_key)
    for key in expected:
        announce(place, key, NoticeKind.FIRST_ACCESS, DOCTOR)
    with ThreadPoolExecutor(4) as dispatchers:
        sent = list(dispatchers.map(lambda _: place.deliver(**mail(server)), range(4)))
    assert sum(one.messages for one in sent) == 20
    assert len({letter["Message-ID"] for _, letter in server.box.letters}) == len(server.box.letters) == 20


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_server_is_believed_with_its_certificate_only(
    place: Place, server: Server, pki: TestPki, security: str
) -> None:
    credential = pki.server("ingest")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(credential.chain_path, credential.key_path)
    server.box.tls = context
    if security == "tls":
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.box.secured = True
    _, record = a_holder(place)
    announce(place, record.patient_key, NoticeKind.DOCUMENT_ADDED)
    assert place.deliver(**mail(server, security=security)).waiting == 1
    assert server.box.letters == []
    server.box.secured = security == "tls"
    hurry(place)
    authority = str(pki.ca_for_clients("ingest"))
    assert place.deliver(**mail(server, security=security, ca=authority)).messages == 1
    assert server.box.secured


def test_without_an_address_there_is_a_letter_and_without_a_server_a_file(place: Place) -> None:
    _, record = a_holder(place, email="")
    notice = announce(place, record.patient_key, NoticeKind.RECORD_CLOSED)
    assert place.deliver().messages == 1
    (letter,) = (place.data / "outgoing" / "letters").glob(f"{notice}-*.txt")
    assert letter.read_text("utf-8").startswith("Alix ESSAI\n1 rue d'Essai\n75001 Paris\n\nVotre dossier")
    assert letter.stat().st_mode & 0o777 == 0o600
    _, record = a_holder(place)
    notice = announce(place, record.patient_key, NoticeKind.RECORD_CLOSED)
    place.deliver()
    (file,) = (place.data / "outgoing" / "mail").glob(f"{notice}-*.eml")
    assert b"Message-ID" in file.read_bytes()


def test_a_short_message_goes_through_the_command_of_the_house(place: Place, tmp_path: Path) -> None:
    _, record = a_holder(place, email="", mobile="+33600000000")
    announce(place, record.patient_key, NoticeKind.FIRST_ACCESS, DOCTOR)
    script, taken = tmp_path / "send.py", tmp_path / "taken.txt"
    script.write_text(f"import sys; open({str(taken)!r}, 'a').write(sys.argv[1] + ' ' + sys.stdin.read())", "utf-8")
    assert place.deliver(sms={"command": f"{sys.executable} {script}"}).messages == 1
    assert taken.read_text("utf-8").startswith("+33600000000 Un professionnel de santé")
    announce(place, record.patient_key, NoticeKind.RECORD_CLOSED)
    assert place.deliver(sms={"command": "/nowhere/at/all"}).waiting == 1


@pytest.mark.parametrize("number", ["--version", "06;id", "$(id)", "0600000000\n--help", "٠٦٠٠٠٠٠٠٠٠"])
def test_what_is_no_number_is_no_argument_of_the_command(place: Place, number: str) -> None:
    patient_id, record = a_holder(place, email="")
    with pytest.raises(RecordsError, match="digits"):
        holder.set_holder(place.owner, patient_id, mobile=number)
    place.owner.execute("UPDATE ecluse.holders SET mobile = %s WHERE patient_key = %s", (number, record.patient_key))
    notice = announce(place, record.patient_key, NoticeKind.FIRST_ACCESS, DOCTOR)
    assert place.deliver(sms={"command": "false"}).messages == 1
    assert place.one("SELECT channel FROM ecluse.deliveries WHERE notice_id = %s", notice) == ("LETTER",)


def test_the_command_gets_no_setting_of_the_house(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, record = a_holder(place, email="", mobile="+33600000000")
    announce(place, record.patient_key, NoticeKind.FIRST_ACCESS, DOCTOR)
    monkeypatch.setenv("ECLUSE_MAIL_PASSWORD", "secretdumail")
    script = tmp_path / "send.py"
    script.write_text(f"import os; open({str(tmp_path / 'env')!r}, 'w').write(str(dict(os.environ)))", "utf-8")
    assert place.deliver(sms={"command": f"{sys.executable} {script}"}).messages == 1
    assert "secretdumail" not in (tmp_path / "env").read_text("utf-8")


def test_an_emergency_is_told_to_the_patient_and_to_his_medecin_traitant(place: Place) -> None:
    patient_id, record = a_holder(place)
    authorise(place.owner, patient_id, DOCTOR, medecin_traitant=True, name="Dr ESSAI")
    place.owner.execute("DELETE FROM ecluse.outbox")
    announce(place, record.patient_key, NoticeKind.EMERGENCY_ACCESS)
    assert place.deliver().messages == 2
    assert {
        row[0] for row in place.all("SELECT recipient FROM ecluse.deliveries d JOIN ecluse.outbox USING (notice_id)")
    } == {
        "HOLDER",
        f"PROFESSIONAL/{DOCTOR}",
    }


@pytest.mark.parametrize("is_past", ["status = 'EXPIRE'", "status = 'INTERDIT'", "valid_until = ecluse.law_now()"])
def test_who_is_no_medecin_traitant_any_more_is_told_nothing(place: Place, is_past: str) -> None:
    patient_id, record = a_holder(place)
    authorise(place.owner, patient_id, DOCTOR, medecin_traitant=True, name="Dr ESSAI")
    change = f"UPDATE ecluse.authorisations SET {is_past} WHERE patient_key = %s"  # noqa: S608 - words of ours
    place.owner.execute(change.encode(), (record.patient_key,))
    place.owner.execute("DELETE FROM ecluse.outbox")
    announce(place, record.patient_key, NoticeKind.EMERGENCY_ACCESS)
    assert place.deliver().messages == 1


def test_the_letter_of_a_medecin_traitant_names_him_so_that_a_person_finds_his_address(place: Place) -> None:
    patient_id, record = a_holder(place)
    authorise(place.owner, patient_id, DOCTOR, medecin_traitant=True, name="ESSAI ALIX")
    place.owner.execute("DELETE FROM ecluse.outbox")
    notice = announce(place, record.patient_key, NoticeKind.EMERGENCY_ACCESS)
    place.deliver()
    (letter,) = (place.data / "outgoing" / "letters").glob(f"{notice}-*")
    assert letter.read_text("utf-8").startswith(f"ESSAI ALIX\nPS_IdNat {DOCTOR}\n\n")


def test_representatives_are_told_but_not_of_a_secret_session_nor_of_what_waits(place: Place) -> None:
    patient_id, record = a_holder(place, minor=True)
    holder.add_representative(place.owner, patient_id, relationship="MTH", traits=TRAITS, email="m@exemple.invalid")
    entry = place.deposit(patient_id, record, HIDDEN)
    place.owner.execute("DELETE FROM ecluse.outbox")
    announce(place, record.patient_key, NoticeKind.FIRST_ACCESS, DOCTOR)
    assert place.deliver().messages == 2
    announce(place, record.patient_key, NoticeKind.DOCUMENT_ADDED, secret=True)
    assert place.deliver().messages == 1
    announce(place, record.patient_key, NoticeKind.DOCUMENT_ADDED, entry.unique_id)
    assert place.deliver().messages == 0
    assert place.one("SELECT count(*) FROM ecluse.outbox WHERE done_at IS NULL") == (0,)


def test_no_message_holds_an_ins_a_title_or_a_word_of_a_document(place: Place, server: Server) -> None:
    patient_id, record = a_holder(place)
    entry = place.deposit(patient_id, record)
    for kind in NoticeKind:
        announce(place, record.patient_key, kind, entry.unique_id)
    place.deliver(**mail(server))
    assert len(server.box.letters) == len(NoticeKind)
    for _, letter in server.box.letters:
        said = f"{letter['Subject']} {letter.get_content()}"
        for forbidden in (
            ins_of(patient_id),
            TITLE,
            CONTENT.decode(),
            entry.unique_id,
            DOCTOR,
            "ESSAI",
            "Alix",
            "MARQUEUR",
        ):
            assert forbidden not in letter.as_string(), (forbidden, said)


EVERY_TEXT = [
    (kind, recipient, language) for kind in NoticeKind for recipient in Recipient for language in ("fr", "en")
]


@pytest.mark.parametrize(("kind", "recipient", "language"), EVERY_TEXT)
def test_every_text_is_plain_and_names_nobody(kind: NoticeKind, recipient: Recipient, language: Any) -> None:
    said = wording(kind, recipient, language)
    whole = f"{said.subject}\n{said.text}\n{said.short}"
    assert not re.search(r"\d", whole), "no number, hence no INS, no date and no identifier"
    assert not re.search(r"[{}%@]|http", whole)
    assert len(said.short) <= 160 or kind in {NoticeKind.RECORD_SUSPENDED, NoticeKind.PROFESSIONAL_UNBLOCKED}


def test_a_holder_of_whom_nothing_is_known_is_not_written_to(place: Place) -> None:
    _, record = place.a_record()
    place.owner.execute("DELETE FROM ecluse.outbox")
    announce(place, record.patient_key, NoticeKind.FIRST_ACCESS, DOCTOR)
    sent = place.deliver()
    assert (sent.notices, sent.messages) == (1, 0)


def test_a_kind_that_nobody_knows_is_parked(place: Place) -> None:
    _, record = a_holder(place)
    place.owner.execute(
        "INSERT INTO ecluse.outbox (patient_key, kind, subject) VALUES (%s, 'FULL_MOON', 'x')", (record.patient_key,)
    )
    assert place.deliver().parked == 1


def test_a_message_has_the_same_identity_whenever_it_is_made() -> None:
    notice = {
        "notice_id": "n",
        "kind": "FIRST_ACCESS",
        "secret": False,
        "confidentiality": None,
        "birth_date": None,
        "law_now": "2027-01-01T00:00:00+00:00",
        "deceased": False,
        "holder": {"email": "a@b", "traits": {}, "notify_documents": True},
        "facts": {},
        "representatives": [],
        "medecins_traitants": [],
    }
    made: Callable[[], tuple[Message, ...]] = lambda: messages_of(notice, "fr", Parameters())  # noqa: E731
    assert made() == made()
    assert made()[0].channel is Channel.EMAIL
