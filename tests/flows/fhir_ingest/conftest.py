"""What an establishment sends in FHIR to the real ingest door."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from samples.client.fhir import FhirReply
from samples.documents.vsm import vsm
from samples.fhir.bundle import FhirLot, write_lot


class Hospital:
    """The FHIR software of a hospital, at one patient's record."""

    def __init__(self, scene: Any) -> None:
        self.scene = scene
        self.client = scene.house.fhir("chu-seine", scene.patient.cx)

    def lot(self, *, documents: int = 1, **changes: Any) -> FhirLot:
        """The Bundle of a signed lot of medical summaries."""
        return write_lot(self.scene.lot([vsm(self.scene.patient) for _ in range(documents)], **changes))

    def send(self, resource: Any, *, lenient: bool = False, **headers: str) -> FhirReply:
        """Send a Bundle, or a lot."""
        prefer = {"Prefer": "handling=lenient"} if lenient else {}
        return self.client.post("", getattr(resource, "resource", resource), **prefer, **headers)

    def publish(self, resource: Any, *, lenient: bool = True, **headers: str) -> FhirReply:
        """Publish one DocumentReference."""
        prefer = {"Prefer": "handling=lenient"} if lenient else {}
        return self.client.post("DocumentReference", resource, **{**prefer, **headers})


@pytest.fixture
def hospital(scene: Any) -> Iterator[Hospital]:
    made = Hospital(scene)
    yield made
    made.client.close()


def rules(reply: FhirReply) -> list[str]:
    """The rules of the issues that are errors, those of an answer that refuses."""
    return [
        coding["code"]
        for issue in reply.issues
        if issue["severity"] == "error"
        for coding in issue["details"]["coding"][1:]
    ]
