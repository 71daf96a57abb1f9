from __future__ import annotations

import importlib.resources
from datetime import UTC, datetime

import pytest
from lxml import etree

from samples.lot import sign_lot
from samples.vihf import build_vihf
from security.signature.algorithms import DS
from security.signature.xades import QUALIFYING_PROPERTIES

NOW = datetime.now(UTC)
DOCUMENTS = {"1.2.3.1": b"first", "1.2.3.2^a": b"second"}


@pytest.fixture
def signature(pki):
    return etree.fromstring(
        sign_lot(lot_unique_id="1.2.3", documents=DOCUMENTS, signer=pki.certificate("chu-seine.sign"), now=NOW)
    )


def test_a_lot_signature_has_the_parts_of_the_profile(signature):
    assert [etree.QName(part).localname for part in signature] == [
        "SignedInfo", "SignatureValue", "KeyInfo", "Object", "Object", "Object",
    ]  # fmt: skip
    manifest = signature.find(f"{{{DS}}}Object/{{{DS}}}Manifest")
    assert [reference.get("URI") for reference in manifest] == [
        "urn:oid:1.2.3", "urn:oid:1.2.3.1", "urn:oid:1.2.3.2^a",
    ]  # fmt: skip
    assert manifest[0].findtext(f"{{{DS}}}DigestValue") == "AA=="
    identifiers = [value for element in signature.iter() for name, value in element.attrib.items() if name == "Id"]
    assert len(identifiers) == len(set(identifiers)) == 5


def test_the_qualifying_properties_are_valid_xades(signature):
    schemas = importlib.resources.files("signxml.xades.schemas")
    with importlib.resources.as_file(schemas) as folder:
        schema = etree.XMLSchema(etree.parse(folder / "XAdES01903v132-201601.xsd"))
    schema.assertValid(next(signature.iter(QUALIFYING_PROPERTIES)))


def test_two_lots_never_share_an_identifier(pki):
    signer = pki.certificate("chu-seine.sign")
    first, second = (
        etree.fromstring(sign_lot(lot_unique_id="1.2.3", documents=DOCUMENTS, signer=signer, now=NOW)).get("Id")
        for _ in range(2)
    )
    assert first != second


def test_an_assertion_names_its_signer_and_his_activity(pki):
    doctor = pki.certificate("dr-essai.sign")
    text = etree.tostring(build_vihf(signer=doctor, now=NOW), encoding="unicode")
    for expected in (doctor.national_id, doctor.structure_id, doctor.specialty, f"{doctor.family} {doctor.given}"):
        assert f">{expected}<" in text or f'"{expected}"' in text
