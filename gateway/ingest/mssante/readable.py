"""A document as a person reads it: the PDF that it carries, else one made of its narrative (G-352)."""

from __future__ import annotations

from typing import Final

from cda.document import parse_document
from cda.rendering.embedded import embedded_pdf, is_unstructured
from cda.rendering.html import render
from cda.rendering.pages import write_pdf

LONGEST: Final = 300_000
"""Characters of the page that is laid out; one of 146,000 took twelve seconds of a processor (G-352)."""


def readable_copy(content: bytes) -> bytes | None:
    """The document as PDF. None: its body is a file of another kind, or too long to be laid out.

    Raises UnreadableDocument, RenderingMissing.
    """
    document = parse_document(content)
    carried = embedded_pdf(document)
    if carried is not None or is_unstructured(document) or len(render(document)) > LONGEST:
        return carried
    return write_pdf(document)
