"""A good document of every published type, with a header and one section of text; and twins of the rules on types."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from lxml import etree

from profiles.document_types.recognition_schema import OWN_PROFILES
from profiles.document_types.types import DocumentType, document_types, types_by_template, unstructured_types
from samples.documents.elements import LOINC, coded, element
from samples.documents.faults import Fault, drop, put
from samples.documents.header import clinical_document
from samples.documents.identity import Identity
from samples.documents.level1 import scanned
from samples.documents.patients import CLAIRE
from samples.documents.professionals import GENERALIST
from samples.documents.twins import Twin
from security import xml

TRE_A05 = "1.2.250.1.213.1.1.4.12"
_HEADER = "ci_sis_header"


def document_of(kind: DocumentType) -> bytes:
    """Make a document of one type: its templateIds, its code, and a body of its level with a sentence in it."""
    identity = Identity(patient=CLAIRE, author=GENERALIST, unique_id="2.25.74")
    code = (kind.code, kind.code_display, kind.code_system)
    if kind in unstructured_types().values():
        return scanned(identity, code=code, title=kind.title, lines=("Document fictif.",))
    made = clinical_document(
        identity, model=(kind.template, kind.extension or None), code=code, title=kind.title, act=None, body=_body()
    )
    root = xml.parse(made, xml.DOCUMENT)
    for companion in kind.companions:
        root[2].addnext(element("templateId", root=companion))
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def documents_by_type() -> Iterator[tuple[DocumentType, Callable[[], bytes]]]:
    """Every type that can be made as a CDA document, with what makes one; models with a richer sample are left out."""
    for kind in document_types():
        if kind.code and kind.template and kind.template not in OWN_PROFILES:
            yield kind, partial(document_of, kind)


def _body() -> etree._Element:
    section = element(
        "section",
        coded("code", "51848-0", "Évaluation", LOINC),
        element("title", "Observation"),
        element("text", "Document fictif, sans contenu clinique."),
    )
    return element("structuredBody", element("component", section))


def _faults(kind: DocumentType) -> Iterator[tuple[str, Fault]]:
    name = f"DOC-{kind.model.replace(' ', '-')}"
    model = f"cda:templateId[@root='{kind.template}']"
    if kind.extension:
        yield f"{name}-VERSION", put(model, extension="1999.01")
    loinc = kind.code_system == LOINC
    yield f"{name}-CODE", put("cda:code", code=_other_code(kind))
    yield f"{name}-SYSTEM", put("cda:code", codeSystem=TRE_A05 if loinc else LOINC)
    if "display" in kind.checked:
        yield f"{name}-DISPLAY", put("cda:code", displayName="Document")
    for number, companion in enumerate(kind.companions, start=1):
        yield f"{name}-WITH-{number}", drop(f"cda:templateId[@root='{companion}']")


def _other_code(kind: DocumentType) -> str:
    """A code of a document, in the same code system, that is not that of the model."""
    if kind.code_system != LOINC:
        return "SYNTH"
    return "11488-4" if kind.code == "34133-9" else "34133-9"


def _second_model(root: etree._Element) -> None:
    root[2].addnext(element("templateId", root="1.2.250.1.213.1.1.1.45", extension="2024.01"))


def _flat_body(root: etree._Element) -> None:
    body = root.find("{*}component")
    if body is not None:
        content = element("text", "RG9jdW1lbnQgZmljdGlmLg==", mediaType="text/plain", representation="B64")
        body[:] = [element("nonXMLBody", content)]


def _twins() -> Iterator[Twin]:
    consultation = next(one for one in document_types() if one.model == "OBP-SAP")
    good = partial(document_of, consultation)
    unknown = put(f"cda:templateId[@root='{consultation.template}']", root="1.2.250.1.213.1.1.1.999")
    yield Twin(rule="DOC-UNKNOWN-MODEL", profile=_HEADER, document=good, fault=unknown)
    yield Twin(rule="DOC-TWO-MODELS", profile=_HEADER, document=good, fault=_second_model, also=_SECOND_MODEL)
    yield Twin(rule="DOC-LEVEL-3", profile=_HEADER, document=good, fault=_flat_body, also=frozenset({"R-N1-2"}))
    for types in types_by_template().values():
        kind = types[-1]
        if kind.code and kind.template not in OWN_PROFILES:
            for rule, fault in _faults(kind):
                yield Twin(rule=rule, profile=_HEADER, document=partial(document_of, kind), fault=fault)


# What a second model cannot help asking for.
_SECOND_MODEL = frozenset(f"DOC-IMG-CR-IMG-{one}" for one in ("CODE", "WITH-1", "WITH-2", "WITH-3"))
DOCUMENT_TYPES_TWINS: tuple[Twin, ...] = tuple(_twins())
