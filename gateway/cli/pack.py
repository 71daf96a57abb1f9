"""`ecluse pack`: official test packages that the user owns, imported, listed, shown, removed."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import NoReturn

import click

from conformance.packs.importing import import_pack
from conformance.packs.layers import TITLES
from conformance.packs.layout import PARTS
from conformance.packs.manifest import Manifest
from conformance.packs.problems import UnknownPack, UnusablePack
from conformance.packs.store import default_store, manifest_of, pack_directory, packs, remove_pack
from gateway.cli.speech import counted, say, text

FAILED, UNUSABLE = 1, 2
_STORE = click.option(
    "--store",
    type=click.Path(path_type=Path, file_okay=False),
    help="Directory of the packs; $XDG_DATA_HOME/ecluse/packs when absent.",
)


@click.group(short_help="Official test packages, imported.")
def pack() -> None:
    """Packs: the agency's test packages, imported once and asked by `ecluse validate --pack`."""


@pack.command("import")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--name", help="Name of the pack; that of SOURCE when absent.")
@_STORE
@click.pass_context
def import_(ctx: click.Context, source: Path, name: str | None, store: Path | None) -> None:
    """Import a package: SOURCE is its directory or ZIP archive, as published.

    Exit status: 0 when it is imported, 1 when something in it is wrong, 2 when SOURCE cannot be read.
    """
    if not source.exists():
        _give_up(source, text(en="no such file or directory", fr="fichier ou répertoire absent"))
    try:
        manifest = import_pack(source, store or default_store(), datetime.now(UTC), name=name)
    except UnusablePack as error:
        problems = counted(len(error.problems), en=("problem", "problems"), fr=("problème", "problèmes"))
        say(
            en=f"{source} was not imported, {problems}:",
            fr=f"{source} n'a pas été importé, {problems} :",
            err=True,
        )
        for problem in error.problems:
            click.echo(f"  {problem}", err=True)
        ctx.exit(FAILED)
    except OSError as error:
        _give_up(source, error.strerror or str(error))
    _say_contents(manifest)
    say(
        en=f"Imported: ecluse validate --pack {manifest.name} FILE…",
        fr=f"Importé : ecluse validate --pack {manifest.name} FICHIER…",
    )


@pack.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
@_STORE
def list_(as_json: bool, store: Path | None) -> None:
    """List the imported packs."""
    found = packs(store)
    if as_json:
        click.echo(json.dumps([_plain(one) for one in found], ensure_ascii=False))
        return
    if not found:
        say(en="No pack: ecluse pack import SOURCE", fr="Aucun pack : ecluse pack import SOURCE")
    for one in found:
        click.echo(f"{one.name}  {one.imported:%Y-%m-%d}  {_models(one)}  {one.origin}")


@pack.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
@_STORE
def show(name: str, as_json: bool, store: Path | None) -> None:
    """Show a pack: its layers, document models, terminologies, and what was tolerated at import."""
    try:
        manifest = manifest_of(pack_directory(name, store))
    except UnknownPack:
        _unknown(name)
    except UnusablePack as error:
        _give_up(name, str(error))
    if as_json:
        click.echo(json.dumps(_plain(manifest), ensure_ascii=False))
        return
    _say_contents(manifest)
    for model in manifest.models:
        absent = counted(
            len(model.missing), en=("file missing", "files missing"), fr=("fichier manquant", "fichiers manquants")
        )
        template = f"{model.template or '?'} {model.extension}"
        click.echo(f"  {model.name} {model.version}  {template}{f'  ({absent})' if model.missing else ''}")


@pack.command()
@click.argument("name")
@_STORE
def remove(name: str, store: Path | None) -> None:
    """Remove a pack from the store."""
    try:
        remove_pack(name, store)
    except UnknownPack:
        _unknown(name)
    except OSError as error:
        _give_up(name, error.strerror or str(error))
    say(en=f"{name} is removed.", fr=f"{name} est retiré.")


def _models(manifest: Manifest) -> str:
    french = ("modèle de document", "modèles de documents")
    return counted(len(manifest.models), en=("document model", "document models"), fr=french)


def _say_contents(manifest: Manifest) -> None:
    day = f"{manifest.imported:%Y-%m-%d}"
    files = counted(len(manifest.files), en=("file", "files"), fr=("fichier", "fichiers"))
    say(
        en=f"{manifest.name}: from {manifest.origin}, imported on {day}, {files}",
        fr=f"{manifest.name} : de {manifest.origin}, importé le {day}, {files}",
    )
    there = {"structure": manifest.structure, **{one: manifest.layers.get(one) for one in PARTS}}
    for layer, path in there.items():
        french, english = TITLES[layer]
        click.echo(f"  {text(en=english, fr=french)}: {path or text(en='missing', fr='absente')}")
    terminologies = counted(
        len(manifest.terminologies), en=("terminology", "terminologies"), fr=("terminologie", "terminologies")
    )
    click.echo(f"  {_models(manifest)}, {terminologies}")
    for note in manifest.notes:
        click.echo(f"  - {note}")


def _plain(manifest: Manifest) -> dict[str, object]:
    return {
        "name": manifest.name,
        "origin": manifest.origin,
        "imported": manifest.imported.isoformat(),
        "structure": manifest.structure,
        "layers": manifest.layers,
        "models": [
            {
                "name": one.name,
                "version": one.version,
                "templateId": one.template,
                "extension": one.extension,
                "missing": list(one.missing),
            }
            for one in manifest.models
        ],
        "terminologies": [{"path": one.path, "notations": one.notations} for one in manifest.terminologies],
        "notes": list(manifest.notes),
        "files": len(manifest.files),
    }


def _unknown(name: str) -> NoReturn:
    _give_up(name, text(en="no such pack; ecluse pack list", fr="aucun pack de ce nom ; ecluse pack list"))


def _give_up(what: object, reason: str) -> NoReturn:
    click.echo(f"{what}: {reason}", err=True)
    sys.exit(UNUSABLE)
