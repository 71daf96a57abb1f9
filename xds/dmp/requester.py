"""Who asks: what the law needs to know of an authenticated requester (DMP VIHF 3.0)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from profiles.dmp.habilitation import TRE_G15


class RequesterKind(StrEnum):
    """A person who answers for herself, an organisation on whose behalf a system speaks, or the house itself."""

    PROFESSIONAL = "PROFESSIONAL"
    STRUCTURE = "STRUCTURE"
    PATIENT = "PATIENT"
    REPRESENTATIVE = "REPRESENTATIVE"
    SYSTEM = "SYSTEM"


HOLDERS = frozenset((RequesterKind.PATIENT, RequesterKind.REPRESENTATIVE))
"""Who asks about a record of his own, or of the minor he represents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """An authenticated requester.

    `national_id` is a PS_IdNat for a professional, a Struct_IdNat for a structure. `profession` is a code of
    TRE_G15 (`10`) unless `profession_system` names another list, `specialties` are codes of TRE_R38 (`SM26`). `mode`
    and `purpose` keep the words of the VIHF (`DIRECTE`, `normal`); `reason` is that of an emergency. `secret`: the
    session of a minor whose legal representatives shall not know (DMP VIHF confidentiality-code). `is_linked`: a
    directory says that the professional works in the structure for which he says that he acts.
    """

    kind: RequesterKind
    national_id: str
    structure_id: str | None = None
    profession: str | None = None
    profession_system: str = TRE_G15
    specialties: tuple[str, ...] = ()
    mode: str = "DIRECTE"
    purpose: str = "normal"
    reason: str = ""
    secret: bool = False
    is_linked: bool = False

    @property
    def is_of_its_structure(self) -> bool:
        """Whether what is given to the structure is given to the requester, on more than his word."""
        return self.kind is not RequesterKind.PROFESSIONAL or self.is_linked
