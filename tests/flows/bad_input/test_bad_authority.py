"""Lots and assertions that are not believed: who signed, what was signed, who says so, when, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from samples.client.client import IngestClient
from samples.documents.discharge_letter import discharge_letter
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from samples.lot import LotFault, sign_lot
from samples.submission import Submission
from samples.vihf import build_vihf
from samples.xmldsig import SHA1_SIGNATURE, Spelling
from security.signature.algorithms import DS, ENVELOPED, EXCLUSIVE
from security.vihf import attributes as names
from security.vihf.header import SAML
from security.vihf.model import AuthenticationMode
from xds.metadata.association import AssociationType

RIGHTS = "DMPAccessDeniedByRightsService"


def signed(ward: Any, lot: Submission, by: str, *, without: int | None = None, **how: Any) -> Submission:
    """The same lot with another signature document: that of `by`, over all documents but the one of rank `without`."""
    entries = [entry for rank, entry in enumerate(lot.entries[:-1]) if rank != without]
    signature = sign_lot(
        lot_unique_id=lot.submission_set.unique_id,
        documents={entry.unique_id: lot.contents[entry.entry_uuid] for entry in entries},
        signer=ward.scene.house.credential(by),
        now=datetime.now(UTC),
        **how,
    )
    return lot.with_content(-1, signature, declared=True)


def altered(lot: Submission) -> Submission:
    content = lot.contents["Document01"]
    return lot.with_content(0, content.replace(b"<title>", b"<title>x", 1), declared=True)


LOTS: list[tuple[str, Callable[[Any, Submission], Submission], str, tuple[str, ...]]] = [
    ("not signed", lambda ward, lot: lot.without_signature(), "SIG_MISSING", ("signs",)),
    ("a signature that signs nothing", lambda ward, lot: lot.without_associations(AssociationType.SIGNS),
     "SIG_MISSING", ("signs",)),
    ("signed by another establishment", lambda ward, lot: signed(ward, lot, "ch-loire.sign"),
     "ASSERTION_IDENTITY", ("1440999068", "1750999013")),
    ("one document is not signed", lambda ward, lot: signed(ward, lot, "chu-seine.sign", without=1),
     "SIG_COVERAGE", ("leaves out", "{second}")),
    ("a signature of another lot", lambda ward, lot: lot.with_submission_set(unique_id="2.25.1"),
     "SIG_COVERAGE", ("leaves out", "2.25.1")),
    ("a document altered after the signature", lambda ward, lot: altered(lot), "SIG_INVALID", ("digest", "{first}")),
    ("sealed with a certificate for connections", lambda ward, lot: signed(ward, lot, "chu-seine.auth"),
     "CERT_USAGE", ("nonRepudiation",)),
    ("sealed by an unknown authority", lambda ward, lot: signed(ward, lot, "bad.wrong-authority"),
     "CERT_UNTRUSTED", ()),
    ("a manifest that is not signed",
     lambda ward, lot: signed(ward, lot, "chu-seine.sign", fault=LotFault(unsigned=frozenset({"manifest"}))),
     "SIG_COVERAGE", ("manifest",)),
    ("signed two days ago",
     lambda ward, lot: signed(
         ward, lot, "chu-seine.sign", fault=LotFault(signing_time=datetime.now(UTC) - timedelta(days=2))),
     "SIG_POLICY", ("SigningTime",)),
    ("sealed with SHA-1",
     lambda ward, lot: signed(ward, lot, "chu-seine.sign", spelling=Spelling(signature=SHA1_SIGNATURE)),
     "SIG_ALGORITHM", ("signature algorithm", SHA1_SIGNATURE)),
    ("another transform",
     lambda ward, lot: signed(ward, lot, "chu-seine.sign", spelling=Spelling(transforms=(ENVELOPED, EXCLUSIVE))),
     "SIG_TRANSFORM", (ENVELOPED,)),
    ("no certificate in the signature",
     lambda ward, lot: signed(
         ward, lot, "chu-seine.sign", spelling=Spelling(key_info=etree.Element(f"{{{DS}}}KeyInfo"))),
     "SIG_KEY", ("KeyInfo",)),
    ("a signature that is none", lambda ward, lot: lot.with_content(-1, b"<signature/>", declared=True),
     "SIG_STRUCTURE", ("ds:Signature",)),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "code", "words"), [row[1:] for row in LOTS], ids=[row[0] for row in LOTS])
def test_a_lot_that_is_not_believed_is_refused_whole(ward: Any, spoil: Any, code: str, words: tuple[str, ...]) -> None:
    lot = ward.scene.lot([vsm(ward.scene.patient), laboratory_report(ward.scene.patient)])
    first, second = lot.unique_ids
    expected = [word.format(first=first, second=second) for word in words]
    ward.fault(ward.deposit(spoil(ward, lot)), code, *expected)


VIHF: list[tuple[str, dict[str, Any], str, str, tuple[str, ...]]] = [
    ("expired", {"issue_instant": datetime.now(UTC) - timedelta(hours=3)}, "SBX_VIHF_TIME", "ASSERTION_TIME",
     ("IssueInstant", "3600 s")),
    ("its conditions are over",
     {"issue_instant": datetime.now(UTC) - timedelta(hours=1), "not_before": datetime.now(UTC) - timedelta(hours=1),
      "not_on_or_after": datetime.now(UTC) - timedelta(minutes=20)},
     "SBX_VIHF_TIME", "ASSERTION_TIME", ("expired",)),
    ("of tomorrow", {"issue_instant": datetime.now(UTC) + timedelta(days=1)}, "SBX_VIHF_TIME", "ASSERTION_TIME",
     ("IssueInstant", "future")),
    ("of another structure", {"structure_id": "1440999068"}, "SBX_VIHF_STRUCT", "ASSERTION_IDENTITY",
     ("Identifiant_Structure",)),
    ("in a mode of consultation", {"mode": AuthenticationMode.INDIRECTE_RENFORCEE}, RIGHTS, "CHANNEL_FORBIDDEN",
     ("INDIRECTE_RENFORCEE", "ingest")),
    ("in direct mode over the connection of a structure", {"mode": AuthenticationMode.DIRECTE}, RIGHTS,
     "CHANNEL_FORBIDDEN", ("ORG_AUTH_CLI", "DIRECTE")),
    ("not signed", {"signed": False}, "SBX_VIHF_SIGNATURE", "SIG_MISSING", ("not signed",)),
    ("without homologation number", {"attributes": {names.HOMOLOGATION: None}}, "SBX_VIHF_HOMOLOGATION",
     "ASSERTION_CONTENT", (names.HOMOLOGATION, "missing")),
    ("without mode", {"attributes": {names.MODE: None}}, "SBX_VIHF_MALFORMED", "ASSERTION_CONTENT", (names.MODE,)),
    ("of another version", {"attributes": {names.VERSION: "1.0"}}, "SBX_VIHF_MALFORMED", "ASSERTION_CONTENT",
     (names.VERSION, "4.0")),
    ("of another resource", {"attributes": {names.RESOURCE: "urn:other"}}, "SBX_VIHF_RESOURCE", "ASSERTION_CONTENT",
     (names.RESOURCE, "urn:dmp")),
    ("to break the glass", {"purpose": "bris_de_glace"}, "SBX_VIHF_PURPOSE", "ASSERTION_CONTENT", ("bris_de_glace",)),
    ("for another service", {"audience": ("urn:elsewhere",)}, "SBX_VIHF_AUDIENCE", "ASSERTION_AUDIENCE",
     ("another service",)),
    ("issued by somebody else", {"issuer": "CN=Somebody,O=Elsewhere,C=FR"}, "SBX_VIHF_ISSUER", "ASSERTION_IDENTITY",
     ("Issuer",)),
]  # fmt: skip


@pytest.mark.parametrize(("how", "code", "kind", "words"), [row[1:] for row in VIHF], ids=[row[0] for row in VIHF])
def test_a_vihf_that_is_not_believed_is_refused(
    ward: Any, how: dict[str, Any], code: str, kind: str, words: tuple[str, ...]
) -> None:
    lot = ward.scene.lot([discharge_letter(ward.scene.patient)])
    ward.fault(ward.deposit(lot, **how), code, *words, kind=kind)


def speaking(ward: Any, vihf: Callable[[], etree._Element] | None, lot: Submission) -> Callable[[], Any]:
    """Deposit `lot` with an assertion of one's own making."""
    house = ward.scene.house
    door = house.doors["ingest"]

    def attempt() -> Any:
        with closing(IngestClient(door.url, house.credential("chu-seine.auth"), door.ca, vihf=vihf)) as client:
            return client.provide_and_register(lot)

    return attempt


@pytest.fixture
def lot(ward: Any) -> Submission:
    return ward.scene.lot([discharge_letter(ward.scene.patient)])


def assertion(ward: Any, signer: str = "chu-seine.sign", **how: Any) -> etree._Element:
    made = {"patient": ward.scene.patient.cx, **how}
    return build_vihf(signer=ward.scene.house.credential(signer), now=datetime.now(UTC), **made)


def test_a_message_without_a_vihf_is_refused(ward: Any, lot: Submission) -> None:
    ward.fault(speaking(ward, None, lot), "SBX_VIHF_MISSING", "wsse:Security", kind="ASSERTION_CONTENT")


def test_a_vihf_altered_after_its_signature_is_refused(ward: Any, lot: Submission) -> None:
    made = assertion(ward)
    for value in made.iter(f"{{{SAML}}}AttributeValue"):
        if value.text == "Logiciel d'essai":
            value.text = "Un autre logiciel"
    ward.fault(speaking(ward, lambda: made, lot), "SBX_VIHF_SIGNATURE", kind="SIG_INVALID")


def test_a_vihf_sealed_by_another_structure_than_that_of_the_connection_is_refused(ward: Any, lot: Submission) -> None:
    made = assertion(ward, "ch-loire.sign")
    ward.fault(speaking(ward, lambda: made, lot), "SBX_VIHF_STRUCT", "seal", "connection", kind="ASSERTION_IDENTITY")


def test_a_vihf_sealed_with_a_certificate_for_connections_is_refused(ward: Any, lot: Submission) -> None:
    made = assertion(ward, "chu-seine.auth")
    ward.fault(speaking(ward, lambda: made, lot), "DMPInvalidCertificate", "nonRepudiation", kind="CERT_USAGE")


def test_the_card_of_a_professional_says_nothing_at_the_ingest_door(ward: Any, lot: Submission) -> None:
    made = assertion(ward, "dr-essai.sign")
    ward.fault(speaking(ward, lambda: made, lot), "DMPInvalidCertificate", kind="CERT_UNTRUSTED")


def test_a_vihf_presented_again_for_another_patient_is_refused(ward: Any, new_scene: Any) -> None:
    other = new_scene(ward.scene.house)
    same = assertion(ward, assertion_id="_once-and-no-more-" + ward.scene.patient.nir)
    own = ward.scene.lot([discharge_letter(ward.scene.patient)])
    assert speaking(ward, lambda: same, own)().succeeded
    theirs = other.lot([discharge_letter(other.patient)])

    ward.failure(speaking(ward, lambda: same, theirs), ("XDSPatientIdDoesNotMatch", "V-42"))

    renamed = assertion(ward, assertion_id=same.get("ID"), patient=other.patient.cx)
    ward.fault(speaking(ward, lambda: renamed, theirs), "SBX_VIHF_REPLAY", "already used", kind="ASSERTION_REPLAY")


def test_a_lot_in_the_name_of_another_author_than_the_vihf_names_is_refused(ward: Any) -> None:
    lot = ward.scene.lot([discharge_letter(ward.scene.patient)])
    theirs = ward.scene.lot([discharge_letter(ward.scene.patient)], by="ch-loire")
    claimed = replace(lot, submission_set=replace(lot.submission_set, authors=theirs.submission_set.authors))
    ward.failure(
        ward.deposit(claimed),
        ("XDSRegistryMetadataError", "V-40", "AuthorInstitution"),
        ("XDSRegistryMetadataError", "V-41", "authorPerson"),
    )
