"""Assertions that somebody else wrote, moved or cut: each refused, its untouched twin accepted."""

from __future__ import annotations

import base64
import copy
import random
import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from samples.documents.patients import CLAIRE
from samples.pki.factory import revoke
from samples.vihf import sign_assertion, wrap_in_security
from samples.xmldsig import (
    HMAC_SHA256,
    SHA1_DIGEST,
    SHA1_SIGNATURE,
    Signed,
    Spelling,
    load_seal,
    write_key_info,
    write_signature,
)
from security.errors import NotAuthenticated
from security.pki.trust import TrustStore
from security.signature.algorithms import DS, ENVELOPED, EXCLUSIVE
from security.signature.canonical import canonicalise
from security.vihf.header import SAML
from security.vihf.policy import VihfCode, VihfPolicy
from security.vihf.verifier import VihfVerifier
from security.xml import parse

VICTIM = "810099998014"
STRUCTURE, MISSING = ("SBX_VIHF_SIGNATURE", "SIG_STRUCTURE"), ("SBX_VIHF_MISSING", "ASSERTION_CONTENT")
REFERENCE, INVALID = ("SBX_VIHF_SIGNATURE", "SIG_REFERENCE"), ("SBX_VIHF_SIGNATURE", "SIG_INVALID")
ALGORITHM, TRANSFORM = ("SBX_VIHF_SIGNATURE", "SIG_ALGORITHM"), ("SBX_VIHF_SIGNATURE", "SIG_TRANSFORM")
KEY = ("SBX_VIHF_SIGNATURE", "SIG_KEY")
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
XSLT = "http://www.w3.org/TR/1999/REC-xslt-19991116"
XPATH = "http://www.w3.org/TR/1999/REC-xpath-19991116"


def _saml(element, path):
    return element.find("/".join(f"{{{SAML}}}{step}" for step in path.split("/")))


def _signature(assertion):
    return assertion.find(f"{{{DS}}}Signature")


def _evil(assertion, *, identifier="_evil", signature=False):
    """A copy that names a victim, with or without the signature of the original."""
    evil = copy.deepcopy(assertion)
    evil.set("ID", identifier)
    _saml(evil, "Subject/NameID").text = VICTIM
    if not signature:
        evil.remove(_signature(evil))
    return evil


def _stripped(assertion):
    original = copy.deepcopy(assertion)
    original.remove(_signature(original))
    return original


def _beside_before(assertion):
    return wrap_in_security(_evil(assertion), assertion)


def _beside_after(assertion):
    return wrap_in_security(assertion, _evil(assertion))


def _around(assertion):
    evil = _evil(assertion)
    evil.append(assertion)
    return wrap_in_security(evil)


def _inside(assertion):
    evil = _evil(assertion, signature=True)
    _signature(evil).append(_stripped(assertion))
    return wrap_in_security(evil)


def _inside_object(assertion):
    evil = _evil(assertion, signature=True)
    holder = etree.SubElement(_signature(evil), f"{{{DS}}}Object")
    holder.append(_stripped(assertion))
    return wrap_in_security(evil)


def _inside_extensions(assertion):
    evil = _evil(assertion, signature=True)
    evil.insert(2, etree.Element("Extensions"))
    evil[2].append(_stripped(assertion))
    return wrap_in_security(evil)


def _inside_advice(assertion):
    evil = _evil(assertion, signature=True)
    advice = etree.SubElement(evil, f"{{{SAML}}}Advice")
    advice.append(_stripped(assertion))
    return wrap_in_security(evil)


def _same_identifier(assertion):
    evil = _evil(assertion, identifier=assertion.get("ID"), signature=True)
    evil.append(_stripped(assertion))
    return wrap_in_security(evil)


PLACEMENTS = [
    _beside_before, _beside_after, _around, _inside, _inside_object, _inside_extensions, _inside_advice,
    _same_identifier,
]  # fmt: skip


@pytest.mark.parametrize("wrap", PLACEMENTS)
def test_a_wrapped_assertion_is_refused_wherever_the_original_hides(consultation, wrap):
    assertion = consultation.build()
    assert consultation.refusal_of_message(consultation.message(wrap(assertion)))[0] in (
        "SBX_VIHF_MISSING",
        "SBX_VIHF_SIGNATURE",
    )
    assert consultation.verify(assertion).name_id != VICTIM


@pytest.mark.parametrize("tag", ["Assertion", "EncryptedAssertion"])
def test_an_assertion_elsewhere_in_the_message_is_refused(consultation, tag):
    body = b"<m:query xmlns:m='urn:m'><s:%s xmlns:s='%s' ID='_x'/></m:query>" % (tag.encode(), SAML.encode())
    message = consultation.message(wrap_in_security(consultation.build()), body)
    assert consultation.refusal_of_message(message) == MISSING


@pytest.mark.parametrize("attribute", ["ID", "Id", "id", "xml:id", "wsu:Id"])
def test_an_identifier_that_occurs_twice_in_the_message_is_refused(consultation, attribute):
    assertion = consultation.build()
    body = f"<m:query xmlns:m='urn:m' xmlns:wsu='urn:wsu' {attribute}='{assertion.get('ID')}'/>".encode()
    code, kind = consultation.refusal_of_message(consultation.message(wrap_in_security(assertion), body))
    assert (code, kind) == REFERENCE


def test_a_message_without_security_or_assertion_is_refused(consultation):
    assert consultation.refusal_of_message(consultation.message(None)) == MISSING
    assert consultation.refusal_of_message(consultation.message(wrap_in_security())) == MISSING
    token = etree.Element("{urn:other}Token")
    assert (
        consultation.refusal_of_message(consultation.message(wrap_in_security(consultation.build(), token))) == MISSING
    )


def test_a_timestamp_beside_the_assertion_says_nothing(consultation):
    stamp = etree.Element(
        "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Timestamp"
    )
    message = consultation.message(wrap_in_security(stamp, consultation.build()))
    assert consultation.verify_message(message).purpose == "normal"


def test_an_unsigned_assertion_is_refused(consultation, open_consultation):
    assertion = consultation.build(signed=False)
    assert consultation.refusal(assertion) == ("SBX_VIHF_SIGNATURE", "SIG_MISSING")
    lenient = open_consultation(direct_signature="optional")
    for _ in range(2):
        assert lenient.verify(assertion).warnings == ("the assertion is not signed: the connection vouches for it",)
    assert lenient.refusal(assertion, "dr-martin.auth")[0] == "SBX_VIHF_ISSUER"


def test_an_unsigned_indirect_assertion_is_always_refused(open_ingest):
    door = open_ingest(direct_signature="optional")
    assert door.refusal(door.build(signed=False)) == ("SBX_VIHF_SIGNATURE", "SIG_MISSING")


def test_a_changed_value_breaks_the_signature(consultation):
    assertion = consultation.build()
    _saml(assertion, "Subject/NameID").text = VICTIM
    assert consultation.refusal(assertion) == INVALID


def test_a_changed_signature_value_is_refused(consultation):
    assertion = consultation.build()
    _signature(assertion).find(f"{{{DS}}}SignatureValue").text = base64.b64encode(b"\1" * 256).decode()
    assert consultation.refusal(assertion) == INVALID


@pytest.mark.parametrize("text", [None, "", " ", "é", "===="])
def test_a_signature_value_that_is_none_is_refused(consultation, text):
    assertion = consultation.build()
    _signature(assertion).find(f"{{{DS}}}SignatureValue").text = text
    assert consultation.refusal(assertion)[0] == "SBX_VIHF_SIGNATURE"


def _without(path):
    def change(signature):
        found = signature.find("/".join(f"{{{DS}}}{step}" for step in path.split("/")))
        found.getparent().remove(found)

    return change


def _twice(path):
    def change(signature):
        found = signature.find("/".join(f"{{{DS}}}{step}" for step in path.split("/")))
        found.getparent().append(copy.deepcopy(found))

    return change


def _uri(value):
    def change(signature):
        reference = signature.find(f"{{{DS}}}SignedInfo/{{{DS}}}Reference")
        if value is None:
            del reference.attrib["URI"]
        else:
            reference.set("URI", value)

    return change


def _under(path, child):
    def change(signature):
        found = signature.find("/".join(f"{{{DS}}}{step}" for step in path.split("/"))) if path else signature
        found.append(etree.fromstring(child))

    return change


STYLESHEET = "<x:stylesheet xmlns:x='http://www.w3.org/1999/XSL/Transform' version='1.0'/>"
SHAPES = {
    "no reference": (_without("SignedInfo/Reference"), REFERENCE),
    "two references": (_twice("SignedInfo/Reference"), REFERENCE),
    "no SignedInfo": (_without("SignedInfo"), STRUCTURE),
    "two SignedInfo": (_twice("SignedInfo"), STRUCTURE),
    "no SignatureValue": (_without("SignatureValue"), STRUCTURE),
    "no KeyInfo": (_without("KeyInfo"), STRUCTURE),
    "two X509Data": (_twice("KeyInfo/X509Data"), KEY),
    "no certificate": (_without("KeyInfo/X509Data"), KEY),
    "an Object": (_under("", f"<Object xmlns='{DS}'/>"), STRUCTURE),
    "whole document": (_uri(""), REFERENCE),
    "no URI": (_uri(None), REFERENCE),
    "another element": (_uri("#other"), REFERENCE),
    "external": (_uri("http://example.invalid/a.xml"), REFERENCE),
    "file": (_uri("file:///etc/passwd"), REFERENCE),
    "xpointer": (_uri("#xpointer(/)"), REFERENCE),
    "stylesheet under a transform": (_under("SignedInfo/Reference/Transforms/Transform", STYLESHEET), TRANSFORM),
    "parameter of the algorithm": (
        _under("SignedInfo/SignatureMethod", f"<HMACOutputLength xmlns='{DS}'>1</HMACOutputLength>"), ALGORITHM,
    ),
    "key value": (_under("KeyInfo", f"<KeyValue xmlns='{DS}'/>"), KEY),
    "key by name": (_under("KeyInfo/X509Data", f"<X509SubjectName xmlns='{DS}'>CN=a</X509SubjectName>"), KEY),
    "a signature in the signature": (_under("", f"<Signature xmlns='{DS}'/>"), STRUCTURE),
}  # fmt: skip


@pytest.mark.parametrize(("change", "expected"), SHAPES.values(), ids=SHAPES)
def test_a_signature_of_another_shape_is_refused(consultation, change, expected):
    assertion = consultation.build()
    change(_signature(assertion))
    assert consultation.refusal(assertion) == expected


SPELLINGS = {
    "SHA-1 signature": (Spelling(signature=SHA1_SIGNATURE), ALGORITHM),
    "SHA-1 digest": (Spelling(digest=SHA1_DIGEST), ALGORITHM),
    "HMAC with the public key": (Spelling(signature=HMAC_SHA256), ALGORITHM),
    "inclusive canonicalisation": (Spelling(canonicalisation=INCLUSIVE), ALGORITHM),
    "with comments": (Spelling(canonicalisation=EXCLUSIVE + "WithComments"), ALGORITHM),
    "XSLT": (Spelling(transforms=(ENVELOPED, XSLT, EXCLUSIVE)), TRANSFORM),
    "XPath": (Spelling(transforms=(ENVELOPED, XPATH, EXCLUSIVE)), TRANSFORM),
    "no transform": (Spelling(transforms=()), TRANSFORM),
    "enveloped only": (Spelling(transforms=(ENVELOPED,)), TRANSFORM),
    "unknown transform": (Spelling(transforms=(ENVELOPED, EXCLUSIVE, "urn:mine")), TRANSFORM),
}


@pytest.mark.parametrize(("spelling", "expected"), SPELLINGS.values(), ids=SPELLINGS)
def test_a_true_signature_of_an_algorithm_not_listed_is_refused(consultation, spelling, expected):
    assert consultation.refusal(consultation.build(spelling=spelling)) == expected


def test_sha1_is_accepted_only_where_it_is_asked_for(open_consultation):
    door = open_consultation(allow_sha1=True)
    old = Spelling(signature=SHA1_SIGNATURE, digest=SHA1_DIGEST)
    assert door.verify(door.build(spelling=old)).purpose == "normal"
    assert door.refusal(door.build(spelling=Spelling(signature=HMAC_SHA256))) == ALGORITHM


def test_a_key_shown_with_the_certificate_of_another_is_refused(consultation):
    shown = load_seal(consultation.pki.certificate("dr-essai.sign")).certificates
    assertion = consultation.build(signer="dr-martin.sign", name_id="810009999995", spelling=Spelling(shown=shown))
    assert consultation.refusal(assertion) == INVALID


@pytest.mark.parametrize(
    ("signer", "tls", "kind"),
    [
        ("dr-essai.auth", "dr-essai.auth", "CERT_USAGE"),
        ("bad.cps-self-signed", "dr-essai.auth", "CERT_UNTRUSTED"),
        ("bad.cps-wrong-authority", "dr-essai.auth", "CERT_UNTRUSTED"),
    ],
)
def test_a_seal_with_a_certificate_that_is_not_for_sealing_is_refused(consultation, signer, tls, kind):
    assert consultation.refusal(consultation.build(signer=signer), tls) == ("DMPInvalidCertificate", kind)


def test_the_certificate_of_the_connection_does_not_seal(ingest):
    assert ingest.refusal(ingest.build(signer="chu-seine.auth")) == ("DMPInvalidCertificate", "CERT_USAGE")


def test_a_certificate_that_is_no_certificate_is_refused(consultation):
    key_info = write_key_info([])
    etree.SubElement(key_info[0], f"{{{DS}}}X509Certificate").text = base64.b64encode(b"hello").decode()
    assertion = consultation.build(spelling=Spelling(key_info=key_info))
    assert consultation.refusal(assertion) == ("DMPInvalidCertificate", "CERT_KIND")
    key_info = write_key_info([])
    etree.SubElement(key_info[0], f"{{{DS}}}X509Certificate").text = "not base64!"
    assert consultation.refusal(consultation.build(spelling=Spelling(key_info=key_info))) == KEY


def test_the_signature_stands_right_after_the_issuer(consultation):
    assertion = consultation.build()
    assertion.append(_signature(assertion))
    assert consultation.refusal(assertion) == STRUCTURE


@pytest.mark.parametrize("name", ["Issuer", "Subject/NameID"])
@pytest.mark.parametrize("node", [etree.Comment("x"), etree.ProcessingInstruction("x")], ids=["comment", "PI"])
def test_a_value_split_by_a_comment_is_refused(consultation, name, node):
    assertion = consultation.build()
    value = _saml(assertion, name)
    value.text, rest = value.text[:5], value.text[5:]
    split = copy.deepcopy(node)
    split.tail = rest
    value.append(split)
    assert consultation.refusal(assertion) == STRUCTURE


def test_character_data_sections_do_not_split_a_value(consultation):
    message = etree.tostring(consultation.message(wrap_in_security(consultation.build())))
    split = message.replace(b"NameID>810009", b"NameID><![CDATA[8100]]>&#48;9")
    assert split != message
    assert consultation.verify_message(etree.fromstring(split)).name_id == "810009999995"


def _sign_with_prefix_list(assertion, credential, prefixes):
    seal = load_seal(credential)
    octets = canonicalise(assertion, EXCLUSIVE, prefixes.split())
    what = Signed(target=assertion.get("ID"), octets=octets, transforms=(ENVELOPED, EXCLUSIVE))
    signature = write_signature(seal, [what])
    etree.SubElement(
        signature.findall(f".//{{{DS}}}Transform")[1], f"{{{EXCLUSIVE}}}InclusiveNamespaces", PrefixList=prefixes
    )
    information = canonicalise(signature[0], EXCLUSIVE)
    value = seal.key.sign(information, padding.PKCS1v15(), hashes.SHA256())
    signature[1].text = base64.b64encode(value).decode()
    assertion.insert(1, signature)


def test_a_prefix_list_is_tolerated_and_counts(consultation):
    """As other toolkits sign: some prefixes canonicalised inclusively."""
    assertion = consultation.build(signed=False)
    _sign_with_prefix_list(assertion, consultation.pki.certificate("dr-essai.sign"), "xs xsi")
    assert consultation.verify(assertion).name_id == "810009999995"
    listed = assertion.find(f".//{{{EXCLUSIVE}}}InclusiveNamespaces")
    listed.set("PrefixList", "xsi")
    assert consultation.refusal(assertion) == INVALID


def test_an_identifier_serves_again_for_the_same_record_only(consultation):
    first = consultation.build(assertion_id="_one")
    assert consultation.verify(first) == consultation.verify(first)
    assert consultation.verify(consultation.build(assertion_id="_one", purpose="centre_15")).assertion_id == "_one"
    other = consultation.build(assertion_id="_one", patient="171034410902718^^^&1.2.250.1.213.1.4.10&ISO^NH")
    assert consultation.refusal(other) == ("SBX_VIHF_REPLAY", "ASSERTION_REPLAY")


def test_a_strict_door_takes_an_identifier_once(open_consultation):
    door = open_consultation(replay="strict")
    assertion = door.build()
    door.verify(assertion)
    assert door.refusal(assertion) == ("SBX_VIHF_REPLAY", "ASSERTION_REPLAY")


def test_an_assertion_does_not_follow_to_another_connection(consultation):
    assertion = consultation.build()
    consultation.verify(assertion)
    assert consultation.refusal(assertion, "dr-martin.auth") == ("SBX_VIHF_ISSUER", "ASSERTION_IDENTITY")


def test_a_remembered_verdict_dies_with_the_assertion(consultation):
    assertion = consultation.build(
        issue_instant=consultation.now - timedelta(minutes=55), authn_instant=consultation.now - timedelta(hours=1)
    )
    assert consultation.verify(assertion) is consultation.verify(assertion)
    late = consultation.now + timedelta(minutes=6)
    assert consultation.refusal(assertion, now=late) == ("SBX_VIHF_TIME", "ASSERTION_TIME")


def test_a_remembered_verdict_still_looks_at_the_whole_message(consultation):
    assertion = consultation.build()
    consultation.verify(assertion)
    assert consultation.refusal_of_message(consultation.message(_beside_after(assertion))) == MISSING


def test_a_seal_revoked_meanwhile_is_refused_although_the_verdict_is_remembered(consultation, tmp_path, replay):
    shutil.copytree(consultation.pki.directory, tmp_path / "pki")
    trust = TrustStore.load(tmp_path / "pki" / "trust" / "consultation")
    policy = VihfPolicy(door="consultation")
    door = replace(consultation, verifier=VihfVerifier(trust, policy, replay))
    assertion = door.build()
    assert door.verify(assertion).purpose == "normal"
    revoke(tmp_path / "pki", "dr-essai.sign", door.now)
    after = replace(door, verifier=VihfVerifier(trust.reload_if_changed(), policy, replay))
    assert after.refusal(assertion) == ("DMPInvalidCertificate", "CERT_REVOKED")


def test_signing_twice_is_refused(consultation):
    assertion = consultation.build()
    sign_assertion(assertion, consultation.pki.certificate("dr-essai.sign"))
    assert consultation.refusal(assertion) == STRUCTURE


def test_every_code_of_refusal_has_a_test():
    rooms = (Path(__file__).parent, Path(__file__).parents[1] / "token")
    sources = "".join(file.read_text() for room in rooms for file in room.glob("test_*.py"))
    assert [code for code in VihfCode if f'"{code}"' not in sources] == []


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_moved_the_verdict_is_a_refusal_or_the_original(consultation, rearranged, seed):
    """Elements are removed, repeated, moved, renamed and rewritten at random: nothing else escapes, nothing changes."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not secret
    refused = 0
    for _ in range(50):
        message = rearranged(consultation.message(wrap_in_security(consultation.build(assertion_id="_fuzz"))), chance)
        try:
            vihf = consultation.verify_message(parse(etree.tostring(message)))
        except NotAuthenticated:
            refused += 1
        else:
            assert (vihf.name_id, vihf.structure_id, vihf.patient) == ("810009999995", "1690000999", CLAIRE.cx)
    assert refused > 30


def test_the_page_of_the_package_lists_the_codes_of_refusal():
    page = (Path(__file__).parents[3] / "security" / "vihf" / "README.md").read_text()
    assert set(re.findall(r"^\| `(SBX_\w+|DMP\w+)` \|", page, re.MULTILINE)) == set(VihfCode)
