"""A door ready to serve, and where it finds what it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from gateway.database.pool import DoorPool
from gateway.doorkeeper import Doorkeeper
from gateway.settings import DoorSettings, Settings
from security.audit.event import Outcome

if TYPE_CHECKING:  # the supervisor and the door of HL7 v2 have no web application
    from flask import Flask

DOORS = ("ingest", "consultation")
HL7V2 = "hl7v2"
"""The door of HL7 v2 messages: a listener and no web application."""
INBOX_KEY, SEALS = "inbox.key", "seals"
"""In its directory: the key of what it holds, and the sealing keys that establishments entrusted to it."""


@dataclass(frozen=True, slots=True)
class DoorFiles:
    """Where a door finds what it holds: its own directory of the data directory, unless a setting says otherwise."""

    data: Path
    name: str
    settings: DoorSettings

    @property
    def directory(self) -> Path:
        """Its own directory."""
        return self.data / self.name

    @property
    def certificate(self) -> Path:
        """Its server certificate, PEM."""
        return Path(self.settings.certificate or self.directory / "server.pem")

    @property
    def key(self) -> Path:
        """The private key of its server certificate, PEM."""
        return Path(self.settings.key or self.directory / "server.key")

    @property
    def trust(self) -> Path:
        """Its trust anchors, intermediate authorities and CRLs."""
        return Path(self.settings.trust or self.directory / "trust")

    @property
    def staff(self) -> Path:
        """The directory of who works where, CSV; without one nobody acts for what is given to a structure."""
        return self.directory / "directory.csv"

    @property
    def sites(self) -> Path:
        """The sites of legal entities, CSV; without it an assertion names the structure of its certificate."""
        return self.directory / "sites.csv"

    @property
    def audit_key(self) -> Path:
        """The key that hides patient identifiers in its audit events."""
        return self.directory / "audit.key"


@dataclass(frozen=True, slots=True)
class Door:
    """A door ready to serve: its application, who writes down what it refuses, and what its health depends on."""

    app: Flask
    keeper: Doorkeeper
    pool: DoorPool
    blobs: Path
    feed: Callable[[bytes, bytes], bytes] | None = None
    """What answers the messages of a patient identity feed, where there is one: message, certificate (DER)."""

    def reaches_database(self) -> bool:
        """Whether the database answers now."""
        with self.pool.connection() as connection:
            return connection.execute("SELECT 1").fetchone() is not None

    def reaches_documents(self) -> bool:
        """Whether the directory of sealed documents is there."""
        return self.blobs.is_dir()

    def refuse_handshake(self, address: str, reason: str) -> None:
        """Write down a connection that TLS itself refused: nobody is known yet but an address."""
        now = datetime.now(UTC)
        event = self.keeper.witness.event(
            "TLS", Outcome.REFUSED, request_id=str(uuid4()), now=now, objects=(address,), code=f"TLS_REJECTED {reason}"
        )
        self.keeper.audit.append(event)


def door_files(settings: Settings, name: str) -> DoorFiles:
    """The files of one door."""
    sections: dict[str, DoorSettings] = {
        "ingest": settings.ingest,
        "consultation": settings.consultation,
        HL7V2: settings.hl7v2,
    }
    return DoorFiles(Path(settings.data), name, sections[name])


def door_names(settings: Settings) -> tuple[str, ...]:
    """The doors that this house opens: that of HL7 v2 in the DMP, in production where it has a certificate."""
    section = settings.hl7v2
    opens = settings.domain == "dmp" and section.enabled and (settings.mode == "sandbox" or bool(section.certificate))
    return (*DOORS, HL7V2) if opens else DOORS
