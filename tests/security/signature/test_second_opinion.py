"""Every signature that samples make, judged by xmlsec; a signature that xmlsec makes, judged by us."""

from __future__ import annotations

import pytest
import xmlsec
from lxml import etree

from samples.lot import sign_lot
from samples.vihf import build_vihf, wrap_in_security
from security.pki.trust import Usage
from security.signature.lot import verify_lot
from security.vihf.header import ASSERTION
from security.vihf.policy import VihfPolicy
from security.vihf.verifier import VihfVerifier

SOAP = "http://www.w3.org/2003/05/soap-envelope"
LOT, DOCUMENTS = "1.2.3", {"1.2.3.1": b"first", "1.2.3.2": b"\0\1\2"}


@pytest.fixture
def envelop():
    def enveloped(assertion):
        """As a client sends it: attached to an envelope that declares namespaces of its own."""
        root = etree.fromstring(
            f"<soap:Envelope xmlns:soap='{SOAP}' xmlns='urn:default' xmlns:xs='urn:not-schema'>"
            "<soap:Header/><soap:Body/></soap:Envelope>"
        )
        root[0].append(wrap_in_security(assertion))
        return etree.tostring(root)

    return enveloped


@pytest.mark.parametrize("signer", ["chu-seine.sign", "chu-seine.cpe-sign", "dr-essai.sign", "pha-roux.sign"])
def test_xmlsec_accepts_our_assertions_alone_and_in_an_envelope(pki, now, second_opinion, envelop, signer):
    credential = pki.certificate(signer)
    assertion = build_vihf(signer=credential, now=now)
    alone = etree.tostring(assertion)
    assert second_opinion(alone, credential.certificate_path, "ID")
    assert second_opinion(envelop(assertion), credential.certificate_path, "ID")
    assert not second_opinion(alone.replace(b">urn:dmp<", b">urn:DMP<"), credential.certificate_path, "ID")


@pytest.mark.parametrize("signer", ["chu-seine.sign", "chu-seine.cpe-sign", "dr-essai.sign"])
def test_xmlsec_accepts_our_lot_signatures(pki, now, second_opinion, signer):
    credential = pki.certificate(signer)
    signature = sign_lot(lot_unique_id=LOT, documents=DOCUMENTS, signer=credential, now=now)
    assert second_opinion(signature, credential.certificate_path, "Id", DOCUMENTS)
    changed = signature.replace(b"urn:oid:1.2.3.1", b"urn:oid:1.2.3.9")
    assert not second_opinion(changed, credential.certificate_path, "Id", DOCUMENTS)


def _sign_by_xmlsec(node, credential):
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_file(str(credential.key_path), xmlsec.constants.KeyDataFormatPem)
    context.key.load_cert_from_file(str(credential.certificate_path), xmlsec.constants.KeyDataFormatPem)
    context.sign(node)


def test_we_accept_an_assertion_that_xmlsec_signed(pki, now, consultation_trust, holders, replay, envelop):
    credential = pki.certificate("dr-essai.sign")
    assertion = build_vihf(signer=credential, now=now, signed=False)
    node = xmlsec.template.create(assertion, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256, ns="ds")
    assertion.insert(1, node)
    reference = xmlsec.template.add_reference(node, xmlsec.Transform.SHA256, uri=f"#{assertion.get('ID')}")
    xmlsec.template.add_transform(reference, xmlsec.Transform.ENVELOPED)
    xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
    data = xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(node))
    xmlsec.template.x509_data_add_certificate(data)
    xmlsec.tree.add_ids(assertion, ["ID"])
    _sign_by_xmlsec(node, credential)
    message = etree.fromstring(envelop(assertion))
    verifier = VihfVerifier(consultation_trust, VihfPolicy(door="consultation"), replay)
    assert verifier.verify(message[0][0], holders["dr-essai.auth"], now).name_id == "810009999995"


def test_we_accept_a_lot_that_xmlsec_signed(pki, now, ingest_trust):
    """The same parts, digested and signed again by xmlsec while they stand beside the signature."""
    credential = pki.certificate("chu-seine.sign")
    root = etree.fromstring(sign_lot(lot_unique_id=LOT, documents=DOCUMENTS, signer=credential, now=now))
    ours = root.findtext("{*}SignatureValue")
    for value in [*root.findall("{*}SignedInfo/{*}Reference/{*}DigestValue"), root.find("{*}SignatureValue")]:
        value.text = None
    beside = etree.Element("beside")
    beside.append(root)
    holders = root.findall("{*}Object")
    beside.extend(holders)
    for element in beside.iter():
        if "Id" in element.attrib:
            xmlsec.tree.add_ids(element, ["Id"])
    _sign_by_xmlsec(root, credential)
    assert root.findtext("{*}SignatureValue").replace("\n", "") == ours
    root.extend(holders)
    evidence = verify_lot(
        etree.tostring(root), lot_unique_id=LOT, documents=DOCUMENTS, trust=ingest_trust, usage=Usage.INGEST_SEAL,
        now=now,
    )  # fmt: skip
    assert evidence.signer.structure_id == "1750999013"


def test_an_assertion_is_found_where_the_client_put_it(pki, now, envelop):
    message = etree.fromstring(envelop(build_vihf(signer=pki.certificate("chu-seine.sign"), now=now)))
    assert message[0][0][0].tag == ASSERTION
