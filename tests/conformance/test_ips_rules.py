from __future__ import annotations

import os
import shutil
from itertools import islice
from pathlib import Path

import pytest
from lxml import etree

from cda.document import parse_document
from conformance.reference.chain import ReferenceChain, ReferenceUnavailable
from conformance.schematron.findings import check_schemas
from conformance.validate import IPS_FR, PROFILES, validate
from samples.documents.ips_fr import ips_fr
from samples.documents.patients import PATIENTS
from samples.documents.vsm import vsm
from samples.documents.vsm_mutants import mutants
from security import xml

SCH = "{http://purl.oclc.org/dsdl/schematron}"
GOOD = (ips_fr(unique_id="2.25.51"), ips_fr(unique_id="2.25.52", nothing_known=True))
COMPARED = 40

OWN = [one for one in PROFILES[IPS_FR].schemas if one.package == "ips_fr"]


@pytest.mark.parametrize("nothing_known", [False, True])
@pytest.mark.parametrize("patient", PATIENTS, ids=lambda patient: patient.family)
def test_our_patient_summaries_break_no_rule(patient, nothing_known):
    report = validate(ips_fr(patient, nothing_known=nothing_known))

    assert report.profile == IPS_FR
    assert report.findings == ()


def test_the_official_patient_summary_breaks_no_rule(official):
    report = validate(official("IPS-FR_2024.01.xml"))

    assert report.profile == IPS_FR
    assert report.findings == ()


def test_a_document_of_another_model_is_not_spoken_of():
    found = check_schemas(parse_document(vsm()), [one for one in OWN if one.name != "document"])

    assert found == ()


@pytest.fixture(scope="module")
def official_layers(tmp_path_factory):
    """The official layers that judge the body of a patient summary, compiled by Saxon; skips without the pack."""
    pack = os.environ.get("ECLUSE_PACK")
    if not pack:
        pytest.skip("needs the official pack: ECLUSE_PACK is not set")
    try:
        chain = ReferenceChain()
    except ReferenceUnavailable as error:
        pytest.skip(str(error))
    rules = tmp_path_factory.mktemp("pack") / "schematrons"
    shutil.copytree(Path(pack) / "schematrons", rules)
    layers = ("IHE.sch", "CI-SIS_ModelesDeContenusCDA.sch", "CI-SIS_Modeles_ANS.sch")
    return [
        chain.compile_official(
            _only_what_is_met(rules / name), rules / "moteur", Path(pack) / "schematrons" / Path(name).parent
        )
        for name in (*(f"profils/{layer}" for layer in layers), "CI-SIS_IPS-FR_2024.01.sch")
    ]


def _only_what_is_met(schema: Path) -> Path:
    """The schema without the patterns of templates that no document compared declares, and with includes that exist.

    One include is spelled with another case than its file.
    """
    met = {one.get("root") for good in GOOD for one in xml.parse(good).iter("{*}templateId")}
    root = xml.parse(schema.read_bytes())
    dropped = set()
    for include in list(root.iter(f"{SCH}include")):
        path = (schema.parent / (include.get("href") or "")).resolve()
        if not path.exists():
            shutil.copy(next(one for one in path.parent.iterdir() if one.name.lower() == path.name.lower()), path)
        part = xml.parse(path.read_bytes())
        contexts = " ".join(one.get("context") or "" for one in part.iter(f"{SCH}rule"))
        named = {word for word in contexts.replace('"', "'").split("'") if word.count(".") > 4}
        if part.tag == f"{SCH}pattern" and named and not named & met:
            dropped.add(part.get("id"))
            root.remove(include)
    for phase in root.iter(f"{SCH}phase"):
        for active in [one for one in phase if one.get("pattern") in dropped]:
            phase.remove(active)
    schema.write_bytes(etree.tostring(root))
    return schema


def test_the_official_chain_and_our_rules_agree_on_patient_summaries_spoiled_at_random(official_layers):
    disagreements = []

    for number, content in islice(mutants(list(GOOD), seed=2024), COMPARED):
        officially = [one for layer in official_layers for one in layer.judge(content)]
        ours = validate(content, IPS_FR).errors
        if any(one.layer == "structure" for one in ours):
            continue  # what the structure refuses, both refuse: the official layers are not asked to say it again
        if bool(officially) != bool(ours):
            disagreements.append((number, officially[:2], [one.rule for one in ours]))

    assert disagreements == []
