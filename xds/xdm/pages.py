"""README.TXT and INDEX.HTM: what a person without our software sees of a medium (ITI TF-2 §3.32.4.1.2; XHTML Basic).

Both pages name documents by their titles and files, and no patient: whoever finds the medium opens them first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

_WIDTH = 72


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who made the medium, and with what (ITI TF-2 §3.32.4.1.2.2)."""

    institution: str
    application: str = "Écluse"
    vendor: str = "Écluse"
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One line of the index: a document and where it is, from the root of the medium."""

    title: str
    path: str
    mime_type: str


def write_readme(origin: Origin, listed: Sequence[Listed]) -> bytes:
    """Write README.TXT: UTF-8 with a byte order mark, so that old editors see it; lines end in CR LF."""
    lines = [
        "Support d'échange de documents de santé (IHE XDM)",
        "=" * _WIDTH,
        f"Établissement : {origin.institution}",
        f"Application   : {origin.application}",
        f"Éditeur       : {origin.vendor}",
        *([f"Contact       : {origin.contact}"] if origin.contact else []),
        "",
        "Ouvrez INDEX.HTM dans un navigateur, ou importez le dossier IHE_XDM dans un logiciel de santé.",
        "Open INDEX.HTM in a browser, or import the directory IHE_XDM into health software.",
        "",
        "Contenu / Content",
        "=" * _WIDTH,
        "README.TXT",
        "INDEX.HTM",
        *(f"{one.path}  {_line(one.title)}".rstrip() for one in listed),
        "",
    ]
    return b"\xef\xbb\xbf" + "\r\n".join(map(_line, lines)).encode()


def write_index(origin: Origin, listed: Sequence[Listed]) -> bytes:
    """Write INDEX.HTM, XHTML Basic 1.0: links to README.TXT and to every document."""
    links = "\n".join(
        f"<li><a href={quoteattr(_line(one.path))}>{escape(_line(one.title or one.path))}</a>"
        f" ({escape(_line(one.mime_type))})</li>"
        for one in listed
    )
    institution = escape(_line(origin.institution))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML Basic 1.0//EN" "http://www.w3.org/TR/xhtml-basic/xhtml-basic10.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="fr">\n'
        f"<head><title>{institution}</title></head>\n"
        f"<body>\n<h1>{institution}</h1>\n"
        f"<p>Documents de santé (IHE XDM), {escape(_line(origin.application))}, {escape(_line(origin.vendor))}.\n"
        'Voir <a href="README.TXT">README.TXT</a>.</p>\n'
        + (f"<ul>\n{links}\n</ul>\n" if links else "<p>Aucun document.</p>\n")
        + "</body>\n</html>\n"
    ).encode()


def _line(text: str) -> str:
    """One line that XML can hold."""
    return "".join(character if character.isprintable() else " " for character in text)
