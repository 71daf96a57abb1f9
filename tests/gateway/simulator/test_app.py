"""The page of the simulator: who may ask, what is escaped, what is answered without script."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient

from gateway.simulator.answering import Answer, Question
from gateway.simulator.app import AskedWrongly, Simulator, Wanted, create_app
from gateway.simulator.supposing import SuppositionError, read_suppositions
from gateway.simulator.words import Language
from xds.dmp.explanation import Asking, explain
from xds.dmp.parameters import Parameters
from xds.dmp.requester import Requester, RequesterKind

TOKEN = "t0ken"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
ASKED = {"lang": "en", "patient": "P4", "as": "M2", "mode": "normal"}


def oracle(wanted: Wanted, language: Language) -> Answer:
    """Nobody has a record here."""
    if wanted.patient == "busy":
        raise psycopg.OperationalError
    try:
        suppositions = read_suppositions(wanted.suppositions)
    except SuppositionError as error:
        raise AskedWrongly(str(error)) from error
    requester = Requester(
        kind=RequesterKind.PROFESSIONAL, national_id="810000000001", profession="10", purpose=wanted.mode
    )
    asking = Asking(requester=requester, record=None, authorisation=None, now=NOW, parameters=Parameters())
    return Answer(
        question=Question(
            patient_id="x",
            patient=wanted.patient,
            person=wanted.person,
            requester=requester,
            suppositions=suppositions,
        ),
        law_time=NOW,
        record="NONE",
        authorisation="NON_EXISTE",
        medecin_traitant=False,
        explanation=explain(asking, ()),
    )


@pytest.fixture
def client() -> FlaskClient:
    simulator = Simulator(
        token=TOKEN,
        hosts=frozenset({"localhost", "127.0.0.1", "::1"}),
        oracle=oracle,
        patients=lambda language: [("P4", "nobody")],
        people=lambda language: [("M2", "<b>a doctor</b>")],
    )
    return create_app(simulator).test_client()


def asked(client: FlaskClient, path: str = "", **changes: Any) -> Any:
    return client.get(f"/{TOKEN}/{path}", query_string={**ASKED, **changes})


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:1"])
def test_names_of_this_machine_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get(f"/{TOKEN}/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example"])
def test_no_other_page_borrows_the_address(client: FlaskClient, host: str) -> None:
    assert client.get(f"/{TOKEN}/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("path", ["/", "/page.css", "/wrong/", "/t0ke/", f"/{TOKEN}x/", f"/{TOKEN}", "/é/", "//"])
def test_without_the_token_there_is_nothing(client: FlaskClient, path: str) -> None:
    assert client.get(path, headers={"Host": "localhost"}).status_code in (308, 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_nothing_is_changed_by_any_request(client: FlaskClient, method: str) -> None:
    assert client.open(f"/{TOKEN}/", method=method, headers={"Host": "localhost"}).status_code == 405


def test_the_answer_has_no_cookie_no_script_and_is_kept_nowhere(client: FlaskClient) -> None:
    answer = asked(client)

    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert "script" not in answer.text


def test_an_empty_form_asks_nothing(client: FlaskClient) -> None:
    answer = client.get(f"/{TOKEN}/", headers={"Host": "localhost", "Accept-Language": "fr"})

    assert answer.status_code == 200
    assert "5-RECORD-UNKNOWN" not in answer.text
    assert '<html lang="fr">' in answer.text


def test_every_operation_is_told_with_its_rule(client: FlaskClient) -> None:
    page = asked(client).text

    assert "this patient has no record" in page
    assert page.count("5-RECORD-UNKNOWN") > 10
    assert "TD3.2" in page


def test_what_was_filled_in_is_escaped_wherever_it_comes_back(client: FlaskClient) -> None:
    hostile = "\"><img src=x onerror=alert(1)>'&{{ 7*7 }}"
    for name in ("patient", "ins", "as", "id", "reason", "lang"):
        page = asked(client, **{name: hostile}).text
        assert "<img" not in page, name
        assert "49" not in page.replace("#39", ""), name
    assert "<b>a doctor" not in asked(client).text


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"mode": "anything"}, 400),
        ({"suppose.masked": "maybe"}, 400),
        ({"suppose.x": "1"}, 400),
        ({"ins": "busy"}, 503),
    ],
)
def test_a_form_that_cannot_be_answered_is_told_in_words(client: FlaskClient, changes: Any, status: int) -> None:
    page, table = asked(client, **changes), asked(client, "table.csv", **changes)

    assert (page.status_code, table.status_code) == (status, status)
    assert 'role="alert"' in page.text
    assert table.mimetype == "text/plain"


def test_tables_are_downloaded_and_hold_no_formula(client: FlaskClient) -> None:
    table, cases = asked(client, "table.csv"), asked(client, "cases.csv", **{"as": "=cmd|' /C calc'!A0"})

    assert table.headers["Content-Disposition"] == 'attachment; filename="table.csv"'
    assert table.text.splitlines()[0].startswith("kind,id,label")
    assert cases.text.splitlines()[0].startswith("number,patient_id,professional,purpose,reason,given,when,then")
    assert ",=cmd" not in cases.text
