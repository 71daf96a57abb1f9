from __future__ import annotations

from datetime import timedelta

import pytest

from samples.documents.patients import CLAIRE
from samples.vihf import PASSWORD
from security.vihf import attributes as names
from security.vihf.model import AuthenticationMode, Role
from security.vihf.roles import OTHERS, PROFESSION, SECTION, SPECIALTY

CONTENT, IDENTITY, TIME = "ASSERTION_CONTENT", "ASSERTION_IDENTITY", "ASSERTION_TIME"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_a_hospital_speaks_indirectly_on_ingest(ingest):
    vihf = ingest.verify(ingest.build())
    assert vihf.mode is AuthenticationMode.INDIRECTE
    assert vihf.structure_id == vihf.signer.structure_id == "1750999013"
    assert vihf.patient == CLAIRE.cx
    assert vihf.expires == ingest.now + HOUR
    assert vihf.warnings == ()


def test_a_doctor_speaks_directly_on_consultation(consultation):
    vihf = consultation.verify(consultation.build())
    assert vihf.mode is AuthenticationMode.DIRECTE
    assert vihf.name_id == vihf.signer.national_id == "810009999995"
    assert [(role.code, role.system) for role in vihf.roles] == [("10", PROFESSION), ("SM26", SPECIALTY)]
    assert vihf.warnings == ()


@pytest.mark.parametrize("person", ["dr-martin", "dr-blanc", "inf-petit", "pha-roux"])
def test_every_professional_speaks_directly_on_consultation(consultation, person):
    assert consultation.verify(consultation.build(signer=f"{person}.sign"), f"{person}.auth").purpose == "normal"


@pytest.mark.parametrize("structure", ["chu-seine", "ch-loire", "labo-rhone"])
def test_a_staff_card_feeds_directly(ingest, structure):
    vihf = ingest.verify(ingest.build(signer=f"{structure}.cpe-sign"), f"{structure}.cpe")
    assert vihf.mode is AuthenticationMode.DIRECTE
    assert vihf.structure_id == vihf.signer.structure_id


def test_a_professional_feeds_only_where_the_door_allows_it(ingest, open_ingest):
    assertion = ingest.build(signer="dr-essai.sign")
    assert ingest.refusal(assertion, "dr-essai.auth") == ("DMPInvalidCertificate", "CERT_UNTRUSTED")
    assert open_ingest(professional_feeding=True).verify(assertion, "dr-essai.auth").name_id == "810009999995"


def test_break_glass_gives_its_reason(consultation):
    vihf = consultation.verify(consultation.build(purpose="bris_de_glace", reason="Patient inconscient"))
    assert (vihf.purpose, vihf.reason) == ("bris_de_glace", "Patient inconscient")


def test_an_assertion_without_a_record_is_read(consultation):
    assert consultation.verify(consultation.build(patient=None)).patient is None


MODES = [
    ("consultation", {"mode": AuthenticationMode.INDIRECTE}),
    ("consultation", {"mode": AuthenticationMode.INDIRECTE_RENFORCEE}),
    ("ingest", {"mode": AuthenticationMode.INDIRECTE_RENFORCEE}),
]


@pytest.mark.parametrize(("name", "choices"), MODES)
def test_a_mode_that_is_not_of_this_door_is_refused(request, name, choices):
    door = request.getfixturevalue(name)
    assert door.refusal(door.build(**choices)) == ("DMPAccessDeniedByRightsService", "CHANNEL_FORBIDDEN")


def test_a_hospital_that_comes_to_consultation_is_told_it_has_no_right(consultation):
    assertion = consultation.build(signer="chu-seine.sign")
    assert consultation.refusal(assertion) == ("DMPAccessDeniedByRightsService", "CHANNEL_FORBIDDEN")


@pytest.mark.parametrize(
    ("name", "signer", "tls"),
    [
        ("ingest", "chu-seine.sign", "chu-seine.cpe"),
        ("ingest", "chu-seine.cpe-sign", "chu-seine.auth"),
        ("ingest", "chu-seine.sign", "dr-essai.auth"),
        ("consultation", "dr-essai.sign", "chu-seine.auth"),
        ("consultation", "dr-essai.sign", "chu-seine.cpe"),
    ],
)
def test_a_connection_of_another_kind_is_refused(request, name, signer, tls):
    door = request.getfixturevalue(name)
    assert door.refusal(door.build(signer=signer), tls) == ("DMPAccessDeniedByRightsService", "CHANNEL_FORBIDDEN")


def test_an_organisation_does_not_claim_to_be_a_card(ingest):
    assertion = ingest.build(mode=AuthenticationMode.DIRECTE)
    assert ingest.refusal(assertion, "chu-seine.cpe") == ("DMPInvalidCertificate", "CERT_KIND")


def _text(name, text):
    return {"attributes": {name: text}}


MALFORMED = {
    "without a version": _text(names.VERSION, None),
    "another version": _text(names.VERSION, "2.0"),
    "without a mode": _text(names.MODE, None),
    "unknown mode": _text(names.MODE, "SEMI_DIRECTE"),
    "without a structure": _text(names.STRUCTURE, None),
    "structure of no register": _text(names.STRUCTURE, "9123"),
    "without a sector": _text(names.SECTOR, None),
    "sector without its system": _text(names.SECTOR, "SA07"),
    "record without its authority": {"patient": "258076912301541"},
    "record with spaces around": {"patient": f" {CLAIRE.cx}"},
    "without Ressource_URN": _text(names.RESOURCE, None),
    "without the name of the software": _text(names.LPS_NAME, None),
    "without the version of the software": _text(names.LPS_VERSION, None),
    "unknown confidentiality": {"confidentiality": "SECRET^1.2.3"},
    "attribute twice": {"repeated": [(names.STRUCTURE, "1440999068")]},
    "attribute twice, other capitals": {"repeated": [(names.STRUCTURE.lower(), "1440999068")]},
    "control character": _text(names.LPS_NAME, "a\tb"),
    "three roles": {"roles": [Role(code="10", system=PROFESSION, display="")] * 3},
    "unknown profession": {"roles": [Role(code="11", system=PROFESSION, display="")]},
    "unknown function": {"roles": [Role(code="CHEF", system=OTHERS, display="")]},
    "issuer of another format": {"issuer": " "},
    "a class that no card gives": {"authn_context": PASSWORD},
}


@pytest.mark.parametrize("choices", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_assertion_is_refused(consultation, choices):
    if choices == {"issuer": " "}:
        assertion = consultation.build(signed=False)
        assertion[0].set("Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified")
        from samples.vihf import sign_assertion

        sign_assertion(assertion, consultation.pki.certificate("dr-essai.sign"))
    else:
        assertion = consultation.build(**choices)
    assert consultation.refusal(assertion) == ("SBX_VIHF_MALFORMED", CONTENT)


DOCTOR = Role(code="10", system=PROFESSION, display="Médecin")
OTHER_CONTENT = {
    "another resource": (_text(names.RESOURCE, "urn:autre"), "SBX_VIHF_RESOURCE", CONTENT),
    "without homologation": (_text(names.HOMOLOGATION, None), "SBX_VIHF_HOMOLOGATION", CONTENT),
    "empty homologation": (_text(names.HOMOLOGATION, ""), "SBX_VIHF_HOMOLOGATION", CONTENT),
    "unknown purpose": ({"purpose": "curiosite"}, "SBX_VIHF_PURPOSE", CONTENT),
    "break-glass without reason": ({"purpose": "bris_de_glace"}, "SBX_VIHF_REASON_MISSING", CONTENT),
    "break-glass with a reason of spaces": (
        {"purpose": "bris_de_glace", "reason": "     "}, "SBX_VIHF_REASON_MISSING", CONTENT,
    ),
    "doctor without specialty": ({"roles": [DOCTOR]}, "SBX_VIHF_DIR", IDENTITY),
    "doctor of another specialty": (
        {"roles": [DOCTOR, Role(code="SM54", system=SPECIALTY, display="")]}, "SBX_VIHF_DIR", IDENTITY,
    ),
    "another profession than the card": (
        {"roles": [Role(code="60", system=PROFESSION, display="")]}, "SBX_VIHF_DIR", IDENTITY,
    ),
    "pharmacist without section": (
        {"roles": [Role(code="21", system=PROFESSION, display="")]}, "SBX_VIHF_DIR", IDENTITY,
    ),
    "doctor with a section": (
        {"roles": [DOCTOR, Role(code="A", system=SECTION, display="")]}, "SBX_VIHF_DIR", IDENTITY,
    ),
    "issuer of somebody else": (
        {"issuer": "CN=810099998014+GN=PAUL+SN=MARTIN-TEST,title=Médecin,C=FR"}, "SBX_VIHF_ISSUER", IDENTITY,
    ),
    "issuer with keywords of other tools": ({"issuer": "CN=1,G=ANNE,S=ESSAI,C=FR"}, "SBX_VIHF_ISSUER", IDENTITY),
    "subject of somebody else": ({"name_id": "810099998014"}, "SBX_VIHF_ISSUER", IDENTITY),
    "audience of somebody else": ({"audience": ["urn:autre"]}, "SBX_VIHF_AUDIENCE", "ASSERTION_AUDIENCE"),
    "audiences, one of which is not ours": (
        {"audience": ["urn:dmp", "urn:autre"]}, "SBX_VIHF_AUDIENCE", "ASSERTION_AUDIENCE",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("choices", "code", "kind"), OTHER_CONTENT.values(), ids=OTHER_CONTENT)
def test_each_fault_has_its_own_word(consultation, choices, code, kind):
    assert consultation.refusal(consultation.build(**choices)) == (code, kind)


@pytest.mark.parametrize(
    ("choices", "tls", "code"),
    [
        ({"structure_id": "1440999068"}, None, "SBX_VIHF_STRUCT"),
        ({}, "ch-loire.auth", "SBX_VIHF_STRUCT"),
        ({"name_id": "1440999068/0001"}, None, "SBX_VIHF_MALFORMED"),
        ({"purpose": "bris_de_glace", "reason": "urgence"}, None, "SBX_VIHF_PURPOSE"),
        ({"signer": "chu-seine.cpe-sign"}, "labo-rhone.cpe", "SBX_VIHF_ISSUER"),
        ({"signer": "chu-seine.cpe-sign", "structure_id": "1440999068"}, "chu-seine.cpe", "SBX_VIHF_STRUCT"),
        (
            {"signer": "chu-seine.cpe-sign", "purpose": "bris_de_glace", "reason": "urgence"},
            "chu-seine.cpe",
            "SBX_VIHF_PURPOSE",
        ),
        (
            {"signer": "chu-seine.cpe-sign", "roles": [DOCTOR, Role(code="SM26", system=SPECIALTY, display="")]},
            "chu-seine.cpe",
            "SBX_VIHF_DIR",
        ),
    ],
)
def test_an_establishment_speaks_for_itself_only(ingest, choices, tls, code):
    assert ingest.refusal(ingest.build(**choices), tls)[0] == code


def test_a_site_of_the_establishment_may_be_named_when_the_pair_is_known(open_ingest):
    door = open_ingest(ej_eg=frozenset({("1750999013", "1750999021")}))
    assert door.verify(door.build(structure_id="1750999021")).structure_id == "1750999021"
    assert door.refusal(door.build(structure_id="1750999022"))[0] == "SBX_VIHF_STRUCT"


def test_two_professionals_cannot_share_a_session(consultation):
    assert consultation.refusal(consultation.build(signer="dr-martin.sign")) == ("SBX_VIHF_ISSUER", IDENTITY)


TIMES = {
    "issued too long ago": {"issue_instant": -HOUR - MINUTE},
    "issued in the future": {"issue_instant": 6 * MINUTE},
    "session opened after the assertion": {"authn_instant": MINUTE},
    "session opened yesterday": {"authn_instant": -13 * HOUR},
    "not yet": {"not_before": 6 * MINUTE, "not_on_or_after": HOUR},
    "no more": {"issue_instant": -HOUR, "not_before": -HOUR, "not_on_or_after": -6 * MINUTE},
    "ends before it begins": {"not_before": MINUTE, "not_on_or_after": MINUTE},
    "lasts too long": {"not_before": -MINUTE, "not_on_or_after": 12 * HOUR},
}


@pytest.mark.parametrize("offsets", TIMES.values(), ids=TIMES)
def test_an_assertion_out_of_its_time_is_refused(consultation, offsets):
    moments = {name: consultation.now + offset for name, offset in offsets.items()}
    assert consultation.refusal(consultation.build(**moments)) == ("SBX_VIHF_TIME", TIME)


@pytest.mark.parametrize("value", ["2026-01-01T00:00:00", "hier", "2026-13-01T00:00:00Z", "２026-01-01T00:00:00Z"])
def test_a_time_without_zone_or_sense_is_refused(consultation, value):
    from samples.vihf import sign_assertion

    assertion = consultation.build(signed=False)
    assertion.set("IssueInstant", value)
    sign_assertion(assertion, consultation.pki.certificate("dr-essai.sign"))
    assert consultation.refusal(assertion) == ("SBX_VIHF_TIME", TIME)


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"audience": ["urn:dmp"]}, "AudienceRestriction"),
        ({"purpose_system": "1.2.3"}, "codeSystem"),
        ({"attributes": {names.MODE: None}, "repeated": [("Authentification_mode", "DIRECTE")]}, "capitals"),
        ({"reason": "sans objet"}, "Mode_Acces_Raison"),
    ],
)
def test_a_tolerated_fault_is_a_warning(consultation, choices, words):
    (warning,) = consultation.verify(consultation.build(**choices)).warnings
    assert words in warning


def test_an_unknown_attribute_is_ignored(consultation):
    assert consultation.verify(consultation.build(repeated=[("Autre", "a"), ("Autre", "b")])).warnings == ()


def test_a_directory_knows_who_works_where(open_consultation):
    class OneActivity:
        def is_active(self, structure_id):
            return structure_id != "1440999068"

        def are_linked(self, national_id, structure_id):
            return (national_id, structure_id) == ("810009999995", "1690000999")

    door = open_consultation(directory=OneActivity())
    assert door.verify(door.build()).structure_id == "1690000999"
    assert door.refusal(door.build(structure_id="1440999068")) == ("SBX_VIHF_DIR", IDENTITY)
    assert door.refusal(door.build(structure_id="1750999013")) == ("SBX_VIHF_DIR", IDENTITY)
