"""Changes of documents that no message of a professional asks for: by the patient, and by time (DMP §8, CSP R1111-53).

They are what the professionals' are: a new version or another status, in a submission set of their own, written in one
statement with the trace, its notices and the audit event. Nothing here decides on rights: whoever calls has decided.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import uuid4

from security.audit.event import AuditEvent, Outcome
from xds.dmp.changes import Change
from xds.dmp.entries import HIDDEN_FROM_GUARDIANS, INVISIBLE, MASKED
from xds.dmp.operations import Operation
from xds.dmp.outcomes import outcome
from xds.dmp.parameters import Parameters
from xds.dmp.traces import Actor, ActorKind, Notice, Trace
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus
from xds.metadata.submission_set import SubmissionSet
from xds.registry.amendments import Amendments, until_unchanged
from xds.registry.change_plan import ChangePlan, WantedChange, plan_changes
from xds.registry.connections import Connections
from xds.registry.registered import RegisteredFacts, RegisteredRecord
from xds.registry.registered_documents import RegisteredDocument, RegisteredDocuments
from xds.registry.registered_reader import RegisteredReader

SYSTEM: Final = Actor(kind=ActorKind.SYSTEM, id="ecluse")
"""Who does what time brings."""
_SCHEME = "1.2.250.1.213.1.1.4.13"
VISIBILITY: Final = {
    MASKED: Code(MASKED, _SCHEME, "Masqué aux professionnels de santé"),
    INVISIBLE: Code(INVISIBLE, _SCHEME, "Non visible par le patient"),
    HIDDEN_FROM_GUARDIANS: Code(HIDDEN_FROM_GUARDIANS, _SCHEME, "Non visible par les représentants légaux du patient"),
}
"""The codes of visibility, as the DMP spells them (NOS JDV_J58)."""
DMP_SYSTEM: Final = "1.2.250.1.213.4.1.1.1"
_SYSTEM_AUTHOR = Author(
    person=f"{DMP_SYSTEM}^Dossier médical partagé^^^^^^^&{DMP_SYSTEM}&ISO^U^^^XX",
    institutions=(f"Dossier médical partagé^^^^^&{DMP_SYSTEM}&ISO^XX^^^{DMP_SYSTEM}",),
)
_PATIENT_ROLE = "EXP_PATIENT^Expression personnelle du patient^1.2.250.1.213.1.1.4.6"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Who changes a document, and as what. `now` is the real time; `notices` are told of it, when it changes.

    `actor` is the patient or the system. `request_id` names the act in the trail; a fresh one when empty.
    """

    operation: Operation
    actor: Actor
    now: datetime
    notices: tuple[Notice, ...] = ()
    reason: str = ""
    rule: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """What a change is decided and planned on."""

    document: RegisteredDocument
    record: RegisteredRecord
    facts: RegisteredFacts


Wish = Callable[[RegisteredDocument], WantedChange | None]
"""What is wanted of a document as it stands; None: it is so already. May raise Refusal."""


class DocumentChanges:
    """Changes one document at a time. `connections` may be the pool of a door, or the connection of the owner."""

    def __init__(self, connections: Connections) -> None:
        self._facts = RegisteredReader(connections)
        self._documents = RegisteredDocuments(connections)
        self._amendments = Amendments(connections)

    def change_visibility(
        self, patient_id: str, unique_id: str, act: Act, *, add: Collection[str] = (), remove: Collection[str] = ()
    ) -> str | None:
        """Add and remove visibility codes (`MASQUE_PS`, without scheme) of the document of a patient (CX).

        A mask that waited is put on as soon as the patient may see the document. Returns the entryUUID of the new
        version; None when nothing changes. Raises Refusal, as `change` does.
        """
        return self.change(patient_id, unique_id, act, lambda document: _visible_as(document, add, remove))

    def change_status(self, patient_id: str, unique_id: str, act: Act, status: AvailabilityStatus) -> str | None:
        """Give a document another status. Returns its entryUUID; None when it has it. Raises Refusal, as `change`."""

        def wish(document: RegisteredDocument) -> WantedChange | None:
            return WantedChange(document=document, status=status) if document.status is not status else None

        return self.change(patient_id, unique_id, act, wish)

    def change(self, patient_id: str, unique_id: str, act: Act, wish: Wish) -> str | None:
        """Do what is wanted of a document, decided again as long as its record changes meanwhile.

        Returns the entryUUID of what was written; None when nothing was. Raises Refusal: no open record
        (XDSUnknownPatientId), no such document in it (XDSDocumentUniqueIdError), a deleted document
        (XDSMetadataUpdateError), XDSRegistryBusy, or what `wish` refuses.
        """
        return until_unchanged(lambda: self._attempt(patient_id, unique_id, act, wish))

    def release(self, patient_id: str, unique_id: str, now: datetime) -> bool:
        """Make visible a hidden document that nobody announced, as the keeper (CSP R1111-53); False when it is done.

        `now` is the real time; the keeper's clock shows the instant at which it is due. Raises Refusal, as `change`.
        """
        return until_unchanged(lambda: self._attempt_release(patient_id, unique_id, now))

    def _attempt(self, patient_id: str, unique_id: str, act: Act, wish: Wish) -> str | None:
        found = self._found(patient_id, unique_id)
        wanted = wish(found.document)
        return self._write(wanted, found, act) if wanted is not None else None

    def _attempt_release(self, patient_id: str, unique_id: str, now: datetime) -> bool:
        found = self._found(patient_id, unique_id)
        wanted = _visible_as(found.document, (), (INVISIBLE,))
        if wanted is None:
            return False
        plan = self._plan(wanted, found, SYSTEM, now)
        return self._amendments.release(plan, patient_key=found.record.patient_key, revision=found.record.revision)

    def _found(self, patient_id: str, unique_id: str) -> _Found:
        facts = self._facts.ask(unique_ids=[unique_id], patient_ids=[patient_id])
        record = facts.record_of(patient_id)
        if record is None:
            raise _refusal(XdsErrorCode.UNKNOWN_PATIENT_ID, "no open record for this patient")
        found = self._documents.ask(record.patient_key, unique_ids=[unique_id])
        if not found:
            raise _refusal(XdsErrorCode.DOCUMENT_UNIQUE_ID, f"no document {unique_id} in this record")
        document = max(found.values(), key=lambda one: one.version)
        if document.status is AvailabilityStatus.DELETED:
            raise _refusal(
                XdsErrorCode.METADATA_UPDATE, f"document {unique_id} is deleted: it does not change any more"
            )
        return _Found(document=document, record=record, facts=facts)

    def _plan(self, wanted: WantedChange, found: _Found, actor: Actor, now: datetime) -> ChangePlan:
        former = self._documents.submission_of(wanted.document, found.record.patient_key)
        lot = _submission_set(former, wanted.document.entry.patient_id, actor, now)
        return plan_changes(lot, (wanted,), found.facts)

    def _write(self, wanted: WantedChange, found: _Found, act: Act) -> str:
        document, record = wanted.document, found.record
        request_id = act.request_id or str(uuid4())
        plan = self._plan(wanted, found, act.actor, act.now)
        self._amendments.change(
            plan,
            patient_key=record.patient_key,
            revision=record.revision,
            depositor_id=act.actor.structure or DMP_SYSTEM,
            event=AuditEvent(
                door="administration",
                time=act.now,
                transaction=act.operation.transaction,
                outcome=Outcome.SUCCESS,
                request_id=request_id,
                actor_id=act.actor.kind.value,
                objects=(str(record.patient_key), document.unique_id),
            ),
            traces=(
                Trace(
                    patient_id=record.patient_id,
                    operation=act.operation,
                    outcome=Outcome.SUCCESS,
                    actor=act.actor,
                    request_id=request_id,
                    reason=act.reason,
                    documents=(document.unique_id,),
                    rule=act.rule,
                    notices=act.notices,
                ),
            ),
        )
        return plan.versions[0].entry.entry_uuid if plan.versions else document.entry_uuid


def becoming(change: Change, document: RegisteredDocument, parameters: Parameters) -> WantedChange:
    """What a change that the law allows makes of a document. Raises Refusal: there is no such outcome (`outcomes`)."""
    becomes = outcome(change, document, parameters)
    if becomes.status is not document.status:
        return WantedChange(document=document, status=becomes.status)
    before, after = set(document.confidentiality_codes), set(becomes.confidentiality_codes)
    codes = with_visibility(document.entry.confidentiality_codes, after - before, before - after)
    return WantedChange(document=document, confidentiality_codes=codes, mask_when_visible=becomes.mask_when_visible)


def with_visibility(codes: Collection[Code], add: Collection[str], remove: Collection[str]) -> tuple[Code, ...]:
    """ConfidentialityCodes with others: those that stay keep their spelling. Raises KeyError: no code of visibility."""
    kept = [code for code in codes if code.code not in remove]
    present = {code.code for code in kept}
    return (*kept, *(VISIBILITY[name] for name in sorted(add) if name not in present))


def _visible_as(document: RegisteredDocument, add: Collection[str], remove: Collection[str]) -> WantedChange | None:
    before = set(document.confidentiality_codes)
    after = (before | set(add)) - set(remove)
    waits = document.mask_when_visible and INVISIBLE in after
    if document.mask_when_visible and not waits:
        after.add(MASKED)
    if after == before:
        return None
    codes = with_visibility(document.entry.confidentiality_codes, after - before, before - after)
    return WantedChange(document=document, confidentiality_codes=codes, mask_when_visible=waits)


def _submission_set(former: SubmissionSet, patient_id: str, actor: Actor, now: datetime) -> SubmissionSet:
    """The submission set of a change: what it is about as its document's was, its author who acts."""
    identifier = uuid4()
    author = _SYSTEM_AUTHOR if actor.kind is ActorKind.SYSTEM else _patient_author(patient_id)
    return SubmissionSet(
        entry_uuid="change",
        unique_id=f"2.25.{identifier.int}",
        patient_id=patient_id,
        source_id=DMP_SYSTEM,
        submission_time=now.astimezone(UTC).strftime("%Y%m%d%H%M%S"),
        content_type_code=former.content_type_code,
        authors=(author,),
    )


def _patient_author(patient_id: str) -> Author:
    """The patient by his INS: no name, which the registry does not know."""
    parts = patient_id.split("^")
    return Author(
        person=f"{parts[0]}^^^^^^^^{parts[3]}^^^^NH",
        roles=(_PATIENT_ROLE,),
    )


def _refusal(code: XdsErrorCode, text: str) -> Refusal:
    return Refusal((RegistryError(code, text),))
