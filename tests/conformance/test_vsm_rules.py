from __future__ import annotations

import os
import shutil
from functools import cache
from importlib.resources import files
from itertools import islice
from pathlib import Path

import pytest
from lxml import etree

from cda.document import parse_document
from conformance.catalogue import PROFILES, VSM_1_4, VSM_2023, SchemaRef
from conformance.reference.chain import ReferenceChain, ReferenceUnavailable
from conformance.report import Severity
from conformance.schematron.findings import check_schemas
from conformance.validate import validate
from samples.documents.vsm import vsm
from samples.documents.vsm_full import vsm_full, vsm_nothing
from samples.documents.vsm_mutants import mutants
from samples.documents.vsm_twins import VSM_TWINS
from security import xml

SCH = "{http://purl.oclc.org/dsdl/schematron}"
TWINS = {one.rule: one for one in VSM_TWINS}
GOOD = {"summary": lambda: vsm(unique_id="2.25.7"), "full": vsm_full, "nothing": vsm_nothing}
COMPARED = 120


def _own(profile: str) -> tuple[SchemaRef, ...]:
    return tuple(one for one in PROFILES[profile].schemas if one.package in ("vsm", "cda_values"))


@cache
def _assertions() -> dict[str, etree._Element]:
    """The assertions of both profiles as they are written, by their id."""
    names = {(one.package, one.name) for profile in (VSM_1_4, VSM_2023) for one in _own(profile)}
    roots = [
        xml.parse(files(f"profiles.{package}").joinpath(f"{name}.sch").read_bytes()) for package, name in sorted(names)
    ]
    return {one.get("id") or "": one for root in roots for one in root.iter(f"{SCH}assert", f"{SCH}report")}


def _diagnostic(assertion: etree._Element, suffix: str) -> str:
    wanted = f"{assertion.get('id')}{suffix}"
    root = assertion.getroottree().getroot()
    return next((one.text or "" for one in root.iter(f"{SCH}diagnostic") if one.get("id") == wanted), "")


@pytest.mark.parametrize("name", GOOD)
def test_a_good_summary_breaks_no_rule(name):
    content = GOOD[name]()

    assert check_schemas(parse_document(content), _own(VSM_2023)) == ()
    assert validate(content).profile == VSM_2023


def test_every_rule_tells_what_to_do_in_both_languages():
    for rule, assertion in _assertions().items():
        french, english = _diagnostic(assertion, ".hint"), _diagnostic(assertion, ".hint.en")
        assert french, rule
        assert english not in ("", french), rule
        assert _diagnostic(assertion, ".en"), rule
        assert assertion.get("see"), rule
        assert assertion.get("role") in set(Severity), rule


def test_what_is_found_is_not_what_was_expected():
    documents = [make() for make in GOOD.values()]
    faults = [validate(content).findings for _, content in islice(mutants(documents, seed=5), COMPARED)]

    told = [one for findings in faults for one in findings if one.found]
    assert len(told) > COMPARED
    assert {one.rule for one in told if one.found == one.expected} == set()


def test_a_prefixed_type_is_told_apart_from_a_wrong_one():
    content = TWINS["ENT-CLINICAL-VALUE-LITERAL"].content()

    (finding,) = check_schemas(parse_document(content), _own(VSM_2023))

    assert finding.found == "cda:CE"
    assert "préfixe" in finding.message


def test_the_version_asked_for_is_the_version_declared():
    assert [one.rule for one in validate(vsm(unique_id="2.25.7"), VSM_1_4).findings] == ["VSM14-VERSION"]


@pytest.fixture(scope="module")
def official_layers(tmp_path_factory):
    """The layers of the official chain that judge the body of a summary, compiled by Saxon; skips without the pack."""
    pack = os.environ.get("ECLUSE_PACK")
    if not pack:
        pytest.skip("needs the official pack: ECLUSE_PACK is not set")
    try:
        chain = ReferenceChain()
    except ReferenceUnavailable as error:
        pytest.skip(str(error))
    own = tmp_path_factory.mktemp("pack")
    shutil.copytree(Path(pack) / "schematrons", own / "schematrons")
    rules = own / "schematrons"
    _forgive_letter_case(rules / "profils" / "IHE.sch")
    return [
        chain.compile_official(
            _only_what_a_summary_meets(rules / name), rules / "moteur", Path(pack) / "schematrons" / Path(name).parent
        )
        for name in (
            "profils/IHE.sch",
            "profils/CI-SIS_ModelesDeContenusCDA.sch",
            "profils/CI-SIS_Modeles_ANS.sch",
            "CI-SIS_VSM_2023.01.sch",
        )
    ]


def _forgive_letter_case(schema: Path) -> None:
    """One include is spelled with another case than its file: Windows does not mind."""
    for include in xml.parse(schema.read_bytes()).iter(f"{SCH}include"):
        wanted = (schema.parent / (include.get("href") or "")).resolve()
        if not wanted.exists():
            meant = next(one for one in wanted.parent.iterdir() if one.name.lower() == wanted.name.lower())
            shutil.copy(meant, wanted)


def _only_what_a_summary_meets(schema: Path) -> Path:
    """The same schema without the patterns of templates that no document compared declares: they say nothing."""
    met = {one.get("root") for make in GOOD.values() for one in xml.parse(make()).iter("{*}templateId")}
    root = xml.parse(schema.read_bytes())
    dropped = set()
    for include in list(root.iter(f"{SCH}include")):
        part = xml.parse((schema.parent / (include.get("href") or "")).read_bytes())
        contexts = " ".join(one.get("context") or "" for one in part.iter(f"{SCH}rule"))
        named = {word for word in contexts.replace('"', "'").split("'") if word.count(".") > 4}
        if part.tag == f"{SCH}pattern" and named and not named & met:
            dropped.add(part.get("id"))
            root.remove(include)
    for active in list(root.iter(f"{SCH}active")):
        parent = active.getparent()
        if active.get("pattern") in dropped and parent is not None:
            parent.remove(active)
    schema.write_bytes(etree.tostring(root))
    return schema


def test_the_official_chain_and_our_rules_agree_on_summaries_spoiled_at_random(official_layers):
    documents = [make() for make in GOOD.values()]
    disagreements, refused = [], 0

    for number, content in islice(mutants(documents, seed=2023), COMPARED):
        officially = [one for layer in official_layers for one in layer.judge(content)]
        ours = [
            one.rule
            for one in check_schemas(parse_document(content), _own(VSM_2023))
            if one.severity is Severity.ERROR and one.layer != "terminology"
        ]
        refused += bool(officially)
        if bool(officially) != bool(ours):
            disagreements.append((number, officially[:2], ours[:2]))

    assert disagreements == []
    assert COMPARED // 4 < refused < COMPARED
