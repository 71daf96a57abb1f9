"""TD0.5 at the real door (C05-01, C05-02)."""

from __future__ import annotations

from typing import Any

from samples.client import record_messages
from samples.client.record_messages import Person

from .conftest import EMERGENCY, REGULATION, File, House, someone


def named(legacy: House, family: str, **changes: Any) -> File:
    file = File(legacy, someone(family=family))
    flags = {"CONSENTEMENT_OUVERTURE_DMP": True, **changes.pop("flags", {})}
    answer = file.client().create(file.cx, Person(**{"family": family, "given": ("Claire",), **changes}), flags=flags)
    assert answer.accepted, answer.details
    return file


def test_regulation_finds_by_traits_with_a_percentage_and_the_opposition(legacy: House) -> None:
    objects = named(legacy, "SÉMAPHORE-DUPŒNT", born="19400102", flags={"OPPOSITION_ACCES_URGENCE": True})
    other = named(legacy, "SEMAPHOREDUPOENT", given=("Paul",), born="19400102", gender="M")
    asked = Person(family="semaphore dupœnt", given=("CLAIRE",), born="19400102", gender="F")

    answer = objects.client(about=None, **REGULATION).search(asked)

    assert answer.response == "OK"
    found = {one.patient_id: (one.match, one.opposition) for one in answer.found}
    assert found[objects.cx] == (100, True)
    assert found[other.cx] == (74, False)
    assert [one.match for one in answer.found] == sorted((one.match or 0 for one in answer.found), reverse=True)
    assert objects.traces()[-1][:2] == ("TD0.5", "success"), "the search is written down in each record it found"


def test_an_answer_holds_ten_records_at_most(legacy: House) -> None:
    for day in range(1, 13):
        named(legacy, "DOUZAINE", born=f"195001{day:02}")

    answer = File(legacy, someone()).client(about=None, **REGULATION).search(Person(family="Douzaine", born=""))

    assert len(answer.found) == 10


def test_who_shares_only_a_day_of_birth_is_not_told(legacy: House) -> None:
    stranger = named(legacy, "INCONNUE", born="19330203")
    client = stranger.client(about=None, **REGULATION)

    assert client.search(Person(family="CHERCHEE", born="19330203")).response == "NF"
    assert stranger.traces()[-1][0] == "TD1.1", "no search is written down where nothing was told"
    assert client.search(Person(family="", born="19330203")).found[0].patient_id == stranger.cx


def test_a_name_without_letters_of_ours_is_no_name(legacy: House) -> None:
    client = named(legacy, "VOISINE").client(about=None, **REGULATION)

    for name in ("李", "-", "12"):
        assert client.search(Person(family=name, given=("Claire",), born="")).response == "NF"


def test_a_closed_record_and_an_unknown_name_are_not_found(legacy: House) -> None:
    file = named(legacy, "FANTOME")
    file.client().close_record(file.cx)
    client = file.client(about=None, **REGULATION)

    assert client.search(Person(family="FANTOME", born="")).response == "NF"
    assert client.search(Person(family="PERSONNEICI", born="")).found == ()


def test_nobody_else_searches(legacy: House) -> None:
    file = File(legacy, someone())
    for vihf in ({}, EMERGENCY):
        answer = file.client(about=None, **vihf).search(Person(family="MODELE"))
        assert answer.error_codes == ["DMPAccessDeniedByRightsService"]


def test_a_search_for_nothing_is_no_search(legacy: House) -> None:
    client = File(legacy, someone()).client(about=None, **REGULATION)

    answer = client.interact(record_messages.search(Person(family="", born="")))

    assert answer.error_codes == ["SBX_MESSAGE"]
    assert "neither a name nor a day of birth" in answer.details[0].text
