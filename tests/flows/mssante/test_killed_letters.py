"""The door is killed (kill -9) between the steps of a letter: nothing is lost, nobody is told twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from ..hl7v2.laboratory import eventually
from .post import Post, for_mssante, fresh


@pytest.fixture
def kill(post: Post, door_processes: Callable[[Any, str], list[int]]) -> Callable[[], None]:
    """End the process of the door at once, as a power cut would; another takes its place."""

    def killed() -> None:
        for pid in door_processes(post.house, "hl7v2"):
            os.kill(pid, signal.SIGKILL)

    return killed


@contextmanager
def held(post: Post, statement: str) -> Iterator[None]:
    """A lock that stops the door at one step."""
    connection = post.house.owner()
    connection.autocommit = False
    connection.execute(statement.encode())
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


def is_stopped(post: Post) -> bool:
    return bool(post.bench.rows("SELECT 1 FROM pg_locks WHERE NOT granted"))


def test_killed_before_the_letter_is_kept_it_is_made_once(post: Post, admitted: Any, kill: Callable[[], None]) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, DESTDMP="Y", INVISIBLE_PATIENT="Y")
    with held(post, "LOCK TABLE ecluse.letters IN SHARE MODE"):
        assert post.bench.send(message).code == "AA"
        eventually(lambda: is_stopped(post))
        kill()

    post.delivered(doctor)
    assert post.settled(message) == [("PS", "DONE", "sent", False)]
    assert len(post.box.to(doctor)) == 1
    assert len(post.bench.documents(admitted)) == 1


def test_killed_before_it_is_written_down_that_a_letter_left_it_is_the_same_letter_that_leaves_again(
    post: Post, admitted: Any, kill: Callable[[], None]
) -> None:
    doctor, unknown = fresh(), fresh("inconnu")
    post.box.refusals[unknown] = "550 no such mailbox"
    message = for_mssante(admitted, doctor, unknown, INVISIBLE_PATIENT="Y")
    post.box.answers["greeting"] = "421 not now"
    eventually(lambda: post.bench.send(message).code == "AA")
    eventually(lambda: post.letters(message))
    with held(post, "LOCK TABLE ecluse.letter_recipients IN SHARE MODE"):
        del post.box.answers["greeting"]
        post.delivered(doctor)
        eventually(lambda: is_stopped(post))
        kill()

    post.delivered(doctor, number=2)
    assert post.settled(message) == [("PS", "DONE", "sent", False)]
    first, second = post.box.to(doctor)
    assert first.letter["Message-ID"] == second.letter["Message-ID"]
    assert first.content == second.content
    assert post.told(message) == {unknown: ("N", "550")}
    assert len([one for one in post.bench.receiver.of(message.at("MSH^1^10")) if one.event == "Z02"]) == 1


def test_a_server_that_hangs_up_after_the_letter_is_given_the_same_letter_again(post: Post, admitted: Any) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, INVISIBLE_PATIENT="Y")
    post.box.drop_after_data = 1

    eventually(lambda: post.bench.send(message).code == "AA")

    again = post.delivered(doctor, number=2)
    assert again.letter["Message-ID"] == post.box.to(doctor)[0].letter["Message-ID"]
    assert post.settled(message) == [("PS", "DONE", "sent", False)]
