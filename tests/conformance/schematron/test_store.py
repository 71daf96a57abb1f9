from __future__ import annotations

import os
import sys
from pathlib import Path

import orjson
import pytest

from conformance.schematron import store
from conformance.schematron.index import DocumentIndex
from conformance.schematron.loading import load
from conformance.schematron.model import SchemaFault
from conformance.schematron.store import default_directory
from security import xml

SCH = 'xmlns="http://purl.oclc.org/dsdl/schematron"'
PATTERN = f'<pattern {SCH}><rule context="a"><assert id="{{}}" test="0">m</assert></rule></pattern>'
MAIN = f'<schema {SCH}><include href="part.sch"/><include href="extra.sch"/></schema>'


@pytest.fixture
def house(tmp_path: Path) -> Path:
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema" / "main.sch").write_text(MAIN)
    (tmp_path / "schema" / "part.sch").write_text(PATTERN.format("A"))
    return tmp_path


def rules(house: Path, phase: str | None = None, *, cache: Path | None = None) -> list[str]:
    here = house / "cache" if cache is None else cache
    made = load(house / "schema/main.sch", root=house / "schema", phase=phase, cache=here, tolerant=True)
    index = DocumentIndex(xml.parse(b"<a/>"), made.schema.tags)
    return [one.assertion.id for one in made.schema.check(index)]


def plans(house: Path) -> list[Path]:
    return sorted((house / "cache").rglob("*"))[1:]


def test_a_plan_is_kept_and_found_again_with_its_notes(house):
    first = load(house / "schema/main.sch", root=house / "schema", cache=house / "cache", tolerant=True)
    kept = plans(house)
    before = [one.stat().st_mtime_ns for one in kept]
    second = load(house / "schema/main.sch", root=house / "schema", cache=house / "cache", tolerant=True)

    assert len(kept) == 1
    assert [one.stat().st_mtime_ns for one in plans(house)] == before
    assert second.schema.plan == first.schema.plan
    assert second.notes == first.notes != ()


def test_what_is_kept_is_what_is_used(house):
    rules(house)
    (kept,) = plans(house)
    data = orjson.loads(kept.read_bytes())
    data["plan"]["patterns"][0]["rules"][0]["assertions"][0]["id"] = "KEPT"
    kept.write_bytes(orjson.dumps(data))

    assert rules(house) == ["KEPT"]


def test_a_file_that_changes_or_appears_makes_a_new_plan(house):
    assert rules(house) == ["A"]
    (house / "schema/part.sch").write_text(PATTERN.format("B"))
    assert rules(house) == ["B"]
    (house / "schema/extra.sch").write_text(PATTERN.format("C"))
    assert rules(house) == ["B", "C"]
    (house / "schema/part.sch").unlink()
    assert rules(house) == ["C"]


def test_another_phase_or_strictness_is_another_plan(house):
    rules(house)
    rules(house, "#ALL")

    assert len(plans(house)) == 2
    with pytest.raises(SchemaFault):
        load(house / "schema/main.sch", root=house / "schema", cache=house / "cache", tolerant=True, strict=True)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"engine": 1}',
        b"\x80\x04K\x01.",
        b'{"engine":"E","files":{},"absent":[],"plan":{}}',
    ],
)
def test_a_kept_plan_that_is_broken_or_foreign_is_made_again(house, content):
    rules(house)
    (kept,) = plans(house)
    whole = kept.read_bytes()
    kept.write_bytes(content.replace(b'"E"', orjson.dumps(orjson.loads(whole)["engine"])))

    assert rules(house) == ["A"]
    assert kept.read_bytes() == whole


def test_a_plan_of_another_engine_is_made_again(house, monkeypatch):
    rules(house)
    (kept,) = plans(house)
    monkeypatch.setattr(store, "_engine", lambda: "another")

    assert rules(house) == ["A"]
    assert orjson.loads(kept.read_bytes())["engine"] == "another"


def test_where_nothing_can_be_kept_schemas_are_read_all_the_same(house):
    (house / "file").write_text("")

    assert rules(house, cache=house / "file" / "below") == ["A"]
    made = load(house / "schema/main.sch", root=house / "schema", cache=None, tolerant=True)
    assert made.schema.plan.patterns
    assert not (house / "cache").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_may_not_be_written_keeps_nothing(house):
    (house / "cache").mkdir(mode=0o500)

    assert rules(house) == ["A"]
    assert plans(house) == []


def test_plans_are_kept_where_the_user_says(monkeypatch, tmp_path):
    monkeypatch.setenv("ECLUSE_CACHE", str(tmp_path))
    assert default_directory() == tmp_path
    monkeypatch.setenv("ECLUSE_CACHE", "")
    assert default_directory() is None
    monkeypatch.delenv("ECLUSE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_directory() == tmp_path / "ecluse"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_directory() == tmp_path / ".cache" / "ecluse"


FULL = (
    f'<schema {SCH} queryBinding="xslt2"><let name="codes" value="(\'x\', \'x\')"/>'
    '<pattern id="P"><rule context="a"><let name="n" value="@n"/><assert test="count($codes) = 2">m</assert>'
    "<assert test=\"$n = ('it''s', 'b')\">m</assert><assert test=\"@n\">m</assert></rule></pattern></schema>"
)


def test_what_xpath_1_cannot_say_is_asked_in_full_when_it_can_be(tmp_path):
    pytest.importorskip("elementpath")
    (tmp_path / "main.sch").write_text(FULL)
    made = load(tmp_path / "main.sch", root=tmp_path, cache=None, tolerant=False)

    def found(document: str) -> list[str]:
        index = DocumentIndex(xml.parse(document.encode()), made.schema.tags)
        return [one.assertion.id for one in made.schema.check(index)]

    assert made.notes == ()
    assert found('<a n="it\'s"/>') == []
    assert found('<a n="c"/>') == ["P-2"]
    assert found("<a/>") == ["P-2", "P-3"]


def test_without_the_means_to_ask_in_full_a_rule_is_not_checked_and_a_note_says_so(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "elementpath", None)
    (tmp_path / "main.sch").write_text(FULL)
    made = load(tmp_path / "main.sch", root=tmp_path, cache=None, tolerant=False)
    index = DocumentIndex(xml.parse(b"<a/>"), made.schema.tags)

    assert [one.assertion.id for one in made.schema.check(index)] == ["P-2", "P-3"]
    assert [note.split(":")[0] for note in made.notes] == ["the schema", "P-1 is not checked"]
    assert "xpath2" in made.notes[0]
