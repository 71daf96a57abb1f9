"""Writes the XML Schema of CDA documents from the tables: `python -m profiles.cda_structure.writing`.

One file a namespace, as XML Schema wants it; the data types in a file without namespace that several of them include,
hence take over; the forms of values in a namespace of their own, once.
Source: XML Schema 1.0 part 1 §3.4, §4.2.1
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import quoteattr  # it writes, it reads nothing

from profiles.cda_structure.particles import OTHER, Group, Particle, read_content
from profiles.cda_structure.tables import EVERYWHERE, NAMESPACES, Attribute, Form, Member, Row, load_tables

FORMS = "urn:ecluse:cda-forms"
FILES = {"hl7": "cda", "sdtc": "sdtc", "lab": "lab", "ps3-20": "ps3-20", "pharm": "pharm"}
_WITH_DATA_TYPES = ("hl7", "ps3-20", "pharm")
_PLAIN = frozenset({"NMTOKEN", "NMTOKENS", "ID", "IDREF", "IDREFS"})
_SEVERAL = frozenset({"NMTOKENS", "IDREFS"})  # libxml2 lets them be empty unless it is told
_BUILT_IN = {"base64Binary": "xs:base64Binary", "double": "xs:double", "string-values": "xs:string"}


def schemas() -> dict[str, str]:
    """Every schema file by its name; `cda.xsd` is the one to open."""
    written = {"forms.xsd": _forms(), "data_types.xsd": _data_types()}
    written.update({f"{name}.xsd": _of_namespace(prefix) for prefix, name in FILES.items()})
    return written


def _forms() -> str:
    forms = load_tables().forms.values()
    return _schema(f'xmlns="{FORMS}" targetNamespace="{FORMS}"', (line for form in forms for line in _form(form)))


def _data_types() -> str:
    rows = (row for row in load_tables().types.values() if row.namespace == EVERYWHERE)
    return _schema(
        f'xmlns:f="{FORMS}" xmlns:sdtc="{NAMESPACES["sdtc"]}" elementFormDefault="qualified"',
        (_import(FORMS, "forms"), _import(NAMESPACES["sdtc"], "sdtc"), *(line for row in rows for line in _type(row))),
    )


def _of_namespace(prefix: str) -> str:
    tables = load_tables()
    declared = " ".join(f'xmlns:{other}="{uri}"' for other, uri in NAMESPACES.items() if other != prefix)
    own = NAMESPACES[prefix]
    lines = [_import(FORMS, "forms")]
    lines += [_import(NAMESPACES[other], name) for other, name in FILES.items() if other != prefix]
    if prefix in _WITH_DATA_TYPES:
        lines.append('<xs:include schemaLocation="data_types.xsd"/>')
    lines += [_member(member, "") for member in tables.tops[prefix]]
    if prefix == "sdtc":
        lines += [f"<xs:attribute {_holds('name', name, form)}/>" for name, form in _top_attributes()]
    lines += [_guest(member) for member in _guests(prefix)]
    lines += [line for row in tables.types.values() if row.namespace == prefix for line in _type(row)]
    opening = f'xmlns="{own}" xmlns:f="{FORMS}" {declared} targetNamespace="{own}" elementFormDefault="qualified"'
    return _schema(opening, lines)


def _schema(opening: str, lines: Iterator[str] | list[str] | tuple[str, ...]) -> str:
    head = "<!-- Made from the tables by: python -m profiles.cda_structure.writing -->"
    start = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" {opening}>'
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', head, start, *lines, "</xs:schema>", ""))


def _import(namespace: str, name: str) -> str:
    return f'<xs:import namespace="{namespace}" schemaLocation="{name}.xsd"/>'


def _form(form: Form) -> Iterator[str]:
    if form.base in _PLAIN:
        if form.base in _SEVERAL:
            start = f'<xs:simpleType name="{form.name}"><xs:restriction base="xs:{form.base}">'
            yield f'{start}<xs:minLength value="1"/></xs:restriction></xs:simpleType>'
        return
    if form.base == "list":
        yield f'<xs:simpleType name="{form.name}"><xs:list itemType="{form.of}"/></xs:simpleType>'
        return
    yield f'<xs:simpleType name="{form.name}"><xs:restriction base="{_BUILT_IN.get(form.base, _base(form))}">'
    yield from (f"<xs:pattern value={quoteattr(pattern)}/>" for pattern in form.patterns)
    if form.base == "filled":
        yield '<xs:minLength value="1"/>'
    if form.base == "double":
        yield '<xs:minInclusive value="0"/><xs:maxInclusive value="1"/>'
    yield "".join(f'<xs:enumeration value="{value}"/>' for value in form.values)
    yield "</xs:restriction></xs:simpleType>"


def _base(form: Form) -> str:
    return {"string": "xs:string", "filled": "xs:string", "values": "cs"}.get(form.base, "xs:token")


def _type(row: Row) -> Iterator[str]:
    flags = ' abstract="true"' * row.abstract + ' mixed="true"' * row.mixed
    yield f'<xs:complexType name="{row.name}"{flags}>'
    if row.derivation:
        yield f'<xs:complexContent><xs:{row.derivation} base="{row.base}">'
    members = {member.name: member for member in row.members}
    content = read_content(row.content)
    if content.parts:
        yield _particle(content, members)
    yield from (_attribute(attribute) for attribute in row.attributes)
    if row.derivation:
        yield f"</xs:{row.derivation}></xs:complexContent>"
    yield "</xs:complexType>"


def _particle(particle: Particle, members: dict[str, Member]) -> str:
    often = _often(particle)
    if isinstance(particle, Group):
        tag = "choice" if particle.is_choice else "sequence"
        inner = "".join(_particle(part, members) for part in particle.parts)
        return f"<xs:{tag}{often}>{inner}</xs:{tag}>"
    if particle.name == OTHER:
        return f'<xs:any namespace="##other" processContents="skip"{often}/>'
    return _member(members[particle.name], often)


def _often(particle: Particle) -> str:
    least = "" if particle.least == 1 else f' minOccurs="{particle.least}"'
    most = "" if particle.most == 1 else ' maxOccurs="unbounded"'
    return least + most


def _member(member: Member, often: str) -> str:
    if ":" in member.name:
        prefix, name = member.name.split(":")
        kind = "element" if name in {top.name for top in load_tables().tops[prefix]} else "group"
        return f'<xs:{kind} ref="{member.name}"{often}/>'
    nil = ' nillable="true"' if member.nillable else ""
    return f"<xs:element {_holds('name', member.name, member.holds)}{often}{nil}/>"


def _guests(prefix: str) -> list[Member]:
    """Elements of a namespace that types of others hold though they cannot stand at the top: written as groups."""
    tables = load_tables()
    tops = {top.name for top in tables.tops[prefix]}
    found: dict[str, str] = {}
    for row in tables.types.values():
        for member in row.members:
            owner, _, name = member.name.rpartition(":")
            if owner == prefix and name not in tops:
                found[name] = member.holds.removeprefix(f"{prefix}:")
    return [Member(name, holds, nillable=False) for name, holds in found.items()]


def _guest(member: Member) -> str:
    return f'<xs:group name="{member.name}"><xs:sequence>{_member(member, "")}</xs:sequence></xs:group>'


def _attribute(attribute: Attribute) -> str:
    use = f' use="{attribute.use}"' if attribute.use else ""
    fixed = f' fixed="{attribute.fixed}"' if attribute.fixed is not None else ""
    if ":" in attribute.name:
        return f'<xs:attribute ref="{attribute.name}"{use}{fixed}/>'
    return f"<xs:attribute {_holds('name', attribute.name, attribute.form)}{use}{fixed}/>"


def _holds(key: str, name: str, holds: str) -> str:
    form = load_tables().forms.get(holds)
    written = holds if form is None else f"xs:{form.base}" if form.base in _PLAIN - _SEVERAL else f"f:{holds}"
    return f'{key}="{name}" type="{written}"'


def _top_attributes() -> Iterator[tuple[str, str]]:
    """Attributes of extensions, that types of other namespaces refer to: (name, form)."""
    seen: dict[str, str] = {}
    for row in load_tables().types.values():
        seen.update({one.name.split(":")[1]: one.form for one in row.attributes if ":" in one.name})
    yield from sorted(seen.items())


if __name__ == "__main__":
    for name, text in schemas().items():
        Path(__file__).with_name(name).write_text(text, encoding="utf-8")
