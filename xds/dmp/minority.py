"""Who is a minor, and for whom others act: minors and protected adults (CSP L1111-16; DMP D-040, D-041, D-046)."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime

from xds.dmp.parameters import Parameters
from xds.errors import RegistryError, XdsErrorCode, disagreement

RELATIONSHIPS = (
    *("FTH", "MTH", "STPFTH", "STPMTH", "GRFTH", "GRMTH", "GGRFTH", "GGRMTH"),
    *("AUNT", "UNCLE", "BRO", "SIS", "RESPRSN"),
)
"""Codes of HL7 2.16.840.1.113883.1.11.19579 that a legal representative may have."""


def comes_of_age(born: date, majority_age: int) -> datetime:
    """When a holder comes of age; who was born on 29 February does on 1 March of a year without one."""
    year = born.year + majority_age
    if born.day > monthrange(year, born.month)[1]:
        return datetime(year, born.month + 1, 1, tzinfo=UTC)
    return datetime(year, born.month, born.day, tzinfo=UTC)


def is_minor(born: date | None, now: datetime, majority_age: int) -> bool:
    """Whether a holder has not come of age at a law time; who has no known day of birth has."""
    return born is not None and now < comes_of_age(born, majority_age)


def may_be_represented(born: date | None, now: datetime, parameters: Parameters, *, protected: bool = False) -> bool:
    """Whether legal representatives act for a holder: a protected adult, a minor where the house manages minors."""
    return protected or (parameters.manage_minors and is_minor(born, now, parameters.majority_age))


def representation_fault(
    born: date | None, representatives: int, now: datetime, parameters: Parameters, *, protected: bool = False
) -> RegistryError | None:
    """What is wrong with how many represent a holder: nobody a minor, or somebody who needs nobody (D-041, D-046)."""
    place = "patientPerson/personalRelationship"
    minor = may_be_represented(born, now, parameters)
    if minor and not representatives:
        expected = "a legal representative: the patient is a minor"
        return disagreement("D-041", place, "nothing", expected, XdsErrorCode.SBX_CONSENT_MISSING)
    if representatives and not minor and not protected:
        expected = "none: only a minor, or an adult whom the house knows as protected, has legal representatives"
        return disagreement("D-041", place, f"{representatives}", expected, XdsErrorCode.SBX_NOT_A_MINOR)
    return None
