"""Both doors open in the domain ihe, and patients that the identity feed has announced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from gateway.cli.rehearsal import Rehearsal
from samples.client.client import ConsultationClient, IngestClient
from samples.feed import MllpClient, adt
from samples.xds.patients import DomainPatient, new_patient

SOURCE, CONSUMER = "chu-seine", "dr-essai"


@pytest.fixture(scope="session")
def generic_house() -> Iterator[Rehearsal]:
    with Rehearsal(domain="ihe") as opened:
        yield opened


@pytest.fixture
def source(generic_house: Rehearsal) -> Iterator[IngestClient]:
    """A Document Source: an establishment's certificate and no assertion."""
    with closing(generic_house.source(SOURCE)) as client:
        yield client


@pytest.fixture
def consumer(generic_house: Rehearsal) -> Iterator[ConsultationClient]:
    """A Document Consumer and Administrator: a card and no assertion."""
    with closing(generic_house.consumer(CONSUMER)) as client:
        yield client


@pytest.fixture(scope="session")
def feed_of() -> Callable[[Rehearsal], MllpClient]:
    """A connection to the identity feed of a house."""

    def connect(house: Rehearsal) -> MllpClient:
        door = house.doors["ingest"]
        address = urlsplit(door.feed)
        return MllpClient(str(address.hostname), int(address.port or 0), house.credential(f"{SOURCE}.auth"), door.ca)

    return connect


@pytest.fixture
def patient(generic_house: Rehearsal, feed_of: Callable[[Rehearsal], MllpClient]) -> DomainPatient:
    """A patient whom the feed announced (ITI-8)."""
    announced = new_patient()
    with feed_of(generic_house) as feed:
        assert b"MSA|AA" in feed.send(adt("A04", announced.cx))
    return announced
