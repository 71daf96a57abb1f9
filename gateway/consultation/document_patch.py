"""PATCH of a DocumentReference: TD3.3 in FHIR, over the use case of ITI-57 (DMP draft 0.1.0; PDSm 3.1.1 flux 03, 04).

A patch is applied to the resource as it is read here; what differs then is the order. Only status, securityLabel and
isArchived may differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from gateway.consultation.change_document import ChangeDocuments
from gateway.consultation.document_references import DocumentReferences
from gateway.consultation.iti67 import RESOURCE, DocumentReferenceWire
from gateway.fhir_routes import FhirOperation, SearchParameter
from gateway.gate import Caller
from gateway.sent_lot import submission_set_of
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.outcome import FhirRefused, Issue, write_outcome
from gateway.wire.fhir.patch import read_patch
from gateway.wire.fhir.request import FhirRequest
from security.errors import ErrorKind
from xds.dmp.operations import Operation as LawOperation
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.messages import SubmitObjectsRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import UUID_URN, fresh_uuid
from xds.mhd import resource_patch
from xds.mhd.constants import DELETED, IS_ARCHIVED, URI
from xds.mhd.element import Element
from xds.mhd.notes import Notes
from xds.mhd.outcome import placed
from xds.mhd.search_values import Token, read_tokens
from xds.mhd.values import read_concept
from xds.registry.registered_documents import RegisteredDocument
from xds.registry.whole_documents import WholeDocument

_LEVELS: Final = frozenset("NRV")
_MAY_CHANGE: Final = frozenset(("status", "securityLabel"))
_IDENTIFIER: Final = SearchParameter(name="identifier", type="token", documentation="uniqueId, logicalId or entryUUID")
_ALLOW: Final = "GET, PATCH, POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPatch:
    """(1) the document, as far as it is seen  (2) the patch applied  (3) what differs, as an order  (4) as ITI-57.

    `deletion` is the status that deletes.
    """

    change: ChangeDocuments
    references: DocumentReferences
    wire: DocumentReferenceWire
    deletion: Literal["entered-in-error", "superseded"] = "entered-in-error"

    def operations(self) -> tuple[FhirOperation, ...]:
        """By id, and on the condition of one identifier."""
        declared: dict[str, Any] = {
            "method": "PATCH",
            "transaction": "TD3.3",
            "interaction": "patch",
            "handle": self.patch,
            "body": "patch",
            "law_of": law_of,
            "documentation": "Visibility (securityLabel), archiving (isArchived), deletion (status); nothing else.",
        }
        return (
            FhirOperation(route=f"{RESOURCE}/{{id}}", **declared),
            FhirOperation(route=RESOURCE, parameters=(_IDENTIFIER,), **declared),
        )

    def patch(self, asked: FhirRequest, caller: Caller) -> FhirAnswer:
        """Change the one document that is named, wholly or not at all.

        Raises FhirRefused: 400, 404, 405, 412, 422 of the patch; Refusal: what the law or a rule refuses.
        """
        document = self._document(asked, caller)  # (1)
        if asked.if_match and asked.if_match != str(document.version):
            raise _refused(412, "conflict", "the document has another version now: read it again")
        before = self.wire.resource(asked.base, _as_it_is(document))
        after = _patched(asked, before)  # (2)
        request = SubmitObjectsRequest(
            submission_set=submission_set_of(caller, caller.vihf.patient or ""), entries=(), associations=()
        )
        request = _ordered(request, document, before, after, self.deletion)  # (3)
        if request.associations:
            try:
                self.change(request, caller)  # (4)
            except Refusal as refusal:
                errors = placed(refusal.errors, _places(request, document))
                raise Refusal(errors, decided_by=refusal.decided_by, operation=refusal.operation) from None
        seen = self.references.look(document.logical_id, caller)
        if seen:
            return replace(self.wire.answer(asked.base, seen[0].whole()), may_be_minimal=True)
        done = Issue(severity="information", code="informational", diagnostics="done; the document is not shown to you")
        return FhirAnswer(resource=write_outcome([done]))

    def _document(self, asked: FhirRequest, caller: Caller) -> RegisteredDocument:
        identifier = asked.variables.get("id")
        names = [f"{URI}|{UUID_URN}{identifier}"] if identifier else asked.values("identifier")
        if not names:
            raise _refused(400, "required", "a patch names its document, by id or by identifier")
        tokens: tuple[Token, ...] = tuple(token for name in names for token in read_tokens(name))
        found = self.change.seen([token.code for token in tokens], caller)
        if not found:
            raise _refused(404, "not-found", "no such resource")
        if len(found) > 1:
            raise _refused(412, "multiple-matches", f"{len(found)} documents have such an identifier")
        return found[0]


def _places(request: SubmitObjectsRequest, document: RegisteredDocument) -> dict[str, str]:
    """Where the patched resource says what an order says."""
    entries = {entry.entry_uuid: RESOURCE for entry in request.entries}
    orders = {
        one.entry_uuid: f"{RESOURCE}.status" if one.new_status is not None else RESOURCE for one in request.associations
    }
    return {**entries, **orders, document.entry.entry_uuid: RESOURCE}


def law_of(asked: FhirRequest) -> LawOperation:
    """What a patch that nobody looked into yet asks for, as far as it says."""
    sent = asked.content or str(asked.resource or "").encode()
    if b"entered-in-error" in sent or DELETED.encode() in sent:
        return LawOperation.DELETE
    return LawOperation.ARCHIVE if IS_ARCHIVED.encode() in sent or b"valueBoolean" in sent else LawOperation.MASK


def _as_it_is(document: RegisteredDocument) -> WholeDocument:
    entry = replace(document.entry, logical_id=document.logical_id, version=document.version)
    return WholeDocument(entry=entry, changed_at=document.deposited_at)


def _patched(asked: FhirRequest, before: dict[str, Any]) -> dict[str, Any]:
    """The resource after the patch. Raises FhirRefused: 405 for what may not change, 422 for what cannot be applied."""
    try:
        after = resource_patch.applied(read_patch(asked, before), before)
    except resource_patch.BadPatch as error:
        raise _refused(422, "processing", str(error)) from None
    except resource_patch.ForeignPath:
        raise _forbidden() from None
    if _rest(before) != _rest(after):
        raise _forbidden()
    return after


def _rest(resource: dict[str, Any]) -> dict[str, Any]:
    """What no patch may change. An empty list of extensions is none."""
    rest = {name: value for name, value in resource.items() if name not in _MAY_CHANGE and name != "extension"}
    others = [one for one in _extensions(resource) if one.get("url") not in (IS_ARCHIVED, DELETED)]
    return {**rest, "extension": others}


def _extensions(resource: dict[str, Any]) -> Sequence[dict[str, Any]]:
    found = resource.get("extension")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _ordered(
    request: SubmitObjectsRequest,
    document: RegisteredDocument,
    before: dict[str, Any],
    after: dict[str, Any],
    deletion: str,
) -> SubmitObjectsRequest:
    """The orders that the difference is, in the words of ITI-57."""
    submission_set = request.submission_set
    if submission_set is None:
        raise LookupError("the lot is the door's own")
    entries: list[DocumentEntry] = []
    associations = list(_status_orders(submission_set, document, before, after, deletion))
    if before.get("securityLabel") != after.get("securityLabel"):
        codes = _labels(document, after)
        entry = replace(
            _as_it_is(document).entry,
            entry_uuid=fresh_uuid(),
            availability_status=AvailabilityStatus.APPROVED,
            confidentiality_codes=codes,
        )
        entries.append(entry)
        associations.append(
            Association(
                entry_uuid=fresh_uuid(),
                association_type=AssociationType.HAS_MEMBER,
                source=submission_set.entry_uuid,
                target=entry.entry_uuid,
                submission_set_status="Original",
                previous_version=str(document.version),
            )
        )
    return replace(request, entries=tuple(entries), associations=tuple(associations))


def _status_orders(
    submission_set: SubmissionSet,
    document: RegisteredDocument,
    before: dict[str, Any],
    after: dict[str, Any],
    deletion: str,
) -> Iterator[Association]:
    status, marked = after.get("status"), _flag(after, DELETED)
    wanted = document.status
    if status != before.get("status") or marked:
        if status != deletion or marked != (deletion == "superseded"):
            found = f"{status}, {'with' if marked else 'without'} the extension of a deletion"
            text = f"DocumentReference.status: found {found}, expected {deletion}: no other status is set here"
            error = RegistryError(
                XdsErrorCode.METADATA_UPDATE_OPERATION, text, f"{RESOURCE}.status", rule="FHIR-STATUS"
            )
            raise Refusal([error], operation=LawOperation.DELETE.value)
        wanted = AvailabilityStatus.DELETED
    elif _flag(before, IS_ARCHIVED) != _flag(after, IS_ARCHIVED):
        wanted = AvailabilityStatus.ARCHIVED if _flag(after, IS_ARCHIVED) else AvailabilityStatus.APPROVED
    if wanted is not document.status:
        yield Association(
            entry_uuid=fresh_uuid(),
            association_type=AssociationType.UPDATE_AVAILABILITY_STATUS,
            source=submission_set.entry_uuid,
            target=document.entry_uuid,
            original_status=document.status,
            new_status=wanted,
        )


def _flag(resource: dict[str, Any], url: str) -> bool:
    return any(one.get("url") == url and one.get("valueBoolean") is True for one in _extensions(resource))


def _labels(document: RegisteredDocument, after: dict[str, Any]) -> tuple[Code, ...]:
    """The confidentialityCodes that a set of labels means. A level that a patch wrote over is what it was.

    Raises Refusal: a label that is none; SBX_LABEL_AMBIGUOUS, the level went where several labels stood (a patch by
    position replaced another label than it meant).
    """
    notes = Notes()
    labels = after.get("securityLabel")
    found = Element({"securityLabel": labels if isinstance(labels, list) else []}, RESOURCE, notes)
    codes = [code for one in found.children("securityLabel") if (code := read_concept(one)) is not None]
    if notes.faults:
        raise Refusal(notes.faults, operation=LawOperation.MASK.value)
    kept = document.entry.confidentiality_codes
    if any(code.code in _LEVELS for code in codes):
        return tuple(_once(codes))
    if len(kept) > 1:
        text = (
            f"{RESOURCE}.securityLabel: found no level among the labels left, expected {_level(kept).code}, as it was"
        )
        error = RegistryError(XdsErrorCode.SBX_LABEL_AMBIGUOUS, text, f"{RESOURCE}.securityLabel", rule="FHIR-LABEL")
        raise Refusal([error], operation=LawOperation.MASK.value)
    return (_level(kept), *_once(codes))


def _once(codes: Sequence[Code]) -> Iterator[Code]:
    """Each code once, whatever its display: a label that is there already is not another one."""
    seen: set[tuple[str, str]] = set()
    for one in codes:
        if (one.code, one.scheme) not in seen:
            seen.add((one.code, one.scheme))
            yield one


def _level(codes: Sequence[Code]) -> Code:
    return next((code for code in codes if code.code in _LEVELS), codes[0])


def _refused(status: int, code: str, text: str) -> FhirRefused:
    return FhirRefused(status, [Issue(code=code, diagnostics=text)])


def _forbidden() -> FhirRefused:
    text = "only status, securityLabel and the extension isArchived change"
    issue = Issue(code="not-supported", reason="FHIR_FORBIDDEN", diagnostics=text)
    return FhirRefused(405, [issue], kind=ErrorKind.FHIR_FORBIDDEN, allow=_ALLOW)
