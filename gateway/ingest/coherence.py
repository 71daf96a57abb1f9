"""Does a lot agree with its sender, with the record and with its own documents? Everything found is returned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cda.document import CdaDocument, UnreadableDocument, parse_document
from conformance.checks.agreement import check_agreement, check_replacement
from conformance.checks.content import ContentPolicy, check_content, check_presentation
from conformance.checks.metadata_rule import entry_path, set_path
from gateway.gate import Caller
from security.vihf import agreement
from xds.errors import RegistryError, XdsErrorCode
from xds.messages import ProvideAndRegisterRequest, SubmitObjectsRequest
from xds.metadata.association import AssociationType
from xds.metadata.datatypes import Xcn, Xon
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet

_REPLACEMENTS = (AssociationType.RPLC, AssociationType.XFRM_RPLC)


def with_sender(
    request: SubmitObjectsRequest, submission_set: SubmissionSet, caller: Caller
) -> Iterable[RegistryError]:
    """The lot names the patient, the structure and the person of the VIHF (CI-SIS VIHF; DMP TD2.1)."""
    patients = {submission_set.patient_id: set_path(submission_set, "patientId")}
    for entry in request.entries:
        patients.setdefault(entry.patient_id, entry_path(entry, "patientId"))
    for patient_id, place in patients.items():
        text = agreement.check_patient(caller.vihf, patient_id)
        if text:
            yield _error(XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH, "V-42", place, text)
    place = set_path(submission_set, "author")
    structures = _known(_xon_id(value) for author in submission_set.authors for value in author.institutions)
    text = agreement.check_author_institution(caller.vihf, structures)
    if text:
        text += f": found {', '.join(structures) or 'none'}, expected {caller.vihf.structure_id}"
        yield _error(XdsErrorCode.REGISTRY_METADATA, "V-40", f"{place}/authorInstitution", text)
    persons = _known(_xcn_id(author.person) for author in submission_set.authors if author.person)
    text = agreement.check_author_person(caller.vihf, persons)
    if text:
        text += f": found {', '.join(persons) or 'none'}, expected {caller.vihf.name_id}"
        yield _error(XdsErrorCode.REGISTRY_METADATA, "V-41", f"{place}/authorPerson", text)


def with_documents(
    request: ProvideAndRegisterRequest, signature_id: str, replaced: Mapping[str, str], policy: ContentPolicy
) -> Iterable[RegistryError]:
    """Each document agrees with its metadata and conforms to its profile.

    `replaced` maps the entryUUID of a registered document to its uniqueId: a replacement names the same in the CDA.
    """
    targets = {item.source: item.target for item in request.associations if item.association_type in _REPLACEMENTS}
    for entry in request.entries:
        if entry.entry_uuid == signature_id or entry.entry_uuid not in request.documents:
            continue
        document = _parsed(request.documents[entry.entry_uuid])
        yield from check_agreement(entry, document)
        if isinstance(document, CdaDocument):
            yield from with_profile(entry, document, policy)
        target = targets.get(entry.entry_uuid)
        if target is None or target in replaced:
            yield from check_replacement(entry, document, replaced[target] if target else None)


def with_profile(entry: DocumentEntry, document: CdaDocument, policy: ContentPolicy) -> Iterable[RegistryError]:
    """A document by itself: it hides nothing that runs, and conforms to its profile as far as the house asks it to."""
    yield from check_presentation(entry, document)
    yield from check_content(entry, document, policy)


def _parsed(content: bytes) -> bytes | CdaDocument:
    """The document, or its bytes when they are no CDA: the checks then say so."""
    try:
        return parse_document(content)
    except UnreadableDocument:
        return content


def _error(code: XdsErrorCode, rule: str, place: str, text: str) -> RegistryError:
    return RegistryError(code, f"{place}: {text}", place, rule=rule)


def _known(identifiers: Iterable[str]) -> tuple[str, ...]:
    return tuple(identifier for identifier in identifiers if identifier)


def _xon_id(text: str) -> str:
    try:
        return Xon.parse(text).identifier or ""
    except ValueError:
        return ""


def _xcn_id(text: str) -> str:
    try:
        return Xcn.parse(text).identifier or ""
    except ValueError:
        return ""
