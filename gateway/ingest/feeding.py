"""What the law of the DMP adds to a deposit: who may, what is masked, what the record keeps (DMP TD2.1, TD2.2)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from conformance.checks.metadata_rule import entry_path
from gateway.gate import Caller
from gateway.witness import Witness
from security.audit.event import Outcome
from xds.dmp import rights
from xds.dmp.entries import INVISIBLE, MASKED
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record
from xds.dmp.rights import Decision
from xds.dmp.submission import (
    MaskedDeposit,
    SubmittedDocument,
    masked,
    visibility_faults,
    visibility_faults_of_message,
    with_default_masking,
)
from xds.dmp.traces import Notice, NoticeKind, Trace
from xds.errors import RegistryError, XdsErrorCode
from xds.metadata.association import REPLACEMENTS
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.symbolic import Resolved
from xds.registry.registration import IfMasked

MASK = Code(MASKED, "1.2.250.1.213.1.1.4.13", "Masqué aux professionnels de santé")
"""TRE_A07."""
_BY_THE_MESSAGE = frozenset(("D-080",))
"""Rules that the message alone decides, which are checked with all that it alone decides."""


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

    def check_visibility(
        self, entries: Iterable[DocumentEntry], record: Record, caller: Caller
    ) -> Iterator[RegistryError]:
        """What is wrong with who would see the documents, warnings included (DMP EX_2.1-1050)."""
        now = record.law_time(caller.now)
        if caller.requester.secret and not record.is_minor(now, self.parameters.majority_age):
            text = "the session is secret (confidentiality-code), the record is that of an adult"
            yield RegistryError(XdsErrorCode.REGISTRY_METADATA, text, rule="V-44")
        for entry in entries:
            for fault in visibility_faults(self._submitted(entry), caller.requester, record, now, self.parameters):
                if fault.rule not in _BY_THE_MESSAGE:
                    yield fault

    def check_message(self, entries: Iterable[DocumentEntry]) -> Iterator[RegistryError]:
        """What the parameters of the house alone say of that, where the record is not looked at."""
        for entry in entries:
            yield from visibility_faults_of_message(self._submitted(entry), self.parameters)

    def entries(self, entries: Iterable[DocumentEntry], record: Record) -> tuple[DocumentEntry, ...]:
        """The entries as the patient wants them: masked, whatever was sent, where he wants every new document so."""
        return tuple(self._masked(entry, record) for entry in entries)

    def mask_when_visible(self, entries: Iterable[DocumentEntry], record: Record) -> frozenset[str]:
        """The entryUUIDs of those that cannot be masked yet, being hidden from the patient (D-082, D-084)."""
        return frozenset(entry.entry_uuid for entry in entries if self._wanted(entry, record).mask_when_visible)

    def if_masked(self, lot: Resolved, entries: Iterable[DocumentEntry]) -> tuple[IfMasked, ...]:
        """What becomes of each document that replaces another one if that one is masked, which nobody is told here."""
        if not self.parameters.replacement_keeps_mask:
            return ()
        replaced = {item.source: item.target for item in lot.associations if item.association_type in REPLACEMENTS}
        return tuple(
            IfMasked(
                entry_uuid=entry.entry_uuid,
                target=replaced[entry.entry_uuid],
                confidentiality_codes=_with(entry, wanted.codes),
                mask_when_visible=wanted.mask_when_visible,
            )
            for entry in entries
            if entry.entry_uuid in replaced and not self._is_signature(entry)
            for wanted in (masked(_codes(entry), self.parameters),)
        )

    def trace(self, lot: Resolved, caller: Caller) -> Trace:
        """What the record keeps of the deposit of this lot, and what the patient is told."""
        documents = [entry for entry in lot.entries if not self._is_signature(entry)]
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
                if INVISIBLE not in _codes(entry)
            ),
        )

    def _masked(self, entry: DocumentEntry, record: Record) -> DocumentEntry:
        wanted = self._wanted(entry, record)
        return (
            entry if wanted.codes == _codes(entry) else replace(entry, confidentiality_codes=_with(entry, wanted.codes))
        )

    def _submitted(self, entry: DocumentEntry) -> SubmittedDocument:
        path = entry_path(entry, "confidentialityCode")
        return SubmittedDocument(codes=_codes(entry), path=path, is_lot_signature=self._is_signature(entry))

    def _wanted(self, entry: DocumentEntry, record: Record) -> MaskedDeposit:
        return with_default_masking(_codes(entry), record, self.parameters, is_lot_signature=self._is_signature(entry))

    def _is_signature(self, entry: DocumentEntry) -> bool:
        return entry.unique_id == self.signature


def _codes(entry: DocumentEntry) -> frozenset[str]:
    return frozenset(code.code for code in entry.confidentiality_codes)


def _with(entry: DocumentEntry, codes: frozenset[str]) -> tuple[Code, ...]:
    """The codes as they stand, and the mask where it is wanted."""
    return entry.confidentiality_codes if codes == _codes(entry) else (*entry.confidentiality_codes, MASK)
