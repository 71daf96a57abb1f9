from __future__ import annotations

from importlib.resources import files

import pytest

from cda.document import parse_document
from conformance.schematron.findings import check_schemas
from conformance.validate import IPS_FR, PROFILES, validate
from samples.documents.ips_fr import ips_fr
from samples.documents.ips_fr_twins import IPS_TWINS
from samples.documents.patients import PATIENTS
from samples.documents.vsm import vsm

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


@pytest.mark.parametrize("twin", IPS_TWINS, ids=lambda twin: twin.rule)
def test_each_rule_catches_its_own_fault_and_no_other(twin):
    findings = validate(twin.content(), twin.profile).findings

    assert {one.rule for one in findings} == {twin.rule} | twin.also
    finding = next(one for one in findings if one.rule == twin.rule)
    assert finding.line > 0
    assert finding.message != finding.message_en
    assert finding.hint
    assert finding.hint_en


def test_every_rule_has_its_twin_and_every_twin_its_rule():
    rules = {
        part.split('"', 1)[0]
        for one in OWN
        for part in files("profiles.ips_fr").joinpath(f"{one.name}.sch").read_text("utf-8").split('<assert id="')[1:]
    }

    assert rules == {twin.rule for twin in IPS_TWINS}


def test_a_document_of_another_model_is_not_spoken_of():
    found = check_schemas(parse_document(vsm()), [one for one in OWN if one.name != "document"])

    assert found == ()
