"""TD0.2 and TD1.3a at the real door (C02-01 to C02-03, C13-01)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from lxml import etree

from samples.client import record_messages
from samples.client.records import RecordsClient
from samples.vihf import build_vihf

from .conftest import File, House, someone

NOW = datetime.now(UTC)
HL7 = "{urn:hl7-org:v3}"


def test_a_patient_without_record_is_not_found_and_that_is_no_error(nobody: File) -> None:
    answer = nobody.client().existence(nobody.cx)

    assert (answer.code, answer.response, answer.found) == ("AA", "NF", ())
    assert answer.lines == {}


def test_a_closed_record_is_told_with_its_date_its_motive_and_its_reason(nobody: File) -> None:
    nobody.closed(datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC))

    answer = nobody.client().existence(nobody.cx)

    assert (answer.code, answer.response) == ("AA", "OK")
    assert answer.found[0].status == "terminated"
    assert answer.lines["DATE_FERMETURE"] == "20260304050607+0000"
    assert answer.lines["MOTIF_FERMETURE"] == "FERMETURE_DEMANDE_PATIENT"
    assert answer.lines["RAISON_FERMETURE"] == "Plus besoin"


def test_the_status_of_the_caller_is_that_of_the_law_at_this_time(record: File) -> None:
    record.authorise("dr-martin").authorise("dr-blanc", until=NOW - timedelta(seconds=1))
    record.authorise("pha-roux", "INTERDIT")

    found = {
        who: record.client(who).existence(record.cx).lines["AUTORISATION"]
        for who in ("dr-essai", "dr-martin", "dr-blanc", "pha-roux")
    }

    assert found == {"dr-essai": "NON_EXISTE", "dr-martin": "VALIDE", "dr-blanc": "EXPIRE", "pha-roux": "INTERDIT"}


def test_an_authorisation_expires_by_the_clock_of_the_law(record: File) -> None:
    ((now,),) = record.house.rows("SELECT ecluse.law_now()")
    record.authorise("dr-martin", until=now + timedelta(days=1))
    assert record.client("dr-martin").existence(record.cx).lines["AUTORISATION"] == "VALIDE"

    record.house.run("SELECT ecluse.law_clock_advance(%s)", now + timedelta(days=2))

    assert record.client("dr-martin").existence(record.cx).lines["AUTORISATION"] == "EXPIRE"


def test_the_medecin_traitant_the_national_space_and_the_account_are_told(record: File, attached: File) -> None:
    record.authorise("dr-martin", medecin_traitant=True)

    own, others = record.client("dr-martin").existence(record.cx), attached.client().existence(attached.cx)

    assert (own.lines["STATUT_MT"], own.lines["RATTACHEMENT_ENS"]) == ("true", "false")
    assert own.lines["COMPTE_INTERNET_OUVERT"] == "false"
    assert (others.lines["STATUT_MT"], others.lines["RATTACHEMENT_ENS"]) == ("false", "true")


def test_a_suspended_record_refuses_even_this_question(record: File) -> None:
    record.set(status="SUSPENDED", suspended_at=NOW)

    record.refused(lambda: record.client().existence(record.cx), "SBX_RECORD_SUSPENDED", operation="TD0.2")


def test_another_patient_than_that_of_the_assertion_is_refused_and_traced(record: File, legacy: House) -> None:
    other = File(legacy, someone()).open()

    record.refused(
        lambda: record.client().existence(other.cx), "XDSPatientIdDoesNotMatch", rule="V-42", operation="TD0.2"
    )
    assert "TD0.2" not in {trace[0] for trace in other.traces()}


def test_every_fault_of_a_message_is_told_at_once_with_its_place(record: File) -> None:
    message = record_messages.existence(record.cx)
    message.find(f"{HL7}processingCode").set("code", "X")
    message.find(f"{HL7}controlActProcess/{HL7}reasonCode").set("code", "AUTRE")
    for name in ("creationTime", "id"):
        message.remove(message.find(f"{HL7}{name}"))
    message.find(f".//{HL7}patientIdentifier/{HL7}value").set("root", "not-an-oid")

    answer = record.refused(lambda: record.client().interact(message), *["SBX_MESSAGE"] * 5)

    text = " | ".join(detail.text for detail in answer.details)
    for words in (
        "PRPA_IN201307UV02/id: found nothing, expected one element",
        "creationTime: found nothing, expected one element",
        "processingCode/@code: found X, expected P, T or D",
        "reasonCode/@code: found AUTRE, expected TEST_EXST or CNSLT_DATA",
        "value/@root: found not-an-oid, expected the OID of an assigning authority",
    ):
        assert words in text, words


def test_a_message_without_anything_is_refused_with_its_faults_and_no_incident(record: File) -> None:
    empty = etree.Element(f"{HL7}PRPA_IN201307UV02")

    answer = record.client().interact(empty)

    assert answer.code == "AE"
    assert set(answer.error_codes) == {"SBX_MESSAGE"}
    assert len(answer.details) >= 5


def test_administrative_data_are_those_that_were_declared(nobody: File) -> None:
    mother = record_messages.Person(family="MÈRE", given=("Zoé",), relationship="MTH", born="19850101")
    child = record_messages.Person(
        family="D'ÉTÉ-ÇÀ",
        given=("Noël", "Anaïs"),
        born="20150203",
        lines=("12 bis, rue de l'Œuvre",),
        postal_code="69001",
        city="Lyon",
        email="noel@example.org",
        mobile="+33600000000",
    )
    nobody.client().create(nobody.cx, child, representatives=[mother], identity_source="CARTE_SESAM_VITALE")

    answer = nobody.client().administrative(nobody.cx)

    text = etree.tostring(answer.root, encoding="unicode")
    assert (answer.found[0].family, answer.found[0].given) == ("D'ÉTÉ-ÇÀ", ("Noël", "Anaïs"))
    for words in (
        "12 bis, rue de l'Œuvre",
        "69001",
        "mailto:noel@example.org",
        "tel:+33600000000",
        'code="MTH"',
        "Zoé",
    ):
        assert words in text, words
    assert "rue de l'Œuvre" not in etree.tostring(nobody.client().existence(nobody.cx).root, encoding="unicode")
    assert answer.lines["OPPOSITION_BRIS_DE_GLACE"] == "false"


def test_a_closed_record_gives_no_administrative_data(nobody: File) -> None:
    nobody.closed(NOW - timedelta(days=1))

    nobody.refused(lambda: nobody.client().administrative(nobody.cx), "DMPClosed", operation="TD1.3a")


def test_a_client_made_of_what_the_door_publishes_speaks_every_service(record: File) -> None:
    door, signer = record.house.rehearsal.doors["consultation"], record.house.credential("dr-blanc.sign")
    with RecordsClient(
        door.url,
        record.house.credential("dr-blanc.auth"),
        door.ca,
        vihf=lambda: build_vihf(signer=signer, now=datetime.now(UTC), patient=record.cx),
        published=True,
    ) as client:
        assert client.existence(record.cx).accepted
        assert client.authorise(record.cx).accepted
        assert client.my_records().accepted
        said = client.habilitations.zeep.service.listAuthorizationByPatient(patientId=record.cx, mode="ACTIVE")

    assert (said.code, [row.status for row in said.authorization]) == ("DMPOk", ["VALIDE"])
