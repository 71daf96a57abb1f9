"""Structures, sites and who works where, as the directory of each door says now (V-21, V-22; C01-11, C01-12)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from samples.client.answers import SoapFault
from samples.documents.vsm import vsm
from samples.sender import Sender
from samples.submission import Submission, build_submission

from .conftest import HOSPITAL, SECRETARY, Desk, Speaker

SITE, OTHER_SITE, NO_SITE, NOWHERE = "1750999021", "1750999039", "1440999068", "1750999047"
DOCTOR, PRACTICE, HOSPITAL_ID = "dr-martin", "1690000999", "1750999013"
UNKNOWN, APART = "Structure introuvable ou Inactive", "PS et Structure non liés"


@contextmanager
def without(file: Path, line: str) -> Iterator[None]:
    """The file of a house that is open, for a while without a line."""
    before = file.read_text("utf-8")
    kept = [one for one in before.splitlines(keepends=True) if one.strip() != line]
    assert len(kept) == before.count("\n") - 1, "the line was there"
    file.write_text("".join(kept), "utf-8")
    try:
        yield
    finally:
        file.write_text(before, "utf-8")


def files(desk: Desk, door: str, name: str = "directory.csv") -> Path:
    found: Path = desk.house.data / door / name
    return found


def search(desk: Desk, **vihf: Any) -> Callable[[], Any]:
    def ask() -> Any:
        with desk.scene.consultation(DOCTOR, **vihf) as client:
            return client.find_documents(desk.patient.cx)

    return ask


def fault_of(ask: Callable[[], Any], desk: Desk) -> tuple[str, str]:
    """What a refusal of the gate says; nothing is written in the record."""
    before = desk.traces()
    with pytest.raises(SoapFault) as refused:
        ask()
    assert desk.traces() == before
    return refused.value.detail["Code"], str(refused.value)


def named(desk: Desk, structure: str, who: Speaker = HOSPITAL) -> Submission:
    """A lot whose author works for a structure that its certificate does not name."""
    seal = desk.house.credential(who.seal)
    sender = replace(Sender.of(seal), structure_id=structure, person_id=f"{structure}/0001")
    return build_submission(
        [vsm(desk.patient)], signer=seal, sender=sender, now=datetime.now(UTC), patient_id=desk.patient.cx
    )


@pytest.mark.parametrize("structure", [PRACTICE, HOSPITAL_ID], ids=["first activity", "second activity"])
def test_a_professional_acts_for_any_structure_where_he_works(desk: Desk, structure: str) -> None:
    assert search(desk, structure_id=structure)().error_codes == ["DMPAccessDeniedByRightsService"], "past the gate"


@pytest.mark.parametrize(
    ("structure", "words"), [(NO_SITE, APART), (NOWHERE, UNKNOWN)], ids=["of others", "that nobody knows"]
)
def test_a_professional_acts_for_no_other_structure(desk: Desk, structure: str, words: str) -> None:
    code, text = fault_of(search(desk, structure_id=structure), desk)

    assert code == "SBX_VIHF_DIR"
    assert words in text


def test_who_leaves_a_structure_or_a_structure_that_closes_counts_at_once(desk: Desk) -> None:
    martin = desk.house.credential(f"{DOCTOR}.auth").national_id
    ask = search(desk, structure_id=PRACTICE)
    ask()
    with without(files(desk, "consultation"), f"{PRACTICE},{martin}"):
        assert APART in fault_of(ask, desk)[1]
    ask()


def test_a_directory_that_became_unreadable_leaves_the_former_one_in_force(desk: Desk) -> None:
    file = files(desk, "consultation")
    before = file.read_text("utf-8")
    file.write_text("who,where\n", "utf-8")
    try:
        search(desk, structure_id=PRACTICE)()
        assert APART in fault_of(search(desk, structure_id=NO_SITE), desk)[1]
    finally:
        file.write_text(before, "utf-8")


@pytest.mark.parametrize("who", [HOSPITAL, SECRETARY], ids=["system", "staff"])
def test_a_structure_that_is_closed_feeds_no_more(desk: Desk, who: Speaker) -> None:
    with without(files(desk, "ingest"), f"{HOSPITAL_ID},"):
        file = files(desk, "ingest")
        text = file.read_text("utf-8")
        file.write_text("".join(one for one in text.splitlines(True) if not one.startswith(HOSPITAL_ID)), "utf-8")
        code, words = fault_of(lambda: desk.deposit(desk.lot([vsm(desk.patient)], who), who), desk)
    assert (code, UNKNOWN in words) == ("SBX_VIHF_DIR", True)
    assert desk.deposit(desk.lot([vsm(desk.patient)], who), who).succeeded


@pytest.mark.parametrize("site", [SITE, OTHER_SITE])
def test_a_site_feeds_with_the_certificate_of_its_legal_entity_and_answers_for_it(desk: Desk, site: str) -> None:
    speaks = {"structure_id": site, "name_id": f"{site}/0001"}
    lot = named(desk, site)

    answer = desk.deposit(lot, **speaks)

    assert answer.succeeded, answer.errors
    assert desk.reference(*lot.unique_ids, **speaks).ids == [desk.entry(lot.unique_ids[0])["entry_uuid"]]
    ((structure,),) = desk.rows(
        "SELECT actor_structure FROM ecluse.traces JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s"
        " AND operation = 'TD2.1'",
        desk.patient.cx,
    )
    assert structure == site
    lot = desk.lot([vsm(desk.patient)])
    refused = desk.deposit(lot, **speaks)
    assert any("Aucun AuthorInstitution" in error.context for error in refused.errors), "the lot names the site too"


def test_the_site_of_another_entity_is_no_site(desk: Desk) -> None:
    code, _ = fault_of(
        lambda: desk.deposit(named(desk, NO_SITE), structure_id=NO_SITE, name_id=f"{NO_SITE}/0001"), desk
    )
    assert code == "SBX_VIHF_STRUCT"


def test_a_site_that_is_given_up_feeds_no_more(desk: Desk) -> None:
    with without(files(desk, "ingest", "sites.csv"), f"{HOSPITAL_ID},{SITE}"):
        code, _ = fault_of(lambda: desk.deposit(named(desk, SITE), structure_id=SITE, name_id=f"{SITE}/0001"), desk)
    assert code == "SBX_VIHF_STRUCT"
