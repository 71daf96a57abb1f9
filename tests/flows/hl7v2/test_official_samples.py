"""The published messages, as they are but for their control ids; the sites that they name are ours (G-01, G-02)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

OFFICIAL = Path(__file__).parents[3].parent / "shared" / "samples-fr" / "hl7v2"
STRUCTURES = ("1120459876", "1300017985")
DONE = ("DONE", "done", False)

pytestmark = pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the examples of the agency are not here")


@pytest.fixture(scope="module", autouse=True)
def known(bench: Any) -> None:
    """Their structures are sites of the laboratory, and their patient has a record."""
    door = bench.house.data / "hl7v2"
    for file, rows in (
        ("sites.csv", [f"1690999032,{one}" for one in STRUCTURES]),
        ("directory.csv", [f"{one}," for one in STRUCTURES]),
    ):
        path = door / file
        path.write_text("\n".join([path.read_text("utf-8").rstrip("\n"), *rows, ""]), "utf-8")
    bench.house.open_record("279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH")


@pytest.mark.parametrize(
    ("name", "outcome"),
    [
        ("oru_r01_cr_bio_init_n3_segur.hl7", DONE),
        ("mdm_t02_cr_radio_init_n1.er7", DONE),
        ("mdm_t10_cr_radio_rplc_n1.er7", DONE),
        ("mdm_t04_cr_radio_del_n1.er7", DONE),
        # It replaces a document that none of the examples sends.
        ("oru_r01_cr_bio_rplc_n3_segur.hl7", ("PARKED", "UnresolvedReferenceException", True)),
        ("pam_a01_consentement_consultation_non_opposition.er7", ("DONE", "consent kept", False)),
    ],
)
def test_an_example_is_taken_and_treated(bench: Any, wait: Any, name: str, outcome: tuple[Any, ...]) -> None:
    content = (OFFICIAL / name).read_bytes()
    control_id = content.split(b"|", 10)[9]

    answer = bench.send(content.replace(b"|" + control_id + b"|", b"|" + name.encode() + b"|", 1))

    assert answer.code == "AA", answer.errors
    wait(lambda: bench.of(name)[0] != "WAITING")
    assert bench.of(name) == outcome


def test_the_example_whose_document_is_of_another_patient_is_refused(bench: Any) -> None:
    answer = bench.send((OFFICIAL / "oru_r01_cr_bio_del_n3_segur.hl7").read_bytes())

    assert answer.code == "AE"
    assert any("H-60" in error for error in answer.errors)


def test_an_example_sent_again_with_its_control_id_is_not_taken_for_another(bench: Any) -> None:
    """Three examples have one control id: the second is refused with its reason, never lost in silence."""
    first = bench.send((OFFICIAL / "mdm_t10_cr_radio_rplc_n1.er7").read_bytes())
    second = bench.send((OFFICIAL / "mdm_t04_cr_radio_del_n1.er7").read_bytes())

    assert (first.code, second.code) == ("AA", "AE")
    assert any("control id" in error for error in second.errors)
