"""Answers as values: registry responses, query results, documents, and faults as an exception (ITI TF-3 §4.2.4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from samples.client.addressing import SOAP
from samples.client.mtom import Packaging, document_bytes
from samples.client.objects import Kind, RegistryObject, read_object
from samples.client.transport import Reply
from xds.ebrim.constants import ENTRY_UNIQUE_ID, QUERY, RIM, RS, XDS
from xds.ebrim.faults import Faults
from xds.ebrim.objects import read_entry
from xds.metadata.document_entry import DocumentEntry

SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
_BODY = f"{{{SOAP}}}Body"
_FAULT = f"{{{SOAP}}}Fault"
_HL7 = "urn:hl7-org:v3"


class UnexpectedAnswer(Exception):
    """A SOAP answer, but not to the question that was asked."""


class SoapFault(Exception):
    """A SOAP 1.2 fault. `code` and `subcodes` are local names, the outermost first.

    `reason` is the first text, in English here. `detail` maps the local name of each leaf of the fault's detail to its
    text: `Code`, `Kind` and `Request` from this gateway.
    """

    def __init__(
        self, http_status: int, code: str, subcodes: tuple[str, ...], reason: str, detail: Mapping[str, str]
    ) -> None:
        super().__init__(f"{'/'.join((code, *subcodes))}: {reason}")
        self.http_status = http_status
        self.code = code
        self.subcodes = subcodes
        self.reason = reason
        self.detail = detail

    @property
    def subcode(self) -> str | None:
        """The first subcode, which says what was refused."""
        return self.subcodes[0] if self.subcodes else None

    @property
    def kind(self) -> str | None:
        """The kind of refusal in the detail, such as `SIG_INVALID` or `CERT_KIND`."""
        return self.detail.get("Kind")


@dataclass(frozen=True, slots=True)
class ReportedError:
    """One `rs:RegistryError` of an answer. `code` is its errorCode; `severity` is `Error` or `Warning`."""

    code: str
    context: str
    location: str
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryAnswer:
    """What every transaction answers. `status` is the full URN."""

    status: str
    errors: tuple[ReportedError, ...]
    http_status: int
    packaging: Packaging

    @property
    def succeeded(self) -> bool:
        return self.status == SUCCESS

    @property
    def error_codes(self) -> list[str]:
        return [error.code for error in self.errors]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAnswer(RegistryAnswer):
    """Answer of ITI-18 and ITI-51: the ebRIM objects in order, as elements (ITI TF-2 §3.18.4.1.3)."""

    objects: tuple[etree._Element, ...]

    @property
    def found(self) -> tuple[RegistryObject, ...]:
        """The same as values: kind, id, version, status, ends."""
        return tuple(read_object(item) for item in self.objects)

    def of_kind(self, kind: Kind) -> tuple[RegistryObject, ...]:
        """Those of one kind."""
        return tuple(item for item in self.found if item.kind is kind)

    @property
    def counts(self) -> Counter[Kind]:
        """How many of each kind."""
        return Counter(item.kind for item in self.found)

    @property
    def entries(self) -> tuple[etree._Element, ...]:
        """The DocumentEntries among the objects."""
        return tuple(item for item in self.objects if item.tag == f"{{{RIM}}}ExtrinsicObject")

    @property
    def document_entries(self) -> tuple[DocumentEntry, ...]:
        """The same, read into values; what could not be read is empty in them."""
        return tuple(read_entry(entry, Faults()) for entry in self.entries)

    @property
    def ids(self) -> list[str]:
        """The `@id` of every object: entryUUIDs, and those of ObjectRefs."""
        return [item.get("id", "") for item in self.objects]

    @property
    def unique_ids(self) -> list[str]:
        """The uniqueId of every DocumentEntry."""
        path = f"{{{RIM}}}ExternalIdentifier[@identificationScheme='{ENTRY_UNIQUE_ID}']"
        found = (entry.find(path) for entry in self.entries)
        return [identifier.get("value", "") for identifier in found if identifier is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedAnswer:
    """Answer of ITI-44: `code` is the acknowledgement (`AA`, `CA`, `AE`, `AR`…), `details` are its texts."""

    code: str
    details: tuple[str, ...]
    http_status: int

    @property
    def accepted(self) -> bool:
        return self.code in ("AA", "CA")


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrievedDocument:
    """One document of ITI-43; `content` is byte for byte what the repository sent."""

    repository_unique_id: str
    unique_id: str
    mime_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrieveAnswer(RegistryAnswer):
    """Answer of ITI-43 (ITI TF-2 §3.43.4.2)."""

    documents: tuple[RetrievedDocument, ...]


def body_of(reply: Reply, expected: str) -> etree._Element:
    """Return the child of the SOAP body, which must be the element `expected`.

    Raises SoapFault, UnexpectedAnswer.
    """
    body = reply.root.find(_BODY)
    content = body[0] if body is not None and len(body) else None
    if content is None:
        raise UnexpectedAnswer(f"HTTP {reply.status}: an envelope without content")
    if content.tag == _FAULT:
        raise _read_fault(reply.status, content)
    if content.tag != expected:
        raise UnexpectedAnswer(f"the body holds {content.tag}, expected {expected}")
    return content


def read_registry_answer(reply: Reply) -> RegistryAnswer:
    """Read `rs:RegistryResponse`. Raises SoapFault, UnexpectedAnswer."""
    response = body_of(reply, f"{{{RS}}}RegistryResponse")
    status, errors = _outcome(response)
    return RegistryAnswer(status=status, errors=errors, http_status=reply.status, packaging=reply.packaging)


def read_query_answer(reply: Reply) -> QueryAnswer:
    """Read `query:AdhocQueryResponse`. Raises SoapFault, UnexpectedAnswer."""
    response = body_of(reply, f"{{{QUERY}}}AdhocQueryResponse")
    status, errors = _outcome(response)
    found = response.find(f"{{{RIM}}}RegistryObjectList")
    objects = tuple(found.iterchildren("*")) if found is not None else ()
    return QueryAnswer(
        status=status, errors=errors, http_status=reply.status, packaging=reply.packaging, objects=objects
    )


def read_retrieve_answer(reply: Reply) -> RetrieveAnswer:
    """Read `xds:RetrieveDocumentSetResponse` and its parts. Raises SoapFault, UnexpectedAnswer, MimeError."""
    response = body_of(reply, f"{{{XDS}}}RetrieveDocumentSetResponse")
    outcome = response.find(f"{{{RS}}}RegistryResponse")
    if outcome is None:
        raise UnexpectedAnswer("RetrieveDocumentSetResponse without RegistryResponse")
    status, errors = _outcome(outcome)
    documents = tuple(_document(item, reply) for item in response.iterchildren(f"{{{XDS}}}DocumentResponse"))
    return RetrieveAnswer(
        status=status, errors=errors, http_status=reply.status, packaging=reply.packaging, documents=documents
    )


def read_feed_answer(reply: Reply) -> FeedAnswer:
    """Read `MCCI_IN000002UV01`. Raises SoapFault, UnexpectedAnswer."""
    answer = body_of(reply, f"{{{_HL7}}}MCCI_IN000002UV01")
    code = answer.find(f"{{{_HL7}}}acknowledgement/{{{_HL7}}}typeCode")
    details = answer.iterfind(f"{{{_HL7}}}acknowledgement/{{{_HL7}}}acknowledgementDetail/{{{_HL7}}}text")
    return FeedAnswer(
        code="" if code is None else code.get("code", ""),
        details=tuple("".join(str(text) for text in detail.itertext()).strip() for detail in details),
        http_status=reply.status,
    )


def _document(item: etree._Element, reply: Reply) -> RetrievedDocument:
    document = item.find(f"{{{XDS}}}Document")
    if document is None:
        raise UnexpectedAnswer("DocumentResponse without Document")
    return RetrievedDocument(
        repository_unique_id=item.findtext(f"{{{XDS}}}RepositoryUniqueId", ""),
        unique_id=item.findtext(f"{{{XDS}}}DocumentUniqueId", ""),
        mime_type=item.findtext(f"{{{XDS}}}mimeType", ""),
        content=document_bytes(document, reply.parts),
    )


def _outcome(response: etree._Element) -> tuple[str, tuple[ReportedError, ...]]:
    errors = tuple(
        ReportedError(
            error.get("errorCode", ""),
            error.get("codeContext", ""),
            error.get("location", ""),
            error.get("severity", "").rpartition(":")[2],
        )
        for error in response.iterfind(f"{{{RS}}}RegistryErrorList/{{{RS}}}RegistryError")
    )
    return response.get("status", ""), errors


def _read_fault(http_status: int, fault: etree._Element) -> SoapFault:
    codes = [
        (value.text or "").strip().rpartition(":")[2] for value in fault.iterfind(f"{{{SOAP}}}Code//{{{SOAP}}}Value")
    ]
    detail = fault.find(f"{{{SOAP}}}Detail")
    leaves = () if detail is None else tuple(leaf for leaf in detail.iterdescendants("*") if not len(leaf))
    return SoapFault(
        http_status,
        codes[0] if codes else "",
        tuple(codes[1:]),
        fault.findtext(f"{{{SOAP}}}Reason/{{{SOAP}}}Text", ""),
        {etree.QName(leaf).localname: leaf.text or "" for leaf in leaves},
    )
