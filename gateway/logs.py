"""The log: one JSON object a line, without patient data, secrets or control characters.

Call sites log identifiers and numbers. The filter here is the second line: it drops what looks like a national
identity number, XML, PEM, a JWT or a long base64 run, wherever it stands. The text of an exception is never logged,
only its type and where it was raised: parsers and databases quote what they were given.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import orjson

_SPACE = "[ \u00a0-]?"
# The most enclosing shapes first: a certificate is dropped whole, not line by line.
_SHAPES = (
    (re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|$)", re.DOTALL), "[PEM]"),
    (re.compile(r"eyJ[\w-]{5,}\.[\w-]+\.?[\w-]*"), "[JWT]"),
    # To the end: what follows the last tag of a fragment that is cut may be the content of an element.
    (re.compile(r"<[A-Za-z/?!].*", re.DOTALL), "[XML]"),
    (re.compile(r"[A-Za-z0-9+/_-]{65,}={0,2}"), "[base64]"),
    # Sex, year, month, department (2A and 2B in Corsica), commune, order, and the key when it is there.
    (
        re.compile(
            rf"(?<!\d)[1-9]{_SPACE}\d\d{_SPACE}\d\d{_SPACE}(?:\d\d|2[ABab]){_SPACE}\d{{3}}{_SPACE}\d{{3}}"
            rf"(?:{_SPACE}\d\d)?(?!\d)"
        ),
        "[NIR]",
    ),
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_STANDARD = frozenset((*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"))
_FRAMES = 12
_LONGEST = 4000


def redact(text: str) -> str:
    """Drop what must not be written and escape what could forge a line, at most 4000 characters."""
    for shape, name in _SHAPES:
        text = shape.sub(name, text)
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text[:_LONGEST])


class JsonFormatter(logging.Formatter):
    """`{"time", "level", "logger", "message", …extra, "error", "trace"}`: what a call passes as `extra` is added."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact(record.getMessage()),
        }
        line |= {name: _plain(value) for name, value in vars(record).items() if name not in _STANDARD}
        if record.exc_info and record.exc_info[0] is not None:
            line["error"] = record.exc_info[0].__name__
            frames = traceback.extract_tb(record.exc_info[2])[-_FRAMES:]
            line["trace"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
        return orjson.dumps(line).decode()


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        # An identity number is no less one for being an int.
        return value if abs(value) < 10**12 else redact(str(value))
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return redact(str(value))


def handler(stream: TextIO | None = None) -> logging.Handler:
    """A handler that writes redacted lines to `stream`, standard error by default."""
    made = logging.StreamHandler(stream or sys.stderr)
    made.setFormatter(JsonFormatter())
    return made


def configure(level: str = "INFO", stream: TextIO | None = None) -> None:
    """Make the root logger write redacted JSON lines, and nothing else."""
    logging.basicConfig(level=level, handlers=[handler(stream)], force=True)
    logging.raiseExceptions = False
