"""Who `ecluse why` and `ecluse traces` take somebody for: actors of the test world, cards, ids."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from gateway.cli.speech import language, text
from samples.pki.catalogue import Catalogue, read_catalogue
from samples.world.world import Actor, read_world
from security.identifiers import is_professional
from xds.dmp.requester import Requester, RequesterKind

PATIENT, REPRESENTATIVE = "patient", "RL"


class NobodyError(ValueError):
    """Nobody is known by that name; the text says who is."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who may be asked about: `key` names him to the command, `label` to a person."""

    key: str
    label: str
    requester: Requester


def people() -> Iterator[Person]:
    """The actors of the test world who have a card or a certificate, the patient, and who represents him."""
    for actor in read_world().actors.values():
        if actor.holder:
            yield Person(actor.key, f"{actor.key} {_told(actor)}", _of_holder(actor.holder, read_catalogue()))
    yield Person(PATIENT, text(en="the patient", fr="le patient"), _holder(RequesterKind.PATIENT))
    yield Person(REPRESENTATIVE, text(en="a legal representative", fr="un représentant légal"),
                 _holder(RequesterKind.REPRESENTATIVE))  # fmt: skip


def person(
    said: str, *, profession: str | None = None, specialties: tuple[str, ...] = (), structure: str | None = None
) -> Person:
    """The person of a key of the world, a holder of the test PKI, `patient`, `RL`, or a PS_IdNat.

    An id that nobody has is a doctor unless `profession` (TRE_G15) says otherwise. Raises NobodyError.
    """
    known = next((one for one in people() if said.lower() in (one.key.lower(), one.requester.national_id)), None)
    if known is not None:
        return known
    catalogue = read_catalogue()
    if said in catalogue.professionals or said in catalogue.staff or said in catalogue.structures:
        return Person(said, said, _of_holder(said, catalogue))
    found = next((one for one in catalogue.professionals.values() if one.id == said), None)
    if found is not None:
        return Person(found.name, found.name, _of_holder(found.name, catalogue))
    if not is_professional(said):
        keys = ", ".join(one.key for one in people())
        known_as = text(
            en=f"nobody is known as {said}: {keys}, a name of ecluse pki list, or a PS_IdNat",
            fr=f"personne ne s'appelle {said} : {keys}, un nom de ecluse pki list, ou un PS_IdNat",
        )
        raise NobodyError(known_as)
    requester = Requester(
        kind=RequesterKind.PROFESSIONAL,
        national_id=said,
        structure_id=structure,
        profession=profession or "10",
        specialties=specialties,
        is_linked=structure is not None,
    )
    return Person(said, said, requester)


def _of_holder(name: str, catalogue: Catalogue) -> Requester:
    """Who a door takes the holder for: a card speaks for its first activity, an organisation for its sample user."""
    if name in catalogue.professionals:
        held = catalogue.professionals[name]
        return Requester(
            kind=RequesterKind.PROFESSIONAL,
            national_id=held.id,
            structure_id=catalogue.structures[held.activities[0]].id,
            profession=str(held.profession),
            specialties=held.specialties,
            is_linked=True,
        )
    if name in catalogue.staff:
        employee = catalogue.staff[name]
        structure = catalogue.structures[employee.structure].id
        return Requester(kind=RequesterKind.STRUCTURE, national_id=employee.id, structure_id=structure)
    own = catalogue.structures[name].id
    return Requester(kind=RequesterKind.STRUCTURE, national_id=f"{own}/0001", structure_id=own, mode="INDIRECTE")


def _holder(kind: RequesterKind) -> Requester:
    return Requester(kind=kind, national_id=kind.value)


def _told(actor: Actor) -> str:
    return actor.told[1] if language() == "fr" else actor.told[0]
