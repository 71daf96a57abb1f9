"""What a token says is what a VIHF says: the same value, the same rules, each refused in the same code."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest
from lxml import etree

from samples.documents.patients import CLAIRE
from samples.token import build_token
from samples.vihf import PASSWORD, build_vihf, wrap_in_security
from security.directory import Directory
from security.errors import NotAuthenticated
from security.pki.certificate import read_certificate
from security.token.claims import CLAIMS
from security.token.verifier import TokenVerifier
from security.vihf import attributes as names
from security.vihf.model import AuthenticationMode, Role
from security.vihf.policy import VihfPolicy
from security.vihf.roles import OTHERS, PROFESSION, SECTION, SPECIALTY
from security.vihf.verifier import VihfVerifier
from security.xml import parse

MALFORMED = ("SBX_VIHF_MALFORMED", "ASSERTION_CONTENT")
TIME = ("SBX_VIHF_TIME", "ASSERTION_TIME")
RIGHTS = ("DMPAccessDeniedByRightsService", "CHANNEL_FORBIDDEN")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_a_hospital_speaks_indirectly_on_ingest(ingest):
    vihf = ingest.verify(ingest.build())

    assert vihf.mode is AuthenticationMode.INDIRECTE
    assert vihf.structure_id == vihf.signer.structure_id == "1750999013"
    assert vihf.patient == CLAIRE.cx
    assert vihf.warnings == ()


def test_a_doctor_speaks_directly_on_consultation(consultation):
    vihf = consultation.verify(consultation.build())

    assert vihf.mode is AuthenticationMode.DIRECTE
    assert vihf.name_id == vihf.signer.national_id == "810009999995"
    assert [(role.code, role.system) for role in vihf.roles] == [("10", PROFESSION), ("SM26", SPECIALTY)]
    assert vihf.warnings == ()


@pytest.mark.parametrize("person", ["dr-martin", "dr-blanc", "inf-petit", "pha-roux"])
def test_every_professional_speaks_directly_on_consultation(consultation, person):
    token = consultation.build(signer=f"{person}.sign", tls=f"{person}.auth")

    assert consultation.verify(token, f"{person}.auth").purpose == "normal"


def test_a_staff_card_feeds_directly(ingest):
    token = ingest.build(signer="chu-seine.cpe-sign", tls="chu-seine.cpe")

    assert ingest.verify(token, "chu-seine.cpe").mode is AuthenticationMode.DIRECTE


def test_a_professional_feeds_only_where_the_door_allows_it(ingest, open_ingest):
    token = ingest.build(signer="dr-essai.sign", tls="dr-essai.auth")

    assert ingest.refusal(token, "dr-essai.auth") == ("DMPInvalidCertificate", "CERT_UNTRUSTED")
    assert open_ingest(professional_feeding=True).verify(token, "dr-essai.auth").name_id == "810009999995"


@pytest.mark.parametrize("door", ["ingest", "consultation"])
def test_a_token_and_an_assertion_of_one_person_say_the_same(request, pki, replay, door):
    this = request.getfixturevalue(door)
    trust, tls = request.getfixturevalue(f"{door}_trust"), read_certificate(pki.certificate(this.tls).certificate_der())
    signer, when = pki.certificate(this.signer), {"now": this.now, "purpose": "normal"}

    said = this.verifier.verify_token(
        build_token(signer=signer, connection=pki.certificate(this.tls), **when), tls, this.now
    )
    header = parse(_bytes(wrap_in_security(build_vihf(signer=signer, **when))))
    believed = VihfVerifier(trust, VihfPolicy(door=door), replay).verify(header, tls, this.now)

    differ = {one.name for one in fields(said) if getattr(said, one.name) != getattr(believed, one.name)}
    assert differ == {"assertion_id", "expires"}


def test_every_attribute_of_a_vihf_has_its_claim(ingest):
    constants = {value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)}
    known = {value for value in constants if "SAML" not in value} - {names.HL7}

    assert set(CLAIMS) == known
    assert len(set(CLAIMS.values())) == len(CLAIMS)


def test_break_glass_gives_its_reason(consultation):
    vihf = consultation.verify(consultation.build(purpose="bris_de_glace", reason="Patient inconscient"))

    assert (vihf.purpose, vihf.reason) == ("bris_de_glace", "Patient inconscient")


def test_a_token_without_a_record_is_read(consultation):
    assert consultation.verify(consultation.build(patient=None)).patient is None


def test_it_is_addressed_to_the_dmp_among_others(ingest):
    assert ingest.verify(ingest.build(audience=["urn:other", "urn:dmp"])).warnings == ()


def test_claims_that_are_not_known_say_nothing(ingest):
    claims = ingest.claims()
    claims["scope"] = "system/*.*"
    claims["extensions"]["fr_vihf"]["other"] = {"deep": [1]}
    claims["extensions"]["other"] = 1

    assert ingest.verify(ingest.sign(claims)).warnings == ()


NOT_OF_THIS_DOOR = [
    ("consultation", {"mode": AuthenticationMode.INDIRECTE}, RIGHTS),
    ("consultation", {"mode": AuthenticationMode.INDIRECTE_RENFORCEE}, RIGHTS),
    ("ingest", {"mode": AuthenticationMode.INDIRECTE_RENFORCEE}, RIGHTS),
    ("consultation", {"signer": "chu-seine.sign"}, RIGHTS),
    ("ingest", {"mode": AuthenticationMode.DIRECTE}, RIGHTS),
]


@pytest.mark.parametrize(("name", "choices", "refusal"), NOT_OF_THIS_DOOR)
def test_a_mode_that_is_not_of_this_door_is_refused(request, name, choices, refusal):
    door = request.getfixturevalue(name)

    assert door.refusal(door.build(**choices)) == refusal


RULES: list[tuple[str, dict[str, Any], tuple[str, str]]] = [
    ("sub of another than the card", {"name_id": "899700218896"}, ("SBX_VIHF_ISSUER", "ASSERTION_IDENTITY")),
    (
        "no specialty",
        {"roles": [Role(code="10", system=PROFESSION, display="")]},
        ("SBX_VIHF_DIR", "ASSERTION_IDENTITY"),
    ),
    (
        "a profession that is not the card's",
        {"roles": [Role(code="21", system=PROFESSION, display=""), Role(code="A", system=SECTION, display="")]},
        ("SBX_VIHF_DIR", "ASSERTION_IDENTITY"),
    ),
    ("a profession that is none", {"roles": [Role(code="11", system=PROFESSION, display="")]}, MALFORMED),
    (
        "a second role that nobody has",
        {"roles": [Role(code="60", system=PROFESSION, display=""), Role(code="1", system=OTHERS, display="")]},
        MALFORMED,
    ),
    ("a password in mode DIRECTE", {"authn_context": PASSWORD}, MALFORMED),
    ("a purpose that is none", {"purpose": "curiosite"}, ("SBX_VIHF_PURPOSE", "ASSERTION_CONTENT")),
    ("break-glass without its reason", {"purpose": "bris_de_glace"}, ("SBX_VIHF_REASON_MISSING", "ASSERTION_CONTENT")),
    ("another resource", {"attributes": {names.RESOURCE: "urn:other"}}, ("SBX_VIHF_RESOURCE", "ASSERTION_CONTENT")),
    ("no homologation", {"attributes": {names.HOMOLOGATION: None}}, ("SBX_VIHF_HOMOLOGATION", "ASSERTION_CONTENT")),
    ("another version", {"attributes": {names.VERSION: "2.0"}}, MALFORMED),
    ("no structure", {"attributes": {names.STRUCTURE: None}}, MALFORMED),
    ("a structure that is none", {"structure_id": "75099901"}, MALFORMED),
    ("no sector", {"attributes": {names.SECTOR: None}}, MALFORMED),
    ("a sector of another form", {"attributes": {names.SECTOR: "SA01"}}, MALFORMED),
    ("a record of another form", {"patient": "2580769123015^^^1.2.250.1.213.1.4.10"}, MALFORMED),
    ("another confidentiality", {"confidentiality": "R^2.16.840.1.113883.5.25"}, MALFORMED),
    ("no software", {"attributes": {names.LPS_NAME: None}}, MALFORMED),
    ("no version of the software", {"attributes": {names.LPS_VERSION: None}}, MALFORMED),
    ("a control character", {"attributes": {names.LPS_NAME: "a\nb"}}, MALFORMED),
    ("a text without end", {"attributes": {names.LPS_NAME: "a" * 501}}, MALFORMED),
    ("for another service", {"audience": "urn:other"}, ("SBX_VIHF_AUDIENCE", "ASSERTION_AUDIENCE")),
]


@pytest.mark.parametrize(("choices", "refusal"), [row[1:] for row in RULES], ids=[row[0] for row in RULES])
def test_each_rule_of_a_vihf_holds_for_a_token(consultation, choices, refusal):
    assert consultation.refusal(consultation.build(**choices)) == refusal


def test_the_structure_is_that_of_the_seal_and_of_the_connection(ingest):
    assert ingest.refusal(ingest.build(structure_id="1440999068")) == ("SBX_VIHF_STRUCT", "ASSERTION_IDENTITY")


def test_a_site_of_the_legal_entity_may_be_named(open_ingest):
    door = open_ingest(ej_eg=frozenset({("1750999013", "1750999021")}))

    assert door.verify(door.build(structure_id="1750999021")).structure_id == "1750999021"


def test_a_directory_that_is_kept_counts(pki, consultation_trust, replay, now):
    card, tls = pki.certificate("dr-essai.sign"), pki.certificate("dr-essai.auth")
    holder = read_certificate(tls.certificate_der())
    known = Directory(frozenset({str(card.structure_id)}), frozenset(), is_kept=True)
    verifier = TokenVerifier(consultation_trust, VihfPolicy(door="consultation"), replay, known)

    with pytest.raises(NotAuthenticated, match="liés"):
        verifier.verify_token(build_token(signer=card, connection=tls, now=now), holder, now)


CLAIM_FAULTS: list[tuple[str, Any, tuple[str, str]]] = [
    ("jti", None, MALFORMED),
    ("jti", "", MALFORMED),
    ("jti", "a" * 129, MALFORMED),
    ("iss", None, MALFORMED),
    ("sub", None, MALFORMED),
    ("sub", ["a"], MALFORMED),
    ("acr", None, MALFORMED),
    ("aud", None, MALFORMED),
    ("aud", [], MALFORMED),
    ("aud", [1], MALFORMED),
    ("cnf", None, MALFORMED),
    ("cnf", {}, MALFORMED),
    ("cnf", {"jkt": "a"}, MALFORMED),
    ("extensions", None, MALFORMED),
    ("extensions", {"ihe_iua": {}}, MALFORMED),
    ("exp", None, TIME),
    ("exp", "1900000000", TIME),
    ("exp", True, TIME),
    ("iat", None, TIME),
    ("iat", -1, TIME),
    ("iat", 10**17, TIME),
    ("nbf", "soon", TIME),
    ("auth_time", None, TIME),
]


@pytest.mark.parametrize(
    ("name", "value", "refusal"), CLAIM_FAULTS, ids=[f"{row[0]}={row[1]}"[:40] for row in CLAIM_FAULTS]
)
def test_a_claim_that_is_missing_or_has_not_its_form_is_refused(ingest, name, value, refusal):
    claims = ingest.claims()
    claims.pop(name, None)
    if value is not None:
        claims[name] = value

    assert ingest.refusal(ingest.sign(claims)) == refusal


CODE_FAULTS = [
    "SECRETARIAT_MEDICAL",
    [],
    [{"code": "SECRETARIAT_MEDICAL"}],
    [{"system": f"urn:oid:{OTHERS}"}],
    [{"system": OTHERS, "code": "SECRETARIAT_MEDICAL"}],
    [{"system": f"urn:oid:{OTHERS}", "code": 1}],
    [{"system": f"urn:oid:{OTHERS}", "code": "SECRETARIAT_MEDICAL"}] * 3,
]


@pytest.mark.parametrize("roles", CODE_FAULTS, ids=[json.dumps(one)[:60] for one in CODE_FAULTS])
def test_roles_that_are_no_list_of_codes_are_refused(ingest, roles):
    claims = ingest.claims()
    claims["extensions"]["ihe_iua"]["subject_role"] = roles

    assert ingest.refusal(ingest.sign(claims)) == MALFORMED


def test_the_structure_is_a_list_of_one(ingest):
    claims = ingest.claims()
    claims["extensions"]["ihe_iua"]["subject_organization_id"] *= 2

    assert ingest.refusal(ingest.sign(claims)) == MALFORMED


def _bytes(element: Any) -> bytes:
    return etree.tostring(element)
