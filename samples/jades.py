"""Makes signature documents of lots in JSON (IHE ITI DSGj, JAdES B-B), right by default, wrong where asked."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import Encoding

from samples.lot import SOURCE
from samples.pki.credential import Credential
from samples.submission import SIGNATURE, Submission
from samples.xmldsig import load_seal
from security.instants import write_instant
from security.signature.jades import BY_URI_HASH, MIME_TYPE, PROFILE
from security.signature.jose import thumbprint, write_base64url
from security.signature.manifest import URN
from security.strict_json import write_json
from xds.metadata.codes import Code

_FORMAT = Code(PROFILE, "1.3.6.1.4.1.19376.1.2.3", "Document Digital Signature, detached")

Header = dict[str, Any]


def build_header(
    *, lot_unique_id: str, documents: Mapping[str, bytes], signer: Credential, now: datetime, purpose: str = SOURCE
) -> Header:
    """The protected header of a lot: `documents` maps unique id to octets, the signature document left out."""
    certificates = [one.public_bytes(Encoding.DER) for one in load_seal(signer).certificates]
    return {
        "alg": "RS256",
        "x5c": [base64.b64encode(one).decode("ascii") for one in certificates],
        "x5t#S256": thumbprint(certificates[0]),
        "sigT": write_instant(now),
        "srCms": [{"commId": {"id": f"{URN}{purpose}"}}],
        "sigPId": {"id": PROFILE},
        "iheSSId": f"{URN}{lot_unique_id}",
        "sigD": {
            "mId": BY_URI_HASH,
            "pars": [f"{URN}{name}" for name in documents],
            "hashM": "S256",
            "hashV": [write_base64url(hashlib.sha256(one).digest()) for one in documents.values()],
            "ctys": ["text/xml"] * len(documents),
        },
        "crit": ["sigD", "sigT", "iheSSId"],
    }


def sign_header(header: Header | bytes, signer: Credential) -> bytes:
    """The signature document: the header, or its very bytes, signed as it is."""
    protected = write_base64url(header if isinstance(header, bytes) else write_json(header))
    octets = f"{protected}.".encode("ascii")
    key = load_seal(signer).key
    if isinstance(header, dict) and header.get("alg") == "PS256":
        signature = key.sign(octets, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    else:
        signature = key.sign(octets, padding.PKCS1v15(), hashes.SHA256())
    return write_json({"protected": protected, "signature": write_base64url(signature)})


def sign_lot_in_json(
    *,
    lot_unique_id: str,
    documents: Mapping[str, bytes],
    signer: Credential,
    now: datetime,
    change: Callable[[Header], object] = lambda header: None,
) -> bytes:
    """Sign a lot; `change` spoils the header before it is signed."""
    header = build_header(lot_unique_id=lot_unique_id, documents=documents, signer=signer, now=now)
    change(header)
    return sign_header(header, signer)


def with_json_signature(
    submission: Submission,
    *,
    signer: Credential,
    now: datetime,
    change: Callable[[Header], object] = lambda header: None,
) -> Submission:
    """The same lot, signed in JSON instead of XML."""
    documents = {
        entry.unique_id: submission.contents[entry.entry_uuid]
        for entry in submission.entries
        if entry.entry_uuid != SIGNATURE
    }
    unique_id = submission.submission_set.unique_id
    content = sign_lot_in_json(lot_unique_id=unique_id, documents=documents, signer=signer, now=now, change=change)
    last = len(submission.entries) - 1
    signed = submission.with_content(last, content, declared=True)
    return signed.with_entry(last, mime_type=MIME_TYPE, format_code=_FORMAT)
