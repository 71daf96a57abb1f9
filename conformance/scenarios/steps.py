"""How answers are told, so that what was expected and what was got are compared as texts."""

from __future__ import annotations

from collections.abc import Iterable

from conformance.scenarios.model import Step
from conformance.scenarios.shelf import Shelf
from samples.client.answers import QueryAnswer, RegistryAnswer

WARNED = "Success with a warning"


def status_of(answer: RegistryAnswer) -> str:
    """`Success`, `PartialSuccess` or `Failure`."""
    return answer.status.rpartition(":")[2]


def accepted(title: str, answer: RegistryAnswer) -> Step:
    """The answer is Success; a warning does not spoil it."""
    status = status_of(answer)
    got = status if answer.succeeded else f"{status}: {', '.join(sorted(set(answer.error_codes)))}"
    return Step(title, "Success", got, _contexts(answer))


def refused(title: str, answer: RegistryAnswer, *codes: str) -> Step:
    """The answer is Failure, with these codes among its own; any code will do when none is given."""
    found = sorted({error.code for error in answer.errors if error.severity == "Error"})
    expected = " ".join(("Failure", *codes))
    if status_of(answer) != "Failure":
        return Step(title, expected, f"{status_of(answer)}: {', '.join(found)}".rstrip(": "), _contexts(answer))
    if not found or not set(codes) <= set(found):
        return Step(title, expected, f"Failure {' '.join(found) or 'without an error'}", _contexts(answer))
    return Step(title, expected, expected, _contexts(answer))


def same(title: str, expected: object, got: object) -> Step:
    """Two values are equal."""
    return Step(title, _told(expected), _told(got))


def counted(title: str, answer: QueryAnswer, **kinds: int) -> Step:
    """The answer is Success and holds so many of each kind: `entries`, `folders`, `sets`, `associations`, `refs`."""
    names = {
        "DocumentEntry": "entries",
        "Folder": "folders",
        "SubmissionSet": "sets",
        "Association": "associations",
        "ObjectRef": "refs",
    }
    got = {names[kind.value]: count for kind, count in answer.counts.items()}
    return _query(title, answer, _counts(kinds), _counts(got))


def named(title: str, answer: QueryAnswer, shelf: Shelf, expected: Iterable[str]) -> Step:
    """The answer is Success and holds these objects of the shelf, each once, in any order, and no other."""
    got = sorted(shelf.name_of(identifier) for identifier in answer.ids)
    return _query(title, answer, " ".join(sorted(expected)) or "nothing", " ".join(got) or "nothing")


def _query(title: str, answer: QueryAnswer, expected: str, got: str) -> Step:
    if not answer.succeeded:
        got = f"{status_of(answer)}: {', '.join(answer.error_codes)}"
    return Step(title, expected, got, _contexts(answer))


def _counts(kinds: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in sorted(kinds.items()) if count) or "nothing"


def _contexts(answer: RegistryAnswer) -> str:
    return "; ".join(error.context for error in answer.errors)


def _told(value: object) -> str:
    if isinstance(value, frozenset | set):
        return " ".join(sorted(str(item) for item in value)) or "nothing"
    if isinstance(value, tuple | list):
        return " ".join(str(item) for item in value) or "nothing"
    return str(value)
