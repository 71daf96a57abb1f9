"""A lot that a house signs is one that any door believes (DMP TD2.1; IHE ITI DSG)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from samples.pki.factory import TestPki
from security.errors import NotAuthenticated
from security.pki.trust import TrustStore, Usage
from security.signature.lot import verify_lot
from security.signature.signing import Seal, SealError, sign_lot

DOCUMENTS = {"1.2.3": b"<one/>", "1.2.4": b"<two/>"}


@pytest.fixture
def seal_file(pki: TestPki, tmp_path: Path) -> Path:
    held = pki.certificate("labo-rhone.sign")
    path = tmp_path / "1690999032.pem"
    path.write_bytes(held.chain_path.read_bytes() + held.key_path.read_bytes())
    return path


def test_the_signature_is_verified_and_covers_every_document(pki: TestPki, seal_file: Path) -> None:
    now = datetime.now(UTC)
    signature = sign_lot(Seal.load(seal_file), lot_unique_id="2.25.1", documents=DOCUMENTS, now=now)
    trust = TrustStore.load(pki.trust("ingest"))

    evidence = verify_lot(
        signature, lot_unique_id="2.25.1", documents=DOCUMENTS, trust=trust, usage=Usage.INGEST_SEAL, now=now
    )

    assert evidence.documents == ("1.2.3", "1.2.4")
    assert evidence.signer.structure_id == "1690999032"
    assert evidence.purpose_is_signed
    with pytest.raises(NotAuthenticated):
        verify_lot(
            signature,
            lot_unique_id="2.25.1",
            documents={**DOCUMENTS, "1.2.4": b"<other/>"},
            trust=trust,
            usage=Usage.INGEST_SEAL,
            now=now,
        )


@pytest.mark.parametrize("spoil", ["missing", "no key", "another key", "not PEM"])
def test_a_seal_that_cannot_sign_says_which_file(pki: TestPki, seal_file: Path, spoil: str) -> None:
    held = pki.certificate("labo-rhone.sign")
    content = {
        "no key": held.chain_path.read_bytes(),
        "another key": held.chain_path.read_bytes() + pki.certificate("ch-loire.sign").key_path.read_bytes(),
        "not PEM": b"seal",
    }.get(spoil)
    if content is None:
        seal_file.unlink()
    else:
        seal_file.write_bytes(content)

    with pytest.raises(SealError, match=r"1690999032\.pem"):
        Seal.load(seal_file)
