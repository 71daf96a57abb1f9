"""Record keys made by whoever cannot open them: wrapped to the wrapping key of consultation."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from security.at_rest.format import SealError
from security.at_rest.new_record import RecordKey, create_record_key_for
from security.at_rest.record_keys import Kek, KekError, create_kek, create_record_key, load_kek, unwrap
from security.at_rest.sealing import seal
from security.at_rest.suites import Kem
from security.at_rest.unsealing import unseal
from security.at_rest.wrapping import WrappingKeyError, WrappingPublicKey, load_wrapping_public_key
from security.at_rest.wrapping_keys import WrappingPrivateKey, create_wrapping_key, load_wrapping_key

MAKER = """
import sys
from pathlib import Path
from security.at_rest.new_record import create_record_key_for
from security.at_rest.wrapping import load_wrapping_public_key

wrapping = load_wrapping_public_key(Path(sys.argv[1]))
for _ in range(20):
    key = create_record_key_for(wrapping)
    print(key.key_id, key.wrapped.hex(), flush=True)
print("done", flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module")
def wrapping(tmp_path_factory: pytest.TempPathFactory) -> WrappingPrivateKey:
    directory = tmp_path_factory.mktemp("wrapping")
    return create_wrapping_key(directory / "wrapping.key", directory / "wrapping.pub")


@pytest.fixture(scope="module")
def kek(wrapping: WrappingPrivateKey) -> Kek:
    return Kek(secret=bytes(range(32)), wrapping=wrapping)


@pytest.mark.parametrize("of_record", Kem)
@pytest.mark.parametrize("of_wrapping", Kem)
def test_a_document_sealed_to_a_record_made_by_ingest_opens_in_consultation(
    tmp_path: Path, of_record: Kem, of_wrapping: Kem
) -> None:
    create_wrapping_key(tmp_path / "c" / "wrapping.key", tmp_path / "i" / "wrapping.pub", kem=of_wrapping)
    create_kek(tmp_path / "c" / "kek")

    key = create_record_key_for(load_wrapping_public_key(tmp_path / "i" / "wrapping.pub"), kem=of_record)
    blob = b"".join(seal(b"a letter", record=key.public, document="1.2"))
    private = unwrap(key.wrapped, load_kek(tmp_path / "c" / "kek", tmp_path / "c" / "wrapping.key"), key.key_id)

    assert unseal((blob,), private, "1.2") == b"a letter"
    assert private.public_key() == key.public


def test_both_forms_of_wrapped_keys_open_with_one_kek(kek: Kek, wrapping: WrappingPrivateKey) -> None:
    administered, fed = create_record_key(kek), create_record_key_for(wrapping.public)
    assert (administered.wrapped[0], fed.wrapped[0]) == (1, 2)
    for key in (administered, fed):
        assert unwrap(key.wrapped, kek, key.key_id).public_key() == key.public


def _wrong_keks(kek: Kek, tmp_path: Path) -> list[Kek]:
    other = create_wrapping_key(tmp_path / "other.key", tmp_path / "other.pub")
    return [Kek(secret=kek.secret), Kek(secret=kek.secret, wrapping=other)]


def test_another_wrapping_key_or_none_does_not_open(kek: Kek, wrapping: WrappingPrivateKey, tmp_path: Path) -> None:
    key = create_record_key_for(wrapping.public)
    for wrong in _wrong_keks(kek, tmp_path):
        with pytest.raises(SealError, match="another wrapping key"):
            unwrap(key.wrapped, wrong, key.key_id)


def test_a_mark_forged_onto_another_wrapping_key_does_not_open(
    kek: Kek, wrapping: WrappingPrivateKey, tmp_path: Path
) -> None:
    key = create_record_key_for(wrapping.public)
    other = create_wrapping_key(tmp_path / "other.key", tmp_path / "other.pub")
    forged = key.wrapped[:2] + other.public.mark + key.wrapped[10:]
    with pytest.raises(SealError):
        unwrap(forged, Kek(secret=kek.secret, wrapping=other), key.key_id)


def test_a_wrapped_key_is_bound_to_its_identifier(kek: Kek, wrapping: WrappingPrivateKey) -> None:
    one, two = create_record_key_for(wrapping.public), create_record_key_for(wrapping.public)
    for key_id in (two.key_id, uuid4()):
        with pytest.raises(SealError):
            unwrap(one.wrapped, kek, key_id)


def test_a_wrapped_key_altered_anywhere_does_not_open(kek: Kek, wrapping: WrappingPrivateKey) -> None:
    key = create_record_key_for(wrapping.public)
    for position in (*range(12), *range(12, len(key.wrapped), 41), len(key.wrapped) - 1):
        damaged = bytearray(key.wrapped)
        damaged[position] ^= 3
        with pytest.raises(SealError):
            unwrap(bytes(damaged), kek, key.key_id)
    for cut in (0, 1, 9, 10, 11, 500, len(key.wrapped) - 1):
        with pytest.raises(SealError):
            unwrap(key.wrapped[:cut], kek, key.key_id)
    with pytest.raises(SealError):
        unwrap(key.wrapped + b"\0", kek, key.key_id)


def test_a_wrapped_key_of_another_length_is_none(kek: Kek, wrapping: WrappingPrivateKey) -> None:
    key_id = uuid4()
    with pytest.raises(SealError, match="not a record key"):
        unwrap(wrapping.public.wrap(bytes(32), Kem.HYBRID, key_id), kek, key_id)


def test_the_public_half_opens_nothing(kek: Kek, wrapping: WrappingPrivateKey) -> None:
    key = create_record_key_for(wrapping.public)
    thief = WrappingPrivateKey(public=wrapping.public, raw=wrapping.public.raw[:96])
    with pytest.raises(SealError):
        unwrap(key.wrapped, Kek(secret=kek.secret, wrapping=thief), key.key_id)


def test_two_records_never_share_a_key(wrapping: WrappingPrivateKey) -> None:
    keys = [create_record_key_for(wrapping.public) for _ in range(20)]
    for values in ({k.key_id for k in keys}, {k.public.raw for k in keys}, {k.wrapped for k in keys}):
        assert len(values) == 20


def test_the_maker_of_records_keeps_no_private_half_in_its_memory(wrapping: WrappingPrivateKey, tmp_path: Path) -> None:
    """The process is another one: all that it has in memory is read when its records are made."""
    path = tmp_path / "wrapping.pub"
    path.write_text(wrapping.public.to_bytes().hex(), encoding="ascii")
    kek = Kek(secret=bytes(32), wrapping=wrapping)
    with subprocess.Popen(
        [sys.executable, "-c", MAKER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as maker:
        assert maker.stdout is not None
        lines = []
        while (line := maker.stdout.readline().strip()) != "done":
            lines.append(line.split())
        if not os.access(f"/proc/{maker.pid}/mem", os.R_OK):
            pytest.skip("the memory of another process cannot be read here (ptrace_scope)")
        memory = b"".join(_memory(maker.pid))
        maker.communicate()
    assert len(lines) == 20
    last = bytes.fromhex(lines[-1][1])
    assert last in memory, "what is read is the memory of the maker"
    for key_id, wrapped in lines:
        raw = unwrap(bytes.fromhex(wrapped), kek, UUID(key_id)).raw
        assert [part for part in (raw, raw[:32], raw[32:64], raw[64:]) if part in memory] == []


def _memory(pid: int) -> list[bytes]:
    found = []
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as handle:
        for line in Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines():
            span, permissions, *_ = line.split()
            if permissions.startswith("rw") and "[v" not in line:
                start, end = (int(text, 16) for text in span.split("-"))
                handle.seek(start)
                found.append(handle.read(end - start) or b"")
    return found


def test_the_files_are_private_and_the_private_one_is_never_overwritten(tmp_path: Path) -> None:
    private, public = tmp_path / "consultation" / "wrapping.key", tmp_path / "ingest" / "wrapping.pub"
    key = create_wrapping_key(private, public)
    assert private.stat().st_mode & 0o777 == 0o600
    assert load_wrapping_key(private) == key
    assert load_wrapping_public_key(public) == key.public
    with pytest.raises(WrappingKeyError, match="exists"):
        create_wrapping_key(private, public)
    assert load_wrapping_public_key(public) == key.public


@pytest.mark.parametrize("text", ["", "zz", "02", "01" + "00" * 31, "09" + "00" * 32, "é"])
def test_a_file_that_is_no_wrapping_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(WrappingKeyError, match="does not hold"):
        load_wrapping_key(path)
    with pytest.raises(WrappingKeyError, match="does not hold"):
        load_wrapping_public_key(path)


def test_a_private_half_that_is_missing_or_open_to_others_is_refused(tmp_path: Path) -> None:
    private, public = tmp_path / "wrapping.key", tmp_path / "wrapping.pub"
    with pytest.raises(WrappingKeyError, match="missing"):
        load_wrapping_key(private)
    with pytest.raises(WrappingKeyError, match="missing"):
        load_wrapping_public_key(public)
    create_wrapping_key(private, public)
    create_kek(tmp_path / "kek")
    private.chmod(0o640)
    with pytest.raises(WrappingKeyError, match="read by others"):
        load_wrapping_key(private)
    with pytest.raises(KekError, match="read by others"):
        load_kek(tmp_path / "kek", private)


def test_keys_do_not_show_in_their_representation(wrapping: WrappingPrivateKey, kek: Kek) -> None:
    key: RecordKey = create_record_key_for(wrapping.public)
    shown = repr((wrapping, kek, key))
    assert repr(wrapping.raw) not in shown
    assert repr(key.wrapped) not in shown


def test_a_public_half_survives_its_storage(wrapping: WrappingPrivateKey) -> None:
    assert WrappingPublicKey.from_bytes(wrapping.public.to_bytes()) == wrapping.public
    with pytest.raises(ValueError, match="not a wrapping key"):
        WrappingPublicKey.from_bytes(wrapping.public.to_bytes()[:-1])
