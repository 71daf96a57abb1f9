"""`ecluse why`, `ecluse traces` and `ecluse world` as somebody runs them, on the test world."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.cli.main import main
from gateway.simulator.tables import rows_of
from samples.world.world import read_world
from xds.dmp.operations import Operation

from .conftest import REASON, Stage

WORLD = read_world()
DOC = {key: one.unique_id for key, one in WORLD.documents.items()}
Run = Callable[..., Result]


@pytest.fixture
def run(stage: Stage) -> Run:
    def command(*words: str, lang: str = "en") -> Result:
        return CliRunner().invoke(main, ["--lang", lang, *words, "--data", str(stage.house.data)])

    return command


@pytest.fixture
def why(run: Run) -> Callable[..., dict[str, Any]]:
    def asked(*words: str) -> dict[str, Any]:
        done = run("why", "--table", "json", *words)
        assert done.exit_code == 0, done.output
        found: dict[str, Any] = json.loads(done.stdout)
        found["by_id"] = {row["id"]: row for row in found["rows"]}
        return found

    return asked


@pytest.mark.parametrize(
    ("who", "document", "verdict", "rule"),
    [
        ("M1", "DOC-A", "read", "GRANTED"),
        ("M1", "DOC-M", "read", "GRANTED"),
        ("MT1", "DOC-M", "read", "GRANTED"),
        ("I1", "DOC-M", "hidden", "10-DOCUMENT-MASKED"),
        ("I1", "DOC-S", "hidden", "9-DOCUMENT-TYPE"),
        ("D1", "DOC-L", "hidden", "9-DOCUMENT-TYPE"),
        ("MT1", "DOC-T", "hidden", "9-DOCUMENT-TYPE"),
        ("MW1", "DOC-A", "listed", "6-MATRIX"),
        ("M2", "DOC-A", "hidden", "8-NOT-AUTHORISED"),
        ("M3", "DOC-A", "hidden", "7-BLOCKED-BY-PATIENT"),
        ("patient", "DOC-I", "hidden", "10-DOCUMENT-INVISIBLE"),
        ("patient", "DOC-M", "read", "GRANTED"),
        ("RL", "DOC-A", "hidden", "6-NOT-REPRESENTED"),
        ("ES1", "DOC-A", "hidden", "6-MATRIX"),
        ("CPE1", "DOC-A", "hidden", "6-MATRIX"),
    ],
)
def test_the_verdict_on_a_document_and_its_rule(stage: Stage, who: str, document: str, verdict: str, rule: str) -> None:
    row = {one.id: one for one in rows_of(stage.law(who, "P1"), "en")}[DOC[document]]

    assert (row.verdict, row.rule) == (verdict, rule)
    assert row.why


@pytest.mark.parametrize(
    ("patient", "who", "mode", "rule"),
    [
        ("P1", "M2", "bris_de_glace", "GRANTED"),
        ("P1", "M3", "bris_de_glace", "7-BLOCKED-BY-PATIENT"),
        ("P6", "REG1", "centre_15", "8-REGULATION-DENIED"),
        ("P1", "REG1", "centre_15", "GRANTED"),
        ("P7", "M2", "bris_de_glace", "8-BREAK-GLASS-DENIED"),
        ("P2", "M1", "normal", "8-AUTHORISATION-EXPIRED"),
        ("P3", "M1", "normal", "5-RECORD-CLOSED"),
        ("P9", "M1", "normal", "5-RECORD-CLOSED"),
        ("P10", "MT1", "normal", "5-RECORD-CLOSED"),
        ("P4", "M1", "normal", "5-RECORD-UNKNOWN"),
    ],
)
def test_the_rule_that_opens_or_closes_a_record(stage: Stage, patient: str, who: str, mode: str, rule: str) -> None:
    rows = [one for one in rows_of(stage.law(who, patient, mode), "fr", {Operation.READ}) if one.kind == "operation"]

    assert [(one.id, one.rule) for one in rows] == [("TD3.2", rule)]


def test_breaking_the_glass_without_a_reason_is_refused_before_anything_else(why: Any) -> None:
    found = why("--patient", "P4", "--as", "M2", "--mode", "bris_de_glace")

    assert {row["rule"] for row in found["rows"]} == {"2-REASON-MISSING"}


def test_what_is_supposed_changes_the_answer_and_not_the_record(why: Any) -> None:
    asked = ("--patient", "P6", "--as", "M2", "--mode", "bris_de_glace", "--reason", REASON)

    open_, denied = why(*asked), why(*asked, "--suppose", "masked=deny")
    authorised = why("--patient", "P6", "--as", "M2", "--suppose", "authorised=MT")

    assert open_["by_id"][DOC["DOC-6M"]]["verdict"] == "read"
    assert denied["by_id"][DOC["DOC-6M"]]["rule"] == "10-DOCUMENT-MASKED"
    assert authorised["medecin_traitant"] is True
    assert authorised["by_id"][DOC["DOC-6M"]]["verdict"] == "read"
    assert why(*asked)["rows"] == open_["rows"]


def test_another_day_has_other_answers(why: Any) -> None:
    later = (datetime.now(UTC) + timedelta(days=400)).date().isoformat()
    asked = ("--patient", "P1", "--as", "M1", "--operation", "TD3.1")

    assert why(*asked)["by_id"]["TD3.1"]["rule"] == "GRANTED"
    assert why(*asked, "--at", later)["by_id"]["TD3.1"]["rule"] == "8-AUTHORISATION-EXPIRED"


def test_somebody_whom_nobody_knows_is_what_is_said_of_him(why: Any) -> None:
    asked = ("--patient", "P1", "--as", "899900000017", "--suppose", "authorised=VALIDE")

    assert why(*asked)["by_id"][DOC["DOC-S"]]["verdict"] == "read"
    assert why(*asked, "--profession", "60")["by_id"][DOC["DOC-S"]]["rule"] == "9-DOCUMENT-TYPE"
    assert why(*asked, "--specialty", "SM25")["by_id"][DOC["DOC-A"]]["verdict"] == "listed"


@pytest.mark.parametrize(
    "words",
    [
        ("why",),
        ("why", "--patient", "P1"),
        ("why", "--patient", "P1", "--as", "somebody"),
        ("why", "--patient", "123", "--as", "M1"),
        ("why", "--patient", "P1", "--as", "M1", "--operation", "TD9.9"),
        ("why", "--patient", "P1", "--as", "M1", "--suppose", "masked=x"),
        ("why", "--patient", "P1", "--as", "M1", "--mode", "night"),
        ("why", "--patient", "P1", "--as", "M1", "--at", "0001-01-01"),
        ("traces", "P4"),
        ("traces", "123"),
        ("traces", "P7", "--as", "MT"),
        ("traces", "P1", "--as", "somebody"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(run: Run, words: tuple[str, ...]) -> None:
    done = run(*words, lang="fr")

    assert done.exit_code in (1, 2)
    assert "Error" in done.output
    assert done.exception is None or isinstance(done.exception, SystemExit)


def test_tables_and_test_cases_say_the_same(run: Run, tmp_path: Path) -> None:
    asked = ("why", "--patient", "P1", "--as", "I1")
    table = list(csv.DictReader(io.StringIO(run(*asked, "--table", "csv").stdout)))
    markdown = run(*asked, "--table", "md", lang="fr").stdout.splitlines()
    assert run(*asked, "--test-cases", str(tmp_path / "cases.csv")).exit_code == 0
    assert run(*asked, "--test-cases", str(tmp_path / "cases.json")).exit_code == 0

    cases = json.loads((tmp_path / "cases.json").read_text("utf-8"))
    assert list(csv.DictReader(io.StringIO((tmp_path / "cases.csv").read_text("utf-8")))) == cases
    assert len(markdown) == len(table) + 2
    searches = {
        case["when"].rpartition("(")[2].rstrip(")"): case["expected"] for case in cases if "TD3.1, " in case["when"]
    }
    for row in table:
        if row["kind"] == "document":
            assert searches[row["id"]] == ("absent" if row["verdict"] == "hidden" else "listed")


def test_a_person_reads_it_in_both_languages(run: Run) -> None:
    english, french = (run("why", "--patient", "P1", "--as", "I1", lang=lang).stdout for lang in ("en", "fr"))

    assert "Laboratory" in english
    assert "masked from professionals" in english
    assert "Biologie" in french
    assert "masqué aux professionnels" in french


class TestTraces:
    def read(self, run: Run, patient: str, who: str, *words: str) -> list[dict[str, Any]]:
        done = run("traces", patient, "--as", who, "--json", *words)
        assert done.exit_code == 0, done.output
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def test_a_secret_session_is_there_for_the_minor_and_not_for_his_representative(self, run: Run) -> None:
        minor, guardian = (self.read(run, "P5", who) for who in ("patient", "RL"))
        titled = [one["documents"][0]["title"] for one in minor if one["secret"]]

        assert titled == [WORLD.documents["DOC-R"].title]
        assert not [one for one in guardian if one["secret"]]
        assert not [one for one in guardian if DOC["DOC-R"] in json.dumps(one)]
        assert guardian

    def test_a_professional_reads_his_own_and_the_medecin_traitant_all(self, run: Run, stage: Stage) -> None:
        nurse = WORLD.actors["I1"].national_id
        stage.client("I1", "P1", "normal").find_documents(WORLD.patients["P1"].cx)

        own, everything = self.read(run, "P1", "I1"), self.read(run, "P1", "MT", "--last", "10000")

        assert {one["actor_id"] for one in own} == {nurse}
        assert len({one["actor_id"] for one in everything}) > 2
        assert everything == self.read(run, "P1", "MT1", "--last", "10000")

    def test_what_waits_to_be_announced_is_not_betrayed_to_the_patient(self, run: Run) -> None:
        patient, doctor = (self.read(run, "P1", who, "--last", "10000") for who in ("patient", "MT"))

        assert DOC["DOC-I"] not in json.dumps(patient)
        assert DOC["DOC-I"] in json.dumps(doctor)

    def test_an_emergency_stands_with_its_reason_and_is_proved(self, run: Run, stage: Stage) -> None:
        since = datetime.now(UTC).isoformat(timespec="seconds").removesuffix("+00:00")
        stage.client("M2", "P6", "bris_de_glace").find_documents(WORLD.patients["P6"].cx)

        found = self.read(run, "P6", "patient", "--emergency", "--since", since, "--proof")

        assert {(one["actor_id"], one["reason"]) for one in found} == {(WORLD.actors["M2"].national_id, REASON)}
        (proof,) = found[0]["proof"]
        ((event, digest),) = stage.rows(
            "SELECT event, encode(hash, 'hex') FROM ecluse.audit_events WHERE door = %s AND sequence = %s",
            *(proof["door"], proof["sequence"]),
        )
        assert json.loads(event)["request"] == found[0]["request_id"]
        assert digest == proof["hash"]

    def test_a_reason_is_text_wherever_it_is_shown(self, run: Run, stage: Stage) -> None:
        stage.client("M2", "P6", "bris_de_glace")
        stage.asking["M2"]["reason"] = "=1+1 <b>malaise</b>"
        stage.clients["M2", next(kind for who, kind in stage.clients if who == "M2")].find_documents(
            WORLD.patients["P6"].cx
        )

        page = run("traces", "P6", "--emergency", "--html").stdout
        table = list(csv.DictReader(io.StringIO(run("traces", "P6", "--emergency", "--csv", "--proof").stdout)))

        assert "&lt;b&gt;malaise" in page
        assert "<b>" not in page
        assert [row["reason"] for row in table if "malaise" in row["reason"]] == ["'=1+1 <b>malaise</b>"]
        assert "malaise" in run("traces", "P6", "--emergency").stdout


class TestWorld:
    def test_what_a_vendor_needs_is_there(self, run: Run, stage: Stage) -> None:
        found = json.loads(run("world", "show", "--json").stdout)

        states = {one["key"]: one["record"] for one in found["patients"]}
        assert states == {f"P{number}": "OPEN" for number in (1, 2, 5, 6, 7, 8)} | {
            "P3": "CLOSED", "P4": None, "P9": "CLOSED", "P10": "CLOSED"
        }  # fmt: skip
        for actor in found["actors"]:
            for name in actor["certificates"]:
                assert stage.house.credential(name).national_id == actor["national_id"]
        assert {one["key"]: one["status"] for one in found["documents"] if one["status"] != "APPROVED"} == {
            "DOC-X": "ARCHIVED", "DOC-O": "DEPRECATED", "DOC-D": "DELETED"
        }  # fmt: skip
        assert all(one["entry_uuid"].startswith("urn:uuid:") for one in found["documents"])

    def test_the_states_are_those_of_the_scenarios(self, stage: Stage) -> None:
        rows = stage.rows(
            "SELECT p.patient_id, attached_to_ens, etreat, btg, masked, default_masking, deceased_on IS NOT NULL,"
            " round(extract(epoch FROM ecluse.law_now() - closed_at) / 86400)::int,"
            " extract(year FROM age(ecluse.law_now(), birth_date))::int"
            " FROM ecluse.records r JOIN ecluse.patients p USING (patient_key) WHERE p.patient_id = ANY (%s)",
            [one.cx for one in WORLD.patients.values()],
        )
        by_cx = {one.cx: key for key, one in WORLD.patients.items()}
        found = {by_cx[cx]: facts for cx, *facts in rows}

        assert found["P1"][:6] == [True, True, True, False, False, False]
        assert found["P2"][0] is False
        assert found["P3"][6] in (365, 366)
        assert found["P5"][7] == 15
        assert found["P6"][1:4] == [False, True, True]
        assert found["P7"][1:4] == [False, False, False]
        assert found["P8"][4] is True
        assert found["P9"][6] in (3651, 3652)
        assert found["P10"][5] is True

    def test_a_second_run_of_the_command_makes_nothing(self, run: Run) -> None:
        done = run("world", "seed")

        assert done.exit_code == 0, done.output
        assert "0 made" in done.stdout

    def test_another_house_is_no_place_for_it(self, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ECLUSE_DOMAIN", "ihe")

        assert "sandbox of the DMP" in run("world", "seed").output


def test_nothing_that_explains_writes(run: Run, stage: Stage) -> None:
    def written() -> list[tuple[Any, ...]]:
        return stage.rows("SELECT (SELECT count(*) FROM ecluse.traces), (SELECT sum(size) FROM ecluse.audit_chains)")

    before = written()
    for words in (("why", "--patient", "P1", "--as", "M2"), ("traces", "P1"), ("world", "show")):
        assert run(*words).exit_code == 0

    assert written() == before


def test_logs_of_the_doors_name_no_patient_of_the_world(stage: Stage) -> None:
    log = (stage.house.directory / "doors.log").read_text("utf-8", "replace")

    assert not [one.key for one in WORLD.patients.values() if one.ins in log]
