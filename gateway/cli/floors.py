"""Floors of the bench: the work nobody can avoid, done with the libraries alone, on the messages really sent.

A floor takes the recorded bytes of a request and does what no implementation could leave out: take the package apart,
parse, do the arithmetic of the signatures, hash, check the document, seal or open it, write and flush, commit once.
No server, no dispatch, no rule of ours but the profile of the document. Its figure is CPU time of this process alone,
as the figure of a door is that of its own: the database server is in neither.
"""

from __future__ import annotations

import hashlib
import os
import time
from base64 import b64decode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

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
_TABLE = "CREATE TABLE ecluse.bench_floor (id uuid PRIMARY KEY, body bytea NOT NULL)"
_INSERT = "INSERT INTO ecluse.bench_floor VALUES (%s, %s)"
_SELECT = "SELECT body FROM ecluse.bench_floor WHERE id = ANY (%s)"


def measure(work: Callable[[], object], runs: int) -> float:
    """CPU milliseconds of one run of `work`: the mean of `runs`, after a tenth of them to warm up."""
    for _ in range(max(1, runs // 10)):
        work()
    start = time.process_time()
    for _ in range(runs):
        work()
    return (time.process_time() - start) * 1000 / runs


class Floor:
    """A scratch table and a scratch file, and the three floors. `fragments` are what a query answers."""

    def __init__(self, connection: psycopg.Connection[Any], directory: Path, fragments: Iterable[bytes]) -> None:
        self._connection = connection
        self._file = directory / "floor"
        connection.execute(_TABLE)
        self._ids: list[UUID] = [self._commit(fragment) for fragment in fragments]

    def close(self) -> None:
        """Remove the scratch table."""
        self._connection.execute("DROP TABLE ecluse.bench_floor")

    def deposit(self, package: bytes, boundary: bytes, seal: Callable[[bytes], Iterable[bytes]]) -> None:
        """ITI-41: two signatures, one document checked and sealed, one flush, one commit."""
        root, document, signature = (
            part.partition(b"\r\n\r\n")[2][:-2] for part in package.split(b"--" + boundary)[1:-1]
        )
        _verify(xml.parse(root).iter(f"{DS}Signature"))
        _verify([xml.parse(signature)])
        hashlib.sha1(document, usedforsecurity=False).digest()
        hashlib.sha256(document).digest()
        validate_document(parse_document(document))
        self._flush(b"".join(seal(document)))
        self._commit(root[:4096])

    def query(self, envelope: bytes) -> bytes:
        """ITI-18: an assertion known already, fragments fetched and joined, one trace committed."""
        _digest_of_assertion(envelope)
        rows = self._connection.execute(_SELECT, (self._ids,), prepare=True).fetchall()
        self._commit(b"trace")
        return b"".join(row[0] for row in rows)

    def retrieve(self, envelope: bytes, blob: Path, unseal: Callable[[bytes], bytes]) -> bytes:
        """ITI-43: an assertion known already, one document found, opened and packed, one trace committed."""
        _digest_of_assertion(envelope)
        self._connection.execute(_SELECT, (self._ids[:1],), prepare=True).fetchall()
        content = unseal(blob.read_bytes())
        self._commit(b"trace")
        return b"".join((b"--b\r\n\r\n", content, b"\r\n--b--"))

    def _flush(self, content: bytes) -> None:
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            os.write(descriptor, content)
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)

    def _commit(self, body: bytes) -> UUID:
        identifier = uuid4()
        self._connection.execute(_INSERT, (identifier, body), prepare=True)
        return identifier


def _digest_of_assertion(envelope: bytes) -> None:
    for assertion in xml.parse(envelope).iterfind(".//{*}Assertion"):
        hashlib.sha256(etree.tostring(assertion)).digest()


def _verify(signatures: Iterable[Any]) -> None:
    """The arithmetic of a signature: canonical SignedInfo, a digest for each reference, one RSA operation."""
    for signature in signatures:
        info = signature.find(f"{DS}SignedInfo")
        octets = etree.tostring(info, method="c14n", exclusive=True)
        parent = signature.getparent()
        signed = [parent] if parent is not None else signature.findall(f"{DS}Object")
        for element in signed:
            hashlib.sha256(etree.tostring(element, method="c14n", exclusive=True)).digest()
        leaf = x509.load_der_x509_certificate(b64decode(signature.findtext(f".//{DS}X509Certificate")))
        key = leaf.public_key()
        if isinstance(key, rsa.RSAPublicKey):
            value = b64decode("".join(signature.findtext(f"{DS}SignatureValue").split()))
            key.verify(value, octets, PKCS1v15(), SHA256())
