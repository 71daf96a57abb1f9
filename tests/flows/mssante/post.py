"""A laboratory whose letters go through a real SMTP server, over TLS, with a client certificate and a log-in."""

from __future__ import annotations

import io
import itertools
import ssl
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from gateway.cli.rehearsal import Rehearsal
from samples.documents.elements import new_oid
from samples.documents.laboratory_report import laboratory_report
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import FlowName, oru
from xds.xdm.media import Media
from xds.xdm.reader import read_medium

from ...gateway.jobs.smtp_server import Delivery, Mailbox, Server
from ..hl7v2.laboratory import LABORATORY, Bench, Receiver, Zam, environment, eventually, open_bench

MAILBOX = "pfi@labo-rhone.mssante.fr"
ACCOUNT = ("pfi", "secret-de-la-boite")
_numbers = itertools.count(1)


def fresh(name: str = "dr") -> str:
    """An address that no other test writes to."""
    return f"{name}.{next(_numbers)}@hopital.mssante.fr"


def for_mssante(
    patient: Any,
    *mailboxes: str,
    to_patient: bool = False,
    documents: Sequence[bytes] = (),
    flow: FlowName = "initial",
    **said: str,
) -> Er7:
    """A report for these mailboxes, the patient's too, and not for the DMP unless it is said."""
    asked = {
        "DESTDMP": "N",
        "DESTMSSANTEPS": "Y" if mailboxes else "N",
        "DESTMSSANTEPAT": "Y" if to_patient else "N",
        **said,
    }
    return oru(
        *(documents or (laboratory_report(patient, unique_id=new_oid()),)),
        flow=flow,
        patient=patient,
        said=asked,
        mailboxes=mailboxes,
        to_patient=to_patient,
    )


def mailbox_of(patient: Any) -> str:
    """The mailbox of a patient (Mon espace santé)."""
    return f"{patient.ins}@patient.mssante.fr"


@dataclass(frozen=True)
class Post:
    """A house that sends letters, its laboratory, and the server of its operator."""

    bench: Bench
    box: Mailbox

    @property
    def house(self) -> Rehearsal:
        return self.bench.house

    def letters(self, message: Er7) -> list[tuple[Any, ...]]:
        """Kind, state, outcome and whether there is still content of the letters of a message."""
        return self.bench.rows(
            "SELECT l.kind, l.state, l.outcome, l.content IS NOT NULL FROM ecluse.letters l"
            " JOIN ecluse.inbox i USING (message_id) WHERE i.control_id = %s ORDER BY l.kind DESC",
            message.at("MSH^1^10"),
        )

    def delivered(self, address: str, number: int = 1) -> Delivery:
        """The last of so many letters that the server took for an address, as soon as they are there."""
        found: list[Delivery] = eventually(lambda: (taken := self.box.to(address))[number - 1 :] and taken)
        return found[-1]

    def settled(self, message: Er7) -> list[tuple[Any, ...]]:
        """What became of the letters of a message: none of them waits any more."""
        assert self.bench.settled(message)[0] in ("DONE", "PARKED")
        eventually(lambda: all(state != "WAITING" for _, state, _, _ in self.letters(message)))
        return self.letters(message)

    def told(self, message: Er7, event: str = "Z02", number: int = 1) -> dict[str, tuple[str, str]]:
        """Verdict and code by address, of so many acknowledgements of one kind at least."""
        found: list[Zam] = eventually(
            lambda: (zams := self._zams(message, event))[number - 1 :] and zams  # as soon as there are enough
        )
        return {one.address: (one.verdict, one.code) for one in found}

    def silent(self, message: Er7, event: str = "Z02") -> bool:
        """Whether nothing of that kind is told or waits to be."""
        waiting = self.bench.rows(
            "SELECT 1 FROM ecluse.acknowledgements a JOIN ecluse.inbox i USING (message_id)"
            " WHERE i.control_id = %s AND a.event = %s",
            message.at("MSH^1^10"),
            event,
        )
        return not waiting and not self._zams(message, event)

    def _zams(self, message: Er7, event: str) -> list[Zam]:
        return [one for one in self.bench.receiver.of(message.at("MSH^1^10")) if one.event == event]


def mail_settings(port: int, data: Path) -> dict[str, str]:
    """The settings of a house whose letters go to a server of ours."""
    said = {
        "MAILBOX": MAILBOX,
        "SMTP_HOST": "localhost",
        "SMTP_PORT": str(port),
        "SMTP_CA": str(data / "mssante-server-ca.pem"),
        "SMTP_CERTIFICATE": str(data / "mssante-client.pem"),
        "SMTP_KEY": str(data / "mssante-client.key"),
        "SMTP_USER": ACCOUNT[0],
        "SMTP_PASSWORD": ACCOUNT[1],
        "TIMEOUT": "20",
        "ATTEMPTS": "4",
        "FIRST_PAUSE": "1",
        "POLL_SECONDS": "1",
    }
    return {f"ECLUSE_MSSANTE_{name}": value for name, value in said.items()}


def open_post(directory: Path, receiver: Receiver, extra: dict[str, str] | None = None) -> tuple[Post, Server]:
    """Start a house with its server, which asks for a test certificate and for a log-in, and tells of delivery.

    `extra` are settings of the environment besides.
    """
    box = Mailbox(extensions=("DSN", "SIZE 20000000"), account=ACCOUNT, tls_first=True)
    server, data = Server(box), directory / "data"
    surroundings = {**environment(receiver, data), **mail_settings(server.port, data), **(extra or {})}
    house = Rehearsal(surroundings, directory=directory)
    bench = open_bench(house, receiver)
    client = house.credential(f"{LABORATORY}.auth")
    (data / "mssante-client.pem").write_bytes(client.chain_path.read_bytes())
    (data / "mssante-client.key").write_bytes(client.key_path.read_bytes())
    (data / "mssante-server-ca.pem").write_bytes(house.pki.ca_for_clients("consultation").read_bytes())
    box.tls = server_context(house)
    return Post(bench, box), server


def server_context(house: Rehearsal) -> ssl.SSLContext:
    """TLS of a server of the operator: its certificate is of the test PKI, and so must be that of its client."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own = house.pki.server("consultation")
    context.load_cert_chain(own.chain_path, own.key_path)
    trust = house.pki.trust("ingest")
    for name in ("roots.pem", "intermediates.pem"):
        context.load_verify_locations(trust / name)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def attachments(letter: EmailMessage) -> dict[str, bytes]:
    """The attachments of a letter by file name, in order."""
    return {
        str(one.get_filename()): content
        for one in letter.iter_attachments()
        if isinstance(content := one.get_content(), bytes)
    }


def medium_of(letter: EmailMessage) -> Media:
    """The medium that a letter carries; any ZIP reader can open it."""
    archive = attachments(letter)["IHE_XDM.zip"]
    assert zipfile.ZipFile(io.BytesIO(archive)).testzip() is None
    return read_medium(archive)


def text_of(letter: EmailMessage) -> str:
    """What a reader sees first."""
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())
