"""Which document of a lot is its signature, and whether the lot is signed by the establishment that sends it.

A signature is XML (IHE DSG) or JSON (DSGj), as the media type of its document says; by SOAP and by FHIR it is bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gateway.gate import Caller
from security.errors import ErrorKind, NotAuthenticated
from security.pki.trust import TrustStore, Usage
from security.signature.jades import MIME_TYPE as JSON
from security.signature.jades import verify_json_lot
from security.signature.lot import LotEvidence, LotPolicy, verify_lot
from xds.errors import RegistryError, Severity, XdsErrorCode
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.association import AssociationType
from xds.metadata.submission_set import SubmissionSet

LEVEL: Final = "SIG-LEVEL"


@dataclass(frozen=True, slots=True)
class SignedLot:
    """A lot whose signature is true: the id of the signature document, as sent, and the evidence."""

    signature_id: str
    evidence: LotEvidence


def verify(
    request: ProvideAndRegisterRequest,
    submission_set: SubmissionSet,
    caller: Caller,
    trust: TrustStore,
    policy: LotPolicy,
) -> SignedLot:
    """Verify that the lot is signed, wholly, by the caller's own structure.

    Raises NotAuthenticated: SIG_* of the signature, CERT_* of its certificate, ASSERTION_IDENTITY when another
    structure or another person signed (IHE DSG; DMP TD2.1).
    """
    signature_id = _signature_of(request, submission_set)
    check = verify_json_lot if _media_type(request, signature_id) == JSON else verify_lot
    evidence = check(
        request.documents[signature_id],
        lot_unique_id=submission_set.unique_id,
        documents={
            entry.unique_id: request.documents[entry.entry_uuid]
            for entry in request.entries
            if entry.entry_uuid != signature_id
        },
        trust=trust,
        usage=Usage.INGEST_SEAL,
        now=caller.now,
        policy=policy,
    )
    _check_signer(evidence, caller)
    return SignedLot(signature_id, evidence)


def warnings(request: ProvideAndRegisterRequest, signature_id: str | None) -> Iterator[RegistryError]:
    """What whoever signed should know: DSGj asks for the level B-LT, of which B-B is verified."""
    for entry in request.entries:
        if entry.entry_uuid == signature_id and entry.mime_type == JSON:
            text = f"{entry.unique_id}: the signature is verified as JAdES B-B, its time stamps, if any, are not"
            yield RegistryError(XdsErrorCode.REGISTRY_METADATA, text, severity=Severity.WARNING, rule=LEVEL)


def claimed(request: ProvideAndRegisterRequest) -> str | None:
    """The document that says it signs the lot, before anything is believed of it; None without exactly one."""
    sources = {item.source for item in request.associations if item.association_type is AssociationType.SIGNS}
    return sources.pop() if len(sources) == 1 else None


def _media_type(request: ProvideAndRegisterRequest, signature_id: str) -> str:
    return next((one.mime_type for one in request.entries if one.entry_uuid == signature_id), "")


def _signature_of(request: ProvideAndRegisterRequest, submission_set: SubmissionSet) -> str:
    signs = [item for item in request.associations if item.association_type is AssociationType.SIGNS]
    if not signs:
        raise NotAuthenticated(
            ErrorKind.SIG_MISSING, "no document of the lot signs it (association signs, relatesTo signs in FHIR)"
        )
    sources = {item.source for item in signs}
    if len(sources) > 1:
        raise NotAuthenticated(ErrorKind.SIG_STRUCTURE, f"{len(sources)} documents sign the lot, exactly one may")
    (source,) = sources
    others = {entry.entry_uuid for entry in request.entries} - {source}
    if source not in request.documents:
        raise NotAuthenticated(ErrorKind.SIG_MISSING, "the document that signs the lot is not in the lot")
    if {item.target for item in signs} not in ({submission_set.entry_uuid}, others):
        raise NotAuthenticated(
            ErrorKind.SIG_STRUCTURE, "the signature designates neither the SubmissionSet nor every document of the lot"
        )
    return source


def _check_signer(evidence: LotEvidence, caller: Caller) -> None:
    signer, certificate = evidence.signer, caller.certificate
    if signer.structure_id is not None or certificate.structure_id is not None:
        same = signer.structure_id == certificate.structure_id
    else:
        same = signer.national_id == certificate.national_id
    if not same:
        raise NotAuthenticated(
            ErrorKind.ASSERTION_IDENTITY,
            f"the lot is signed by {signer.structure_id or 'a person'}, "
            f"the connection is that of {certificate.structure_id or 'another holder'}",
        )
