"""What HL7 datatypes ask of an element that XPath 1.0 cannot say (HL7 v3 Data Types R1).

Functions of the namespace `urn:ecluse:schematron`; the first argument is XPath's context, unused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

from lxml import etree

_Element = etree._Element
_CDA = "{urn:hl7-org:v3}"
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_NEAR = 50
_NO_SPAN = timedelta()
_PERIOD = re.compile(
    r"(?P<year>\d\d(?:\d\d)?)(?P<month>\d\d)?(?P<day>\d\d)?(?P<hour>\d\d)?(?P<minute>\d\d)?(?P<second>\d\d)?"
    r"(?P<part>\.\d+)?(?P<offset>[+-]\d{1,4})?",
    re.ASCII,
)
_BESIDE_NULL = frozenset(
    {
        f"{_XSI}type",
        f"{_XSI}nil",
        "classCode",
        "typeCode",
        "determinerCode",
        "moodCode",
        "nullFlavor",
        "partType",
    }
)
_DEFAULTS = {
    "codeSystem": "2.16.840.1.113883.5.139",
    "codeSystemName": "TimingEvent",
    "integrityCheckAlgorithm": "SHA-1",
    "inverted": "false",
    "mediaType": "text/plain",
    "operator": "I",
    "representation": "TXT",
    "inclusive": "true",
    "unit": "1",
}
_OTHER = frozenset(
    {
        f"{_XSI}type",
        f"{_XSI}nil",
        "codeSystem",
        "codeSystemName",
        "codeSystemVersion",
        "extension",
        "nullFlavor",
        "partType",
    }
)
_OTHER_DEFAULTS = ("integrityCheckAlgorithm", "mediaType", "operator", "representation", "inclusive", "unit")


def type_is(_context: object, elements: Any, name: str) -> bool:
    """`type-is(., 'CE')`: whether xsi:type resolves to that HL7 type, whatever its prefix."""
    element = _first(elements)
    if element is None:
        return False
    prefix, colon, local = element.get(f"{_XSI}type", "").strip().rpartition(":")
    return local == name and element.nsmap.get(prefix if colon else None) == _CDA[1:-1]


def half_null(_context: object, elements: Any) -> bool:
    """`half-null(.)`: whether an element has a nullFlavor and says something else beside it.

    OTH, NA and UNC may stand beside a code system, an extension, an original text or translations.
    """
    element = _first(elements)
    flavor = None if element is None else element.get("nullFlavor")
    if element is None or flavor is None:
        return False
    written = {key: value for key, value in element.attrib.items() if key not in _BESIDE_NULL}
    has_text = bool((element.text or "").strip()) or any((child.tail or "").strip() for child in element)
    children = list(element.iterchildren("*"))
    if not children and not has_text and all(_DEFAULTS.get(str(key)) == value for key, value in written.items()):
        return False
    if flavor not in ("OTH", "NA", "UNC"):
        return True
    allowed = all(
        key in _OTHER or (key in _OTHER_DEFAULTS and _DEFAULTS[str(key)] == value) for key, value in element.items()
    )
    said = {"extension", "codeSystem"} & set(element.attrib) or {"originalText", "translation"} & {
        etree.QName(child).localname for child in children
    }
    return not (allowed and said)


def repeated(_context: object, elements: Any, kind: str) -> bool:
    """`repeated(., kind)`: whether an element says the same as another of its name beside it.

    `kind` says by what they are compared: II (root, extension), CD (code, system), TEL (use, value), AD and EN (use and
    texts), `translation` (the translations inside, among themselves).
    """
    element = _first(elements)
    if element is None:
        return False
    if kind == "translation":
        said = [(one.get("code", "") + one.get("codeSystem", "")) for one in element.iter(f"{_CDA}translation")]
        return len(said) != len(set(said))
    same = _SAME[kind]
    return any(same(element, other) for other in _beside(element))


def beside_known(_context: object, elements: Any) -> bool:
    """`beside-known(.)`: whether another element of the same name, without nullFlavor, stands beside this one."""
    element = _first(elements)
    return element is not None and any(other.get("nullFlavor") is None for other in _beside(element))


def is_timestamp(_context: object, value: Any, strictness: str = "") -> bool:
    """`is-timestamp(value)`: whether a TS is a moment of the calendar.

    With `'interval'` an offset has four digits, as in a bound of an interval.
    """
    return _moment(_text(value), strict=strictness == "interval") is not None


def ordered(_context: object, low: Any, high: Any) -> bool:
    """`ordered(low, high)`: whether two times are different and in order; true when one of them is no time at all."""
    first, last = _text(low), _text(high)
    if first == last:
        return False
    begins, ends = _moment(first, strict=True), _moment(last, strict=True)
    return begins is None or ends is None or begins <= ends


def _moment(text: str, *, strict: bool) -> datetime | None:
    """The first instant of what a TS covers, in UTC; that is taken for granted without offset. None: no such moment."""
    read = _PERIOD.fullmatch(text)
    if read is None:
        return None
    year, month, day, hour, minute, second, part, offset = read.groups()
    if part and not second:
        return None
    midnight = hour == "24" and not int(minute or 0) and not int(second or 0) and not (part or "").strip(".0")
    span = _span(offset or "", strict=strict)
    try:
        start = datetime(
            int(year.ljust(4, "0")),
            int(month or 1),
            int(day or 1),
            0 if midnight else int(hour or 0),
            int(minute or 0),
            int(second or 0),
        )
        return start + timedelta(days=midnight) - span if span is not None else None
    except (ValueError, OverflowError):
        return None


def _span(offset: str, *, strict: bool) -> timedelta | None:
    """How far an offset is from UTC. None: there is no such offset (XML Schema 1.1 part 2 §3.3.7)."""
    if not offset:
        return _NO_SPAN
    digits = offset[1:].ljust(4, "0")
    if (strict and len(offset) < 5) or digits > "1400" or int(digits[2:]) > 59:
        return None
    span = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -span if offset.startswith("-") else span


def _same_identifier(one: _Element, other: _Element) -> bool:
    return one.get("root") == other.get("root") is not None and (
        other.get("extension") is None or one.get("extension") == other.get("extension")
    )


def _same_attributes(*names: str) -> Callable[[_Element, _Element], bool]:
    def same(one: _Element, other: _Element) -> bool:
        return all(one.get(name) == other.get(name) is not None for name in names)

    return same


def _same_name(one: _Element, other: _Element) -> bool:
    return _said(one) == _said(other)


def _said(element: _Element) -> str:
    """The uses and texts below an element, in document order, as one string."""
    return "".join(_pieces(element))


def _pieces(element: _Element) -> Iterator[str]:
    yield element.get("use", "")
    yield element.text or ""
    for child in element:
        if isinstance(child.tag, str):
            yield from _pieces(child)
        yield child.tail or ""


def _beside(element: _Element) -> Iterator[_Element]:
    """The nearest elements of the same name, on both sides: among very many, not all are compared."""
    yield from islice(element.itersiblings(element.tag, preceding=True), _NEAR)
    yield from islice(element.itersiblings(element.tag), _NEAR)


def _first(elements: Any) -> _Element | None:
    return elements[0] if isinstance(elements, list) and elements and isinstance(elements[0], etree._Element) else None


def _text(value: Any) -> str:
    if isinstance(value, list):
        return str(value[0]) if value else ""
    return str(value)


_SAME: dict[str, Callable[[_Element, _Element], bool]] = {
    "II": _same_identifier,
    "CD": _same_attributes("code", "codeSystem"),
    "TEL": _same_attributes("use", "value"),
    "AD": _same_name,
    "EN": _same_name,
}

FUNCTIONS: dict[str, Callable[..., bool]] = {
    "type-is": type_is,
    "half-null": half_null,
    "repeated": repeated,
    "beside-known": beside_known,
    "is-timestamp": is_timestamp,
    "ordered": ordered,
}
