"""What `ecluse clock`, `ecluse jobs` and `ecluse outbox` tell a person, in French and in English."""

from __future__ import annotations

import itertools
import json

import pytest
from click.testing import CliRunner, Result

from gateway.administration import holder, life
from gateway.cli.main import main
from xds.dmp.holder import Traits

from .conftest import HIDDEN, Place, ins_of


def run(place: Place, language: str, *words: str) -> Result:
    return CliRunner().invoke(main, ["--lang", language, *words, "--data", str(place.data)])


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("clock", "advance", "--to", "2020-01-01"), "l'horloge de la loi ne recule jamais"),
        (("clock", "advance", "--to", "demain"), "attend un jour ou un instant"),
        (("clock", "advance", "3x"), "une durée s'écrit"),
        (("clock", "advance", "300y"), "l'horloge avance de 200 ans au plus"),
        (("clock", "advance"), "dites une durée"),
        (("jobs", "list", "--within", "x"), "une durée s'écrit"),
        (("outbox", "retry", "00000000-0000-0000-0000-000000000000"), "aucun avis de ce nom n'attend"),
        (("outbox", "discard", "00000000-0000-0000-0000-000000000000"), "aucun avis de ce nom n'est mis de côté"),
    ],
)
def test_what_is_refused_is_told_in_french_too(place: Place, words: tuple[str, ...], told: str) -> None:
    refused = run(place, "fr", *words)
    assert refused.exit_code in (1, 2)
    assert told in refused.stderr


def test_what_is_due_names_the_patient_whose_record_it_is(place: Place) -> None:
    patient_id, record = place.a_record()
    place.deposit(patient_id, record, HIDDEN)
    shown = run(place, "fr", "jobs", "list", "--within", "20d").stdout
    assert f"{ins_of(patient_id)}  titulaire averti qu'un document attend" in shown
    assert patient_id in {
        one["patient_id"] for one in json.loads(run(place, "en", "jobs", "list", "--within", "20d", "--json").stdout)
    }


def test_the_outbox_is_read_by_a_person(place: Place) -> None:
    place.owner.execute("DELETE FROM ecluse.outbox")
    patient_id, _ = place.a_record()
    place.a_record()
    holder.set_holder(place.owner, patient_id, traits=Traits(family="ESSAI"), email="alix@exemple.invalid")
    life.close_record(place.owner, patient_id)
    waits = run(place, "fr", "outbox", "list").stdout
    assert "dossier fermé" in waits
    assert "en attente" in waits
    place.deliver()
    assert run(place, "fr", "outbox", "list").stdout == "0 avis.\n"
    done = run(place, "fr", "outbox", "list", "--all").stdout
    assert "titulaire (courriel)" in done
    assert "personne à avertir" in done, "of the other record no holder is known"
    assert "alix@" not in done
    english = run(place, "en", "outbox", "list", "--all").stdout
    assert ("holder (e-mail)" in english, "nobody to tell" in english, "record closed" in english) == (True, True, True)
    assert {one["state"] for one in json.loads(run(place, "fr", "outbox", "list", "--all", "--json").stdout)} == {
        "delivered",
        "nobody told",
    }


LOOKS = {
    "RECORD-EXPLAIN": ("why", "--as", "patient", "--patient"),
    "RECORD-TRACES": ("traces",),
}


@pytest.mark.parametrize("act", LOOKS)
def test_who_runs_a_house_in_production_leaves_a_trace_when_he_looks_and_none_in_a_sandbox(
    place: Place, act: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient_id, record = place.a_record()
    words = (*LOOKS[act], ins_of(patient_id))
    assert run(place, "fr", *words).exit_code == 0
    assert [one[0] for one in place.traces(record.patient_key)] == ["RECORD-OPEN"]

    monkeypatch.setenv("ECLUSE_MODE", "production")
    for door, name in itertools.product(("INGEST", "CONSULTATION"), ("CERTIFICATE", "KEY", "TRUST")):
        monkeypatch.setenv(f"ECLUSE_{door}_{name}", "of its own")
    looked = run(place, "fr", *words)

    assert looked.exit_code == 0, looked.output
    assert [one[:3] for one in place.traces(record.patient_key)][1:] == [(act, "success", "SUPPORT")]
    (event,) = place.one(
        "SELECT event FROM ecluse.audit_events WHERE door = 'administration' ORDER BY sequence DESC LIMIT 1"
    )
    told = json.loads(event)
    assert (told["transaction"], told["objects"]) == (act, [str(record.patient_key)])


def test_an_export_of_traces_is_whole_and_a_person_is_told_what_is_left_out(place: Place) -> None:
    patient_id, record = place.a_record()
    place.owner.execute(
        "INSERT INTO ecluse.traces (patient_key, operation, outcome, actor_kind, actor_id, actor_name, actor_structure,"
        " actor_role, auth_mode, lps, request_id, mode, reason, secret, documents, code, rule)"
        " SELECT %s, 'TD3.1', 'success', 'HEALTHCARE_PROFESSIONAL', '810000000001', '', '', '', '', '', n::text,"
        " 'normal', '', false, '{}', '', '' FROM generate_series(1, 120) AS n",
        (record.patient_key,),
    )
    shown = run(place, "fr", "traces", ins_of(patient_id))
    assert (shown.stdout.endswith("100 traces.\n"), "plus anciennes" in shown.stderr) == (True, True)
    exported = json.loads(run(place, "fr", "traces", ins_of(patient_id), "--json").stdout)
    assert len(exported) == len({one["trace_id"] for one in exported}) == 121
    assert len(run(place, "fr", "traces", ins_of(patient_id), "--csv").stdout.splitlines()) == 122
    page = run(place, "fr", "traces", ins_of(patient_id), "--html", "--last", "2")
    assert ("plus anciennes" in page.stderr, page.stdout.count("<tr>")) == (True, 3)
