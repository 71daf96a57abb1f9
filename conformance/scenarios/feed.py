"""Patients announced to a house and merged in it, through its own patient feed (ITI TF-2 §3.44)."""

from __future__ import annotations

from samples.client.client import IngestClient
from samples.feed import interaction
from samples.xds.patients import DomainPatient
from security import xml


class FeedRefused(RuntimeError):
    """The house did not take what the feed said; the text holds its acknowledgement."""


class Feed:
    """The identity feed of a house, ITI-44. Every method raises FeedRefused, and what `IngestClient` raises."""

    def __init__(self, ingest: IngestClient) -> None:
        self.ingest = ingest

    def announce(self, patient: DomainPatient) -> None:
        """Make a patient known."""
        self._send(interaction("add", _id(patient)))

    def merge(self, survivor: DomainPatient, subsumed: DomainPatient) -> None:
        """Make one patient of two."""
        self._send(interaction("merge", _id(survivor), subsumed=(_id(subsumed),)))

    def _send(self, message: bytes) -> None:
        answer = self.ingest.announce(xml.parse(message))
        if not answer.accepted:
            raise FeedRefused(f"{answer.code}: {'; '.join(answer.details)}")


def _id(patient: DomainPatient) -> tuple[str, str]:
    return patient.identifier, patient.authority
