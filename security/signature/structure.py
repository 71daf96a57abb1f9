"""The shape of a `ds:Signature`, checked before any cryptography (W3C XMLDSig 1.1 §4).

Signature libraries ignore what they do not know; a signature that is believed holds only what is listed here.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from lxml import etree

from security.errors import ErrorKind, NotAuthenticated
from security.signature.algorithms import DS, EXCLUSIVE, digest_algorithms, signature_algorithms

SIGNATURE = f"{{{DS}}}Signature"
OBJECT = f"{{{DS}}}Object"
_INCLUSIVE_NAMESPACES = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
_PREFIX_LIST = re.compile(r"[^\s]{1,64}( [^\s]{1,64}){0,31}")
_PUBLIC = re.compile(r"[A-Za-z0-9:/.#_-]{1,100}")
_MOST_CERTIFICATES = 4
_MOST_CERTIFICATE_TEXT = 24 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRules:
    """What one profile accepts. `transforms` are the exact sequences allowed in a reference."""

    transforms: frozenset[tuple[str, ...]]
    prefix_lists: bool
    objects: bool
    references: int
    allow_sha1: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """One `ds:Reference`: the identifier it designates (without `#`), and its `Type`."""

    target: str
    type: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureShape:
    """What a well-shaped signature says of itself; nothing of it is proven yet. `certificates` are DER, leaf first."""

    certificates: tuple[bytes, ...]
    references: tuple[Reference, ...]


def read_shape(signature: etree._Element, rules: SignatureRules) -> SignatureShape:
    """Check the shape of `signature` and return its certificates and references.

    Raises NotAuthenticated: SIG_STRUCTURE, SIG_ALGORITHM, SIG_TRANSFORM, SIG_REFERENCE, SIG_KEY.
    """
    refuse_comments(signature)
    if sum(1 for _ in signature.iter(SIGNATURE)) != 1:
        _refuse(ErrorKind.SIG_STRUCTURE, "a signature holds another signature")
    children = list(signature)
    names = [child.tag for child in children]
    if names[:3] != [f"{{{DS}}}SignedInfo", f"{{{DS}}}SignatureValue", f"{{{DS}}}KeyInfo"]:
        _refuse(ErrorKind.SIG_STRUCTURE, "a signature is SignedInfo, SignatureValue, KeyInfo, in this order")
    if any(name != OBJECT for name in names[3:]) or (len(names) > 3 and not rules.objects):
        _refuse(ErrorKind.SIG_STRUCTURE, "the signature holds an element that this profile does not have")
    if not len(children[1]) and not (children[1].text or "").strip():
        _refuse(ErrorKind.SIG_STRUCTURE, "SignatureValue is empty")
    if len(children[1]):
        _refuse(ErrorKind.SIG_STRUCTURE, "SignatureValue holds an element")
    return SignatureShape(
        references=tuple(_read_signed_info(children[0], rules)), certificates=_read_key_info(children[2])
    )


def refuse_comments(zone: etree._Element) -> None:
    """Refuse comments and processing instructions: they can split a value that is signed as one."""
    if next(zone.iter(etree.Comment, etree.ProcessingInstruction), None) is not None:
        _refuse(ErrorKind.SIG_STRUCTURE, "comments and processing instructions are not allowed in what is signed")


def require_unique_id(message: etree._Element, identifier: str) -> None:
    """Refuse an identifier that designates several elements of the message.

    Any attribute whose local name is `id`, in any case, counts: receivers differ on which one they follow.
    """
    if message.xpath("count(//@*[. = $id and translate(local-name(), 'ID', 'id') = 'id'])", id=identifier) != 1:
        _refuse(ErrorKind.SIG_REFERENCE, "the signed identifier does not designate exactly one element of the message")


def _read_signed_info(signed_info: etree._Element, rules: SignatureRules) -> Iterator[Reference]:
    parts = list(signed_info)
    names = [part.tag for part in parts]
    if names[:2] != [f"{{{DS}}}CanonicalizationMethod", f"{{{DS}}}SignatureMethod"] or any(
        name != f"{{{DS}}}Reference" for name in names[2:]
    ):
        _refuse(ErrorKind.SIG_STRUCTURE, "SignedInfo is CanonicalizationMethod, SignatureMethod, References")
    if parts[0].get("Algorithm") != EXCLUSIVE:
        _refuse(ErrorKind.SIG_ALGORITHM, f"canonicalisation {_shown(parts[0])} is not allowed")
    _check_parameters(parts[0], rules, ErrorKind.SIG_ALGORITHM)
    if parts[1].get("Algorithm") not in signature_algorithms(allow_sha1=rules.allow_sha1):
        _refuse(ErrorKind.SIG_ALGORITHM, f"signature algorithm {_shown(parts[1])} is not allowed")
    if len(parts[1]):
        _refuse(ErrorKind.SIG_ALGORITHM, "SignatureMethod has parameters")
    if not 1 <= len(parts) - 2 <= rules.references:
        _refuse(ErrorKind.SIG_REFERENCE, f"the signature has {len(parts) - 2} references, at most {rules.references}")
    for part in parts[2:]:
        yield _read_reference(part, rules)


def _read_reference(reference: etree._Element, rules: SignatureRules) -> Reference:
    parts = {str(part.tag): part for part in reference}
    names = [part.tag for part in reference]
    expected = [f"{{{DS}}}Transforms", f"{{{DS}}}DigestMethod", f"{{{DS}}}DigestValue"]
    if names != expected:
        _refuse(ErrorKind.SIG_STRUCTURE, "a Reference is Transforms, DigestMethod, DigestValue")
    uri = reference.get("URI") or ""
    if len(uri) < 2 or not uri.startswith("#") or "(" in uri:
        _refuse(ErrorKind.SIG_REFERENCE, "a reference designates an element of the same message by its identifier")
    transforms = list(parts[expected[0]])
    if any(transform.tag != f"{{{DS}}}Transform" for transform in transforms):
        _refuse(ErrorKind.SIG_TRANSFORM, "Transforms holds something else than Transform")
    if tuple(transform.get("Algorithm") or "" for transform in transforms) not in rules.transforms:
        shown = ", ".join(_shown(transform) for transform in transforms[:4])
        _refuse(ErrorKind.SIG_TRANSFORM, f"the transforms ({shown}) are not those of this profile")
    for transform in transforms:
        _check_parameters(transform, rules, ErrorKind.SIG_TRANSFORM)
    method = parts[expected[1]]
    if method.get("Algorithm") not in digest_algorithms(allow_sha1=rules.allow_sha1) or len(method):
        _refuse(ErrorKind.SIG_ALGORITHM, f"digest algorithm {_shown(method)} is not allowed")
    return Reference(target=uri[1:], type=reference.get("Type"))


def _check_parameters(element: etree._Element, rules: SignatureRules, kind: ErrorKind) -> None:
    """Accept nothing below, or the one PrefixList of exclusive canonicalisation where the profile has it."""
    if (element.text or "").strip():
        _refuse(kind, "an algorithm has parameters")
    if not len(element):
        return
    first = element[0]
    plain = first.tag == _INCLUSIVE_NAMESPACES and not len(first) and list(first.attrib) == ["PrefixList"]
    exclusive = element.get("Algorithm") == EXCLUSIVE
    if not (rules.prefix_lists and exclusive and plain and len(element) == 1):
        _refuse(kind, "an algorithm has parameters")
    if not _PREFIX_LIST.fullmatch(first.get("PrefixList") or ""):
        _refuse(kind, "PrefixList is not a list of prefixes")


def _read_key_info(key_info: etree._Element) -> tuple[bytes, ...]:
    if [child.tag for child in key_info] != [f"{{{DS}}}X509Data"]:
        _refuse(ErrorKind.SIG_KEY, "KeyInfo is one X509Data")
    certificates = list(key_info[0])
    if not 1 <= len(certificates) <= _MOST_CERTIFICATES or any(
        certificate.tag != f"{{{DS}}}X509Certificate" or len(certificate) for certificate in certificates
    ):
        _refuse(ErrorKind.SIG_KEY, f"X509Data is 1 to {_MOST_CERTIFICATES} X509Certificate")
    return tuple(_read_certificate(certificate.text or "") for certificate in certificates)


def _read_certificate(text: str) -> bytes:
    if len(text) > _MOST_CERTIFICATE_TEXT:
        _refuse(ErrorKind.SIG_KEY, "a certificate is too long")
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        _refuse(ErrorKind.SIG_KEY, "a certificate is not base64")


def _shown(element: etree._Element) -> str:
    """Name an algorithm in an error, when what stands there looks like one."""
    algorithm = element.get("Algorithm") or ""
    return algorithm if _PUBLIC.fullmatch(algorithm) else "(unreadable)"


def _refuse(kind: ErrorKind, text: str) -> NoReturn:
    raise NotAuthenticated(kind, text)
