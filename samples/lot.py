"""Makes signature documents of lots (DMP TD2.1, IHE ITI DSG, XAdES 1.3.2), right by default, wrong where asked."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from samples.pki.credential import Credential
from samples.xmldsig import RIGHT, Signed, Spelling, digest_text, load_seal, write_digest, write_signature
from security.instants import write_instant
from security.signature.algorithms import DS, EXCLUSIVE
from security.signature.canonical import canonicalise
from security.signature.lot import SIGNATURE_PROPERTIES, SIGNATURE_PROPERTY
from security.signature.manifest import MANIFEST, MANIFEST_TYPE, PLACEHOLDER, URN
from security.signature.xades import QUALIFYING_PROPERTIES, SIGNED_PROPERTIES, SIGNED_PROPERTIES_TYPE, XADES

SOURCE = "1.2.840.10065.1.12.1.14"


@dataclass(frozen=True, slots=True, kw_only=True)
class LotFault:
    """What to get wrong, one thing at a time. `digests` replaces digest values by unique id of document or lot.

    `unsigned` names parts that SignedInfo leaves out: `manifest`, `properties`, `purpose`.
    """

    digests: Mapping[str, str] | None = None
    unsigned: frozenset[str] = frozenset()
    twice: str | None = None
    named_certificate: x509.Certificate | None = None
    target: str | None = None
    signing_time: datetime | None = None


_NONE = LotFault()


def sign_lot(
    *,
    lot_unique_id: str,
    documents: Mapping[str, bytes],
    signer: Credential,
    now: datetime,
    purpose: str = SOURCE,
    spelling: Spelling = RIGHT,
    fault: LotFault = _NONE,
) -> bytes:
    """Sign a lot: `documents` maps unique id to octets, the signature document left out.

    The manifest digests the octets of the documents; the lot itself has the agreed placeholder. SignedInfo covers the
    manifest, the signed properties and the purpose, each by exclusive canonicalisation.
    """
    seal = load_seal(signer)
    identifier = f"ID-{uuid.uuid4().hex}"
    manifest = _write_manifest(lot_unique_id, documents, spelling.digest, fault)
    properties = _write_properties(
        fault.named_certificate or seal.leaf, identifier, fault.signing_time or now, spelling, fault.target
    )
    purposes = etree.Element(SIGNATURE_PROPERTIES, nsmap={"ds": DS}, Id=f"{identifier}-purpose")
    etree.SubElement(purposes, SIGNATURE_PROPERTY, Id="purposeOfSignature", Target=f"#{identifier}").text = purpose
    signed = {
        "manifest": _signed(manifest, MANIFEST_TYPE),
        "properties": _signed(properties[0], SIGNED_PROPERTIES_TYPE),
        "purpose": _signed(purposes, None),
    }
    covered = [each for name, each in signed.items() if name not in fault.unsigned]
    root = write_signature(seal, covered, identifier=identifier, spelling=spelling)
    for part in (manifest, purposes, properties):
        etree.SubElement(root, f"{{{DS}}}Object").append(part)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _signed(part: etree._Element, kind: str | None) -> Signed:
    return Signed(target=part.get("Id") or "", octets=canonicalise(part, EXCLUSIVE), transforms=(EXCLUSIVE,), type=kind)


def _write_manifest(
    lot_unique_id: str, documents: Mapping[str, bytes], algorithm: str, fault: LotFault
) -> etree._Element:
    manifest = etree.Element(MANIFEST, nsmap={"ds": DS}, Id="IHEManifest")
    digests = {lot_unique_id: PLACEHOLDER} | {name: digest_text(algorithm, each) for name, each in documents.items()}
    digests |= fault.digests or {}
    for unique_id in [*digests, *([fault.twice] if fault.twice else [])]:
        reference = etree.SubElement(manifest, f"{{{DS}}}Reference", URI=URN + unique_id)
        write_digest(reference, algorithm, digests[unique_id])
    return manifest


def _write_properties(
    certificate: x509.Certificate, identifier: str, signed_at: datetime, spelling: Spelling, target: str | None
) -> etree._Element:
    root = etree.Element(QUALIFYING_PROPERTIES, nsmap={"xades": XADES, "ds": DS}, Target=f"#{target or identifier}")
    signed = etree.SubElement(root, SIGNED_PROPERTIES, Id=f"{identifier}-properties")
    about = etree.SubElement(signed, f"{{{XADES}}}SignedSignatureProperties")
    etree.SubElement(about, f"{{{XADES}}}SigningTime").text = write_instant(signed_at)
    named = etree.SubElement(etree.SubElement(about, f"{{{XADES}}}SigningCertificateV2"), f"{{{XADES}}}Cert")
    value = digest_text(spelling.digest, certificate.public_bytes(Encoding.DER))
    write_digest(etree.SubElement(named, f"{{{XADES}}}CertDigest"), spelling.digest, value)
    policy = etree.SubElement(about, f"{{{XADES}}}SignaturePolicyIdentifier")
    etree.SubElement(policy, f"{{{XADES}}}SignaturePolicyImplied")
    return root
