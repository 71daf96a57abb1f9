"""Which visibility a document may be deposited with, and what the patient adds (DMP EX_2.1-1050; CSP R1111-50)."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from gateway import records
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from samples.submission import INVISIBLE_PATIENT, MASQUE_PS
from security.vihf.content import GUARDIANS_BLIND
from xds.metadata.codes import Code

from .conftest import Desk

METADATA = "XDSRegistryMetadataError"
GUARDIANS = Code("INVISIBLE_REPRESENTANTS_LEGAUX", "1.2.250.1.213.1.1.4.13", "Non visible par les représentants légaux")
MINOR, ADULT = "2012-05-05", "1980-07-01"
COLLEAGUE = "dr-martin"
LEVELS = "2.16.840.1.113883.5.25"

REFUSED = [
    ("masked and hidden from the patient", ADULT, [MASQUE_PS, INVISIBLE_PATIENT], {}, "D-082", [METADATA]),
    ("hidden from the guardians of an adult", ADULT, [GUARDIANS], {}, "D-083", [METADATA]),
    ("hidden from guardians, of unknown age", None, [GUARDIANS], {}, "D-083", [METADATA]),
    ("a secret session, and a document for all", MINOR, [], {"confidentiality": GUARDIANS_BLIND}, "V-45", [METADATA]),
    ("a secret session of an adult", ADULT, [GUARDIANS], {"confidentiality": GUARDIANS_BLIND}, "V-44",
     [METADATA, METADATA]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("born", "codes", "vihf", "rule", "errors"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_a_visibility_that_nobody_may_ask_for_is_refused(
    desk: Desk, born: str | None, codes: list[Code], vihf: dict[str, Any], rule: str, errors: list[str]
) -> None:
    desk.set_record(birth_date=born)
    lot = desk.lot([laboratory_report(desk.patient)], confidentiality=codes)

    answer = desk.refused(lambda: desk.deposit(lot, **vihf), *errors, operation="TD2.1", rule=rule)

    assert rule in answer.errors[0].context


def test_very_restricted_documents_are_refused_and_restricted_ones_are_warned_of(desk: Desk) -> None:
    def lot(level: str) -> Any:
        made = desk.lot([laboratory_report(desk.patient)])
        return made.with_entry(0, confidentiality_codes=(Code(level, LEVELS, level),))

    refused = desk.deposit(lot("V"))
    assert any("D-081-V" in error.context and error.severity == "Error" for error in refused.errors), refused.errors
    restricted = desk.deposit(lot("R"))
    assert any("D-081-R" in error.context and error.severity == "Warning" for error in restricted.errors)


ACCEPTED = [
    ("hidden from a minor's guardians", MINOR, [GUARDIANS], {}),
    ("hidden from the patient and from his guardians", MINOR, [GUARDIANS, INVISIBLE_PATIENT], {}),
    ("a secret session", MINOR, [GUARDIANS], {"confidentiality": GUARDIANS_BLIND}),
    ("a minor's document for all", MINOR, [], {}),
]


@pytest.mark.parametrize(("born", "codes", "vihf"), [row[1:] for row in ACCEPTED], ids=[row[0] for row in ACCEPTED])
def test_a_choice_that_the_depositor_may_make_is_kept(
    desk: Desk, born: str, codes: list[Code], vihf: dict[str, Any]
) -> None:
    desk.set_record(birth_date=born)
    lot = desk.lot([laboratory_report(desk.patient)], confidentiality=codes)

    answer = desk.deposit(lot, **vihf)

    assert answer.succeeded, answer.errors
    assert desk.entry(lot.unique_ids[0])["codes"] == sorted(["N", *(code.code for code in codes)])


def test_a_document_that_those_who_represent_a_minor_see_is_warned_of(desk: Desk) -> None:
    desk.set_record(birth_date=MINOR)

    shown = desk.deposit(desk.lot([vsm(desk.patient), laboratory_report(desk.patient)]))
    hidden = desk.deposit(desk.lot([vsm(desk.patient)], confidentiality=[GUARDIANS]))

    warned = [error for error in shown.errors if "D-044" in error.context]
    assert [error.severity for error in warned] == ["Warning", "Warning"]
    assert shown.succeeded
    assert not any("D-044" in error.context for error in hidden.errors)
    desk.set_record(birth_date=ADULT)
    assert not any("D-044" in error.context for error in desk.deposit(desk.lot([vsm(desk.patient)])).errors)


def test_what_is_done_in_a_secret_session_is_marked_so_that_guardians_learn_nothing(desk: Desk) -> None:
    desk.set_record(birth_date=MINOR)
    lot = desk.lot([laboratory_report(desk.patient)], confidentiality=[GUARDIANS])

    assert desk.deposit(lot, confidentiality=GUARDIANS_BLIND).succeeded

    assert desk.traces()[-1][5] is True
    assert desk.rows(
        "SELECT secret FROM ecluse.outbox WHERE kind = 'DOCUMENT_ADDED' AND subject = %s", lot.unique_ids[0]
    ) == [(True,)]


def test_a_refusal_in_a_secret_session_is_secret_too(desk: Desk) -> None:
    desk.set_record(birth_date=MINOR)

    desk.deposit(desk.lot([vsm(desk.patient)]), confidentiality=GUARDIANS_BLIND)

    assert [(row[1], row[5]) for row in desk.traces()[-1:]] == [("refused", True)]


def test_a_house_may_let_a_mask_stand_beside_invisibility(surgery: Desk) -> None:
    lot = surgery.lot([laboratory_report(surgery.patient)], confidentiality=[MASQUE_PS, INVISIBLE_PATIENT])

    answer = surgery.deposit(lot)

    assert answer.succeeded, answer.errors


def test_every_new_document_is_masked_where_the_patient_wants_it_and_the_sender_is_not_told(desk: Desk) -> None:
    plain = desk.deposit(desk.lot([vsm(desk.patient)]))
    desk.set_record(default_masking=True)
    lot = desk.lot([vsm(desk.patient)])

    answer = desk.deposit(lot)

    assert (answer.status, answer.errors) == (plain.status, plain.errors)
    entry = desk.entry(lot.unique_ids[0])
    assert entry["codes"] == ["MASQUE_PS", "N"]
    assert b'nodeRepresentation="MASQUE_PS"' in entry["fragment"]
    assert desk.entry(lot.entries[-1].unique_id)["codes"] == ["INVISIBLE_PATIENT", "MASQUE_PS", "N"]
    _authorise(desk)
    assert lot.unique_ids[0] not in _found(desk)
    _authorise(desk, medecin_traitant=True)
    assert lot.unique_ids[0] in _found(desk)


def test_what_was_sent_masked_stays_masked_once(desk: Desk) -> None:
    desk.set_record(default_masking=True)

    (unique_id,) = desk.deposited(vsm(desk.patient), confidentiality=[MASQUE_PS]).unique_ids

    assert desk.entry(unique_id)["codes"] == ["MASQUE_PS", "N"]


def test_the_mask_of_a_document_hidden_from_the_patient_waits_until_he_sees_it(desk: Desk) -> None:
    desk.set_record(default_masking=True)

    lot = desk.deposited(vsm(desk.patient), laboratory_report(desk.patient), confidentiality=[INVISIBLE_PATIENT])

    kept = [desk.entry(unique_id) for unique_id in (*lot.unique_ids, lot.entries[-1].unique_id)]
    assert [entry["mask_when_visible"] for entry in kept] == [True, True, False]
    assert [entry["codes"] for entry in kept[:2]] == [["INVISIBLE_PATIENT", "N"]] * 2


def test_an_establishment_makes_a_document_visible_by_replacing_it(desk: Desk) -> None:
    (hidden,) = desk.deposited(vsm(desk.patient), confidentiality=[INVISIBLE_PATIENT]).unique_ids
    old = desk.entry(hidden)
    assert desk.told() == []

    (shown,) = desk.deposited(
        vsm(desk.patient, replaces=hidden, version=2), replaces={0: desk.reference(hidden).ids[0]}
    ).unique_ids

    new = desk.entry(shown)
    assert desk.entry(hidden)["status"] == "DEPRECATED"
    assert new["codes"] == ["N"]
    assert new["entry_uuid"] != old["entry_uuid"]
    assert [subject for _, subject in desk.told()] == [shown]


def _authorise(desk: Desk, *, medecin_traitant: bool = False) -> None:
    """Authorise a doctor who is no author of the documents."""
    doctor = desk.house.credential(f"{COLLEAGUE}.auth").national_id
    with closing(desk.house.owner()) as connection:
        records.authorise(connection, desk.patient.cx, doctor)
        connection.execute(
            "UPDATE ecluse.authorisations SET medecin_traitant = %s WHERE professional_id = %s AND patient_key ="
            " (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
            (medecin_traitant, doctor, desk.patient.cx),
        )


def _found(desk: Desk) -> list[str]:
    with closing(desk.scene.consultation(COLLEAGUE)) as client:
        found: list[str] = client.find_documents(desk.patient.cx).unique_ids
    return found


def test_a_message_that_cannot_be_judged_is_told_what_the_house_minds_and_no_more(desk: Desk, surgery: Desk) -> None:
    """Its documents share a uniqueId: it is refused before the record is looked at."""

    def told(where: Desk) -> set[str]:
        document = vsm(where.patient)
        answer = where.deposit(where.lot([document, document], confidentiality=[MASQUE_PS, INVISIBLE_PATIENT]))
        assert not answer.succeeded
        return {rule for rule in ("D-082", "D-083") for error in answer.errors if rule in error.context}

    assert (told(desk), told(surgery)) == ({"D-082"}, set())
