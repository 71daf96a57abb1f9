from __future__ import annotations

import os
import random
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from security.at_rest.format import CHUNK_SIZE, HEADER_SIZE, WHOLE_UP_TO, SealedHeader, SealError
from security.at_rest.public_keys import RecordPublicKey
from security.at_rest.record_keys import (
    Kek,
    KekError,
    RecordPrivateKey,
    create_kek,
    create_record_key,
    load_kek,
    unwrap,
    wrap,
)
from security.at_rest.sealing import seal
from security.at_rest.suites import SUITES, Kem
from security.at_rest.unsealing import unseal, unseal_stream

KEK = Kek(secret=bytes(range(32)))
DOCUMENT = "1.2.250.1.213.1.1.9.1"


def new_pair(kem: Kem = Kem.HYBRID) -> tuple[RecordPublicKey, RecordPrivateKey]:
    key = create_record_key(KEK, kem=kem)
    return key.public, unwrap(key.wrapped, KEK, key.key_id)


def sealed(content: bytes, public: RecordPublicKey, document: str = DOCUMENT) -> bytes:
    return b"".join(seal(content, record=public, document=document))


@pytest.mark.parametrize("kem", Kem)
@pytest.mark.parametrize(
    "size", [0, 1, WHOLE_UP_TO - 1, WHOLE_UP_TO, WHOLE_UP_TO + 1, 9 * CHUNK_SIZE, 50 * 1024 * 1024]
)
def test_what_was_sealed_opens_again(size: int, kem: Kem) -> None:
    public, private = new_pair(kem)
    content = random.Random(size).randbytes(size)  # noqa: S311  any bytes will do
    blob = sealed(content, public)
    assert unseal((blob,), private, DOCUMENT) == content
    chunks = SealedHeader.from_bytes(blob[:HEADER_SIZE]).chunk_count
    assert len(blob) == HEADER_SIZE + SUITES[kem].wrapped_size + size + 16 * chunks


def test_the_pieces_may_be_cut_anywhere() -> None:
    public, private = new_pair()
    content = os.urandom(WHOLE_UP_TO + 12345)
    blob, dice = sealed(content, public), random.Random(7)  # noqa: S311  the same cuts at every run

    def cut() -> Iterator[bytes]:
        start = 0
        while start < len(blob):
            length = dice.choice([0, 1, 13, 70, 65536, 1_500_000])
            yield blob[start : start + length]
            start += length

    assert unseal(cut(), private, DOCUMENT) == content


@pytest.mark.parametrize("kem", Kem)
def test_a_bit_flipped_anywhere_refuses(kem: Kem) -> None:
    public, private = new_pair(kem)
    blob = bytearray(sealed(b"x" * 40, public))
    for position in range(len(blob)):
        blob[position] ^= 1 << (position % 8)
        with pytest.raises(SealError):
            unseal((bytes(blob),), private, DOCUMENT)
        blob[position] ^= 1 << (position % 8)
    assert unseal((bytes(blob),), private, DOCUMENT) == b"x" * 40


def test_a_bit_flipped_in_any_chunk_of_a_long_document_refuses() -> None:
    public, private = new_pair(Kem.X25519)
    blob = bytearray(sealed(bytes(WHOLE_UP_TO + 10), public))
    body = HEADER_SIZE + SUITES[Kem.X25519].wrapped_size
    for chunk in range(9):
        position = min(body + chunk * (CHUNK_SIZE + 16) + 3, len(blob) - 1)
        blob[position] ^= 0x10
        with pytest.raises(SealError):
            unseal((bytes(blob),), private, DOCUMENT)
        blob[position] ^= 0x10


def test_a_stream_cut_short_refuses_wherever_it_is_cut() -> None:
    public, private = new_pair(Kem.X25519)
    content = os.urandom(WHOLE_UP_TO + 2 * CHUNK_SIZE)
    blob = sealed(content, public)
    body = HEADER_SIZE + SUITES[Kem.X25519].wrapped_size
    cuts = [0, 1, HEADER_SIZE - 1, HEADER_SIZE, body - 1, body, *(body + n * (CHUNK_SIZE + 16) for n in range(1, 10))]
    for cut in (*cuts, len(blob) - 1):
        with pytest.raises(SealError):
            unseal((blob[:cut],), private, DOCUMENT)


def test_chunks_moved_dropped_or_repeated_refuse() -> None:
    public, private = new_pair(Kem.X25519)
    blob = sealed(os.urandom(WHOLE_UP_TO + 2 * CHUNK_SIZE), public)
    body, step = HEADER_SIZE + SUITES[Kem.X25519].wrapped_size, CHUNK_SIZE + 16
    head, chunks = blob[:body], [blob[start : start + step] for start in range(body, len(blob), step)]
    for order in ([1, 0, *range(2, 10)], [0, *range(2, 10)], [*range(10), 9], [0, 0, *range(1, 10)], [*range(9)]):
        with pytest.raises(SealError):
            unseal((head, *(chunks[n] for n in order)), private, DOCUMENT)


def test_bytes_after_the_end_refuse() -> None:
    public, private = new_pair()
    for size in (5, WHOLE_UP_TO + 5):
        with pytest.raises(SealError):
            unseal((sealed(bytes(size), public), b"", b"!"), private, DOCUMENT)


def test_headers_and_wrapped_keys_exchanged_between_documents_refuse() -> None:
    public, private = new_pair()
    one, two = sealed(b"first", public, "1.1"), sealed(b"other", public, "1.2")
    body = HEADER_SIZE + SUITES[Kem.HYBRID].wrapped_size
    mixtures = [
        two[:HEADER_SIZE] + one[HEADER_SIZE:],
        one[:HEADER_SIZE] + two[HEADER_SIZE:body] + one[body:],
        two[:body] + one[body:],
        one[:body] + two[body:],
    ]
    for blob in mixtures:
        for document in ("1.1", "1.2"):
            with pytest.raises(SealError):
                unseal((blob,), private, document)


def test_a_document_does_not_open_under_another_unique_id() -> None:
    public, private = new_pair()
    with pytest.raises(SealError):
        unseal((sealed(b"mine", public, "1.1"),), private, "1.2")


@pytest.mark.parametrize("kem", Kem)
def test_the_key_of_another_record_does_not_open(kem: Kem) -> None:
    public, private = new_pair(kem)
    _, other = new_pair(kem)
    blob = sealed(b"mine", public)
    impostor = RecordPrivateKey(key_id=private.key_id, kem=kem, raw=other.raw)
    for key in (other, impostor):
        with pytest.raises(SealError):
            unseal((blob,), key, DOCUMENT)


def test_one_document_sealed_twice_is_never_the_same_bytes() -> None:
    public, _ = new_pair()
    blobs = {sealed(b"", public) for _ in range(20)}
    assert len(blobs) == 20


@pytest.mark.parametrize("kem", Kem)
def test_nothing_that_ingest_holds_opens_what_it_sealed(kem: Kem) -> None:
    public, private = new_pair(kem)
    blob = sealed(b"un secret", public)
    size = SUITES[kem].private_size
    held = public.raw + public.key_id.bytes + public.to_bytes() + blob
    candidates = {held[start : start + size] for start in range(0, len(held) - size, 3)}
    for raw in (*candidates, bytes(size)):
        with pytest.raises(SealError):
            unseal((blob,), RecordPrivateKey(key_id=public.key_id, kem=kem, raw=raw), DOCUMENT)
    assert unseal((blob,), private, DOCUMENT) == b"un secret"


def test_a_long_document_is_opened_and_sealed_in_bounded_memory() -> None:
    public, private = new_pair()
    content = bytes(48 * 1024 * 1024)
    tracemalloc.start()
    try:
        length = sum(len(piece) for piece in unseal_stream(seal(content, record=public, document="1"), private, "1"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length == len(content)
    assert peak < 8 * CHUNK_SIZE


@pytest.mark.parametrize("kem", Kem)
def test_a_public_key_survives_its_storage(kem: Kem) -> None:
    public, _ = new_pair(kem)
    assert RecordPublicKey.from_bytes(public.key_id, public.to_bytes()) == public
    for damaged in (b"", public.to_bytes()[:-1], public.to_bytes() + b"0", b"\x09" + public.raw):
        with pytest.raises(ValueError, match="not the public key"):
            RecordPublicKey.from_bytes(public.key_id, damaged)


def test_a_wrapped_private_key_opens_only_with_its_kek_for_its_own_identifier() -> None:
    key = create_record_key(KEK)
    other = Kek(secret=bytes(32))
    with pytest.raises(SealError, match="another KEK"):
        unwrap(key.wrapped, other, key.key_id)
    with pytest.raises(SealError):
        unwrap(key.wrapped, KEK, uuid4())
    with pytest.raises(SealError):
        unwrap(key.wrapped[:10] + other.mark, KEK, key.key_id)
    for position in range(0, len(key.wrapped), 5):
        damaged = bytearray(key.wrapped)
        damaged[position] ^= 4
        with pytest.raises(SealError):
            unwrap(bytes(damaged), KEK, key.key_id)


def test_a_destroyed_key_opens_nothing() -> None:
    key = create_record_key(KEK)
    with pytest.raises(SealError):
        unwrap(b"", KEK, key.key_id)


def test_a_key_is_wrapped_again_to_a_new_kek() -> None:
    key = create_record_key(KEK)
    private = unwrap(key.wrapped, KEK, key.key_id)
    new = Kek(secret=os.urandom(32))
    assert unwrap(wrap(private, new), new, key.key_id) == private


def test_keys_do_not_show_in_their_representation() -> None:
    key = create_record_key(KEK)
    private = unwrap(key.wrapped, KEK, key.key_id)
    shown = repr((KEK, private, key))
    assert repr(KEK.secret) not in shown
    assert repr(private.raw) not in shown
    assert repr(key.wrapped) not in shown


def test_a_kek_file_is_private_and_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "consultation" / "kek"
    kek = create_kek(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_kek(path) == kek
    with pytest.raises(KekError, match="exists"):
        create_kek(path)


@pytest.mark.parametrize(("text", "reason"), [("zz", "does not hold a key"), ("00" * 31, "31 bytes"), ("é", "hold")])
def test_a_file_that_is_not_a_kek_is_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "kek"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(KekError, match=reason):
        load_kek(path)


def test_a_kek_that_is_missing_or_open_to_others_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kek"
    with pytest.raises(KekError, match="missing"):
        load_kek(path)
    create_kek(path)
    path.chmod(0o640)
    with pytest.raises(KekError, match="read by others"):
        load_kek(path)
