"""One message to an MLLP listener of somebody else, over TLS, and its acknowledgement."""

from __future__ import annotations

import socket
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

from gateway.wire.mllp import FrameReader, FramingError, frame

_LONGEST_ANSWER = 64 * 1024
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class NotDelivered(Exception):
    """No acknowledgement came: the message may have been taken or not. The text may be logged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MllpAddress:
    """Where a listener is. Without `tls` it is on this machine, or the caller has no business there."""

    host: str
    port: int
    tls: bool

    @classmethod
    def parse(cls, url: str) -> MllpAddress:
        """Read `mllps://host:port`, or `mllp://` of this machine. Raises ValueError."""
        scheme, _, place = url.partition("://")
        host, _, port = place.rpartition(":")
        host = host.strip("[]")
        if scheme not in ("mllp", "mllps") or not host or not port.isdigit() or not 0 < int(port) < 65_536:
            raise ValueError(f"{url!r} is not mllps://host:port")
        if scheme == "mllp" and host not in _LOOPBACK:
            raise ValueError(f"{url!r} is not on this machine: mllps:// is asked for elsewhere")
        return cls(host=host, port=int(port), tls=scheme == "mllps")


@dataclass(frozen=True, slots=True, kw_only=True)
class MllpTrust:
    """The authorities that listeners are verified with, PEM (None: those of the system), and what is shown to them."""

    authorities: Path | None
    certificate: Path
    key: Path


def send(address: MllpAddress, message: bytes, trust: MllpTrust, timeout: float) -> bytes:
    """Send one message and return its acknowledgement, both without frames, within `timeout` seconds.

    Raises NotDelivered.
    """
    deadline = time.monotonic() + timeout
    try:
        with socket.create_connection((address.host, address.port), timeout=timeout) as plain:
            if not address.tls:
                return _exchange(plain, message, deadline)
            with _context(trust).wrap_socket(plain, server_hostname=address.host) as sock:
                return _exchange(sock, message, deadline)
    except ssl.SSLCertVerificationError as error:
        raise NotDelivered(f"its certificate is not trusted: {error.verify_message}") from None
    except (OSError, FramingError) as error:
        raise NotDelivered(f"no acknowledgement: {_why(error)}") from None


def _exchange(sock: socket.socket, message: bytes, deadline: float) -> bytes:
    sock.sendall(frame(message))
    reader = FrameReader(_LONGEST_ANSWER)
    while (left := deadline - time.monotonic()) > 0:
        sock.settimeout(left)
        data = sock.recv(4096)
        if not data:
            raise ConnectionResetError
        answers = reader.feed(data)
        if answers:
            return answers[0]
    raise TimeoutError


def _why(error: OSError | FramingError) -> str:
    """What happened, as a person would say it who looks for the cause."""
    match error:
        case TimeoutError():
            return "it did not answer in time"
        case ConnectionRefusedError() | socket.gaierror():
            return "nobody listens there"
        case ssl.SSLError() if isinstance(error, ssl.SSLEOFError) or "ALERT" in (error.reason or ""):
            said = f" ({error.reason})" if error.reason else ""
            return f"it ended the TLS connection{said}: it may refuse the certificate of this door"
        case ConnectionError():
            return "it ended the connection"
        case _:
            return type(error).__name__


def _context(trust: MllpTrust) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(trust.authorities) if trust.authorities is not None else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(trust.certificate, trust.key)
    return context
