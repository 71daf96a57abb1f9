"""The wall of the HL7 v2 door: every certificate there is, and none. No card of a professional opens it."""

from __future__ import annotations

from typing import Any

import pytest

from samples.feed import NoAnswer
from samples.hl7v2.messages import pam
from samples.pki.catalogue import Entry, read_catalogue
from xds.hl7v2.acknowledgement_reading import read_acknowledgement

NOBODY = "no certificate"
CATALOGUE = read_catalogue()


def verdict(entry: Entry | None) -> str | None:
    """Who refuses a certificate: TLS, a kind of error, or nobody."""
    if entry is None or not entry.handshake or entry.profile.issuer not in CATALOGUE.trust["hl7v2"]:
        return "TLS"
    if entry.profile.extended and "client_auth" not in entry.profile.extended:
        return "TLS"
    return entry.refused


@pytest.mark.parametrize("name", [NOBODY, *CATALOGUE.entries])
def test_the_cell_of_a_certificate(bench: Any, patient: Any, name: str) -> None:
    said = verdict(CATALOGUE.entries.get(name))
    message = pam(patient=patient)
    client = bench.client(credential="labo-rhone.auth" if name == NOBODY else name)
    client.credential = None if name == NOBODY else client.credential
    try:
        with client:
            answer = read_acknowledgement(client.send(message.bytes))
            got = answer.code.value
    except (OSError, NoAnswer):
        got = "TLS"

    assert got == ("AA" if said is None else "TLS" if said == "TLS" else "AR")
    kept = bench.rows("SELECT count(*) FROM ecluse.inbox WHERE control_id = %s", message.at("MSH^1^10"))
    assert kept == [(1 if got == "AA" else 0,)]


def test_no_professional_is_among_those_admitted() -> None:
    admitted = [entry for entry in CATALOGUE.entries.values() if verdict(entry) is None]
    assert admitted
    assert not {entry.holder for entry in admitted} & set(CATALOGUE.professionals)
