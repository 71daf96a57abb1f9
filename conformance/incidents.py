"""A fault of ours while something was judged: a number and a place are told, never a word of what was judged."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from uuid import uuid4

from conformance.report import Finding, Report, Severity

RULE = "ECLUSE-INCIDENT"
_FRAMES = 8
_log = logging.getLogger("ecluse.judging")


def incident(error: BaseException) -> Report:
    """The report on what could not be judged because of `error`; where it was raised goes to the log.

    The text of the error goes nowhere: it may quote the document.
    """
    number = uuid4().hex
    frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
    places = " > ".join(f"{Path(one.filename).name}:{one.lineno}" for one in frames)
    _log.error("incident %s: %s at %s", number, type(error).__name__, places or "?")
    return Report(None, (told(number),))


def told(number: str) -> Finding:
    """The finding that tells a person of incident `number`."""
    return Finding(
        rule=RULE,
        severity=Severity.ERROR,
        source="Écluse",
        path="",
        line=0,
        column=0,
        found=f"incident {number}",
        expected=None,
        message="Une faute d'Écluse a empêché de juger ce fichier ; rien ne dit qu'il soit faux.",
        message_en="A fault of Écluse kept this file from being judged; nothing says that it is wrong.",
        hint="Signalez l'incident avec ce numéro, la ligne du journal qui le porte, et la version d'Écluse.",
        hint_en="Report the incident with this number, the line of the log that bears it, and the version of Écluse.",
    )
