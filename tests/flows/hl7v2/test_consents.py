"""What patients told a structure counts before the DMP is called (PAM-FR 2.11; CI-SIS HL7 v2 2.1, H-17)."""

from __future__ import annotations

from typing import Any

import pytest

from samples.documents.laboratory_report import laboratory_report
from samples.hl7v2.messages import oru, pam


def tell(bench: Any, patient: Any, feeding: str, date: str, consultation: str = "IC") -> None:
    message = pam(feeding, consultation, patient=patient, date=date)
    answer = bench.send(message)
    assert answer.code == "AA", answer.errors
    assert bench.settled(message) == ("DONE", "consent kept", False)


def feed(bench: Any, patient: Any) -> tuple[str, str, int]:
    """What became of a report: state, what its sender is told, and how many documents there are."""
    message = oru(laboratory_report(patient), patient=patient)
    assert bench.send(message).code == "AA"
    state, outcome, _ = bench.settled(message)
    told = bench.told(message)
    assert (outcome == "done") is (told.verdict == "Y")
    return state, told.code, len(bench.documents(patient))


def test_an_opposition_stops_feeding_until_it_is_lifted(bench: Any, patient: Any) -> None:
    assert feed(bench, patient) == ("DONE", "", 1)

    tell(bench, patient, "IO", "20260302100000")
    assert feed(bench, patient) == ("PARKED", "SBX_FEEDING_OPPOSED", 1)

    tell(bench, patient, "INO", "20260303100000")
    assert feed(bench, patient) == ("DONE", "", 2)


def test_the_last_date_wins_whatever_comes_last(bench: Any, patient: Any) -> None:
    tell(bench, patient, "IO", "20260305100000")
    tell(bench, patient, "INO", "20260304100000")
    assert feed(bench, patient)[:2] == ("PARKED", "SBX_FEEDING_OPPOSED")


@pytest.mark.parametrize(
    ("feeding", "consultation", "fed"),
    [("INO", "IC", True), ("INO", "INC", True), ("IO", "INC", False), ("NA", "NA", True), ("INO", "NA", True)],
)
def test_the_combinations_of_the_volet(bench: Any, patient: Any, feeding: str, consultation: str, *, fed: bool) -> None:
    tell(bench, patient, feeding, "20260306100000", consultation)
    assert (feed(bench, patient)[0] == "DONE") is fed


def test_an_opposition_is_that_of_a_structure_and_its_patient(bench: Any, patient: Any, admit: Any) -> None:
    tell(bench, patient, "IO", "20260302100000")
    assert feed(bench, admit(bench))[0] == "DONE"


def test_what_is_kept_names_no_patient(bench: Any, patient: Any) -> None:
    tell(bench, patient, "IO", "20260302100000")
    rows = bench.rows("SELECT c::text FROM ecluse.feeding_consents c")
    assert rows
    assert not any(patient.ins in row[0] or patient.local_id in row[0] for row in rows)
