"""A table of operations: what is found in it, what it declares of itself, and what it refuses to hold."""

from __future__ import annotations

from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from gateway.fhir_capabilities import capability_statement
from gateway.fhir_routes import FhirOperation, Routes, SearchParameter, search
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.outcome import FhirRefused


def handle(request: Any, caller: Any) -> FhirAnswer:
    return FhirAnswer()


def operation(method: Any, route: str, interaction: Any, **declared: Any) -> FhirOperation:
    return FhirOperation(
        method=method, route=route, interaction=interaction, transaction="ITI-0", handle=handle, **declared
    )


IDENTIFIER = SearchParameter(name="identifier", type="token", documentation="which")
TABLE = (
    operation("POST", "", "transaction", body="resource"),
    operation("POST", "DocumentReference", "create", profiles=("urn:p",)),
    operation("POST", "DocumentReference/$generate-metadata", "operation", definition="urn:op", documentation="makes"),
    operation("GET", "DocumentReference/{id}", "read"),
    operation("PATCH", "DocumentReference/{id}", "patch", body="patch"),
    operation("GET", "Bundle/{id}/_history/{version}", "vread"),
    *search("DocumentReference", transaction="ITI-0", handle=handle, parameters=(IDENTIFIER,), includes=("A:b",)),
)

FOUND = [
    ("POST", "", "", {}),
    ("POST", "DocumentReference", "DocumentReference", {}),
    ("GET", "DocumentReference", "DocumentReference", {}),
    ("POST", "DocumentReference/_search", "DocumentReference/_search", {}),
    ("POST", "DocumentReference/$generate-metadata", "DocumentReference/$generate-metadata", {}),
    ("GET", "DocumentReference/a-1.b", "DocumentReference/{id}", {"id": "a-1.b"}),
    ("PATCH", "DocumentReference/a", "DocumentReference/{id}", {"id": "a"}),
    ("GET", "Bundle/a/_history/2", "Bundle/{id}/_history/{version}", {"id": "a", "version": "2"}),
]


@pytest.mark.parametrize(("method", "path", "route", "variables"), FOUND)
def test_an_operation_is_found_by_method_and_path(
    method: str, path: str, route: str, variables: dict[str, str]
) -> None:
    found, said = Routes(TABLE).find(method, path)

    assert (found.method, found.route, dict(said)) == (method, route, variables)


@pytest.mark.parametrize(
    "path",
    [
        "Zork",
        "documentreference",
        "DocumentReference/",
        "/DocumentReference",
        "DocumentReference//a",
        "DocumentReference/a/b",
        "DocumentReference/a%2fb",
        "DocumentReference/a_b",
        "DocumentReference/" + "a" * 65,
        "DocumentReference/..%2f..",
        "DocumentReference/a\nb",
        "DocumentReferenceXa",
        "Bundle/a/_history/",
    ],
)
def test_a_path_that_is_not_there_is_404(path: str) -> None:
    with pytest.raises(FhirRefused) as refused:
        Routes(TABLE).find("GET", path)
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "DocumentReference/a", "GET, PATCH"),
        ("PUT", "DocumentReference", "GET, POST"),
        ("GET", "", "POST"),
        ("HEAD", "DocumentReference", "GET, POST"),
        ("GET", "DocumentReference/_search", "POST"),
        ("HEAD", "metadata", "GET"),
    ],
)
def test_a_method_that_is_not_there_is_405_with_those_that_are(method: str, path: str, allow: str) -> None:
    with pytest.raises(FhirRefused) as refused:
        Routes(TABLE).find(method, path)
    assert (refused.value.status, refused.value.allow) == (405, allow)


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
def test_the_address_of_an_interface_without_transactions_says_where_deposits_go(method: str) -> None:
    with pytest.raises(FhirRefused) as refused:
        Routes(TABLE[1:]).find(method, "")
    assert (refused.value.status, refused.value.allow) == (405, "")
    assert "at the ingest door" in refused.value.issues[0].diagnostics


def test_a_table_has_each_method_of_a_route_once() -> None:
    with pytest.raises(ValueError, match="is there twice"):
        Routes((*TABLE, operation("GET", "DocumentReference/{id}", "read")))


def test_what_is_declared_is_what_the_table_holds() -> None:
    said = capability_statement("https://door/fhir", TABLE)

    get_fhir_model_class("CapabilityStatement").model_validate(said)
    (rest,) = said["rest"]
    assert [one["code"] for one in rest["interaction"]] == ["transaction"]
    resources = {one["type"]: one for one in rest["resource"]}
    assert set(resources) == {"DocumentReference", "Bundle"}
    document = resources["DocumentReference"]
    assert [one["code"] for one in document["interaction"]] == ["create", "patch", "read", "search-type"]
    assert document["supportedProfile"] == ["urn:p"]
    assert document["searchParam"] == [{"name": "identifier", "type": "token", "documentation": "which"}]
    assert document["searchInclude"] == ["A:b"]
    assert document["operation"] == [{"name": "generate-metadata", "definition": "urn:op", "documentation": "makes"}]
    assert "application/json-patch+json" in said["patchFormat"]
    assert said["implementation"]["url"] == "https://door/fhir"


def test_an_interface_without_operations_declares_none() -> None:
    said = capability_statement("https://door/fhir", ())

    get_fhir_model_class("CapabilityStatement").model_validate(said)
    assert set(said["rest"][0]) == {"mode", "security"}
