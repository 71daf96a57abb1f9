"""Who speaks in a message: the VIHF that its PRT SB makes, for whom the door itself answers (CI-SIS VIHF, PFI).

The sender is no assertion: what is believed is the certificate of the connection, which must be that of the structure
named, or of the legal entity whose site it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from gateway.gate import Caller, Gate
from gateway.ingest.hl7v2.seals import Seals
from security.errors import ErrorKind, NotAuthenticated
from security.pki.certificate import HolderCertificate
from security.pki.identifiers import is_structure
from security.pki.trust import Usage
from security.signature.signing import Seal
from security.vihf.model import AuthenticationMode, Purpose, Role, Vihf
from security.vihf.policy import VihfCode
from security.vihf.roles import OTHERS, check_roles
from security.vihf.rules import check_directory
from xds.dmp.minority import is_minor
from xds.hl7v2.document_message import DocumentMessage, Participation
from xds.metadata.persons import Xcn, Xon

REPRESENTATIVES_BLIND = "INVISIBLE_REPRESENTANTS_LEGAUX^1.2.250.1.213.1.1.4.13"
PERSONS, STRUCTURES = "1.2.250.1.71.4.2.1", "1.2.250.1.71.4.2.2"
_SECTORS = "1.2.250.1.71.4.2.4"
_UNATTENDED = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
_AUTOMATE = Role(code="AUTOMATE", system=OTHERS, display="Automate")
_FINESS, _RPPS = ("FINEJ", "FINEG"), "RPPS"
_FINESS_LENGTH, _RPPS_LENGTH = 9, 11
_LIFE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Software:
    """How this house names itself in what it builds, and the sector of activity of those who feed through it."""

    name: str
    version: str
    homologation: str
    sector: str
    majority_age: int


@dataclass(frozen=True, slots=True)
class Senders:
    """Makes callers of messages."""

    gate: Gate
    seals: Seals
    software: Software

    def check(self, message: DocumentMessage, certificate: HolderCertificate) -> None:
        """Whether this sender may speak for the structure that the message names, and the seal of it is here.

        Raises NotAuthenticated: ASSERTION_IDENTITY.
        """
        structure = structure_of(message.sender)
        if structure is None or not is_structure(structure):
            raise _differs("PRT-8.10 of the PRT SB is not a Struct_IdNat")
        entity = certificate.structure_id
        if structure != entity and (entity or "", structure) not in self.gate.directory.sites:
            raise _differs("the structure of the PRT SB is neither that of the certificate nor one of its sites")
        self._seal(certificate)

    def caller(
        self, message: DocumentMessage, certificate: HolderCertificate, message_id: UUID, now: datetime
    ) -> tuple[Caller, Seal]:
        """Who acts, and the seal that signs for him. Raises NotAuthenticated, with the codes of a VIHF."""
        self.check(message, certificate)
        seal = self._seal(certificate)
        signer = self.gate.trust.accept(seal.leaf_der, Usage.INGEST_SEAL, now)
        person = person_of(message.sender)
        vihf = Vihf(
            assertion_id=f"urn:uuid:{message_id}",
            issuer=seal.certificates[0].subject.rfc4514_string(),
            mode=AuthenticationMode.INDIRECTE,
            version="4.0",
            structure_id=structure_of(message.sender) or "",
            sector=f"{self.software.sector}^{_SECTORS}",
            name_id=person.identifier,
            subject_name=" ".join(part for part in (person.family, person.given) if part) or None,
            roles=(_AUTOMATE,),
            patient=message.patient.patient_id,
            purpose=Purpose.NORMAL,
            reason=None,
            confidentiality=REPRESENTATIVES_BLIND if self._is_secret(message, now) else None,
            lps_name=self.software.name,
            lps_version=self.software.version,
            lps_id=None,
            homologation=self.software.homologation,
            authn_context=_UNATTENDED,
            issue_instant=now,
            authn_instant=now,
            expires=now + _LIFE,
            signer=signer,
        )
        check_roles(vihf)
        if self.gate.directory.is_kept:
            check_directory(vihf, self.gate.directory)
        return self.gate.vouch(certificate, vihf, str(message_id), now), seal

    def _seal(self, certificate: HolderCertificate) -> Seal:
        seal = self.seals.of(certificate.structure_id)
        if seal is None:
            raise NotAuthenticated(
                ErrorKind.SIG_KEY, "no seal of the structure of the certificate is kept here", code=VihfCode.SIGNATURE
            )
        return seal

    def _is_secret(self, message: DocumentMessage, now: datetime) -> bool:
        """The secrecy of a connection is that of a minor; of an adult it says nothing (H-12)."""
        if not message.instructions.connexion_secrete:
            return False
        return is_minor(_day(message.patient.birth_date), now, self.software.majority_age)


def structure_of(sender: Participation | None) -> str | None:
    """The Struct_IdNat of the PRT SB: a FINESS number without its prefix is given it."""
    organization = sender.organization if sender is not None else None
    if organization is None or not organization.identifier:
        return None
    number = organization.identifier
    bare = organization.id_type in _FINESS and len(number) == _FINESS_LENGTH
    return f"1{number}" if bare else number


def person_of(sender: Participation | None) -> Xcn:
    """The person, or the device, of the PRT SB, under a PS_IdNat: a bare RPPS number is given its prefix."""
    person = sender.person if sender is not None else None
    if person is None:
        device = (sender.device if sender is not None else None) or ""
        structure = structure_of(sender) or ""
        return Xcn(identifier=f"{structure}/{device or 'AUTOMATE'}", family=device or "AUTOMATE", id_type="EI")
    bare = person.id_type == _RPPS and len(person.identifier) == _RPPS_LENGTH
    return Xcn(
        identifier=f"8{person.identifier}" if bare else person.identifier,
        family=person.family,
        given=person.given,
        authority=PERSONS,
        name_type="D",
        id_type="EI" if "/" in person.identifier else "IDNPS",
    )


def institution_of(sender: Participation | None) -> Xon:
    """The structure of the PRT SB as an authorInstitution."""
    organization = sender.organization if sender is not None else None
    name = organization.name if organization is not None else ""
    structure = structure_of(sender) or ""
    return Xon(name=name or structure, identifier=structure, authority=STRUCTURES, id_type="IDNST")


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text[:8], "%Y%m%d").date()
    except ValueError:
        return None


def _differs(text: str) -> NotAuthenticated:
    return NotAuthenticated(ErrorKind.ASSERTION_IDENTITY, text, code=VihfCode.STRUCTURE)
