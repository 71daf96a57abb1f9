"""The ingest door: writers, receipts and public keys; no reader, no private key, and nothing of the other door."""

from __future__ import annotations

from gateway.assembly.dmp_feeding import DmpUseCases, deposit, dmp_use_cases, lot_policy
from gateway.assembly.keeper import domain_of, doorkeeper
from gateway.database.pool import DoorPool, open_pool
from gateway.database.roles import DatabaseRole, read_url
from gateway.door import Door, DoorFiles, door_files
from gateway.doorkeeper import Doorkeeper
from gateway.ingest import (
    app,
    iti8,
    iti18,
    iti41,
    iti42,
    iti44,
    iti57,
    td02,
    td03,
    td04,
    xdm_upload,
)
from gateway.ingest.affinity_rules import AffinityRules
from gateway.ingest.feeding import operation_of
from gateway.ingest.patient_identity_feed import PatientIdentityFeed
from gateway.ingest.provide_and_register import ProvideAndRegister
from gateway.ingest.register_document_set import RegisterDocumentSet
from gateway.ingest.structure_authorisation import DeclareStructure
from gateway.ingest.structure_records import StructureRecords
from gateway.ingest.xdm_upload import MediumDeposits, XdmPolicy
from gateway.server.body import BodyMemory
from gateway.settings import Settings, law_parameters, may_be_lenient, speaks_fhir
from gateway.soap_door import Operation
from profiles.codes import Domain
from security.at_rest.wrapping import load_wrapping_public_key
from security.pki.trust import TrustStore, Usage
from xds.registry.patients import PatientFeed
from xds.registry.receipts import RegistryReceipts
from xds.registry.structure_authorisations import StructureAuthorisations
from xds.repository.writer import RepositoryWriter


def build(settings: Settings) -> Door:
    """Build the door, in the domain of the house."""
    files = door_files(settings, app.NAME)
    pool = open_pool(read_url(files.data, DatabaseRole.INGEST), size=settings.ingest.threads, name="ecluse-ingest")
    trust = TrustStore.load(
        files.trust,
        sandbox=settings.mode == "sandbox",
        professional_feeding=settings.ingest.professional_feeding,
    )
    keeper = doorkeeper(settings, files, pool, trust, Usage.INGEST_TLS)
    of_domain = _dmp if settings.domain == "dmp" else _generic
    return of_domain(settings, files, pool, keeper, domain_of(settings))


def _dmp(settings: Settings, files: DoorFiles, pool: DoorPool, keeper: Doorkeeper, domain: Domain) -> Door:
    own = dmp_use_cases(settings, files, pool, keeper, domain)
    web = app.create(keeper, settings.domain, _dmp_operations(settings, pool, keeper, own))
    if speaks_fhir(settings):
        from gateway.assembly import ingest_fhir

        ingest_fhir.mount(web, own, keeper, settings)
        # The tokens of FHIR open the address of media too.
        xdm_upload.mount(web, keeper, MediumDeposits.of(own.provide, _xdm_policy(settings)))
    return Door(web, keeper, pool, files.data / "blobs")


def _xdm_policy(settings: Settings) -> XdmPolicy:
    """How media that are sent to the door are taken: as lots in FHIR are."""
    return XdmPolicy(
        lenient=settings.fhir.handling == "lenient",
        may_be_lenient=may_be_lenient(settings),
        size=settings.limits.body,
        memory=BodyMemory(settings.limits.memory),
        patience=float(settings.limits.idle),
    )


def _dmp_operations(settings: Settings, pool: DoorPool, keeper: Doorkeeper, own: DmpUseCases) -> tuple[Operation, ...]:
    return (
        iti41.operation(own.provide, operation_of),
        iti18.operation(own.search),
        iti57.operation(own.delete),
        td02.operation(own.exists),
        *_structure_transactions(settings, pool, keeper),
    )


def _structure_transactions(settings: Settings, pool: DoorPool, keeper: Doorkeeper) -> tuple[Operation, ...]:
    """TD0.3 and TD0.4 of a structure, which has no card."""
    authorisations = StructureAuthorisations(pool)
    parameters = law_parameters(settings)
    declare = DeclareStructure(
        receipts=RegistryReceipts(pool), authorisations=authorisations, witness=keeper.witness, parameters=parameters
    )
    listed = StructureRecords(authorisations=authorisations, witness=keeper.witness, parameters=parameters)
    return (td03.operation(declare), td04.operation(listed))


def _generic(settings: Settings, files: DoorFiles, pool: DoorPool, keeper: Doorkeeper, domain: Domain) -> Door:
    feed = PatientIdentityFeed(
        patients=PatientFeed(pool),
        wrapping=load_wrapping_public_key(files.directory / "wrapping.pub"),
        authorities=domain.patient_authorities,
        witness=keeper.witness,
        audit=keeper.audit,
    )
    operations = (*_generic_deposits(settings, files, pool, keeper, domain, feed), *iti44.operations(feed))
    web = app.create(keeper, settings.domain, operations)
    return Door(web, keeper, pool, files.data / "blobs", iti8.handler(feed, keeper))


def _generic_deposits(
    settings: Settings,
    files: DoorFiles,
    pool: DoorPool,
    keeper: Doorkeeper,
    domain: Domain,
    feed: PatientIdentityFeed,
) -> tuple[Operation, ...]:
    rules = AffinityRules(
        domain=domain,
        trust=lambda: keeper.gate.trust,
        lot_policy=lot_policy(settings) if settings.ihe.lot_signature == "required" else None,
    )
    deposits = deposit(pool, keeper, feed.accept if settings.ihe.patients == "accept_all" else None)
    own = settings.repository_unique_id
    provide = ProvideAndRegister(
        deposit=deposits, repository=RepositoryWriter(files.data / "blobs"), rules=rules, repository_unique_id=own
    )
    register = RegisterDocumentSet(deposit=deposits, domain=domain, repository_unique_id=own)
    on_demand = RegisterDocumentSet(deposit=deposits, domain=domain, repository_unique_id=own, on_demand=True)
    return (iti41.operation(provide), iti42.operation(register), iti42.operation(on_demand))
