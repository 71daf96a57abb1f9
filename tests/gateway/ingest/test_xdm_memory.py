"""What a medium unpacks to is counted before anything is unpacked, and given back whatever happens."""

from __future__ import annotations

from typing import Any, cast

import pytest

from gateway.gate import Caller
from gateway.ingest.provide_and_register import ProvideAndRegister
from gateway.ingest.xdm_upload import UNUSABLE, MediumDeposits, XdmPolicy
from gateway.server.body import BodyMemory
from gateway.wire.faults import Overloaded
from samples.media import zipped
from xds.errors import Refusal
from xds.messages import ProvideAndRegisterRequest

CALLER = cast("Caller", None)  # nobody is asked who he is before the medium is read


class Reached(Exception):
    """The medium came as far as the use case."""


def deposits(*, memory: BodyMemory, size: int = 1_000_000) -> MediumDeposits:
    def provide(request: ProvideAndRegisterRequest, caller: Caller) -> Any:
        raise Reached

    use_case = cast("ProvideAndRegister", provide)
    policy = XdmPolicy(lenient=False, may_be_lenient=False, size=size, memory=memory, patience=0.0)
    return MediumDeposits(strict=use_case, lenient=use_case, policy=policy)


MEDIUM = zipped({"README.TXT": b"r" * 600, "INDEX.HTM": b"i" * 300})


def test_a_medium_for_which_there_is_no_room_is_for_later() -> None:
    memory = BodyMemory(899)
    with pytest.raises(Overloaded):
        deposits(memory=memory)(MEDIUM, CALLER, lenient=False)
    assert memory.take(899, 0.0)


def test_room_is_given_back_whatever_happens() -> None:
    memory = BodyMemory(900)
    for _ in range(3):
        with pytest.raises(Reached):
            deposits(memory=memory)(MEDIUM, CALLER, lenient=False)
    assert memory.take(900, 0.0)


def test_a_medium_that_unpacks_to_more_than_a_body_may_have_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        deposits(memory=BodyMemory(10_000), size=len(MEDIUM) + 100)(MEDIUM, CALLER, lenient=False)
    assert [error.rule for error in refused.value.errors] == [UNUSABLE]
