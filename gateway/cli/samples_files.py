"""Samples in a directory: their files, and the manifest.csv that says what each of them is."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import click

from gateway.cli.speech import text

DIRECTORY = click.argument("directory", type=click.Path(path_type=Path, file_okay=False))


def refuse_what_is_full(directory: Path) -> None:
    """Raises ClickException: there is something in it."""
    if directory.exists() and any(directory.iterdir()):
        raise click.ClickException(
            text(
                en=f"{directory} is not empty: name a new directory.",
                fr=f"{directory} n'est pas vide : nommez-en un autre.",
            )
        )


def write_all(directory: Path, columns: Sequence[str], rows: Iterable[tuple[Mapping[str, object], bytes]]) -> None:
    """Write each file where its row says (column `file`), then the manifest."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "manifest.csv").open("w", encoding="utf-8", newline="") as table:
        writer: csv.DictWriter[str] = csv.DictWriter(table, columns)
        writer.writeheader()
        for row, content in rows:
            path = directory / str(row["file"])
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
            writer.writerow(row)
