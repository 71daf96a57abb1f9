"""Floors of the bench: the work nobody can avoid, done with the libraries alone, on the messages really sent.

A floor takes the recorded bytes of a request, and does what no implementation could leave out: take the package apart,
parse, verify the signatures' arithmetic, hash, check the document, write and flush, one commit. No framework, no
checks of ours, no dispatch. Its figure is CPU time of this process, so the server of the database is in neither side.
"""

from __future__ import annotations

import hashlib
import os
import time
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree

from cda.document import parse_document
from conformance.validate import validate_document
from security import xml

DS = "{http://www.w3.org/2000/09/xmldsig#}"


def measure(work: Callable[[], object], runs: int) -> float:
    """CPU milliseconds of one run of `work`: the mean of `runs`, after a tenth of them to warm up."""
    for _ in range(max(1, runs // 10)):
        work()
    start = time.process_time()
    for _ in range(runs):
        work()
    return (time.process_time() - start) * 1000 / runs


class Floor:
    """A scratch table, a scratch directory, and the three floors."""

    def __init__(self, connection: psycopg.Connection[Any], directory: Path) -> None:
        self._connection = connection
        self._directory = directory
        connection.execute(
            "CREATE TABLE IF NOT EXISTS ecluse.bench_floor (id uuid PRIMARY KEY, body bytea, event text)"
        )

    def close(self) -> None:
        """Remove the scratch table."""
        self._connection.execute("DROP TABLE ecluse.bench_floor")

    def deposit(self, package: bytes, boundary: bytes) -> None:
        """ITI-41: two signatures, one document, one flush, one commit."""
        parts = [part.partition(b"\r\n\r\n")[2] for part in package.split(b"--" + boundary)[1:-1]]
        envelope = xml.parse(parts[0])
        _verify(envelope.iter(f"{DS}Signature"))
        document, signature = parts[1][:-2], parts[2][:-2]
        _verify([xml.parse(signature)])
        hashlib.sha1(document, usedforsecurity=False).digest()
        hashlib.sha256(document).digest()
        validate_document(parse_document(document))
        self._flush(document)
        self._commit(parts[0][:4000])

    def query(self, envelope: bytes, fragments: list[bytes]) -> bytes:
        """ITI-18: one signature known already, eight fragments fetched and joined, one trace committed."""
        root = xml.parse(envelope)
        hashlib.sha256(etree.tostring(next(iter(root)))).digest()
        self._connection.execute("SELECT body FROM ecluse.bench_floor LIMIT 8", prepare=True).fetchall()
        self._commit(b"")
        return b"".join(fragments)

    def retrieve(self, envelope: bytes, blob: Path, unseal: Callable[[bytes], bytes]) -> bytes:
        """ITI-43: one document found, opened and packed, one trace committed."""
        root = xml.parse(envelope)
        hashlib.sha256(etree.tostring(next(iter(root)))).digest()
        self._connection.execute("SELECT id FROM ecluse.bench_floor LIMIT 1", prepare=True).fetchall()
        content = unseal(blob.read_bytes())
        self._commit(b"")
        return b"".join((b"--b\r\n\r\n", content, b"\r\n--b--"))

    def _flush(self, content: bytes) -> None:
        path = self._directory / "floor"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, content)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def _commit(self, body: bytes) -> None:
        self._connection.execute(
            "INSERT INTO ecluse.bench_floor VALUES (gen_random_uuid(), %s, '')", (body,), prepare=True
        )


def _verify(signatures: Any) -> None:
    """The arithmetic of a signature: canonical SignedInfo, one digest for each reference, one RSA operation."""
    for signature in signatures:
        info = signature.find(f"{DS}SignedInfo")
        octets = etree.tostring(info, method="c14n", exclusive=True)
        for _ in info.findall(f"{DS}Reference"):
            hashlib.sha256(etree.tostring(signature.getparent() or signature, method="c14n", exclusive=True)).digest()
        leaf = x509.load_der_x509_certificate(b64decode(signature.findtext(f".//{DS}X509Certificate")))
        key = leaf.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            value = b64decode("".join(signature.findtext(f"{DS}SignatureValue").split()))
            key.verify(value, octets, PKCS1v15(), SHA256())
