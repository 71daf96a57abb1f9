"""The key of what a door holds for a while: it opens what it sealed, whole, under its own id, and hides names."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from security.at_rest.queue_key import SIZE, QueueKey, QueueKeyError, create_queue_key, load_queue_key

ID, CONTENT = UUID(int=7), b"MSH|" + b"x" * 1000
KEY = QueueKey.of(bytes(range(SIZE)))


def test_what_is_sealed_is_opened_and_says_nothing_meanwhile() -> None:
    sealed = KEY.seal(CONTENT, ID)
    assert KEY.open(sealed, ID) == CONTENT
    assert CONTENT[:8] not in sealed
    assert KEY.seal(CONTENT, ID) != sealed


@given(st.integers(min_value=0, max_value=len(CONTENT) + 28))
def test_a_bit_changed_anywhere_is_seen(at: int) -> None:
    sealed = bytearray(KEY.seal(CONTENT, ID))
    sealed[at] ^= 1
    with pytest.raises(QueueKeyError):
        KEY.open(bytes(sealed), ID)


def test_another_key_another_id_and_a_part_open_nothing() -> None:
    sealed = KEY.seal(CONTENT, ID)
    for key, identifier, content in (
        (QueueKey.of(bytes(SIZE)), ID, sealed),
        (KEY, uuid4(), sealed),
        (KEY, ID, sealed[:-1]),
        (KEY, ID, b""),
        (KEY, ID, sealed[:5]),
    ):
        with pytest.raises(QueueKeyError):
            key.open(content, identifier)


def test_names_stand_for_their_parts_and_for_this_key_alone() -> None:
    assert KEY.name("a", "bc") == KEY.name("a", "bc")
    assert (
        len({KEY.name("a", "bc"), KEY.name("ab", "c"), KEY.name("abc"), QueueKey.of(bytes(SIZE)).name("a", "bc")}) == 4
    )


def test_the_file_is_for_its_owner_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "inbox.key"
    with pytest.raises(QueueKeyError, match="is missing"):
        load_queue_key(path)
    create_queue_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert load_queue_key(path).open(load_queue_key(path).seal(CONTENT, ID), ID) == CONTENT
    with pytest.raises(FileExistsError):
        create_queue_key(path)
    path.write_bytes(b"short")
    with pytest.raises(QueueKeyError, match="5 bytes"):
        load_queue_key(path)
    assert "range" not in repr(KEY)
