"""Lots made by code: right by default down to the door's own reader, and wrong in one point where asked."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from pathlib import Path

import pytest
import zeep
from lxml import etree

from conformance.checks.metadata import check_metadata
from gateway.wire import soap
from profiles.codes import load_domain
from samples.client.client import IngestClient
from samples.client.mtom import restore
from samples.documents.discharge_letter import discharge_letter
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import PAUL
from samples.documents.vsm import vsm
from samples.sender import Sender
from samples.submission import INVISIBLE_PATIENT, SIGNATURE, build_submission
from samples.submission_twins import TWINS
from samples.vihf import build_vihf
from security import xml
from security.errors import ErrorKind, NotAuthenticated
from security.pki.certificate import read_certificate
from security.pki.trust import TrustStore, Usage
from security.signature.lot import LotPolicy, verify_lot
from security.vihf import agreement
from security.vihf.policy import VihfPolicy
from security.vihf.verifier import VihfVerifier
from xds.ebrim.reader import read_provide_and_register
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.association import AssociationType
from xds.metadata.datatypes import Xcn, Xon

WSDL = Path(__file__).parents[2] / "gateway" / "wire" / "wsdl"
NOW = datetime.now(UTC).replace(microsecond=0)
OLD = "urn:uuid:11111111-2222-4333-8444-555555555555"


class Memory:
    """Remembers nothing: each assertion here is new."""

    def remember(self, issuer: str, assertion_id: str, binding: str, expires: datetime) -> bool:
        return True


@pytest.fixture(scope="module")
def seal(pki):
    return pki.certificate("chu-seine.sign")


@pytest.fixture(scope="module")
def lot(seal):
    return build_submission([vsm(), laboratory_report()], signer=seal, now=NOW)


def request_of(lot) -> ProvideAndRegisterRequest:
    """What the door reads of the lot, without any wire."""
    body = etree.Element("{urn:ihe:iti:xds-b:2007}ProvideAndRegisterDocumentSetRequest")
    body.append(lot.xml)
    parts = {}
    for name, (content_id, _, content) in lot.documents.items():
        document = etree.SubElement(body, "{urn:ihe:iti:xds-b:2007}Document", id=name)
        etree.SubElement(document, "{http://www.w3.org/2004/08/xop/include}Include", href=f"cid:{content_id}")
        parts[content_id] = content
    return read_provide_and_register(body, parts)


def verify_seal(lot, pki, trust="ingest"):
    return verify_lot(
        lot.contents[SIGNATURE],
        lot_unique_id=lot.submission_set.unique_id,
        documents={entry.unique_id: lot.contents[entry.entry_uuid] for entry in lot.entries[:-1]},
        trust=TrustStore.load(pki.trust(trust), professional_feeding=trust != "ingest"),
        usage=Usage.INGEST_SEAL,
        now=NOW,
        policy=LotPolicy(),
    )


def test_a_lot_is_valid_against_the_schema(lot):
    etree.XMLSchema(file=str(WSDL / "lcm.xsd")).assertValid(lot.xml)


def test_the_whole_message_is_valid_against_the_schema_once_its_parts_are_back(lot):
    with IngestClient("https://door.invalid", None, None) as client:
        message = client.message(lot)
    envelope = xml.parse(message.root)
    restore(envelope, {part.content_id: part for part in message.parts})
    etree.XMLSchema(file=str(WSDL / "xds.xsd")).assertValid(envelope[1][0])


def test_a_client_that_only_knows_the_wsdl_reads_and_writes_the_same_metadata(lot):
    """What zeep makes of our metadata by its own types is what we wrote: the schema loses and reorders nothing."""
    description = zeep.Client(str(WSDL / "ingest-repository.wsdl"))
    request = description.get_element("{urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0}SubmitObjectsRequest")
    parent = etree.Element("parent")
    request.render(parent, request.parse(lot.xml, description.wsdl.types))
    assert normal(parent[0]) == normal(lot.xml)


def normal(element: etree._Element) -> object:
    """Names, attributes, texts and children: what is left of XML without its prefixes."""
    return element.tag, sorted(element.attrib.items()), (element.text or "").strip(), [normal(one) for one in element]


def test_a_lot_breaks_no_rule_of_metadata(lot):
    request = request_of(lot)
    assert request.errors == ()
    assert check_metadata(request, load_domain()) == ()


def test_the_signature_of_a_lot_is_that_of_the_structure_and_covers_every_document(lot, pki):
    evidence = verify_seal(lot, pki)
    assert evidence.signer.structure_id == "1750999013"
    assert evidence.documents == tuple(sorted(lot.unique_ids))
    assert evidence.lot_unique_id == lot.submission_set.unique_id


def test_the_signature_document_has_the_shape_of_the_dmp(lot):
    entry = lot.entries[-1]
    codes = (entry.format_code.code, entry.class_code.code, entry.type_code.code, entry.event_codes[0].code)
    assert codes == (
        "http://www.w3.org/2000/09/xmldsig#",
        "urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1",
        "E1762",
        "1.2.840.10065.1.12.1.14",
    )
    assert {code.code for code in entry.confidentiality_codes} == {"N", "INVISIBLE_PATIENT", "MASQUE_PS"}
    assert (entry.language_code, entry.title, entry.mime_type) == ("art", "Source", "text/xml")
    signs = [item for item in lot.associations if item.association_type is AssociationType.SIGNS]
    assert [(item.source, item.target) for item in signs] == [(SIGNATURE, lot.submission_set.entry_uuid)]


def test_every_document_is_an_original_member_of_the_lot(lot):
    members = [item for item in lot.associations if item.association_type is AssociationType.HAS_MEMBER]
    assert [item.target for item in members] == ["Document01", "Document02", SIGNATURE]
    assert {(item.source, item.submission_set_status) for item in members} == {("SubmissionSet01", "Original")}


@pytest.mark.parametrize(
    ("seal_name", "card_name", "trust"),
    [
        ("chu-seine.sign", "chu-seine.auth", "ingest"),
        ("dr-essai.sign", "dr-essai.auth", "ingest-with-professionals"),
    ],
)
def test_lot_and_assertion_reach_the_door_intact_and_agree(pki, seal_name, card_name, trust):
    credential = pki.certificate(seal_name)
    lot = build_submission([vsm()], signer=credential, now=NOW)
    with IngestClient(
        "https://door.invalid", None, None, vihf=lambda: build_vihf(signer=credential, now=NOW)
    ) as client:
        content_type, body = client.message(lot).encode()

    message = soap.read(content_type, io.BytesIO(body))
    request = read_provide_and_register(message.body, message.parts)
    professionals = trust != "ingest"
    verifier = VihfVerifier(
        TrustStore.load(pki.trust(trust), professional_feeding=professionals),
        VihfPolicy(door="ingest", professional_feeding=professionals),
        Memory(),
    )
    card = read_certificate(pki.certificate(card_name).certificate_der())
    vihf = verifier.verify(message.security, card, NOW + timedelta(seconds=1))

    assert request.errors == ()
    assert request.submission_set == lot.submission_set
    assert [replace(entry, logical_id=None) for entry in request.entries] == list(lot.entries)
    assert request.associations == lot.associations
    assert dict(request.documents) == dict(lot.contents)
    author = request.submission_set.authors[0]
    assert agreement.check_patient(vihf, request.submission_set.patient_id) is None
    assert agreement.check_author_person(vihf, [Xcn.parse(author.person).identifier]) is None
    assert agreement.check_author_institution(vihf, [Xon.parse(author.institutions[0]).identifier]) is None
    assert verify_seal(lot, pki, trust).signer.national_id


def test_a_replacement_names_the_entry_it_replaces(seal):
    lot = build_submission([discharge_letter(replaces="2.25.7", version=2)], signer=seal, now=NOW, replaces={0: OLD})
    found = [item for item in lot.associations if item.association_type is AssociationType.RPLC]
    assert [(item.source, item.target) for item in found] == [("Document01", OLD)]
    assert check_metadata(request_of(lot), load_domain()) == ()


def test_visibility_is_added_to_every_document(seal):
    lot = build_submission([vsm()], signer=seal, now=NOW, confidentiality=[INVISIBLE_PATIENT])
    assert [code.code for code in lot.entries[0].confidentiality_codes] == ["N", "INVISIBLE_PATIENT"]


def test_an_entry_of_ones_own_goes_with_its_bytes(seal, lot):
    own = replace(lot.entries[0], title="Autre titre")
    made = build_submission([(own, lot.contents["Document01"])], signer=seal, now=NOW)
    assert (made.entries[0], made.contents["Document01"]) == (own, lot.contents["Document01"])


def test_the_lot_of_another_patient_says_so_in_the_set_alone(seal):
    lot = build_submission([vsm()], signer=seal, now=NOW, patient_id=PAUL.cx)
    assert lot.submission_set.patient_id == PAUL.cx
    assert lot.entries[0].patient_id != PAUL.cx


def test_a_lot_sealed_by_another_structure_is_not_that_of_the_sender(pki, seal):
    lot = build_submission([vsm()], signer=pki.certificate("ch-loire.sign"), sender=Sender.of(seal), now=NOW)
    assert verify_seal(lot, pki).signer.structure_id == "1440999068"
    assert "1750999013" in lot.submission_set.authors[0].institutions[0]


@pytest.mark.parametrize("twin", [twin for twin in TWINS if twin.is_fault], ids=attrgetter("name"))
def test_a_lot_spoiled_after_signature_keeps_true_metadata(twin, lot):
    faults = request_of(twin.spoil(lot))
    codes = {finding.rule[:1] for finding in check_metadata(faults, load_domain())}
    assert faults.errors == ()
    assert codes <= {"A"}, "what is wrong is the signature, or the association that names it"


ON_THE_BYTES = {"altered-after-signature": ErrorKind.SIG_INVALID, "signature-of-another-lot": ErrorKind.SIG_COVERAGE,
                "signature-that-is-no-signature": ErrorKind.SIG_STRUCTURE}  # fmt: skip


@pytest.mark.parametrize("name", ON_THE_BYTES)
def test_a_lot_altered_after_signature_is_not_believed(name, lot, pki):
    (twin,) = [twin for twin in TWINS if twin.name == name]
    assert twin.answer == ON_THE_BYTES[name]
    with pytest.raises(NotAuthenticated) as caught:
        verify_seal(twin.spoil(lot), pki)
    assert caught.value.kind is ON_THE_BYTES[name]


# Rules that need the registry or the assertion: their twins are answered by the door alone.
AT_THE_DOOR = {"no-author-of-the-lot", "author-of-another-structure", "replacement-of-nothing"}


@pytest.mark.parametrize(
    "twin", [twin for twin in TWINS if not twin.is_fault and twin.name not in AT_THE_DOOR], ids=attrgetter("name")
)
def test_a_twin_earns_its_code_and_only_it(twin, lot):
    request = request_of(twin.spoil(lot))
    found = {finding.code for finding in (*request.errors, *check_metadata(request, load_domain()))}
    assert found == {twin.answer}


def test_twins_have_names_of_their_own():
    assert len({twin.name for twin in TWINS}) == len(TWINS)
