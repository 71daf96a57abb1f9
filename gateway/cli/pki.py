"""`ecluse pki`: make, show, hand over and renew the test PKI of a data directory."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import click

from gateway.cli.speech import say, text
from samples.pki import factory
from samples.pki.factory import Credential, PkiError, TestPki

_data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    help="Data directory; the PKI is in its folder pki.",
)


@click.group()
def pki() -> None:
    """Test certificates: cards, structures, doors, and their bad twins."""


@pki.command()
@_data
def init(data: Path) -> None:
    """Make the test PKI; when it is there, renew what is about to end."""
    existed = (data / "pki").exists()
    made = _refresh(data) if existed else _create(data)
    count = len(made.names())
    if existed:
        say(en=f"{data / 'pki'} was already there: {count} certificates, lists renewed where needed.",
            fr=f"{data / 'pki'} existait déjà : {count} certificats, listes renouvelées au besoin.")  # fmt: skip
    else:
        say(en=f"{count} certificates made in {data / 'pki'}. See them: ecluse pki list",
            fr=f"{count} certificats créés dans {data / 'pki'}. Pour les voir : ecluse pki list")  # fmt: skip


@pki.command("list")
@_data
@click.option("--json", "as_json", is_flag=True, help="One JSON array.")
def list_command(data: Path, as_json: bool) -> None:
    """Show every certificate: its door, its holder, and which refusal a bad twin must meet."""
    credentials = [made.certificate(name) for made in [_load(data)] for name in made.names()]
    if as_json:
        click.echo(json.dumps([_row(credential) for credential in credentials], ensure_ascii=False, indent=1))
        return
    accepted = text(en="accepted", fr="accepté")
    for credential in credentials:
        verdict = credential.bad or accepted
        click.echo(f"{credential.name:28} {credential.door:13} {verdict:17} {credential.description}")
    word = credentials[0].password
    say(en=f"Password of the PKCS#12 files: {word}. To take one: ecluse pki export NAME",
        fr=f"Mot de passe des PKCS#12 : {word}. Pour en prendre un : ecluse pki export NOM")  # fmt: skip


@pki.command()
@click.argument("name")
@_data
@click.option("--to", "target", type=click.Path(path_type=Path, file_okay=False), default=Path(), help="Where to.")
def export(name: str, data: Path, target: Path) -> None:
    """Copy one certificate: PKCS#12, PEM, key, chain, and the authority of the door's server."""
    made = _load(data)
    credential = _certificate(made, name)
    target.mkdir(parents=True, exist_ok=True)
    servers = made.ca_for_clients("ingest" if credential.door == "ingest" else "consultation")
    files = {
        target / f"{name}.p12": credential.p12_path,
        target / f"{name}.pem": credential.certificate_path,
        target / f"{name}.key.pem": credential.key_path,
        target / f"{name}.chain.pem": credential.chain_path,
        target / "server-authority.pem": servers,
    }
    for file, source in files.items():
        file.unlink(missing_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as handle:
            handle.write(source.read_bytes())
        click.echo(str(file))
    say(en=f"Password of the .p12: {credential.password}. Door: {credential.door}.",
        fr=f"Mot de passe du .p12 : {credential.password}. Porte : {credential.door}.")  # fmt: skip
    if credential.bad is not None:
        say(en=f"A bad twin of {credential.twin_of}: the door must answer {credential.bad}.",
            fr=f"Un mauvais jumeau de {credential.twin_of} : la porte doit répondre {credential.bad}.")  # fmt: skip
    click.echo(
        f"curl --cacert server-authority.pem --cert {name}.chain.pem --key {name}.key.pem https://localhost:PORT/"
    )


@pki.command()
@_data
@click.option("--lists", is_flag=True, help="Issue every revocation list again, whatever its age.")
def refresh(data: Path, lists: bool) -> None:
    """Renew what is about to end, and give the doors their new lists; running doors notice by themselves."""
    made = _refresh(data, lists=lists)
    _publish(made, data)
    say(en="Certificates and revocation lists are up to date.", fr="Certificats et listes de révocation sont à jour.")


@pki.command()
@click.argument("name")
@_data
def revoke(name: str, data: Path) -> None:
    """Revoke a certificate for good; running doors refuse it from their next request on."""
    _certificate(_load(data), name)
    _publish(factory.revoke(data / "pki", name, datetime.now(UTC)), data)
    say(en=f"{name} is revoked.", fr=f"{name} est révoqué.")


def _create(data: Path) -> TestPki:
    try:
        return factory.create(data / "pki", datetime.now(UTC))
    except OSError as error:
        raise click.ClickException(f"{error.filename}: {error.strerror}") from None


def _load(data: Path) -> TestPki:
    _require(data)
    try:
        return factory.load(data / "pki")
    except PkiError as error:
        raise click.ClickException(str(error)) from None


def _refresh(data: Path, *, lists: bool = False) -> TestPki:
    _require(data)
    try:
        return factory.refresh(data / "pki", datetime.now(UTC), lists=lists)
    except PkiError as error:
        raise click.ClickException(str(error)) from None


def _require(data: Path) -> None:
    if not (data / "pki").is_dir():
        raise click.ClickException(
            text(en=f"no test PKI in {data}. Make one: ecluse pki init --data {data}",
                 fr=f"pas de PKI de test dans {data}. Pour la créer : ecluse pki init --data {data}")
        )  # fmt: skip


def _publish(made: TestPki, data: Path) -> None:
    """Give each door that was set up here what it trusts now."""
    for door in ("ingest", "consultation"):
        if (data / door / "trust").is_dir():
            factory.publish(made, door, data / door / "trust")


def _certificate(made: TestPki, name: str) -> Credential:
    try:
        return made.certificate(name)
    except KeyError:
        raise click.ClickException(
            text(en=f"no certificate {name!r}. The names: ecluse pki list", fr=f"pas de certificat {name!r}. "
                 "Les noms : ecluse pki list")
        ) from None  # fmt: skip


def _row(credential: Credential) -> dict[str, str | bool | None]:
    return {
        "name": credential.name,
        "kind": credential.kind,
        "door": credential.door,
        "description": credential.description,
        "refused": credential.bad,
        "handshake": credential.handshake,
        "twin_of": credential.twin_of,
        "national_id": credential.national_id,
        "structure_id": credential.structure_id,
        "structure_name": credential.structure_name,
        "sector": credential.sector,
        "profession": credential.profession,
        "specialty": credential.specialty,
        "certificate": str(credential.certificate_path),
        "key": str(credential.key_path),
        "p12": str(credential.p12_path),
    }
