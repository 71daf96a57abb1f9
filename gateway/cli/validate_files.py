"""Which files `ecluse validate` judges, and their bytes: bounded, and nothing that could wait or never end."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from conformance.report import Report, unreadable
from security.xml import DOCUMENT

STDIN = "-"
_MEGABYTE = 1024 * 1024


class Unusable(Exception):
    """A file that cannot be judged; `report` says why and what to do."""

    def __init__(self, reason: str, message: str, message_en: str, hint: str, hint_en: str) -> None:
        super().__init__(reason)
        self.report: Report = unreadable(reason, message=message, message_en=message_en, hint=hint, hint_en=hint_en)


@dataclass(frozen=True, slots=True)
class Source:
    """One file to judge: its name in reports, and where it is; `path` None is the standard input.

    `fault` is set when it is known beforehand that there is nothing to read.
    """

    name: str
    path: Path | None
    fault: Report | None = None


def sources(files: Iterable[str], stdin_name: str) -> Iterator[Source]:
    """The files named, and the *.xml of folders, sorted; no link between folders is followed, no hidden one entered."""
    for name in files:
        if name == STDIN:
            yield Source(stdin_name, None)
        elif Path(name).is_dir():
            yield from _folder(name)
        else:
            yield Source(name, Path(name))


def _folder(name: str) -> Iterator[Source]:
    empty = True
    for one in _walk(name):
        empty = False
        yield one
    if empty:
        fault = unreadable(
            "no *.xml in the folder",
            message="Le dossier ne contient aucun fichier .xml.",
            message_en="The folder holds no .xml file.",
            hint="Donnez le dossier des documents, ou les fichiers eux-mêmes.",
            hint_en="Name the folder of the documents, or the files themselves.",
        )
        yield Source(name, Path(name), fault)


def _walk(name: str) -> Iterator[Source]:
    closed: list[OSError] = []
    for folder, folders, files in os.walk(name, onerror=closed.append):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for one in sorted(files):
            if one.lower().endswith(".xml"):
                path = Path(folder, one)
                yield Source(str(path), path)
    for error in closed:
        yield Source(str(error.filename), Path(error.filename), _system(error).report)


def read(source: Source) -> bytes:
    """The bytes of a source. Raises Unusable: absent, closed, no regular file, or more than a document may have."""
    if source.path is None:
        content = sys.stdin.buffer.read(DOCUMENT.size + 1)
        if len(content) > DOCUMENT.size:
            raise _too_large(None)
        return content
    try:
        found = source.path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise _not_a_file(found.st_mode)
        if found.st_size > DOCUMENT.size:
            raise _too_large(found.st_size)
        with source.path.open("rb") as file:
            content = file.read(DOCUMENT.size + 1)
    except (OSError, ValueError) as error:
        raise _system(error) from error
    if len(content) > DOCUMENT.size:
        raise _too_large(None)
    return content


def _too_large(size: int | None) -> Unusable:
    most = DOCUMENT.size // _MEGABYTE
    said = "" if size is None else f" ({size // _MEGABYTE} Mo)"
    said_en = "" if size is None else f" ({size // _MEGABYTE} MB)"
    return Unusable(
        f"more than {DOCUMENT.size} bytes",
        f"Le fichier est trop grand pour un document{said} : au plus {most} Mo sont lus.",
        f"The file is too large for a document{said_en}: at most {most} MB are read.",
        "Vérifiez que c'est un seul document CDA, et non un lot ou une base.",
        "Check that it is one CDA document, not a batch or a database.",
    )


def _not_a_file(mode: int) -> Unusable:
    names = {stat.S_IFIFO: ("un tube nommé", "a FIFO"), stat.S_IFSOCK: ("une socket", "a socket")}
    name, name_en = names.get(stat.S_IFMT(mode), ("un périphérique", "a device"))
    return Unusable(
        f"not a regular file: {name_en}",
        f"Ce n'est pas un fichier, c'est {name}.",
        f"It is no file but {name_en}.",
        "Pour lire ce qu'une commande produit : commande | ecluse validate -",
        "To read what a command produces: command | ecluse validate -",
    )


def _system(error: OSError | ValueError) -> Unusable:
    code = error.errno if isinstance(error, OSError) else None
    reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
    known = {
        errno.ENOENT: (
            "Le fichier n'existe pas.",
            "The file does not exist.",
            "Vérifiez son nom et le dossier où vous êtes.",
            "Check its name and the folder you are in.",
        ),
        errno.EACCES: (
            "Le fichier n'est pas lisible par vous.",
            "You may not read the file.",
            "Demandez le droit de lecture (chmod u+r), ou lancez la commande sous le bon compte.",
            "Ask for the right to read it (chmod u+r), or run the command as the right user.",
        ),
        errno.ELOOP: (
            "Le lien symbolique tourne en rond.",
            "The symbolic link leads back to itself.",
            "Donnez le fichier lui-même, ou refaites le lien.",
            "Name the file itself, or make the link again.",
        ),
    }
    said = known.get(
        code or 0,
        (
            "Le fichier ne peut être lu.",
            "The file cannot be read.",
            f"Le système répond : {reason}.",
            f"The system says: {reason}.",
        ),
    )
    return Unusable(reason, *said)
