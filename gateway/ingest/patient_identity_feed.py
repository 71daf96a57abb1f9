"""The patient identity feed, the use case of both its wires (ITI TF-2 §3.8, §3.44)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.gate import Caller
from gateway.wire.feed import (
    PATIENT,
    SUBSUMED,
    FaultKind,
    FeedEvent,
    FeedFault,
    FeedMessage,
    FeedRefused,
)
from gateway.witness import Witness
from security.at_rest.new_record import create_record_key_for
from security.at_rest.wrapping import WrappingPublicKey
from security.audit.event import AuditEvent, Outcome, pseudonym
from security.audit.trail import AuditTrail
from xds.errors import Refusal
from xds.metadata.datatypes import Cx
from xds.registry.identifiers import canonical_patient_id
from xds.registry.patients import Merging, Opening, PatientFault, PatientFeed, PatientRefused

_MERGED = "was merged into another: nothing is taken under this id any more"
_REFUSALS = {
    PatientFault.CLOSED: (FaultKind.CLOSED_RECORD, PATIENT, "the record of this patient is closed"),
    PatientFault.MERGED: (FaultKind.UNKNOWN_PATIENT, PATIENT, f"this patient {_MERGED}"),
    PatientFault.SAME: (FaultKind.SAME_PATIENT, SUBSUMED, "the survivor and the subsumed patient are one"),
    PatientFault.SURVIVOR_UNKNOWN: (FaultKind.UNKNOWN_PATIENT, PATIENT, "the survivor is not known"),
    PatientFault.SURVIVOR_CLOSED: (FaultKind.CLOSED_RECORD, PATIENT, "the record of the survivor is closed"),
    PatientFault.SURVIVOR_MERGED: (FaultKind.UNKNOWN_PATIENT, PATIENT, f"the survivor {_MERGED}"),
    PatientFault.SUBSUMED_UNKNOWN: (FaultKind.UNKNOWN_PATIENT, SUBSUMED, "the subsumed patient is not known"),
    PatientFault.SUBSUMED_CLOSED: (FaultKind.CLOSED_RECORD, SUBSUMED, "the record of the subsumed patient is closed"),
    PatientFault.SUBSUMED_MERGED: (FaultKind.UNKNOWN_PATIENT, SUBSUMED, f"the subsumed patient {_MERGED}"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientIdentityFeed:
    """(1) reading  (2) authorities of the domain  (3) keys, made to be read by others  (4) write and audit.

    `authorities` are the OIDs of the domain, none: any. A refusal is audited here, because it is said in the
    acknowledgement and no door sees it.
    """

    patients: PatientFeed
    wrapping: WrappingPublicKey
    authorities: frozenset[str]
    witness: Witness
    audit: AuditTrail

    def __call__(self, message: FeedMessage, transaction: str, caller: Caller) -> None:
        """Do what the message says, wholly. Raises FeedRefused with every fault found, AuditUnavailable."""
        try:
            patients, subsumed = self._ids(message)  # (1) (2)
            self._write(message, patients, subsumed, transaction, caller)  # (3) (4)
        except FeedRefused as refused:
            named = message.patients[0].format() if message.patients else ""
            code = refused.faults[0].kind
            self.audit.append(self._event(message, transaction, caller, named, Outcome.REFUSED, code=code))
            raise

    def accept(self, patient_id: str, caller: Caller) -> bool:
        """Open the record of a patient (CX) whom a submission names, in a domain that has no feed.

        False: the id is not one of the domain, or was merged into another, or its record is closed. Raises Refusal: the
        registry is busy or does not answer.
        """
        try:
            authority = Cx.parse(patient_id).authority
        except ValueError:
            return False
        if self.authorities and authority not in self.authorities:
            return False
        event = self.witness.access("RECORD-OPEN", Outcome.SUCCESS, caller, patient_id=patient_id, objects=())
        try:
            self.patients.open(patient_id, create_record_key_for(self.wrapping), event)
        except PatientRefused:
            return False
        return True

    def _ids(self, message: FeedMessage) -> tuple[Sequence[Cx], Sequence[Cx]]:
        faults = list(message.faults)
        found = []
        for ids, place in ((message.patients, PATIENT), (message.subsumed, SUBSUMED)):
            own = [cx for cx in ids if not self.authorities or cx.authority in self.authorities]
            if ids and not own:
                expected = " or ".join(sorted(self.authorities))
                text = f"the authority of the id is {ids[0].authority}, expected {expected}"
                faults.append(FeedFault(kind=FaultKind.VALUE, place=place, text=text))
            found.append(own)
        if faults:
            raise FeedRefused(faults)
        return found[0], found[1]

    def _write(
        self, message: FeedMessage, patients: Sequence[Cx], subsumed: Sequence[Cx], transaction: str, caller: Caller
    ) -> None:
        try:
            if message.event is FeedEvent.MERGE:
                self.patients.apply(list(self._merging(message, patients, subsumed, transaction, caller)))
            else:
                self.patients.apply([self._opening(message, cx, transaction, caller) for cx in patients])
        except PatientRefused as refused:
            kind, place, text = _REFUSALS[refused.fault]
            raise FeedRefused([FeedFault(kind=kind, place=place, text=text)]) from refused
        except Refusal as refusal:
            fault = FeedFault(kind=FaultKind.UNAVAILABLE, place=PATIENT, text=refusal.errors[0].context)
            raise FeedRefused([fault]) from refusal

    def _opening(self, message: FeedMessage, cx: Cx, transaction: str, caller: Caller) -> Opening:
        return Opening(
            patient_id=cx.format(),
            key=create_record_key_for(self.wrapping),
            event=self._event(message, transaction, caller, cx.format()),
        )

    def _merging(
        self, message: FeedMessage, patients: Sequence[Cx], subsumed: Sequence[Cx], transaction: str, caller: Caller
    ) -> Iterator[Opening | Merging]:
        """Each subsumed id goes to the id that the same authority gave to the survivor, else to its first one.

        A survivor of whom nothing was ever said becomes known: his id is in use, and the other no longer is.
        """
        pairs = [(next((cx for cx in patients if cx.authority == old.authority), patients[0]), old) for old in subsumed]
        for survivor in dict.fromkeys(survivor for survivor, _ in pairs):
            if not self.patients.is_known(survivor.format()):
                yield self._opening(message, survivor, transaction, caller)
        for survivor, old in pairs:
            former = pseudonym(self.witness.key, canonical_patient_id(old.format()))
            event = self._event(message, transaction, caller, survivor.format(), former=(former,))
            yield Merging(survivor=survivor.format(), subsumed=old.format(), event=event)

    def _event(
        self,
        message: FeedMessage,
        transaction: str,
        caller: Caller,
        patient_id: str,
        outcome: Outcome = Outcome.SUCCESS,
        *,
        former: tuple[str, ...] = (),
        code: str = "",
    ) -> AuditEvent:
        objects = (*former, message.name) if message.name else former
        return self.witness.access(transaction, outcome, caller, patient_id=patient_id, objects=objects, code=code)
