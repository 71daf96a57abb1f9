"""Every check of an assertion by its number in ITI-40, each with a twin that fails it alone."""

from __future__ import annotations

import copy
import random
import re
from datetime import timedelta
from pathlib import Path

import pytest
from lxml import etree

from samples.documents.patients import CLAIRE
from samples.vihf import sign_assertion, spell_name
from samples.xmldsig import HMAC_SHA256, SHA1_SIGNATURE, Spelling, load_seal
from samples.xua import ISSUER, NURSE, PASSWORD, TREATMENT, wrap_in_security
from security.errors import NotAuthenticated
from security.saml import ASSERTION, SAML, WSSE
from security.signature.algorithms import DS
from security.xml import parse
from security.xua.attributes import HL7, ORGANIZATION, PATIENT, ROLE
from security.xua.model import Coded
from security.xua.policy import XuaCode, XuaPolicy
from security.xua.reader import HOLDER_OF_KEY

SECURITY, TOKEN, CHECK = "InvalidSecurity", "InvalidSecurityToken", "FailedCheck"
AUTHENTICATION, EXPIRED = "FailedAuthentication", "MessageExpired"
US, OTHERS = "urn:oid:1.2.250.1.213.99.2", "urn:oid:1.2.3"
DOCTOR = Coded(code="112247003", system="2.16.840.1.113883.6.96")
X509_NAME = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"


def s(path):
    return "/".join(f"{{{SAML}}}{step}" for step in path.split("/"))


def without(path):
    def change(assertion):
        one = assertion.find(s(path))
        one.getparent().remove(one)

    return change


def with_attribute(path, name, value):
    def change(assertion):
        one = assertion if path is None else assertion.find(s(path))
        one.attrib.pop(name, None)
        if value is not None:
            one.set(name, value)

    return change


def with_text(path, text):
    def change(assertion):
        assertion.find(s(path)).text = text

    return change


def with_child(path, tag):
    def change(assertion):
        etree.SubElement(assertion if path is None else assertion.find(s(path)), tag)

    return change


def attribute(assertion, name):
    return next(one for one in assertion.iter(s("Attribute")) if one.get("Name") == name)


def doubled(name):
    def change(assertion):
        one = attribute(assertion, name)
        one.getparent().append(copy.deepcopy(one))

    return change


def with_text_value(name):
    def change(assertion):
        value = attribute(assertion, name)[0]
        for child in value:
            value.remove(child)
        value.text = "nurse"

    return change


def with_code_without_system(assertion):
    attribute(assertion, ROLE)[0][0].attrib.pop("codeSystem")


def moved_before_subject(assertion):
    assertion.insert(1, assertion.find(s("AttributeStatement")))


def test_a_right_assertion_is_believed_and_told(door, now):
    xua = door.believed(assertion_id="_a1")

    assert (xua.assertion_id, xua.issuer, xua.subject, xua.subject_name) == (
        "_a1", ISSUER, "anne.essai@essai.test", "Anne Essai",
    )  # fmt: skip
    assert (xua.organization, xua.organization_id) == ("Hôpital d'essai", "urn:oid:1.2.250.1.213.99.2.7")
    assert (xua.roles, xua.purpose, xua.patient) == ((NURSE,), TREATMENT, CLAIRE.cx)
    assert (xua.home_community_id, xua.npi) == ("urn:oid:1.2.250.1.213.99.2.8", None)
    assert (xua.authn_context, xua.issue_instant) == (PASSWORD, now)
    assert (xua.authn_instant, xua.expires) == (now - timedelta(minutes=1), now + timedelta(minutes=5))
    assert xua.signer.kind == "ORG_SIGN"


def test_a_card_seals_at_consultation(consultation):
    assert consultation.believed().signer.kind == "CPS"


def test_what_may_be_left_out_is_none(door):
    def bare(assertion):
        assertion.remove(assertion.find(s("AttributeStatement")))
        assertion.remove(assertion.find(s("Conditions")))

    xua = door.believed(before_signing=bare)

    assert (xua.roles, xua.purpose, xua.patient, xua.organization) == ((), None, None, None)
    assert xua.expires == door.now + timedelta(hours=1)


def test_statements_come_in_any_order(door):
    def swapped(assertion):
        assertion.append(assertion.find(s("AuthnStatement")))

    assert door.believed(before_signing=swapped).roles == (NURSE,)


TWINS = {
    "2 version": (TOKEN, {"version": "1.1"}),
    "2 ID": (TOKEN, {"before_signing": with_attribute(None, "ID", None)}),
    "2 Issuer": (TOKEN, {"issuer": ""}),
    "2 IssueInstant": (TOKEN, {"before_signing": with_attribute(None, "IssueInstant", None)}),
    "2 IssueInstant without zone": (
        TOKEN,
        {"before_signing": with_attribute(None, "IssueInstant", "2026-01-01T00:00:00")},
    ),
    "2 order": (TOKEN, {"before_signing": moved_before_subject}),
    "2 another element": (TOKEN, {"before_signing": with_child(None, s("AuthzDecisionStatement"))}),
    "3 unsigned": (CHECK, {"signed": False}),
    "3 SHA-1": (CHECK, {"spelling": Spelling(signature=SHA1_SIGNATURE)}),
    "3 HMAC": (CHECK, {"spelling": Spelling(signature=HMAC_SHA256)}),
    "3 transform": (CHECK, {"spelling": Spelling(transforms=("http://www.w3.org/TR/1999/REC-xslt-19991116",))}),
    "3 unknown authority": (CHECK, {"signer": "bad.cps-self-signed"}),
    "3 authentication certificate": (CHECK, {"signer": "chu-seine.auth"}),
    "3 another door's seal": (CHECK, {"signer": "dr-essai.sign"}),
    "3 issuer is not the signer": (CHECK, {"issuer": "CN=somebody,C=FR", "issuer_format": X509_NAME}),
    "3 issuer is no name": (CHECK, {"issuer": "somebody", "issuer_format": X509_NAME}),
    "4 unknown condition": (TOKEN, {"conditions": ["DelegationRestriction"]}),
    "4 empty audience": (TOKEN, {"audience": [[]]}),
    "5 NameID": (TOKEN, {"before_signing": without("Subject/NameID")}),
    "5 empty NameID": (TOKEN, {"subject": " "}),
    "5 Subject": (TOKEN, {"before_signing": without("Subject")}),
    "5 no confirmation": (AUTHENTICATION, {"confirmation": None}),
    "5 sender-vouches": (AUTHENTICATION, {"confirmation": "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"}),
    "5 holder of no key": (AUTHENTICATION, {"confirmation": HOLDER_OF_KEY}),
    "6 AuthnStatement": (AUTHENTICATION, {"before_signing": without("AuthnStatement")}),
    "6 AuthnContextClassRef": (
        AUTHENTICATION,
        {"before_signing": without("AuthnStatement/AuthnContext/AuthnContextClassRef")},
    ),
    "6 AuthnInstant": (TOKEN, {"before_signing": with_attribute("AuthnStatement", "AuthnInstant", None)}),
    "7 role as text": (TOKEN, {"before_signing": with_text_value(ROLE)}),
    "7 role without code system": (TOKEN, {"before_signing": with_code_without_system}),
    "7 attribute twice": (TOKEN, {"before_signing": doubled(ORGANIZATION)}),
    "7 role twice": (TOKEN, {"before_signing": doubled(ROLE)}),
    "7 control characters": (TOKEN, {"patient": "a\tb"}),
    "7 too long": (TOKEN, {"patient": "9" * 501}),
    "7 not an Attribute": (TOKEN, {"before_signing": with_child("AttributeStatement", s("EncryptedAttribute"))}),
}


@pytest.mark.parametrize("twin", TWINS)
def test_each_check_of_iti_40_refuses_its_twin(twin, door):
    code, choices = TWINS[twin]

    assert door.refusal(**choices)[0] == code


TIMES = {
    "expired": (EXPIRED, -400, {}),
    "expired within the skew": (None, -340, {}),
    "issued in the future": (AUTHENTICATION, 90, {"not_before": -500}),
    "issued within the skew": (None, 30, {}),
    "not yet valid": (AUTHENTICATION, 0, {"not_before": 90}),
    "valid for a week": (AUTHENTICATION, 0, {"not_on_or_after": 7 * 86400}),
    "ends before it begins": (AUTHENTICATION, 0, {"not_before": -5, "not_on_or_after": -10}),
    "authenticated in the future": (AUTHENTICATION, 0, {"authn_instant": 90}),
    "confirmed until before": (AUTHENTICATION, 0, {"confirmed_until": -90}),
}


@pytest.mark.parametrize("name", TIMES)
def test_times_are_those_of_a_living_assertion(name, door, now):
    code, issued, offsets = TIMES[name]
    choices = {key: now + timedelta(seconds=seconds) for key, seconds in offsets.items()}
    choices["issue_instant"] = now + timedelta(seconds=issued)

    if code is None:
        assert door.believed(**choices).issuer == ISSUER
    else:
        found = door.refusal(**choices)
        assert found[0] == code
        assert found[1] in ("ASSERTION_TIME", "ASSERTION_IDENTITY")


def test_a_session_that_ended_is_expired(door, now):
    ended = with_attribute("AuthnStatement", "SessionNotOnOrAfter", f"{now - timedelta(minutes=2):%Y-%m-%dT%H:%M:%SZ}")

    assert door.refusal(before_signing=ended) == (EXPIRED, "ASSERTION_TIME")


@pytest.mark.parametrize(
    ("restrictions", "accepted"),
    [((), True), ([[US]], True), ([[OTHERS, US]], True), ([[OTHERS]], False), ([[US], [OTHERS]], False)],
)
def test_an_audience_names_us_or_nobody(restrictions, accepted, open_door):
    door = open_door(audience=US)

    if accepted:
        assert door.believed(audience=restrictions).subject
    else:
        assert door.refusal(audience=restrictions) == (AUTHENTICATION, "ASSERTION_AUDIENCE")


def test_a_door_without_a_name_does_not_ask_the_audience(door):
    assert door.believed(audience=[[OTHERS]]).subject


def test_one_time_use_is_honoured(door):
    assertion = wrap_in_security(door.build(conditions=["OneTimeUse"]))
    again = wrap_in_security(door.build())

    assert door.verify(assertion).subject
    assert door.refusal_of(assertion) == (AUTHENTICATION, "ASSERTION_REPLAY")
    assert door.verify(again) == door.verify(again)


def test_one_time_use_without_memory_is_refused(open_door):
    assert open_door(replay=None).refusal(conditions=["OneTimeUse"]) == (AUTHENTICATION, "ASSERTION_REPLAY")


def test_a_limit_on_proxies_changes_nothing_for_us(door):
    assert door.believed(conditions=["ProxyRestriction"]).subject


def test_the_holder_of_the_key_is_the_connection(door):
    assert door.believed(confirmation=HOLDER_OF_KEY, holder=door.certificate()).subject
    assert door.refusal(confirmation=HOLDER_OF_KEY, holder=door.certificate("chu-seine.sign")) == (
        AUTHENTICATION,
        "ASSERTION_IDENTITY",
    )


def test_one_confirmation_that_holds_is_enough(door):
    def another(assertion):
        one = etree.SubElement(assertion.find(s("Subject")), s("SubjectConfirmation"))
        one.set("Method", "urn:oasis:names:tc:SAML:2.0:cm:bearer")

    assert door.believed(confirmation=HOLDER_OF_KEY, before_signing=another).subject


def test_a_recipient_is_one_of_ours(open_door):
    door = open_door(policy=XuaPolicy(recipients=frozenset({"https://us.test/iti18"})))

    assert door.believed(recipient="https://us.test/iti18").subject
    assert door.believed().subject
    assert door.refusal(recipient="https://others.test") == (AUTHENTICATION, "ASSERTION_IDENTITY")


POLICIES = {
    "authentication context": (XuaPolicy(authn_contexts=frozenset({PASSWORD})), {"authn_context": "urn:x:other"}),
    "role": (XuaPolicy(roles=frozenset({(NURSE.code, NURSE.system)})), {"roles": (DOCTOR,)}),
    "no role": (XuaPolicy(roles=frozenset({(NURSE.code, NURSE.system)})), {"roles": ()}),
    "purpose": (XuaPolicy(purposes=frozenset({(TREATMENT.code, TREATMENT.system)})), {"purpose": DOCTOR}),
    "no purpose": (XuaPolicy(purposes=frozenset({(TREATMENT.code, TREATMENT.system)})), {"purpose": None}),
}


@pytest.mark.parametrize("name", POLICIES)
def test_a_claim_that_the_policy_does_not_accept_is_refused(name, open_door, door):
    policy, choices = POLICIES[name]
    strict = open_door(policy=policy)

    assert strict.believed().subject
    assert strict.refusal(**choices) == (AUTHENTICATION, "ASSERTION_CONTENT")
    assert door.believed(**choices).subject


def test_one_of_several_roles_is_enough(open_door):
    door = open_door(policy=XuaPolicy(roles=frozenset({(NURSE.code, NURSE.system)})))

    assert door.believed(roles=(DOCTOR, NURSE)).roles == (DOCTOR, NURSE)


def test_the_subject_of_the_seal_may_call_itself_by_its_name(door):
    name = spell_name(load_seal(door.pki.certificate(door.signer)).leaf.subject)

    assert door.believed(issuer=name, issuer_format=X509_NAME).issuer == name


class TestPlace:
    """Check 1, and assertions that somebody else wrote, moved or cut."""

    def test_no_security_header_is_refused(self, door):
        assert door.refusal_of(None) == (SECURITY, "ASSERTION_CONTENT")

    def test_an_empty_security_header_is_refused(self, door):
        assert door.refusal_of(wrap_in_security()) == (SECURITY, "ASSERTION_CONTENT")

    def test_two_assertions_are_refused(self, door):
        assert door.refusal_of(wrap_in_security(door.build(), door.build())) == (SECURITY, "ASSERTION_CONTENT")

    def test_two_security_headers_are_refused(self, door):
        assert door.refusal_of(wrap_in_security(door.build()), wrap_in_security()) == (SECURITY, "ASSERTION_CONTENT")

    @pytest.mark.parametrize("name", ["BinarySecurityToken", "UsernameToken"])
    def test_another_token_is_refused(self, name, door):
        header = wrap_in_security(door.build())
        etree.SubElement(header, f"{{{WSSE}}}{name}")

        assert door.refusal_of(header) == (SECURITY, "ASSERTION_CONTENT")

    @pytest.mark.parametrize("tag", ["Assertion", "EncryptedAssertion"])
    def test_an_assertion_in_the_body_is_refused(self, tag, door):
        body = f"<q><s:{tag} xmlns:s='{SAML}'/></q>".encode()

        assert door.refusal_of(wrap_in_security(door.build()), body=body) == (SECURITY, "ASSERTION_CONTENT")

    @pytest.mark.parametrize("name", ["ID", "Id", "id", "xml:id"])
    def test_its_identifier_on_another_element_is_refused(self, name, door):
        body = f"<q {name}='_a'/>".encode()

        assert door.refusal_of(wrap_in_security(door.build(assertion_id="_a")), body=body) == (CHECK, "SIG_REFERENCE")

    @pytest.mark.parametrize("where", ["Advice", "signature", "inside", "around"])
    def test_a_wrapped_assertion_is_refused_wherever_the_original_hides(self, where, door):
        original = door.build()
        evil = copy.deepcopy(original)
        evil.set("ID", "_evil")
        evil.find(s("Subject/NameID")).text = "victim"
        hidden = copy.deepcopy(original)
        hidden.remove(hidden.find(f"{{{DS}}}Signature"))
        if where == "Advice":
            etree.SubElement(evil, s("Advice")).append(hidden)
        elif where == "signature":
            etree.SubElement(evil.find(f"{{{DS}}}Signature"), f"{{{DS}}}Object").append(hidden)
        elif where == "inside":
            evil.append(hidden)
        else:
            evil.remove(evil.find(f"{{{DS}}}Signature"))
            evil.append(original)

        assert door.refusal_of(wrap_in_security(evil)) == (SECURITY, "ASSERTION_CONTENT")

    def test_a_hidden_original_under_another_name_is_refused(self, door):
        original = door.build(assertion_id="_a")
        evil = copy.deepcopy(original)
        evil.set("ID", "_evil")
        hidden = etree.SubElement(evil, "Hidden", ID="_a")
        hidden.extend(copy.deepcopy(list(original)))

        assert door.refusal_of(wrap_in_security(evil))[0] == CHECK

    def test_a_signature_of_another_assertion_is_refused(self, door):
        assertion, other = door.build(), door.build()
        assertion.replace(assertion.find(f"{{{DS}}}Signature"), other.find(f"{{{DS}}}Signature"))

        assert door.refusal_of(wrap_in_security(assertion)) == (CHECK, "SIG_REFERENCE")

    def test_two_signatures_are_refused(self, door):
        assertion = door.build()
        sign_assertion(assertion, door.pki.certificate(door.signer))

        assert door.refusal_of(wrap_in_security(assertion)) == (CHECK, "SIG_STRUCTURE")

    @pytest.mark.parametrize(
        "change",
        [
            with_text("Subject/NameID", "victim"), with_text("Issuer", "https://evil.test"),
            with_attribute("Conditions", "NotOnOrAfter", "2099-01-01T00:00:00Z"), without("Conditions"),
            with_attribute(None, "Version", "2.1"), with_child(None, s("AttributeStatement")),
        ],
        ids=["NameID", "Issuer", "NotOnOrAfter", "Conditions", "Version", "AttributeStatement"],
    )  # fmt: skip
    def test_whatever_is_changed_after_the_signature_is_refused(self, change, door):
        assertion = door.build()
        change(assertion)

        assert door.refusal_of(wrap_in_security(assertion)) == (CHECK, "SIG_INVALID")

    @pytest.mark.parametrize("node", [etree.Comment("x"), etree.ProcessingInstruction("x")], ids=["comment", "PI"])
    def test_a_value_split_by_a_comment_is_refused(self, node, door):
        def split(assertion):
            name = assertion.find(s("Subject/NameID"))
            name.text, rest = name.text[:5], name.text[5:]
            middle = copy.deepcopy(node)
            middle.tail = rest
            name.append(middle)

        assert door.refusal(before_signing=split) == (CHECK, "SIG_STRUCTURE")


def test_every_code_is_used_and_is_on_the_page_of_the_package():
    page = (Path(__file__).parents[3] / "security" / "xua" / "README.md").read_text("utf-8")

    assert {*(code for code, _ in TWINS.values()), EXPIRED, SECURITY} == set(XuaCode)
    assert set(re.findall(r"^\| `([A-Z]\w+)` \|", page, re.MULTILINE)) == set(XuaCode)


def test_names_are_those_of_the_standards():
    assert ASSERTION == "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"
    assert (HL7, PATIENT) == ("urn:hl7-org:v3", "urn:oasis:names:tc:xacml:2.0:resource:resource-id")


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_moved_the_verdict_is_a_refusal_or_the_original(door, rearranged, seed):
    """Elements are removed, repeated, moved, renamed and rewritten at random: nothing else escapes, nothing changes."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not secret
    original = door.build(assertion_id="_fuzz")
    refused = 0
    for _ in range(50):
        message = rearranged(door.message(wrap_in_security(copy.deepcopy(original))), chance)
        try:
            xua = door.verify_message(parse(etree.tostring(message)))
        except NotAuthenticated:
            refused += 1
        else:
            assert (xua.subject, xua.issuer, xua.roles, xua.patient) == (
                "anne.essai@essai.test", ISSUER, (NURSE,), CLAIRE.cx,
            )  # fmt: skip
    assert refused > 25
