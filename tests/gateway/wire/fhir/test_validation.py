"""A resource that is not of FHIR R4 is refused with every fault at its place; what passes, the models take too."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from gateway.wire.fhir.outcome import FhirRefused
from gateway.wire.fhir.validation import LARGE, check_resource
from security.strict_json import read_json

OFFICIAL = Path(__file__).parents[5] / "shared" / "samples-fr" / "fhir"
DIV = '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div>'


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **elements}


def faults(resource: Any) -> dict[str, str]:
    """The code of each fault by its expression; none when the resource passes."""
    try:
        check_resource(resource)
    except FhirRefused as refused:
        found = refused
    else:
        return {}
    assert found.status == 400
    assert len({issue.expression for issue in found.issues}) == len(found.issues), "told once each"
    return {issue.expression: issue.code for issue in found.issues}


GOOD = [
    patient(),
    patient(id="a", active=True, gender="male", birthDate="1990-02"),
    patient(_gender={"extension": [{"url": "urn:a", "valueCode": "x"}]}),
    patient(name=[{"given": ["a", None], "_given": [None, {"id": "b"}]}]),
    patient(text={"status": "generated", "div": DIV}),
    patient(contained=[{"resourceType": "Organization", "id": "o", "name": "x"}]),
    patient(deceasedBoolean=False, _deceasedBoolean={"id": "a"}),
    patient(extension=[{"url": "urn:a", "extension": [{"url": "b", "valueDecimal": read_json(b"1.00")}]}]),
    patient(meta={"lastUpdated": "2026-01-02T03:04:05.123+01:00"}),
    {"resourceType": "Binary", "contentType": "text/plain", "data": "YQ=="},
    {"resourceType": "Binary", "contentType": "text/plain", "data": "A" * (LARGE + 4)},
    {"resourceType": "Bundle", "type": "transaction", "entry": [{"resource": patient(), "fullUrl": "urn:uuid:a"}]},
    {"resourceType": "Parameters", "parameter": [{"name": "a", "part": [{"name": "b", "valueInteger": 3}]}]},
]

BAD: list[tuple[Any, dict[str, str]]] = [
    (None, {"Resource": "structure"}),
    ([], {"Resource": "structure"}),
    ("Patient", {"Resource": "structure"}),
    ({}, {"Resource": "structure"}),
    ({"resourceType": "Zork"}, {"Resource": "structure"}),
    ({"resourceType": "Resource"}, {"Resource": "structure"}),
    ({"resourceType": "DomainResource"}, {"Resource": "structure"}),
    ({"resourceType": "HumanName"}, {"Resource": "structure"}),
    ({"resourceType": "NutritionProduct"}, {"Resource": "structure"}),
    ({"resourceType": "../Patient"}, {"Resource": "structure"}),
    ({"resourceType": 1}, {"Resource": "structure"}),
    (patient(zip="1"), {"Patient.zip": "structure"}),
    (patient(fhir_comments="a"), {"Patient.fhir_comments": "structure"}),
    (patient(resource_type="Patient"), {"Patient.resource_type": "structure"}),
    (patient(gender__ext={"id": "a"}), {"Patient.gender__ext": "structure"}),
    (patient(_name=[{"id": "a"}]), {"Patient._name": "structure"}),
    (patient(active="true"), {"Patient.active": "value"}),
    (patient(active=1), {"Patient.active": "value"}),
    (patient(gender=None), {"Patient.gender": "value"}),
    (patient(gender=5), {"Patient.gender": "value"}),
    (patient(gender=""), {"Patient.gender": "value"}),
    (patient(gender=" "), {"Patient.gender": "value"}),
    (patient(id="a b"), {"Patient.id": "value"}),
    (patient(id="a" * 300), {"Patient.id": "value"}),
    (patient(birthDate="1990-02-30"), {"Patient.birthDate": "value"}),
    (patient(birthDate="19900230"), {"Patient.birthDate": "value"}),
    (patient(birthDate=1990), {"Patient.birthDate": "value"}),
    (patient(multipleBirthInteger="1"), {"Patient.multipleBirthInteger": "value"}),
    (patient(multipleBirthInteger=True), {"Patient.multipleBirthInteger": "value"}),
    (patient(multipleBirthInteger=read_json(b"1.5")), {"Patient.multipleBirthInteger": "value"}),
    (patient(multipleBirthInteger=2**40), {"Patient.multipleBirthInteger": "value"}),
    (patient(meta={"lastUpdated": "2026-01-02"}), {"Patient.meta.lastUpdated": "value"}),
    (patient(meta={}), {"Patient.meta": "structure"}),
    (patient(meta=[]), {"Patient.meta": "structure"}),
    (patient(name=[]), {"Patient.name": "structure"}),
    (patient(name={}), {"Patient.name": "structure"}),
    (patient(name=[{}]), {"Patient.name[0]": "structure"}),
    (patient(name=[None]), {"Patient.name[0]": "structure"}),
    (patient(name=[{"given": [None]}]), {"Patient.name[0].given[0]": "value"}),
    (patient(name=[{"given": ["a", None]}]), {"Patient.name[0].given[1]": "value"}),
    (patient(deceasedBoolean=True, deceasedDateTime="2020"), {"Patient.deceasedDateTime": "structure"}),
    (patient(contained=[{"id": "a"}]), {"Patient.contained[0]": "structure"}),
    (patient(contained=[{"resourceType": "Zork"}]), {"Patient.contained[0]": "structure"}),
    (patient(extension=[{"valueString": "a"}]), {"Patient.extension[0].url": "required"}),
    (
        patient(extension=[{"url": "urn:a", "valueCodeableReference": {}}]),
        {"Patient.extension[0].valueCodeableReference": "structure"},
    ),
    (patient(text={"status": "generated", "div": "<p>a"}), {"Patient.text.div": "value"}),
    (patient(text={"status": "generated", "div": "<p>a</p>"}), {"Patient.text.div": "value"}),
    (patient(text={"status": "generated", "div": f"<!DOCTYPE div>{DIV}"}), {"Patient.text.div": "value"}),
    (patient(photo=[{"data": "YQ"}]), {"Patient.photo[0].data": "value"}),
    ({"resourceType": "Binary"}, {"Binary.contentType": "required"}),
    ({"resourceType": "Observation", "status": "final"}, {"Observation.code": "required"}),
    (
        {"resourceType": "Bundle", "type": "batch", "entry": [{"resource": {}}]},
        {"Bundle.entry[0].resource": "structure"},
    ),
    (
        {"resourceType": "Bundle", "entry": [{"request": {"method": "GET"}}]},
        {"Bundle.type": "required", "Bundle.entry[0].request.url": "required"},
    ),
    (
        patient(active="x", gender=1, zip=2),
        {"Patient.active": "value", "Patient.gender": "value", "Patient.zip": "structure"},
    ),
]


@pytest.mark.parametrize("resource", GOOD, ids=lambda one: str(one)[:60])
def test_a_resource_of_r4_passes_and_its_model_takes_it_too(resource: dict[str, Any]) -> None:
    before = copy.deepcopy(resource)

    assert faults(resource) == {}
    assert resource == before
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)


@pytest.mark.parametrize(("resource", "expected"), BAD, ids=lambda one: str(one)[:60])
def test_each_fault_is_told_at_its_place(resource: Any, expected: dict[str, str]) -> None:
    assert faults(resource) == expected


def test_a_refusal_repeats_no_value_that_was_sent() -> None:
    with pytest.raises(FhirRefused) as refused:
        check_resource(patient(birthDate="258076912301541", gender=["258076912301541"], id="2580769123015 41"))

    assert len(refused.value.issues) == 3
    assert "2580769" not in str([issue.as_fhir() for issue in refused.value.issues])


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official examples are not here")
def test_the_official_examples_are_resources_of_r4() -> None:
    paths = sorted(OFFICIAL.glob("*.json"))

    assert len(paths) == 4
    assert {path.name: faults(read_json(path.read_bytes())) for path in paths} == {path.name: {} for path in paths}
