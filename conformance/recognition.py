"""What a document is: its templateIds say, root and extension, then its code; and which profile judges it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cda.document import CDA_NAMESPACE, CdaDocument
from conformance.catalogue import HEADER, IPS_FR, LEVEL_1, VSM_1_4, VSM_2023
from profiles.document_types.types import (
    XDS_SD,
    DocumentType,
    types_by_companion,
    types_by_template,
    unstructured_types,
)

_VSM_MODEL = "1.2.250.1.213.1.1.1.13"
_IPS_MODEL = "1.2.250.1.213.1.1.1.51"
_IPS_CODE = "60591-5"
_VSM_CODE = "SYNTH"
_VSM_2023 = "2023.01"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """What a document says it is.

    `document_type` is the published name of its model (`VSM`, `BIO-CR-BIO` …) or, at level 1, of its type; None when
    the table knows neither. `version` is the extension that the document gives, published or not. `title` is French,
    the usual name of the type, empty when there is none.
    """

    profile: str
    document_type: str | None
    version: str | None
    title: str


def recognise(document: CdaDocument) -> Recognised:
    """Recognise a document by its templateIds, root and extension, then by its code where these leave a doubt.

    Models share roots: `…1.13` is the medical summary, or with code 60591-5 the IPS-FR 2022.01, for which there is no
    profile but the header; its extension 2023.01 is that of a VSM whatever the code. A document without a model that is
    known is of level 1 when it declares XDS-SD.
    """
    declared = [
        (one.get("root", ""), one.get("extension"))
        for one in document.root.iterchildren(f"{{{CDA_NAMESPACE}}}templateId")
    ]
    code = document.root.find(f"{{{CDA_NAMESPACE}}}code")
    key = ("", "") if code is None else (code.get("code", ""), code.get("codeSystem", ""))
    by_template, by_companion = types_by_template(), types_by_companion()
    for root, extension in declared:
        if root in by_template:
            told = _VSM_CODE if (root, extension) == (_VSM_MODEL, _VSM_2023) else key[0]
            known = _best(by_template[root], extension, told)
            profile = _profile(root, extension, told)
            return Recognised(profile=profile, document_type=known.model, version=extension, title=known.title)
    for root, _ in declared:
        for one in by_companion.get(root, ()):
            if one.code == key[0]:
                return Recognised(profile=HEADER, document_type=one.model, version=None, title=one.title)
    if any(root == XDS_SD for root, _ in declared):
        unstructured = unstructured_types().get(key)
        return Recognised(
            profile=LEVEL_1,
            document_type=unstructured.model if unstructured else None,
            version=None,
            title=unstructured.title if unstructured else "",
        )
    return Recognised(profile=HEADER, document_type=None, version=None, title="")


def models_of(document: CdaDocument) -> tuple[str, ...]:
    """The published models that a document declares, as root and extension, in its order: there should be one."""
    return tuple(
        f"{one.get('root')} {one.get('extension', '')}".strip()
        for one in document.root.iterchildren(f"{{{CDA_NAMESPACE}}}templateId")
        if one.get("root") in types_by_template()
    )


def profile_of(document: CdaDocument) -> str:
    """The most precise profile for a document, else that of the header, which every document must follow."""
    return recognise(document).profile


def _best(types: Iterable[DocumentType], extension: str | None, code: str) -> DocumentType:
    """The type that agrees best: the code tells models of one root apart, then the version."""
    return max(types, key=lambda one: (one.code == code, one.extension == (extension or "")))


def _profile(root: str, extension: str | None, code: str) -> str:
    if root == _IPS_MODEL:
        return IPS_FR
    if root == _VSM_MODEL and code != _IPS_CODE:
        return VSM_2023 if extension == _VSM_2023 else VSM_1_4
    return HEADER
