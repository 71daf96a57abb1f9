"""What the law of the DMP adds to a deposit: who may, what is masked, what the record keeps (DMP TD2.1, TD2.2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from gateway.gate import Caller, Witness
from security.audit.event import Outcome
from xds.dmp import rights
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record
from xds.dmp.rights import Decision
from xds.dmp.traces import Notice, NoticeKind, Trace
from xds.metadata.association import REPLACEMENTS
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.symbolic import Resolved

MASKED = Code("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "Masqué aux professionnels de santé")
"""TRE_A07."""
_INVISIBLE = "INVISIBLE_PATIENT"


def operation_of(caller: Caller) -> Operation:
    """What a deposit by this caller is to the law of the DMP."""
    return rights.feeding(caller.requester)


@dataclass(frozen=True, slots=True, kw_only=True)
class Feeding:
    """The law on one lot. `signature` is the uniqueId of the document that signs it, which nobody is told of."""

    witness: Witness
    parameters: Parameters
    signature: str

    def decide(self, record: Record | None, caller: Caller) -> Decision:
        """Whether the caller may feed this record. No authorisation is looked at: even a blocked professional may."""
        now = record.law_time(caller.now) if record is not None else caller.now
        operation = operation_of(caller)
        return rights.decide(operation, caller.requester, record, None, now, parameters=self.parameters)

    def decided_by(self, record: Record | None, caller: Caller) -> str:
        """The rule that refuses the caller; empty when something else is wrong with the lot."""
        decision = self.decide(record, caller)
        return "" if decision else decision.rule.value

    def entries(self, entries: Iterable[DocumentEntry], record: Record) -> tuple[DocumentEntry, ...]:
        """The entries as the patient wants them: masked, whatever was sent, where he wants every new document so."""
        return tuple(self._masked(entry) if self._is_to_mask(entry, record) else entry for entry in entries)

    def mask_when_visible(self, entries: Iterable[DocumentEntry], record: Record) -> frozenset[str]:
        """The entryUUIDs of those that cannot be masked yet, being hidden from the patient (D-082, D-084)."""
        return frozenset(
            entry.entry_uuid
            for entry in entries
            if self._is_new_of(entry, record) and not _has(entry, MASKED.code) and not self._is_to_mask(entry, record)
        )

    def trace(self, lot: Resolved, caller: Caller) -> Trace:
        """What the record keeps of the deposit of this lot, and what the patient is told."""
        documents = [entry for entry in lot.entries if entry.unique_id != self.signature]
        sent = {entry.entry_uuid for entry in lot.entries}
        replacing = {
            item.source
            for item in lot.associations
            if item.association_type in REPLACEMENTS and item.target not in sent
        }
        return self.witness.trace(
            operation_of(caller),
            Outcome.SUCCESS,
            caller,
            patient_id=lot.submission_set.patient_id,
            documents=tuple(entry.unique_id for entry in documents),
            rule=rights.Rule.GRANTED.value,
            notices=tuple(
                Notice(
                    NoticeKind.DOCUMENT_CHANGED if entry.entry_uuid in replacing else NoticeKind.DOCUMENT_ADDED,
                    entry.unique_id,
                )
                for entry in documents
                if not _has(entry, _INVISIBLE)
            ),
        )

    def _is_new_of(self, entry: DocumentEntry, record: Record) -> bool:
        """Whether the wish of the patient is about this document: the signature of a lot keeps its own codes."""
        return record.default_masking and entry.unique_id != self.signature

    def _is_to_mask(self, entry: DocumentEntry, record: Record) -> bool:
        may_be = self.parameters.mask_with_invisible or not _has(entry, _INVISIBLE)
        return self._is_new_of(entry, record) and may_be

    def _masked(self, entry: DocumentEntry) -> DocumentEntry:
        if _has(entry, MASKED.code):
            return entry
        return replace(entry, confidentiality_codes=(*entry.confidentiality_codes, MASKED))


def _has(entry: DocumentEntry, code: str) -> bool:
    return any(one.code == code for one in entry.confidentiality_codes)
