"""The ways of printing reports, by the name that `--format` takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module

from conformance.reports.judged import Judged, Options

Renderer = Callable[[Iterable[Judged], Options], Iterator[bytes]]

_MODULES = {
    "text": "text",
    "json": "machine",
    "svrl": "svrl",
    "sarif": "sarif",
    "junit": "junit",
    "html": "html",
    "patch": "patch",
}
FORMATS = tuple(_MODULES)


def renderer(name: str) -> Renderer:
    """The renderer of a format; its module is imported only now. Raises KeyError: not one of FORMATS."""
    made: Renderer = import_module(f"conformance.reports.{_MODULES[name]}").render
    return made
