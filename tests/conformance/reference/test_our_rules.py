"""Every rule of ours, said twice: by our engine and by the reference implementation, whose functions are others.

The twins of all its rules are tried when ECLUSE_THOROUGH is set, else a few.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

from conformance.catalogue import PROFILES, SchemaRef
from conformance.reference.chain import CompiledSchema, ReferenceChain, ReferenceUnavailable
from conformance.reference.results import path_of
from conformance.schematron.engine import Schema
from conformance.schematron.index import DocumentIndex
from conformance.schematron.loading import load
from samples.documents.corpus import corpus
from samples.documents.discharge_letter import discharge_letter
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from security import xml

SCHEMAS = list({(one.package, one.name): one for profile in PROFILES.values() for one in profile.schemas}.values())
THOROUGH = bool(os.environ.get("ECLUSE_THOROUGH"))
SAMPLED = 6
_WHERE = re.compile(rb'\secluse:where="[^"]*"')


def _documents(schema: SchemaRef) -> Iterator[tuple[str, bytes]]:
    """The good documents, and the twins of the rules of the schema."""
    yield from (("summary", vsm(unique_id="2.25.7")), ("letter", discharge_letter()), ("report", laboratory_report()))
    file = (schema.package, schema.name)
    named = {name for name, profile in PROFILES.items() if file in {(one.package, one.name) for one in profile.schemas}}
    text = files(f"profiles.{schema.package}").joinpath(f"{schema.name}.sch").read_text("utf-8")
    own = [(name, twin) for name, twin in corpus() if twin.profile in named and f'"{twin.rule}"' in text]
    for name, twin in own if THOROUGH else own[:: max(1, len(own) // SAMPLED)]:
        yield name, twin.content()


@pytest.fixture(scope="module")
def chain() -> ReferenceChain:
    try:
        return ReferenceChain()
    except ReferenceUnavailable as error:
        pytest.skip(str(error))


@cache
def _ours(schema: SchemaRef, directory: Path) -> Schema:
    """Our engine on the schema, pointing at the context of a rule and not at what the rule points at."""
    original = Path(str(files(f"profiles.{schema.package}"))) / f"{schema.name}.sch"
    copy = directory / f"{schema.package}-{schema.name}.sch"
    copy.write_bytes(_WHERE.sub(b"", original.read_bytes()))
    return load(copy, root=directory, tolerant=False, strict=True, cache=None).schema


def _theirs(chain: ReferenceChain, schema: SchemaRef) -> CompiledSchema:
    original = Path(str(files(f"profiles.{schema.package}"))) / f"{schema.name}.sch"
    return chain.compile_ours(original)


@pytest.mark.timeout(3600 if THOROUGH else 180)
@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda one: f"{one.package}/{one.name}")
def test_both_engines_find_the_same_at_the_same_nodes(chain, schema, tmp_path_factory):
    ours = _ours(schema, tmp_path_factory.mktemp("rules"))
    theirs = _theirs(chain, schema)
    disagreements: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {}
    found = 0
    for name, content in _documents(schema):
        root = xml.parse(content, xml.DOCUMENT)
        notes: list[str] = []
        mine = sorted(
            (one.assertion.id, path_of(one.place) + one.suffix)
            for one in ours.check(DocumentIndex(root, ours.tags), notes)
        )
        assert notes == []
        reference = sorted((one.rule, one.path) for one in theirs.judge(content))
        found += len(mine)
        if mine != reference:
            disagreements[name] = (mine, reference)

    assert disagreements == {}
    assert found
