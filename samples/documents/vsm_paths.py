"""Where things are in a sample medical summary, and the faults that only its entries know (CI-SIS VSM 2023.01)."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from samples.documents.elements import CDA, XSI, element
from samples.documents.faults import Fault, drop

PCC = "1.3.6.1.4.1.19376.1.5.3.1."
IHE = f"{PCC}4."
PHARM = "1.3.6.1.4.1.19376.1.9.1.3."
FR_SECTION = "1.2.250.1.213.1.1.2."
FR_ENTRY = "1.2.250.1.213.1.1.3."
CCD = "2.16.840.1.113883.10.20.1."
_NS = {"cda": CDA}


def section(root: str) -> str:
    """The section of a template."""
    return f"//cda:section[cda:templateId/@root='{root}']"


def entry(tag: str, root: str) -> str:
    """The first entry of a template in the document."""
    return f"(//cda:{tag}[cda:templateId/@root='{root}'])[1]"


def undeclared(holder: str, root: str) -> Fault:
    """Take one templateId away from the first element found."""
    return drop(f"({holder})[1]/cda:templateId[@root='{root}']")


def declared(holder: str, root: str) -> Fault:
    """Declare one more template on the first element found, after those that it has."""
    made = etree.Element(f"{{{CDA}}}templateId", root=root)

    def fault(tree: etree._Element) -> None:
        (found,) = find(tree, f"({holder})[1]")
        others = found.findall(f"{{{CDA}}}templateId")
        if others:
            others[-1].addnext(deepcopy(made))
        else:
            found.insert(0, deepcopy(made))

    return fault


def moved(path: str, to: str) -> Fault:
    """Take the first element found to the end of another."""

    def fault(tree: etree._Element) -> None:
        (target,) = find(tree, f"({to})[1]")
        (one,) = find(tree, f"({path})[1]")
        target.append(one)

    return fault


def copied(path: str, to: str) -> Fault:
    """Put a copy of the first element found at the end of another."""

    def fault(tree: etree._Element) -> None:
        (one,) = find(tree, f"({path})[1]")
        find(tree, f"({to})[1]")[0].append(deepcopy(one))

    return fault


def after(path: str, tag: str, *children: etree._Element, **attributes: str) -> Fault:
    """Put a new element after the first one found."""

    def fault(tree: etree._Element) -> None:
        find(tree, f"({path})[1]")[0].addnext(element(tag, deepcopy(children), **attributes))

    return fault


def before(path: str, tag: str, *children: etree._Element, **attributes: str) -> Fault:
    """Put a new element before the first one found."""

    def fault(tree: etree._Element) -> None:
        find(tree, f"({path})[1]")[0].addprevious(element(tag, deepcopy(children), **attributes))

    return fault


def only(path: str, **attributes: str) -> Fault:
    """Leave the first element found no attribute but these; `xsi_type` is xsi:type."""

    def fault(tree: etree._Element) -> None:
        (one,) = find(tree, f"({path})[1]")
        one.attrib.clear()
        for name, value in attributes.items():
            one.set(f"{{{XSI}}}type" if name == "xsi_type" else name, value)

    return fault


def find(tree: etree._Element, path: str) -> list[etree._Element]:
    """The elements that a path finds, one at least. Raises LookupError."""
    found = tree.xpath(path, namespaces=_NS)
    if not isinstance(found, list) or not found:
        raise LookupError(f"the document has no {path}")
    return [one for one in found if isinstance(one, etree._Element)]
