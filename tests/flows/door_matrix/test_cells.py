"""The outer wall: every certificate there is, and none, at each door, for each operation; what comes back is a table.

The table is computed from the catalogue of the test PKI and from what the doors offer in each domain, so that a
certificate or an operation added there has its cells here; one without a true message fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest

from gateway.consultation import app as consultation
from gateway.ingest import app as ingest
from gateway.wire.addressing import (
    ITI_18,
    ITI_41,
    ITI_43,
    ITI_57,
    RECORD_TRANSACTIONS,
    TD_0_2,
    TD_0_3,
    TD_0_4,
    Transaction,
)
from samples.client.mtom import Packaging
from samples.pki.catalogue import Entry, read_catalogue

OFFERS = {"ingest": ingest.OFFER, "consultation": consultation.OFFER}
DOORS, DOMAINS = tuple(OFFERS), ("dmp", "ihe")
NOBODY = "no certificate"
OCCUPATIONAL = "dr-travail"
"""The doors let an occupational physician in, and the law lets him read nothing (DMP TD3.2)."""
CATALOGUE = read_catalogue()
Verdict = Callable[[Entry | None, str], str | None]


def operations(domain: str) -> Iterator[tuple[str, Transaction]]:
    """Every operation of a domain, whichever door offers it, with its service."""
    for offer in OFFERS.values():
        for service, transactions in offer[domain].items():
            yield from ((service, transaction) for transaction in transactions)


def label(transaction: Transaction) -> str:
    return transaction.action.rpartition(":")[2] if transaction.name == "ITI-44" else transaction.name


def pages(domain: str) -> list[str]:
    """What is asked for by GET: a description of each service of the domain, and what is nowhere."""
    return [*(f"{service}?wsdl" for service in dict.fromkeys(service for service, _ in operations(domain))), "nowhere"]


def is_answered(transaction: Transaction, offered: Iterable[Transaction]) -> bool:
    """Whether a door lets a message in: by its action, which transactions on records share."""
    return transaction.action in {one.action for one in offered}


def served(domain: str, door: str) -> dict[str, str]:
    """What a door does for those whom it admits."""
    offer = OFFERS[door][domain]
    row = {}
    for service, transaction in operations(domain):
        if service not in offer:
            row[label(transaction)] = "404"
        elif not is_answered(transaction, offer[service]):
            row[label(transaction)] = "fault ActionNotSupported"
        elif transaction in RECORD_TRANSACTIONS:
            row[label(transaction)] = "answered"  # by the law, whose own matrix is replayed elsewhere
        else:
            row[label(transaction)] = "CA" if transaction.name == "ITI-44" else "Success"
    return {**row, **{page: "200" if page.removesuffix("?wsdl") in offer else "404" for page in pages(domain)}}


def expected(domain: str, door: str, verdict: str | None) -> dict[str, str]:
    """One row of the table."""
    row = served(domain, door)
    if verdict is None:
        return row
    if verdict == "TLS":
        return dict.fromkeys(row, "TLS")
    asked = {name: "403" if name.endswith("?wsdl") else f"fault {verdict}" for name in row}
    return {name: "404" if row[name] == "404" else asked[name] for name in row}


@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("name", [NOBODY, *CATALOGUE.entries])
def test_the_cells_of_a_certificate(messages: Any, verdict: Verdict, name: str, door: str, domain: str) -> None:
    said_of_it = verdict(CATALOGUE.entries.get(name), door)
    knocker, offer = messages.knocker, OFFERS[door][domain]
    got: dict[str, str] = {}

    with closing(knocker.connect(door, knocker.shown(name))) as connection:
        try:
            for page in pages(domain):
                got[page] = str(knocker.get(connection, page)[0].status)
            for service, transaction in operations(domain):
                # The certificate is judged before the message: a stranger's carries a true message of another.
                succeeds = said_of_it is None and is_answered(transaction, offer.get(service, ()))
                message = messages.fresh(transaction, name) if succeeds else messages.any(transaction)
                got[label(transaction)] = knocker.said(transaction, *knocker.post(connection, service, message))
        except OSError:
            assert not got, "TLS refuses before anything is said"
            got = dict.fromkeys(served(domain, door), "TLS")

    table = expected(domain, door, said_of_it)
    if name.partition(".")[0] == OCCUPATIONAL and table.get("ITI-43") == "Success" and domain == "dmp":
        table["ITI-43"] = "Failure"
    assert got == table


def test_the_table_has_every_verdict_there_is(verdict: Verdict) -> None:
    kinds = {door: {verdict(entry, door) for entry in CATALOGUE.entries.values()} for door in DOORS}

    assert kinds == {
        "ingest": {None, "TLS", "CERT_KIND", "CERT_USAGE"},
        "consultation": {None, "TLS", "CERT_KIND", "CERT_USAGE"},
    }


@pytest.mark.parametrize("domain", DOMAINS)
def test_what_feeds_is_at_one_door_and_what_reads_at_the_other(domain: str) -> None:
    """No certificate can do both. In the DMP both are asked for ids, deletions, authorisations: ingest of one's own."""
    offered = [{item for items in offer[domain].values() for item in items} for offer in OFFERS.values()]

    assert offered[0] & offered[1] <= ({ITI_18, ITI_57, TD_0_2, TD_0_3, TD_0_4} if domain == "dmp" else set())
    assert {ITI_41} <= offered[0] - offered[1]
    assert ITI_43 in offered[1] - offered[0]
    assert ITI_18 in offered[1]


@pytest.mark.parametrize("domain", DOMAINS)
def test_messages_travel_in_the_packaging_of_their_transaction(messages: Any) -> None:
    """What the table sends is what a client sends: deposits and readings as MTOM, queries as plain SOAP."""
    kinds = {transaction: messages.any(transaction)[0] for transaction in (ITI_18, ITI_41, ITI_43)}

    assert {item: Packaging.MTOM if "multipart" in kind else Packaging.SIMPLE for item, kind in kinds.items()} == {
        ITI_18: Packaging.SIMPLE,
        ITI_43: Packaging.MTOM,
        ITI_41: Packaging.MTOM,
    }
