from __future__ import annotations

import pytest

from cda.document import parse_document
from cda.rendering.pages import lay_out, write_pdf
from samples.documents.vsm import vsm


@pytest.fixture(autouse=True)
def _weasyprint():
    try:
        import weasyprint  # noqa: F401 - it needs Pango, which may be absent
    except (ImportError, OSError) as error:
        pytest.skip(f"WeasyPrint cannot be loaded: {error}")


def test_a_short_summary_fits_on_one_page():
    pages = lay_out(parse_document(vsm()))

    assert (pages.count, pages.overflow) == (1, None)


def test_the_first_section_that_runs_over_is_named():
    long_points = vsm().replace(b"<item>", b"<item>" + b"point " * 40 + b"</item><item>" * 60)
    long_history = vsm().replace(b"Zona", b"Zona " * 1500)

    assert lay_out(parse_document(long_points)).overflow == "Points de vigilance"
    assert lay_out(parse_document(long_history)).overflow == "Antécédents médicaux"
    assert lay_out(parse_document(long_history)).count > 1


def test_a_document_is_written_as_pdf():
    assert write_pdf(parse_document(vsm())).startswith(b"%PDF-")
