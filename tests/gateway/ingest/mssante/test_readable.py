"""A document as a person reads it: what it carries, else its narrative, else nothing."""

from __future__ import annotations

from base64 import b64decode

import pytest

from gateway.ingest.mssante.readable import LONGEST, readable_copy
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm


def test_a_pdf_that_comes_along_is_taken_as_it_is() -> None:
    content = readable_copy(laboratory_report())
    assert content is not None
    assert content in _decoded(laboratory_report(unique_id="1.2.250.1.999.1"))


def test_a_narrative_is_laid_out() -> None:
    pytest.importorskip("weasyprint")
    content = readable_copy(vsm())
    assert content is not None
    assert content.startswith(b"%PDF-")


def test_a_narrative_that_is_too_long_is_left_to_the_archive() -> None:
    long = vsm().replace(b"</tbody>", b"<tr><td>" + b"x" * LONGEST + b"</td></tr></tbody>", 1)
    assert readable_copy(long) is None


def _decoded(document: bytes) -> bytes:

    start = document.index(b"JVBER")
    return b64decode(document[start : document.index(b"<", start)])
