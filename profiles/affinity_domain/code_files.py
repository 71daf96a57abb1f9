"""Files of codes that somebody else wrote: CSV with a header, or codes.xml in the form that tools of IHE tests use.

Both give rows. Every fault of a file is found, each with its line, before the file is refused: it is repaired once.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from security import xml
from security.errors import MalformedMessage

CODED = frozenset(
    (
        "classCode",
        "typeCode",
        "formatCode",
        "confidentialityCode",
        "healthcareFacilityTypeCode",
        "practiceSettingCode",
        "eventCodeList",
        "contentTypeCode",
        "codeList",
        "associationDocumentation",
    )
)
"""Attributes whose values are codes of a scheme; `codeList` is that of a Folder."""
PLAIN = frozenset(("mimeType", "languageCode", "patientId.authority"))
"""Attributes whose values stand alone."""

_ALIASES = {"folderCodeList": "codeList"}
_COLUMNS = ("attribute", "code", "codingScheme")
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
_FORMS = {
    "mimeType": (re.compile(r"[^\s/;]+/[^\s/;]+"), "a media type, type/subtype"),
    "languageCode": (re.compile(r"[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*"), "a language tag"),
    "patientId.authority": (_OID, "an OID"),
}


class UnusableCodeFile(ValueError):
    """A file of codes is not one. `faults` say each what is wrong and in which line."""

    def __init__(self, name: str, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(f"{name}: {fault}" for fault in faults))


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One allowed value. `scheme` is empty for the attributes of PLAIN; `line` counts from 1."""

    attribute: str
    code: str
    scheme: str
    line: int


def is_oid(text: str) -> bool:
    """Whether a text is an OID of 64 characters at most."""
    return len(text) <= 64 and _OID.fullmatch(text) is not None


def read_code_file(data: bytes, name: str) -> tuple[CodeRow, ...]:
    """The rows of a file, CSV or XML by its first character; `name` is for texts only.

    Raises UnusableCodeFile: it is neither, or a row is not one of an attribute of IHE; or it has no row.
    """
    faults: list[str] = []
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnusableCodeFile(name, [f"line {line}: not UTF-8"]) from None
    read = _xml_rows if text.lstrip().startswith("<") else _csv_rows
    rows = tuple(row for row in read(text, name, faults) if _is_sound(row, faults))
    if not rows and not faults:
        faults.append("no code in it")
    if faults:
        raise UnusableCodeFile(name, faults)
    return rows


def _csv_rows(text: str, name: str, faults: list[str]) -> Iterator[CodeRow]:
    reader = csv.DictReader(text.splitlines(), strict=True)
    try:
        lacking = [column for column in _COLUMNS if column not in (reader.fieldnames or ())]
        if lacking:
            expected = "attribute,code,codingScheme,displayName"
            raise UnusableCodeFile(name, [f"line 1: no column {', '.join(lacking)}; the header is {expected}"])
        for row in reader:
            values = [(row[column] or "").strip() for column in _COLUMNS]
            if None in row:
                faults.append(f"line {reader.line_num}: more cells than columns; quote a text that holds a comma")
            elif any(values):
                yield CodeRow(_ALIASES.get(values[0], values[0]), values[1], values[2], reader.line_num)
    except csv.Error as error:
        faults.append(f"line {reader.line_num}: not CSV, {error}")


def _xml_rows(text: str, name: str, faults: list[str]) -> Iterator[CodeRow]:
    try:
        root = xml.parse(text.encode("utf-8"), xml.DOCUMENT)
    except MalformedMessage as error:
        raise UnusableCodeFile(name, [f"not XML: {error.text}"]) from None
    if _tag(root) != "Codes":
        raise UnusableCodeFile(name, [f"line {_line(root)}: the root is {_tag(root)}, expected Codes"])
    for element in root:
        line = _line(element)
        if _tag(element) == "AssigningAuthority":
            parts = element.get("id", "").split("&")
            if len(parts) != 3 or parts[0] or parts[2] != "ISO":
                faults.append(f"line {line}: AssigningAuthority id is {element.get('id', '')!r}, expected &OID&ISO")
            else:
                yield CodeRow("patientId.authority", parts[1], "", line)
        elif _tag(element) == "CodeType":
            yield from _code_type(element, faults)


def _code_type(element: etree._Element, faults: list[str]) -> Iterator[CodeRow]:
    attribute = element.get("name", "")
    codes = [child for child in element if _tag(child) == "Code"]
    if not codes:
        faults.append(f"line {_line(element)}: CodeType {attribute} has no Code: nothing would be allowed")
    for child in codes:
        # Such files give media types a scheme of no meaning.
        scheme = "" if attribute in PLAIN else child.get("codingScheme", "").strip()
        name = _ALIASES.get(attribute, attribute)
        yield CodeRow(name, child.get("code", "").strip(), scheme, _line(child))


def _line(element: etree._Element) -> int:
    line = element.sourceline
    return line if isinstance(line, int) else 0


def _tag(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def _is_sound(row: CodeRow, faults: list[str]) -> bool:
    if row.attribute not in CODED | PLAIN:
        fault = f"{row.attribute!r} is no attribute with codes; there are {', '.join(sorted(CODED | PLAIN))}"
    elif not row.code:
        fault = f"{row.attribute} without code"
    elif row.attribute in CODED and not row.scheme:
        fault = f"{row.attribute} {row.code} without codingScheme"
    elif row.attribute in PLAIN and row.scheme:
        fault = f"{row.attribute} {row.code} has a codingScheme; its values stand alone"
    elif row.attribute in PLAIN and not _FORMS[row.attribute][0].fullmatch(row.code):
        fault = f"{row.attribute} is {row.code!r}, expected {_FORMS[row.attribute][1]}"
    else:
        return True
    faults.append(f"line {row.line}: {fault}")
    return False
