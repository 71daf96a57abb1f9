"""TD0.2 to TD1.6 at the consultation door, for holders of a card."""

from __future__ import annotations

from gateway.assembly.keeper import domain_of
from gateway.consultation import td02, td03, td04, td05, td11
from gateway.consultation.authorisations import DeclareAuthorisation, ListProfessionals
from gateway.consultation.my_records import MyRecords
from gateway.consultation.patient_access import ChangeChannels, OpenAccess, RenewAccess
from gateway.consultation.patient_search import PatientSearch
from gateway.consultation.record_administration import ChangeRecord, ReactivateRecord
from gateway.consultation.record_closing import CloseRecord
from gateway.consultation.record_creation import CreateRecord
from gateway.consultation.record_desk import RecordDesk
from gateway.consultation.record_existence import RecordExistence
from gateway.database.pool import DoorPool
from gateway.door import DoorFiles
from gateway.doorkeeper import Doorkeeper
from gateway.settings import Settings, law_parameters
from gateway.soap_door import Operation
from security.at_rest.record_keys import load_kek
from xds.registry.authorised_records import AuthorisedRecords
from xds.registry.record_lists import RecordLists
from xds.registry.record_office import RecordOffice


def record_transactions(
    settings: Settings, files: DoorFiles, pool: DoorPool, keeper: Doorkeeper
) -> tuple[Operation, ...]:
    """The operations on records, over SOAP."""
    desk = desk_of(settings, pool, keeper)
    lists, authorities = RecordLists(pool), domain_of(settings).patient_authorities
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


def desk_of(settings: Settings, pool: DoorPool, keeper: Doorkeeper) -> RecordDesk:
    """What every use case about a record stands on."""
    return RecordDesk(
        office=RecordOffice.of_pool(pool),
        witness=keeper.witness,
        audit=keeper.audit,
        parameters=law_parameters(settings),
    )
