"""The doors and their separation are the same in every domain; the assertion is optional, and believed or refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from gateway.cli.preparation import prepare
from gateway.cli.rehearsal import Rehearsal
from gateway.database.errors import DatabaseSetupError
from gateway.settings import Settings
from samples.client.answers import SoapFault
from samples.client.client import ConsultationClient, IngestClient
from samples.xds.patients import DomainPatient, new_patient
from samples.xds.submission import one_document
from samples.xua import build_xua


def test_a_card_does_not_open_ingest(generic_house: Rehearsal) -> None:
    door = generic_house.doors["ingest"]
    with (
        closing(IngestClient(door.url, generic_house.credential("dr-essai.auth"), door.ca)) as client,
        pytest.raises(requests.exceptions.ConnectionError),
    ):
        client.provide_and_register(one_document(new_patient()))


def test_an_establishment_does_not_open_consultation(generic_house: Rehearsal) -> None:
    door = generic_house.doors["consultation"]
    with (
        closing(ConsultationClient(door.url, generic_house.credential("chu-seine.auth"), door.ca)) as client,
        pytest.raises(requests.exceptions.ConnectionError),
    ):
        client.find_documents(new_patient().cx)


def test_what_a_door_does_not_offer_is_not_an_action_there(source: Any, consumer: Any) -> None:
    question = consumer.query_message("urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d", {})
    with pytest.raises(SoapFault) as refused:
        source.send(question)
    assert refused.value.subcode == "ActionNotSupported"


@pytest.fixture(scope="module")
def believing_house() -> Iterator[Rehearsal]:
    environ = {"ECLUSE_IHE_ASSERTION": "required", "ECLUSE_IHE_PATIENTS": "accept_all", "ECLUSE_IHE_AUDIENCE": "urn:us"}
    with Rehearsal(environ, domain="ihe") as house:
        yield house


def consult(house: Rehearsal, **assertion: Any) -> Any:
    """Ask a question with an XUA assertion of the doctor, as `assertion` changes it."""
    door, card, seal = house.doors["consultation"], house.credential("dr-essai.auth"), house.credential("dr-essai.sign")

    def make() -> Any:
        return build_xua(**{"signer": seal, "now": datetime.now(UTC), "audience": [["urn:us"]], **assertion})

    with closing(ConsultationClient(door.url, card, door.ca, vihf=make)) as client:
        return client.find_documents(new_patient().cx)


def test_a_message_without_assertion_is_refused_where_one_is_demanded(believing_house: Rehearsal) -> None:
    with closing(believing_house.consumer("dr-essai")) as client, pytest.raises(SoapFault) as refused:
        client.find_documents(new_patient().cx)
    assert refused.value.subcode == "InvalidSecurity"


def test_a_right_assertion_is_believed(believing_house: Rehearsal, generic_house: Rehearsal) -> None:
    assert consult(believing_house).succeeded
    assert consult(generic_house).succeeded


@pytest.mark.parametrize("house", ["believing_house", "generic_house"])
@pytest.mark.parametrize(
    ("assertion", "code"),
    [
        ({"signed": False}, "FailedCheck"),
        ({"now": datetime.now(UTC) - timedelta(hours=2)}, "MessageExpired"),
        ({"now": datetime.now(UTC) + timedelta(hours=2)}, "FailedAuthentication"),
    ],
    ids=["unsigned", "expired", "not yet valid"],
)
def test_an_assertion_that_comes_is_verified_even_where_it_is_optional(
    house: str, assertion: dict[str, Any], code: str, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(SoapFault) as refused:
        consult(request.getfixturevalue(house), **assertion)
    assert refused.value.subcode == code


def test_an_assertion_for_others_is_refused_where_an_audience_is_set(believing_house: Rehearsal) -> None:
    with pytest.raises(SoapFault) as refused:
        consult(believing_house, audience=[["urn:them"]])
    assert refused.value.kind == "ASSERTION_AUDIENCE"


def test_a_data_directory_that_holds_records_keeps_its_domain(
    generic_house: Rehearsal, source: Any, patient: DomainPatient
) -> None:
    assert source.provide_and_register(one_document(patient)).succeeded
    with pytest.raises(DatabaseSetupError, match="belongs to the domain ihe"):
        prepare(Settings(data=str(generic_house.data), domain="dmp"))
