"""Values written as array literals are those that PostgreSQL reads."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xds.registry.rows import bytes_array, text_array

_TEXTS = st.text(st.characters(blacklist_characters="\0", blacklist_categories=("Cs",))) | st.sampled_from(
    ("", "NULL", "{}", "{,}", '"', "\\", '\\"', "a,b", " spaced ", "'; DROP TABLE document_entries --", "\n\t")
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_TEXTS, max_size=6), st.lists(st.binary(max_size=40), max_size=6))
def test_what_is_written_is_what_is_read(registry: Any, texts: list[str], octets: list[bytes]) -> None:
    row = registry.owner.execute("SELECT %s::text[], %s::bytea[]", (text_array(texts), bytes_array(octets))).fetchone()
    assert row == (texts, octets)
