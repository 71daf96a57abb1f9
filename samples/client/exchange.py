"""What the clients of both doors share: a session, services, and one exchange of messages."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from lxml import etree
from zeep.plugins import Plugin

from samples.client.addressing import SOAP, Addressing, addressing
from samples.client.answers import UnexpectedAnswer
from samples.client.description import Service
from samples.client.mtom import Message
from samples.client.transport import Credential, MtomTransport, Reply, open_session
from samples.client.vihf import VihfHeader
from xds.ebrim.constants import LCM

MakeVihf: TypeAlias = Callable[[], etree._Element]

EMPTY_LIST: Mapping[str, object] = {"_value_1": []}
"""A `rim:RegistryObjectList` without objects, for zeep: `graft` puts the real one in its place."""


class Metadata(Protocol):
    """What can be registered or updated: `xml` is the `lcm:SubmitObjectsRequest`."""

    @property
    def xml(self) -> etree._Element: ...


class Lot(Metadata, Protocol):
    """What can be provided and registered: `samples.submission.Submission` and `samples.xds.submission` make such.

    `documents` map `xds:Document/@id` to Content-ID, media type and bytes.
    """

    @property
    def documents(self) -> Mapping[str, tuple[str, str, bytes]]: ...


class DoorClient:
    """A session at one door, and the plug-ins of each message; for one credential and one thread, until `close()`."""

    def __init__(self, credential: Credential | None, ca: Path | None, vihf: MakeVihf | None, timeout: float) -> None:
        self.session = open_session(credential, ca)
        self.transport = MtomTransport(self.session, timeout=timeout)
        self._vihf = vihf

    def _service(self, wsdl: str, address: str) -> Service:
        plugins: list[Plugin] = [Addressing(address)]
        if self._vihf is not None:
            plugins.append(VihfHeader(self._vihf))
        return Service(wsdl, address, self.transport, plugins)

    def _exchange(self, service: Service, message: Message) -> Reply:
        reply = self.transport.exchange(service.address, message)
        check_reply(message, reply)
        return reply

    def close(self) -> None:
        """Close the connections."""
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def graft(envelope: etree._Element, request: etree._Element) -> None:
    """Put `request` in the place that zeep made for it, so that metadata travel exactly as they were written."""
    made = next(envelope.iter(f"{{{LCM}}}SubmitObjectsRequest"))
    parent = made.getparent()
    assert parent is not None  # noqa: S101 - it stands in a body at least
    parent.replace(made, copy.deepcopy(request))


def put_in_body(envelope: etree._Element, request: etree._Element) -> None:
    """Make `request` the content of the body, whatever zeep wrote there."""
    body = envelope.find(f"{{{SOAP}}}Body")
    assert body is not None  # noqa: S101 - zeep always writes one
    body[:] = [copy.deepcopy(request)]


def check_reply(message: Message, reply: Reply) -> None:
    """The answer must be to this message (WS-Addressing 1.0 §3.4); one refused before addressing is read names none.

    Raises UnexpectedAnswer.
    """
    found = addressing(reply.root, "RelatesTo")
    if found is not None and found != message.message_id:
        raise UnexpectedAnswer(f"the answer relates to {found}, the request is {message.message_id}")
