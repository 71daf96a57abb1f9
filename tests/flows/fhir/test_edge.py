"""What reaches a door in FHIR and is no request: precise refusals, written down, nothing repeated, nothing left."""

from __future__ import annotations

import json
from contextlib import closing
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from samples.client.fhir import FORM, JSON, XML

BUNDLE = b'{"resourceType":"Bundle","type":"transaction"'
NS = b'xmlns="http://hl7.org/fhir"'

BODIES: list[tuple[str, str, bytes, int, str]] = [
    ("no JSON", JSON, b"{", 400, "JSON_MALFORMED"),
    ("nothing at all", JSON, b"", 400, "JSON_MALFORMED"),
    ("a key twice", JSON, BUNDLE + b',"type":"batch"}', 400, "JSON_MALFORMED"),
    ("a key twice, spelled otherwise", JSON, BUNDLE + b',"\\u0074ype":"batch"}', 400, "JSON_MALFORMED"),
    ("NaN", JSON, BUNDLE + b',"total":NaN}', 400, "JSON_MALFORMED"),
    ("a byte order mark", JSON, b"\xef\xbb\xbf" + BUNDLE + b"}", 400, "JSON_MALFORMED"),
    ("UTF-16", JSON, (BUNDLE + b"}").decode().encode("utf-16"), 400, "JSON_MALFORMED"),
    ("Latin-1", JSON, BUNDLE + ',"id":"é"}'.encode("latin-1"), 400, "JSON_MALFORMED"),
    ("half of a pair", JSON, BUNDLE + b',"id":"\\ud800"}', 400, "JSON_MALFORMED"),
    ("1e999", JSON, BUNDLE + b',"total":1e999}', 413, "JSON_LIMIT"),
    ("a number without end", JSON, BUNDLE + b',"total":' + b"9" * 400 + b"}", 413, "JSON_LIMIT"),
    ("deep", JSON, b'{"a":' * 200 + b"1" + b"}" * 200, 413, "JSON_LIMIT"),
    ("deeper than any stack", JSON, b"[" * 200_000, 413, "JSON_LIMIT"),
    ("many values", JSON, b"[" + b"0," * 300_000 + b"0]", 413, "JSON_LIMIT"),
    ("a list", JSON, b"[]", 400, "FHIR_STRUCTURE"),
    ("no resource", JSON, b'{"resourceType":"Zork"}', 400, "FHIR_STRUCTURE"),
    ("an unknown element", JSON, BUNDLE + b',"zork":1}', 400, "FHIR_STRUCTURE"),
    ("a value of another type", JSON, BUNDLE + b',"total":"1"}', 400, "FHIR_STRUCTURE"),
    ("a comment of a library", JSON, BUNDLE + b',"fhir_comments":"x"}', 400, "FHIR_STRUCTURE"),
    ("no XML", XML, b"<Bundle", 400, "XML_MALFORMED"),
    ("JSON as XML", XML, BUNDLE + b"}", 400, "XML_MALFORMED"),
    ("a DTD", XML, b"<!DOCTYPE Bundle><Bundle " + NS + b"/>", 400, "XML_FORBIDDEN"),
    ("an entity", XML, b'<!DOCTYPE B [<!ENTITY x "y">]><Bundle ' + NS + b">&x;</Bundle>", 400, "XML_FORBIDDEN"),
    ("XML in UTF-16", XML, "<Bundle/>".encode("utf-16"), 400, "XML_ENCODING"),
    ("deep XML", XML, b"<Bundle " + NS + b">" + b"<entry>" * 200 + b"</entry>" * 200 + b"</Bundle>", 413, "XML_LIMIT"),
    ("XML of elsewhere", XML, b"<Bundle/>", 400, "FHIR_STRUCTURE"),
    ("an unknown element of XML", XML, b"<Bundle " + NS + b'><zork value="1"/></Bundle>', 400, "FHIR_STRUCTURE"),
]
TYPES = [
    ("", 415),
    ("text/plain", 415),
    ("application/x-www-form-urlencoded", 415),
    ("application/fhir+json; charset=iso-8859-1", 415),
    ("application/fhir+json; fhirVersion=5.0", 415),
    ("application/json-patch+json", 415),
    ("multipart/related; boundary=a", 415),
    ("no type", 400),
]


def outcome(reply: Any) -> str:
    """The first code of an OperationOutcome that fits its model."""
    get_fhir_model_class("OperationOutcome").model_validate(reply.resource)
    return str(reply.codes[0])


@pytest.mark.parametrize(
    ("kind", "body", "status", "code"), [row[1:] for row in BODIES], ids=[row[0] for row in BODIES]
)
def test_a_body_that_is_no_request_is_refused_and_written_down(
    desk: Any, kind: str, body: bytes, status: int, code: str
) -> None:
    kept = desk.scene.kept()

    with closing(desk.client("chu-seine")) as client:
        reply = client.post("", body, Content_Type=kind)

    assert (reply.status, outcome(reply)) == (status, code)
    (event,) = desk.events("ingest", 1)
    assert (event["outcome"], event["code"], event["transaction"]) == ("refused", code, "ITI-65")
    assert desk.scene.kept() == kept


@pytest.mark.parametrize(("kind", "status"), TYPES, ids=[row[0] for row in TYPES])
def test_a_body_of_another_type_is_refused(desk: Any, kind: str, status: int) -> None:
    with closing(desk.client("chu-seine")) as client:
        reply = client.post("", BUNDLE + b"}", Content_Type=kind)

    assert reply.status == status
    assert desk.events("ingest", 1)[0]["outcome"] == "refused"


def test_every_fault_of_a_resource_is_told_at_its_place(desk: Any) -> None:
    body = BUNDLE + b',"total":"1","entry":[{"resource":{"resourceType":"List","status":5,"zork":1}}]}'

    with closing(desk.client("chu-seine")) as client:
        reply = client.post("", body)

    assert {issue["expression"][0]: issue["code"] for issue in reply.issues} == {
        "Bundle.total": "value",
        "Bundle.entry[0].resource.status": "value",
        "Bundle.entry[0].resource.zork": "structure",
        "Bundle.entry[0].resource.mode": "required",
    }


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({"Authorization": ""}, 401, "SBX_VIHF_MISSING"),
        ({"Authorization": "Bearer "}, 401, "SBX_VIHF_MISSING"),
        ({"Authorization": "Bearer abc"}, 401, "SBX_VIHF_MALFORMED"),
        ({"Authorization": "Basic YTpi"}, 400, "HTTP_MALFORMED"),
        ({"Accept": "image/png"}, 406, "HTTP_MALFORMED"),
        ({"Accept": "application/fhir+json; fhirVersion=5.0"}, 406, "HTTP_MALFORMED"),
        ({"Host": "a/b"}, 400, "HTTP_MALFORMED"),
    ],
    ids=str,
)
def test_a_head_that_is_no_request_is_refused(desk: Any, headers: dict[str, str], status: int, code: str) -> None:
    with closing(desk.client()) as client:
        reply = client.request("GET", "Patient", parameters=desk.identifier, headers=headers)

    assert (reply.status, outcome(reply)) == (status, code)
    assert ("WWW-Authenticate" in reply.headers) is (status == 401)
    assert desk.events("consultation", 1)[0]["code"] == code


def test_a_form_larger_than_any_search_is_refused(desk: Any) -> None:
    with closing(desk.client()) as client:
        large = client.request("POST", "Patient/_search", body=b"a=" + b"b" * 70_000, headers={"Content-Type": FORM})
        many = client.request("POST", "Patient/_search", body=b"a=1&" * 200, headers={"Content-Type": FORM})
        typed = client.request("POST", "Patient/_search", body=b"{}", headers={"Content-Type": JSON})

    assert [(reply.status, outcome(reply)) for reply in (large, many)] == [(413, "HTTP_LIMIT")] * 2
    assert typed.status == 415


def test_a_token_serves_the_connection_it_was_made_for(desk: Any) -> None:
    with closing(desk.client("chu-seine")) as own, closing(desk.client("ch-loire")) as other:
        stolen = own.token()
        reply = other.request(
            "GET", "Patient", parameters=desk.identifier, headers={"Authorization": f"Bearer {stolen}"}
        )

    assert (reply.status, outcome(reply)) == (401, "SBX_VIHF_BINDING")


def test_a_mode_that_is_not_of_the_door_is_forbidden(desk: Any) -> None:
    reply = desk.ask(mode="INDIRECTE")

    assert (reply.status, outcome(reply)) == (403, "DMPAccessDeniedByRightsService")


def test_no_answer_stays_in_a_cache_and_each_has_the_number_of_its_event(desk: Any) -> None:
    reply = desk.ask()

    assert reply.headers["Cache-Control"] == "no-store"
    assert desk.events("consultation", 1)[0]["request"] == reply.headers["X-Request-Id"]


def test_a_log_has_neither_an_ins_nor_a_token(desk: Any) -> None:
    with closing(desk.client()) as client:
        client.get("Patient", desk.identifier)
        client.get("Patient", {"identifier": desk.ins, desk.ins: desk.ins}, Prefer="handling=strict")
        client.get(f"Patient/{desk.ins}")
        client.request("GET", "Patient", parameters=desk.identifier, headers={"Authorization": f"Bearer {desk.ins}"})
        token = client.token()

    log = (desk.house.directory / "doors.log").read_text("utf-8")
    assert desk.ins not in log
    assert token[:40] not in log


def test_a_refusal_says_nothing_of_what_was_sent(desk: Any) -> None:
    said = json.dumps(
        {"resourceType": "Patient", "birthDate": f"{desk.ins}", "id": f"{desk.ins} x", "gender": [desk.ins]}
    )

    with closing(desk.client("chu-seine")) as client:
        reply = client.post("", said.encode())

    assert reply.status == 400
    assert desk.ins not in reply.content.decode()
