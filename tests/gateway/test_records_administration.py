"""The administration of records: what is legal, what is refused with which code, and that a refusal leaves a trace."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner, Result

from gateway.administration import holder, life, professionals
from gateway.administration.office import RecordsError
from gateway.administration.seeding import seed
from gateway.administration.view import show_record
from gateway.cli.main import main
from gateway.database.opening import open_database
from gateway.records import cx, open_record
from security.at_rest.record_keys import Kek, create_kek
from xds.dmp.holder import Traits

DOCTOR = "810000000001"
TODAY = date(2026, 1, 1)
TRAITS = Traits(family="ESSAI")
_numbers = itertools.count(1)
Connection = psycopg.Connection[Any]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("house")
    database = open_database(folder)
    yield folder
    database.destroy()


@pytest.fixture(scope="module")
def owner(data: Path) -> Iterator[Connection]:
    database = open_database(data)
    with psycopg.connect(database.layout.owner_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def kek(data: Path) -> Kek:
    return create_kek(data / "consultation" / "kek")


@pytest.fixture
def run(data: Path) -> Callable[..., Result]:
    def command(*words: str) -> Result:
        return CliRunner().invoke(main, ["--lang", "en", *words, "--data", str(data)])

    return command


def fresh_ins() -> str:
    number = 2580769200000 + next(_numbers)
    return f"{number}{97 - number % 97:02d}"


@pytest.fixture
def patient(owner: Connection, kek: Kek) -> str:
    """The CX of a fresh patient whose record is open."""
    patient_id = cx(fresh_ins())
    open_record(owner, patient_id, kek=kek, at=datetime.now(UTC) - timedelta(days=90))
    return patient_id


def last_trace(owner: Connection, patient_id: str) -> tuple[str, str, str]:
    row = owner.execute(
        "SELECT operation, outcome, code FROM ecluse.traces JOIN ecluse.patients USING (patient_key)"
        " WHERE patient_id = %s ORDER BY at DESC LIMIT 1",
        (patient_id,),
    ).fetchone()
    assert row is not None
    return row


PREPARE: dict[str, Callable[[Connection, str], None]] = {
    "open": lambda _owner, _patient: None,
    "suspended": lambda owner, patient: life.suspend_record(owner, patient, reason="fraude"),
    "closed": life.close_record,
    "dead": lambda owner, patient: life.record_death(owner, patient, datetime.now(UTC).date()),
    "blocked": lambda owner, patient: professionals.block(owner, patient, DOCTOR),
    "requested": lambda owner, patient: (
        life.close_record(owner, patient),
        life.request_destruction(owner, patient),
    )[1],
}
ACTS: dict[str, Callable[[Connection, str], Any]] = {
    "close": life.close_record,
    "close-why": lambda owner, patient: life.close_record(owner, patient, motive="PARCE_QUE"),
    "reactivate": life.reactivate_record,
    "suspend": lambda owner, patient: life.suspend_record(owner, patient, reason="fraude"),
    "resume": life.resume_record,
    "decease": lambda owner, patient: life.record_death(owner, patient, datetime.now(UTC).date()),
    "decease-tomorrow": lambda owner, patient: life.record_death(owner, patient, date(2999, 1, 1)),
    "destroy": life.request_destruction,
    "authorise": lambda owner, patient: professionals.authorise(owner, patient, DOCTOR),
    "block": lambda owner, patient: professionals.block(owner, patient, DOCTOR),
    "unblock": lambda owner, patient: professionals.unblock(owner, patient, DOCTOR),
    "revoke": lambda owner, patient: professionals.revoke(owner, patient, DOCTOR),
    "mask": lambda owner, patient: holder.set_default_masking(owner, patient, on=True),
    "consents": lambda owner, patient: holder.set_consents(owner, patient, etreat=False, btg=False, masked=True),
    "mother": lambda owner, patient: holder.add_representative(owner, patient, relationship="MTH", traits=TRAITS),
}
REFUSED = [
    ("open", "reactivate", "DMPFound"),
    ("open", "resume", "SBX_RECORD_NOT_SUSPENDED"),
    ("open", "destroy", "SBX_RECORD_NOT_CLOSED"),
    ("open", "close-why", "SBX_MOTIVE"),
    ("open", "decease-tomorrow", "SBX_TIME_IN_FUTURE"),
    ("open", "revoke", "SBX_NO_AUTHORISATION"),
    ("open", "unblock", "SBX_NO_AUTHORISATION"),
    ("open", "consents", "SBX_CONSENTS"),
    ("open", "mother", "SBX_NOT_A_MINOR"),
    ("suspended", "suspend", "SBX_RECORD_SUSPENDED"),
    ("suspended", "authorise", "SBX_RECORD_SUSPENDED"),
    ("suspended", "mask", "SBX_RECORD_SUSPENDED"),
    ("closed", "close", "DMPClosed"),
    ("closed", "suspend", "DMPClosed"),
    ("closed", "authorise", "DMPClosed"),
    ("closed", "block", "DMPClosed"),
    ("closed", "mask", "DMPClosed"),
    ("dead", "reactivate", "SBX_HOLDER_DECEASED"),
    ("dead", "decease", "SBX_HOLDER_DECEASED"),
    ("dead", "close", "DMPClosed"),
    ("blocked", "authorise", "SBX_PROFESSIONAL_BLOCKED"),
    ("blocked", "block", "SBX_PROFESSIONAL_BLOCKED"),
    ("blocked", "revoke", "SBX_NO_AUTHORISATION"),
    ("requested", "destroy", "SBX_DESTRUCTION_REQUESTED"),
]


@pytest.mark.parametrize(("state", "act", "code"), REFUSED)
def test_what_is_illegal_is_refused_with_its_code_changes_nothing_and_is_traced(
    owner: Connection, patient: str, state: str, act: str, code: str
) -> None:
    PREPARE[state](owner, patient)
    before = show_record(owner, patient)
    with pytest.raises(RecordsError) as refusal:
        ACTS[act](owner, patient)
    assert refusal.value.code == code
    after = show_record(owner, patient)
    assert after.pop("traces") == before.pop("traces") + 1
    assert after == before
    assert last_trace(owner, patient)[1:] == ("refused", code)


def test_a_record_that_is_not_there_is_refused(owner: Connection) -> None:
    with pytest.raises(RecordsError) as refusal:
        life.close_record(owner, cx(fresh_ins()))
    assert refusal.value.code == "XDSUnknownPatientId"


def test_a_closing_keeps_its_motive_and_a_reactivation_its_history(owner: Connection, patient: str) -> None:
    at = datetime.now(UTC) - timedelta(days=10)
    life.close_record(owner, patient, motive="OPPOSITION_ENS", reason="ne veut plus", at=at)
    closed = show_record(owner, patient)
    assert (closed["status"], closed["closing_motive"], closed["closing_reason"]) == (
        "CLOSED",
        "OPPOSITION_ENS",
        "ne veut plus",
    )
    assert closed["closed_at"] == at.isoformat(timespec="seconds")
    life.reactivate_record(owner, patient)
    again = show_record(owner, patient)
    assert (again["status"], again["closing_motive"]) == ("OPEN", None)
    assert [one["closing_motive"] for one in again["former_openings"]] == ["OPPOSITION_ENS"]
    assert last_trace(owner, patient) == ("TD1.2", "success", "")


CONSENTS = [
    # before, asked, after: etreat, btg, masked
    ((True, True, True), {"etreat": False}, (False, True, True)),
    ((True, True, True), {"etreat": False, "btg": False}, (False, False, False)),
    ((False, True, True), {"btg": False}, (False, False, False)),
    ((True, False, False), {"masked": True}, (True, False, True)),
    ((True, True, False), {"masked": True}, (True, True, True)),
]


@pytest.mark.parametrize(("before", "asked", "after"), CONSENTS)
def test_masked_documents_close_with_the_last_emergency_access(
    owner: Connection, patient: str, before: tuple[bool, ...], asked: dict[str, bool], after: tuple[bool, ...]
) -> None:
    etreat, btg, masked = before
    holder.set_consents(owner, patient, etreat=etreat, btg=btg, masked=masked)
    holder.set_consents(owner, patient, **asked)
    shown = show_record(owner, patient)
    assert (shown["etreat"], shown["btg"], shown["masked"]) == after


def test_unblocking_gives_no_authorisation_back(owner: Connection, patient: str) -> None:
    professionals.authorise(owner, patient, DOCTOR, medecin_traitant=True)
    professionals.block(owner, patient, DOCTOR)
    (blocked,) = show_record(owner, patient)["authorisations"]
    assert (blocked["status"], blocked["medecin_traitant"]) == ("INTERDIT", False)
    professionals.unblock(owner, patient, DOCTOR)
    assert show_record(owner, patient)["authorisations"] == []


def test_the_new_identifier_is_that_of_everything_the_record_holds(owner: Connection, patient: str) -> None:
    new = cx(fresh_ins())
    key = show_record(owner, patient)["patient_key"]
    holder.change_identifier(owner, patient, new)
    shown = show_record(owner, new)
    assert (shown["patient_key"], shown["former_identifiers"][0]["patient_id"]) == (key, patient)
    with pytest.raises(RecordsError, match="no record"):
        show_record(owner, patient)
    holder.change_identifier(owner, new, patient)
    assert show_record(owner, patient)["former_identifiers"][0]["patient_id"] == new


def test_two_people_are_never_one_record(owner: Connection, kek: Kek, patient: str) -> None:
    other = cx(fresh_ins())
    open_record(owner, other, kek=kek)
    with pytest.raises(RecordsError) as refusal:
        holder.change_identifier(owner, patient, other)
    assert refusal.value.code == "DMPFound"


SEED = """
[[records]]
ins = "{0}"
birth_date = 2011-05-04
email = "alix@exemple.invalid"
notify_documents = false
etreat = false
btg = true
masked = true
default_masking = true
attached_to_ens = false
authorise = ["{doctor}", {{ id = "810000000002", name = "Dr DEUX", profession = "10", until = 2099-01-01T00:00:00Z }}]
medecin_traitant = ["810000000003"]
block = ["810000000004"]
[records.traits]
family = "ESSAI"
given = ["Alix"]
address = {{ lines = ["1 rue d'Essai"], postal_code = "75001", city = "Paris" }}
[[records.representatives]]
relationship = "MTH"
traits = {{ family = "ESSAI", given = ["Jeanne"] }}
email = "jeanne@exemple.invalid"

[[records]]
ins = "{1}"
opened_at = 2015-01-01T00:00:00Z
status = "CLOSED"
closed_at = 2020-01-01T00:00:00Z
motive = "FERMETURE_DEMANDE_PATIENT"
destruction_requested = true

[[records]]
ins = "{2}"
status = "SUSPENDED"
reason = "doublon"

[[records]]
ins = "{3}"
opened_at = 2015-01-01T00:00:00Z
deceased_on = 2024-02-03
"""


def test_a_seed_describes_whole_records(owner: Connection, kek: Kek, tmp_path: Path) -> None:
    numbers = [fresh_ins() for _ in range(4)]
    file = tmp_path / "world.toml"
    file.write_text(SEED.format(*numbers, doctor=DOCTOR), "utf-8")
    assert seed(owner, file, kek=kek) == 4
    child, closed, suspended, dead = (show_record(owner, cx(number)) for number in numbers)
    assert (child["birth_date"], child["etreat"], child["masked"], child["default_masking"]) == (
        "2011-05-04",
        False,
        True,
        True,
    )
    assert child["holder"]["email"] == "alix@exemple.invalid"
    assert [one["relationship"] for one in child["representatives"]] == ["MTH"]
    assert {one["professional_id"]: (one["status"], one["medecin_traitant"]) for one in child["authorisations"]} == {
        DOCTOR: ("VALIDE", False),
        "810000000002": ("VALIDE", False),
        "810000000003": ("VALIDE", True),
        "810000000004": ("INTERDIT", False),
    }
    assert (closed["status"], closed["closed_at"][:10], closed["destruction_requested_at"] is not None) == (
        "CLOSED",
        "2020-01-01",
        True,
    )
    assert suspended["status"] == "SUSPENDED"
    assert (dead["status"], dead["closed_at"][:10], dead["closing_motive"]) == ("CLOSED", "2024-02-03", "DECES")


BAD_SEEDS = [
    ("colour = 'blue'", "unknown key: colour"),
    ("birth_date = 'yesterday'", "wrong form"),
    ("opened_at = 2015-01-01T00:00:00", "has a time zone"),
    ("status = 'GONE'", "the status of a record is"),
    ("representatives = [{ relationship = 'MTH' }]", "only a minor"),
    ("birth_date = '2020-01-01'\nprotected = true", "is a minor"),
    ("status = 'CLOSED'\nclosed_at = 2001-01-01T00:00:00Z", "SBX_TIME_TOO_EARLY"),
    ("opened_at = 2999-01-01T00:00:00Z", "SBX_TIME_IN_FUTURE"),
    ("email = 5", "email is a text"),
    ('email = "a@b\\r\\nBcc: c@d"', "email is a text"),
    ('email = "a@b, c@d"', "name@domain"),
    ('mobile = "--help"', "digits"),
    ('reason = "\\u0000"', "reason is a text"),
    ('authorise = "810000000001"', "authorise is a list"),
    ('authorise = [{name = "DR"}]', "lacks a key: authorise.id"),
    ('authorise = [{id = "8", until = 9999-12-31T23:59:59-14:00}]', "between the years"),
    ('authorise = [{id = "8", rank = 1}]', "unknown key: authorise.rank"),
    ("opened_at = 0001-01-01T00:00:00+14:00", "between the years"),
    ('traits = {given = "Alix"}', "traits.given is a list of texts"),
    ("traits = {address = {lines = [1]}}", "traits.address.lines is a list of texts"),
    ("traits = {family = {a = 1}}", "traits.family is a text"),
    ("birth_date = 9999-12-31", "was born on"),
    ('etreat = "deny"', "etreat is true or false"),
    ("destruction_requested = 1", "destruction_requested is true or false"),
]


@pytest.mark.parametrize(("line", "said"), BAD_SEEDS)
def test_a_seed_that_cannot_be_is_refused_whole(
    owner: Connection, kek: Kek, tmp_path: Path, line: str, said: str
) -> None:
    number, other = fresh_ins(), fresh_ins()
    file = tmp_path / "world.toml"
    file.write_text(f'[[records]]\nins = "{other}"\n[[records]]\nins = "{number}"\n{line}\n', "utf-8")
    with pytest.raises(RecordsError, match=said):
        seed(owner, file, kek=kek)
    for one in (number, other):
        with pytest.raises(RecordsError, match="no record"):
            show_record(owner, cx(one))


NO_FILES = {
    "deep.toml": "a = " + "[" * 5000 + "]" * 5000,
    "deep.json": "[" * 100_000,
    "latin.toml": "é".encode("latin-1"),
    "surrogate.json": '{"records": [{"ins": "\\ud800"}]}',
    "empty.toml": "",
    "table.json": '{"records": {"ins": "1"}}',
    "bare.json": '{"records": ["1", null]}',
}


@pytest.mark.parametrize("name", NO_FILES)
def test_a_file_that_is_no_seed_ends_the_command_with_one_line(
    run: Callable[..., Result], tmp_path: Path, name: str
) -> None:
    content = NO_FILES[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    done = run("records", "seed", str(tmp_path / name))
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1


def test_the_commands_do_what_they_say(run: Callable[..., Result], kek: Kek) -> None:
    ins, new = fresh_ins(), fresh_ins()
    for words in (
        ("open", ins),
        ("traits", ins, "--family", "ESSAI", "--given", "Alix", "--address", "1 rue, 75001 Paris"),
        ("traits", ins, "--birth-date", "2015-05-05", "--email", "alix@exemple.invalid"),
        ("add-representative", ins, "MTH", "--family", "ESSAI"),
        ("traits", ins, "--birth-date", "1970-05-05"),
        ("protect", ins, "on"),
        ("add-representative", ins, "RESPRSN", "--family", "TUTEUR"),
        ("authorise", ins, DOCTOR, "--medecin-traitant"),
        ("block", ins, DOCTOR),
        ("unblock", ins, DOCTOR),
        ("default-masking", ins, "on"),
        ("detach", ins),
        ("attach", ins),
        ("identity-change", ins, new),
        ("suspend", new, "--reason", "doublon"),
        ("resume", new),
        ("close", new, "--motive", "OPPOSITION_ENS", "--reason", "ne veut plus"),
        ("reactivate", new),
        ("decease", new, "2026-01-02"),
        ("request-destruction", new),
    ):
        result = run("records", *words)
        assert result.exit_code == 0, (words, result.output)
    shown = json.loads(run("records", "describe", new).stdout)
    assert (shown["status"], shown["closing_motive"], shown["default_masking"]) == ("CLOSED", "DECES", True)
    assert shown["holder"]["traits"]["family"] == "ESSAI"
    assert [one["relationship"] for one in shown["representatives"]] == ["MTH", "RESPRSN"]
    assert shown["protected"] is True
    said = run("records", "consents", new, "--etreat", "deny")
    assert said.exit_code == 1
    assert "(DMPClosed)" in said.stderr
