"""An index answers as the terminology would, in flat memory."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cda.document import parse_document
from conformance.packs import terminologies
from conformance.packs.pack import Pack
from conformance.packs.terminologies import Notations, build_index
from security.errors import MalformedMessage

from .conftest import RDF

CODES = st.text(
    st.characters(codec="utf-8", exclude_characters="\r", exclude_categories=("Cc", "Cs")), min_size=1, max_size=6
)


def _index(codes: list[str], where: Path) -> Notations:
    escaped = (one.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for one in codes)
    inside = "".join(f"<a><skos:notation>{one}</skos:notation><b>{one}x</b></a>" for one in escaped)
    assert build_index(io.BytesIO(RDF.format(inside).encode()), where) == len(set(codes))
    return Notations(where)


@given(st.lists(CODES, max_size=30), CODES)
def test_an_index_holds_what_the_terminology_has_and_nothing_else(tmp_path_factory, codes, other):
    found = _index(codes, tmp_path_factory.mktemp("index") / "x")

    assert all(one in found for one in codes)
    assert (other in found) is (other in codes)
    assert "" not in found
    assert 7 not in found


def test_runs_are_merged_in_order(tmp_path, monkeypatch):
    monkeypatch.setattr(terminologies, "_RUN", 3)
    codes = [f"{(one * 7919) % 101:x}" for one in range(60)]

    found = _index(codes, tmp_path / "x")

    lines = (tmp_path / "x").read_bytes().splitlines()
    assert lines == sorted(set(lines))
    assert all(one in found for one in codes)


@pytest.mark.parametrize("content", [b"<a>", b"<!DOCTYPE a><a/>", b"\xff"])
def test_what_is_not_xml_to_be_read_is_refused(tmp_path, content):
    with pytest.raises(MalformedMessage):
        build_index(io.BytesIO(content), tmp_path / "x")


def test_a_rule_on_codes_is_answered_by_the_index_and_no_tree_is_made(store, monkeypatch):
    def never(self):
        raise AssertionError("a tree was made")

    monkeypatch.setattr(Notations, "as_tree", never)
    text = (
        '<ClinicalDocument xmlns="urn:hl7-org:v3"><code code="SYNTH" codeSystem="9.8.7"/>'
        '<code code="Z" codeSystem="9.8.7"/><code code="Z" codeSystem="1.2"/></ClinicalDocument>'
    )

    report = Pack.open("small", store).validate(parse_document(text.encode()))

    found = [one.message for one in report.findings if one.layer == "terminology"]
    assert found == ["Z"]
    assert not [one for one in report.notes if one.startswith("terminology")]
