"""Messages of the patient identity feed, in HL7 v2 and v3, and a client that sends the first over MLLP and TLS."""

from __future__ import annotations

import itertools
import socket
import ssl
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self
from xml.sax.saxutils import quoteattr

HL7 = "urn:hl7-org:v3"
AUTHORITY = "1.3.6.1.4.1.21367.2005.13.20.1000"
"""OID of the authority that the sample patients are numbered by."""
_numbers = itertools.count(1)
_INTERACTIONS = {"add": "PRPA_IN201301UV02", "revise": "PRPA_IN201302UV02", "merge": "PRPA_IN201304UV02"}


class Credential(Protocol):
    """What a client certificate is read from: PEM files, the certificate followed by its chain."""

    @property
    def chain_path(self) -> Path: ...

    @property
    def key_path(self) -> Path: ...


def cx(identifier: str, authority: str = AUTHORITY) -> str:
    """The CX of a patient."""
    return f"{identifier}^^^&{authority}&ISO"


def adt(event: str, patient: str, *, version: str = "2.3.1", subsumed: str | None = None, **changes: str) -> bytes:
    """An ADT message about `patient`, the text of PID-3; `subsumed` is that of MRG-1, in an A40.

    `changes` replace a field of MSH (`msh9="…"`) or, by name, a whole segment (`PID="…"`; empty leaves it out).
    """
    structure = "ADT_A39" if event == "A40" else "ADT_A05" if event == "A05" else "ADT_A01"
    now = datetime.now(UTC).strftime("%Y%m%d%H%M%S")
    header = {
        3: "SOURCE",
        4: "HOSPITAL",
        5: "ECLUSE",
        6: "HOUSE",
        7: now,
        9: f"ADT^{event}^{structure}" if version != "2.3.1" else f"ADT^{event}",
        10: f"{next(_numbers)}",
        11: "P",
        12: version,
    }
    header |= {int(name[3:]): value for name, value in changes.items() if name.startswith("msh")}
    fields = "|".join(header.get(number, "") for number in range(3, max(header) + 1))
    segments = {
        "MSH": f"MSH|^~\\&|{fields}",
        "EVN": f"EVN|{event}|{now}",
        "PID": f"PID|||{patient}||ESSAI^CLAIRE||19800101|F",
        "MRG": f"MRG|{subsumed}" if subsumed is not None else "",
        "PV1": "" if event == "A40" else "PV1||O",
    }
    segments |= {name: value for name, value in changes.items() if not name.startswith("msh")}
    return "".join(f"{segment}\r" for segment in segments.values() if segment).encode()


def interaction(event: str, *patients: tuple[str, str], subsumed: tuple[tuple[str, str], ...] = ()) -> bytes:
    """An interaction of ITI-44, `add`, `revise` or `merge`: the child of a SOAP Body. Ids are (extension, root)."""
    name = _INTERACTIONS[event]
    replaced = ""
    if subsumed:
        replaced = (
            '<replacementOf typeCode="RPLC"><priorRegistration classCode="REG" moodCode="EVN">'
            '<statusCode code="obsolete"/><subject1 typeCode="SBJ"><priorRegisteredRole classCode="PAT">'
            f"{_ids(subsumed)}</priorRegisteredRole></subject1></priorRegistration></replacementOf>"
        )
    return (
        f'<{name} xmlns="{HL7}" ITSVersion="XML_1.0"><id root="{uuid.uuid4()}"/>'
        f'<creationTime value="{datetime.now(UTC):%Y%m%d%H%M%S}"/>'
        f'<interactionId root="2.16.840.1.113883.1.6" extension="{name}"/><processingCode code="P"/>'
        '<processingModeCode code="T"/><acceptAckCode code="AL"/>'
        '<receiver typeCode="RCV"><device classCode="DEV" determinerCode="INSTANCE"><id root="1.2.250.1.999.9"/>'
        '</device></receiver><sender typeCode="SND"><device classCode="DEV" determinerCode="INSTANCE">'
        '<id root="1.2.250.1.999.8" extension="SOURCE"/></device></sender>'
        '<controlActProcess classCode="CACT" moodCode="EVN"><subject typeCode="SUBJ">'
        '<registrationEvent classCode="REG" moodCode="EVN"><id nullFlavor="NA"/><statusCode code="active"/>'
        f'<subject1 typeCode="SBJ"><patient classCode="PAT">{_ids(patients)}<statusCode code="active"/>'
        '<patientPerson classCode="PSN" determinerCode="INSTANCE"><name><family>ESSAI</family><given>CLAIRE</given>'
        '</name></patientPerson></patient></subject1><custodian typeCode="CST"><assignedEntity classCode="ASSIGNED">'
        f'<id root="{AUTHORITY}"/></assignedEntity></custodian>{replaced}</registrationEvent></subject>'
        f"</controlActProcess></{name}>"
    ).encode()


def envelope(body: bytes) -> bytes:
    """A SOAP 1.2 request around an interaction, addressed as IHE wants; sent with `content_type(body)`."""
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:a="http://www.w3.org/2005/08/addressing">'
        f'<s:Header><a:Action s:mustUnderstand="true">{_action(body)}</a:Action>'
        f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID></s:Header><s:Body>"
    ).encode() + b"".join((body, b"</s:Body></s:Envelope>"))


def content_type(body: bytes) -> str:
    """The Content-Type of the envelope of an interaction."""
    return f'application/soap+xml; charset=UTF-8; action="{_action(body)}"'


def _action(body: bytes) -> str:
    return f"{HL7}:{body[1 : body.index(b' ')].decode()}"


def _ids(identifiers: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"<id root={quoteattr(root)} extension={quoteattr(extension)}/>" for extension, root in identifiers)


class NoAnswer(Exception):
    """The listener closed the connection without an acknowledgement."""


@dataclass(slots=True)
class MllpClient:
    """One connection to an MLLP listener. `credential` None shows no certificate; `ca` is PEM.

    Every call raises OSError (ssl.SSLError is one) when the connection is refused, cut or silent for `timeout` seconds.
    """

    host: str
    port: int
    credential: Credential | None
    ca: Path
    timeout: float = 10.0
    _sock: ssl.SSLSocket | None = field(default=None, init=False)
    _buffer: bytes = field(default=b"", init=False)

    def send(self, message: bytes) -> bytes:
        """Send one message and wait for its acknowledgement, without frames. Raises NoAnswer."""
        self.send_bytes(b"\x0b" + message + b"\x1c\r")
        return self.receive()

    def send_bytes(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._connected().sendall(data)

    def receive(self) -> bytes:
        """The next acknowledgement, without frame. Raises NoAnswer."""
        sock = self._connected()
        while b"\x1c\r" not in self._buffer:
            received = sock.recv(65536)
            if not received:
                raise NoAnswer
            self._buffer += received
        answer, _, self._buffer = self._buffer.partition(b"\x1c\r")
        return answer.lstrip(b"\x0b")

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._sock is not None:
            self._sock.close()
            self._sock = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _connected(self) -> ssl.SSLSocket:
        if self._sock is None:
            context = ssl.create_default_context(cafile=self.ca)
            if self.credential is not None:
                context.load_cert_chain(self.credential.chain_path, self.credential.key_path)
            plain = socket.create_connection((self.host, self.port), timeout=self.timeout)
            try:
                self._sock = context.wrap_socket(plain, server_hostname="localhost")
            except BaseException:
                plain.close()
                raise
        return self._sock
