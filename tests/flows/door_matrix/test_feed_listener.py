"""The listener of the patient identity feed (ITI-8) has the wall of its door: every certificate, and none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from samples.feed import MllpClient, NoAnswer, adt
from samples.pki.catalogue import Entry, read_catalogue
from samples.xds.patients import new_patient

NOBODY = "no certificate"
CATALOGUE = read_catalogue()


def send(knocker: Any, name: str, message: bytes) -> str:
    """What the listener answers: `AA`, a code and its reason, or TLS."""
    door = knocker.house.doors["ingest"]
    address = urlsplit(door.feed)
    client = MllpClient(str(address.hostname), int(address.port or 0), knocker.shown(name), door.ca)
    try:
        with client as feed:
            answer = feed.send(message)
    except (OSError, NoAnswer):
        return "TLS"
    code, _, text = answer.partition(b"MSA|")[2].split(b"\r")[0].decode().partition("|")
    return code if code == "AA" else f"{code} {text.partition('|')[2].partition(':')[0]}"


@pytest.mark.parametrize("name", [NOBODY, *CATALOGUE.entries])
def test_the_cell_of_a_certificate(ihe: Any, verdict: Callable[[Entry | None, str], str | None], name: str) -> None:
    patient = new_patient()
    said_of_it = verdict(CATALOGUE.entries.get(name), "ingest")

    got = send(ihe.knocker, name, adt("A04", patient.cx))

    assert got == ("AA" if said_of_it is None else "TLS" if said_of_it == "TLS" else f"AR {said_of_it}")
    with ihe.knocker.house.owner() as connection:
        known = connection.execute(
            "SELECT count(*) FROM ecluse.patients WHERE patient_id LIKE %s", (f"{patient.identifier}^%",)
        ).fetchone()
    assert known == (1 if got == "AA" else 0,)


def test_the_feed_has_no_place_in_the_dmp(dmp: Any) -> None:
    assert dmp.knocker.house.doors["ingest"].feed == ""
