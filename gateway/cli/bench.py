"""`ecluse bench`: what a request costs a door, as a ratio to the floor measured in the same run."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import click
import psycopg
from lxml import etree

from gateway.cli.bench_deposits import BLOCK, SoapDeposits
from gateway.cli.bench_figures import Figure, print_measured, print_requests
from gateway.cli.bench_hl7v2 import hl7v2_figures
from gateway.cli.bench_knocker import Knock, Knocker
from gateway.cli.bench_rights import measure_rights
from gateway.cli.bench_searches import measure_searches
from gateway.cli.bench_validation import Measured, validation_figures
from gateway.cli.budgets import OF_ITI_65, Budget
from gateway.cli.floors import Floor, measure
from gateway.cli.processes import cpu_seconds, database_pids, door_pids, resident_megabytes
from gateway.cli.rehearsal import Rehearsal, RehearsalError
from gateway.cli.scale import print_scale
from gateway.cli.scale_questions import ScaleError
from gateway.cli.story import REPOSITORY
from gateway.database.embedded import EmbeddedPostgres
from gateway.soap_door import SERVICES
from samples.client import queries
from samples.client.fhir import INGEST, JSON, FhirClient
from samples.client.mtom import Message, media_parameters
from samples.documents.patients import ADELE, CLAIRE, LUCIA, MOUSSA, PAUL, SamplePatient
from samples.documents.vsm import vsm
from samples.fhir.bundle import write_lot
from samples.submission import Submission, build_submission
from security import xml
from security.at_rest.record_keys import create_record_key, load_kek, unwrap
from security.at_rest.sealing import seal
from security.at_rest.unsealing import unseal
from security.strict_json import write_json
from xds.repository.address import BlobAddress

DOCUMENT_BYTES = 100_000
ENTRIES = 8
WARM_UP = 20
MORE = 5
"""Queries and retrieves for one deposit."""
_HL7 = "{urn:hl7-org:v3}"
_WHERE = (
    "SELECT e.blob_address, k.key_id, k.wrapped_private_key FROM ecluse.document_entries e"
    " JOIN ecluse.record_keys k USING (patient_key) WHERE e.unique_id = %s"
)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON array, for machines.")
@click.option(
    "--runs",
    type=click.IntRange(min=2),
    default=200,
    show_default=True,
    help="Deposits; queries and retrieves are five times as many.",
)
@click.option("--scale", is_flag=True, help="Instead: what a query waits as the registry grows.")
@click.option(
    "--size",
    "sizes",
    type=click.IntRange(min=20),
    multiple=True,
    help="With --scale: so many documents; repeat for several sizes. 100000 and 1000000 when absent.",
)
@click.option("--validation", is_flag=True, help="Only what verdicts on documents cost.")
def bench(*, as_json: bool, runs: int, scale: bool, sizes: tuple[int, ...], validation: bool) -> None:
    """Measure deposits, queries and retrieves over real mutual TLS, and verdicts on documents, against their floors."""
    if sizes and not scale:
        raise click.UsageError("--size goes with --scale")
    try:
        if scale:
            print_scale(sizes, runs * MORE, as_json=as_json)
            return
        figures: list[Figure] = []
        measured: list[Measured] = []
        if not validation:
            with Rehearsal({"ECLUSE_HL7V2_ENABLED": "true"}) as house:
                requests = _Bench(house, runs)
                figures = list(requests.figures())
                measured.append(measure_rights(house, LUCIA, runs))
                measured += measure_searches(house, MOUSSA, runs)
                reports = [_large_vsm(MOUSSA) for _ in range(runs + WARM_UP)]
                with closing(requests.soap_deposits()) as by_soap:
                    measured += hl7v2_figures(house, MOUSSA, reports, by_soap, runs)
    except (RehearsalError, ScaleError) as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    measured += validation_figures(runs)
    if as_json:
        click.echo(json.dumps([*(figure.row() for figure in figures), *(figure.row() for figure in measured)]))
        return
    if figures:
        print_requests(figures)
    print_measured(measured)


class _Bench:
    def __init__(self, house: Rehearsal, runs: int) -> None:
        self._house = house
        self._runs = runs
        self._signer = house.credential("chu-seine.sign")

    def figures(self) -> Iterator[Figure]:
        """Deposit first, then ask for and read what was deposited."""
        self._house.open_record(CLAIRE.cx, [self._house.credential("dr-essai.auth").national_id])
        with closing(self._house.establishment("chu-seine", CLAIRE.cx)) as hospital:
            answer = hospital.provide_and_register(
                self._lot([*(vsm(CLAIRE) for _ in range(ENTRIES - 1)), _large_vsm(CLAIRE)])
            )
            if not answer.succeeded:
                raise RehearsalError(f"the bench could not deposit: {answer.errors}")
            lots = [self._lot([_large_vsm(PAUL)], PAUL.cx) for _ in range(self._runs + WARM_UP)]
            self._house.open_record(PAUL.cx)
        with closing(self._house.establishment("chu-seine", PAUL.cx)) as hospital:
            deposits = [hospital.message(lot) for lot in lots]
        with closing(self._house.professional("dr-essai", CLAIRE.cx)) as doctor:
            found = doctor.find_documents(CLAIRE.cx)
            slots = queries.find_documents(CLAIRE.cx, queries.APPROVED)
            query = doctor.query_message(queries.QueryId.FIND_DOCUMENTS, slots)
            largest = max(found.document_entries, key=lambda entry: entry.size or 0).unique_id
            retrieve = doctor.retrieve_message([(REPOSITORY, largest)])
        fragments = [etree.tostring(entry) for entry in found.entries]
        with (
            closing(self._house.owner()) as connection,
            closing(Floor(connection, self._house.data, fragments)) as floor,
        ):
            deposited = self._deposits(deposits, floor)
            yield deposited
            yield self._fhir_deposits(deposited)
            yield self._queries(query, floor)
            yield self._retrieves(retrieve, largest, floor, connection)

    def _deposits(self, messages: list[Message], floor: Floor) -> Figure:
        content_type, package = messages[0].encode()
        boundary = media_parameters(content_type)["boundary"].encode()
        sealed_to = create_record_key(load_kek(self._house.data / "consultation" / "kek")).public
        base = measure(
            lambda: floor.deposit(package, boundary, lambda content: seal(content, record=sealed_to, document="floor")),
            self._runs,
        )
        return self._measure("iti41", "ingest", "chu-seine.auth", [_knock("repository", one) for one in messages], base)

    def _fhir_deposits(self, by_soap: Figure) -> Figure:
        """Lots as those of ITI-41, sent as transactions; the budget comes of ITI-41 of such lots, by turns."""
        self._house.open_record(ADELE.cx)
        lots = [self._lot([_large_vsm(ADELE)], ADELE.cx) for _ in range(self._runs + WARM_UP)]
        with closing(self._house.fhir("chu-seine", ADELE.cx)) as hospital:
            knocks = [_transaction(hospital, lot) for lot in lots]
        with closing(self.soap_deposits()) as beside:
            figure = self._measure("iti65", "ingest", "chu-seine.auth", knocks, by_soap.floor, beside)
            return replace(figure, budget=Budget(OF_ITI_65 * beside.milliseconds, of="value"))

    def soap_deposits(self) -> SoapDeposits:
        """As many lots as there are runs, to deposit by ITI-41 in the record that `figures` opened."""
        lots = [self._lot([_large_vsm(PAUL)], PAUL.cx) for _ in range(self._runs)]
        with closing(self._house.establishment("chu-seine", PAUL.cx)) as hospital:
            knocks = [_knock("repository", hospital.message(lot)) for lot in lots]
        return SoapDeposits(self._house, "chu-seine.auth", knocks)

    def _queries(self, message: Message, floor: Floor) -> Figure:
        _, envelope = message.encode()
        base = measure(lambda: floor.query(envelope), self._runs * MORE)
        messages = [message] * (self._runs * MORE + WARM_UP)
        return self._measure(
            "iti18", "consultation", "dr-essai.auth", [_knock("registry", one) for one in messages], base
        )

    def _retrieves(self, message: Message, unique_id: str, floor: Floor, connection: psycopg.Connection[Any]) -> Figure:
        row = connection.execute(_WHERE, (unique_id,)).fetchone()
        if row is None:
            raise RehearsalError("the document to retrieve is not there")
        address, key_id, wrapped = row
        key = unwrap(bytes(wrapped), load_kek(self._house.data / "consultation" / "kek"), key_id)
        blob = BlobAddress(bytes(address)).path(self._house.data / "blobs")
        base = measure(
            lambda: floor.retrieve(message.root, blob, lambda content: unseal([content], key, unique_id)),
            self._runs * MORE,
        )
        messages = [message] * (self._runs * MORE + WARM_UP)
        knocks = [_knock("repository", one) for one in messages]
        return self._measure("iti43", "consultation", "dr-essai.auth", knocks, base)

    def _measure(
        self,
        name: str,
        door: str,
        credential: str,
        knocks: list[Knock],
        floor: float,
        beside: SoapDeposits | None = None,
    ) -> Figure:
        """What knocks cost a door, by turns with deposits beside them, if there are some."""
        pids = door_pids(self._house.data, door)
        database = self._database_pids()
        with closing(Knocker(self._house, door, credential)) as knocker:
            for knock in knocks[:WARM_UP]:
                knocker.knock(knock)
            measured, times, spent, spent_database = knocks[WARM_UP:], list[float](), 0.0, 0.0
            size = BLOCK if beside is not None else len(measured)
            for start in range(0, len(measured), size):
                block = measured[start : start + size]
                before, before_database = cpu_seconds(pids), cpu_seconds(database)
                times += [knocker.knock(knock) for knock in block]
                spent += cpu_seconds(pids) - before
                spent_database += cpu_seconds(database) - before_database
                if beside is not None:
                    beside.take(len(block))
        runs = len(times)
        cuts = statistics.quantiles(times, n=100)
        return Figure(
            name=name,
            value=spent * 1000 / runs,
            floor=floor,
            runs=runs,
            database=spent_database * 1000 / runs,
            median=cuts[49],
            p99=cuts[98],
            memory=resident_megabytes(pids),
        )

    def _database_pids(self) -> list[int]:
        postmaster = EmbeddedPostgres(self._house.data / "postgres").pid
        return database_pids(postmaster) if postmaster is not None else []

    def _lot(self, documents: list[bytes], patient_id: str = CLAIRE.cx) -> Submission:
        return build_submission(documents, signer=self._signer, now=datetime.now(UTC), patient_id=patient_id)


def _transaction(hospital: FhirClient, lot: Submission) -> Knock:
    """A lot as a transaction of FHIR."""
    token = hospital.token() if hospital.token is not None else ""
    headers = {"Content-Type": JSON, "Accept": JSON, "Authorization": f"Bearer {token}"}
    body = write_json(write_lot(lot).resource)
    return Knock(path=INGEST, body=body, headers=headers, success=b"transaction-response")


def _knock(service: str, message: Message) -> Knock:
    """A message of SOAP."""
    content_type, body = message.encode()
    headers = {"Content-Type": content_type}
    return Knock(path=f"{SERVICES}/{service}", body=body, headers=headers, success=b"ResponseStatusType:Success")


def _large_vsm(patient: SamplePatient) -> bytes:
    """A medical summary of about DOCUMENT_BYTES: the sample one, with a longer narrative."""
    content = vsm(patient)
    root = xml.parse(content, xml.DOCUMENT)
    body = next(root.iter(f"{_HL7}tbody"))
    missing = DOCUMENT_BYTES - len(content)
    row = "<tr><td>2019</td><td>Contrôle annuel sans particularité, suivi inchangé</td><td>stable</td></tr>"
    for _ in range(missing // len(row)):
        line = etree.SubElement(body, f"{_HL7}tr")
        for text in ("2019", "Contrôle annuel sans particularité, suivi inchangé", "stable"):
            etree.SubElement(line, f"{_HL7}td").text = text
    return etree.tostring(root, encoding="UTF-8", xml_declaration=True)
