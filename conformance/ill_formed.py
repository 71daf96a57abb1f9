"""Why bytes are not well-formed XML, or XML but no CDA document: for a person, French and English, with the place."""

from __future__ import annotations

import re
from typing import NamedTuple

from conformance.reports.source import line_and_column
from security.errors import MalformedMessage

CONVERT = "Exportez le document CDA (XML) depuis le logiciel."
CONVERT_EN = "Export the CDA document (XML) from your software."
_BEFORE_ROOT = re.compile(rb"(?s)\A(?:\xef\xbb\xbf)?(?:\s+|<\?.*?\?>|<!--.*?-->)*")
_ROOT = re.compile(rb"<(?:[^\s/>!?:]+:)?([^\s/>!?:]+)")
_PLACE = re.compile(r"line (\d+), column (\d+)")
_LATE = re.compile(rb"\A(?:\xef\xbb\xbf)?\s+(?=<\?xml\s)")
_FORBIDDEN = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]|&#(?:x[0-9A-Fa-f]{1,6}|[0-9]{1,7});")
_ALLOWED = frozenset({0x9, 0xA, 0xD})


class Diagnosis(NamedTuple):
    """What is wrong and what to do, in both languages; line 0 when there is no place."""

    message: str
    message_en: str
    hint: str
    hint_en: str
    line: int = 0
    column: int = 0


def not_cda(content: bytes) -> Diagnosis:
    """XML of something else, at its root; `content` is well-formed."""
    before = _BEFORE_ROOT.match(content)
    at = before.end() if before is not None else 0
    root = _ROOT.match(content, at)
    where = line_and_column(content, at)
    if root is not None and root[1] == b"ClinicalDocument":
        return Diagnosis(
            "C'est du XML, mais pas un document CDA : ClinicalDocument n'est pas dans l'espace de noms urn:hl7-org:v3.",
            "It is XML, but no CDA document: ClinicalDocument is not in the namespace urn:hl7-org:v3.",
            'Écrivez <ClinicalDocument xmlns="urn:hl7-org:v3">, à la lettre.',
            'Write <ClinicalDocument xmlns="urn:hl7-org:v3">, to the letter.',
            *where,
        )
    return Diagnosis(
        "C'est du XML, mais pas un document CDA : sa racine n'est pas ClinicalDocument.",
        "It is XML, but no CDA document: its root is not ClinicalDocument.",
        'La racine d\'un CDA est <ClinicalDocument xmlns="urn:hl7-org:v3">, seule ou dans une feuille de style.',
        'The root of a CDA is <ClinicalDocument xmlns="urn:hl7-org:v3">, bare or inside a style sheet.',
        *where,
    )


def malformed(content: bytes, cause: MalformedMessage) -> Diagnosis:
    """What breaks the XML, at its place."""
    fault = not_utf8(content)
    if fault is not None:
        return Diagnosis(
            f"L'octet 0x{content[fault]:02X} n'est pas de l'UTF-8.",
            f"The byte 0x{content[fault]:02X} is not UTF-8.",
            "Le fichier est sans doute en latin-1 ou en Windows-1252 : enregistrez-le en UTF-8.",
            "The file is probably in latin-1 or Windows-1252: save it in UTF-8.",
            *line_and_column(content, fault),
        )
    if not content.lstrip(b" \t\r\n\xef\xbb\xbf").startswith(b"<"):
        return Diagnosis(
            "Le fichier n'est pas du XML : son premier caractère n'est pas « < ».",
            "The file is not XML: its first character is not '<'.",
            CONVERT,
            CONVERT_EN,
            1,
            1,
        )
    late = _LATE.match(content)
    if late is not None:
        return Diagnosis(
            "Le XML est mal formé : sa déclaration <?xml …?> n'est pas au tout début.",
            "The XML is not well-formed: its declaration <?xml …?> is not at the very start.",
            "Enlevez ce qui la précède (blancs, lignes vides), ou la déclaration.",
            "Remove what stands before it (blanks, empty lines), or the declaration.",
            *line_and_column(content, late.end()),
        )
    line, column = place(cause)
    wrong = _forbidden_character(content, line)
    if wrong is not None:
        return Diagnosis(
            f"Le XML est mal formé : le caractère {wrong[1]} y est interdit.",
            f"The XML is not well-formed: the character {wrong[1]} is forbidden in it.",
            "Retirez ce caractère de contrôle du texte, souvent venu d'un copier-coller.",
            "Remove this control character from the text; it often comes from a copy and paste.",
            *line_and_column(content, wrong[0]),
        )
    whole = content.rstrip()
    root = _ROOT.search(content)
    closed = root is not None and whole.endswith(b"</" + root[1] + b">")
    if not closed and (line, column) >= line_and_column(content, len(whole)):
        return Diagnosis(
            "Le XML est coupé : il s'arrête avant la fin du document.",
            "The XML is cut: it ends before the document does.",
            "Le fichier est incomplet : recommencez l'export ou le transfert.",
            "The file is incomplete: export or transfer it again.",
            line,
            column,
        )
    return Diagnosis(
        "Le XML est mal formé.",
        "The XML is not well-formed.",
        "Regardez juste avant cet endroit : balise non fermée ou mal appariée, « & » ou « < » non échappé.",
        "Look just before this place: a tag that is not closed or does not match, an '&' or '<' that is not escaped.",
        line,
        column,
    )


def not_utf8(content: bytes) -> int | None:
    """Where the first byte is that UTF-8 does not allow."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None


def place(cause: MalformedMessage) -> tuple[int, int]:
    """Line and column in what the parser says; 0, 0 when it names none."""
    found = _PLACE.search(cause.text)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _forbidden_character(content: bytes, line: int) -> tuple[int, str] | None:
    """Where on a line the first character is that XML 1.0 §2.2 does not allow, and how it is called."""
    lines = content.split(b"\n")
    if not 1 <= line <= len(lines):
        return None
    start = sum(len(one) + 1 for one in lines[: line - 1])
    for found in _FORBIDDEN.finditer(lines[line - 1]):
        number = _number(found[0])
        if (number < 0x20 and number not in _ALLOWED) or number in (0xFFFE, 0xFFFF):
            return start + found.start(), f"U+{number:04X}"
    return None


def _number(spelled: bytes) -> int:
    if not spelled.startswith(b"&#"):
        return ord(spelled.decode("utf-8"))
    text = spelled[2:-1].decode("ascii")
    return int(text[1:], 16) if text.startswith("x") else int(text)
