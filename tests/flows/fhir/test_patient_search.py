"""TD0.2 in FHIR: the same answers as in SOAP, from the same use cases, at both doors."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from fhirclient.models.bundle import Bundle
from fhirclient.models.capabilitystatement import CapabilityStatement

from gateway.wire.fhir.patient import AUTHORISATION
from gateway.wire.fhir.resource_xml import read_xml
from samples.client.fhir import XML

CLOSING = "https://interop.esante.gouv.fr/ig/fhir/dmp/StructureDefinition/dmp-fermeture"
ATTACHED = "https://interop.esante.gouv.fr/ig/fhir/dmp/StructureDefinition/dmp-rattachement-mes"
MT = "https://interop.esante.gouv.fr/ig/fhir/dmp/StructureDefinition/dmp-medecin-traitant"


def patient(reply: Any) -> dict[str, Any]:
    """The one Patient of a searchset that fits its model."""
    assert reply.status == 200, reply.content
    bundle = reply.resource
    get_fhir_model_class("Bundle").model_validate(bundle)
    assert (bundle["type"], bundle["total"], len(bundle["entry"])) == ("searchset", 1, 1)
    found: dict[str, Any] = bundle["entry"][0]["resource"]
    return found


def extensions(resource: dict[str, Any]) -> dict[str, Any]:
    """The value of each extension by its url; of a complex one, those inside it."""
    said = {}
    for one in resource["extension"]:
        values = [value for name, value in one.items() if name.startswith("value")]
        said[one["url"]] = values[0] if values else extensions(one)
    return said


def test_a_doctor_is_told_that_there_is_a_record_and_where_he_stands(desk: Any) -> None:
    said = patient(desk.ask())

    assert said["active"] is True
    assert said["identifier"] == [{"use": "official", "system": "urn:oid:1.2.250.1.213.1.4.10", "value": desk.ins}]
    assert extensions(said) == {ATTACHED: True, MT: False}
    (consent,) = said["contained"]
    assert extensions(consent) == {AUTHORISATION: "VALIDE"}
    assert consent["provision"]["type"] == "permit"
    assert consent["provision"]["actor"][0]["reference"]["identifier"]["value"] == "810009999995"
    assert desk.traces()[-1][:3] == ("TD0.2", "success", "")


def test_an_establishment_is_told_whether_it_may_feed_and_of_nobody(desk: Any) -> None:
    said = patient(desk.ask("chu-seine"))

    assert set(said) == {"resourceType", "extension", "identifier", "active"}
    assert extensions(said) == {ATTACHED: True}
    assert desk.traces()[-1][:3] == ("TD0.2", "success", "")


@pytest.mark.parametrize(
    ("status", "days", "expected", "provision"),
    [("VALIDE", 30, "VALIDE", "permit"), ("VALIDE", -1, "EXPIRE", "deny"), ("INTERDIT", None, "INTERDIT", "deny")],
)
def test_the_status_of_an_authorisation_is_that_of_now(
    desk: Any, status: str, days: int | None, expected: str, provision: str
) -> None:
    until = None if days is None else datetime.now(UTC) + timedelta(days=days)
    desk.authorisation(status, until, expected == "VALIDE")
    said = patient(desk.ask())
    # What is over is due, and time would write an event when nobody expects it.
    desk.authorisation(status, None, False)

    (consent,) = said["contained"]
    assert extensions(consent) == {AUTHORISATION: expected}
    assert consent["provision"]["type"] == provision
    assert ("period" in consent["provision"]) is (until is not None)
    assert extensions(said)[MT] is (expected == "VALIDE")


def test_who_never_declared_himself_has_no_authorisation(desk: Any) -> None:
    (consent,) = patient(desk.ask("dr-martin"))["contained"]

    assert extensions(consent) == {AUTHORISATION: "NON_EXISTE"}
    assert consent["provision"]["type"] == "deny"


@pytest.mark.parametrize("who", ["dr-essai", "chu-seine"])
def test_how_a_record_was_closed_is_told(desk: Any, who: str) -> None:
    at = datetime(2026, 3, 4, 12, tzinfo=UTC)
    desk.set(status="CLOSED", closed_at=at, closing_motive="FERMETURE_DEMANDE_PATIENT", closing_reason="Plus besoin")

    said = patient(desk.ask(who))
    assert said["active"] is False
    closing = extensions(said)[CLOSING]
    assert (closing["dateFermeture"], closing["raisonFermeture"]) == ("2026-03-04", "Plus besoin")
    assert closing["motifFermeture"]["coding"][0]["code"] == "FERMETURE_DEMANDE_PATIENT"


@pytest.mark.parametrize("who", ["dr-essai", "chu-seine"])
def test_no_record_is_an_empty_bundle(desk: Any, who: str) -> None:
    absent = f"2990769{desk.ins[7:]}^^^&1.2.250.1.213.1.4.10&ISO^NH"
    asked = {"identifier": f"urn:oid:1.2.250.1.213.1.4.10|{absent.partition('^')[0]}"}

    reply = desk.ask(who, asked, patient=absent)
    assert reply.status == 200
    assert reply.resource["total"] == 0
    assert "entry" not in reply.resource


def test_a_suspended_record_refuses_and_the_refusal_is_traced(desk: Any) -> None:
    desk.set(status="SUSPENDED", suspended_at=datetime.now(UTC))

    for who in ("dr-essai", "chu-seine"):
        reply = desk.ask(who)
        assert (reply.status, reply.codes) == (422, ["SBX_RECORD_SUSPENDED"])
        assert desk.traces()[-1][:3] == ("TD0.2", "refused", "SBX_RECORD_SUSPENDED")


@pytest.mark.parametrize(("who", "door"), [("dr-essai", "consultation"), ("chu-seine", "ingest")])
def test_another_patient_than_that_of_the_token_is_refused(desk: Any, who: str, door: str) -> None:
    other = "299076912300101^^^&1.2.250.1.213.1.4.10&ISO^NH"

    reply = desk.ask(who, patient=other)
    assert (reply.status, reply.codes) == (422, ["XDSPatientIdDoesNotMatch"])
    (event,) = desk.events(door, 1)
    assert (event["transaction"], event["outcome"], event["code"]) == ("TD0.2", "refused", "XDSPatientIdDoesNotMatch")


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"identifier": "2580769123015"},
        {"identifier": "urn:oid:1.2.250.1.213.1.4.10|"},
        {"identifier": "http://example.org|258076912301541"},
        {"identifier": "urn:oid:1.2.250.1.213.1.4.10|a b"},
        {"identifier": "urn:oid:1.2.250.1.213.1.4.10|258076912301541,urn:oid:1.2.250.1.213.1.4.10|258076912301542"},
        {"identifier": "urn:oid:1.2.250.1.213.1.4.10|258^^^&076912301541"},
        {"name": "SPECIMEN"},
        [("identifier", "urn:oid:1.2|258076912301541"), ("identifier", "urn:oid:1.2|258076912301541")],
    ],
    ids=str,
)
def test_one_patient_is_named_by_one_ins_with_its_authority(desk: Any, parameters: Any) -> None:
    reply = desk.ask("dr-essai", parameters)

    assert reply.status == 400
    assert len(reply.issues) == 1
    assert "258" not in reply.issues[0]["diagnostics"]


def test_both_methods_and_both_spellings_say_the_same(desk: Any) -> None:
    with closing(desk.client()) as client:
        answers = [client.get("Patient", desk.identifier), client.search("Patient", desk.identifier)]
        in_xml = client.search("Patient", desk.identifier, Accept=XML)
        asked = client.get("Patient", {**desk.identifier, "_format": "xml"})

    assert patient(answers[0]) == patient(answers[1])
    assert in_xml.content_type == asked.content_type == XML
    assert in_xml.content == asked.content
    assert read_xml(in_xml.content)["entry"][0]["resource"] == patient(answers[0])


def test_a_search_says_which_parameters_counted(desk: Any) -> None:
    with closing(desk.client()) as client:
        reply = client.get("Patient", {**desk.identifier, "name": "x"})
        strict = client.get("Patient", {**desk.identifier, "name": "x"}, Prefer="handling=strict")

    (link,) = reply.resource["link"]
    assert link["relation"] == "self"
    assert link["url"].endswith(f"/consult/fhir/Patient?identifier=urn:oid:1.2.250.1.213.1.4.10%7C{desk.ins}")
    assert (strict.status, strict.issues[0]["code"]) == (400, "not-supported")


def test_a_client_of_somebody_else_reads_the_answers(desk: Any) -> None:
    """fhirclient reads the CapabilityStatement and the Bundle with models of its own."""
    for who in ("dr-essai", "chu-seine"):
        with closing(desk.client(who)) as client:
            statement = CapabilityStatement(client.capabilities())
            found = Bundle(desk.ask(who).resource)
        assert statement.fhirVersion == "4.0.1"
        assert found.entry[0].resource.active is True
