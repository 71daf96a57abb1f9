"""Frames of MLLP, cut anywhere."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.wire.mllp import FrameReader, FramingError, frame

MESSAGES = st.lists(st.binary(max_size=50).map(lambda data: data.replace(b"\x0b", b"").replace(b"\x1c", b"")))


@given(messages=MESSAGES, seed=st.integers())
def test_messages_come_out_as_they_went_in_wherever_the_stream_is_cut(messages: list[bytes], seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  any cuts will do
    stream, reader, found = b"".join(frame(message) for message in messages), FrameReader(100), []
    while stream:
        size = dice.randint(1, 9)
        found += reader.feed(stream[:size])
        stream = stream[size:]
    assert found == messages
    assert not reader.is_inside


@pytest.mark.parametrize("between", [b"", b"\r", b"\n", b"\r\n\r\n"])
def test_ends_of_lines_between_frames_are_tolerated(between: bytes) -> None:
    reader = FrameReader(100)
    assert reader.feed(between + frame(b"one") + between + frame(b"two") + between) == [b"one", b"two"]
    assert not reader.is_inside


@pytest.mark.parametrize(
    "data",
    [
        b"M",
        b"\0",
        b"MSH|",
        b"\x1c\r",
        b"GET / HTTP/1.1\r\n",
        b"\x0ba\x1c\x0b",
        b"\x0ba\x1ca",
        b"\x0ba\x0bb\x1c\r",
        b"\x16\x03",
    ],
)
def test_garbage_is_no_frame(data: bytes) -> None:
    for step in (1, len(data)):
        with pytest.raises(FramingError):
            _feed_all(FrameReader(100), [data[start : start + step] for start in range(0, len(data), step)])


def _feed_all(reader: FrameReader, pieces: list[bytes]) -> None:
    for piece in pieces:
        reader.feed(piece)


def test_a_message_has_a_longest_length() -> None:
    assert FrameReader(10).feed(frame(bytes(range(65, 75)))) == [bytes(range(65, 75))]
    for data in (frame(b"A" * 11), b"\x0b" + b"A" * 11):
        with pytest.raises(FramingError, match="more than 10 bytes"):
            FrameReader(10).feed(data)


def test_half_a_frame_is_known_to_be_half() -> None:
    reader = FrameReader(100)
    assert reader.feed(b"\x0bMSH") == []
    assert reader.is_inside
    assert reader.feed(b"|\x1c") == []
    assert reader.is_inside
    assert reader.feed(b"\r") == [b"MSH|"]
    assert not reader.is_inside


def test_what_is_no_message_cannot_be_framed() -> None:
    for data in (b"a\x0bb", b"a\x1cb"):
        with pytest.raises(ValueError, match="delimiter"):
            frame(data)
