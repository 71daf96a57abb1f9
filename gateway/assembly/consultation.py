"""The consultation door: readers and the private keys; no writer of deposits, and nothing of the other door."""

from __future__ import annotations

from pathlib import Path

from gateway.assembly.keeper import domain_of, doorkeeper
from gateway.assembly.record_transactions import desk_of, record_transactions
from gateway.consultation import (
    app,
    iti18,
    iti43,
    iti51,
    iti57,
    iti62,
    iti86,
    td09,
)
from gateway.consultation.change_document import ChangeDocuments
from gateway.consultation.change_orders import law_of
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
from gateway.doorkeeper import Doorkeeper
from gateway.settings import Settings, law_parameters, speaks_fhir
from gateway.soap_door import Operation
from security.at_rest.record_keys import load_kek
from security.pki.trust import TrustStore, Usage
from xds.registry.amendments import Amendments
from xds.registry.reader import RegistryReader
from xds.registry.record_office import RecordOffice
from xds.registry.registered_documents import RegisteredDocuments
from xds.registry.registered_reader import RegisteredReader
from xds.registry.whole_documents import WholeDocuments
from xds.repository.reader import RepositoryReader
from xds.repository.remover import RepositoryRemover


def build(settings: Settings) -> Door:
    """Build the door, in the domain of the house."""
    files = door_files(settings, app.NAME)
    pool = open_pool(
        read_url(files.data, DatabaseRole.CONSULTATION),
        size=settings.consultation.threads,
        name="ecluse-consultation",
    )
    trust = TrustStore.load(files.trust, sandbox=settings.mode == "sandbox")
    keeper = doorkeeper(settings, files, pool, trust, Usage.CONSULTATION_TLS)
    of_domain = _dmp if settings.domain == "dmp" else _generic
    return of_domain(settings, files, pool, keeper)


def _dmp(settings: Settings, files: DoorFiles, pool: DoorPool, keeper: Doorkeeper) -> Door:
    parameters = law_parameters(settings)
    registry = RegistryReader(pool)
    stored_query = RegistryStoredQuery(
        registry=registry, audit=keeper.audit, witness=keeper.witness, law=parameters, home=None
    )
    blobs = files.data / "blobs"
    retrieve = RetrieveDocumentSet(
        registry=registry,
        repository=RepositoryReader(blobs),
        kek=load_kek(files.directory / "kek", None),
        audit=keeper.audit,
        witness=keeper.witness,
        repository_unique_id=settings.repository_unique_id,
        law=parameters,
    )
    changes = _dmp_changes(settings, pool, keeper)
    operations = (
        iti18.operation(stored_query),
        iti43.operation(retrieve),
        iti57.operation(changes, law_of),
        *record_transactions(settings, files, pool, keeper),
    )
    web = app.create(keeper, settings.domain, operations)
    desk = desk_of(settings, pool, keeper)
    td09.add(web, keeper, FollowLink(desk=desk, authorities=tuple(sorted(domain_of(settings).patient_authorities))))
    if speaks_fhir(settings):
        from gateway.assembly import consultation_fhir

        consultation_fhir.mount(
            web,
            keeper,
            settings,
            stored_query=stored_query,
            retrieve=retrieve,
            changes=changes,
            documents=WholeDocuments(pool),
            existence=RecordExistence(desk=desk),
        )
    return Door(web, keeper, pool, blobs)


def _dmp_changes(settings: Settings, pool: DoorPool, keeper: Doorkeeper) -> ChangeDocuments:
    return ChangeDocuments(
        office=RecordOffice.of_pool(pool),
        registered=RegisteredReader(pool),
        documents=RegisteredDocuments(pool),
        amendments=Amendments(pool),
        domain=domain_of(settings),
        witness=keeper.witness,
        parameters=law_parameters(settings),
    )


def _generic(settings: Settings, files: DoorFiles, pool: DoorPool, keeper: Doorkeeper) -> Door:
    registry, blobs = RegistryReader(pool), files.data / "blobs"
    stored_query = RegistryStoredQuery(
        registry=registry,
        audit=keeper.audit,
        witness=keeper.witness,
        law=None,
        home=settings.ihe.home_community_id or None,
    )
    retrieve = RetrieveDocumentSet(
        registry=registry,
        repository=RepositoryReader(blobs),
        kek=load_kek(files.directory / "kek", files.directory / "wrapping.key"),
        audit=keeper.audit,
        witness=keeper.witness,
        repository_unique_id=settings.repository_unique_id,
        law=None,
    )
    operations = (
        iti18.operation(stored_query),
        iti43.operation(retrieve),
        iti51.operation(stored_query),
        *_amendments(settings, pool, keeper, blobs),
    )
    return Door(app.create(keeper, settings.domain, operations), keeper, pool, blobs)


def _amendments(settings: Settings, pool: DoorPool, keeper: Doorkeeper, blobs: Path) -> tuple[Operation, ...]:
    registered, amendments = RegisteredReader(pool), Amendments(pool)
    update = UpdateDocumentSet(
        registered=registered, amendments=amendments, domain=domain_of(settings), witness=keeper.witness
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
