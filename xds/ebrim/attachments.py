"""Documents of a submission: inline base64 or parts that an xop:Include names (XOP 1.0; ITI TF-2 §3.41.4.1.2)."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote

from lxml import etree

from xds.ebrim import constants as c
from xds.ebrim.faults import Faults
from xds.ebrim.registry_object import text_of
from xds.errors import XdsErrorCode

_DOCUMENT = f"{{{c.XDS}}}Document"
_INCLUDE = f"{{{c.XOP}}}Include"
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_WHITE_SPACE = str.maketrans("", "", " \t\r\n")


def read_documents(
    body: etree._Element, parts: Mapping[str, bytes], entries: Iterable[str], faults: Faults
) -> dict[str, bytes]:
    """Map the id of each `xds:Document` to its bytes, and check that documents and entries go two by two.

    Noted: XDSMissingDocument (an entry without document, an Include without part), XDSMissingDocumentMetadata (a
    document without entry), XDSRepositoryMetadataError (bytes that cannot be read).
    """
    known = tuple(entries)
    documents: dict[str, bytes] = {}
    seen: set[str] = set()
    for element in body.iterchildren(_DOCUMENT):
        identifier = element.get("id", "")
        path = f"Document[{identifier}]"
        if identifier in seen:
            faults.add("M4", path, "a second document of this id", "one document for one entry")
            continue
        seen.add(identifier)
        if identifier not in known:
            expected = f"an ExtrinsicObject[{identifier}]"
            faults.add("DOCUMENT", path, "a document", expected, XdsErrorCode.MISSING_DOCUMENT_METADATA)
        content = _content(element, parts, path, faults)
        if content is not None:
            documents[identifier] = content
    for identifier in dict.fromkeys(known):
        if identifier not in seen:
            path = f"ExtrinsicObject[{identifier}]"
            faults.add("DOCUMENT", path, "no document", f"a Document[{identifier}]", XdsErrorCode.MISSING_DOCUMENT)
    return documents


def _content(element: etree._Element, parts: Mapping[str, bytes], path: str, faults: Faults) -> bytes | None:
    includes = element.findall(_INCLUDE)
    text = text_of(element).translate(_WHITE_SPACE)
    if includes and (text or len(includes) > 1):
        expected = "one xop:Include or base64 text, not both"
        faults.add("DOCUMENT", path, "several contents", expected, XdsErrorCode.REPOSITORY_METADATA)
        return None
    if not includes:
        return _inline(text, path, faults)
    reference = includes[0].get("href", "")
    content = parts.get(unquote(reference[4:])) if reference[:4].lower() == "cid:" else None
    if content is None:
        expected = "the cid: address of a part of the message"
        faults.add("DOCUMENT", f"{path}/Include/@href", reference or "nothing", expected, XdsErrorCode.MISSING_DOCUMENT)
    return content


def _inline(text: str, path: str, faults: Faults) -> bytes | None:
    # The library reads past superfluous padding in some versions: the form is checked here (RFC 4648 §4).
    if len(text) % 4 or not _BASE64.fullmatch(text):
        faults.add("DOCUMENT", path, "text that is no base64", "base64 text", XdsErrorCode.REPOSITORY_METADATA)
        return None
    return binascii.a2b_base64(text)
