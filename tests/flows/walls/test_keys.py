"""The wall of keys: whoever takes all that ingest holds, its memory included, opens no document already deposited."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
import requests
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from samples.documents.vsm import vsm
from security.at_rest.format import HEADER_SIZE, SealedHeader, SealError, wrapping_context
from security.at_rest.record_keys import Kek, RecordPrivateKey, load_kek, unwrap
from security.at_rest.suites import SUITES
from security.at_rest.unsealing import unseal

MARKER = "MARQUEURINTROUVABLE"
SIZES = (32, 64, 96)
"""Bytes: of a document key or a KEK, of a seed, of the private key of a record."""
REGION = 64 * 1024 * 1024


@dataclass(frozen=True)
class Sealed:
    """A document at rest, and the secrets that open it."""

    unique_id: str
    blob: bytes
    kek: Kek
    wrapped: bytes
    key: RecordPrivateKey
    document_key: bytes

    @property
    def secrets(self) -> dict[str, bytes]:
        """Every secret, and its halves: half a key found is a key found."""
        whole = {"KEK": self.kek.secret, "record key": self.key.raw, "document key": self.document_key}
        halves = {f"{name}, a part": secret[-16:] for name, secret in whole.items()}
        return {**whole, **halves, "KEK, spelled": self.kek.secret.hex().encode()}


@pytest.fixture(scope="module")
def sealed(house: Any, new_scene: Callable[[Any], Any], door_processes: Callable[[Any, str], list[int]]) -> Sealed:
    """A document deposited, then the ingest door ended by an operator and started again by its supervisor."""
    scene = new_scene(house)
    scene = replace(scene, patient=replace(scene.patient, birth_city=MARKER))
    lot = scene.lot([vsm(scene.patient)])
    answer = scene.deposit(lot)
    assert answer.succeeded, answer.errors
    assert MARKER.encode() in next(iter(lot.contents.values()))
    _restart(house, door_processes)

    with closing(house.owner()) as connection:
        row = connection.execute(
            "SELECT e.blob_address, k.key_id, k.wrapped_private_key FROM ecluse.document_entries e"
            " JOIN ecluse.record_keys k USING (key_id) WHERE e.unique_id = %s",
            (lot.unique_ids[0],),
        ).fetchone()
    assert row is not None
    digest = bytes(row[0]).hex()
    (path,) = [path for path in (house.data / "blobs").rglob("*") if digest in "".join(path.parts)]
    blob, kek = path.read_bytes(), load_kek(house.data / "consultation" / "kek")
    key = unwrap(bytes(row[2]), kek, row[1])
    header = blob[:HEADER_SIZE]
    size = SealedHeader.from_bytes(header).wrapped_size
    document_key = key.unwrap(blob[HEADER_SIZE : HEADER_SIZE + size], wrapping_context(header))
    return Sealed(lot.unique_ids[0], blob, kek, bytes(row[2]), key, document_key)


def _restart(house: Any, door_processes: Callable[[Any, str], list[int]]) -> None:
    before = door_processes(house, "ingest")
    os.kill(before[0], signal.SIGTERM)
    deadline = time.monotonic() + 40
    while time.monotonic() < deadline:
        now = door_processes(house, "ingest")
        with suppress(requests.ConnectionError):
            if len(now) > 1 and not set(now) & set(before):
                assert requests.get(house.doors["ingest"].health, timeout=5).status_code == 200
                return
        time.sleep(0.1)
    pytest.fail("the ingest door did not start again")


@pytest.fixture(scope="module")
def files(house: Any) -> dict[str, bytes]:
    """All that ingest has on the disk: its own directory, and every blob."""
    paths = [path for folder in ("ingest", "blobs") for path in (house.data / folder).rglob("*") if path.is_file()]
    return {str(path.relative_to(house.data)): path.read_bytes() for path in paths}


def environment(house: Any, door_processes: Callable[[Any, str], list[int]]) -> dict[str, bytes]:
    return {f"environ {pid}": Path(f"/proc/{pid}/environ").read_bytes() for pid in door_processes(house, "ingest")}


def memory(pid: int) -> Iterator[tuple[str, bytes]]:
    """Every readable region of a process, in pieces."""
    if not os.access(f"/proc/{pid}/mem", os.R_OK):
        pytest.skip("the memory of another process cannot be read here (ptrace_scope): run as root to try this part")
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as handle:
        for line in Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines():
            span, permissions, _, _, _, name = [*line.split(maxsplit=5), ""][:6]
            start, end = (int(text, 16) for text in span.split("-"))
            if not permissions.startswith("r") or name.startswith(("[vvar", "[vsyscall")):
                continue
            for offset in range(start, end, REGION):
                with suppress(OSError, ValueError):
                    handle.seek(offset)
                    yield f"{name or 'heap'} {offset:x}", handle.read(min(REGION, end - offset))


def candidates(content: bytes) -> Iterator[bytes]:
    """What may be a key in a file: any window of bytes, and any text that spells bytes."""
    for size in SIZES:
        for start in range(max(0, len(content) - size + 1)):
            yield content[start : start + size]
    for text in re.findall(rb"[0-9a-fA-F]{64,}", content):
        whole = bytes.fromhex(text[: len(text) // 2 * 2].decode())
        yield from (whole[start : start + size] for size in SIZES for start in range(len(whole) - size + 1))


def objects(content: bytes) -> Iterator[bytes]:
    """What may be a key in the memory of Python: the payload of an object of bytes that has the size of a key.

    Such an object is a reference count, a type, a size and a hash of eight bytes each, then the payload.
    """
    for size in SIZES:
        for match in re.finditer(re.escape(size.to_bytes(8, "little")), content):
            payload = content[match.start() + 16 : match.start() + 16 + size]
            if match.start() % 8 == 0 and len(payload) == size and len(set(payload)) > size // 3:
                yield payload


class Burglar:
    """Tries what it finds on one sealed document, in each role that a key can have."""

    def __init__(self, sealed: Sealed) -> None:
        self._sealed = sealed
        self._header = SealedHeader.from_bytes(sealed.blob[:HEADER_SIZE])
        start = HEADER_SIZE + self._header.wrapped_size
        # AES-GCM encrypts its first block in counter mode, from 2 (NIST SP 800-38D §7.1): XML has a known beginning.
        nonce = self._header.nonce(0)
        self._counter = nonce + (2).to_bytes(4, "big")
        self._first = sealed.blob[start : start + 5]

    def opens(self, found: Iterable[bytes]) -> list[bytes]:
        return [
            one for one in set(found) if self._is_document_key(one) or self._is_record_key(one) or self._is_kek(one)
        ]

    def _is_document_key(self, one: bytes) -> bool:
        if len(one) != 32:
            return False
        stream = Cipher(algorithms.AES(one), modes.CTR(self._counter)).decryptor()
        return stream.update(self._first) in (b"<?xml", b"<Clin")

    def _is_kek(self, one: bytes) -> bool:
        return len(one) == 32 and Kek(secret=one).mark == self._sealed.wrapped[2:10]

    def _is_record_key(self, one: bytes) -> bool:
        if len(one) != SUITES[self._header.kem].private_size or len(set(one)) < 40:
            return False
        key = RecordPrivateKey(key_id=UUID(bytes=self._header.key_id.bytes), kem=self._header.kem, raw=one)
        try:
            unseal([self._sealed.blob], key, self._sealed.unique_id)
        except (SealError, ValueError):
            return False
        return True


def test_the_keys_of_consultation_open_the_document(sealed: Sealed) -> None:
    assert MARKER.encode() in unseal([sealed.blob], sealed.key, sealed.unique_id)


def test_the_burglar_recognises_each_key(sealed: Sealed) -> None:
    """Its method works: given any of the secrets, in a file or in memory, it knows what it has."""
    burglar = Burglar(sealed)
    for secret in (sealed.kek.secret, sealed.key.raw, sealed.document_key):
        lying = b"\x07" * 13 + secret + b"\x09" * 11
        kept = b"\x00" * 16 + len(secret).to_bytes(8, "little") + b"\xff" * 8 + secret

        assert burglar.opens(candidates(lying)) == [secret]
        assert burglar.opens(objects(kept)) == [secret]
    assert burglar.opens(candidates(sealed.kek.secret.hex().encode())) == [sealed.kek.secret]


def test_nothing_on_the_disk_of_ingest_nor_in_its_environment_opens_the_document(
    sealed: Sealed, house: Any, files: dict[str, bytes], door_processes: Callable[[Any, str], list[int]]
) -> None:
    held = {**files, **environment(house, door_processes)}
    own = {name: content for name, content in held.items() if not name.startswith("blobs")}

    assert {name for name, content in held.items() for secret in sealed.secrets.values() if secret in content} == set()
    assert {name for name, content in held.items() if MARKER.encode() in content} == set()
    assert {"ingest/server.key", "ingest/database.url", "ingest/audit.key"} <= set(own)
    assert any(sealed.blob == content for content in files.values())
    burglar = Burglar(sealed)
    assert {name: opened for name, content in own.items() if (opened := burglar.opens(candidates(content)))} == {}


def test_nothing_that_the_database_gives_to_ingest_opens_the_document(sealed: Sealed, house: Any) -> None:
    """What it may call, it calls: with every argument that it can know of this patient."""
    url = (house.data / "ingest" / "database.url").read_text("ascii").strip()
    with psycopg.connect(url, autocommit=True, options="-c search_path=ecluse,pg_temp") as connection:
        callable_ = connection.execute(
            "SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'ecluse'::regnamespace"
            " AND has_function_privilege(p.oid, 'EXECUTE')"
        ).fetchall()
        readable = connection.execute(
            "SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'ecluse'::regnamespace AND c.relkind = 'r'"
            " AND has_any_column_privilege(c.oid, 'SELECT')"
        ).fetchall()
        with closing(house.owner()) as owner:
            row = owner.execute(
                "SELECT p.patient_id FROM ecluse.document_entries e JOIN ecluse.patients p USING (patient_key)"
                " WHERE e.unique_id = %s",
                (sealed.unique_id,),
            ).fetchone()
        assert row is not None
        given = connection.execute(
            "SELECT * FROM submission_facts(%s, '1750999013', %s, '{}')", (row[0], [sealed.unique_id])
        ).fetchall()
    said = b"\n".join(bytes(value) if isinstance(value, bytes) else str(value).encode() for value in _flat(given))

    assert {name for (name,) in callable_} == {
        "access_append",
        "assertion_seen",
        "audit_append",
        "declare_structure",
        "delete_own_documents",
        "keep_resources",
        "merge_patients",
        "open_patient",
        "own_documents",
        "patient_status",
        "record_receipt",
        "register_submission",
        "structure_records",
        "submission_facts",
    }
    assert readable == []
    assert sealed.key.public_key().raw in said, "the public key is what it asks for"
    assert [name for name, secret in sealed.secrets.items() if secret in said] == []
    assert sealed.wrapped not in said
    assert Burglar(sealed).opens(candidates(said)) == []


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def test_nothing_in_the_memory_of_ingest_opens_the_document(
    sealed: Sealed, house: Any, door_processes: Callable[[Any, str], list[int]]
) -> None:
    password = (house.data / "ingest" / "database.url").read_bytes().partition(b":")[2].partition(b":")[2][:16]
    burglar, seen, found, opened = Burglar(sealed), 0, set(), []
    known = False
    for pid in door_processes(house, "ingest"):
        for place, content in memory(pid):
            seen += len(content)
            known = known or password in content
            wanted = {**sealed.secrets, "plaintext": MARKER.encode()}
            found |= {(name, place) for name, secret in wanted.items() if secret in content}
            opened += burglar.opens(objects(content))

    assert seen > 20_000_000
    assert known, "what is read is the memory of the door: the password of its database is there"
    assert found == set()
    assert opened == []


def test_the_same_search_finds_the_key_in_the_memory_of_consultation(
    sealed: Sealed, house: Any, door_processes: Callable[[Any, str], list[int]]
) -> None:
    """The twin: what is looked for is there where it must be."""
    worker = door_processes(house, "consultation")[-1]
    contents = [content for _, content in memory(worker)]

    assert any(sealed.kek.secret in content for content in contents)
    assert sealed.kek.secret in Burglar(sealed).opens(one for content in contents for one in objects(content))
