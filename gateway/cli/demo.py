"""`ecluse demo`: the whole story on a throw-away data directory."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from gateway.cli.rehearsal import Rehearsal, RehearsalError
from gateway.cli.speech import language, say
from gateway.cli.story import PUBLIC_PATIENT, Story
from gateway.cli.story_step import Step

PUBLIC_SAMPLES = Path(__file__).parents[3] / "shared" / "samples-fr"
"""Public sample documents, beside the project when one has them."""


@click.command()
@click.option("--keep", is_flag=True, help="Leave the doors open and print how to reach them.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of steps, for machines.")
@click.option(
    "--documents",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Directory of public CDA samples to deposit too.",
)
def demo(*, keep: bool, as_json: bool, documents: Path | None) -> None:
    """Play the story: a hospital deposits, a doctor reads, everybody else is refused."""
    house = Rehearsal({"ECLUSE_HL7V2_ENABLED": "true"})
    if not as_json:
        say(
            en="Écluse sandbox: test certificates, test identities. Opening the doors…",
            fr="Écluse, bac à sable : certificats et identités de test. Ouverture des portes…",
        )
    try:
        with house:
            steps = [_tell(step, as_json=as_json) for step in Story(house, _public(documents)).steps()]
            passed = sum(step.passed for step in steps)
            if as_json:
                click.echo(json.dumps([_row(step) for step in steps], ensure_ascii=False))
            else:
                click.echo(f"{passed} passed, {len(steps) - passed} failed")
            if keep:
                _keep(house)
    except RehearsalError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    sys.exit(0 if passed == len(steps) else 1)


def _public(documents: Path | None) -> tuple[Path, ...]:
    """The public documents of their invented patient, those of a directory that a parser can read."""
    directory = documents or PUBLIC_SAMPLES
    ins = PUBLIC_PATIENT.split("^")[0].encode()
    return tuple(path for path in sorted(directory.glob("*.xml")) if ins in path.read_bytes())


def _tell(step: Step, *, as_json: bool) -> Step:
    if not as_json:
        mark = click.style("✓", fg="green") if step.passed else click.style("✗", fg="red")
        text, colon = (step.step[1], " : ") if language() == "fr" else (step.step[0], ": ")
        got = step.got if step.passed else f"{step.got} ≠ {step.expected}"
        click.echo(f"{mark} {text}{colon}{got}{' — ' + step.detail if step.detail else ''}"[:240])
    return step


def _row(step: Step) -> dict[str, object]:
    return {"step": step.step[0], "expected": step.expected, "got": step.got, "passed": step.passed}


def _keep(house: Rehearsal) -> None:
    for name, address in house.doors.items():
        click.echo(f"{name}: {address.url}  CA {address.ca}  health {address.health}")
    say(
        en=f"Data and certificates (password “ecluse”): {house.data}. Ctrl-C closes the doors and removes it all.",
        fr=f"Données et certificats (mot de passe « ecluse ») : {house.data}. Ctrl-C ferme les portes et efface tout.",
    )
    try:
        house.wait()
    except KeyboardInterrupt:
        click.echo("")
