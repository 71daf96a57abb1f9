"""Who is at the door: the client certificate, then the VIHF assertion, then both as a `Caller`."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from security.audit.event import AuditEvent, Outcome, pseudonym
from security.errors import ErrorKind, NotAuthenticated
from security.pki.certificate import CertificateKind, HolderCertificate
from security.pki.trust import TrustStore, Usage
from security.vihf.model import Vihf
from security.vihf.policy import VihfPolicy
from security.vihf.verifier import ReplayStore, VihfVerifier
from xds.dmp.requester import Requester, RequesterKind

_PROFESSIONAL_CARDS = (CertificateKind.CPS, CertificateKind.CPF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A verified caller: certificate and assertion agree. `now` is the instant the request was admitted, UTC.

    `assertion` is a VIHF in the DMP; in another domain there may be none.
    """

    certificate: HolderCertificate
    assertion: Vihf | None
    requester: Requester
    request_id: str
    now: datetime

    @property
    def vihf(self) -> Vihf:
        """The VIHF, which every caller of the DMP has. Raises LookupError: another domain."""
        if not isinstance(self.assertion, Vihf):
            raise LookupError("only callers of the DMP have a VIHF")
        return self.assertion

    @property
    def structure_id(self) -> str:
        """The structure that acts: Struct_IdNat, or the holder's own identifier when none is known."""
        return self.requester.structure_id or self.requester.national_id


class Gate:
    """Admits callers at one door. Trust is read again when its files change, so that a new CRL counts at once."""

    def __init__(self, trust: TrustStore, usage: Usage, policy: VihfPolicy, replay: ReplayStore) -> None:
        self._usage = usage
        self._policy = policy
        self._replay = replay
        self._lock = threading.Lock()
        self._trust = trust
        self._verifier = VihfVerifier(trust, policy, replay)

    @property
    def trust(self) -> TrustStore:
        """The trust store, as it was on the disk when a certificate was last admitted."""
        return self._trust

    def admit_certificate(self, der: bytes | None, now: datetime) -> HolderCertificate:
        """Accept the client certificate of the connection, at every request and not only at the handshake."""
        if not der:
            raise NotAuthenticated(ErrorKind.CERT_UNTRUSTED, "no client certificate")
        return self._renewed().accept(der, self._usage, now)

    def admit(
        self, certificate: HolderCertificate, security: etree._Element | None, request_id: str, now: datetime
    ) -> Caller:
        """Verify the assertion of the message against the certificate of the connection."""
        vihf = self._verifier.verify(security, certificate, now)
        return Caller(
            certificate=certificate,
            assertion=vihf,
            requester=_requester(certificate, vihf),
            request_id=request_id,
            now=now,
        )

    def _renewed(self) -> TrustStore:
        with self._lock:
            trust = self._trust.reload_if_changed()
            if trust is not self._trust:
                self._trust, self._verifier = trust, VihfVerifier(trust, self._policy, self._replay)
            return trust


def _requester(certificate: HolderCertificate, vihf: Vihf) -> Requester:
    if certificate.kind in _PROFESSIONAL_CARDS:
        return Requester(
            kind=RequesterKind.PROFESSIONAL,
            national_id=vihf.name_id,
            structure_id=vihf.structure_id,
            profession=certificate.profession,
            specialties=certificate.specialties,
            mode=vihf.mode,
            purpose=vihf.purpose,
        )
    return Requester(
        kind=RequesterKind.STRUCTURE,
        national_id=vihf.name_id,
        structure_id=vihf.structure_id,
        mode=vihf.mode,
        purpose=vihf.purpose,
    )


@dataclass(frozen=True, slots=True)
class Witness:
    """Writes down who did what: makes the audit events of one door. `key` hides patient identifiers."""

    door: str
    key: bytes

    def access(
        self,
        transaction: str,
        outcome: Outcome,
        caller: Caller,
        *,
        patient_id: str,
        objects: tuple[str, ...],
        code: str = "",
    ) -> AuditEvent:
        """The event of an access by a verified caller."""
        return self.event(
            transaction,
            outcome,
            request_id=caller.request_id,
            now=caller.now,
            certificate=caller.certificate,
            vihf=caller.assertion,
            patient_id=patient_id,
            objects=objects,
            code=code,
        )

    def event(
        self,
        transaction: str,
        outcome: Outcome,
        *,
        request_id: str,
        now: datetime,
        certificate: HolderCertificate | None = None,
        fingerprint: str = "",
        vihf: Vihf | None = None,
        patient_id: str = "",
        objects: tuple[str, ...] = (),
        code: str = "",
    ) -> AuditEvent:
        """The event of one access; what is not known yet stays empty.

        `fingerprint` is the SHA-256 of a certificate that was not admitted, which is all that is believed of it.
        """
        patient = patient_id or (vihf.patient if vihf is not None and vihf.patient else "")
        structure = vihf.structure_id if vihf is not None else (certificate.structure_id or "" if certificate else "")
        actor = vihf.name_id if vihf is not None else (certificate.national_id if certificate else "")
        return AuditEvent(
            door=self.door,
            time=now,
            transaction=transaction,
            outcome=outcome,
            request_id=request_id,
            actor_id=actor,
            actor_structure=structure,
            certificate=certificate.fingerprint if certificate else fingerprint,
            patient=pseudonym(self.key, patient) if patient else "",
            objects=objects,
            code=code,
            purpose=vihf.purpose if vihf is not None else "",
        )
