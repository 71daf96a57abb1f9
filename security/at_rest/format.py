"""The form of a sealed document.

    header (75 bytes) | wrapped document key (length fixed by the suite) | chunks

The header is authenticated twice: it is the `info` of the HPKE that wraps the document key (RFC 9180 §5.1) and the
additional data of every chunk. Chunks follow the STREAM construction: the nonce of a chunk is seven random bytes, its
number and whether it is the last, so that chunks can be neither moved, dropped, repeated nor cut off at the end. Up
to WHOLE_UP_TO bytes are one chunk; longer documents are chunks of CHUNK_SIZE, to be opened in bounded memory.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from security.at_rest.suites import SUITES, Kem

MAGIC = b"ECLS"
VERSION = 1
WHOLE_UP_TO = 8 * 1024 * 1024
CHUNK_SIZE = 1024 * 1024
TAG_SIZE = 16
NONCE_PREFIX_SIZE = 7
LONGEST = CHUNK_SIZE * (2**32 - 1)
"""Bytes: the chunk number has 32 bits."""

_LAYOUT = struct.Struct(f">4sHH16s32sQI{NONCE_PREFIX_SIZE}s")
HEADER_SIZE = _LAYOUT.size


class SealError(Exception):
    """The bytes are not what was sealed, or not for this key or document. Says no more: details would help a forger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedHeader:
    """What is written before a sealed document, in clear.

    `document` is the SHA-256 of the document's uniqueId, `length` that of the plaintext in bytes.
    """

    kem: Kem
    key_id: UUID
    document: bytes
    length: int
    nonce_prefix: bytes

    @property
    def chunk_size(self) -> int:
        """Plaintext bytes of a chunk; the last one may be shorter."""
        return self.length if self.length <= WHOLE_UP_TO else CHUNK_SIZE

    @property
    def chunk_count(self) -> int:
        """Number of chunks; an empty document has one, empty."""
        return -(-self.length // self.chunk_size) if self.length else 1

    @property
    def wrapped_size(self) -> int:
        """Length in bytes of the wrapped document key that follows the header."""
        return SUITES[self.kem].wrapped_size

    def chunk_length(self, number: int) -> int:
        """Plaintext bytes of chunk `number`, counted from 0."""
        return min(self.chunk_size, self.length - number * self.chunk_size)

    def nonce(self, number: int) -> bytes:
        """The AES-GCM nonce of chunk `number`."""
        return self.nonce_prefix + struct.pack(">IB", number, number == self.chunk_count - 1)

    def to_bytes(self) -> bytes:
        number = SUITES[self.kem].number
        return _LAYOUT.pack(
            MAGIC, VERSION, number, self.key_id.bytes, self.document, self.length, self.chunk_size, self.nonce_prefix
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a header. Raises SealError: not one, of a version or suite we do not know, or not as we write it."""
        if len(data) != HEADER_SIZE:
            raise SealError("not a sealed document")
        magic, version, number, key_id, document, length, chunk_size, nonce_prefix = _LAYOUT.unpack(data)
        kem = next((kem for kem, suite in SUITES.items() if suite.number == number), None)
        if magic != MAGIC or version != VERSION or kem is None or length > LONGEST:
            raise SealError("not a sealed document of a version or suite known here")
        header = cls(kem=kem, key_id=UUID(bytes=key_id), document=document, length=length, nonce_prefix=nonce_prefix)
        if header.chunk_size != chunk_size:
            raise SealError("the header of the sealed document contradicts itself")
        return header


def document_digest(unique_id: str) -> bytes:
    """What the header says of the document it belongs to: the SHA-256 of its uniqueId."""
    return hashlib.sha256(unique_id.encode()).digest()


def wrapping_context(header: bytes) -> bytes:
    """The HPKE `info` under which a document key is wrapped."""
    return b"ecluse document key\x00" + header
