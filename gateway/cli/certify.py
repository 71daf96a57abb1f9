"""`ecluse certify`: scenarios played against a house, and the table of what passed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import click

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Result, Scenario, run
from conformance.scenarios.report import END, START, markdown
from conformance.scenarios.voice import AUDIENCE, Voice
from conformance.scenarios.xds.catalogue import SCENARIOS
from gateway.cli.rehearsal import Rehearsal, RehearsalError
from gateway.cli.speech import say, text
from samples.client.client import ConsultationClient, IngestClient
from samples.xua import NURSE, PASSWORD, TREATMENT

ESTABLISHMENT, PROFESSIONAL = "chu-seine", "dr-essai"
REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
ENVIRONMENT = {
    "ECLUSE_IHE_PATIENTS": "feed",
    "ECLUSE_IHE_CODES": "connectathon",
    "ECLUSE_IHE_AUDIENCE": AUDIENCE,
    "ECLUSE_IHE_ROLES": f"{NURSE.code}^^{NURSE.system}",
    "ECLUSE_IHE_PURPOSES": f"{TREATMENT.code}^^{TREATMENT.system}",
    "ECLUSE_IHE_AUTHN_CONTEXTS": PASSWORD,
}
"""The house that is opened when none is named: patients come by the feed, codes are those of the Connectathon, and it
believes one audience, role, purpose and way to authenticate."""

_file = click.Path(path_type=Path, exists=True, dir_okay=False)


@dataclass(frozen=True, slots=True)
class PemFile:
    """A client certificate, its chain and its key in one PEM file."""

    path: Path

    @property
    def certificate_path(self) -> Path:
        """Where the certificate is."""
        return self.path

    @property
    def key_path(self) -> Path:
        """Where the key is."""
        return self.path


@click.group()
def certify() -> None:
    """Play conformance scenarios against a house and tell what passed."""


@certify.command()
@click.option("--ingest", "ingest_url", help="URL of the ingest door; a throw-away house is opened without it.")
@click.option("--consultation", "consultation_url", help="URL of the consultation door.")
@click.option("--ca", type=_file, help="Authority of the server certificates, PEM.")
@click.option("--ingest-certificate", type=_file, help="Client certificate, chain and key for ingest, one PEM file.")
@click.option("--consultation-certificate", type=_file, help="The same for consultation.")
@click.option("--repository", default=REPOSITORY, show_default=True, help="repositoryUniqueId of the house.")
@click.option("--only", multiple=True, metavar="ID", help="Scenarios to play; `U.*` names several. May be repeated.")
@click.option("--json", "form", flag_value="json", help="One JSON array of scenarios, for machines.")
@click.option("--markdown", "form", flag_value="markdown", help="The pass table of the conformance statement.")
def xds(
    *,
    ingest_url: str | None,
    consultation_url: str | None,
    ca: Path | None,
    ingest_certificate: Path | None,
    consultation_certificate: Path | None,
    repository: str,
    only: tuple[str, ...],
    form: str | None,
) -> None:
    """Play the scenarios of XDS.b: registry and repository, queries, updates, removals.

    The house must belong to a generic domain, take ITI-44, and know the codes of the Connectathon. Scenarios with
    assertions (A.*) are played on a throw-away house only, where the key to sign them is at hand.
    """
    scenarios = chosen(only)
    given = (ingest_url, consultation_url, ca, ingest_certificate, consultation_certificate)
    if any(given) and not all(given):
        raise click.UsageError("a house is named by both URLs, --ca and both certificates, or not at all")
    try:
        with ExitStack() as stack:
            if ingest_url and consultation_url and ca and ingest_certificate and consultation_certificate:
                ingest = IngestClient(ingest_url, PemFile(ingest_certificate), ca)
                consultation = ConsultationClient(consultation_url, PemFile(consultation_certificate), ca)
                bench = Bench(
                    stack.enter_context(ingest), stack.enter_context(consultation), repository_unique_id=repository
                )
                scenarios = tuple(scenario for scenario in scenarios if not scenario.asserted)
            else:
                bench = stack.enter_context(throw_away())
            results = [_tell(run(scenario, bench), quiet=form is not None) for scenario in scenarios]
    except RehearsalError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    passed = sum(result.passed for result in results)
    if form == "json":
        click.echo(json.dumps([_row(result) for result in results], ensure_ascii=False))
    elif form == "markdown":
        click.echo(f"{START}\n{markdown(results)}{END}")
    else:
        click.echo(f"{passed} passed, {len(results) - passed} failed")
    sys.exit(0 if passed == len(results) else 1)


def chosen(only: Iterable[str]) -> tuple[Scenario, ...]:
    """The scenarios that these ids or patterns name, all without any. Raises click.UsageError: none is named."""
    patterns = tuple(only)
    found = tuple(row for row in SCENARIOS if not patterns or any(fnmatchcase(row.id, pattern) for pattern in patterns))
    if not found:
        raise click.UsageError(f"no scenario is called {', '.join(patterns)}")
    return found


@contextmanager
def throw_away() -> Iterator[Bench]:
    """Open a house of a generic domain for as long as the scenarios last. Raises RehearsalError."""
    say(
        en="Opening a throw-away house of a generic domain…",
        fr="Ouverture d'une maison jetable d'un domaine générique…",
        err=True,
    )
    with Rehearsal(ENVIRONMENT, domain="ihe") as house, bench_of(house) as bench:
        yield bench


@contextmanager
def bench_of(house: Rehearsal) -> Iterator[Bench]:
    """The bench of a house whose doors are open, with the certificates of its test PKI."""
    doors = house.doors
    voice = Voice(
        lambda vihf: IngestClient(
            doors["ingest"].url, house.credential(f"{ESTABLISHMENT}.auth"), doors["ingest"].ca, vihf=vihf
        ),
        lambda vihf: ConsultationClient(
            doors["consultation"].url, house.credential(f"{PROFESSIONAL}.auth"), doors["consultation"].ca, vihf=vihf
        ),
        seal=house.credential(f"{ESTABLISHMENT}.sign"),
        card=house.credential(f"{PROFESSIONAL}.sign"),
    )
    with closing(voice), house.source(ESTABLISHMENT) as ingest, house.consumer(PROFESSIONAL) as consultation:
        yield Bench(ingest, consultation, repository_unique_id=REPOSITORY, voice=voice)


def _tell(result: Result, *, quiet: bool) -> Result:
    if not quiet:
        mark = click.style("✓", fg="green") if result.passed else click.style("✗", fg="red")
        told = f"{mark} {result.scenario.id} {result.scenario.title}"
        if step := result.failure:
            wanted = text(en="expected", fr="attendu")
            told += (
                f"\n    {step.title}: {step.got}; {wanted}: {step.expected}{f' — {step.detail}' if step.detail else ''}"
            )
        click.echo(told[:600])
    return result


def _row(result: Result) -> dict[str, object]:
    steps = [
        {"step": step.title, "expected": step.expected, "got": step.got, "passed": step.passed} for step in result.steps
    ]
    scenario = result.scenario
    return {
        "scenario": scenario.id,
        "title": scenario.title,
        "actor": scenario.actor,
        "transaction": scenario.transaction,
        "tests": list(scenario.tests),
        "passed": result.passed,
        "steps": steps,
    }
