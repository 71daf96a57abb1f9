"""What feeds the DMP, whatever the door: that of establishments, and that of HL7 v2."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from conformance.checks.content import ContentPolicy
from gateway.assembly.keeper import domain_of, doorkeeper
from gateway.database.pool import DoorPool
from gateway.door import DoorFiles, door_files
from gateway.doorkeeper import Doorkeeper
from gateway.ingest.deletion import DeleteOwnDocuments
from gateway.ingest.deposit import Deposit, NewPatients
from gateway.ingest.dmp_rules import DmpRules
from gateway.ingest.existence import RecordReceipt
from gateway.ingest.provide_and_register import ProvideAndRegister
from gateway.ingest.reference_search import ReferenceSearch
from gateway.settings import IngestSettings, Settings, law_parameters
from profiles.codes import Domain
from security.pki.trust import TrustStore, Usage
from security.signature.lot import LotPolicy
from xds.registry.receipts import RegistryReceipts
from xds.registry.writer import RegistryWriter
from xds.repository.writer import RepositoryWriter


@dataclass(frozen=True, slots=True, kw_only=True)
class DmpUseCases:
    """What whoever feeds the DMP may do, whatever the wire: deposit, find one's own documents, delete them, TD0.2."""

    provide: ProvideAndRegister
    search: ReferenceSearch
    delete: DeleteOwnDocuments
    exists: RecordReceipt
    receipts: RegistryReceipts


def dmp_feeding(settings: Settings, name: str, pool: DoorPool) -> tuple[Doorkeeper, DmpUseCases]:
    """The doorkeeper and the use cases of a door of that name which feeds the DMP, and never admits a card (CPS)."""
    files = door_files(settings, name)
    trust = TrustStore.load(files.trust, sandbox=settings.mode == "sandbox")
    keeper = doorkeeper(settings, files, pool, trust, Usage.INGEST_TLS)
    return keeper, dmp_use_cases(settings, files, pool, keeper, domain_of(settings))


def dmp_use_cases(
    settings: Settings, files: DoorFiles, pool: DoorPool, keeper: Doorkeeper, domain: Domain
) -> DmpUseCases:
    """The use cases, over the stores of one door."""
    rules = DmpRules(
        domain=domain,
        trust=lambda: keeper.gate.trust,
        lot_policy=lot_policy(settings),
        content=content_policy(settings.ingest),
        witness=keeper.witness,
        parameters=law_parameters(settings),
    )
    receipts = RegistryReceipts(pool)
    return DmpUseCases(
        provide=ProvideAndRegister(
            deposit=deposit(pool, keeper),
            repository=RepositoryWriter(files.data / "blobs"),
            rules=rules,
            repository_unique_id=settings.repository_unique_id,
        ),
        search=ReferenceSearch(
            receipts=receipts, audit=keeper.audit, witness=keeper.witness, parameters=law_parameters(settings)
        ),
        delete=DeleteOwnDocuments(
            receipts=receipts,
            registry=RegistryWriter(pool),
            domain=domain,
            witness=keeper.witness,
            parameters=law_parameters(settings),
        ),
        exists=RecordReceipt(
            receipts=receipts, audit=keeper.audit, witness=keeper.witness, parameters=law_parameters(settings)
        ),
        receipts=receipts,
    )


def lot_policy(settings: Settings) -> LotPolicy:
    """How old the signature of a lot may be, and how far clocks may differ."""
    return LotPolicy(
        clock_skew=timedelta(seconds=settings.vihf.clock_skew),
        max_signature_age=timedelta(seconds=settings.ingest.signature_max_age),
    )


def deposit(pool: DoorPool, keeper: Doorkeeper, new_patients: NewPatients | None = None) -> Deposit:
    """What all submissions go through. `new_patients` opens records that no feed announced; None: nothing does."""
    return Deposit(
        receipts=RegistryReceipts(pool),
        registry=RegistryWriter(pool),
        witness=keeper.witness,
        new_patients=new_patients,
    )


def content_policy(section: IngestSettings) -> ContentPolicy:
    """What the house does with a document that breaks its profile, wherever it is to go."""
    refused, reported = frozenset(section.refused_profiles.split()), frozenset(section.reported_profiles.split())
    return ContentPolicy(
        refused=refused if section.refuse_invalid else frozenset(),
        reported=reported if section.refuse_invalid else refused | reported,
        only_reported=frozenset(section.reported_rules.split()),
    )
