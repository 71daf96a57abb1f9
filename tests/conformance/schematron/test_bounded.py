from pathlib import Path

from conformance.schematron.bounded import MOST, Bounded
from conformance.schematron.documents import Documents


def test_the_entry_that_came_first_goes():
    known = Bounded[str, int](most=2)

    for number, name in enumerate("abca"):
        known[name] = number

    assert known == {"c": 2, "a": 3}


def test_an_entry_that_is_there_already_takes_no_place():
    known = Bounded[str, int](most=2)
    known["a"], known["b"] = 1, 2

    known["a"] = 3

    assert known == {"a": 3, "b": 2}


def test_documents_asked_by_ever_new_names_do_not_fill_the_memory(tmp_path: Path):
    (tmp_path / "codes.xml").write_bytes(b"<codes/>")
    documents = Documents(tmp_path)

    assert not any(documents.available(f"{number}.xml") for number in range(2 * MOST))

    assert documents.available("codes.xml")
    assert len(documents._roots) == MOST
