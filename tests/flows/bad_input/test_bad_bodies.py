"""Bodies that do not arrive as announced: cut, short, slow, too large, of another type, from nobody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from samples.client.client import IngestClient
from samples.client.mtom import Message
from samples.documents.discharge_letter import discharge_letter

IDLE, BODY = 1, 700_000
"""The limits of the frail house: seconds, bytes."""


@pytest.fixture
def message(ward: Any) -> Message:
    """An honest message, not yet sent."""
    with closing(ward.scene.ingest()) as client:
        return client.message(ward.honest_lot())


def test_another_content_type_is_refused(ward: Any, message: Message) -> None:
    ward.fault(ward.posted(message.root, "application/json"), "HTTP_MALFORMED", "Content-Type", "soap+xml")


def half(head: bytes, body: bytes) -> Iterator[bytes]:
    yield head
    yield body[: len(body) // 2]


def test_a_body_shorter_than_its_content_length_is_refused(ward: Any) -> None:
    ward.fault(ward.pieced(half, hang_up=True), "HTTP_MALFORMED", "shorter than its Content-Length")


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_a_connection_cut_inside_the_body_leaves_an_audit_event_and_nothing_else(
    ward: Any, message: Message, part: float
) -> None:
    content_type, body = message.encode()
    before, known = ward.scene.kept(), len(ward.events())

    ward.raw().cut(body, content_type, int(len(body) * part))

    deadline = time.monotonic() + 10
    while len(ward.events()) == known and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [event for event in ward.events()[known:] if '"code":"HTTP_MALFORMED"' in event]
    assert ward.scene.kept() == before
    ward.lives_on()


def test_nobody_answers_a_message_without_a_certificate(ward: Any, message: Message) -> None:
    door = ward.scene.house.doors["ingest"]
    before = ward.scene.kept()
    with closing(IngestClient(door.url, None, door.ca)) as stranger, pytest.raises(OSError, match=r"(?i)ssl|reset|eof"):
        stranger.send(message)
    assert ward.scene.kept() == before
    ward.lives_on()


def test_a_body_that_stops_is_given_up_after_the_longest_silence(frail_ward: Any) -> None:
    started = time.monotonic()
    frail_ward.fault(frail_ward.pieced(half), "HTTP_LIMIT", "too long to arrive")
    assert time.monotonic() - started > IDLE


def test_a_body_that_is_slow_but_never_silent_is_read(frail_ward: Any) -> None:
    def slices(head: bytes, body: bytes) -> Iterator[bytes]:
        yield head
        step = len(body) // 4 + 1
        for start in range(0, len(body), step):
            time.sleep(IDLE / 3)
            yield body[start : start + step]

    assert frail_ward.pieced(slices)().succeeded
    frail_ward.lives_on()


def test_a_body_larger_than_the_limit_is_refused_with_the_limit(frail_ward: Any) -> None:
    large = frail_ward.scene.lot([discharge_letter(frail_ward.scene.patient, media_type="text/plain")])
    large = large.with_content(0, large.contents["Document01"] + b"<!--" + b"x" * BODY + b"-->", declared=True)
    frail_ward.fault(frail_ward.deposit(large), "HTTP_LIMIT", str(BODY))


def test_a_body_announced_larger_than_the_limit_is_refused_before_it_is_sent(frail_ward: Any) -> None:
    def announced(head: bytes, body: bytes) -> Iterator[bytes]:
        yield head.replace(b"Content-Length: %d" % len(body), b"Content-Length: %d" % (BODY + 1))
        yield body[:1000]

    frail_ward.fault(frail_ward.pieced(announced), "HTTP_LIMIT", str(BODY))
