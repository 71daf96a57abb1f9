"""Open a sealed document with its record's private key. Ingest never imports this module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from security.at_rest.format import (
    HEADER_SIZE,
    TAG_SIZE,
    SealedHeader,
    SealError,
    document_digest,
    wrapping_context,
)
from security.at_rest.record_keys import RecordPrivateKey


def unseal(chunks: Iterable[bytes], key: RecordPrivateKey, document: str) -> bytes:
    """Open a whole document. `chunks` are the sealed bytes, cut anywhere; `document` is its uniqueId.

    Raises SealError: altered, cut short, lengthened, of another record or of another document.
    """
    # Joining a list would hold the document twice; this buffer becomes the bytes without a copy.
    opened = BytesIO()
    for piece in unseal_stream(chunks, key, document):
        opened.write(piece)
    return opened.getvalue()


def unseal_stream(chunks: Iterable[bytes], key: RecordPrivateKey, document: str) -> Iterator[bytes]:
    """Open a document piece by piece, in memory bounded by the size of a chunk.

    Each piece is authentic and in its place; that none is missing is known when the iteration ends without an error.
    Raises SealError.
    """
    source = _Source(chunks)
    written = source.read(HEADER_SIZE)
    header = SealedHeader.from_bytes(written)
    if header.key_id != key.key_id or header.kem is not key.kem:
        raise SealError("sealed to another key")
    if header.document != document_digest(document):
        raise SealError("sealed as another document")
    cipher = AESGCM(key.unwrap(source.read(header.wrapped_size), wrapping_context(written)))
    for number in range(header.chunk_count):
        sealed = source.read(header.chunk_length(number) + TAG_SIZE)
        try:
            opened = cipher.decrypt(header.nonce(number), sealed, written)
        except InvalidTag as error:
            raise SealError("the sealed document is damaged") from error
        if number == header.chunk_count - 1 and not source.at_end():
            raise SealError("the sealed document is followed by other bytes")
        yield opened


class _Source:
    """Reads exact lengths from pieces of any length."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._rest = memoryview(b"")

    def read(self, length: int) -> bytes:
        taken: list[memoryview] = []
        while length > len(self._rest):
            taken.append(self._rest)
            length -= len(self._rest)
            try:
                self._rest = memoryview(next(self._pieces))
            except StopIteration:
                raise SealError("the sealed document is cut short") from None
        taken.append(self._rest[:length])
        self._rest = self._rest[length:]
        return b"".join(taken)

    def at_end(self) -> bool:
        return not self._rest and not any(len(piece) for piece in self._pieces)
