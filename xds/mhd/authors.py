"""Authors and legal authenticators, as contained resources and the references to them (IHE MHD 4.2.4 §3:4.5.1.2).

A person or a structure alone is itself; an author of several parts is a PractitionerRole, or a Device with its owner.
"""

from __future__ import annotations

from functools import lru_cache

from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.datatypes import Xcn, escape, unescape
from xds.mhd.constants import AUTHOR
from xds.mhd.element import Element, Json
from xds.mhd.notes import Notes
from xds.mhd.people import (
    read_organization,
    read_person,
    read_telecom,
    write_organization,
    write_person,
    write_telecom,
)
from xds.mhd.references import References
from xds.mhd.values import read_concept, write_concept

_PARTS = ("person", "institution", "role", "specialty", "telecommunication")


@lru_cache(maxsize=2048)
def write_author(author: Author, name: str) -> tuple[tuple[Json, ...], Json]:
    """The contained resources of an author, whose ids begin with `name`, and the reference to them; change neither.

    The reference also holds the author part by part when reading the resources gives another one.
    """
    contained = tuple(_resources(author, name))
    reference: Json = {"reference": f"#{name}"}
    if _author(_referred(contained, reference)) != author:
        parts = ((author.person,) if author.person is not None else (), author.institutions, author.roles)
        listed = zip(_PARTS, (*parts, author.specialties, author.telecommunications), strict=True)
        inside = [{"url": part, "valueString": value} for part, values in listed for value in values]
        reference["extension"] = [{"url": AUTHOR, **({"extension": inside} if inside else {"valueBoolean": True})}]
    return contained, reference


def read_author(reference: Element, references: References) -> Author | None:
    """The author that a reference names. None: it names nobody, which is noted."""
    exact = reference.extension(AUTHOR)
    resource = references.resolve(reference)
    reference.finish()
    if resource is None:
        return None
    author = _read_resource(resource, references)
    if exact is None:
        return author
    kept = _kept(exact)
    expected = write_author(kept, resource.text("id"))[0]
    if expected and expected[0] == resource.content:
        return kept
    exact.notes.fault("FHIR-KEPT", exact.path, "an author kept that is another", "the author of the resource")
    return author


def read_authenticator(reference: Element, references: References) -> str | None:
    """The XCN of a person that a reference names; of a PractitionerRole, that of its practitioner."""
    resource = references.resolve(reference)
    reference.finish()
    if resource is None:
        return None
    return _read_resource(resource, references).person


def read_structure(reference: Element, references: References) -> str:
    """The XON of a structure that a reference names; empty: it names none, which is noted."""
    resource = references.resolve(reference)
    reference.finish()
    if resource is None:
        return ""
    text = read_organization(resource)
    _finish(resource)
    return text


def _resources(author: Author, name: str) -> list[Json]:
    person = write_person(author.person) if author.person else None
    structure = write_organization(author.institutions[0]) if author.institutions else None
    telecom = [write_telecom(text) for text in author.telecommunications]
    said: Json = {}
    if author.roles:
        said["code"] = [_write_said(text) for text in author.roles]
    if author.specialties:
        said["specialty"] = [_write_said(text) for text in author.specialties]
    if telecom:
        said["telecom"] = telecom
    if structure is not None and person is None and not author.roles and not author.specialties:
        return [{**structure, "id": name, **said}]
    if person is not None and structure is None and not said:
        return [{**person, "id": name}]
    if person is not None and person["resourceType"] == "Device":
        owner = {"owner": {"reference": f"#{name}-organization"}} if structure is not None else {}
        device = {**person, "id": name, **owner}
        return [device, *([{**structure, "id": f"{name}-organization"}] if structure is not None else [])]
    role: Json = {"resourceType": "PractitionerRole", "id": name}
    contained = [role]
    for member, part in (("practitioner", person), ("organization", structure)):
        if part is not None:
            role[member] = {"reference": f"#{name}-{member}"}
            contained.append({**part, "id": f"{name}-{member}"})
    return [{**role, **said}, *contained[1:]]


def _referred(contained: tuple[Json, ...], reference: Json) -> tuple[Element, References]:
    notes = Notes()
    references = References(Element({"contained": list(contained)}, "", notes))
    resource = references.resolve(Element(reference, "", notes))
    return resource or Element({}, "", notes), references


def _author(found: tuple[Element, References]) -> Author:
    return _read_resource(*found)


def _read_resource(resource: Element, references: References) -> Author:
    kind = resource.content.get("resourceType")
    person = ""
    institutions: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    if kind == "Organization":
        institutions = (read_organization(resource),)
    elif kind == "PractitionerRole":
        practitioner = resource.child("practitioner")
        named = references.resolve(practitioner) if practitioner is not None else None
        person = read_person(named if named is not None else resource)
        if named is not None:
            resource.ignore("identifier")
            _finish(named)
        institutions = _structure(resource.child("organization"), references)
        roles = tuple(filter(None, map(_read_said, resource.children("code"))))
        specialties = tuple(filter(None, map(_read_said, resource.children("specialty"))))
        resource.ignore("active")
    else:
        person = read_person(resource)
        member = {"Device": "owner", "Patient": "managingOrganization"}.get(str(kind))
        institutions = _structure(resource.child(member), references) if member else ()
    telecommunications = tuple(filter(None, map(read_telecom, resource.children("telecom"))))
    _finish(resource)
    return Author(
        person=person or None,
        institutions=tuple(filter(None, institutions)),
        roles=roles,
        specialties=specialties,
        telecommunications=telecommunications,
    )


def _structure(reference: Element | None, references: References) -> tuple[str, ...]:
    return (read_structure(reference, references),) if reference is not None else ()


def _finish(resource: Element) -> None:
    resource.ignore("active")
    resource.finish()


def _write_said(text: str) -> Json:
    """A role or a specialty: `code^display^scheme`, or plain text."""
    parts = text.split("^")
    if len(parts) == 3 and all(parts):
        try:
            return write_concept(Code(unescape(parts[0]), parts[2], unescape(parts[1])))
        except ValueError:
            return {"text": text}
    return {"text": text}


def _read_said(element: Element) -> str:
    if "coding" not in element.content:
        text = element.text("text")
        element.finish()
        return text
    code = read_concept(element)
    return f"{escape(code.code)}^{escape(code.display)}^{code.scheme}" if code is not None else ""


def _kept(extension: Element) -> Author:
    parts: dict[str, list[str]] = {part: [] for part in _PARTS}
    for one in extension.children("extension"):
        parts.get(one.text("url"), []).append(one.text("valueString"))
    extension.ignore("valueBoolean")
    return Author(
        person=parts["person"][0] if parts["person"] else None,
        institutions=tuple(parts["institution"]),
        roles=tuple(parts["role"]),
        specialties=tuple(parts["specialty"]),
        telecommunications=tuple(parts["telecommunication"]),
    )


def write_authenticator(text: str, name: str) -> Json:
    """The contained resource of a legal authenticator (XCN)."""
    return {**write_person(text), "id": name}


def identifier_of(person: str) -> str:
    """The identifier of an XCN; empty when it has none or is no XCN."""
    try:
        return Xcn.parse(person).identifier
    except ValueError:
        return ""
