"""Two clients that speak with an assertion, right by default, wrong where a scenario asks for it (ITI TF-2 §3.40)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from samples.client.client import ConsultationClient, IngestClient, MakeVihf
from samples.pki.credential import Credential
from samples.xua import build_xua

AUDIENCE = "urn:ecluse:scenarios"
"""What an assertion calls the house that it is meant for."""


class Voice:
    """Both doors, spoken to with assertions: `seal` signs those for ingest, `card` those for consultation."""

    def __init__(
        self,
        open_ingest: Callable[[MakeVihf], IngestClient],
        open_consultation: Callable[[MakeVihf], ConsultationClient],
        *,
        seal: Credential,
        card: Credential,
    ) -> None:
        self._changes: dict[str, Any] = {}
        self.ingest = open_ingest(lambda: build_xua(signer=seal, now=datetime.now(UTC), **self._changes))
        self.consultation = open_consultation(lambda: build_xua(signer=card, now=datetime.now(UTC), **self._changes))

    @contextmanager
    def saying(self, **changes: Any) -> Iterator[Voice]:
        """Within, every assertion has these `changes`: the arguments of `build_xua`."""
        self._changes = {"audience": [[AUDIENCE]], **changes}
        try:
            yield self
        finally:
            self._changes = {}

    def close(self) -> None:
        """Close the connections."""
        self.ingest.close()
        self.consultation.close()
