"""Who speaks in a message: the VIHF that its PRT SB makes, for whom the door itself answers (CI-SIS VIHF, PFI).

The sender shows no assertion: what is believed is the certificate of the connection, which must be that of the
structure named, or of the legal entity whose site it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gateway.gate import Caller, Gate
from gateway.ingest.hl7v2.seals import Seals
from security.errors import ErrorKind, NotAuthenticated
from security.identifiers import is_structure
from security.pki.certificate import HolderCertificate
from security.pki.trust import Usage
from security.signature.signing import Seal
from security.vihf.model import AuthenticationMode, Purpose, Role, Vihf
from security.vihf.policy import VihfCode
from security.vihf.roles import OTHERS, check_roles
from security.vihf.rules import check_directory
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.terms import Terms
from xds.hl7v2.vihf_claims import VihfClaims, vihf_claims

_SECTORS = "1.2.250.1.71.4.2.4"
_UNATTENDED = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
_AUTOMATE = Role(code="AUTOMATE", system=OTHERS, display="Automate")
_LIFE = timedelta(hours=1)
_MACHINE = "mssante"
"""How a structure names its mailbox, which acts where nobody does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """How this house names itself in what it builds, and the sector of activity of those who feed through it."""

    name: str
    version: str
    homologation: str
    sector: str


@dataclass(frozen=True, slots=True)
class Senders:
    """Makes callers of messages."""

    gate: Gate
    seals: Seals
    software: Software

    def check(self, message: DocumentMessage, certificate: HolderCertificate, terms: Terms) -> VihfClaims:
        """What this sender says who it is, if it may say so and the seal of its structure is here.

        Raises NotAuthenticated: ASSERTION_IDENTITY, SIG_KEY.
        """
        claims = self.speaks_for(message, certificate, terms)
        self._seal(certificate)
        return claims

    def speaks_for(self, message: DocumentMessage, certificate: HolderCertificate, terms: Terms) -> VihfClaims:
        """What this sender says who it is, if it may say so. Raises NotAuthenticated: ASSERTION_IDENTITY."""
        claims = vihf_claims(message, terms)
        if claims is None or not is_structure(claims.structure_id):
            raise _differs("PRT-8.10 of the PRT SB is not a Struct_IdNat")
        entity = certificate.structure_id or ""
        if claims.structure_id != entity and (entity, claims.structure_id) not in self.gate.directory.sites:
            raise _differs(
                f"PRT-8.10 of the PRT SB: found {claims.structure_id}, "
                f"expected {entity}, the structure of the certificate, or one of its sites"
            )
        return claims

    def caller(
        self,
        message: DocumentMessage,
        certificate: HolderCertificate,
        message_id: UUID,
        terms: Terms,
        now: datetime,
    ) -> tuple[Caller, Seal]:
        """Who acts, and the seal that signs for him. Raises NotAuthenticated, with the codes of a VIHF."""
        claims = self.check(message, certificate, terms)
        seal = self._seal(certificate)
        return self._vouched(claims, certificate, seal, message_id, now), seal

    def of_structure(self, structure_id: str, patient: str, message_id: UUID, now: datetime) -> tuple[Caller, Seal]:
        """A structure that acts by itself for a patient (CX), known by its seal alone: nobody connected.

        Raises NotAuthenticated, with the codes of a VIHF.
        """
        seal = self.seals.of(structure_id)
        if seal is None:
            raise NotAuthenticated(ErrorKind.SIG_KEY, "no seal of this structure is kept here", code=VihfCode.SIGNATURE)
        claims = VihfClaims(
            structure_id=structure_id,
            name_id=f"{structure_id}/{_MACHINE}",
            subject_name=self.software.name,
            patient=patient,
            confidentiality=None,
            is_device=True,
        )
        certificate = self.gate.current().accept(seal.leaf_der, Usage.INGEST_SEAL, now)
        return self._vouched(claims, certificate, seal, message_id, now), seal

    def _vouched(
        self, claims: VihfClaims, certificate: HolderCertificate, seal: Seal, message_id: UUID, now: datetime
    ) -> Caller:
        """The caller that these claims make, for whom the house answers."""
        vihf = Vihf(
            assertion_id=f"urn:uuid:{message_id}",
            issuer=seal.certificates[0].subject.rfc4514_string(),
            mode=AuthenticationMode.INDIRECTE,
            version="4.0",
            structure_id=claims.structure_id,
            sector=f"{self.software.sector}^{_SECTORS}",
            name_id=claims.name_id,
            subject_name=claims.subject_name,
            roles=(_AUTOMATE,),
            patient=claims.patient,
            purpose=Purpose.NORMAL,
            reason=None,
            confidentiality=claims.confidentiality,
            lps_name=self.software.name,
            lps_version=self.software.version,
            lps_id=None,
            homologation=self.software.homologation,
            authn_context=_UNATTENDED,
            issue_instant=now,
            authn_instant=now,
            expires=now + _LIFE,
            signer=self.gate.trust.accept(seal.leaf_der, Usage.INGEST_SEAL, now),
        )
        check_roles(vihf)
        if self.gate.directory.is_kept:
            check_directory(vihf, self.gate.directory)
        return self.gate.vouch(certificate, vihf, str(message_id), now)

    def _seal(self, certificate: HolderCertificate) -> Seal:
        seal = self.seals.of(certificate.structure_id)
        if seal is None:
            raise NotAuthenticated(
                ErrorKind.SIG_KEY, "no seal of the structure of the certificate is kept here", code=VihfCode.SIGNATURE
            )
        return seal


def _differs(text: str) -> NotAuthenticated:
    return NotAuthenticated(ErrorKind.ASSERTION_IDENTITY, text, code=VihfCode.STRUCTURE)
