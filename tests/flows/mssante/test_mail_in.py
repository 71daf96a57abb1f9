"""Mail that comes to a real mailbox: letters with a medium are fed and answered, notices are told, the rest is left."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from email import policy
from email.message import EmailMessage
from typing import Any

import pytest

from samples.documents.elements import new_oid
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from samples.hl7v2.messages import pam
from samples.media import files_of, medium, zipped
from xds.mss.incoming import read_incoming
from xds.mss.notices import Disposition

from ...gateway.ingest.mssante.imap_server import Folders, ImapTestServer
from ..hl7v2.laboratory import LABORATORY, Receiver, eventually
from .post import MAILBOX, Post, for_mssante, fresh, open_post, server_context
from .test_xdm_upload import bomb

SUBJECT = "XDM/1.0/DDM+Synthèse médicale SPECIMEN Claire 12/07/1958"
METADATA = "IHE_XDM/SUBSET01/METADATA.XML"
STRUCTURE = "1690999032"
REPORTS = "dsi@labo-rhone.mssante.fr"


@dataclass(frozen=True)
class Mailroom:
    """A house whose mailbox is on an IMAP server, and which answers by an SMTP server."""

    post: Post
    box: Folders

    def receive(self, data: bytes) -> None:
        """A mail comes, and is dealt with: it is out of the way, or known."""
        uid = self.box.put(data)
        eventually(lambda: self.box.flags(uid) is None or self._is_left(uid))

    def kept(self, data: bytes) -> bool:
        """Whether a mail is taken: in the folder of what is done."""
        return self.box.holds(data, "Traites")

    def rows(self) -> list[tuple[Any, ...]]:
        """State, outcome and whether there is content of every letter that came, the oldest first."""
        return self.post.bench.rows(
            "SELECT state, outcome, content IS NOT NULL FROM ecluse.inbox WHERE kind = 'XDM' ORDER BY received_at"
        )

    def fed(self, data: bytes) -> tuple[Any, ...]:
        """What became of a letter that is taken."""
        before = len(self.rows())
        self.receive(data)
        assert self.kept(data)
        eventually(lambda: len(self.rows()) > before and self.rows()[-1][0] != "WAITING")
        return self.rows()[-1]

    def answer(self, sender: str, number: int = 1) -> tuple[str, str, str]:
        """Envelope sender, letter answered and code of the last of so many notifications to an address."""
        found = self.post.delivered(sender, number)
        read = read_incoming(found.content)
        assert isinstance(read, Disposition), read
        (notice,) = read.notices
        return found.mail, notice.letter, notice.code

    def _is_left(self, uid: int) -> bool:
        """Whether the door fetched a mail that it leaves, and went on: nothing changes any more."""
        return any(line.startswith(f"FETCH {uid} (BODY") for line in self.box.log) and self.box.log[-1] == "LOGOUT"


@pytest.fixture(scope="module")
def room(tmp_path_factory: Any) -> Iterator[Mailroom]:
    receiver, box = Receiver(), Folders(account=("chu", "secret"))
    imap = ImapTestServer(box)
    directory = tmp_path_factory.mktemp("mailroom")
    said = {
        "STRUCTURE": STRUCTURE,
        "REPORTS": REPORTS,
        "IMAP_HOST": "localhost",
        "IMAP_PORT": str(imap.port),
        "IMAP_CA": str(directory / "data" / "mssante-server-ca.pem"),
        "IMAP_CERTIFICATE": str(directory / "data" / "mssante-client.pem"),
        "IMAP_KEY": str(directory / "data" / "mssante-client.key"),
        "IMAP_USER": "chu",
        "IMAP_PASSWORD": "secret",
        "IMAP_DONE": "Traites",
    }
    post, smtp = open_post(directory, receiver, {f"ECLUSE_MSSANTE_{name}": value for name, value in said.items()})
    try:
        box.tls = server_context(post.house)
        yield Mailroom(post, box)
    finally:
        post.house.stop()
        smtp.down()
        imap.down()
        receiver.close()
        from gateway.database.embedded import EmbeddedPostgres

        EmbeddedPostgres(post.house.data / "postgres").destroy()


@pytest.fixture
def scene(room: Mailroom, new_scene: Callable[..., Any]) -> Any:
    """A patient with an open record in this house."""
    return new_scene(room.post.house)


def letter(content: bytes | None, *, sender: str | None = None, subject: str = SUBJECT, **fields: str) -> bytes:
    """A letter as another house sends it; a field without value is left out, `_` in a name stands for `-`."""
    mail, sender = EmailMessage(policy=policy.SMTP), sender or fresh("expediteur")
    said = {
        "Return-Path": f"<{sender}>",
        "From": sender,
        "To": MAILBOX,
        "Message-ID": f"<{uuid.uuid4()}@hopital.mssante.fr>",
        "Disposition-Notification-To": sender,
        "Subject": subject,
        **{name.replace("_", "-"): value for name, value in fields.items()},
    }
    for name, value in said.items():
        if value:
            mail[name] = value
    mail.set_content("Bonjour,\nvoici un document.\n")
    if content is not None:
        mail.add_attachment(content, maintype="application", subtype="zip", filename="IHE_XDM.zip")
    return mail.as_bytes()


def acting(scene: Any, action: str, *documents: bytes) -> bytes:
    """The medium of a letter that replaces or deletes."""
    lot = scene.lot(list(documents)).without_signature()
    return medium(lot.with_submission_set(extra=(("action", (action,)),)))


def test_a_letter_is_fed_and_its_sender_answered(room: Mailroom, scene: Any) -> None:
    sender, lot = fresh("labo"), scene.lot([vsm(scene.patient)])
    data = letter(medium(lot), sender=sender)

    assert room.fed(data) == ("DONE", "done", False)

    assert scene.found() == list(lot.unique_ids)
    path, answered, code = room.answer(sender)
    assert path.startswith("MAIL FROM:<>") or path.upper().startswith("MAIL FROM:<>")
    assert f"<{answered}>".encode() in data
    assert code == ""


def test_who_seals_what_was_fed_is_the_structure_of_the_mailbox(room: Mailroom, scene: Any) -> None:
    lot = scene.lot([vsm(scene.patient)])

    room.fed(letter(medium(lot)))

    rows = room.post.bench.rows(
        "SELECT depositor_id FROM ecluse.submission_sets JOIN ecluse.patients USING (patient_key)"
        " WHERE patient_id = %s",
        scene.patient.cx,
    )
    assert rows == [(STRUCTURE,)]


def test_copies_of_a_letter_are_one_letter(room: Mailroom, scene: Any) -> None:
    sender, lot = fresh("labo"), scene.lot([vsm(scene.patient)])
    data = letter(medium(lot), sender=sender)
    copy = b"Received: from elsewhere by here; Sun, 22 Nov 2026 19:00:00 +0000\r\n" + data
    assert room.fed(data)[0] == "DONE"
    before = len(room.rows())

    room.receive(copy)

    assert room.kept(copy)
    assert len(room.rows()) == before
    assert scene.found() == list(lot.unique_ids)
    assert len(room.post.box.to(sender)) == 1


def test_a_letter_replaces_then_deletes_what_an_earlier_one_brought(room: Mailroom, scene: Any) -> None:
    first, second = new_oid(), new_oid()
    changed = vsm(scene.patient, unique_id=second, replaces=first)
    assert room.fed(letter(medium(scene.lot([vsm(scene.patient, unique_id=first)]))))[0] == "DONE"

    assert room.fed(letter(acting(scene, "C", changed))) == ("DONE", "done", False)
    assert scene.found() == [second]

    assert room.fed(letter(acting(scene, "D", changed))) == ("DONE", "done", False)
    assert scene.found() == []


def test_what_this_house_sends_another_one_can_feed(room: Mailroom, scene: Any) -> None:
    # Given letters of our own making: a new document, the one that replaces it, and its deletion,
    patient = replace(scene.patient, local_id=f"IPP{scene.patient.nir}")
    first, second = new_oid(), new_oid()
    changed = laboratory_report(patient, unique_id=second, replaces=first)
    flows = (("initial", laboratory_report(patient, unique_id=first)), ("replace", changed), ("delete", changed))
    expected = ([first], [second], [])

    for (flow, document), found in zip(flows, expected, strict=True):
        address = fresh("dr")
        message = for_mssante(patient, address, documents=[document], flow=flow, INVISIBLE_PATIENT="Y")
        room.post.bench.done(message)
        letter_out = room.post.delivered(address).content

        # when one comes to a mailbox, then it is fed as it was meant.
        assert room.fed(b"Return-Path: <" + MAILBOX.encode() + b">\r\n" + letter_out) == ("DONE", "done", False)
        assert scene.found() == found


@pytest.mark.parametrize(
    "changes",
    [
        {"Disposition_Notification_To": ""},
        {"Disposition_Notification_To": "victime@ailleurs.mssante.fr"},
        {"Return_Path": "<victime@ailleurs.mssante.fr>"},
        {"Return_Path": "<>"},
    ],
)
def test_no_notification_goes_where_none_was_asked_for_from(
    room: Mailroom, scene: Any, changes: dict[str, str]
) -> None:
    sender, lot = fresh("labo"), scene.lot([vsm(scene.patient)])

    assert room.fed(letter(medium(lot), sender=sender, **changes))[0] == "DONE"

    assert scene.found() == list(lot.unique_ids)
    answers = room.post.bench.rows("SELECT count(*) FROM ecluse.letters WHERE kind = 'ANSWER' AND state = 'WAITING'")
    assert answers == [(0,)]
    assert room.post.box.to(sender) == room.post.box.to("victime@ailleurs.mssante.fr") == []


def test_bad_news_that_nobody_asked_for_go_to_the_house_as_an_ordinary_mail(room: Mailroom, scene: Any) -> None:
    sender, before = fresh("labo"), len(room.post.box.to(REPORTS))
    data = letter(b"no archive", sender=sender, Disposition_Notification_To="")

    assert room.fed(data)[0] == "PARKED"

    told = room.post.delivered(REPORTS, before + 1).letter
    assert told["Subject"] == f"[KO Intégration système !][906] {SUBJECT}"
    assert told.get_content_type() == "multipart/mixed"
    assert room.post.box.to(sender) == []


def test_a_patient_without_a_record_is_said_902_and_can_be_replayed(
    room: Mailroom, scene: Any, ecluse: Callable[..., str]
) -> None:
    sender = fresh("labo")
    unknown = replace(scene.patient, nir=f"2590769123{os.getpid() % 1000:03}")
    stranger = replace(scene, patient=unknown)
    lot = stranger.lot([vsm(unknown)])

    assert room.fed(letter(medium(lot), sender=sender)) == ("PARKED", "XDSUnknownPatientId", True)
    assert room.answer(sender)[2] == "902"

    listed = [one for one in json.loads(ecluse("inbox", "list", "--json")) if one["kind"] == "XDM"]
    parked = listed[-1]
    assert (parked["state"], parked["application"]) == ("parked", "MSSANTE")
    room.post.house.open_record(unknown.cx)
    ecluse("inbox", "replay", parked["id"])
    assert room.answer(sender, 2)[2] == ""


def test_what_the_patient_told_the_structure_holds_for_letters_too(room: Mailroom, scene: Any) -> None:
    sender = fresh("labo")
    room.post.bench.send(pam("IO", patient=scene.patient))
    eventually(
        lambda: room.post.bench.rows("SELECT count(*) FROM ecluse.feeding_consents WHERE feeding = 'IO'") != [(0,)]
    )

    assert room.fed(letter(medium(scene.lot([vsm(scene.patient)])), sender=sender))[:2] == (
        "PARKED",
        "SBX_FEEDING_OPPOSED",
    )
    assert room.answer(sender)[2] == "906"
    assert scene.found() == []


def _other_patient(scene: Any) -> bytes:
    """Metadata of one patient, a document of another."""
    other = replace(scene.patient, nir="2600769123001")
    lot = scene.lot([vsm(other)])
    return medium(lot.with_entry(0, patient_id=scene.patient.cx))


def _wrong_hash(scene: Any) -> bytes:
    files = files_of(scene.lot([vsm(scene.patient)]))
    text = files[METADATA].decode()
    files[METADATA] = re.sub(r"(<rim:Value>)[0-9a-f]{40}", rf"\g<1>{'0' * 40}", text, count=1).encode()
    return zipped(files)


def _two_sets(scene: Any) -> bytes:
    later = scene.lot([vsm(scene.patient)]).with_submission_set(submission_time="20260101000000")
    return medium(scene.lot([vsm(scene.patient)]), later)


REFUSED = {
    "not an archive": (lambda _: b"PK no archive", "906"),
    "a cut archive": (lambda scene: medium(scene.lot([vsm(scene.patient)]))[:-40], "906"),
    "a hash that is not that of its file": (_wrong_hash, "906"),
    "two lots": (_two_sets, "906"),
    "a document of another patient": (_other_patient, "904"),
    "a bomb": (lambda _: bomb(64 * 1024 * 1024), "906"),
    "no INS": (lambda one: medium(one.lot([vsm(one.patient)]).with_submission_set(patient_id="1^^^&1.2.3&ISO")), "903"),
    "an unknown action": (lambda scene: acting(scene, "X", vsm(scene.patient)), "906"),
    "a replacement of nothing of ours": (lambda one: acting(one, "C", vsm(one.patient, replaces=new_oid())), "900"),
    "a replacement that names nothing": (lambda scene: acting(scene, "C", vsm(scene.patient)), "900"),
    "a deletion of what is not here": (lambda scene: acting(scene, "D", vsm(scene.patient)), "900"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_a_letter_that_cannot_be_fed_is_parked_answered_and_leaves_nothing(
    room: Mailroom, scene: Any, kind: str
) -> None:
    make, code = REFUSED[kind]
    sender, before = fresh("labo"), scene.kept()

    state, outcome, is_kept = room.fed(letter(make(scene), sender=sender))

    assert (state, is_kept) == ("PARKED", True), outcome
    assert room.answer(sender)[2] == code
    assert scene.kept() == before


LEFT = {
    "no zip": letter(None),
    "another subject": letter(b"PK", subject="Votre rendez-vous"),
    "what a machine wrote": letter(b"PK", Auto_Submitted="auto-replied"),
    "a notice about no letter of ours": b"",
    "what looks like a message of HL7 v2": b"MSH|^~\\&|A|B|C|D|20260101||ORU^R01^ORU_R01|1|P|2.5\r\n\r\nx",
    "multiparts without end": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(60)
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LEFT)
def test_what_is_not_for_this_door_stays_unread_in_the_mailbox(room: Mailroom, kind: str) -> None:
    data = LEFT[kind] or delivery_status(str(uuid.uuid4()), "dr.inconnu@hopital.mssante.fr")
    before = room.rows()

    room.receive(data)

    assert room.box.holds(data, "INBOX")
    assert not room.kept(data)
    assert room.rows() == before


def delivery_status(letter_id: str, address: str, action: str = "failed") -> bytes:
    """What a server says of one recipient of a letter."""
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@operateur.mssante.fr\r\nSubject: status\r\nMIME-Version: 1.0\r\n"
        f"X-Rank: {uuid.uuid4()}\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b1\r\n\r\n"
        "--b1\r\nContent-Type: text/plain\r\n\r\nx\r\n--b1\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Reporting-MTA: dns; mx\r\nOriginal-Envelope-Id: {letter_id}\r\n\r\nOriginal-Recipient: rfc822;{address}\r\n"
        f"Final-Recipient: rfc822;{address}\r\nAction: {action}\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 x\r\n"
        "\r\n--b1--\r\n"
    ).encode()


def disposition(message_id: str, address: str, said: str) -> bytes:
    """What a reader says of a letter."""
    return (
        f"Return-Path: <>\r\nFrom: {address}\r\nSubject: read\r\nMIME-Version: 1.0\r\nX-Rank: {uuid.uuid4()}\r\n"
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b1\r\n\r\n"
        "--b1\r\nContent-Type: text/plain\r\n\r\nx\r\n--b1\r\nContent-Type: message/disposition-notification\r\n\r\n"
        f"Final-Recipient: rfc822;{address}\r\nOriginal-Message-ID: {message_id}\r\n"
        f"Disposition: automatic-action/MDN-sent-automatically; {said}\r\n\r\n--b1--\r\n"
    ).encode()


@pytest.fixture
def sent(room: Mailroom, scene: Any) -> Callable[..., tuple[Any, str, str]]:
    """A letter of ours to one address that asked for everything: the message, its letter's id and its Message-ID."""
    patient = replace(scene.patient, local_id=f"IPP{scene.patient.nir}")

    def made(address: str) -> tuple[Any, str, str]:
        message = for_mssante(patient, address, INVISIBLE_PATIENT="Y", ACK_RECEPTION="Y", ACK_LECTURE_MSS="Y")
        room.post.bench.done(message)
        delivery = room.post.delivered(address)
        message_id = str(delivery.letter["Message-ID"])
        return message, message_id.strip("<>").partition("@")[0], message_id

    return made


def test_a_failure_550_is_z02_n_once_however_often_it_is_told(
    room: Mailroom, sent: Callable[..., tuple[Any, str, str]]
) -> None:
    address = fresh("dr")
    message, letter_id, _ = sent(address)

    for _ in range(3):
        data = delivery_status(letter_id, address)
        room.receive(data)
        assert room.kept(data)

    assert room.post.told(message) == {address: ("N", "550")}
    assert [one.event for one in room.post.bench.receiver.of(message.at("MSH^1^10"))].count("Z02") == 1


def test_an_error_902_of_a_reader_is_z03_n_once(room: Mailroom, sent: Callable[..., tuple[Any, str, str]]) -> None:
    address = fresh("dr")
    message, _, message_id = sent(address)

    for _ in range(2):
        room.receive(disposition(message_id, address, "processed/Error: 902^Patient inconnu"))

    assert room.post.told(message, "Z03") == {address: ("N", "902")}
    assert [one.event for one in room.post.bench.receiver.of(message.at("MSH^1^10"))].count("Z03") == 1


def test_good_news_are_told_as_good(room: Mailroom, sent: Callable[..., tuple[Any, str, str]]) -> None:
    address = fresh("dr")
    message, letter_id, message_id = sent(address)

    room.receive(delivery_status(letter_id, address.upper(), "delivered"))
    room.receive(disposition(message_id, address, "displayed"))

    assert room.post.told(message) == {address: ("Y", "")}
    assert room.post.told(message, "Z03") == {address: ("Y", "")}


def test_a_forged_notice_tells_nothing(room: Mailroom, sent: Callable[..., tuple[Any, str, str]]) -> None:
    address = fresh("dr")
    message, letter_id, message_id = sent(address)
    forged = [
        delivery_status(letter_id, "quelqu.un@ailleurs.mssante.fr"),
        delivery_status(str(uuid.uuid4()), address),
        delivery_status("1' OR '1'='1", address),
        disposition(message_id, "quelqu.un@ailleurs.mssante.fr", "processed/Error: 902^x"),
        disposition(f"<{uuid.uuid4()}@hopital.mssante.fr>", address, "displayed"),
        delivery_status(letter_id, address, "delayed"),
    ]

    for data in forged:
        room.receive(data)

    assert room.post.silent(message)
    assert room.post.silent(message, "Z03")
    assert all(room.box.holds(data, "INBOX") for data in forged)


@pytest.fixture
def ecluse(room: Mailroom) -> Callable[..., str]:
    """What a command of the house says."""

    def run(*words: str) -> str:
        command = [sys.executable, "-m", "gateway", "--lang", "en", *words, "--data", str(room.post.house.data)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


STEPS = {
    "before it is stored": "LOCK TABLE ecluse.inbox IN ACCESS EXCLUSIVE MODE",
    "before it is registered": "LOCK TABLE ecluse.submission_sets IN ACCESS EXCLUSIVE MODE",
    "before it is answered": "LOCK TABLE ecluse.letters IN ACCESS EXCLUSIVE MODE",
}


@pytest.mark.parametrize("step", STEPS)
def test_killed_at_a_step_a_letter_is_fed_once_and_answered_once(
    room: Mailroom, scene: Any, door_processes: Callable[[Any, str], list[int]], step: str
) -> None:
    house, sender, lot = room.post.house, fresh("labo"), scene.lot([vsm(scene.patient)])
    before = len(room.rows())
    with closing(house.owner()) as held:
        held.autocommit = False
        held.execute(STEPS[step])
        room.box.put(letter(medium(lot), sender=sender))
        eventually(lambda: room.post.bench.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
        for pid in door_processes(house, "hl7v2"):
            os.kill(pid, signal.SIGKILL)
        held.rollback()

    eventually(lambda: len(room.rows()) > before and room.rows()[-1][0] == "DONE")
    assert room.answer(sender)[2] == ""
    assert len(room.rows()) == before + 1
    assert scene.found() == list(lot.unique_ids)
    assert len(room.post.box.to(sender)) == 1


NOTICE_STEPS = {
    "before it is told": "LOCK TABLE ecluse.letter_recipients IN ACCESS EXCLUSIVE MODE",
    "between the word and its queue": "LOCK TABLE ecluse.acknowledgements IN ACCESS EXCLUSIVE MODE",
}


@pytest.mark.parametrize("step", NOTICE_STEPS)
def test_killed_at_a_step_a_notice_is_told_once(
    room: Mailroom,
    sent: Callable[..., tuple[Any, str, str]],
    door_processes: Callable[[Any, str], list[int]],
    step: str,
) -> None:
    address = fresh("dr")
    message, letter_id, _ = sent(address)
    data = delivery_status(letter_id, address)
    with closing(room.post.house.owner()) as held:
        held.autocommit = False
        held.execute(NOTICE_STEPS[step])
        room.box.put(data)
        eventually(lambda: room.post.bench.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))
        for pid in door_processes(room.post.house, "hl7v2"):
            os.kill(pid, signal.SIGKILL)
        held.rollback()

    assert room.post.told(message) == {address: ("N", "550")}
    eventually(lambda: room.kept(data))
    assert [one.event for one in room.post.bench.receiver.of(message.at("MSH^1^10"))].count("Z02") == 1


def test_the_laboratory_is_the_owner_of_the_mailbox(room: Mailroom) -> None:
    assert room.post.house.credential(f"{LABORATORY}.sign").structure_id == STRUCTURE
