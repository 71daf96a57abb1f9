"""Which files `ecluse validate` judges, and their bytes: bounded, and nothing that could wait or never end.

Of a folder it takes what a validator exists for, by name and, where a name says little, by what the file holds. A
folder that holds IHE_XDM is one medium, never a folder of documents (ITI TF-2 §3.32.4.1.2).
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Final

from conformance.catalogue import FHIR_PROFILES, HL7V2_PROFILES, MEDIA_PROFILES
from conformance.kinds import RESOURCE_TYPE, is_message
from conformance.report import Report, unreadable
from security.xml import DOCUMENT

STDIN = "-"
_MEGABYTE = 1024 * 1024
_XML, _JSON, _TEXT = ".xml", ".json", ".txt"
_MESSAGES: Final = (".hl7", ".er7")
_MEDIUM: Final = "ihe_xdm.zip"
_UNPACKED: Final = "ihe_xdm"
_UNDECIDED: Final = (_JSON, _TEXT)
"""Ends of names that say too little: such files are taken when they hold a resource of FHIR, a message of HL7 v2."""
_ALL: Final = (_XML, _MEDIUM, *_MESSAGES, *_UNDECIDED)
_OF_PROFILES: Final = (
    dict.fromkeys(HL7V2_PROFILES, (*_MESSAGES, _TEXT))
    | dict.fromkeys(FHIR_PROFILES, (_XML, _JSON))
    | dict.fromkeys(MEDIA_PROFILES, (_MEDIUM,))
)
_LOOKED_AT = 4096
_MESSAGE: Final = 100 * _MEGABYTE
"""Bytes of a message of HL7 v2, whose documents in base64 are longer than themselves: what the door takes."""


class Unusable(Exception):
    """A file that cannot be judged; `report` says why and what to do."""

    def __init__(self, reason: str, message: str, message_en: str, hint: str, hint_en: str) -> None:
        super().__init__(reason)
        self.report: Report = unreadable(reason, message=message, message_en=message_en, hint=hint, hint_en=hint_en)


@dataclass(frozen=True, slots=True)
class Source:
    """One file to judge: its name in reports, and where it is; `path` None is the standard input.

    `fault` is set when it is known beforehand that there is nothing to read. `is_medium`: a folder, judged as a whole.
    """

    name: str
    path: Path | None
    fault: Report | None = None
    is_medium: bool = False


def sources(
    files: Iterable[str], stdin_name: str, *, profile: str | None = None, aside: list[str] | None = None
) -> Iterator[Source]:
    """The files named, and those of folders, sorted; no link between folders is followed, no hidden one entered.

    Of folders: *.xml, *.json that are resources of FHIR, *.hl7, *.er7, *.txt that are messages of HL7 v2, IHE_XDM.ZIP,
    folders with IHE_XDM in them; with a `profile` those alone that it may judge. Names of *.json and *.txt that are
    neither are added to `aside`.
    """
    wanted = _ALL if profile is None else _OF_PROFILES.get(profile, (_XML,))
    left = aside if aside is not None else []
    for name in files:
        if name == STDIN:
            yield Source(stdin_name, None)
        elif Path(name).is_dir():
            yield from _folder(name, wanted, left)
        else:
            yield Source(name, Path(name))


def _folder(name: str, wanted: tuple[str, ...], aside: list[str]) -> Iterator[Source]:
    empty = True
    for one in _walk(name, wanted, aside):
        empty = False
        yield one
    if empty:
        fault = unreadable(
            "nothing in the folder that is judged",
            message="Le dossier n'a aucun fichier qui se juge : XML, ressource FHIR, message HL7 v2, IHE_XDM.ZIP.",
            message_en="The folder holds no file to judge: XML, resource of FHIR, message of HL7 v2, IHE_XDM.ZIP.",
            hint="Donnez le dossier des documents, ou les fichiers eux-mêmes.",
            hint_en="Name the folder of the documents, or the files themselves.",
        )
        yield Source(name, Path(name), fault)


def _walk(name: str, wanted: tuple[str, ...], aside: list[str]) -> Iterator[Source]:
    closed: list[OSError] = []
    for folder, folders, files in os.walk(name, onerror=closed.append):
        if any(one.lower() == _UNPACKED for one in folders):
            folders.clear()
            if _MEDIUM in wanted:
                yield Source(folder, Path(folder), is_medium=True)
            continue
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        for one in sorted(files):
            path, own = Path(folder, one), one.lower()
            if not any(own == end if end == _MEDIUM else own.endswith(end) for end in wanted):
                continue
            if own.endswith(_UNDECIDED) and not _is_ours(path):
                aside.append(str(path))
            else:
                yield Source(str(path), path)
    for error in closed:
        yield Source(str(error.filename), Path(error.filename), _system(error).report)


def _is_ours(path: Path) -> bool:
    """Whether a *.json holds a resource, a *.txt a message; what cannot be looked at is taken for neither."""
    try:
        found = path.stat()
        return stat.S_ISREG(found.st_mode) and _holds(path, found.st_mtime_ns, found.st_size, found.st_ino)
    except OSError:
        return False


@lru_cache(maxsize=100_000)
def _holds(path: Path, *_: int) -> bool:
    """The same of a file as it stands: who watches a folder reads what changed, and no more."""
    with path.open("rb") as file:
        if path.suffix.lower() == _TEXT:
            return is_message(file.read(_LOOKED_AT))
        before = b""
        for chunk in iter(lambda: file.read(_MEGABYTE), b""):
            if RESOURCE_TYPE in before + chunk:
                return True
            before = chunk[-len(RESOURCE_TYPE) :]
    return False


def read(source: Source) -> bytes:
    """The bytes of a source. Raises Unusable: absent, closed, no regular file, or more than a document may have."""
    if source.path is None:
        return _read(sys.stdin.buffer)
    try:
        found = source.path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise _not_a_file(found.st_mode)
        with source.path.open("rb") as file:
            return _read(file, found.st_size)
    except (OSError, ValueError) as error:
        raise _system(error) from error


def _read(file: BinaryIO, size: int | None = None) -> bytes:
    """All of a file, of `size` bytes if that is known. Raises Unusable: it has more than what it holds may have."""
    start = file.read(_LOOKED_AT)
    most = _MESSAGE if is_message(start) else DOCUMENT.size
    if size is not None and size > most:
        raise _too_large(size, most)
    content = start + file.read(most + 1 - len(start))
    if len(content) > most:
        raise _too_large(None, most)
    return content


def _too_large(size: int | None, limit: int) -> Unusable:
    most = limit // _MEGABYTE
    said = "" if size is None else f" ({size // _MEGABYTE} Mo)"
    said_en = "" if size is None else f" ({size // _MEGABYTE} MB)"
    return Unusable(
        f"more than {limit} bytes",
        f"Le fichier est trop grand pour un document{said} : au plus {most} Mo sont lus.",
        f"The file is too large for a document{said_en}: at most {most} MB are read.",
        "Vérifiez que c'est un seul document ou message, et non un lot ou une base.",
        "Check that it is one document or message, not a batch or a database.",
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
