"""Where the entries of a patient summary are, and faults that keep the order of the schema (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from lxml import etree

from samples.documents.elements import LOINC, coded, element, templates
from samples.documents.faults import Fault, both, drop

PCC = "1.3.6.1.4.1.19376.1.5.3.1."
_NS = {"cda": "urn:hl7-org:v3"}
_Element = etree._Element


def section(root: str) -> str:
    """The section of a template."""
    return f"//cda:section[cda:templateId/@root='{root}']"


def part(root: str) -> str:
    """The component that holds the section of a template."""
    return f"//cda:component[cda:section/cda:templateId/@root='{root}']"


def entry(tag: str, root: str) -> str:
    """The entries of an IHE template, by the end of its OID."""
    return f"//cda:{tag}[cda:templateId/@root='{PCC}4.{root}']"


def group(code: str) -> str:
    """The code of the evaluation in the group that has this code."""
    return f"//cda:organizer[cda:code/@code='{code}']/cda:component/cda:observation/cda:code"


def missing(holder: str, root: str) -> Fault:
    """The first of `holder` does not declare a template."""
    return drop(f"({holder})[1]/cda:templateId[@root='{root}']")


def insert(path: str, after: str, made: Callable[[], _Element]) -> Fault:
    """Put a new element into the first that `path` finds, after the last of the siblings named."""

    def fault(root: _Element) -> None:
        names = after.split()
        siblings = [child for child in found_in(root, path) if etree.QName(child).localname in names]
        siblings[-1].addnext(made())

    return fault


def twice(path: str, after: str, tag: str) -> Fault:
    """Put an element without a value twice where one at most may stand."""
    return both(*(insert(path, after, partial(element, tag, nullFlavor="NA")),) * 2)


def another_template(path: str, root: str) -> Fault:
    """Declare one more template."""
    return insert(path, "templateId", partial(element, "templateId", root=root))


def relate(path: str, type_code: str, tag: str, root: str) -> Fault:
    """Relate a small entry of a template to the first that `path` finds."""

    def made() -> _Element:
        classes = {"act": "ACT", "observation": "OBS", "supply": "SPLY"}
        code = None if tag == "supply" else coded("code", _CODES.get(root, "00000-0"), "Essai", LOINC)
        status = None if tag == "supply" else element("statusCode", code="completed")
        related = element(
            tag,
            templates(*_WITH.get(root, ()), root),
            element("id", nullFlavor="NA"),
            code,
            element("text", element("reference", value="#dm1")) if tag == "act" else None,
            status,
            classCode=classes[tag],
            moodCode="INT" if tag == "supply" else "EVN",
        )
        return element("entryRelationship", related, typeCode=type_code, inversionInd="true")

    return insert(path, "consumable participant entryRelationship", made)


def author() -> _Element:
    """An author of whom only the identifier is known."""
    assigned = element("assignedAuthor", element("id", nullFlavor="UNK"))
    return element("author", element("time", nullFlavor="UNK"), assigned)


def found_in(root: _Element, path: str) -> _Element:
    """The first element that `path` finds. Raises LookupError: there is none."""
    found = root.xpath(path, namespaces=_NS)
    if not isinstance(found, list) or not found or not isinstance(found[0], etree._Element):
        raise LookupError(f"the document has no {path}")
    return found[0]


_CCD = "2.16.840.1.113883.10.20.1."
_CODES = {f"{PCC}4.2": "48767-8", f"{_CCD}46": "30973-2"}
_WITH = {f"{PCC}4.2": (f"{_CCD}40", "1.2.250.1.213.1.1.3.32"), f"{PCC}4.7.3": (f"{_CCD}34", "1.2.250.1.213.1.1.3.44")}

DEVICES = section("1.3.6.1.4.1.19376.1.5.3.1.1.5.3.5")
ADVERSE = section("1.2.250.1.213.1.1.2.247")
POINTS = section("1.2.250.1.213.1.1.2.245")
FUNCTIONAL = section("2.16.840.1.113883.10.22.3.8")
VITALS = section("1.3.6.1.4.1.19376.1.5.3.1.1.5.3.2")
IMMUNIZATIONS = section("1.3.6.1.4.1.19376.1.5.3.1.3.23")
PREGNANCIES = section("1.3.6.1.4.1.19376.1.5.3.1.1.5.3.4")
PLAN = section("1.3.6.1.4.1.19376.1.5.3.1.3.36")
DIRECTIVES = section("1.3.6.1.4.1.19376.1.5.3.1.3.35")
RESULTS = section("1.2.250.1.213.1.1.2.244")
DOCUMENTS = section("1.2.250.1.213.1.1.2.37")
SIMPLE = "//cda:observation[cda:templateId/@root='1.2.250.1.213.1.1.3.209']"
VITAL = entry("observation", "13.2")
VITAL_GROUP = entry("organizer", "13.1")
SURVEY = "//cda:observation[cda:templateId/@root='1.3.6.1.4.1.19376.1.5.3.1.1.12.3.6']"
PANEL = "//cda:organizer[cda:templateId/@root='1.3.6.1.4.1.19376.1.5.3.1.1.12.3.7']"
PREGNANCY = entry("observation", "13.5")
DIRECTIVE = entry("observation", "13.7")
VACCINE = entry("substanceAdministration", "12")
ADVICE = entry("substanceAdministration", "12.2")
RANK = "//cda:observation[cda:templateId/@root='1.2.250.1.213.1.1.3.82']"
REQUEST = "//cda:observation[cda:templateId/@root='1.3.6.1.4.1.19376.1.5.3.1.1.20.3.1']"
ENCOUNTER = entry("encounter", "14")
DEVICE = "//cda:supply[cda:templateId/@root='1.2.250.1.213.1.1.3.20']"
ATTACHED = "//cda:organizer[cda:templateId/@root='1.2.250.1.213.1.1.3.18']"
KIND = "//cda:observation[cda:templateId/@root='1.2.250.1.213.1.1.3.48.18']"
RESULT_GROUP = "//cda:organizer[cda:templateId/@root='1.2.250.1.213.1.1.3.208']"
LABORATORY = "//cda:performer[cda:templateId/@root='1.3.6.1.4.1.19376.1.3.3.1.7']"
EFFECT = "//cda:observation[cda:templateId/@root='1.2.250.1.213.1.1.3.210']"
CAUSE = "//cda:observation[cda:templateId/@root='1.2.250.1.213.1.1.3.211']"
GRAVITY = "//cda:observation[cda:templateId/@root='1.2.250.1.213.1.1.3.212']"
COURSE = "//cda:observation[cda:templateId/@root='1.2.250.1.213.1.1.3.213']"
