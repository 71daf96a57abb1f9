"""The conformance statement says what the code offers, both ways."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conformance.scenarios.report import END, START
from conformance.scenarios.xds.catalogue import SCENARIOS
from gateway.assembly.keeper import ENVELOPE, GENERIC_ENVELOPE
from gateway.consultation import app as consultation
from gateway.ingest import app as ingest
from gateway.settings import MIB, ConsultationSettings, IngestSettings, LimitSettings
from gateway.soap_door import SERVICES
from gateway.wire.addressing import TRANSACTIONS
from gateway.wire.mtom import MimeLimits
from samples.client.transport import MTOM_ACTIONS
from xds.ebrim import query
from xds.ebrim.query import read_multi_patient_query, read_query
from xds.errors import Refusal, XdsErrorCode
from xds.messages import AdhocQueryRequest
from xds.queries import ReturnType
from xds.registry.view import MOST_OBJECTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "conformance-statement.md").read_text("utf-8")
DOMAINS = ("dmp", "ihe")
RENAMED = {"ITI-62": "DeleteDocumentSet"}
"""Transactions whose action kept an earlier name."""


def table(heading: str) -> list[list[str]]:
    """The rows of the first table of a section."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0].partition(START)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def offered() -> dict[tuple[str, str, str], str]:
    """Domains of each transaction, by its name, its door and its service, as the doors are built."""
    found: dict[tuple[str, str, str], list[str]] = {}
    for door in (ingest, consultation):
        for domain in DOMAINS:
            for service, transactions in door.OFFER[domain].items():
                for name in dict.fromkeys(one.name for one in transactions):
                    found.setdefault((name, door.NAME, service), []).append(domain)
    return {place: ", ".join(domains) for place, domains in found.items()}


def test_every_transaction_is_told_with_its_door_its_service_and_its_domains() -> None:
    rows = table("Transactions")
    told = {(row[0], row[2], row[3]): row[4] for row in rows}
    assert told == offered()
    assert len(told) == len(rows)
    assert {name for name, _, _ in told} == {one.name for one in TRANSACTIONS}


def test_transactions_have_the_names_of_their_actions() -> None:
    for row in table("Transactions"):
        actions = [one.action for one in TRANSACTIONS if one.name == row[0]]
        if any(action.startswith("urn:hl7-org:v3:") for action in actions):
            assert all(action.startswith("urn:hl7-org:v3:PRPA_IN2013") for action in actions)
            continue
        expected = RENAMED.get(row[0]) or row[1]
        assert [_letters(action.split(":")[-1]) for action in actions] == [_letters(expected)]


def _letters(name: str) -> str:
    return re.sub(r"[ -]", "", name).casefold()


def test_packaging_is_that_of_the_client() -> None:
    told = {row[0]: row[5] for row in table("Transactions")}
    expected = {one.name: "MTOM" if one.action in MTOM_ACTIONS else "simple" for one in TRANSACTIONS}
    assert told == expected


def test_services_are_where_the_page_says() -> None:
    assert f"`{SERVICES}/<service>`" in PAGE


def answered_by(query_id: str) -> str:
    """The transaction that knows a query."""
    request = AdhocQueryRequest(query_id=query_id, return_type="LeafClass", slots=())
    known = []
    for transaction, read in (("ITI-18", read_query), ("ITI-51", read_multi_patient_query)):
        with pytest.raises(Refusal) as refused:
            read(request)
        if refused.value.errors[0].code is not XdsErrorCode.UNKNOWN_STORED_QUERY:
            known.append(transaction)
    (transaction,) = known
    return transaction


def test_every_stored_query_is_told_with_its_id_and_its_transaction() -> None:
    names = [name for name in vars(query) if re.match(r"(FIND|GET)_[A-Z_]+$", name)]
    expected = {}
    for name in names:
        query_id = str(getattr(query, name))
        transaction = answered_by(query_id)
        spelled = "".join(part.title() for part in name.split("_"))
        expected[spelled] = (f"`{query_id}`", transaction, offered()[transaction, "consultation", "registry"])
    assert len(expected) == 16
    assert {row[0]: (row[1], row[2], row[3]) for row in table("Stored queries")} == expected


def test_limits_are_those_of_the_settings() -> None:
    options = {row[0]: row[1] for row in table("Options")}
    body, parts = LimitSettings().body, MimeLimits().parts
    assert options["Largest message"].startswith(f"{body // MIB} MiB (`limits.body`), {parts} parts;")
    dmp, ihe = ENVELOPE // MIB, GENERIC_ENVELOPE // MIB
    assert options["Largest envelope"].startswith(f"{dmp} MiB in the DMP, {ihe} MiB in ihe:")
    objects, references = (f"{MOST_OBJECTS[kind]:,}".replace(",", " ") for kind in ReturnType)
    assert options["Largest answer"] == f"{objects} objects of one kind, {references} references"


def test_deviations_name_decisions_that_exist() -> None:
    pages = "\n".join(page.read_text("utf-8") for page in ROOT.rglob("*.md") if ".venv" not in page.parts)
    for row in table("Deviations"):
        assert len(row) == 4, row
        assert set(row[2].split(", ")) <= set(DOMAINS), row
        numbers = re.findall(r"decision ([A-Z]-\d+)", row[3])
        assert numbers or row[3].startswith("DMP TD"), row
        assert all(f"\n## {number} · " in pages for number in numbers), row


def test_links_of_the_page_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE):
        assert (ROOT / "docs" / target).exists(), target


def test_the_pass_table_has_every_scenario() -> None:
    passed = PAGE.split(START)[1].split(END)[0]
    told = re.findall(r"^\| ([A-Z]\.[A-Z0-9.]+) \|.*\| (yes|no:.*) \|$", passed, re.MULTILINE)
    assert sorted(identifier for identifier, _ in told) == sorted(scenario.id for scenario in SCENARIOS)
    assert {verdict for _, verdict in told} == {"yes"}


def test_the_page_for_testers_gives_the_address_of_every_transaction() -> None:
    page = (ROOT / "docs" / "test-suite.md").read_text("utf-8")
    told = {
        (name, int(port), service)
        for names, port, service in re.findall(r"^\| (ITI-[^|]+) \| `https://localhost:(\d+)\S+/(\w+)` \|$", page, re.M)
        for name in names.split(", ")
    }
    doors = ((ingest.OFFER, IngestSettings().port), (consultation.OFFER, ConsultationSettings().port))
    offered = {
        (transaction.name, port, service)
        for offer, port in doors
        for service, transactions in offer["ihe"].items()
        for transaction in transactions
    }
    assert told == offered
