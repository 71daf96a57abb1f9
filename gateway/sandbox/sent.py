"""What a request sends: a document, or a form of files; why a form cannot be taken (RFC 7578)."""

from __future__ import annotations

from io import BytesIO
from typing import IO

from flask import Request, request
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from gateway.sandbox.asked import FORM, refuse

FILES_AT_MOST = 200
"""Files of one form."""

PARTS_AT_MOST = FILES_AT_MOST + 10  # metadata, and what is asked for
FIELD_AT_MOST = 64 * 1024  # bytes of a field that is no file

File = tuple[str, bytes]  # name, content


class StrictRequest(Request):
    """A request whose form is refused when it is malformed, not taken for an empty one; its files stay off the disk."""

    def make_form_data_parser(self) -> FormDataParser:
        """The parser of Werkzeug, telling what it meets and keeping files in memory, which the body bounds."""
        parser = super().make_form_data_parser()
        parser.silent = False
        parser.stream_factory = _in_memory
        return parser


def read_form(at_most: int) -> None:
    """Read the form of the request, if it is one. Refused: it is cut short or malformed, too many files, too large."""
    if request.mimetype != FORM:
        return
    try:
        files = request.files.getlist("file")
    except RequestEntityTooLarge:
        size = request.content_length
        if size is not None and size > at_most:
            _refuse_size(at_most)
        refuse(
            413,
            en=f"a form holds at most {FILES_AT_MOST} files named file, and fields of {FIELD_AT_MOST} bytes: send "
            "fewer files at a time, documents as files (curl -F file=@document.xml)",
            fr=f"un formulaire a au plus {FILES_AT_MOST} fichiers nommés file, et des champs de {FIELD_AT_MOST} "
            "octets : envoyez moins de fichiers à la fois, les documents comme fichiers (curl -F file=@document.xml)",
        )
    except ValueError:
        refuse(
            400,
            en="the form is cut short or malformed: its last boundary is missing, or a part without "
            "Content-Disposition; send it again",
            fr="le formulaire est tronqué ou mal formé : sa dernière limite (boundary) manque, ou une partie est sans "
            "Content-Disposition ; renvoyez-le",
        )
    if len(files) > FILES_AT_MOST:
        refuse(
            413,
            en=f"the form holds {len(files)} files, at most {FILES_AT_MOST} are judged at once",
            fr=f"le formulaire a {len(files)} fichiers, au plus {FILES_AT_MOST} sont jugés à la fois",
        )


def sent(at_most: int) -> tuple[list[File], File | None]:
    """The documents, and the message of metadata that they belong to."""
    if request.mimetype != FORM:
        content = request.get_data(cache=False, parse_form_data=False)
        if len(content) > at_most:
            _refuse_size(at_most)
        return [(request.args.get("name") or "document.xml", content)], None
    files = [_read(one) for one in request.files.getlist("file")]
    metadata = request.files.get("metadata")
    if not files and metadata is None:
        _refuse_fileless()
    return files, None if metadata is None or not metadata.filename else _read(metadata)


def _in_memory(*_: object, **__: object) -> IO[bytes]:
    return BytesIO()


def _refuse_fileless() -> None:
    names = ", ".join(list(dict.fromkeys([*request.files, *request.form]))[:5])
    there = (f" (there are: {names})", f" (il y a : {names})") if names else ("", "")
    refuse(
        400,
        en=f"the form has no file in a field named file{there[0]}: curl -F file=@document.xml",
        fr=f"le formulaire n'a pas de fichier dans un champ nommé file{there[1]} : curl -F file=@document.xml",
    )


def _refuse_size(at_most: int) -> None:
    refuse(413, en=f"more than {at_most} bytes", fr=f"plus de {at_most} octets")


def _read(one: FileStorage) -> File:
    return one.filename or "document.xml", one.read()
