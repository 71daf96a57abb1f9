from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.schematron import inclusion
from conformance.schematron.index import DocumentIndex
from conformance.schematron.loading import LoadedSchema, load
from conformance.schematron.model import SchemaFault
from security import xml

SCH = 'xmlns="http://purl.oclc.org/dsdl/schematron"'


def written(directory: Path, **files: str) -> Path:
    """Files by name, `__` for a slash, without .sch; what starts with `!` is a schema. The schema is main.sch."""
    for name, inside in files.items():
        path = directory / (name.replace("__", "/") + ".sch")
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = f"<schema>{inside[1:]}</schema>" if inside.startswith("!") else inside
        path.write_text(re.sub(r"^<(\w+)", rf"<\1 {SCH}", whole), encoding="utf-8")
    return directory / "main.sch"


def loaded(path: Path, *, root: Path | None = None, tolerant: bool = False) -> LoadedSchema:
    return load(path, root=root or path.parent, cache=None, tolerant=tolerant)


def rules(made: LoadedSchema, document: bytes = b"<a/>") -> list[str]:
    index = DocumentIndex(xml.parse(document), made.schema.tags)
    return [one.assertion.id for one in made.schema.check(index)]


def rule(name: str) -> str:
    return f'<rule context="a"><assert id="{name}" test="false()">m</assert></rule>'


def test_includes_stand_at_any_level_and_are_relative_to_the_file_they_are_in(tmp_path):
    main = written(
        tmp_path,
        main='!<include href="parts/pattern.sch"/><pattern><include href="parts/deep/rule.sch"/></pattern>',
        parts__pattern='<pattern id="P"><include href="deep/rule.sch"/></pattern>',
        parts__deep__rule='<rule context="a"><include href="../assert.sch"/></rule>',
        parts__assert='<assert id="A" test="false()">m</assert>',
    )

    assert rules(loaded(main)) == ["A", "A"]


def test_a_part_of_a_file_is_included_by_its_id_and_what_a_rule_extends_may_be_elsewhere(tmp_path):
    main = written(
        tmp_path,
        main='!<pattern><rule context="a"><extends href="rules.sch#two"/></rule></pattern><include href="#own"/>'
        f'<pattern id="own">{rule("OWN")}</pattern>',
        rules="<rules><rule abstract='true' id='one'/><rule abstract='true' id='two'>"
        '<assert id="B" test="0">m</assert></rule></rules>',
    )

    assert rules(loaded(main)) == ["B", "OWN", "OWN"]


def test_letter_case_is_forgiven_with_a_note(tmp_path):
    main = written(
        tmp_path, main='!<include href="Parts/PATTERN.sch"/>', parts__pattern=f"<pattern>{rule('A')}</pattern>"
    )
    made = loaded(main)

    assert rules(made) == ["A"]
    assert made.notes == ("Parts/PATTERN.sch is spelled parts/pattern.sch: letter case differs",)


def test_a_missing_file_is_a_fault_or_for_who_asks_tolerance_a_note(tmp_path):
    main = written(tmp_path, main=f'!<include href="gone.sch"/><include href="g.sch"/><pattern>{rule("A")}</pattern>')

    with pytest.raises(SchemaFault) as raised:
        loaded(main)
    assert raised.value.faults == (
        "main.sch, line 1: include gone.sch: there is no such file",
        "main.sch, line 1: include g.sch: there is no such file",
    )
    made = loaded(main, tolerant=True)
    assert rules(made) == ["A"]
    assert len(made.notes) == 2


def test_includes_that_go_round_are_a_fault_that_names_them(tmp_path):
    main = written(
        tmp_path,
        main='!<include href="a.sch"/>',
        a='<pattern><include href="b.sch"/></pattern>',
        b='<rule context="a"><include href="a.sch"/></rule>',
    )

    with pytest.raises(
        SchemaFault, match=r"b\.sch, line 1: the includes go round in a circle: a\.sch -> b\.sch -> a\.sch"
    ):
        loaded(main)


def test_a_file_of_one_include_that_includes_itself_is_a_circle_too(tmp_path):
    main = written(tmp_path, main='!<include href="a.sch"/>', a='<include href="a.sch"/>')

    with pytest.raises(SchemaFault, match="circle"):
        loaded(main)


@pytest.mark.parametrize(
    ("reference", "fault"),
    [
        ("../secret.sch", "outside the directory"),
        ("%2e%2e/secret.sch", "outside the directory"),
        ("parts/../../secret.sch", "outside the directory"),
        ("..\\secret.sch", "outside the directory"),
        ("/etc/passwd", "only relative references"),
        ("http://example.org/a.sch", "only relative references"),
        ("file:///etc/passwd", "only relative references"),
        ("//host/a.sch", "only relative references"),
        ("link.sch", "a link that leaves"),
        ("parts", "no such file"),
    ],
)
def test_nothing_outside_the_root_is_read_nor_asked_of_a_network(tmp_path, reference, fault):
    house = tmp_path / "house"
    main = written(house, main=f'!<include href="{reference}"/>', parts__a="<pattern/>")
    (tmp_path / "secret.sch").write_text("<pattern/>")
    (house / "link.sch").symlink_to(tmp_path / "secret.sch")

    with pytest.raises(SchemaFault, match=fault):
        loaded(main)


def test_a_schema_may_reach_up_to_the_root_it_is_given(tmp_path):
    main = written(tmp_path / "house", main='!<include href="../shared.sch"/>')
    written(tmp_path, shared=f"<pattern>{rule('A')}</pattern>")

    assert rules(loaded(main, root=tmp_path)) == ["A"]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("<pattern", "not well-formed"),
        ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><pattern>&x;</pattern>", "a.sch: "),
        (f"<schema {SCH}/>", "a whole schema"),
    ],
)
def test_a_hostile_or_broken_part_is_a_fault_that_names_its_file(tmp_path, content, fault):
    main = written(tmp_path, main='!<include href="a.sch"/>')
    (tmp_path / "a.sch").write_text(content)

    with pytest.raises(SchemaFault, match=fault):
        loaded(main)


def test_includes_that_multiply_are_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(inclusion, "MOST_INCLUDES", 1000)
    files = {
        f"f{depth}": "<pattern>" + f'<include href="f{depth + 1}.sch"/>' * 10 + "</pattern>" for depth in range(20)
    }
    main = written(tmp_path, main='!<include href="f0.sch"/>', **files)

    with pytest.raises(SchemaFault, match="more than 1000 includes"):
        loaded(main)


def test_includes_in_one_another_without_end_are_stopped(tmp_path):
    files = {f"f{depth}": f'<pattern><include href="f{depth + 1}.sch"/></pattern>' for depth in range(60)}
    main = written(tmp_path, main='!<include href="f0.sch"/>', **files)

    with pytest.raises(SchemaFault, match="32 in one another"):
        loaded(main)


def test_a_schema_that_is_not_there_is_a_fault(tmp_path):
    with pytest.raises(SchemaFault, match=r"main\.sch cannot be read"):
        loaded(tmp_path / "main.sch")
