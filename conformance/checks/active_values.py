"""Does a value run something, or lead outside of the document? Pure functions of texts, as a browser reads them.

A browser is generous: it drops blanks and controls inside a scheme, minds no case, and CSS has escapes and comments of
its own. What is computed from such pieces by an expression is put together here as far as literals go.
"""

from __future__ import annotations

import re
from typing import Final

_BLANKS = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\ufeff]+")
_JOINTS = re.compile(r"""[\s'",()|+]+""")
_SCRIPT_SCHEMES = re.compile(r"(?:java|vb|live|j)script:|mocha:")
_DATA = re.compile(r"(?:(?<![a-z0-9])|(?<=concat))data:([a-z0-9.+/-]*)")
_HARMLESS_DATA = re.compile(
    r"image/(?:png|jpe?g|gif|bmp|tiff|webp)|(?:application/(?:x-)?)?font[a-z0-9./+-]*|text/plain"
)
_REACHING = re.compile(r"(?:https?|ftps?|file|jar|gopher|wss?|blob|filesystem|view-source|feed):|//|\\\\")
_OWN_SCHEMES = ("mailto:", "tel:")
"""They lead to a program of the reader, and load nothing."""
_CSS_COMMENT = re.compile(r"/\*.*?(?:\*/|$)", re.DOTALL)
_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.IGNORECASE | re.DOTALL)
_CSS_SCRIPT = re.compile(r"expression\(|-moz-binding|behavior:|(?:java|vb|live|j)script:")
_CSS_URL = re.compile(r"""(?:url|src|image|image-set)\(["']?([^"')]*)""")
_CSS_IMPORT: Final = "@import"
_XPATH_COMMENT = re.compile(r"\(:.*?:\)", re.DOTALL)
_XPATH_READS = re.compile(
    r"(?<![\w.-])(document|doc|doc-available|unparsed-text(?:-lines|-available)?|collection|uri-collection|json-doc)"
    r"\s*\(\s*(.{0,3})",
    re.DOTALL,
)
_XPATH_LITERAL = re.compile(r"""(["'])(.*?)\1""", re.DOTALL)
_SELF: Final = ("''", '""')


def runs(value: str) -> bool:
    """Whether a value, or the literals that an expression puts together, run a script when they are followed."""
    plain = _BLANKS.sub("", value).lower()
    for text in (plain, _JOINTS.sub("", plain)):
        if _SCRIPT_SCHEMES.search(text):
            return True
        if any(not _HARMLESS_DATA.fullmatch(kind) for kind in _data_kinds(text)):
            return True
    return False


def leads_outside(value: str) -> bool:
    """Whether a reference is not to the document itself: a fragment, an embedded image, nothing.

    `value` may be an attribute value template: only what stands before its first expression is looked at.
    """
    start = value.partition("{")[0] if "{" in value else value
    plain = _BLANKS.sub("", start).lower()
    if not plain or plain.startswith("#"):
        return False
    return not plain.startswith(("data:", *_OWN_SCHEMES))


def reaches(text: str) -> bool:
    """Whether a text that becomes the value of something starts with an address of elsewhere."""
    return _REACHING.match(_BLANKS.sub("", text).lower()) is not None


def style_runs(style: str) -> bool:
    """Whether a style sheet, or the style of an element, runs a script."""
    plain = _style(style)
    return _CSS_SCRIPT.search(plain) is not None or runs(plain)


def style_leads_outside(style: str) -> bool:
    """Whether a style sheet, or the style of an element, loads something: `@import`, `url()`."""
    plain = _style(style)
    return _CSS_IMPORT in plain or any(leads_outside(found) for found in _CSS_URL.findall(plain))


def expression_reads(expression: str) -> bool:
    """Whether an XPath expression reads another document, or names one in a literal; `document('')` is this one."""
    plain = _XPATH_COMMENT.sub("", expression)
    for function, argument in _XPATH_READS.findall(plain):
        if function != "document" or not "".join(argument.split()).startswith(_SELF):
            return True
    return any(reaches(literal) for _, literal in _XPATH_LITERAL.findall(plain))


def _data_kinds(text: str) -> list[str]:
    return [kind for kind in _DATA.findall(text) if "/" in kind]


def _style(style: str) -> str:
    """The style as a browser understands it, without blanks, in lower case."""
    told = _CSS_ESCAPE.sub(_unescaped, _CSS_COMMENT.sub("", style))
    return _BLANKS.sub("", told).lower()


def _unescaped(match: re.Match[str]) -> str:
    if match[1] is None:
        return "" if match[2] == "\n" else match[2]
    number = int(match[1], 16)
    return chr(number) if 0 < number < 0x110000 else "\ufffd"
