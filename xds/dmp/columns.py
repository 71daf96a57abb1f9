"""Which column of the functional rights matrix a requester stands in (DMP rights sheet PDT-INF-526)."""

from __future__ import annotations

from datetime import datetime

from profiles.dmp.habilitation import TRE_G15
from profiles.dmp.rights import Column
from xds.dmp.record import Authorisation, AuthorisationStatus
from xds.dmp.requester import Requester, RequesterKind

DOCTOR = "10"  # TRE_G15
OCCUPATIONAL_MEDICINE = "SM25"  # TRE_R38
REINFORCED = "INDIRECTE_RENFORCEE"
NORMAL, REGULATION, BREAK_GLASS = "normal", "centre_15", "bris_de_glace"
EMERGENCIES = frozenset((REGULATION, BREAK_GLASS))

_OF_STRUCTURES = {"DIRECTE": Column.CPE, "INDIRECTE": Column.STRUCTURE, REINFORCED: Column.NOT_A_PROFESSIONAL}


def column_of(requester: Requester, authorisation: Authorisation | None, now: datetime) -> Column | None:
    """The column of a requester; None for who is not in the sheet: the patient, the house.

    Behind a certificate of a structure stands the professional that the assertion names, where it was reinforced. The
    médecin traitant of a record is a doctor again where regulation asks, which looks at no authorisation.
    """
    if requester.kind is RequesterKind.STRUCTURE and not (requester.mode == REINFORCED and requester.profession):
        return _OF_STRUCTURES.get(requester.mode)
    if requester.kind not in {RequesterKind.PROFESSIONAL, RequesterKind.STRUCTURE}:
        return None
    if OCCUPATIONAL_MEDICINE in requester.specialties:
        return Column.OCCUPATIONAL
    if not is_doctor(requester):
        return Column.PROFESSIONAL
    if requester.purpose != REGULATION and is_medecin_traitant(requester, authorisation, now):
        return Column.MEDECIN_TRAITANT
    return Column.DOCTOR


def is_doctor(requester: Requester) -> bool:
    """Whether the requester is a médecin: nobody else is médecin traitant (DMP TD0.3)."""
    return (requester.profession_system, requester.profession) == (TRE_G15, DOCTOR)


def is_medecin_traitant(requester: Requester, authorisation: Authorisation | None, now: datetime) -> bool:
    """Whether a valid authorisation of the requester himself makes him the médecin traitant of the record."""
    return (
        authorisation is not None
        and authorisation.medecin_traitant
        and authorisation.professional_id == requester.national_id
        and is_current(authorisation, now)
    )


def is_current(authorisation: Authorisation, now: datetime) -> bool:
    """Whether an authorisation is valid at a law time."""
    if authorisation.status is not AuthorisationStatus.VALIDE:
        return False
    return authorisation.valid_until is None or now < authorisation.valid_until
