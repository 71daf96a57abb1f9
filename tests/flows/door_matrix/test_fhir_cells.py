"""The outer wall in FHIR: every certificate there is, and none, at each door, for each address either interface has.

What a door offers is what it declares in its CapabilityStatement: the table holds it to its word, both ways.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from gateway.fhir_door import ADDRESSES
from samples.pki.catalogue import Entry, read_catalogue

CATALOGUE = read_catalogue()
DOORS = ("ingest", "consultation")
NOBODY = "no certificate"
Verdict = Callable[[Entry | None, str], str | None]

TYPES = ("Patient", "DocumentReference", "List", "Binary", "Bundle", "Consent", "AuditEvent")
ASKED = [
    ("GET", "metadata"),
    ("POST", "metadata"),
    ("GET", ""),
    ("POST", ""),
    ("GET", "nowhere"),
    ("GET", "../consult/fhir/metadata"),
    *((method, f"{kind}{rest}") for kind in TYPES for method, rest in (
        ("GET", ""), ("POST", ""), ("PATCH", ""), ("HEAD", ""), ("OPTIONS", ""), ("POST", "/_search"),
        ("GET", "/a"), ("PUT", "/a"), ("PATCH", "/a"), ("DELETE", "/a"), ("GET", "/a/_history"),
    )),
]  # fmt: skip
_INTERACTIONS = {
    "search-type": (("GET", "{}"), ("POST", "{}/_search")),
    "create": (("POST", "{}"),),
    "read": (("GET", "{}/a"),),
    "patch": (("PATCH", "{}"), ("PATCH", "{}/a")),
}


def ask(knocker: Any, connection: Any, door: str, method: str, path: str, **headers: str) -> tuple[Any, bytes]:
    """One request, without a body; the response and its body."""
    address = f"{ADDRESSES[door]}/{path}".rstrip("/")
    connection.request(method, address, headers={"Content-Length": "0", **headers})
    response = connection.getresponse()
    return response, response.read()


def code_of(body: bytes) -> str:
    """What refused, in the words of the house."""
    return str(json.loads(body)["issue"][0]["details"]["coding"][0]["code"])


def declared(statement: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """The methods and paths that a CapabilityStatement declares."""
    (rest,) = statement["rest"]
    if any(one["code"] == "transaction" for one in rest.get("interaction", ())):
        yield "POST", ""
    for resource in rest["resource"]:
        for one in resource["interaction"]:
            yield from ((method, path.format(resource["type"])) for method, path in _INTERACTIONS[one["code"]])
    yield "GET", "metadata"


@pytest.fixture(scope="module")
def offered(knocker: Any) -> dict[str, set[tuple[str, str]]]:
    """What each door declares."""
    found = {}
    for door, holder in (("ingest", "chu-seine.auth"), ("consultation", "dr-essai.auth")):
        with closing(knocker.connect(door, knocker.shown(holder))) as connection:
            response, body = ask(knocker, connection, door, "GET", "metadata")
            assert response.status == 200
            found[door] = set(declared(json.loads(body)))
    return found


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", [NOBODY, *CATALOGUE.entries])
def test_the_cells_of_a_certificate_in_fhir(
    knocker: Any, verdict: Verdict, offered: dict[str, set[tuple[str, str]]], name: str, door: str
) -> None:
    """Nobody shows a token: whoever is admitted is asked for one where something is, and told where nothing is."""
    said_of_it = verdict(CATALOGUE.entries.get(name), door)
    wrong = set()

    with closing(knocker.connect(door, knocker.shown(name))) as connection:
        if said_of_it == "TLS":
            with pytest.raises((ssl.SSLError, ConnectionError)):
                ask(knocker, connection, door, "GET", "metadata")
            return
        for method, path in ASKED:
            response, body = ask(knocker, connection, door, method, path)
            if said_of_it is not None:
                expected = {403}
            elif (method, path) == ("GET", "metadata"):
                expected = {200}
            elif (method, path) in offered[door]:
                expected = {401}
            else:
                expected = {404, 405}
            said = code_of(body) if response.status >= 400 and method != "HEAD" else ""
            if response.status not in expected or (said_of_it is not None and said not in (said_of_it, "")):
                wrong.add((method, path, response.status, said))

    assert wrong == set()


def test_ingest_reads_nothing_and_consultation_takes_nothing(offered: dict[str, set[tuple[str, str]]]) -> None:
    """F-10: no reading of documents or lots at ingest, no deposit at consultation."""
    ingest, consultation = offered["ingest"], offered["consultation"]

    assert not {("GET", "Binary/a"), ("GET", "List"), ("POST", "List/_search"), ("GET", "DocumentReference/a")} & ingest
    assert not {("POST", ""), ("POST", "DocumentReference"), ("POST", "List"), ("POST", "Binary")} & consultation


@pytest.mark.parametrize("door", DOORS)
def test_the_interface_of_the_other_door_is_not_there(knocker: Any, door: str) -> None:
    other, holder = DOORS[1 - DOORS.index(door)], {"ingest": "chu-seine.auth", "consultation": "dr-essai.auth"}[door]

    with closing(knocker.connect(door, knocker.shown(holder))) as connection:
        for path in ("metadata", "Patient", ""):
            assert ask(knocker, connection, other, "GET", path)[0].status == 404


@pytest.mark.parametrize("door", DOORS)
def test_a_method_that_is_not_there_is_told_with_those_that_are(knocker: Any, door: str) -> None:
    holder = {"ingest": "chu-seine.auth", "consultation": "dr-essai.auth"}[door]

    with closing(knocker.connect(door, knocker.shown(holder))) as connection:
        response, body = ask(knocker, connection, door, "DELETE", "Patient")

    assert (response.status, response.getheader("Allow")) == (405, "GET")
    assert json.loads(body)["issue"][0]["code"] == "not-supported"
