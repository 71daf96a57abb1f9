"""Questions that are refused at the real door: precisely, with nothing changed, and written down."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import requests

from gateway.cli.story import REPOSITORY
from samples.client.answers import SoapFault
from security.vihf.model import AuthenticationMode

from .conftest import DENIED, DOCTOR, EMERGENCY, REGULATION, File, House, Refused, someone

Ask = Callable[[Any, File, str], Any]
ASKED: dict[str, Ask] = {
    "TD3.1": lambda client, file, _: client.find_documents(file.cx),
    "TD3.2": lambda client, _, unique_id: client.retrieve([(REPOSITORY, unique_id)]),
}
CLOSED = {"status": "CLOSED", "closed_at": "2026-01-01T00:00:00Z", "closing_motive": "FERMETURE_DEMANDE_PATIENT"}
SUSPENDED = {"status": "SUSPENDED", "suspended_at": "2026-01-01T00:00:00Z"}
STATES = [("closed", CLOSED, "5-RECORD-CLOSED"), ("suspended", SUSPENDED, "5-RECORD-SUSPENDED")]


@pytest.fixture
def read(file: File) -> tuple[File, str]:
    """A record with one document that DOCTOR may read."""
    return file, file.documents({})[0]


@pytest.mark.parametrize("operation", ASKED)
@pytest.mark.parametrize("vihf", [{}, EMERGENCY, REGULATION], ids=["normal", "bris_de_glace", "centre_15"])
@pytest.mark.parametrize(("columns", "rule"), [row[1:] for row in STATES], ids=[row[0] for row in STATES])
def test_a_record_that_is_not_open_answers_like_none(
    read: tuple[File, str], columns: Any, rule: str, vihf: Any, operation: str
) -> None:
    file, document = read
    file.set(**columns)
    before, traced = file.state(), len(file.traces())
    answer = ASKED[operation](file.at(DOCTOR, **vihf), file, document)
    Refused(DENIED, rule, operation).check(file, answer, before, traced)
    nobody = File(file.house, someone())
    none = ASKED[operation](nobody.at(DOCTOR, **vihf), nobody, document)
    assert (none.status, none.errors) == (answer.status, answer.errors)


def test_the_patient_of_the_message_is_that_of_the_assertion(read: tuple[File, str]) -> None:
    file, _ = read
    other = File(file.house, someone()).open(DOCTOR)
    before, traced = file.state(), len(file.traces())
    for about in (other.cx, someone().cx):  # authorised there, or no record at all
        answer = file.at(DOCTOR).find_documents(about)
        Refused("XDSPatientIdDoesNotMatch", "V-42", "TD3.1").check(file, answer, before, traced)
        traced += 1
    assert other.traces("operation") == [("RECORD-OPEN",)], "the record of the other patient was not asked"


def test_a_document_of_another_record_is_none(read: tuple[File, str]) -> None:
    file, document = read
    other = File(file.house, someone()).open(DOCTOR)
    answer = other.read(DOCTOR, document)
    assert answer.error_codes == ["XDSDocumentUniqueIdError"]
    entry = file.now(document)
    assert other.at(DOCTOR).get_documents(entry_uuids=[entry.entry_uuid]).ids == []
    assert file.at(DOCTOR).get_documents(entry_uuids=[entry.entry_uuid]).unique_ids == [document]


def test_an_assertion_about_nobody_reads_nothing(read: tuple[File, str]) -> None:
    file, document = read
    before = (file.state(), file.traces())
    for operation, ask in ASKED.items():
        answer = ask(file.at(DOCTOR, about=None), file, document)
        assert answer.error_codes == ["XDSPatientIdDoesNotMatch"], operation
    assert (file.state(), file.traces()) == before, "there is no record to write it in"
    assert last_event(file.house)["outcome"] == "refused"


SPOKEN: dict[str, tuple[dict[str, Any], str]] = {
    "no such purpose": ({"purpose": "recherche"}, "SBX_VIHF_PURPOSE"),
    "an emergency without reason": ({"purpose": "bris_de_glace"}, "SBX_VIHF_REASON_MISSING"),
    "a reason that is none": ({"purpose": "bris_de_glace", "reason": " - "}, "SBX_VIHF_REASON_MISSING"),
    "reinforced authentication": ({"mode": AuthenticationMode.INDIRECTE_RENFORCEE}, DENIED),
    "indirect authentication": ({"mode": AuthenticationMode.INDIRECTE}, DENIED),
}


@pytest.mark.parametrize("operation", ASKED)
@pytest.mark.parametrize("fault", SPOKEN)
def test_an_assertion_that_says_too_little_or_too_much_is_a_fault(
    read: tuple[File, str], fault: str, operation: str
) -> None:
    """Nobody is known yet who could be named in the record: the audit trail alone keeps it."""
    file, document = read
    vihf, code = SPOKEN[fault]
    before = (file.state(), file.traces())
    with pytest.raises(SoapFault) as refused:
        ASKED[operation](file.at(DOCTOR, **vihf), file, document)
    assert refused.value.detail["Code"] == code
    assert (file.state(), file.traces()) == before
    event = last_event(file.house)
    assert (event["outcome"], event["code"], event.get("objects")) == ("refused", code, None)


def test_a_certificate_of_a_structure_finds_no_door(read: tuple[File, str]) -> None:
    file, document = read
    for ask in ASKED.values():
        with pytest.raises(requests.RequestException):
            ask(file.at("chu-seine", mode=AuthenticationMode.INDIRECTE), file, document)


def test_a_refusal_names_no_document(read: tuple[File, str]) -> None:
    file, document = read
    file.run("DELETE FROM ecluse.authorisations WHERE professional_id = %s", file.house.id_of(DOCTOR))
    assert file.read(DOCTOR, document).error_codes == [DENIED]
    assert file.traces("rule", "documents")[-1] == ("8-NOT-AUTHORISED", [])
    assert "objects" not in last_event(file.house)


def last_event(house: House) -> dict[str, Any]:
    """What the trail of the door says last."""
    ((event,),) = house.owner.execute(
        "SELECT event FROM ecluse.audit_events WHERE door = 'consultation' ORDER BY sequence DESC LIMIT 1"
    ).fetchall()
    found: dict[str, Any] = orjson.loads(event)
    return found
