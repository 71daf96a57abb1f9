"""A laboratory that sends HL7 v2 to the real door, over mutual TLS, and a listener that takes what it is told."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hl7apy.parser import parse_message

from gateway.cli.rehearsal import Rehearsal
from gateway.wire.mllp import FrameReader, frame
from samples.feed import MllpClient
from samples.hl7v2.er7 import Er7
from xds.hl7v2.acknowledgement import write_ack
from xds.hl7v2.acknowledgement_reading import read_acknowledgement
from xds.hl7v2.charsets import decode
from xds.hl7v2.faults import Condition, Fault
from xds.hl7v2.received_acknowledgement import Acknowledgement
from xds.hl7v2.segments import Delimiters, split_segments

LABORATORY, SOFTWARE = "labo-rhone", "LABO^LABORATOIRE"


def eventually(condition: Callable[[], Any], seconds: float = 90.0) -> Any:
    """What a condition gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
    return found


@dataclass(frozen=True)
class Zam:
    """A business acknowledgement as the laboratory reads it; `address` is that of a recipient of MSSanté.

    `reason` is the label of the code, `faults` everything that it stands for.
    """

    of: str
    verdict: str
    code: str
    event: str = "Z01"
    address: str = ""
    reason: str = ""
    faults: str = ""


@dataclass
class Receiver:
    """The laboratory's own listener, MLLP over TLS. `mood` is what it answers: AA, AE, AR; `shut`: it hangs up."""

    mood: str = "AA"
    shut: bool = False
    received: list[Zam] = field(default_factory=list)
    context: ssl.SSLContext | None = None
    _socket: socket.socket = field(init=False)

    def __post_init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def of(self, control_id: str) -> list[Zam]:
        return [one for one in self.received if one.of == control_id]

    def close(self) -> None:
        self._socket.close()

    def _run(self) -> None:
        while True:
            try:
                plain, _ = self._socket.accept()
            except OSError:
                return
            with plain, suppress(OSError, ssl.SSLError):
                if self.context is not None and not self.shut:
                    self._serve(plain, self.context)

    def _serve(self, plain: socket.socket, context: ssl.SSLContext) -> None:
        reader = FrameReader(65536)
        with context.wrap_socket(plain, server_side=True) as sock:
            while data := sock.recv(4096):
                for message in reader.feed(data):
                    self._take(message)
                    fault = Fault(condition=Condition.OTHER, location="MSH^1", text="mood", rejects=self.mood == "AR")
                    header = read_acknowledgement(message + b"MSA|AA|x\r").header
                    sock.sendall(frame(write_ack(header, () if self.mood == "AA" else (fault,))))

    def _take(self, message: bytes) -> None:
        text = decode(message)[0]
        segments = list(split_segments(text.rstrip("\r").split("\r"), Delimiters.of(text)))
        obx, *others = [one for one in segments if one.name == "OBX"]
        err = next((one for one in segments if one.name == "ERR"), None)
        self.received.append(
            Zam(
                of=obx.text(4),
                verdict=obx.text(5),
                code=err.text(5) if err is not None else "",
                event=segments[0].text(9, 2),
                address=others[0].text(5, 4) if others else "",
                reason=err.text(5, 2) if err is not None else "",
                faults=err.text(8) if err is not None else "",
            )
        )


@dataclass(frozen=True)
class Bench:
    """A house with its HL7 v2 door open, and its laboratory."""

    house: Rehearsal
    receiver: Receiver

    def client(self, name: str = LABORATORY, credential: str | None = None) -> MllpClient:
        door = self.house.doors["hl7v2"]
        address = urlsplit(door.url)
        shown = self.house.credential(credential or f"{name}.auth")
        return MllpClient(str(address.hostname), int(address.port or 0), shown, door.ca, timeout=60)

    def send(self, message: Er7 | bytes, name: str = LABORATORY) -> Acknowledgement:
        """The acknowledgement of one message, which hl7apy can read too."""
        with self.client(name) as client:
            answer = client.send(message if isinstance(message, bytes) else message.bytes)
        assert parse_message(answer.decode("latin-1"), find_groups=False).msa.msa_1.to_er7() in ("AA", "AE", "AR")
        return read_acknowledgement(answer)

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with closing(self.house.owner()) as connection:
            return list(connection.execute(statement, parameters).fetchall())

    def of(self, control_id: str) -> tuple[Any, ...]:
        """State, outcome and whether there is still content of the last message of a control id."""
        return self.rows(
            "SELECT state, outcome, content IS NOT NULL FROM ecluse.inbox WHERE control_id = %s"
            " ORDER BY received_at DESC LIMIT 1",
            control_id,
        )[0]

    def settled(self, message: Er7) -> tuple[Any, ...]:
        """What became of a message: state, outcome, whether its content is still there."""
        control_id = message.at("MSH^1^10")
        eventually(lambda: self.of(control_id)[0] != "WAITING")
        return self.of(control_id)

    def told(self, message: Er7) -> Zam:
        """What the laboratory was told last of a message."""
        control_id = message.at("MSH^1^10")
        told: list[Zam] = eventually(lambda: [one for one in self.receiver.of(control_id) if one.event == "Z01"])
        return told[-1]

    def done(self, message: Er7) -> None:
        """Send a message that is accepted, and wait until it is done."""
        answer = self.send(message)
        assert answer.code == "AA", answer.errors
        assert self.settled(message) == ("DONE", "done", False)

    def documents(self, patient: Any) -> dict[str, tuple[str, list[str]]]:
        """Status and confidentiality of the last version of each document of a record, signatures left out."""
        rows = self.rows(
            "SELECT DISTINCT ON (unique_id) unique_id, e.status, codes -> 'confidentialityCode'"
            " FROM ecluse.document_entries e JOIN ecluse.patients USING (patient_key)"
            ' WHERE patient_id = %s AND NOT codes @> \'{"typeCode": ["E1762^^ASTM"]}\''
            " ORDER BY unique_id, version DESC",
            patient.cx,
        )
        return {row[0]: (row[1], sorted(code.partition("^^")[0] for code in row[2])) for row in rows}


def environment(receiver: Receiver, data: Path) -> dict[str, str]:
    return {
        "ECLUSE_HL7V2_ENABLED": "true",
        "ECLUSE_HL7V2_FIRST_PAUSE": "1",
        "ECLUSE_HL7V2_DESTINATIONS": f"{SOFTWARE}=mllps://localhost:{receiver.port}",
        "ECLUSE_HL7V2_DESTINATION_CA": str(data / "hl7v2-destinations.pem"),
    }


def open_bench(house: Rehearsal, receiver: Receiver) -> Bench:
    """Start the house; the receiver has a server certificate of its PKI."""
    house.start()
    pki = house.pki
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own = pki.server("consultation")
    context.load_cert_chain(own.chain_path, own.key_path)
    (house.data / "hl7v2-destinations.pem").write_bytes(pki.ca_for_clients("consultation").read_bytes())
    receiver.context = context
    return Bench(house, receiver)
