"""What entries are made of: their templates, text, status, relations, products (CI-SIS, content models)."""

from __future__ import annotations

from lxml import etree

from samples.documents.elements import Content, Identifiers, coded, element, original, reference, templates

CCD = "2.16.840.1.113883.10.20.1."
IHE = "1.3.6.1.4.1.19376.1.5.3.1.4."
FR = "1.2.250.1.213.1.1.3."
CIS = "1.2.250.1.213.2.3.1"
ABSENT = "2.16.840.1.113883.5.1150.1"

_Element = etree._Element


def told(anchor: str) -> _Element:
    """Where the narrative says what an entry says."""
    return element("text", reference(anchor))


def completed() -> _Element:
    """The status of what is recorded once for all."""
    return element("statusCode", code="completed")


def related(kind: str, entry: _Element, inversion: str | None = None) -> _Element:
    """An entry inside another."""
    return element("entryRelationship", entry, typeCode=kind, inversionInd=inversion)


def observation(*content: Content, mood: str = "EVN", **attributes: str) -> _Element:
    """An observation; `mood` is its moodCode."""
    return element("observation", *content, classCode="OBS", moodCode=mood, **attributes)


def concern(ids: Identifiers, own: tuple[str, str], status: str, times: _Element, content: _Element) -> _Element:
    """The concern that holds a problem or an allergy; `own` are the templates of its kind."""
    act = element(
        "act",
        templates(CCD + "27", IHE + "5.1", *own),
        ids.next(),
        element("code", nullFlavor="NA"),
        element("statusCode", code=status),
        times,
        related("SUBJ", content, "false"),
        classCode="ACT",
        moodCode="EVN",
    )
    return element("entry", act)


def drug(anchor: str, cis: tuple[str, str], class_code: str | None = None) -> _Element:
    """A drug or a vaccine; `cis` is its (CIS code, name)."""
    material = element("manufacturedMaterial", coded("code", *cis, CIS, original(anchor)), element("name", cis[1]))
    return _product(material, class_code)


def no_drug() -> _Element:
    """The product of a treatment that there is none of."""
    return _product(
        element("manufacturedMaterial", element("code", nullFlavor="NA"), element("name", nullFlavor="NA")), None
    )


def _product(material: _Element, class_code: str | None) -> _Element:
    return element("manufacturedProduct", templates(CCD + "53", IHE + "7.2", FR + "43"), material, classCode=class_code)
