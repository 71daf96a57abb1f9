"""What is done with a message that was taken: the use cases of a SOAP deposit, letters, word of it (H-18)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from cda.times import to_utc
from conformance.checks.content import ContentPolicy
from gateway.database.errors import DatabaseUnavailable
from gateway.doorkeeper import Doorkeeper
from gateway.gate import Caller
from gateway.ingest.deletion import DeleteOwnDocuments
from gateway.ingest.hl7v2.fed import Fed, judge_mailed
from gateway.ingest.hl7v2.inbox import Claimed, Ending, Inbox, State
from gateway.ingest.hl7v2.judging import taken
from gateway.ingest.hl7v2.lot import Builder, documents_of, visible_as_meant
from gateway.ingest.hl7v2.references import References
from gateway.ingest.hl7v2.refused import write_down
from gateway.ingest.hl7v2.retrying import LATER, Later, Retrying
from gateway.ingest.hl7v2.sender import Senders
from gateway.ingest.mssante.letter import Letter
from gateway.ingest.provide_and_register import ProvideAndRegister
from security.audit.trail import AuditUnavailable
from security.errors import SecurityError
from security.pki.certificate import HolderCertificate, read_certificate
from security.signature.signing import Seal
from xds.dmp.operations import Operation
from xds.errors import Refusal
from xds.hl7v2.consent_message import ConsentMessage, Feeding
from xds.hl7v2.consents import may_feed
from xds.hl7v2.document_message import DocumentMessage, Flow
from xds.hl7v2.terms import Terms
from xds.hl7v2.zam import dmp_receipt, write_zam
from xds.metadata.times import parse_dtm

OPPOSED: Final = "SBX_FEEDING_OPPOSED"
"""The patient told the structure that it may not feed his record (PAM-FR, ZFA-9): the DMP was not called."""
UNKNOWN_CONSENT: Final = "SBX_FEEDING_UNKNOWN"
"""Nobody collected what the patient says of feeding, and hl7v2.feed_when_unknown is false."""
NO_MAIL: Final = "no letters are sent here"
"""The message asks for MSSanté letters, and this house sends none any more."""
TRANSACTIONS = {Flow.INITIAL: "ITI-41", Flow.REPLACE: "ITI-41", Flow.DELETE: "ITI-57"}

Compose = Callable[[DocumentMessage, UUID, datetime], tuple[Letter, ...]]
"""Makes the letters of a message, by the id of the message in the inbox."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A message for the DMP, and the certificate it came with."""

    message: DocumentMessage
    message_id: UUID
    certificate: HolderCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Treatment:
    """(1) read again  (2) consents  (3) who speaks  (4) deposit or deletion  (5) verdict  (6) letters  (7) word of it.

    (5) is of documents that would leave as mail, and that the DMP did not take: by `content`, as a deposit is judged.
    `compose` is None where no letter leaves.
    """

    inbox: Inbox
    keeper: Doorkeeper
    senders: Senders
    provide: ProvideAndRegister
    delete: DeleteOwnDocuments
    references: References
    retrying: Retrying
    terms: Callable[[], Terms]
    feed_when_unknown: bool
    source_id: str
    content: ContentPolicy
    compose: Compose | None

    def __call__(self, claimed: Claimed) -> Ending:
        """What becomes of a message. Raises nothing but bugs of ours and a database that is gone while it is asked."""
        message = taken(claimed.data)  # (1)
        if message is None:
            return Ending(state=State.DONE, outcome="nothing to do")
        try:
            if isinstance(message, ConsentMessage):
                self._keep(message, claimed)  # (2)
                return Ending(state=State.DONE, outcome="consent kept")
            fed = self._treat(message, claimed)
        except (DatabaseUnavailable, AuditUnavailable) as error:
            return self.retrying.ending(claimed, type(error).__name__)
        except Later as later:
            return self.retrying.ending(claimed, str(later))
        wants = message.instructions.destmssanteps or message.instructions.destmssantepat
        letters: tuple[Letter, ...] = ()
        if wants and self.compose is not None:
            fed = judge_mailed(message, fed, self.content)  # (5)
            if not fed.holds:
                meant = visible_as_meant(message, self.terms())
                letters = self.compose(meant, claimed.message_id, datetime.now(UTC))  # (6)
        outcome = fed.code or (NO_MAIL if wants and self.compose is None else "")
        told = write_zam(dmp_receipt(message, (fed.code, fed.text) if fed.code else None, fed.details))  # (7)
        return Ending(
            state=State.PARKED if outcome else State.DONE,
            outcome=outcome or "done",
            destination="^".join(message.header.sender),
            acknowledgement=told if self._is_to_be_told(message, fed) else None,
            letters=letters,
        )

    @staticmethod
    def _is_to_be_told(message: DocumentMessage, fed: Fed) -> bool:
        """Whether the sender asked for a word of his document: of the DMP, if it was to have it; else of a refusal."""
        return message.instructions.ack_reception and (message.instructions.destdmp or bool(fed.code))

    def _treat(self, message: DocumentMessage, claimed: Claimed) -> Fed:
        """What the DMP says of it, where it is to have it. Raises Later."""
        if not message.instructions.destdmp:
            return Fed()
        message = visible_as_meant(message, self.terms())
        opposed = self._opposition(message, claimed.structure_id)
        if opposed:
            return Fed(code=opposed, text="the patient's own word, kept by the structure")
        case = _Case(message, claimed.message_id, read_certificate(claimed.certificate))
        caller: Caller | None = None
        try:
            caller, seal = self.senders.caller(  # (3)
                message, case.certificate, case.message_id, self.terms(), datetime.now(UTC)
            )
            self._ask(message, claimed.message_id, caller, seal)  # (4)
        except SecurityError as error:
            self._write_down(case, caller, error.code)
            return Fed(code=error.code, text=error.text, holds=True)
        except Refusal as refusal:
            return self._refused(case, caller, refusal)
        return Fed()

    def _refused(self, case: _Case, caller: Caller | None, refusal: Refusal) -> Fed:
        fed, first = Fed.refused(refusal.errors), refusal.errors[0]
        if first.code in LATER:
            raise Later(first.code.value) from None
        if caller is not None and self._is_done(case.message, case.message_id, caller):
            return Fed()
        self._write_down(case, caller, fed.code, refusal.decided_by, refusal.operation)
        return fed

    def _ask(self, message: DocumentMessage, message_id: UUID, caller: Caller, seal: Seal) -> None:
        builder = Builder(message_id=message_id, message=message, caller=caller, source_id=self.source_id)
        documents = documents_of(message)
        if message.flow is Flow.DELETE:
            own = self.references.of([one.header.unique_id or "" for one in documents], caller)
            self.delete(builder.deletion(own), caller)
            return
        replaced: tuple[str, ...] = ()
        if message.flow is Flow.REPLACE:
            replaced = tuple(self.references.replaced_by(one.header, caller) for one in documents)
        self.provide(builder.lot(documents, replaced, seal), caller)

    def _is_done(self, message: DocumentMessage, message_id: UUID, caller: Caller) -> bool:
        """Whether an earlier attempt, ended before it could say so, registered or deleted all of it."""
        builder = Builder(message_id=message_id, message=message, caller=caller, source_id=self.source_id)
        ids = [one.header.unique_id or "" for one in documents_of(message)]
        if message.flow is Flow.DELETE:
            return self.references.are_deleted(ids, caller)
        return self.references.are_registered(builder.entry_uuids(len(ids)), caller)

    def _opposition(self, message: DocumentMessage, structure_id: str) -> str:
        """H-17: what the patient told the structure counts before the DMP is called."""
        said = Feeding(self.inbox.feeding(structure_id, message.patient) or Feeding.UNKNOWN)
        if may_feed(said, when_unknown=self.feed_when_unknown):
            return ""
        return OPPOSED if said is Feeding.OPPOSITION else UNKNOWN_CONSENT

    def _keep(self, message: ConsentMessage, claimed: Claimed) -> None:
        sent = _instant(message.header.time) or claimed.received_at
        self.inbox.keep_consent(
            claimed.structure_id,
            message.patient,
            (message.feeding.value, _instant(message.feeding_date) or sent),
            (message.consultation.value, _instant(message.consultation_date) or sent),
        )

    def _write_down(self, case: _Case, caller: Caller | None, code: str, rule: str = "", operation: str = "") -> None:
        write_down(
            self.keeper,
            transaction=TRANSACTIONS[case.message.flow],
            asked=Operation.DELETE if case.message.flow is Flow.DELETE else Operation.FEED,
            request_id=str(case.message_id),
            certificate=case.certificate,
            caller=caller,
            code=code,
            rule=rule,
            operation=operation,
        )


def _instant(text: str) -> datetime | None:
    """A time of HL7; one without zone is taken as UTC. None: none, or no time."""
    spelled = to_utc(text)
    try:
        return parse_dtm(spelled) if spelled else None
    except ValueError:
        return None
