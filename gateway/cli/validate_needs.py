"""What `ecluse validate` needs beside the files: a pack, documents that come with metadata, a library that lays out."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from gateway.cli.speech import language, text
from gateway.cli.validate_files import Source, Unusable, read

if TYPE_CHECKING:
    from conformance.packs.pack import Pack


def opened_pack(name: str) -> Pack:
    """A pack by name, or a package by its directory or archive. Raises UsageError."""
    from conformance.packs.opening import open_pack
    from conformance.packs.problems import UnknownPack, UnusablePack

    try:
        return open_pack(name)
    except UnknownPack:
        raise click.UsageError(
            text(
                en=f"No pack is named {name}, nor is it a package: `ecluse pack list` shows those imported.",
                fr=f"Aucun paquet ne s'appelle {name}, ni dossier ni archive : « pack list » montre les importés.",
            )
        ) from None
    except UnusablePack as error:
        raise click.UsageError(text(en=f"The pack {name}: {error}", fr=f"Le paquet {name} : {error}")) from None


def companions(paths: object) -> dict[str, bytes]:
    """The documents to compare with metadata, by the name they were given. Raises UsageError: one cannot be read."""
    found: dict[str, bytes] = {}
    for path in cast("Iterable[Path]", paths):
        try:
            found[str(path)] = read(Source(str(path), path))
        except Unusable as unusable:
            raise click.UsageError(f"--with {path}: {unusable.report.findings[0].text(language())}") from None
    return found


def need_rendering() -> None:
    """Raises UsageError: documents cannot be laid out here."""
    from cda.rendering.pages import RenderingMissing
    from cda.rendering.pages import need_rendering as need

    try:
        need()
    except RenderingMissing:
        raise click.UsageError(
            text(
                en="Laying out needs WeasyPrint, an optional library: pip install 'ecluse[pdf]' "
                "(its page tells what else your system needs: https://doc.courtbouillon.org/weasyprint).",
                fr="La mise en page demande WeasyPrint, une bibliothèque facultative : pip install 'ecluse[pdf]' "
                "(sa page dit ce que votre système doit avoir : https://doc.courtbouillon.org/weasyprint).",
            )
        ) from None
