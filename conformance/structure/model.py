"""Types with all that they inherit, ready to judge an element by (XML Schema 1.0 part 1 §3.4.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from conformance.structure.content import ContentModel, build
from profiles.cda_structure.particles import Group, read_content
from profiles.cda_structure.tables import (
    ANY_TYPE,
    EVERYWHERE,
    NAMESPACES,
    Attribute,
    Member,
    Row,
    load_tables,
)

TypeName = tuple[str, str]  # (prefix of the namespace, name); ("", form) for an element that holds a plain value

_PREFIXES = {uri: prefix for prefix, uri in NAMESPACES.items()}
ANYTHING: TypeName = ("", ANY_TYPE)


@dataclass(frozen=True, slots=True)
class Child:
    """An element inside another, by its full name: its type, and whether it may be nil."""

    holds: TypeName
    nillable: bool


@dataclass(frozen=True, slots=True)
class Type:
    """A type as an element meets it: nothing is left to look up."""

    name: TypeName
    is_data_type: bool
    abstract: bool
    mixed: bool
    attributes: Mapping[str, Attribute]
    required: tuple[str, ...]
    children: Mapping[str, Child]
    content: ContentModel
    ancestors: tuple[TypeName, ...]

    @property
    def namespace(self) -> str:
        """The namespace it was made for."""
        return NAMESPACES[self.name[0]]

    @property
    def empty(self) -> bool:
        """Whether neither elements nor text may stand inside."""
        return not self.mixed and not self.content.names


def is_known(name: TypeName) -> bool:
    """Whether a type of that name exists."""
    tables = load_tables()
    return name in tables.types or (name[0] in NAMESPACES and (EVERYWHERE, name[1]) in tables.types)


def prefix_of(namespace: str | None) -> str | None:
    """The prefix that the tables give a namespace; None: they do not know it."""
    return _PREFIXES.get(namespace or "")


@cache
def type_of(name: TypeName) -> Type:
    """A type with what it inherits. Raises KeyError: there is none of that name."""
    prefix, local = name
    row = load_tables().row(prefix, local)
    base = type_of(_name(row.base, prefix)) if row.base else None
    attributes = dict(base.attributes) if base else {}
    for attribute in row.attributes:
        full = _attribute_name(attribute.name)
        attributes.pop(full, None)
        if attribute.use != "prohibited":
            attributes[full] = attribute
    children = {_full(member.name, prefix): _child(member, prefix) for member in row.members}
    return Type(
        name=name,
        is_data_type=row.namespace == EVERYWHERE,
        abstract=row.abstract,
        mixed=row.mixed,
        attributes=attributes,
        required=tuple(full for full, attribute in attributes.items() if attribute.use == "required"),
        children={**base.children, **children} if base and row.derivation == "extension" else children,
        content=build(_content(row, prefix), lambda written: _full(written, prefix)),
        ancestors=(base.name, *base.ancestors) if base else (),
    )


@cache
def tops() -> Mapping[str, Child]:
    """Elements that are known wherever anything may stand, by full name."""
    return {
        _full(member.name, prefix): _child(member, prefix)
        for prefix, members in load_tables().tops.items()
        for member in members
    }


@cache
def top_attributes() -> Mapping[str, Attribute]:
    """Attributes of extensions, by full name."""
    rows = load_tables().types.values()
    return {_attribute_name(one.name): one for row in rows for one in row.attributes if ":" in one.name}


def _content(row: Row, prefix: str) -> Group:
    own = read_content(row.content)
    if row.derivation != "extension":
        return own
    base_prefix, base = _name(row.base, prefix)
    inherited = _content(load_tables().row(base_prefix, base), base_prefix)
    return Group((inherited, own)) if inherited.parts and own.parts else inherited if inherited.parts else own


def _child(member: Member, prefix: str) -> Child:
    return Child(_name(member.holds, prefix), member.nillable)


def _name(written: str, prefix: str) -> TypeName:
    if written == ANY_TYPE:
        return ANYTHING
    if ":" in written:
        owner, name = written.split(":")
        return owner, name
    return ("", written) if written in load_tables().forms else (prefix, written)


def _full(written: str, prefix: str) -> str:
    owner, _, name = written.rpartition(":")
    return f"{{{NAMESPACES[owner or prefix]}}}{name}"


def _attribute_name(written: str) -> str:
    return _full(written, "") if ":" in written else written
