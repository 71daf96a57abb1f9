"""Documents of level 1: a header around a PDF or a plain text (IHE ITI XDS-SD, TF-3 §5.2; CI-SIS)."""

from __future__ import annotations

import base64

from samples.documents.elements import element
from samples.documents.header import clinical_document
from samples.documents.identity import Identity
from samples.documents.pdf import one_page

XDS_SD = "1.3.6.1.4.1.19376.1.2.20"


def scanned(
    identity: Identity,
    *,
    code: tuple[str, str, str],
    title: str,
    lines: tuple[str, ...],
    act: tuple[str, str, str] | None = None,
    media_type: str = "application/pdf",
) -> bytes:
    """Put `lines` in a PDF or, with `media_type` `text/plain`, in a text, under a level 1 header."""
    content = one_page(title, lines) if media_type == "application/pdf" else "\n".join((title, *lines)).encode()
    text = element("text", base64.b64encode(content).decode(), mediaType=media_type, representation="B64")
    return clinical_document(
        identity, model=(XDS_SD, None), code=code, title=title, act=act, body=element("nonXMLBody", text)
    )
