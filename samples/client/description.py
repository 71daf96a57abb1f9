"""Where the WSDL of each service is read from, and the zeep client made of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import zeep
from zeep.plugins import Plugin

from samples.client.transport import MtomTransport

# The published description, read as a file: the client shares no code with the doors.
DIRECTORY: Final = Path(__file__).resolve().parents[2] / "gateway" / "wire" / "wsdl"
SERVICES: Final = "/si-dmp-server/v2/services"


class Service:
    """One service of a door: its address, and what zeep knows of it.

    `wsdl` is a file or a URL; `address` is where messages go, whatever the WSDL says.
    """

    def __init__(self, wsdl: str, address: str, transport: MtomTransport, plugins: Sequence[Plugin]) -> None:
        self.address = address
        self.transport = transport
        settings = zeep.Settings(forbid_dtd=True, xml_huge_tree=True)
        self.zeep: Any = zeep.Client(  # type: ignore[no-untyped-call]
            wsdl, transport=transport, plugins=list(plugins), settings=settings
        )

    def envelope(self, operation: str, **values: Any) -> Any:
        """Build the envelope of `operation` with zeep, plug-ins applied; an lxml element."""
        return self.zeep.create_message(self.zeep.service, operation, **values)


def base_url(url: str) -> str:
    """Return the root of a door's URL, whether a service or the door itself is given."""
    return url.partition(SERVICES)[0].rstrip("/")


def service_url(url: str, name: str) -> str:
    """Return the address of the service `name`, `repository` or `registry`."""
    return f"{base_url(url)}{SERVICES}/{name}"
