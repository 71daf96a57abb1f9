"""How many A4 pages a document takes, and what stands on the second: laid out by WeasyPrint, an optional library."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NoReturn

from cda.document import CdaDocument
from cda.rendering.html import render, titles


class RenderingMissing(RuntimeError):
    """WeasyPrint is not installed, or not the libraries of the system that it needs."""


@dataclass(frozen=True, slots=True)
class Pages:
    """`count` pages; `overflow` is the title of the first section that ends beyond the first, None when none does."""

    count: int
    overflow: str | None


def lay_out(document: CdaDocument) -> Pages:
    """Lay the document out on A4. Raises RenderingMissing."""
    pages = _laid_out(document).pages
    if len(pages) == 1:
        return Pages(1, None)
    ended = [int(name.removeprefix("end-")) for name in pages[0].anchors if name.startswith("end-")]
    names = titles(document)
    first = max(ended, default=-1) + 1
    return Pages(len(pages), names[first] if first < len(names) else None)


def write_pdf(document: CdaDocument) -> bytes:
    """The document as PDF, as a person reads it. Raises RenderingMissing."""
    content: bytes = _laid_out(document).write_pdf()
    return content


def need_rendering() -> None:
    """Know beforehand whether documents can be laid out. Raises RenderingMissing."""
    _weasyprint()


def _laid_out(document: CdaDocument) -> Any:
    return _weasyprint()(string=render(document), url_fetcher=_nothing).render()


def _weasyprint() -> Any:
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:
        raise RenderingMissing("WeasyPrint is not installed: pip install 'ecluse[pdf]'") from error
    return HTML


def _nothing(url: str, *_: object, **__: object) -> NoReturn:
    raise ValueError("a document fetches nothing")
