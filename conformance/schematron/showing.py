"""Values of XPath as text: in messages, and as what was found."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree


def found_text(value: object) -> str | None:
    """What an expression met: the values of a node-set side by side, None when it is empty.

    A value with blanks around it stands in quotation marks: `code="SYNTH "` is not SYNTH.
    """
    if isinstance(value, list):
        return ", ".join(_flat("".join(_strings(one))) for one in value) if value else None
    return shown(value)


def _flat(text: str) -> str:
    flat = " ".join(text.split())
    if text == text.strip() or "\n" in text:
        return flat
    before, after = (" " if one.isspace() else "" for one in (text[0], text[-1]))
    return f'"{before}{flat}{after if flat else ""}"'


def shown(value: object) -> str:
    """A value as `value-of` shows it: that of the first node of a node-set (XPath 1.0 §4.2)."""
    if isinstance(value, list):
        return "".join(_strings(value[0])) if value else ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else str(value)
    return str(value)


def all_shown(value: object) -> str:
    """A value as `value-of` shows it in XSLT 2.0: that of every item, parted by spaces (XSLT 2.0 §11.4.3)."""
    return " ".join("".join(_strings(one)) for one in value) if isinstance(value, list) else shown(value)


def _strings(one: object) -> Iterator[str]:
    if isinstance(one, etree._Element):
        yield from (str(part) for part in one.itertext())
    else:
        yield str(one)
