"""TD1.1, TD1.2, TD1.3b and TD1.4 at the real door (C11-01 to C11-05, C12-01, C12-02, C13-01, C14-01)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from gateway.administration.holder import change_identifier
from samples.client import record_messages
from samples.client.record_messages import Person
from samples.documents.vsm import vsm
from samples.submission import build_submission
from security.vihf.content import GUARDIANS_BLIND

from .conftest import File, House, someone

NOW = datetime.now(UTC)
ACCENTED = Person(
    family="ÉLÉONORE-D'ÇA",
    given=("Zoë",),
    lines=("3, allée des Œillets",),
    postal_code="69003",
    city="Lyon",
    email="zoe@example.org",
    mobile="0600000000",
)

CHILD = replace(ACCENTED, born=f"{NOW.year - 10}0101")
MOTHER = Person(family="MERE", given=("Zoé",), relationship="MTH", mobile="0600000001")


def test_a_complete_creation_keeps_each_answer_by_itself(nobody: File) -> None:
    answer = nobody.client().create(
        nobody.cx,
        CHILD,
        flags={
            "CONSENTEMENT_OUVERTURE_DMP": True,
            "OPPOSITION_ACCES_URGENCE": True,
            "OPPOSITION_BRIS_DE_GLACE": False,
        },
        representatives=[Person(family="TUTEUR", given=("Luc",), relationship="RESPRSN")],
    )

    assert (answer.code, answer.name) == ("AA", "PRPA_IN201312UV02")
    assert (nobody.column("etreat"), nobody.column("btg"), nobody.column("masked")) == (False, True, False)
    assert nobody.column("attached_to_ens") is False
    ((traits, email, mobile),) = nobody.house.rows(
        "SELECT traits, email, mobile FROM ecluse.holders JOIN ecluse.patients USING (patient_key)"
        " WHERE patient_id = %s",
        nobody.cx,
    )
    assert traits["address"] == {
        "lines": ["3, allée des Œillets"],
        "postal_code": "69003",
        "city": "Lyon",
        "country": "",
    }
    assert (email, mobile) == ("zoe@example.org", "0600000000")
    assert nobody.told() == ["RECORD_CREATED"]
    assert nobody.traces()[-1][:4] == ("TD1.1", "success", "", "GRANTED")


def test_a_record_that_was_created_takes_documents_and_gives_them_back(nobody: File) -> None:
    nobody.client().create(nobody.cx, nobody.person)
    nobody.client().authorise(nobody.cx)

    unique_id = deposit(nobody)

    assert found(nobody) == [unique_id]


def test_a_record_is_created_once(nobody: File) -> None:
    nobody.client().create(nobody.cx, nobody.person)

    answer = nobody.refused(lambda: nobody.client().create(nobody.cx, ACCENTED), "DMPFound", rule="5-RECORD-FOUND")

    assert answer.name == "PRPA_IN201313UV02"
    nobody.client().close_record(nobody.cx)
    nobody.refused(lambda: nobody.client().create(nobody.cx, ACCENTED), "DMPFound")


@pytest.mark.parametrize("flags", [{}, {"CONSENTEMENT_OUVERTURE_DMP": False}], ids=["silent", "no"])
def test_without_consent_no_record_is_created(nobody: File, flags: dict[str, bool]) -> None:
    answer = nobody.client().create(nobody.cx, nobody.person, flags=flags)

    assert answer.error_codes == ["SBX_CONSENT_MISSING"]
    assert nobody.client().existence(nobody.cx).response == "NF"
    assert not any(nobody.state().values())


def test_without_any_channel_a_record_is_created_without_internet_access(nobody: File) -> None:
    assert nobody.client().create(nobody.cx, nobody.person).accepted
    assert nobody.client().existence(nobody.cx).lines["COMPTE_INTERNET_OUVERT"] == "false"


def test_in_the_regime_in_force_professionals_create_nothing(national: House) -> None:
    file = File(national, someone())

    answer = file.client().create(file.cx, file.person)

    assert answer.error_codes == ["DMPAccessDeniedByRightsService"]
    assert "Mon espace santé" in answer.details[0].text
    assert not any(file.state().values())


def test_a_minor_has_a_legal_representative(nobody: File) -> None:
    refused = nobody.client().create(nobody.cx, CHILD)
    assert refused.error_codes == ["SBX_CONSENT_MISSING"]
    assert "a legal representative" in refused.details[0].text

    assert nobody.client().create(nobody.cx, CHILD, representatives=[MOTHER]).accepted


def test_nothing_is_created_in_a_secret_session(nobody: File) -> None:
    answer = nobody.client(confidentiality=GUARDIANS_BLIND).create(nobody.cx, CHILD, representatives=[MOTHER])
    assert answer.error_codes == ["DMPAccessDeniedByRightsService"]
    assert "secret session" in answer.details[0].text
    assert not any(nobody.state().values())


def test_an_adult_has_none(nobody: File) -> None:
    refused = nobody.client().create(nobody.cx, ACCENTED, representatives=[MOTHER])
    assert refused.error_codes == ["SBX_NOT_A_MINOR"]
    assert not any(nobody.state().values())


def test_representatives_are_changed_for_a_minor_only(record: File) -> None:
    record.refused(lambda: record.client().change(record.cx, ACCENTED, representatives=[MOTHER]), "SBX_NOT_A_MINOR")
    assert record.client().change(record.cx, CHILD, representatives=[MOTHER]).accepted
    assert len(record.state()["legal_representatives"]) == 1


def test_those_who_represent_a_protected_adult_are_declared_when_the_house_knows_it(record: File) -> None:
    guardian = replace(MOTHER, relationship="RESPRSN")
    record.refused(lambda: record.client().change(record.cx, ACCENTED, representatives=[guardian]), "SBX_NOT_A_MINOR")
    record.set(protected=True)

    assert record.client().change(record.cx, ACCENTED, representatives=[guardian]).accepted

    assert len(record.state()["legal_representatives"]) == 1
    assert 'code="RESPRSN"' in etree.tostring(record.client().administrative(record.cx).root, encoding="unicode")


@pytest.mark.parametrize(
    ("cx", "words"),
    [
        ("258076912300000^^^&1.2.250.1.213.1.4.10&ISO^NH", "the key of the INS"),
        ("{ins}^^^&1.2.250.1.213.1.4.8&ISO^NH", "1.2.250.1.213.1.4.10"),
        ("{ins}^^^&1.2.250.1.213.1.4.2&ISO^NH", "1.2.250.1.213.1.4.10"),
    ],
    ids=["key", "a genuine patient", "an INS-C"],
)
def test_only_a_qualified_ins_of_the_tests_gets_a_record(legacy: House, cx: str, words: str) -> None:
    patient = someone()
    cx = cx.format(ins=patient.ins)
    file = File(legacy, patient)

    answer = file.client(about=cx).create(cx, file.person)

    assert answer.error_codes == ["SBX_INS_NOT_QUALIFIED"]
    assert words in answer.details[0].text
    assert legacy.rows("SELECT 1 FROM ecluse.patients WHERE patient_id = %s", cx) == []


def test_a_relationship_that_does_not_exist_and_a_second_mobile_are_told_together(nobody: File) -> None:
    message = record_messages.registration(
        "CREA_RD",
        nobody.cx,
        ACCENTED,
        representatives=[Person(family="VOISIN", relationship="VOISIN")],
        flags={"CONSENTEMENT_OUVERTURE_DMP": True},
    )
    person = message.find(".//{urn:hl7-org:v3}patientPerson")
    person.find("{urn:hl7-org:v3}telecom").set("value", "tel:0699999999")

    answer = nobody.client().interact(message)

    assert answer.error_codes == ["SBX_MESSAGE", "SBX_MESSAGE"]
    assert {
        "personalRelationship/code/@code" in one.location or "telecom" in one.location for one in answer.details
    } == {True}


def test_a_reactivated_record_has_all_it_held(nobody: File) -> None:
    nobody.open().authorise("dr-essai")
    unique_id = deposit(nobody)
    nobody.client().close_record(nobody.cx)

    answer = nobody.client().reactivate(nobody.cx)

    assert (answer.code, answer.name) == ("AA", "PRPA_IN201315UV02")
    assert answer.found[0].status == "active"
    assert found(nobody) == [unique_id]
    assert {"RECORD_CLOSED", "RECORD_REACTIVATED"} <= set(nobody.told())
    ((motive, reason),) = nobody.house.rows(
        "SELECT closing_motive, closing_reason FROM ecluse.openings JOIN ecluse.patients USING (patient_key)"
        " WHERE patient_id = %s",
        nobody.cx,
    )
    assert (motive, reason) == ("FERMETURE_DEMANDE_PATIENT", "À la demande du patient")


def test_what_cannot_be_reactivated_is_refused(legacy: House, record: File) -> None:
    record.refused(lambda: record.client().reactivate(record.cx), "DMPFound", rule="5-RECORD-OPEN", operation="TD1.2")
    old = File(legacy, someone()).closed(NOW - timedelta(days=3653))
    old.refused(lambda: old.client().reactivate(old.cx), "XDSUnknownPatientId", rule="5-RECORD-UNKNOWN")
    recent = File(legacy, someone()).closed(NOW - timedelta(days=3640))
    recent.refused(lambda: recent.client().reactivate(recent.cx, flags={}), "SBX_CONSENT_MISSING")
    assert recent.client().reactivate(recent.cx).accepted
    nobody = File(legacy, someone())
    assert nobody.client().reactivate(nobody.cx).error_codes == ["XDSUnknownPatientId"]


def test_the_record_of_somebody_who_died_stays_closed(record: File) -> None:
    record.client().close_record(record.cx)
    record.set(deceased_on=NOW.date())
    record.refused(lambda: record.client().reactivate(record.cx), "SBX_HOLDER_DECEASED", rule="5-HOLDER-DECEASED")


def test_an_identifier_that_a_patient_had_before_gets_no_record(legacy: House) -> None:
    before, now = File(legacy, someone()).open(), File(legacy, someone())
    with closing(legacy.rehearsal.owner()) as owner:
        change_identifier(owner, before.cx, now.cx)
    answer = before.client().create(before.cx, before.person)
    assert answer.error_codes == ["DMPFound"]
    assert before.client().existence(before.cx).response == "NF"
    assert now.client().existence(now.cx).response == "OK"


def test_administrative_data_and_oppositions_change(record: File) -> None:
    record.set(masked=True)

    answer = record.client().change(record.cx, ACCENTED, flags={"OPPOSITION_BRIS_DE_GLACE": True})
    assert answer.found[0].family == ACCENTED.family
    assert (record.column("etreat"), record.column("btg"), record.column("masked")) == (True, False, True)

    record.client().change(record.cx, ACCENTED, flags={"OPPOSITION_ACCES_URGENCE": True})
    assert (record.column("etreat"), record.column("btg")) == (False, False)
    assert record.column("masked") is False, "masked documents stay masked where no emergency is permitted"


def test_a_record_of_the_national_space_is_changed_and_closed_there(attached: File) -> None:
    for operation, ask in (
        ("TD1.3b", lambda: attached.client().change(attached.cx, ACCENTED)),
        ("TD1.4", lambda: attached.client().close_record(attached.cx)),
        ("TD1.5", lambda: attached.client().open_access(attached.cx, email="zoe@example.org")),
    ):
        attached.refused(ask, "DMPAccessDeniedByRightsService", rule="5-ATTACHED-TO-ENS", operation=operation)


def test_a_closed_record_tells_why_and_takes_nothing_more(record: File) -> None:
    record.client().authorise(record.cx)

    answer = record.client().close_record(record.cx, "DECES", "Décès le 3 mars")

    assert (answer.code, answer.found[0].status) == ("AA", "terminated")
    lines = record.client().existence(record.cx).lines
    assert (lines["MOTIF_FERMETURE"], lines["RAISON_FERMETURE"]) == ("DECES", "Décès le 3 mars")
    assert deposit_errors(record) == ["DMPClosed"]
    refused = record.refused(lambda: record.client().close_record(record.cx), "DMPClosed", operation="TD1.4")
    assert refused.name == "PRPA_IN201316UV02"
    record.refused(lambda: record.client().authorise(record.cx), "DMPClosed")


def test_a_closing_says_a_known_motive_and_a_reason(record: File) -> None:
    answer = record.refused(
        lambda: record.client().close_record(record.cx, "ENNUI", ""), "SBX_MESSAGE", "SBX_MESSAGE", operation="TD1.4"
    )

    assert "found ENNUI, expected FERMETURE_DEMANDE_PATIENT or" in answer.details[0].text
    assert "detectedIssueEvent/text: found nothing, expected a text" in answer.details[1].text


def test_of_two_closings_at_once_one_wins(legacy: House) -> None:
    for _ in range(5):
        file = File(legacy, someone()).open()
        answers = at_once(file, lambda client, file: client.close_record(file.cx))
        assert sorted(tuple(one.error_codes) for one in answers) == [(), *[("DMPClosed",)] * 3]
        assert file.told().count("RECORD_CLOSED") == 1


def test_of_two_creations_at_once_one_wins(legacy: House) -> None:
    for _ in range(5):
        file = File(legacy, someone())
        answers = at_once(file, lambda client, file: client.create(file.cx, file.person))
        assert sorted(tuple(one.error_codes) for one in answers) == [(), *[("DMPFound",)] * 3]
        assert len(file.state()["record_keys"]) == 1


def at_once(file: File, ask: Any) -> list[Any]:
    """Four professionals do the same thing at the same time."""
    people = ("dr-essai", "dr-martin", "dr-blanc", "inf-petit")
    clients = [file.client(who) for who in people]
    with ThreadPoolExecutor(len(people)) as pool:
        return list(pool.map(ask, clients, [file] * len(clients)))


def deposit(file: File) -> str:
    errors, unique_id = _deposit(file)
    assert errors == []
    return unique_id


def deposit_errors(file: File) -> list[str]:
    return _deposit(file)[0]


def _deposit(file: File) -> tuple[list[str], str]:
    rehearsal = file.house.rehearsal
    lot = build_submission(
        [vsm(file.patient)], signer=rehearsal.credential("chu-seine.sign"), now=datetime.now(UTC), patient_id=file.cx
    )
    with rehearsal.establishment("chu-seine", file.cx) as client:
        answer = client.provide_and_register(lot)
    return [error.code for error in answer.errors if error.severity == "Error"], lot.unique_ids[0]


def found(file: File) -> list[str]:
    with file.house.rehearsal.professional("dr-essai", file.cx) as client:
        return client.find_documents(file.cx).unique_ids
