"""Time and the office of records, through the open doors of a house: what professionals and establishments meet."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli.main import main
from gateway.cli.rehearsal import Rehearsal
from samples.documents.vsm import vsm
from xds.metadata.codes import Code

INVISIBLE = "INVISIBLE_PATIENT"
HIDDEN = Code(INVISIBLE, "1.2.250.1.213.1.1.4.13", "Non visible par le patient")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A house of this module's, whose clock may move, and whose keeper looks every second."""
    with Rehearsal({"ECLUSE_JOBS_INTERVAL": "1"}) as opened:
        yield opened


@pytest.fixture
def run(own: Rehearsal) -> Callable[..., Result]:
    def command(*words: str) -> Result:
        return CliRunner().invoke(main, ["--lang", "en", *words, "--data", str(own.data)])

    return command


@pytest.fixture
def patient(own: Rehearsal, new_scene: Callable[[Rehearsal], Any]) -> Any:
    return new_scene(own)


def finds(scene: Any) -> tuple[str, ...]:
    """Error codes of a doctor's search; none when it succeeds."""
    with closing(scene.consultation()) as client:
        return tuple(client.find_documents(scene.patient.cx).error_codes)


def one(own: Rehearsal, query: str, *parameters: Any) -> Any:
    with closing(own.owner()) as owner:
        return owner.execute(query.encode(), parameters).fetchone()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 40
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def test_a_closed_record_refuses_feeds_and_readings_and_is_destroyed_ten_years_later(
    run: Callable[..., Result], patient: Any, own: Rehearsal
) -> None:
    lot = patient.lot([vsm(patient.patient)])
    assert patient.deposit(lot).succeeded
    ins = patient.patient.cx.split("^")[0]
    assert run("records", "close", ins, "--reason", "ne veut plus").exit_code == 0
    second = run("records", "close", ins)
    assert (second.exit_code, "DMPClosed" in second.stderr) == (1, True)
    assert "DMPClosed" in patient.deposit(patient.lot([vsm(patient.patient)])).error_codes
    assert finds(patient) == ("DMPAccessDeniedByRightsService",)

    assert "1 × record destroyed" in run("clock", "advance", "10y").stdout
    assert one(own, "SELECT count(*) FROM ecluse.patients WHERE patient_id LIKE %s", f"{ins}%") == (0,)
    assert one(own, "SELECT count(*) FROM ecluse.unique_ids WHERE unique_id = %s", lot.unique_ids[0]) == (0,)
    assert one(own, "SELECT count(*) FROM ecluse.destructions") == (1,)
    assert [path for path in (own.data / "blobs").rglob("*") if path.is_file()] == []
    assert "XDSUnknownPatientId" in patient.deposit(patient.lot([vsm(patient.patient)])).error_codes
    assert run("fsck").exit_code == 0
    assert run("audit", "verify").exit_code == 0


def test_the_keeper_of_an_open_house_destroys_on_request_without_being_asked(
    run: Callable[..., Result], patient: Any, own: Rehearsal
) -> None:
    ins = patient.patient.cx.split("^")[0]
    assert run("records", "request-destruction", ins).exit_code == 1
    assert run("records", "close", ins).exit_code == 0
    assert run("records", "request-destruction", ins).exit_code == 0
    with closing(own.owner()) as owner:
        owner.execute("SELECT ecluse.law_clock_advance(ecluse.law_now() + make_interval(secs => %s))", (31 * 86_400,))
    eventually(lambda: one(own, "SELECT count(*) FROM ecluse.patients WHERE patient_id LIKE %s", f"{ins}%") == (0,))


def test_six_weeks_without_an_answer_close_a_suspended_record(run: Callable[..., Result], patient: Any) -> None:
    ins = patient.patient.cx.split("^")[0]
    assert run("records", "suspend", ins, "--reason", "fraude").exit_code == 0
    assert not patient.deposit(patient.lot([vsm(patient.patient)])).succeeded
    assert finds(patient) == ("DMPAccessDeniedByRightsService",)
    assert run("clock", "advance", "5w").exit_code == 0
    assert "SUSPENDED" in run("records", "describe", ins).stdout
    assert run("clock", "advance", "8d").exit_code == 0
    assert "DECISION_GESTIONNAIRE" in run("records", "describe", ins).stdout


def test_a_hidden_document_is_told_of_after_two_weeks_and_shown_after_a_month(
    run: Callable[..., Result], patient: Any, own: Rehearsal
) -> None:
    ins = patient.patient.cx.split("^")[0]
    assert run("records", "traits", ins, "--family", "ESSAI", "--email", "alix@exemple.invalid").exit_code == 0
    lot = patient.lot([vsm(patient.patient)], confidentiality=(HIDDEN,))
    assert patient.deposit(lot).succeeded
    (unique_id,) = lot.unique_ids[:1]
    codes = (
        "SELECT codes ->> 'confidentialityCode', version, entry_uuid FROM ecluse.document_entries"
        " WHERE unique_id = %s ORDER BY version DESC LIMIT 1"
    )
    hidden, _, before = one(own, codes, unique_id)
    assert INVISIBLE in hidden
    assert run("clock", "advance", "14d").exit_code == 0
    reminded = one(
        own, "SELECT reminded_at - deposited_at FROM ecluse.document_entries WHERE unique_id = %s", unique_id
    )
    assert reminded == (timedelta(days=14),)
    assert run("clock", "advance", "1mo").exit_code == 0
    shown, version, entry_uuid = one(own, codes, unique_id)
    assert (INVISIBLE in shown, version, entry_uuid != before) == (False, 2, True)
    trace = one(
        own,
        "SELECT actor_kind, operation FROM ecluse.traces WHERE %s = ANY (documents) ORDER BY at DESC LIMIT 1",
        unique_id,
    )
    assert trace == ("SYSTEM", "TD3.3b")
    letters = [path.read_text("utf-8") for path in (own.data / "outgoing" / "mail").glob("*.eml")]
    assert letters
    assert not [text for text in letters if ins in text or "VSM" in text]


def test_a_blocked_professional_reads_nothing_until_he_is_authorised_again(
    run: Callable[..., Result], patient: Any, own: Rehearsal
) -> None:
    ins = patient.patient.cx.split("^")[0]
    doctor = own.credential("dr-essai.auth").national_id
    assert finds(patient) == ()
    assert run("records", "block", ins, doctor).exit_code == 0
    assert finds(patient) == ("DMPAccessDeniedByRightsService",)
    assert run("records", "authorise", ins, doctor).exit_code == 1
    assert run("records", "unblock", ins, doctor).exit_code == 0
    assert finds(patient) == ("DMPAccessDeniedByRightsService",)
    assert run("records", "authorise", ins, doctor).exit_code == 0
    assert finds(patient) == ()


def test_an_authorisation_that_has_elapsed_reads_nothing_before_the_keeper_has_looked(
    run: Callable[..., Result], patient: Any
) -> None:
    assert finds(patient) == ()
    assert run("clock", "advance", "366d").exit_code == 0
    assert finds(patient) == ("DMPAccessDeniedByRightsService",)
