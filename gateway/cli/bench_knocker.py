"""One connection to a door, kept alive, for measuring: nothing that slows a request down, and nothing else."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gateway.cli.rehearsal import Rehearsal, RehearsalError


@dataclass(frozen=True, slots=True, kw_only=True)
class Knock:
    """One request, ready to be sent, and what its answer holds when it is done."""

    path: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    success: bytes


class Knocker:
    """The connection of the holder of a certificate to a door."""

    def __init__(self, house: Rehearsal, door: str, credential: str) -> None:
        address, holder = house.doors[door], house.credential(credential)
        context = ssl.create_default_context(cafile=str(address.ca))
        context.load_cert_chain(holder.certificate_path, holder.key_path)
        where = urlsplit(address.url)
        self._connection = http.client.HTTPSConnection(where.hostname or "", where.port, context=context)

    def knock(self, knock: Knock) -> float:
        """Send, read the whole answer, and return the milliseconds it took. Raises RehearsalError: not a success."""
        start = time.perf_counter()
        self._connection.request("POST", knock.path, knock.body, dict(knock.headers))
        response = self._connection.getresponse()
        answer = response.read()
        elapsed = (time.perf_counter() - start) * 1000
        if response.status != 200 or knock.success not in answer:
            raise RehearsalError(f"the bench was refused, HTTP {response.status}: {answer[:2000]!r}")
        return elapsed

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
