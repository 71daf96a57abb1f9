"""Why bytes are no CDA document, and what their sender can do: for a person, French and English, with the place."""

from __future__ import annotations

import re
from typing import NamedTuple

from cda.document import UnreadableDocument
from conformance.ill_formed import CONVERT, CONVERT_EN, Diagnosis, malformed, not_cda, not_utf8, place
from conformance.report import Report, unreadable
from conformance.reports.source import line_and_column
from security import xml
from security.errors import ErrorKind, MalformedMessage

_PROLOGUE = 4096
_DECLARED = re.compile(rb"""\A(?:\xef\xbb\xbf)?<\?xml\s[^>]*?encoding\s*=\s*["']([^"'>]{1,40})["']""")


class _Kind(NamedTuple):
    start: bytes
    name: str
    name_en: str
    hint: str
    hint_en: str


_KINDS = (
    _Kind(
        b"%PDF-",
        "un PDF",
        "a PDF",
        "Un PDF voyage dans un CDA de niveau 1 : en base64, dans component/nonXMLBody/text.",
        "A PDF travels inside a CDA of level 1: in base64, in component/nonXMLBody/text.",
    ),
    _Kind(
        b"PK\x03\x04",
        "une archive ZIP",
        "a ZIP archive",
        "Décompressez-la ; un envoi XDM se juge tel quel, sans --profile, ou par « ecluse xdm ».",
        "Unpack it; an XDM package is judged as it is, without --profile, or by `ecluse xdm`.",
    ),
    _Kind(b"\x1f\x8b", "un fichier gzip", "a gzip file", "Décompressez-le (gunzip).", "Unpack it (gunzip)."),
    _Kind(
        b"MSH|",
        "un message HL7 v2",
        "an HL7 v2 message",
        "Un message se juge sans --profile ; le CDA est en base64 dans un de ses segments OBX.",
        "A message is judged without --profile; the CDA is in base64 in one of its OBX segments.",
    ),
    *(
        _Kind(
            start,
            "un lot de messages HL7 v2",
            "a batch of HL7 v2 messages",
            "Donnez ses messages un à un : chacun commence par MSH.",
            "Give its messages one by one: each begins with MSH.",
        )
        for start in (b"FHS|", b"BHS|")
    ),
    _Kind(b"{", "du JSON", "JSON", CONVERT, CONVERT_EN),
    _Kind(b"{\\rtf", "un RTF", "an RTF", CONVERT, CONVERT_EN),
    _Kind(b"\x89PNG", "une image PNG", "a PNG image", CONVERT, CONVERT_EN),
    _Kind(b"\xff\xd8\xff", "une image JPEG", "a JPEG image", CONVERT, CONVERT_EN),
)
_EMPTY = Diagnosis(
    "Le fichier est vide.", "The file is empty.", "Recommencez l'export du document.", "Export the document again."
)


def diagnose(content: bytes, error: UnreadableDocument, limits: xml.XmlLimits = xml.DOCUMENT) -> Report:
    """The report on bytes that `parse_document` refused with `error`, or another reader within these limits."""
    found = _diagnosis(content, error, limits)
    return unreadable(
        str(error),
        message=found.message,
        message_en=found.message_en,
        hint=found.hint,
        hint_en=found.hint_en,
        line=found.line,
        column=found.column,
    )


def _diagnosis(content: bytes, error: UnreadableDocument, limits: xml.XmlLimits) -> Diagnosis:
    cause = error.__cause__
    if not isinstance(cause, MalformedMessage):
        return not_cda(content)
    if not content.strip(b" \t\r\n\xef\xbb\xbf"):
        return _EMPTY
    kinds = [one for one in _KINDS if content.lstrip(b" \t\r\n").startswith(one.start)]
    if kinds:
        return _other(max(kinds, key=lambda one: len(one.start)))
    if cause.kind is ErrorKind.XML_ENCODING:
        return _encoding(content)
    if cause.kind is ErrorKind.XML_FORBIDDEN or b"<!DOCTYPE" in content[:_PROLOGUE]:
        return _forbidden(content, cause)
    return _limit(cause, limits) if cause.kind is ErrorKind.XML_LIMIT else malformed(content, cause)


def _other(kind: _Kind) -> Diagnosis:
    return Diagnosis(
        f"Le fichier est {kind.name}, non un document CDA.",
        f"The file is {kind.name_en}, not a CDA document.",
        kind.hint,
        kind.hint_en,
    )


def _encoding(content: bytes) -> Diagnosis:
    declared = _DECLARED.match(content)
    if declared is None or b"\x00" in content[:64]:
        return Diagnosis(
            "Le fichier n'est pas en UTF-8 : il semble en UTF-16 ou en UTF-32.",
            "The file is not in UTF-8: it seems to be in UTF-16 or UTF-32.",
            "Enregistrez-le en UTF-8 (par exemple : iconv -f UTF-16 -t UTF-8).",
            "Save it in UTF-8 (for instance: iconv -f UTF-16 -t UTF-8).",
        )
    name = declared[1].decode("ascii", "replace")
    line, column = line_and_column(content, declared.start(1))
    message = f"Le fichier se déclare en {name} ; il doit être en UTF-8."
    message_en = f"The file says that it is in {name}; it must be in UTF-8."
    if not_utf8(content) is None:
        return Diagnosis(
            message,
            message_en,
            'Ses octets sont déjà de l\'UTF-8 : écrivez encoding="UTF-8".',
            'Its bytes are UTF-8 already: write encoding="UTF-8".',
            line,
            column,
        )
    return Diagnosis(
        message,
        message_en,
        f'Convertissez-le (iconv -f {name} -t UTF-8), puis écrivez encoding="UTF-8".',
        f'Convert it (iconv -f {name} -t UTF-8), then write encoding="UTF-8".',
        line,
        column,
    )


def _forbidden(content: bytes, cause: MalformedMessage) -> Diagnosis:
    at = content.find(b"<!DOCTYPE")
    if at >= 0:
        return Diagnosis(
            "Le fichier porte une DTD, interdite dans ce qui vient de l'extérieur.",
            "The file has a DTD, which is forbidden in what comes from outside.",
            "Enlevez la déclaration <!DOCTYPE …> et les entités qu'elle définit.",
            "Remove the declaration <!DOCTYPE …> and the entities it defines.",
            *line_and_column(content, at),
        )
    return Diagnosis(
        f"Le XML est refusé : {cause.text}.",
        f"The XML is refused: {cause.text}.",
        "Écrivez-le en XML 1.0, sans entité.",
        "Write it in XML 1.0, without entities.",
    )


def _limit(cause: MalformedMessage, limits: xml.XmlLimits) -> Diagnosis:
    size = limits.size // 1024**2
    return Diagnosis(
        "Le document dépasse ce qui est lu (taille, nombre ou profondeur des éléments).",
        "The document exceeds what is read (size, number or depth of its elements).",
        f"Au plus {size} Mo, {limits.elements} éléments, {limits.depth} niveaux, 10 Mo pour un texte.",
        f"At most {size} MB, {limits.elements} elements, {limits.depth} levels, 10 MB for one text.",
        *place(cause),
    )
