"""What replaces a masked document is masked, and whoever replaces it learns nothing of that (DMP TD2.1b, D-084)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import pytest
from click.testing import CliRunner

from gateway import records
from gateway.cli.main import main
from gateway.cli.rehearsal import Rehearsal
from samples.changes import change_lot, mask
from samples.documents.vsm import vsm
from samples.submission import INVISIBLE_PATIENT

from .conftest import Desk

TREATING, MASKING, OTHER_DOCTOR = "dr-martin", "dr-essai", "dr-blanc"


def authorised(desk: Desk) -> Desk:
    with closing(desk.house.owner()) as owner:
        for who in (TREATING, OTHER_DOCTOR):
            national_id = desk.house.credential(f"{who}.auth").national_id
            records.authorise(owner, desk.patient.cx, national_id, medecin_traitant=who == TREATING)
    return desk


@pytest.fixture
def ward(desk: Desk) -> Desk:
    """A record with a médecin traitant, the doctor who masks and another one."""
    return authorised(desk)


def seen(desk: Desk, who: str) -> list[str]:
    with closing(desk.scene.consultation(who)) as doctor:
        answer = doctor.find_documents(desk.patient.cx)
    assert answer.succeeded, answer.errors
    return list(answer.unique_ids)


def by_a_doctor(desk: Desk, unique_id: str) -> None:
    with closing(desk.scene.consultation(MASKING)) as doctor:
        (entry,) = doctor.get_documents(unique_ids=[unique_id]).document_entries
        signer = desk.house.credential(f"{MASKING}.sign")
        lot = change_lot(signer=signer, patient_id=desk.patient.cx, now=datetime.now(UTC))
        answer = doctor.update(mask(lot, entry))
    assert answer.succeeded, answer.errors


def by_the_patient(desk: Desk, unique_id: str) -> None:
    words = ["records", "mask", desk.patient.ins, unique_id, "--data", str(desk.house.data)]
    done = CliRunner().invoke(main, ["--lang", "en", *words])
    assert done.exit_code == 0, done.output


def replaced(desk: Desk, old: str, **changes: Any) -> tuple[str, Any]:
    """The hospital looks the document up and replaces it; the new uniqueId and what it was answered."""
    (current,) = desk.reference(old).ids
    lot = desk.lot([vsm(desk.patient, replaces=old, version=2)], replaces={0: current}, **changes)
    return str(lot.unique_ids[0]), desk.deposit(lot)


@pytest.mark.parametrize("masks", [by_a_doctor, by_the_patient])
def test_a_replacement_of_a_masked_document_is_masked_and_the_hospital_is_told_nothing(
    ward: Desk, masks: Callable[[Desk, str], None]
) -> None:
    (old,) = ward.deposited().unique_ids
    (open_one,) = ward.deposited().unique_ids
    assert set(seen(ward, OTHER_DOCTOR)) == {old, open_one}
    masks(ward, old)
    assert seen(ward, OTHER_DOCTOR) == [open_one]

    new, answer = replaced(ward, old)
    again, usual = replaced(ward, open_one)

    assert (answer.succeeded, answer.errors) == (usual.succeeded, usual.errors) == (True, ())
    assert (seen(ward, OTHER_DOCTOR), set(seen(ward, TREATING))) == ([again], {new, again})
    assert (ward.entry(new)["codes"], ward.entry(again)["codes"]) == (["MASQUE_PS", "N"], ["N"])
    assert b"MASQUE_PS" in ward.entry(new)["fragment"]
    third, answer = replaced(ward, new)
    assert answer.succeeded
    assert (seen(ward, OTHER_DOCTOR), ward.entry(third)["codes"]) == ([again], ["MASQUE_PS", "N"])


def test_a_replacement_that_is_hidden_from_the_patient_is_masked_when_he_sees_it(ward: Desk) -> None:
    (old,) = ward.deposited().unique_ids
    by_the_patient(ward, old)

    new, answer = replaced(ward, old, confidentiality=[INVISIBLE_PATIENT])

    assert answer.succeeded, answer.errors
    assert (ward.entry(new)["codes"], ward.entry(new)["mask_when_visible"]) == (["INVISIBLE_PATIENT", "N"], True)
    third, answer = replaced(ward, new)
    assert answer.succeeded, answer.errors
    assert ward.entry(third)["codes"] == ["MASQUE_PS", "N"], "a mask that waits is a mask"


@pytest.fixture(scope="module")
def lenient() -> Iterator[Rehearsal]:
    with Rehearsal({"ECLUSE_DMP_REPLACEMENT_KEEPS_MASK": "false"}) as opened:
        yield opened


def test_a_house_may_decide_that_a_replacement_is_what_was_sent(lenient: Rehearsal, new_scene: Any) -> None:
    ward = authorised(Desk(new_scene(lenient)))
    (old,) = ward.deposited().unique_ids
    by_the_patient(ward, old)

    new, answer = replaced(ward, old)

    assert answer.succeeded
    assert seen(ward, OTHER_DOCTOR) == [new]
