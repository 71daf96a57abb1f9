"""Every rule has its words; what is supposed is read, or refused with what can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from gateway.simulator.dossier import Dossier
from gateway.simulator.supposing import SuppositionError, read_suppositions
from gateway.simulator.words import CHANGES, OPERATIONS, RULES
from xds.dmp.changes import Change
from xds.dmp.decision import Rule
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, AuthorisationStatus, EmergencyConsents, Record, RecordStatus
from xds.dmp.requester import Requester, RequesterKind

NOW = datetime(2026, 2, 28, 12, tzinfo=UTC)
DOCTOR = Requester(kind=RequesterKind.PROFESSIONAL, national_id="810000000001", profession="10")
RECORD = Record(patient_key=UUID(int=1), status=RecordStatus.OPEN, key_id=UUID(int=2))
BLOCK = Authorisation(professional_id="810000000001", status=AuthorisationStatus.INTERDIT)


def dossier(record: Record | None = RECORD) -> Dossier:
    return Dossier(ahead=timedelta(), record=record, authorisations=(BLOCK,), documents=())


@pytest.mark.parametrize(("table", "kind"), [(RULES, Rule), (OPERATIONS, Operation), (CHANGES, Change)])
def test_everything_that_decides_has_words_in_both_languages(table, kind):
    assert set(table) == set(kind)
    assert all(french and english for french, english in table.values())


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("etreat=deny", EmergencyConsents(etreat=False, btg=True, masked=False)),
        ("masked=PERMIT", EmergencyConsents(etreat=True, btg=True, masked=True)),
    ],
)
def test_a_consent_is_supposed(said, wanted):
    found = read_suppositions([said]).of_dossier(dossier(), DOCTOR, NOW)

    assert found.record is not None
    assert found.record.emergency == wanted


def test_consents_are_settled_as_the_law_settles_them():
    supposed = read_suppositions(["etreat=deny", "btg=deny", "masked=permit"])

    found = supposed.of_dossier(dossier(), DOCTOR, NOW).record

    assert found is not None
    assert found.emergency == EmergencyConsents(etreat=False, btg=False, masked=False)


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        ("VALIDE", (AuthorisationStatus.VALIDE, False)),
        ("MT", (AuthorisationStatus.VALIDE, True)),
        ("EXPIRE", (AuthorisationStatus.EXPIRE, False)),
        ("INTERDIT", (AuthorisationStatus.INTERDIT, False)),
    ],
)
def test_an_authorisation_is_supposed_in_the_place_of_what_is_there(status, wanted):
    (found,) = read_suppositions([f"authorised={status}"]).of_dossier(dossier(), DOCTOR, NOW).authorisations

    assert (found.status, found.medecin_traitant) == wanted
    assert found.professional_id == DOCTOR.national_id


def test_no_authorisation_is_supposed():
    assert read_suppositions(["authorised=NON_EXISTE"]).of_dossier(dossier(), DOCTOR, NOW).authorisations == ()


def test_a_record_is_supposed_where_there_is_none_and_none_where_there_is_one():
    opened = read_suppositions(["record=OPEN", "minor=yes"]).of_dossier(dossier(None), DOCTOR, NOW).record
    gone = read_suppositions(["record=NONE"]).of_dossier(dossier(), DOCTOR, NOW).record

    assert opened is not None
    assert opened.is_minor(NOW)
    assert gone is None
    assert read_suppositions(["masked=permit"]).of_dossier(dossier(None), DOCTOR, NOW).record is None


def test_parameters_are_supposed():
    supposed = read_suppositions(["mask_author_scope=structure", "majority_age=16", "retrieve_deleted=no"])

    assert supposed.of_parameters(Parameters()) == Parameters(
        mask_author_scope="structure", majority_age=16, retrieve_deleted=False
    )


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("masked", "permit, deny"),
        ("masked=maybe", "permit, deny"),
        ("authorised=", "VALIDE, EXPIRE, INTERDIT, NON_EXISTE, MT"),
        ("majority_age=-1", "a whole number"),
        ("majority_age=9999999", "a whole number"),
        ("regime=2018", "mes2022, dmp2018"),
        ("matrix=open", "etreat, btg, masked"),
        ("", "etreat, btg, masked"),
    ],
)
def test_what_cannot_be_supposed_is_refused_with_what_can(said, told):
    with pytest.raises(SuppositionError, match=told):
        read_suppositions([said])
