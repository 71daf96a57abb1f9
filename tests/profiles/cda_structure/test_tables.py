"""The tables of CDA are whole, and the schema beside them is what they make."""

from __future__ import annotations

from importlib.resources import files

import pytest
from lxml import etree

from profiles.cda_structure.particles import Group, Name, Particle, read_content
from profiles.cda_structure.tables import ANY_TYPE, EVERYWHERE, NAMESPACES, load_tables
from profiles.cda_structure.writing import schemas

TABLES = load_tables()


def names_in(particle: Particle) -> set[str]:
    if isinstance(particle, Name):
        return {particle.name}
    return set().union(*(names_in(part) for part in particle.parts))


@pytest.mark.parametrize("name", sorted(schemas()))
def test_the_schema_is_what_the_tables_make(name: str) -> None:
    stored = files("profiles.cda_structure").joinpath(name).read_text(encoding="utf-8")
    assert stored == schemas()[name], "run: python -m profiles.cda_structure.writing"


def test_no_schema_is_left_over() -> None:
    stored = {one.name for one in files("profiles.cda_structure").iterdir() if one.name.endswith(".xsd")}
    assert stored == set(schemas())


def test_the_schema_is_one_for_libxml2() -> None:
    with files("profiles.cda_structure").joinpath("cda.xsd").open("rb") as file:
        assert etree.XMLSchema(file=file.name)


@pytest.mark.parametrize("row", TABLES.types.values(), ids=lambda row: f"{row.namespace}:{row.name}")
def test_what_a_type_holds_is_what_its_members_are(row) -> None:
    names = names_in(read_content(row.content)) - {"OTHER"}
    assert names == {member.name for member in row.members}


@pytest.mark.parametrize("row", TABLES.types.values(), ids=lambda row: f"{row.namespace}:{row.name}")
def test_whatever_a_type_names_exists(row) -> None:
    prefixes = NAMESPACES if row.namespace == EVERYWHERE else [row.namespace]

    def exists(name: str) -> bool:
        prefix, _, local = name.rpartition(":")
        at = [prefix] if prefix else prefixes
        return all((one, local) in TABLES.types or (EVERYWHERE, local) in TABLES.types for one in at)

    assert not row.base or exists(row.base)
    assert bool(row.base) == (row.derivation in ("extension", "restriction"))
    for member in row.members:
        assert member.holds in TABLES.forms or member.holds == ANY_TYPE or exists(member.holds), member
    for attribute in row.attributes:
        assert attribute.form in TABLES.forms
        assert attribute.use in ("", "required", "prohibited")


def test_every_form_can_be_told_in_both_languages() -> None:
    for form in TABLES.forms.values():
        assert form.values or form.of or (form.fr and form.en), form.name


READ = {
    "": Group(()),
    "a": Group((Name("a"),)),
    "a, sdtc:b?": Group((Name("a"), Name("sdtc:b", 0))),
    "a*, (b | c+), d{2,}": Group(
        (Name("a", 0, None), Group((Name("b"), Name("c", 1, None)), is_choice=True), Name("d", 2, None))
    ),
}


@pytest.mark.parametrize("text", READ)
def test_a_content_model_is_read(text: str) -> None:
    assert read_content(text) == READ[text]


@pytest.mark.parametrize("text", ["a,", "a b", "a, b | c", "(a", "a)", "|", "a?? ", "a;", "()"])
def test_what_is_no_content_model_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="content model"):
        read_content(text)
