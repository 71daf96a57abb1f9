"""Every object of a door, built once, from its settings and its own directory: what is not here, the door has not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from flask import Flask

from gateway.consultation import app as consultation_app
from gateway.consultation.registry_stored_query import RegistryStoredQuery
from gateway.consultation.retrieve_document_set import RetrieveDocumentSet
from gateway.database.pool import DoorPool, open_pool
from gateway.database.roles import DatabaseRole, read_url
from gateway.gate import Gate, Witness
from gateway.ingest import app as ingest_app
from gateway.ingest.provide_and_register import ProvideAndRegister
from gateway.settings import ConsultationSettings, DoorSettings, IngestSettings, Settings
from gateway.soap_door import Doorkeeper
from gateway.wire.mtom import MimeLimits
from profiles.codes import load_domain
from security.at_rest.record_keys import load_kek
from security.audit.event import Outcome
from security.audit.trail import AuditTrail
from security.pki.trust import TrustStore, Usage
from security.replay import DatabaseReplayStore
from security.signature.lot import LotPolicy
from security.vihf.policy import VihfPolicy
from xds.registry.reader import RegistryReader
from xds.registry.receipts import RegistryReceipts
from xds.registry.writer import RegistryWriter
from xds.repository.reader import RepositoryReader
from xds.repository.writer import RepositoryWriter

DOORS = (ingest_app.NAME, consultation_app.NAME)


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
    section = settings.ingest if name == ingest_app.NAME else settings.consultation
    return DoorFiles(Path(settings.data), name, section)


def build(settings: Settings, name: str) -> Door:
    """Build one door by its name."""
    return {ingest_app.NAME: ingest_door, consultation_app.NAME: consultation_door}[name](settings)


def ingest_door(settings: Settings) -> Door:
    """Door 1: writers, receipts and public keys; no reader, no private key."""
    files = door_files(settings, ingest_app.NAME)
    section: IngestSettings = settings.ingest
    blobs = files.data / "blobs"
    pool = open_pool(read_url(files.data, DatabaseRole.INGEST), size=section.threads, name="ecluse-ingest")
    trust = TrustStore.load(
        files.trust, sandbox=settings.mode == "sandbox", professional_feeding=section.professional_feeding
    )
    gate = Gate(trust, Usage.INGEST_TLS, _policy(settings, ingest_app.NAME), DatabaseReplayStore(pool))
    audit = AuditTrail(pool)
    witness = Witness(ingest_app.NAME, files.audit_key.read_bytes())
    use_case = ProvideAndRegister(
        receipts=RegistryReceipts(pool),
        registry=RegistryWriter(pool),
        repository=RepositoryWriter(blobs),
        trust=lambda: gate.trust,
        domain=load_domain(),
        witness=witness,
        repository_unique_id=settings.repository_unique_id,
        refuse_invalid=section.refuse_invalid,
        lot_policy=LotPolicy(
            clock_skew=timedelta(seconds=settings.vihf.clock_skew),
            max_signature_age=timedelta(seconds=section.signature_max_age),
        ),
    )
    keeper = Doorkeeper(gate, audit, witness, MimeLimits(body=settings.limits.body))
    return Door(ingest_app.create(keeper, use_case), keeper, pool, blobs)


def consultation_door(settings: Settings) -> Door:
    """Door 2: readers and the private keys; no writer."""
    files = door_files(settings, consultation_app.NAME)
    section: ConsultationSettings = settings.consultation
    blobs = files.data / "blobs"
    pool = open_pool(read_url(files.data, DatabaseRole.CONSULTATION), size=section.threads, name="ecluse-consultation")
    trust = TrustStore.load(files.trust, sandbox=settings.mode == "sandbox")
    gate = Gate(trust, Usage.CONSULTATION_TLS, _policy(settings, consultation_app.NAME), DatabaseReplayStore(pool))
    audit = AuditTrail(pool)
    witness = Witness(consultation_app.NAME, files.audit_key.read_bytes())
    registry = RegistryReader(pool)
    stored_query = RegistryStoredQuery(registry=registry, audit=audit, witness=witness)
    retrieve = RetrieveDocumentSet(
        registry=registry,
        repository=RepositoryReader(blobs),
        kek=load_kek(files.directory / "kek"),
        audit=audit,
        witness=witness,
        repository_unique_id=settings.repository_unique_id,
    )
    keeper = Doorkeeper(gate, audit, witness, MimeLimits(body=settings.limits.body))
    return Door(consultation_app.create(keeper, stored_query, retrieve), keeper, pool, blobs)


def _policy(settings: Settings, door: str) -> VihfPolicy:
    vihf = settings.vihf
    return VihfPolicy(
        door="ingest" if door == ingest_app.NAME else "consultation",
        clock_skew=timedelta(seconds=vihf.clock_skew),
        max_age=timedelta(seconds=vihf.max_age),
        replay=vihf.replay,
        direct_signature=vihf.direct_signature,
        professional_feeding=door == ingest_app.NAME and settings.ingest.professional_feeding,
        allow_sha1=vihf.allow_sha1,
    )
