"""Seal a document to its record: whoever seals cannot open.

Ingest uses this module and knows nothing else of the seal: no private key and no code that opens is within its reach.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from security.at_rest.format import LONGEST, NONCE_PREFIX_SIZE, SealedHeader, document_digest, wrapping_context
from security.at_rest.public_keys import RecordPublicKey
from security.at_rest.suites import DOCUMENT_KEY_SIZE


def seal(content: bytes, *, record: RecordPublicKey, document: str) -> Iterator[bytes]:
    """Seal `content`, piece by piece; the pieces joined are the sealed document.

    `document` is the uniqueId it will be asked by: under another it does not open. The key of the document exists
    only while this runs. Raises ValueError: the record's public key is damaged, or the content is too long.
    """
    if len(content) > LONGEST:
        raise ValueError(f"a document of {len(content)} bytes is too long to be sealed")
    header = SealedHeader(
        kem=record.kem,
        key_id=record.key_id,
        document=document_digest(document),
        length=len(content),
        nonce_prefix=secrets.token_bytes(NONCE_PREFIX_SIZE),
    )
    written = header.to_bytes()
    key = secrets.token_bytes(DOCUMENT_KEY_SIZE)
    yield written + record.wrap(key, wrapping_context(written))
    cipher, rest = AESGCM(key), memoryview(content)
    for number in range(header.chunk_count):
        start = number * header.chunk_size
        chunk = rest[start : start + header.chunk_length(number)]
        yield cipher.encrypt(header.nonce(number), chunk, written)
