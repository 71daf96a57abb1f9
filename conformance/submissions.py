"""validate_submission(message, documents) -> Report: are XDS metadata right, and do they agree with their documents?

The same rules as at the doors, in the same report form as those of documents (ITI TF-2 §3.41.4.1.3, §3.42.4.1.3).
"""

from __future__ import annotations

import hashlib
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator, Mapping
from functools import cache

from lxml import etree

from cda.document import UnreadableDocument, parse_document
from cda.header import read_header
from conformance.catalogue import METADATA_DMP, METADATA_IHE
from conformance.checks.agreement import disagreements
from conformance.checks.metadata import check_metadata, check_registration
from conformance.places import Places
from conformance.report import Finding, Report, Severity
from profiles.affinity import load_affinity_domain
from profiles.codes import Domain, load_domain
from profiles.rule_texts import text_of
from security import xml
from security.errors import MalformedMessage
from xds.ebrim import constants as c
from xds.ebrim.reader import read_submit_objects
from xds.errors import RegistryError
from xds.errors import Severity as ErrorSeverity
from xds.messages import ProvideAndRegisterRequest, SubmitObjectsRequest
from xds.metadata.document_entry import ON_DEMAND, DocumentEntry

_PROVIDE = f"{{{c.XDS}}}ProvideAndRegisterDocumentSetRequest"
_SUBMIT = f"{{{c.LCM}}}SubmitObjectsRequest"
_DOCUMENT = f"{{{c.XDS}}}Document"
_TEXTS = "xds_metadata"
_SEVERITIES = {ErrorSeverity.ERROR: Severity.ERROR, ErrorSeverity.WARNING: Severity.WARNING}


def submission_of(root: etree._Element) -> etree._Element | None:
    """The request of ITI-41, ITI-42 or ITI-61 in a message, bare or in a SOAP envelope; None in any other XML."""
    if root.tag in (_PROVIDE, _SUBMIT):
        return root
    if etree.QName(root).localname != "Envelope":
        return None
    return next((one for one in root.iterfind("./{*}Body/*") if one.tag in (_PROVIDE, _SUBMIT)), None)


def validate_submission(
    content: bytes, profile: str = METADATA_DMP, documents: Mapping[str, bytes] | None = None
) -> Report:
    """Judge the metadata of a message, and each document that came along against its entry.

    `documents` are bytes by the name to call them; each is compared with the entry of its uniqueId, else of its hash.
    Documents that the message itself holds in base64 are compared too. Findings on documents have no place in the
    message: their path is one of the document, after its name.
    Raises UnreadableDocument: not XML, or no such message.
    """
    try:
        root = xml.parse(content, xml.DOCUMENT)
    except MalformedMessage as error:
        raise UnreadableDocument(error.text) from error
    message = submission_of(root)
    if message is None:
        raise UnreadableDocument("not a request of ITI-41, ITI-42 or ITI-61")
    submitted = message.find(_SUBMIT) if message.tag == _PROVIDE else message
    request = read_submit_objects(submitted if submitted is not None else etree.Element(_SUBMIT))
    embedded = _embedded(message)
    places = Places(content, root)
    errors = (*request.errors, *_rules(request, message, embedded, _domain(profile)))
    findings = [_of_error(error, places, message) for error in errors]
    findings += _of_documents(request, {**embedded, **(documents or {})})
    return Report(profile, tuple(findings))


@cache
def _domain(profile: str) -> Domain:
    return load_affinity_domain("any", "") if profile == METADATA_IHE else load_domain()


def _rules(
    request: SubmitObjectsRequest, message: etree._Element, embedded: Mapping[str, bytes], domain: Domain
) -> tuple[RegistryError, ...]:
    """What the rules of the transaction say that the message is of."""
    if message.tag == _PROVIDE:
        return check_metadata(_provided(request, embedded), domain)
    on_demand = any(entry.object_type == ON_DEMAND for entry in request.entries)
    return check_registration(request, domain, on_demand=on_demand)


def _provided(request: SubmitObjectsRequest, embedded: Mapping[str, bytes]) -> ProvideAndRegisterRequest:
    """The request with the documents that are at hand: those of an MTOM package travel beside the message."""
    return ProvideAndRegisterRequest(
        submission_set=request.submission_set,
        entries=request.entries,
        folders=request.folders,
        associations=request.associations,
        documents=embedded,
    )


def _of_error(error: RegistryError, places: Places, message: etree._Element) -> Finding:
    element = places.of_object(error.location, message)
    path, line, column = places.tell(element)
    text = text_of(_TEXTS, error.rule)
    return Finding(
        rule=error.rule or str(error.code),
        severity=_SEVERITIES[error.severity],
        source=text.source,
        path=path,
        line=line,
        column=column,
        found=error.found,
        expected=error.expected,
        message=text.message or error.context,
        message_en=text.message_en or error.context,
        hint=text.hint,
        hint_en=text.hint_en,
        layer="metadata",
    )


def _embedded(message: etree._Element) -> dict[str, bytes]:
    """The documents that lie in the message itself, by their id."""
    found: dict[str, bytes] = {}
    for one in message.iterchildren(_DOCUMENT):
        try:
            content = b64decode("".join((one.text or "").split()), validate=True)
        except NotBase64:
            continue
        if content:
            found[one.get("id", "")] = content
    return found


def _of_documents(request: SubmitObjectsRequest, documents: Mapping[str, bytes]) -> Iterator[Finding]:
    for name, content in documents.items():
        try:
            document = parse_document(content)
        except UnreadableDocument:
            continue
        entry = _entry_of(request, name, content, read_header(document).unique_id)
        if entry is None:
            yield _stranger(name)
            continue
        places = Places(content, document.root)
        for one in disagreements(entry, document):
            path, line, column = places.tell(places.at_path(one.place, document.root))
            text = text_of(_TEXTS, one.rule)
            yield Finding(
                rule=one.rule,
                severity=_SEVERITIES[one.severity],
                source=text.source,
                path=f"{name}{path}",
                line=line,
                column=column,
                found=one.found,
                expected=one.expected,
                message=text.message,
                message_en=text.message_en,
                hint=text.hint,
                hint_en=text.hint_en,
                layer="agreement",
            )


def _entry_of(request: SubmitObjectsRequest, name: str, content: bytes, unique_id: str | None) -> DocumentEntry | None:
    """The entry of a document: that of its id in the message, of its uniqueId, of its hash, else the only one."""
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    by_name = [entry for entry in request.entries if entry.entry_uuid == name]
    by_unique_id = [entry for entry in request.entries if entry.unique_id == unique_id]
    by_hash = [entry for entry in request.entries if (entry.hash or "").lower() == digest]
    alone = request.entries if len(request.entries) == 1 else ()
    return next(iter((*by_name, *by_unique_id, *by_hash, *alone)), None)


def _stranger(name: str) -> Finding:
    text = text_of(_TEXTS, "AGR-ENTRY")
    return Finding(
        rule="AGR-ENTRY",
        severity=Severity.ERROR,
        source=text.source,
        path=name,
        line=0,
        column=0,
        found=None,
        expected="an entry with the uniqueId or the hash of the document",
        message=text.message,
        message_en=text.message_en,
        hint=text.hint,
        hint_en=text.hint_en,
        layer="agreement",
    )
