"""What a VIHF says, once it is believed: who acts, for which structure, on which record, why, with which software."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from security.pki.certificate import HolderCertificate


class AuthenticationMode(StrEnum):
    """How the professional was authenticated (attribute `Authentification_Mode`)."""

    DIRECTE = "DIRECTE"
    INDIRECTE = "INDIRECTE"
    INDIRECTE_RENFORCEE = "INDIRECTE_RENFORCEE"


class Purpose:
    """Codes of `purposeofuse` (TRE_R248)."""

    NORMAL = "normal"
    BREAK_GLASS = "bris_de_glace"
    REGULATION = "centre_15"


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One role (HL7 CE): profession first, then specialty, section or function."""

    code: str
    system: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Vihf:
    """A verified assertion. Times are UTC; codes and identifiers are those that were sent, letter for letter.

    `patient` is a CX (`<INS>^^^&<authority OID>&ISO^NH`), None for what concerns no single record. `sector` is
    `<code>^<OID>`. `expires` is when the assertion stops, clock skew not counted. `signer` is the certificate of the
    seal; without a seal, where the door allows it, that of the connection. `warnings` are sentences for the sender's
    developers, safe to log.
    """

    assertion_id: str
    issuer: str
    mode: AuthenticationMode
    version: str
    structure_id: str
    sector: str
    name_id: str
    subject_name: str | None
    roles: tuple[Role, ...]
    patient: str | None
    purpose: str
    reason: str | None
    confidentiality: str | None
    lps_name: str
    lps_version: str
    lps_id: str | None
    homologation: str
    authn_context: str
    issue_instant: datetime
    authn_instant: datetime
    expires: datetime
    signer: HolderCertificate
    warnings: tuple[str, ...] = ()

    @property
    def profession(self) -> Role:
        """The first role: a profession, or what a person who has none does."""
        return self.roles[0]
