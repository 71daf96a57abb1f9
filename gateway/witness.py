"""Who did what at a door, written down: events of the audit trail, traces of the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.gate import Assertion, Caller
from security.audit.event import AuditEvent, Outcome, pseudonym
from security.pki.certificate import HolderCertificate
from security.xua.model import Xua
from xds.dmp.operations import Operation
from xds.dmp.requester import RequesterKind
from xds.dmp.traces import Actor, ActorKind, Notice, Trace
from xds.registry.identifiers import canonical_patient_id


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
            assertion=caller.assertion,
            patient_id=patient_id,
            objects=objects,
            code=code,
        )

    def trace(
        self,
        operation: Operation,
        outcome: Outcome,
        caller: Caller,
        *,
        patient_id: str,
        documents: tuple[str, ...] = (),
        code: str = "",
        rule: str = "",
        notices: tuple[Notice, ...] = (),
    ) -> Trace:
        """What the record of the patient (CX) keeps of an access in the DMP."""
        vihf = caller.vihf
        professional = caller.requester.kind is RequesterKind.PROFESSIONAL
        return Trace(
            patient_id=canonical_patient_id(patient_id),
            operation=operation,
            outcome=outcome,
            actor=Actor(
                kind=ActorKind.PROFESSIONAL if professional else ActorKind.FACILITY,
                id=vihf.name_id,
                name=vihf.subject_name or "",
                structure=vihf.structure_id,
                role=vihf.profession.code,
                auth_mode=vihf.mode,
                lps=f"{vihf.lps_name} {vihf.lps_version}",
            ),
            request_id=caller.request_id,
            mode=vihf.purpose,
            reason=vihf.reason or "",
            secret=caller.requester.secret,
            documents=documents,
            code=code,
            rule=rule,
            notices=notices,
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
        assertion: Assertion | None = None,
        patient_id: str = "",
        objects: tuple[str, ...] = (),
        code: str = "",
    ) -> AuditEvent:
        """The event of one access; what is not known yet stays empty.

        `fingerprint` is the SHA-256 of a certificate that was not admitted, which is all that is believed of it.
        """
        said = _Said.by(assertion, certificate) if assertion is not None else _Said.by_certificate(certificate)
        patient = patient_id or said.patient
        return AuditEvent(
            door=self.door,
            time=now,
            transaction=transaction,
            outcome=outcome,
            request_id=request_id,
            actor_id=said.actor,
            actor_structure=said.structure,
            certificate=certificate.fingerprint if certificate else fingerprint,
            patient=pseudonym(self.key, canonical_patient_id(patient)) if patient else "",
            objects=objects,
            code=code,
            purpose=said.purpose,
        )


@dataclass(frozen=True, slots=True)
class _Said:
    """What is known of a caller for the audit trail."""

    actor: str = ""
    structure: str = ""
    patient: str = ""
    purpose: str = ""

    @classmethod
    def by(cls, assertion: Assertion, certificate: HolderCertificate | None) -> _Said:
        if isinstance(assertion, Xua):
            structure = certificate.structure_id if certificate is not None else None
            purpose = assertion.purpose.code if assertion.purpose is not None else ""
            return cls(assertion.subject, structure or "", assertion.patient or "", purpose)
        return cls(assertion.name_id, assertion.structure_id, assertion.patient or "", assertion.purpose)

    @classmethod
    def by_certificate(cls, certificate: HolderCertificate | None) -> _Said:
        return cls() if certificate is None else cls(certificate.national_id, certificate.structure_id or "")
