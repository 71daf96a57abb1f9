"""A message as a submission, as claims of a VIHF, and against its documents."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from cda.document import parse_document
from cda.header import read_header
from cda.header_values import Patient, unique_id_of
from cda.to_metadata import to_entry
from conformance.checks.metadata import check_metadata
from profiles.codes import load_domain
from profiles.hl7v2.tables import rules
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import ADELE, CLAIRE, PAUL
from samples.documents.professionals import BIOLOGIST
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import mdm, oru
from xds.hl7v2.agreement import DocumentFacts, check_agreement
from xds.hl7v2.consent_message import Consultation, Feeding
from xds.hl7v2.consents import may_consult, may_feed
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.national_ids import person_id, structure_id
from xds.hl7v2.reading import read_message
from xds.hl7v2.submission import to_submission, visibility_codes
from xds.hl7v2.terms import Terms
from xds.hl7v2.vihf_claims import HIDDEN_FROM_GUARDIANS, vihf_claims
from xds.metadata.association import AssociationType
from xds.metadata.persons import Xcn, Xon

NOW = datetime(2026, 3, 1, 10, 20, tzinfo=UTC)


def sent(message: Er7) -> DocumentMessage:
    read = read_message(message.bytes).message
    assert isinstance(read, DocumentMessage)
    return read


def facts_of(content: bytes) -> DocumentFacts:
    header = read_header(parse_document(content))
    patient = header.patient or Patient()
    return DocumentFacts(
        unique_id=header.unique_id,
        replaces=unique_id_of(header.replaces),
        type=header.code,
        confidentiality=header.confidentiality.code if header.confidentiality else None,
        patient_ids=tuple((one.extension or "", one.root) for one in patient.ids),
        family=patient.birth_family,
        birth_date=patient.birth_time,
        sex=patient.gender,
    )


def test_a_message_becomes_the_submission_of_its_documents() -> None:
    message = sent(oru(said={"MASQUE_PS": "Y", "INVISIBLE_REP_LEGAUX": "Y"}))
    content = message.documents[0].content
    entry = to_entry(read_header(parse_document(content)), content, entry_uuid="Document01")
    request = to_submission(
        message, [entry], unique_id="1.2.3", source_id="1.2.4", now=NOW, replaced={"Document01": "urn:uuid:1"}
    )
    assert request.submission_set is not None
    assert request.submission_set.patient_id == CLAIRE.cx
    assert request.submission_set.submission_time == "20260301102000"
    assert request.submission_set.content_type_code is not None
    assert request.submission_set.content_type_code.code == "07"
    author = request.submission_set.authors[0]
    assert author.person == f"{BIOLOGIST.national_id}^ETALON^Karim^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    assert author.institutions == (
        f"{BIOLOGIST.structure_name}^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^{BIOLOGIST.structure_id}",
    )
    assert [code.code for code in request.entries[0].confidentiality_codes] == [
        "N",
        "MASQUE_PS",
        "INVISIBLE_REPRESENTANTS_LEGAUX",
    ]
    assert request.documents == {"Document01": content}
    assert [one.association_type for one in request.associations] == [AssociationType.HAS_MEMBER, AssociationType.RPLC]


def test_the_submission_of_a_message_breaks_no_rule_of_metadata_but_its_signature() -> None:
    message = sent(mdm())
    content = message.documents[0].content
    entry = to_entry(read_header(parse_document(content)), content, entry_uuid="Document01")
    request = to_submission(message, [entry], unique_id="1.2.3", source_id="1.2.4", now=NOW)
    wrong = {one.context for one in check_metadata(request, load_domain())}
    assert all("signature" in text.lower() for text in wrong), wrong


def test_a_submission_has_an_entry_for_each_document() -> None:
    with pytest.raises(ValueError, match="argument"):
        to_submission(sent(oru()), [], unique_id="1.2.3", source_id="1.2.4", now=NOW)


def test_each_tag_is_a_code_of_the_domain() -> None:
    message = sent(oru(said=dict.fromkeys(("MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REP_LEGAUX"), "Y")))
    codes = visibility_codes(message.instructions)
    assert len(codes) == 3
    assert all(load_domain().allows("confidentialityCode", code.code, code.scheme) for code in codes)


@pytest.mark.parametrize(
    ("kind", "number", "expected"),
    [
        ("IDNST", "1690999032", "1690999032"),
        ("FINEG", "300017985", "1300017985"),
        ("FINEG", "1120459876", "1120459876"),
        ("FINEJ", "690999032", "1690999032"),
        ("SIREN", "123456789", "2123456789"),
        ("SIRET", "12345678901234", "312345678901234"),
    ],
)
def test_a_structure_is_named_as_the_dmp_names_it(kind: str, number: str, expected: str) -> None:
    assert structure_id(Xon(name="X", identifier=number, id_type=kind)) == expected


@pytest.mark.parametrize(
    ("kind", "number", "expected"),
    [
        ("IDNPS", "810099998055", "810099998055"),
        ("RPPS", "10099998055", "810099998055"),
        ("RPPS", "810099998055", "810099998055"),
        ("ADELI", "691234567", "0691234567"),
        ("EI", "AGENT7", "3690999032/AGENT7"),
        ("IDNPS", "3690999032/AGENT7", "3690999032/AGENT7"),
    ],
)
def test_a_person_is_named_as_the_dmp_names_him(kind: str, number: str, expected: str) -> None:
    assert person_id(Xcn(identifier=number, family="X", id_type=kind), "1690999032") == expected


def test_what_a_message_says_for_its_vihf() -> None:
    claims = vihf_claims(sent(oru()))
    assert claims is not None
    assert (claims.structure_id, claims.name_id) == (BIOLOGIST.structure_id, BIOLOGIST.national_id)
    assert (claims.subject_name, claims.patient, claims.confidentiality) == ("ETALON Karim", CLAIRE.cx, None)


def test_a_device_is_named_by_its_structure() -> None:
    claims = vihf_claims(sent(oru().with_field("PRT^1^5", "").with_field("PRT^1^10", "AUTOMATE7")))
    assert claims is not None
    assert (claims.name_id, claims.subject_name, claims.is_device) == ("3690999032/AUTOMATE7", "AUTOMATE7", True)


def test_nobody_who_asks_is_no_claim() -> None:
    assert vihf_claims(sent(oru().without("PRT^1"))) is None


@pytest.mark.parametrize(
    ("patient", "said", "today", "expected"),
    [
        (ADELE, {"CONNEXION_SECRETE": "Y"}, date(2026, 3, 1), HIDDEN_FROM_GUARDIANS),
        (ADELE, {}, date(2026, 3, 1), None),
        (ADELE, {"CONNEXION_SECRETE": "Y"}, date(2038, 5, 17), HIDDEN_FROM_GUARDIANS),
        (ADELE, {"CONNEXION_SECRETE": "Y"}, date(2038, 5, 18), None),
        (CLAIRE, {"CONNEXION_SECRETE": "Y"}, date(2026, 3, 1), None),
        (CLAIRE, {"CONNEXION_SECRETE": "Y"}, None, HIDDEN_FROM_GUARDIANS),
    ],
)
def test_a_secret_connection_is_one_of_a_minor(patient, said, today, expected) -> None:  # type: ignore[no-untyped-def]
    claims = vihf_claims(sent(oru(patient=patient, said=said)), Terms(today=today))
    assert claims is not None
    assert claims.confidentiality == expected


REPORT = laboratory_report(unique_id="1.2.3.4", replaces="1.2.3.3")
EXTENDED = laboratory_report(unique_id="1.2.3.4")


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (mdm(), []),
        (oru(), []),
        (mdm(flow="replace"), []),
        (mdm(flow="delete"), []),
        (mdm(REPORT, flow="delete"), []),
        (oru(patient=PAUL).with_field("PID^1^3", f"{CLAIRE.ins}^^^&1.2.250.1.213.1.4.10&ISO^INS"), ["H-60"]),
        (oru().edited("PID^1^3", lambda ids: ids.split("~")[0]), []),
        (oru().edited("PID^1^3", lambda ids: f"9{ids.split('~')[0]}"), ["H-60"]),
        (oru().with_field("PID^1^3", "42^^^CABINET&1.2.250.1.213.99.1.9&ISO^PI"), []),
        (mdm(REPORT, flow="replace").with_field("TXA^1^12", "1.2.3.5"), ["H-61"]),
        (mdm(REPORT, flow="replace").with_field("TXA^1^13", "1.2.3.5"), ["H-62"]),
        (oru(flow="replace"), ["H-64"]),
        (oru(laboratory_report(replaces="1.2.3"), flow="replace"), []),
        (oru().with_component("OBR^1^4", 1, "11488-4"), ["H-63"]),
        (oru(EXTENDED, EXTENDED), ["H-65"]),
    ],
)
def test_a_message_agrees_with_its_documents(message: Er7, expected: list[str]) -> None:
    read = sent(message)
    documents = [facts_of(one.content) for one in read.documents]
    assert [fault.rule for fault in check_agreement(read, documents)] == expected


@pytest.mark.parametrize(
    ("changes", "expected"),
    [({"confidentiality": "V"}, ["H-15"]), ({"confidentiality": "R"}, ["H-15"]), ({"unique_id": "1.2.3^X"}, ["H-66"])],
)
def test_what_may_not_go_to_the_dmp_is_told(changes: dict[str, str], expected: list[str]) -> None:
    message = sent(oru())
    whole = facts_of(message.documents[0].content)
    facts = DocumentFacts(
        unique_id=changes.get("unique_id", whole.unique_id),
        replaces=whole.replaces,
        type=whole.type,
        confidentiality=changes.get("confidentiality", whole.confidentiality),
        patient_ids=whole.patient_ids,
    )
    assert [fault.rule for fault in check_agreement(message, [facts])] == expected
    elsewhere = sent(oru(said={"DESTDMP": "N"}))
    assert "H-15" not in [fault.rule for fault in check_agreement(elsewhere, [facts])]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"family": "AUTRE"}, ["PID^1^5"]),
        ({"birth_date": "20010101"}, ["PID^1^7"]),
        ({"sex": "M"}, ["PID^1^8"]),
        ({"family": "AUTRE", "birth_date": "20010101", "sex": "M"}, ["PID^1^5", "PID^1^7", "PID^1^8"]),
        ({"family": "Mo-dèle", "birth_date": "195807141030"}, []),
        ({"family": None, "birth_date": None, "sex": None}, []),
    ],
)
def test_other_traits_under_the_same_ins_are_told_without_being_repeated(
    changes: dict[str, Any], expected: list[str]
) -> None:
    message = sent(oru())
    facts = replace(facts_of(message.documents[0].content), **changes)
    found = list(check_agreement(message, [facts]))
    assert [(fault.rule, fault.location) for fault in found] == [("H-67", location) for location in expected]
    assert not any("AUTRE" in fault.text or "2001" in fault.text for fault in found)


@pytest.mark.parametrize(
    ("feeding", "when_unknown", "expected"),
    [
        (Feeding.NO_OPPOSITION, False, True),
        (Feeding.OPPOSITION, True, False),
        (Feeding.UNKNOWN, True, True),
        (Feeding.UNKNOWN, False, False),
    ],
)
def test_opposition_prevails(feeding: Feeding, when_unknown: bool, expected: bool) -> None:
    assert may_feed(feeding, when_unknown=when_unknown) is expected


@pytest.mark.parametrize("said", Consultation)
def test_only_consent_opens_consultation(said: Consultation) -> None:
    assert may_consult(said) is (said is Consultation.CONSENT)


OFFICIAL = Path(__file__).parents[3].parent / "shared" / "samples-fr" / "hl7v2"


@pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the examples of the agency are not here")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mdm_t02_cr_radio_init_n1.er7", []),
        ("mdm_t10_cr_radio_rplc_n1.er7", []),
        ("mdm_t04_cr_radio_del_n1.er7", []),
        ("oru_r01_cr_bio_init_n3_segur.hl7", []),
        ("oru_r01_cr_bio_rplc_n3_segur.hl7", []),
        # Its document is of another patient than its PID.
        ("oru_r01_cr_bio_del_n3_segur.hl7", ["H-60"]),
    ],
)
def test_the_messages_of_the_agency_against_their_documents(name: str, expected: list[str]) -> None:
    message = read_message((OFFICIAL / name).read_bytes()).message
    assert isinstance(message, DocumentMessage)
    documents = [facts_of(one.content) for one in message.documents]
    assert [fault.rule for fault in check_agreement(message, documents)] == expected


def test_every_rule_of_agreement_is_tried_here() -> None:
    asked = {row.rule for row in rules().values() if row.scope == "agreement"}
    assert asked == {"H-15", "H-60", "H-61", "H-62", "H-63", "H-64", "H-65", "H-66", "H-67"}
