"""A document as a person reads it: the PDF that it carries, else one made of its narrative (G-352)."""

from __future__ import annotations

from cda.document import parse_document
from cda.rendering.embedded import embedded_pdf, is_unstructured
from cda.rendering.pages import write_pdf


def readable_copy(content: bytes) -> bytes | None:
    """The document as PDF. None: its body is a file of another kind.

    Raises UnreadableDocument, RenderingMissing.
    """
    document = parse_document(content)
    carried = embedded_pdf(document)
    if carried is not None or is_unstructured(document):
        return carried
    return write_pdf(document)
