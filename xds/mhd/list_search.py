"""Search parameters of List as a stored query of submission sets (IHE MHD 4.2.4 §2:3.66.4.1.2; PDSm 3.1.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.datatypes import Xon
from xds.metadata.document_entry import AvailabilityStatus
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import UUID_URN
from xds.mhd import constants as c
from xds.mhd.document_search import Values, read_flag, read_patient
from xds.mhd.search_values import Faults, Token, alternatives, read_tokens, time_range
from xds.mhd.searched_names import beginnings, comparable, is_author
from xds.mhd.submission_list import FOLDER, SUBMISSION_SET
from xds.queries import FindSubmissionSets, TimeRange

KeepSet = Callable[[SubmissionSet], bool]
_STATUSES: Final = frozenset(("current", "retired", "entered-in-error"))
_KINDS: Final = frozenset((SUBMISSION_SET, FOLDER))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSearch:
    """A search, read. `query` is None where nothing registered can meet it, the patient apart: `patient_id` (CX)."""

    patient_id: str
    query: FindSubmissionSets | None
    keep: tuple[KeepSet, ...] = ()


def read_list_search(values: Values) -> ListSearch:
    """Read the parameters. Raises Refusal: `patient.identifier`, `code`, `status` absent, and values that are none."""
    faults, nothing = Faults(), frozenset[str]()
    patient_id = faults.attempt("", read_patient, values)
    kinds = faults.attempt(nothing, _required, values, "code", _KINDS)
    statuses = faults.attempt(nothing, _required, values, "status", _STATUSES)
    archived = faults.attempt(None, read_flag, values, "isArchived")
    submitted = faults.attempt(TimeRange(), time_range, "date", values.get("date", ()))
    faults.refuse()
    if SUBMISSION_SET not in kinds or "current" not in statuses or archived:
        return ListSearch(patient_id=patient_id, query=None)
    query = FindSubmissionSets(
        patient_id=patient_id, statuses=(AvailabilityStatus.APPROVED,), submission_time=submitted
    )
    return ListSearch(patient_id=patient_id, query=query, keep=tuple(_kept(values)))


def _required(values: Values, name: str, known: frozenset[str]) -> frozenset[str]:
    """The codes that every value of a parameter admits."""
    sent = values.get(name, ())
    if not sent:
        text = f"{name}: found nothing, expected {' or '.join(sorted(known))}"
        raise Refusal([RegistryError(XdsErrorCode.STORED_QUERY_MISSING_PARAM, text, rule="FHIR-SEARCH")])
    found = set(known)
    for value in sent:
        found &= {token.code for token in read_tokens(value)}
    return frozenset(found)


def _kept(values: Values) -> Iterator[KeepSet]:
    for value in values.get("designationType", ()):
        yield _designated(read_tokens(value))
    for value in values.get("sourceId", ()):
        yield _from_source({_oid(token) for token in read_tokens(value)})
    for value in values.get("identifier", ()):
        yield _identified({_oid(token) for token in read_tokens(value)})
    for value in values.get("_id", ()):
        yield _identified({UUID_URN + one for one in alternatives(value)})
    for value in values.get("authorOrg", ()):
        yield _sent_by({_oid(token) for token in read_tokens(value)})
    for part in ("given", "family"):
        for value in values.get(f"source.{part}", ()):
            yield _written_by(part, beginnings(value))
    for value in values.get("title", ()):
        yield _titled(beginnings(value))


def _designated(tokens: tuple[Token, ...]) -> KeepSet:
    return lambda one: one.content_type_code is not None and any(token.meets(one.content_type_code) for token in tokens)


def _from_source(names: set[str]) -> KeepSet:
    return lambda one: one.source_id in names


def _identified(names: set[str]) -> KeepSet:
    return lambda one: one.unique_id in names or one.entry_uuid in names


def _sent_by(names: set[str]) -> KeepSet:
    return lambda one: any(
        _xon_id(text) in names or text in names for author in one.authors for text in author.institutions
    )


def _written_by(part: str, starts: tuple[str, ...]) -> KeepSet:
    return lambda one: is_author(one.authors, part, starts)


def _titled(starts: tuple[str, ...]) -> KeepSet:
    return lambda one: comparable(one.title or "").startswith(starts)


def _oid(token: Token) -> str:
    """An OID without its urn; another identifier as it is."""
    return token.code.removeprefix(c.OID)


def _xon_id(text: str) -> str:
    try:
        return Xon.parse(text).identifier or ""
    except ValueError:
        return ""
