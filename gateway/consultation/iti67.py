"""ITI-67 Find Document References at the consultation door (IHE MHD 4.2.4 §2:3.67; PDSm 3.1.1 flux 05, 06)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import orjson

from gateway.consultation.document_references import DocumentReferences
from gateway.consultation.fhir_pages import COUNT, PAGE, Pages
from gateway.fhir_routes import FhirOperation, SearchParameter, search_and_read
from gateway.gate import Caller
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.outcome import FhirRefused, Issue, write_outcome
from gateway.wire.fhir.request import FhirRequest
from security.strict_json import write_json
from xds.dmp.operations import Operation as LawOperation
from xds.metadata.association import AssociationType
from xds.metadata.symbolic import UUID_URN
from xds.mhd.composition import MIME_TYPE as FHIR_DOCUMENT
from xds.mhd.constants import COMPREHENSIVE_DOCUMENT
from xds.mhd.document_reference import write_document_reference, write_lasting
from xds.mhd.document_search import read_document_search
from xds.mhd.moving import IdPolicy, Moving, complete
from xds.registry.kept_resources import read_kept
from xds.registry.whole_documents import FoundDocument, WholeDocument

RESOURCE: Final = "DocumentReference"
TRANSACTION: Final = "ITI-67"
RELATED: Final = "DocumentReference:relatesto"
PATIENT: Final = (
    SearchParameter(
        name="patient.identifier", type="token", documentation="authority|INS of the patient of the token; required"
    ),
    SearchParameter(
        name="patient",
        type="reference",
        documentation="patient:identifier alone, which is patient.identifier: no Patient has an id here",
        modifiers=frozenset({"identifier"}),
    ),
)
PAGING: Final = (
    SearchParameter(name=COUNT, type="number", documentation="resources of a page; 0: the total alone"),
    SearchParameter(name=PAGE, type="special", documentation="of the links of an answer"),
    SearchParameter(name="_include", type="special", documentation="as each resource type declares"),
)
_TOKENS: Final = {
    "status": "current, superseded or entered-in-error; required unless handling=lenient",
    "type": "typeCode",
    "category": "classCode",
    "facility": "healthcareFacilityTypeCode",
    "setting": "practiceSettingCode",
    "format": "formatCode",
    "security-label": "confidentialityCode",
    "event": "eventCodeList",
    "identifier": "uniqueId, logicalId, or an entryUUID, former ones too",
    "isArchived": "true: archived documents, and they alone; otherwise none of them",
    "_id": "",
}
_DATES: Final = {
    "date": "creationTime",
    "creation": "creationTime",
    "period": "serviceStartTime and serviceStopTime; an absent one meets every bound",
    "period-start": "serviceStartTime; absent, it meets every bound",
    "period-end": "serviceStopTime; absent, it meets every bound",
    "_lastUpdated": "last change of metadata or status; gt with the newest seen gives what is new",
}
PARAMETERS: Final = (
    *PATIENT,
    *(SearchParameter(name=name, type="token", documentation=text) for name, text in _TOKENS.items()),
    *(SearchParameter(name=name, type="date", documentation=text) for name, text in _DATES.items()),
    SearchParameter(name="author.given", type="string"),
    SearchParameter(name="author.family", type="string"),
    SearchParameter(
        name="related",
        type="reference",
        documentation="referenceIdList, by identifier; related:identifier is the same",
        modifiers=frozenset({"identifier"}),
    ),
    *(
        SearchParameter(name=name, type="reference", documentation="the document that relatesTo names")
        for name in ("relatesto", "relatesTo")
    ),
    *PAGING,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReferenceWire:
    """Writes documents as resources, and the searches and reads that answer them."""

    documents: DocumentReferences
    id_policy: IdPolicy = IdPolicy.LID
    pages: Pages = field(default_factory=Pages)

    def operations(self) -> tuple[FhirOperation, ...]:
        """Search by both methods, and read."""
        return search_and_read(
            RESOURCE,
            find=self.find,
            read=self.read,
            parameters=PARAMETERS,
            documentation=f"The documents that may be read, each in its last version. _include={RELATED} is known.",
            includes=(RELATED,),
            transaction=TRANSACTION,
            law=LawOperation.SEARCH,
            profiles=(COMPREHENSIVE_DOCUMENT,),
        )

    def find(self, asked: FhirRequest, caller: Caller) -> FhirAnswer:
        """A searchset: what may be read, and how many of them there are."""
        page = self.pages.asked(asked.parameters, caller, RESOURCE)
        values = grouped(page.parameters)
        related = RELATED in included(values, (RELATED,))
        found = self.documents.search(read_document_search(values, lenient=asked.lenient), caller)
        shown, bundle = self.pages.searchset(
            f"{asked.base}/{RESOURCE}", page, caller, found, resource_type=RESOURCE, id_of=_id_of
        )
        entries = [_written(asked.base, one, self.id_policy, "match") for one in shown]
        if related:
            entries += self._included(asked, caller, shown)
        return FhirAnswer(written=write_searchset(bundle, entries))

    def read(self, asked: FhirRequest, caller: Caller) -> FhirAnswer:
        """One document by its id; 404 when it is not there for whoever asks."""
        found = self.documents.by_id(asked.variables["id"], caller)
        if not found:
            return not_there()
        version = found[0].version
        return FhirAnswer(
            resource=found_resource(asked.base, found[0], self.id_policy),
            etag=str(version.number),
            last_modified=version.changed_at,
        )

    def answer(self, base: str, one: WholeDocument) -> FhirAnswer:
        """One resource, its version and its last change beside it."""
        return FhirAnswer(resource=self.resource(base, one), etag=str(one.entry.version), last_modified=one.changed_at)

    def resource(self, base: str, one: WholeDocument) -> dict[str, Any]:
        """The resource of a document."""
        return write_document_reference(
            one.entry,
            url=_url(base, one.entry.mime_type, one.logical_id),
            relates_to=_relations(one.relations),
            last_updated=one.changed_at,
            id_policy=self.id_policy,
        )

    def included(self, base: str, logical_ids: Iterable[str], caller: Caller) -> list[bytes]:
        """The entries of documents that a searchset brings along, as far as they are seen."""
        return [_written(base, one, self.id_policy, "include") for one in self.documents.by_ids(logical_ids, caller)]

    def _included(self, asked: FhirRequest, caller: Caller, shown: Sequence[FoundDocument]) -> list[bytes]:
        there = {one.version.logical_id for one in shown}
        targets = dict.fromkeys(target for one in shown for _, target in one.version.relations if target not in there)
        return self.included(asked.base, targets, caller)


@lru_cache(maxsize=1024)
def _written(base: str, one: FoundDocument, id_policy: IdPolicy, mode: str) -> bytes:
    """The entry of a document in a searchset: the same as long as the document is as it was (G-370)."""
    return write_entry(base, found_resource(base, one, id_policy), mode=mode)


def found_resource(base: str, one: FoundDocument, id_policy: IdPolicy) -> dict[str, Any]:
    """The resource of a document found: what was kept at registration, or is written now, and what moves."""
    version = one.version
    return complete(
        read_kept(version.lasting) if version.lasting is not None else write_lasting(one.whole().entry),
        Moving(
            entry_uuid=one.entry_uuid,
            logical_id=version.logical_id,
            version=version.number,
            status=one.status,
            url=_url(base, one.mime_type, version.logical_id),
            relates_to=_relations(version.relations),
            last_updated=version.changed_at,
            id_policy=id_policy,
        ),
    )


def _url(base: str, mime_type: str, logical_id: str) -> str:
    kind = "Bundle" if mime_type == FHIR_DOCUMENT else "Binary"
    return f"{base}/{kind}/{logical_id.removeprefix(UUID_URN)}"


def _id_of(one: FoundDocument) -> str:
    return one.version.logical_id


def _relations(relations: Iterable[tuple[AssociationType, str]]) -> list[tuple[AssociationType, str]]:
    return [(kind, f"{RESOURCE}/{target.removeprefix(UUID_URN)}") for kind, target in relations]


def grouped(parameters: Iterable[tuple[str, str]]) -> Mapping[str, tuple[str, ...]]:
    """Every value of each parameter, in order."""
    values: dict[str, list[str]] = {}
    for name, value in parameters:
        values.setdefault(name, []).append(value)
    return {name: tuple(found) for name, found in values.items()}


def included(values: Mapping[str, Sequence[str]], known: Sequence[str]) -> frozenset[str]:
    """What `_include` asks for. Raises FhirRefused: 400, an inclusion that is not known here."""
    asked = frozenset(values.get("_include", ()))
    if asked <= frozenset(known):
        return asked
    text = f"_include: found another value, expected {' or '.join(known)}"
    raise FhirRefused(400, [Issue(code="not-supported", reason="FHIR_FORBIDDEN", diagnostics=text)])


def write_entry(base: str, resource: dict[str, Any], *, mode: str = "match") -> bytes:
    """The entry of a resource in a searchset, JSON."""
    address = f"{base}/{resource['resourceType']}/{resource['id']}"
    return write_json({"fullUrl": address, "resource": resource, "search": {"mode": mode}})


def write_searchset(bundle: dict[str, Any], entries: Iterable[bytes]) -> bytes:
    """A Bundle and its entries, JSON."""
    written = [orjson.Fragment(one) for one in entries]
    return write_json({**bundle, "entry": written} if written else bundle)


def not_there() -> FhirAnswer:
    """404: no such thing, or none that whoever asks may see; the use case has written down that he asked."""
    issue = Issue(code="not-found", diagnostics="no such resource")
    return FhirAnswer(status=404, resource=write_outcome([issue]))
