"""French or English: how a command talks to a person."""

from __future__ import annotations

import locale
import os
from typing import Literal

import click

Language = Literal["fr", "en"]


def default_language() -> Language:
    """French when the locale says so, else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "fr" if value.lower().startswith("fr") else "en"
    return "fr" if (locale.getlocale()[0] or "").lower().startswith("fr") else "en"


def language() -> Language:
    """The language of the running command: `--lang`, else the locale."""
    context = click.get_current_context(silent=True)
    chosen = context.find_root().obj if context is not None else None
    return chosen if chosen in ("fr", "en") else default_language()


def say(*, en: str, fr: str, err: bool = False) -> None:
    """Print one line in the language of the person."""
    click.echo(fr if language() == "fr" else en, err=err)


def counted(number: int, *, en: tuple[str, str], fr: tuple[str, str]) -> str:
    """A number and its word, singular or plural: `1 file`, `0 files`, `0 fichier`, `2 fichiers`."""
    if language() == "fr":
        return f"{number} {fr[number > 1]}"
    return f"{number} {en[number != 1]}"


def text(*, en: str, fr: str) -> str:
    """One of two texts."""
    return fr if language() == "fr" else en
