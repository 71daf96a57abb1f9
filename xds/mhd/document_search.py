"""Search parameters of DocumentReference as a stored query, and what is left to sort out of its answer.

Source: IHE MHD 4.2.4 §2:3.67.4.1.2; PDSm 3.1.1 flux 05, 06; DMP draft 0.1.0, TD3.1a.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.codes import Code
from xds.metadata.datatypes import Cx, ReferenceId
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.mhd import constants as c
from xds.mhd.search_values import (
    Faults,
    Token,
    alternatives,
    bounds_of,
    narrowed,
    period_range,
    read_tokens,
    time_range,
)
from xds.mhd.searched_names import beginnings, is_author
from xds.queries import FindDocuments, TimeRange

Keep = Callable[[DocumentEntry], bool]
Values = Mapping[str, Sequence[str]]
"""Every value of each parameter, by its name and modifier as sent."""

Bounds = tuple[datetime | None, datetime | None]
_ONE_CODE: Final = {
    "type": ("type_codes", "type_code"),
    "category": ("class_codes", "class_code"),
    "setting": ("practice_setting_codes", "practice_setting_code"),
    "facility": ("healthcare_facility_type_codes", "healthcare_facility_type_code"),
    "format": ("format_codes", "format_code"),
}
_MANY_CODES: Final = {
    "event": ("event_codes", "event_codes"),
    "security-label": ("confidentiality_codes", "confidentiality_codes"),
}
_STATUSES: Final = {
    "current": (AvailabilityStatus.APPROVED, AvailabilityStatus.ARCHIVED),
    "superseded": (AvailabilityStatus.DEPRECATED,),
    "entered-in-error": (AvailabilityStatus.DELETED,),
}
_BOOLEANS: Final = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReferenceSearch:
    """A search, read. `keep` sorts out of the answer of `query` what no stored query can say; all must hold.

    `identifiers` and `relates_to` are groups of alternatives, each to be met; `ids` are values of `_id`, None: any.
    `changed` are bounds of the last change, each `start <= it < stop`.
    """

    query: FindDocuments
    keep: tuple[Keep, ...] = ()
    ids: frozenset[str] | None = None
    identifiers: tuple[tuple[Token, ...], ...] = ()
    relates_to: tuple[tuple[str, ...], ...] = ()
    changed: tuple[Bounds, ...] = ()

    def changed_within(self, moment: datetime) -> bool:
        """Whether the last change keeps to every bound; it is told to the millisecond."""
        told = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        return all((start is None or told >= start) and (stop is None or told < stop) for start, stop in self.changed)


def read_document_search(values: Values, *, lenient: bool = False) -> DocumentReferenceSearch:
    """Read the parameters. Raises Refusal: those that are required and absent, and the values that are none.

    `lenient`: without `status`, whatever is not deleted is meant, as the draft of the DMP has it.
    """
    faults = Faults()
    patient_id = faults.attempt("", read_patient, values)
    statuses: frozenset[str] = faults.attempt(frozenset(), _statuses, values, lenient)
    archived = faults.attempt(None, read_flag, values, "isArchived")
    filters: dict[str, Any] = {}
    keep: list[Keep] = []
    for name, (attribute, of_entry) in _ONE_CODE.items():
        for group in map(read_tokens, values.get(name, ())):
            exact = _exact(group)
            if exact is not None and attribute not in filters:
                filters[attribute] = exact
            else:
                keep.append(_one_of(of_entry, group))
    for name, (attribute, of_entry) in _MANY_CODES.items():
        for group in map(read_tokens, values.get(name, ())):
            exact = _exact(group)
            if exact is not None:
                filters[attribute] = (*filters.get(attribute, ()), exact)
            else:
                keep.append(_some_of(of_entry, group))
    periods = tuple(_periods(values, faults))
    query = FindDocuments(
        patient_id=patient_id,
        statuses=_registered(statuses, archived=archived is True),
        creation_time=narrowed(*(_times(name, values, faults) for name in ("date", "creation"))),
        service_start_time=_within(start for start, _ in periods),
        service_stop_time=_within(stop for _, stop in periods),
        **filters,
    )
    anytime: Bounds = (None, None)
    instants = values.get("_lastUpdated", ())
    changed = tuple(faults.attempt(anytime, bounds_of, "_lastUpdated", value) for value in instants)
    faults.refuse()
    for part in ("given", "family"):
        keep += [_written_by(part, beginnings(value)) for value in values.get(f"author.{part}", ())]
    keep += [_refers_to(group) for group in _groups(values, "related", "related:identifier")]
    ids = [{*alternatives(value)} for value in values.get("_id", ())]
    return DocumentReferenceSearch(
        query=query,
        keep=tuple(keep),
        ids=frozenset(set.intersection(*ids)) if ids else None,
        identifiers=_groups(values, "identifier"),
        relates_to=tuple(map(alternatives, (*values.get("relatesto", ()), *values.get("relatesTo", ())))),
        changed=changed,
    )


def read_patient(values: Values) -> str:
    """The patient (CX) of a search: one, by an identifier.

    Raises Refusal: none, several, without authority, or by a reference: no resource Patient has an id here.
    """
    if "patient" in values:
        text = "patient: found a reference, expected patient.identifier=urn:oid:<authority>|<identifier>"
        raise Refusal([RegistryError(XdsErrorCode.STORED_QUERY_PARAM_NUMBER, text, rule="FHIR-SEARCH")])
    sent = [*values.get("patient.identifier", ()), *values.get("patient:identifier", ())]
    tokens = [token for value in sent for token in read_tokens(value)]
    if not tokens:
        text = "patient.identifier: found nothing, expected urn:oid:<authority>|<identifier> of the patient"
        raise Refusal([RegistryError(XdsErrorCode.STORED_QUERY_MISSING_PARAM, text, rule="FHIR-SEARCH")])
    (token, *others) = tokens
    authority = (token.system or "").removeprefix(c.OID)
    if others or not token.code or not authority[:1].isdigit():
        text = "patient.identifier: found another value, expected one urn:oid:<authority>|<identifier>"
        raise Refusal([RegistryError(XdsErrorCode.STORED_QUERY_PARAM_NUMBER, text, rule="FHIR-SEARCH")])
    return Cx(identifier=token.code, authority=authority, type="NH").format()


def read_flag(values: Values, name: str) -> bool | None:
    """A parameter that is true or false; None: it was not sent. Raises Refusal: it is neither, or both."""
    found = {read_tokens(value)[0].code if read_tokens(value) else "" for value in values.get(name, ())}
    if not found:
        return None
    (text, *others) = found
    if others or text not in _BOOLEANS:
        said = f"{name}: found another value, expected true or false"
        raise Refusal([RegistryError(XdsErrorCode.STORED_QUERY_PARAM_NUMBER, said, rule="FHIR-SEARCH")])
    return _BOOLEANS[text]


def _statuses(values: Values, lenient: bool) -> frozenset[str]:
    """The statuses of FHIR that every value of `status` admits."""
    sent = values.get("status", ())
    if not sent and not lenient:
        text = "status: found nothing, expected current, superseded or entered-in-error"
        raise Refusal([RegistryError(XdsErrorCode.STORED_QUERY_MISSING_PARAM, text, rule="FHIR-SEARCH")])
    wanted = {"current", "superseded"} if not sent else set(_STATUSES)
    for value in sent:
        wanted &= {token.code for token in read_tokens(value)}
    return frozenset(wanted)


def _registered(wanted: frozenset[str], *, archived: bool) -> tuple[AvailabilityStatus, ...]:
    """The same in the registry: an archived document is current, and found only by whoever asks for archived ones."""
    found = [status for name, statuses in _STATUSES.items() if name in wanted for status in statuses]
    return tuple(status for status in found if (status is AvailabilityStatus.ARCHIVED) == archived)


def _times(name: str, values: Values, faults: Faults) -> TimeRange:
    return faults.attempt(TimeRange(), time_range, name, values.get(name, ()))


def _exact(group: Iterable[Token]) -> tuple[Code, ...] | None:
    """The codes of a group whose tokens all have their system; None: some has not."""
    codes = [token.exact for token in group]
    named = tuple(code for code in codes if code is not None)
    return named if len(named) == len(codes) and named else None


def _one_of(attribute: str, group: tuple[Token, ...]) -> Keep:
    def keep(entry: DocumentEntry) -> bool:
        code = getattr(entry, attribute)
        return code is not None and any(token.meets(code) for token in group)

    return keep


def _some_of(attribute: str, group: tuple[Token, ...]) -> Keep:
    return lambda entry: any(token.meets(code) for code in getattr(entry, attribute) for token in group)


def _periods(values: Values, faults: Faults) -> Iterator[tuple[TimeRange, TimeRange]]:
    for value in values.get("period", ()):
        yield faults.attempt((TimeRange(), TimeRange()), period_range, "period", value)
    for value in values.get("period-start", ()):
        yield faults.attempt(TimeRange(), time_range, "period-start", (value,)), TimeRange()
    for value in values.get("period-end", ()):
        yield TimeRange(), faults.attempt(TimeRange(), time_range, "period-end", (value,))


def _within(ranges: Iterable[TimeRange]) -> TimeRange:
    found = TimeRange()
    for one in ranges:
        found = narrowed(found, one)
    return found


def _written_by(part: str, starts: tuple[str, ...]) -> Keep:
    return lambda entry: is_author(entry.authors, part, starts)


def _groups(values: Values, *names: str) -> tuple[tuple[Token, ...], ...]:
    return tuple(read_tokens(value) for name in names for value in values.get(name, ()))


def _refers_to(group: tuple[Token, ...]) -> Keep:
    def keep(entry: DocumentEntry) -> bool:
        return any(_is_reference(text, token) for text in entry.reference_ids for token in group)

    return keep


def _is_reference(text: str, token: Token) -> bool:
    try:
        found = ReferenceId.parse(text)
    except ValueError:
        return False
    authority = token.system.removeprefix(c.OID) if token.system not in (None, c.URI) else ""
    return found.identifier == token.code.removeprefix(c.OID) and authority in (
        found.authority,
        *found.authority.split("&"),
        "",
    )
