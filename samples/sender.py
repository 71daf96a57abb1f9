"""Who deposits, in the words of the metadata."""

from __future__ import annotations

from dataclasses import dataclass

from samples.documents.professionals import PERSON_ROOT, STRUCTURE_ROOT
from samples.pki.credential import Credential
from xds.metadata.author import Author
from xds.metadata.datatypes import Xcn, Xon


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who deposits: the subject and the structure that the VIHF of the message names too (rules V-40, V-41)."""

    person_id: str
    family: str
    given: str
    structure_id: str
    structure_name: str
    sector: str

    @classmethod
    def of(cls, credential: Credential) -> Sender:
        """The holder of a card; for a certificate of an organisation, its sample user, as `build_vihf` has it."""
        structure = credential.structure_id or ""
        person = credential.family is not None
        return cls(
            person_id=credential.national_id if person else f"{structure}/0001",
            family=credential.family or "ESSAI",
            given=credential.given or "Anne",
            structure_id=structure,
            structure_name=credential.structure_name or structure,
            sector=credential.sector or "SA01",
        )

    @property
    def author(self) -> Author:
        """The sender as an author (CI-SIS Partage de documents de santé)."""
        person = Xcn(
            identifier=self.person_id,
            family=self.family,
            given=self.given,
            authority=PERSON_ROOT,
            name_type="D",
            id_type="EI" if "/" in self.person_id else "IDNPS",
        )
        structure = Xon(
            name=self.structure_name, identifier=self.structure_id, authority=STRUCTURE_ROOT, id_type="IDNST"
        )
        return Author(person=person.format(), institutions=(structure.format(),))
