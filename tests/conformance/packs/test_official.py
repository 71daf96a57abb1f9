"""The official package through our engine and through Saxon with its own stylesheets: the same findings, word for word.

A few documents by default; all examples of the package and some hundred mutations when ECLUSE_THOROUGH is set.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import pytest
from lxml import etree

from cda.document import CdaDocument, parse_document
from conformance.packs.importing import import_pack
from conformance.packs.layers import TITLES, PackDocuments, layer_schema
from conformance.packs.pack import Pack
from conformance.packs.subtree import alone
from conformance.reference.chain import CompiledSchema, ReferenceChain, ReferenceFault, ReferenceUnavailable
from conformance.reference.results import path_of
from conformance.schematron.engine import Schema
from conformance.schematron.index import DocumentIndex
from samples.documents.discharge_letter import discharge_letter
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from security import xml

from .conftest import NOW

THOROUGH = bool(os.environ.get("ECLUSE_THOROUGH"))
MUTATIONS = 300 if THOROUGH else 6
Said = tuple[str, str]
"""A message without its white space, and the path of the node."""
VALUES = ("x", "", "UNK", "1.2.3", " N", "completed", "CE", "cda:CD", "2.16.840.1.113883.6.1")


@pytest.fixture(scope="session")
def official_pack(official_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Pack:
    """The agency's own package, imported and opened."""
    store = tmp_path_factory.mktemp("official")
    import_pack(official_package, store, NOW, name="official")
    return Pack.open("official", store)


@pytest.fixture(scope="session")
def judged(official_package: Path, official_pack: Pack):
    """Ask the reference chain of a schema of the pack; each is compiled once."""
    try:
        chain = ReferenceChain()
    except ReferenceUnavailable as error:
        pytest.skip(str(error))
    tools = next(one.parent for one in official_package.rglob("iso_svrl_for_xslt2.xsl"))
    compiled: dict[str, CompiledSchema] = {}

    def judge(path: str, content: bytes) -> Counter[Said]:
        if path not in compiled:
            # Terminologies are whole in the package only; what the package lacks is in the pack only.
            whole = "terminologie" in path
            place = next(one for one in official_package.rglob(Path(path).name) if one.as_posix().endswith(path))
            base = place.parent if whole else (official_pack.directory / path).parent
            compiled[path] = chain.compile_official(official_pack.directory / path, tools, base)
        return Counter(_said(one.text, one.path) for one in compiled[path].judge(content))

    return judge


def _mutated(content: bytes, seed: int) -> bytes:
    """The document with one to four random faults."""
    chance = random.Random(seed)  # noqa: S311
    root = xml.parse(content, xml.DOCUMENT)
    for _ in range(chance.choice((1, 1, 2, 4))):
        one = chance.choice([element for element in root.iter("*") if element is not root])
        parent, following = one.getparent(), one.getnext()
        names = [str(name) for name in one.attrib]
        match chance.choice(("drop", "double", "alter", "alter", "forget", "null", "swap")):
            case "drop" if parent is not None:
                parent.remove(one)
            case "double":
                one.addnext(deepcopy(one))
            case "alter" if names:
                name = chance.choice(names)
                value = one.get(name, "")
                one.set(name, chance.choice((*VALUES, value + "x", value.upper(), value[:-1])))
            case "forget" if names:
                del one.attrib[chance.choice(names)]
            case "null":
                one.set(
                    chance.choice(("nullFlavor", "code", "root", "value")), chance.choice(("UNK", "NA", "OTH", "x"))
                )
            case "swap" if following is not None:
                following.addnext(one)
    return etree.tostring(root, encoding="UTF-8")


def _documents(package: Path) -> Iterator[tuple[str, bytes]]:
    made = {"summary": vsm(unique_id="2.25.7"), "letter": discharge_letter(), "report": laboratory_report()}
    found = sorted(next(package.rglob("ExemplesCDA"), package).glob("*.xml"))
    examples = {one.name: one.read_bytes() for one in (found if THOROUGH else found[::20])}
    yield from {**made, **examples}.items()
    good = list({**made, **examples}.items())
    for seed in range(MUTATIONS):
        name, content = good[seed % len(good)]
        yield f"{name}, mutation {seed}", _mutated(content, seed)


def _document(content: bytes) -> CdaDocument | None:
    try:
        return alone(parse_document(content))[0]
    except ValueError:
        return None


def _said(text: str, path: str) -> Said:
    return "".join(text.split()), path


@pytest.mark.timeout(3600 if THOROUGH else 600)
@pytest.mark.parametrize("layer", [one for one in TITLES if one != "structure"])
def test_a_layer_finds_what_the_reference_chain_finds(official_package, official_pack, judged, layer):
    apart: dict[str, tuple[tuple[Said, ...], tuple[Said, ...]]] = {}
    for name, content in _documents(official_package):
        document = _document(content)
        if document is None:
            continue
        chosen = official_pack.choose(document).model
        path = official_pack.manifest.layers.get(layer) or (chosen.path if chosen and not chosen.missing else None)
        if path is None:
            continue
        schema = layer_schema(official_pack.directory, path, official_pack.manifest.imported).schema
        ours = Counter(
            _said(one.message or one.assertion.message, path_of(one.place) + one.suffix)
            for one in schema.check(DocumentIndex(document.root, schema.tags))
        )
        try:
            theirs = judged(path, document.content)
        except ReferenceFault:
            continue  # a dynamic error ends the whole transformation there: nothing to compare with
        if ours != theirs:
            apart[name] = (tuple(ours - theirs), tuple(theirs - ours))

    assert apart == {}


def test_the_good_documents_are_valid(official_pack):
    for content in (vsm(unique_id="2.25.7"), discharge_letter()):
        report = official_pack.validate(parse_document(content))

        assert [(one.layer, one.line, one.message) for one in report.errors] == []
        assert [one.name for one in report.layers if not one.asked and one.name != "document"] == []


def test_what_is_written_as_python_says_what_libxml2_says(official_package: Path, official_pack: Pack) -> None:
    contents = [vsm(), discharge_letter(), laboratory_report()]
    contents += [_mutated(content, seed) for content in contents for seed in range(MUTATIONS)]
    contents += [one.read_bytes() for one in sorted(official_package.rglob("ExemplesCDA/*.xml"))[:MUTATIONS]]
    roots = [alone(parse_document(one))[0].root for one in contents]
    model = official_pack.model("VSM_2023.01").path
    for path in (*official_pack.manifest.layers.values(), model):
        loaded = layer_schema(official_pack.directory, path, official_pack.manifest.imported).schema
        beside = PackDocuments((official_pack.directory / path).parent, official_pack.directory)
        asking, writing = (Schema(loaded.plan, beside, patience=one) for one in (1_000_000, 0))
        for root in roots:
            index, notes = DocumentIndex(root, asking.tags), ([], [])
            asked, written = (
                Counter((one.assertion.id, one.place, one.message, one.suffix) for one in schema.check(index, told))
                for schema, told in zip((asking, writing), notes, strict=True)
            )
            assert written == asked
            assert notes[1] == notes[0]
