"""Who replaces a doctor acts with a card and a structure of his own, and inherits nothing (DMP D-061, V-20; C01-15)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from samples.client.answers import SoapFault
from samples.documents.vsm import vsm
from samples.submission import MASQUE_PS, build_submission

from .conftest import File

REPLACED, REPLACING, HOSPITAL = "dr-martin", "dr-relais", "1750999013"
DENIED = "DMPAccessDeniedByRightsService"


@pytest.fixture
def treated(record: File) -> File:
    """A record with a médecin traitant, who has a hospital and a practice, and a masked document."""
    record.authorise(REPLACED, medecin_traitant=True)
    rehearsal = record.house.rehearsal
    lot = build_submission(
        [vsm(record.patient)],
        signer=rehearsal.credential("chu-seine.sign"),
        now=datetime.now(UTC),
        patient_id=record.cx,
        confidentiality=[MASQUE_PS],
    )
    with rehearsal.establishment("chu-seine", record.cx) as client:
        assert client.provide_and_register(lot).succeeded
    return record


def search(file: File, who: str, **vihf: Any) -> list[str]:
    """What he finds, or the codes that refuse him."""
    with file.house.rehearsal.professional(who, file.cx, **vihf) as client:
        answer = client.find_documents(file.cx)
    return answer.unique_ids if answer.succeeded else answer.error_codes


def standing(file: File, who: str) -> tuple[str, str]:
    lines = file.client(who).existence(file.cx).lines
    return lines["AUTORISATION"], lines["STATUT_MT"]


def test_neither_the_authorisation_nor_the_status_of_the_replaced_is_his(treated: File) -> None:
    assert standing(treated, REPLACED) == ("VALIDE", "true")
    assert len(search(treated, REPLACED)) == 1

    assert standing(treated, REPLACING) == ("NON_EXISTE", "false")
    assert search(treated, REPLACING) == [DENIED]


def test_with_an_authorisation_of_his_own_he_reads_as_any_doctor(treated: File) -> None:
    treated.client(REPLACING).authorise(treated.cx)

    assert standing(treated, REPLACING) == ("VALIDE", "false")
    assert search(treated, REPLACING) == [], "what is masked is not his"
    assert standing(treated, REPLACED) == ("VALIDE", "true")


def test_he_does_not_act_for_a_structure_of_the_replaced(treated: File) -> None:
    with pytest.raises(SoapFault, match="PS et Structure non liés"):
        search(treated, REPLACING, structure_id=HOSPITAL)
