"""Every object of a door, built once, from its settings and its own directory: what is not here, the door has not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from conformance.checks.content import ContentPolicy
from gateway import assertions, fhir_assembly
from gateway.consultation import app as consultation_app
from gateway.consultation import fhir_operations as consultation_fhir
from gateway.consultation import iti18, iti43, iti51, iti57, iti62, iti86, td02, td03, td04, td05, td09, td11
from gateway.consultation.authorisations import DeclareAuthorisation, ListProfessionals
from gateway.consultation.change_document import ChangeDocuments
from gateway.consultation.change_orders import law_of
from gateway.consultation.my_records import MyRecords
from gateway.consultation.patient_access import ChangeChannels, OpenAccess, RenewAccess
from gateway.consultation.patient_search import PatientSearch
from gateway.consultation.record_administration import ChangeRecord, ReactivateRecord
from gateway.consultation.record_closing import CloseRecord
from gateway.consultation.record_creation import CreateRecord
from gateway.consultation.record_desk import RecordDesk
from gateway.consultation.record_existence import RecordExistence
from gateway.consultation.registry_stored_query import RegistryStoredQuery
from gateway.consultation.remove_documents import RemoveDocuments
from gateway.consultation.remove_metadata import RemoveMetadata
from gateway.consultation.retrieve_document_set import RetrieveDocumentSet
from gateway.consultation.update_document_set import UpdateDocumentSet
from gateway.consultation.web_link import FollowLink
from gateway.database.pool import DoorPool, open_pool
from gateway.database.roles import DatabaseRole, read_url
from gateway.door import Door, DoorFiles, door_files
from gateway.gate import Gate, Witness
from gateway.ingest import app as ingest_app
from gateway.ingest import fhir_operations, iti8, iti41, iti42, iti44
from gateway.ingest import iti18 as own_iti18
from gateway.ingest import iti57 as own_iti57
from gateway.ingest import td02 as own_td02
from gateway.ingest import td03 as own_td03
from gateway.ingest import td04 as own_td04
from gateway.ingest.affinity_rules import AffinityRules
from gateway.ingest.deletion import DeleteOwnDocuments
from gateway.ingest.deposit import Deposit
from gateway.ingest.dmp_rules import DmpRules
from gateway.ingest.existence import RecordReceipt
from gateway.ingest.feeding import operation_of
from gateway.ingest.patient_identity_feed import PatientIdentityFeed
from gateway.ingest.provide_and_register import ProvideAndRegister
from gateway.ingest.reference_search import ReferenceSearch
from gateway.ingest.register_document_set import RegisterDocumentSet
from gateway.ingest.structure_authorisation import DeclareStructure
from gateway.ingest.structure_records import StructureRecords
from gateway.settings import IngestSettings, Settings, law_parameters, speaks_fhir
from gateway.soap_door import Doorkeeper, Operation
from gateway.wire.mtom import MimeLimits
from profiles.affinity import load_affinity_domain
from profiles.codes import Domain, load_domain
from security.at_rest.record_keys import load_kek
from security.at_rest.wrapping import load_wrapping_public_key
from security.audit.trail import AuditTrail
from security.directory import DirectoryFiles
from security.pki.trust import TrustStore, Usage
from security.replay import DatabaseReplayStore
from security.signature.lot import LotPolicy
from xds.mhd.document_reference import IdPolicy
from xds.registry.amendments import Amendments
from xds.registry.authorised_records import AuthorisedRecords
from xds.registry.patients import PatientFeed
from xds.registry.reader import RegistryReader
from xds.registry.receipts import RegistryReceipts
from xds.registry.record_lists import RecordLists
from xds.registry.record_office import RecordOffice
from xds.registry.registered_documents import RegisteredDocuments
from xds.registry.registered_reader import RegisteredReader
from xds.registry.structure_authorisations import StructureAuthorisations
from xds.registry.whole_documents import WholeDocuments
from xds.registry.writer import RegistryWriter
from xds.repository.reader import RepositoryReader
from xds.repository.remover import RepositoryRemover
from xds.repository.writer import RepositoryWriter

_ENVELOPE = 4 * 1024 * 1024
_GENERIC_ENVELOPE = 16 * 1024 * 1024
"""Bytes of the largest envelope: in a generic domain documents may stand inside it, in base64."""


def build(settings: Settings, name: str) -> Door:
    """Build one door by its name."""
    return {ingest_app.NAME: ingest_door, consultation_app.NAME: consultation_door}[name](settings)


def ingest_door(settings: Settings) -> Door:
    """Door 1: writers, receipts and public keys; no reader, no private key."""
    files = door_files(settings, ingest_app.NAME)
    pool = open_pool(read_url(files.data, DatabaseRole.INGEST), size=settings.ingest.threads, name="ecluse-ingest")
    trust = TrustStore.load(
        files.trust,
        sandbox=settings.mode == "sandbox",
        professional_feeding=settings.ingest.professional_feeding,
    )
    keeper = _keeper(settings, files, pool, trust, Usage.INGEST_TLS)
    domain = _domain(settings)
    if settings.domain == "dmp":
        own = _dmp_use_cases(settings, files, pool, keeper, domain)
        app = ingest_app.create(keeper, settings.domain, _dmp_deposits(settings, pool, keeper, own))
        documents = fhir_operations.operations(
            own.provide, own.search, own.delete, own.receipts, settings.fhir.deletion
        )
        offered = fhir_assembly.ingest_operations(own.exists, documents)
        fhir_assembly.mount(app, ingest_app.NAME, offered, keeper, settings)
        return Door(app, keeper, pool, files.data / "blobs")
    feed = PatientIdentityFeed(
        patients=PatientFeed(pool),
        wrapping=load_wrapping_public_key(files.directory / "wrapping.pub"),
        authorities=domain.patient_authorities,
        witness=keeper.witness,
        audit=keeper.audit,
    )
    operations = (*_generic_deposits(settings, files, pool, keeper, domain, feed), *iti44.operations(feed))
    app = ingest_app.create(keeper, settings.domain, operations)
    return Door(app, keeper, pool, files.data / "blobs", iti8.handler(feed, keeper))


def consultation_door(settings: Settings) -> Door:
    """Door 2: readers and the private keys; no writer of deposits."""
    files = door_files(settings, consultation_app.NAME)
    pool = open_pool(
        read_url(files.data, DatabaseRole.CONSULTATION),
        size=settings.consultation.threads,
        name="ecluse-consultation",
    )
    trust = TrustStore.load(files.trust, sandbox=settings.mode == "sandbox")
    keeper = _keeper(settings, files, pool, trust, Usage.CONSULTATION_TLS)
    blobs = files.data / "blobs"
    registry = RegistryReader(pool)
    generic = settings.domain == "ihe"
    stored_query = RegistryStoredQuery(
        registry=registry,
        audit=keeper.audit,
        witness=keeper.witness,
        law=None if generic else law_parameters(settings),
        home=settings.ihe.home_community_id or None if generic else None,
    )
    retrieve = RetrieveDocumentSet(
        registry=registry,
        repository=RepositoryReader(blobs),
        kek=load_kek(files.directory / "kek", files.directory / "wrapping.key" if generic else None),
        audit=keeper.audit,
        witness=keeper.witness,
        repository_unique_id=settings.repository_unique_id,
        law=None if generic else law_parameters(settings),
    )
    operations = [iti18.operation(stored_query), iti43.operation(retrieve)]
    if generic:
        operations += [iti51.operation(stored_query), *_amendments(settings, pool, keeper, blobs)]
    else:
        operations.append(iti57.operation(_dmp_changes(settings, pool, keeper), law_of))
        operations += _record_transactions(settings, files, pool, keeper)
    app = consultation_app.create(keeper, settings.domain, operations)
    if not generic:
        td09.add(app, keeper, _web_links(settings, pool, keeper))
        read = consultation_fhir.operations(
            stored_query,
            retrieve,
            _dmp_changes(settings, pool, keeper),
            WholeDocuments(pool),
            id_policy=IdPolicy(settings.fhir.id_policy),
            deletion=settings.fhir.deletion,
        )
        offered = fhir_assembly.consultation_operations(RecordExistence(desk=_desk(settings, pool, keeper)), read)
        fhir_assembly.mount(app, consultation_app.NAME, offered, keeper, settings)
    return Door(app, keeper, pool, blobs)


def _record_transactions(
    settings: Settings, files: DoorFiles, pool: DoorPool, keeper: Doorkeeper
) -> tuple[Operation, ...]:
    """TD0.2 to TD1.6, for holders of a card."""
    desk = _desk(settings, pool, keeper)
    lists, authorities = RecordLists(pool), _domain(settings).patient_authorities
    creation = CreateRecord(desk=desk, kek=load_kek(files.directory / "kek"), authorities=authorities)
    records = td11.RecordUseCases(
        create=creation,
        reactivate=ReactivateRecord(desk=desk),
        change=ChangeRecord(desk=desk),
        close=CloseRecord(desk=desk),
    )
    access = td04.AccessUseCases(
        open=OpenAccess(desk=desk), channels=ChangeChannels(desk=desk), renew=RenewAccess(desk=desk)
    )
    return (
        *td02.operations(RecordExistence(desk=desk)),
        *td03.operations(DeclareAuthorisation(desk=desk), ListProfessionals(desk=desk)),
        *td04.operations(MyRecords(desk=desk, records=AuthorisedRecords(pool)), access),
        td05.operation(PatientSearch(desk=desk, lists=lists)),
        *td11.operations(records),
    )


def _desk(settings: Settings, pool: DoorPool, keeper: Doorkeeper) -> RecordDesk:
    return RecordDesk(
        office=RecordOffice.of_pool(pool),
        witness=keeper.witness,
        audit=keeper.audit,
        parameters=law_parameters(settings),
    )


def _web_links(settings: Settings, pool: DoorPool, keeper: Doorkeeper) -> FollowLink:
    """TD0.9, for holders of a card, in a browser."""
    desk = _desk(settings, pool, keeper)
    return FollowLink(desk=desk, authorities=tuple(sorted(_domain(settings).patient_authorities)))


def _dmp_changes(settings: Settings, pool: DoorPool, keeper: Doorkeeper) -> ChangeDocuments:
    return ChangeDocuments(
        office=RecordOffice.of_pool(pool),
        registered=RegisteredReader(pool),
        documents=RegisteredDocuments(pool),
        amendments=Amendments(pool),
        domain=_domain(settings),
        witness=keeper.witness,
        parameters=law_parameters(settings),
    )


def _keeper(settings: Settings, files: DoorFiles, pool: DoorPool, trust: TrustStore, usage: Usage) -> Doorkeeper:
    """Who admits and who writes it down, at one door of one domain."""
    make = assertions.vihf if settings.domain == "dmp" else assertions.xua
    directory = DirectoryFiles(files.staff, files.sites)
    replay = DatabaseReplayStore(pool)
    bearer = assertions.token(settings, files.name, replay) if speaks_fhir(settings) else None
    gate = Gate(trust, usage, make(settings, files.name, replay), directory, bearer)
    generic = settings.domain == "ihe"
    limits = MimeLimits(
        body=settings.limits.body, root=_GENERIC_ENVELOPE if generic else _ENVELOPE, ignore_unnamed=generic
    )
    return Doorkeeper(gate, AuditTrail(pool), Witness(files.name, files.audit_key.read_bytes()), limits)


def _domain(settings: Settings) -> Domain:
    if settings.domain == "dmp":
        return load_domain()
    return load_affinity_domain(settings.ihe.codes, settings.ihe.authorities)


def _lot_policy(settings: Settings) -> LotPolicy:
    return LotPolicy(
        clock_skew=timedelta(seconds=settings.vihf.clock_skew),
        max_signature_age=timedelta(seconds=settings.ingest.signature_max_age),
    )


def _deposit(pool: DoorPool, keeper: Doorkeeper, new_patients: Callable[..., bool] | None = None) -> Deposit:
    return Deposit(
        receipts=RegistryReceipts(pool),
        registry=RegistryWriter(pool),
        witness=keeper.witness,
        new_patients=new_patients,
    )


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
    keeper = _keeper(settings, files, pool, trust, Usage.INGEST_TLS)
    return keeper, _dmp_use_cases(settings, files, pool, keeper, _domain(settings))


def _dmp_use_cases(
    settings: Settings, files: DoorFiles, pool: DoorPool, keeper: Doorkeeper, domain: Domain
) -> DmpUseCases:
    rules = DmpRules(
        domain=domain,
        trust=lambda: keeper.gate.trust,
        lot_policy=_lot_policy(settings),
        content=_content_policy(settings.ingest),
        witness=keeper.witness,
        parameters=law_parameters(settings),
    )
    receipts = RegistryReceipts(pool)
    return DmpUseCases(
        provide=ProvideAndRegister(
            deposit=_deposit(pool, keeper),
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


def _dmp_deposits(settings: Settings, pool: DoorPool, keeper: Doorkeeper, own: DmpUseCases) -> tuple[Operation, ...]:
    return (
        iti41.operation(own.provide, operation_of),
        own_iti18.operation(own.search),
        own_iti57.operation(own.delete),
        own_td02.operation(own.exists),
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
    return (own_td03.operation(declare), own_td04.operation(listed))


def _content_policy(section: IngestSettings) -> ContentPolicy:
    refused, reported = frozenset(section.refused_profiles.split()), frozenset(section.reported_profiles.split())
    return ContentPolicy(
        refused=refused if section.refuse_invalid else frozenset(),
        reported=reported if section.refuse_invalid else refused | reported,
        only_reported=frozenset(section.reported_rules.split()),
    )


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
        lot_policy=_lot_policy(settings) if settings.ihe.lot_signature == "required" else None,
    )
    deposit = _deposit(pool, keeper, feed.accept if settings.ihe.patients == "accept_all" else None)
    own = settings.repository_unique_id
    provide = ProvideAndRegister(
        deposit=deposit, repository=RepositoryWriter(files.data / "blobs"), rules=rules, repository_unique_id=own
    )
    register = RegisterDocumentSet(deposit=deposit, domain=domain, repository_unique_id=own)
    on_demand = RegisterDocumentSet(deposit=deposit, domain=domain, repository_unique_id=own, on_demand=True)
    return (iti41.operation(provide), iti42.operation(register), iti42.operation(on_demand))


def _amendments(settings: Settings, pool: DoorPool, keeper: Doorkeeper, blobs: Path) -> tuple[Operation, ...]:
    registered, amendments = RegisteredReader(pool), Amendments(pool)
    update = UpdateDocumentSet(
        registered=registered, amendments=amendments, domain=_domain(settings), witness=keeper.witness
    )
    metadata = RemoveMetadata(registered=registered, amendments=amendments, witness=keeper.witness)
    documents = RemoveDocuments(
        registered=registered,
        amendments=amendments,
        remover=RepositoryRemover(blobs),
        witness=keeper.witness,
        repository_unique_id=settings.repository_unique_id,
    )
    return (iti57.operation(update), iti62.operation(metadata), iti86.operation(documents))
