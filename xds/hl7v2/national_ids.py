"""Identifiers of professionals and structures as the DMP has them, from the types that HL7 v2 spells (CI-SIS; VIHF).

A national identifier begins with a digit that says which register numbers the rest. Senders write it whole, or the
number alone with the name of its register as its type.
"""

from __future__ import annotations

from xds.metadata.persons import Xcn, Xon

PERSONS = "1.2.250.1.71.4.2.1"
STRUCTURES = "1.2.250.1.71.4.2.2"
_PERSON_REGISTERS = {"ADELI": ("0", 9), "RPPS": ("8", 11)}
_STRUCTURE_REGISTERS = {
    "FINEG": ("1", 9),
    "FINEJ": ("1", 9),
    "FINESS": ("1", 9),
    "SIREN": ("2", 9),
    "SIRET": ("3", 14),
}
_OF_STAFF = {"0": "1", "1": "3", "2": "4", "3": "5", "4": "6"}
"""First digit of the id of somebody known to a structure only, by that of the structure."""
_NATIONAL = frozenset("08")


def structure_id(organization: Xon) -> str:
    """Struct_IdNat: the first digit is added to the bare number of a register; anything else is as sent."""
    register, length = _STRUCTURE_REGISTERS.get(organization.id_type, ("", 0))
    number = organization.identifier
    return register + number if register and len(number) == length else number


def person_id(person: Xcn, structure: str) -> str:
    """PS_IdNat of a professional; of a member of the staff, `<structure>/<id>` by its own first digit.

    `structure` is a Struct_IdNat, empty when there is none.
    """
    register, length = _PERSON_REGISTERS.get(person.id_type, ("", 0))
    number = person.identifier
    if register:
        return register + number if len(number) == length else number
    if "/" in number or (number[:1] in _NATIONAL and number.isdigit() and len(number) in (10, 12)):
        return number
    return staff_id(number, structure)


def staff_id(number: str, structure: str) -> str:
    """The id of what only a structure knows: a member of its staff, a device."""
    first = _OF_STAFF.get(structure[:1])
    return f"{first}{structure[1:]}/{number}" if first and number else number
