"""A lot as a medium (IHE XDM): what a hospital burns, uploads or sends by mail."""

from __future__ import annotations

from typing import Final

from samples.submission import Submission
from xds.xdm.pages import Origin
from xds.xdm.writer import SetToWrite, write_archive, write_tree

ORIGIN: Final = Origin(institution="CHU de la Seine (essai)")


def files_of(*lots: Submission) -> dict[str, bytes]:
    """The files of a medium with these lots, each signed as it is."""
    return write_tree([_set(lot) for lot in lots], ORIGIN)


def medium(*lots: Submission) -> bytes:
    """The ZIP archive."""
    return zipped(files_of(*lots))


def zipped(files: dict[str, bytes]) -> bytes:
    """Any files as an archive."""
    return write_archive(files, "20260601100000")


def _set(lot: Submission) -> SetToWrite:
    return SetToWrite(
        submission_set=lot.submission_set,
        documents=[(entry, lot.contents[entry.entry_uuid]) for entry in lot.entries],
        associations=lot.associations,
    )
