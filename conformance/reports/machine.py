"""JSON: one object for each file, in order (the machine format that others build on)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import orjson

from conformance.reports.judged import Judged, Options
from conformance.reports.printable import encodable


def render(judged: Iterable[Judged], options: Options) -> Iterator[bytes]:
    """An array, an object a chunk: no report is held longer than it takes to print it."""
    before = b"["
    for one in judged:
        yield before + write(one.report.as_data(one.file, options.language))
        before = b",\n"
    yield (b"[]" if before == b"[" else b"]") + b"\n"


def write(data: object) -> bytes:
    """Plain values as JSON; what is no Unicode, in the name of a file, is spelled out."""
    try:
        return orjson.dumps(data)
    except TypeError:
        return orjson.dumps(_encodable(data))


def _encodable(data: object) -> object:
    if isinstance(data, str):
        return encodable(data)
    if isinstance(data, dict):
        return {_encodable(key): _encodable(value) for key, value in data.items()}
    return [_encodable(one) for one in data] if isinstance(data, list | tuple) else data
