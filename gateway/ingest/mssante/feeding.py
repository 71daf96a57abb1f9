"""What is done with a letter that came: its medium becomes a deposit of the structure, and its sender is answered."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final
from uuid import uuid5

from gateway.database.errors import DatabaseUnavailable
from gateway.doorkeeper import Doorkeeper
from gateway.gate import Caller
from gateway.ingest.deletion import DeleteOwnDocuments
from gateway.ingest.hl7v2.inbox import Claimed, Ending, Inbox, State
from gateway.ingest.hl7v2.references import References
from gateway.ingest.hl7v2.refused import write_down
from gateway.ingest.hl7v2.retrying import LATER, Later, Retrying
from gateway.ingest.hl7v2.sender import Senders
from gateway.ingest.hl7v2.treatment import OPPOSED, UNKNOWN_CONSENT
from gateway.ingest.mssante.letter import Kind, Letter
from gateway.ingest.mssante.medium_lot import ONE_PATIENT, WITHOUT_INS, Action, Builder, LetterLot, read_lot
from gateway.ingest.provide_and_register import ProvideAndRegister
from gateway.ingest.sealed_lot import Origin
from security.audit.trail import AuditUnavailable
from security.errors import SecurityError
from security.signature.signing import Seal
from xds.dmp.operations import Operation
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.hl7v2.consent_message import Feeding
from xds.hl7v2.consents import may_feed
from xds.hl7v2.header import Header
from xds.hl7v2.patient import Patient, PatientId
from xds.metadata.datatypes import Cx
from xds.mss.answer import Answer, write_answer, write_report
from xds.mss.incoming import IncomingLetter, read_incoming
from xds.mss.mail import UnusableMail
from xds.xdm.deposit import read_deposit
from xds.xdm.reader import open_tree
from xds.xdm.tree import Limits, UnusableMedium

UNUSABLE: Final = "XDM-UNUSABLE"
_OTHER: Final = "906"
_BY_RULE: Final = MappingProxyType({WITHOUT_INS: "903", ONE_PATIENT: "904"})
_BY_CODE: Final = MappingProxyType(
    {
        XdsErrorCode.UNRESOLVED_REFERENCE: "900",
        XdsErrorCode.DEPRECATED_DOCUMENT: "900",
        XdsErrorCode.DMP_ACCESS_DENIED: "901",
        XdsErrorCode.UNKNOWN_PATIENT_ID: "902",
        XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH: "904",
        XdsErrorCode.SBX_INS_NOT_QUALIFIED: "905",
    }
)
"""Codes of the DMP in the words of a letter's sender (CI-SIS HL7 v2 2.1, table 0533)."""

_log = logging.getLogger("ecluse.mssante")


@dataclass(frozen=True, slots=True)
class _Fed:
    """What became of the lot: empty when it is in; else a code of the house, one of 900 to 906, and why."""

    code: str = ""
    told: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedLetters:
    """(1) the medium  (2) what the patient told the structure  (3) who feeds  (4) deposit, deletion  (5) the answer.

    `mailbox` is the address of the house, `answers` whether mail leaves it, `reports` who is told of bad news where no
    notification was asked for, if anybody; `largest` bounds a medium in bytes, packed
    and unpacked.
    """

    inbox: Inbox
    keeper: Doorkeeper
    senders: Senders
    provide: ProvideAndRegister
    delete: DeleteOwnDocuments
    references: References
    retrying: Retrying
    feed_when_unknown: bool
    source_id: str
    mailbox: str
    answers: bool
    reports: str
    largest: int
    counters: Callable[[str], None]

    def __call__(self, claimed: Claimed) -> Ending:
        """What becomes of a letter. Raises nothing but bugs of ours and a database that is gone while it is asked."""
        try:
            letter = read_incoming(claimed.data)
        except UnusableMail as error:
            return Ending(state=State.PARKED, outcome=str(error))
        if not isinstance(letter, IncomingLetter):
            return Ending(state=State.PARKED, outcome="no letter with a medium")
        try:
            fed = self._treat(letter, claimed)
        except (DatabaseUnavailable, AuditUnavailable) as error:
            return self.retrying.ending(claimed, type(error).__name__)
        except Later as later:
            return self.retrying.ending(claimed, str(later))
        self.counters("letters.fed" if not fed.code else "letters.refused")
        return Ending(
            state=State.PARKED if fed.code else State.DONE,
            outcome=fed.code or "done",
            letters=tuple(self._answers(letter, claimed, fed)),
        )

    def _treat(self, letter: IncomingLetter, claimed: Claimed) -> _Fed:
        origin = Origin(claimed.message_id)
        caller: Caller | None = None
        lot: LetterLot | None = None
        try:
            lot = self._read(letter)  # (1)
            opposed = self._opposition(lot, claimed.structure_id)  # (2)
            if opposed:
                return _Fed(opposed, _OTHER, "this house does not feed this record")
            caller, seal = self.senders.of_structure(  # (3)
                claimed.structure_id, lot.patient_id, claimed.message_id, datetime.now(UTC)
            )
            self._ask(lot, origin, caller, seal)  # (4)
        except SecurityError as error:
            self._write_down(claimed, lot, caller, error.code)
            return _Fed(error.code, _OTHER, "this house cannot feed")
        except Refusal as refusal:
            first = refusal.errors[0]
            if first.code in LATER:
                raise Later(first.code.value) from None
            if lot is not None and caller is not None and self._is_done(lot, origin, caller):
                return _Fed()
            self._write_down(claimed, lot, caller, first.code.value, refusal.decided_by, refusal.operation)
            return _Fed(first.rule or first.code.value, application_code(refusal.errors), _told(first))
        return _Fed()

    def _read(self, letter: IncomingLetter) -> LetterLot:
        limits = Limits(archive=self.largest, file=self.largest, total=self.largest)
        try:
            return read_lot(read_deposit(open_tree(letter.medium, limits)).request)
        except UnusableMedium as error:
            raise Refusal([RegistryError(XdsErrorCode.REPOSITORY_METADATA, str(error), rule=UNUSABLE)]) from None

    def _ask(self, lot: LetterLot, origin: Origin, caller: Caller, seal: Seal) -> None:
        builder = Builder(origin=origin, lot=lot, caller=caller, source_id=self.source_id)
        if lot.action is Action.DELETE:
            self.delete(builder.deletion(self.references.of(lot.unique_ids, caller)), caller)
            return
        replaced: tuple[str, ...] = ()
        if lot.action is Action.CHANGE:
            replaced = tuple(self.references.replaced_by(one.header, caller) for one in lot.documents)
        self.provide(builder.deposit(replaced, seal), caller)

    def _is_done(self, lot: LetterLot, origin: Origin, caller: Caller) -> bool:
        """Whether an earlier attempt, ended before it could say so, registered or deleted all of it."""
        if lot.action is Action.DELETE:
            return self.references.are_deleted(lot.unique_ids, caller)
        return self.references.are_registered(origin.entry_uuids(len(lot.documents)), caller)

    def _opposition(self, lot: LetterLot, structure_id: str) -> str:
        """H-17: what the patient told the structure counts before the DMP is called."""
        cx = Cx.parse(lot.patient_id)
        patient = Patient(ids=(PatientId(value=cx.identifier, authority=cx.authority, type="INS"),))
        said = Feeding(self.inbox.feeding(structure_id, patient) or Feeding.UNKNOWN)
        if may_feed(said, when_unknown=self.feed_when_unknown):
            return ""
        return OPPOSED if said is Feeding.OPPOSITION else UNKNOWN_CONSENT

    def _answers(self, letter: IncomingLetter, claimed: Claimed, fed: _Fed) -> Iterable[Letter]:
        """The notification, for a sender who asked for one (RFC 8098 §2.1), else a report of bad news for the house.

        Good news are told once, and bad news once.
        """
        to = letter.answer_to or (self.reports if fed.code else "")
        if not self.answers or not to:
            return
        answer_id = uuid5(claimed.message_id, f"answer {'N' if fed.code else 'Y'}")
        answer = Answer(
            answer_id=str(answer_id),
            mailbox=self.mailbox,
            to=to,
            letter=claimed.data,
            code=fed.told,
            reason=fed.why,
        )
        try:
            write = write_answer if letter.answer_to else write_report
            mail = write(answer, datetime.now(UTC))
        except ValueError as error:
            _log.warning("a letter is not answered", extra={"reason": str(error)})
            return
        yield Letter(
            letter_id=answer_id,
            message_id=claimed.message_id,
            kind=Kind.ANSWER,
            mail=mail,
            recipients=(to,),
            header=Header(),
            wants_receipt=False,
            wants_reading=False,
        )

    def _write_down(
        self,
        claimed: Claimed,
        lot: LetterLot | None,
        caller: Caller | None,
        code: str,
        rule: str = "",
        operation: str = "",
    ) -> None:
        deletes = lot is not None and lot.action is Action.DELETE
        write_down(
            self.keeper,
            transaction="ITI-57" if deletes else "ITI-41",
            asked=Operation.DELETE if deletes else Operation.FEED,
            request_id=str(claimed.message_id),
            certificate=caller.certificate if caller is not None else None,
            caller=caller,
            code=code,
            rule=rule,
            operation=operation,
        )


def application_code(errors: Iterable[RegistryError]) -> str:
    """What the sender of a letter is told of errors: the first that has a code of its own, else 906."""
    for error in errors:
        told = _BY_RULE.get(error.rule) or _BY_CODE.get(error.code)
        if told:
            return told
    return _OTHER


def _told(error: RegistryError) -> str:
    return f"{error.rule or error.code}: {error.context}"
