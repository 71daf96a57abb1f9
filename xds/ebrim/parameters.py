"""Parameters of one stored query: typed, each fault noted (ITI TF-2 §3.18.4.1.2.3)."""

from __future__ import annotations

import re
from collections.abc import Callable

from xds.ebrim.faults import Faults
from xds.ebrim.values import parse_values
from xds.errors import XdsErrorCode
from xds.messages import AdhocQueryRequest, ReturnType, TimeRange
from xds.metadata.codes import Code
from xds.metadata.datatypes import Cx, padded, parse_dtm, parse_uuid_urn
from xds.metadata.document_entry import ON_DEMAND, STABLE, AvailabilityStatus

_STATUSES = {str(status): status for status in AvailabilityStatus}
_BARE_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Parameters:
    """The slots of one query by name. A parameter that nobody asks for is ignored, as the standard wants."""

    __slots__ = ("_groups", "faults")

    def __init__(self, request: AdhocQueryRequest, faults: Faults) -> None:
        self.faults = faults
        self._groups: dict[str, list[tuple[str, ...]]] = {}
        for name, texts in request.slots:
            self._groups.setdefault(name, []).append(texts)

    def _parsed(self, name: str) -> list[tuple[str, ...]]:
        """One tuple of values for each slot of that name; slots without a value are left out."""
        groups = []
        for texts in self._groups.get(name, ()):
            values: list[str] = []
            for text in texts:
                try:
                    values.extend(parse_values(text))
                except ValueError as error:
                    self._fault(name, str(error), "a quoted value, or a list in parentheses")
            if values:
                groups.append(tuple(dict.fromkeys(values)))
        return groups

    def _fault(self, name: str, found: str, expected: str, code: XdsErrorCode = XdsErrorCode.REGISTRY) -> None:
        self.faults.add("QUERY", f"AdhocQuery/Slot[{name}]", found, expected, code)

    def has(self, name: str) -> bool:
        return name in self._groups

    def values(self, name: str) -> tuple[str, ...]:
        """The alternatives of a parameter that may not be repeated as a slot."""
        groups = self._parsed(name)
        if len(self._groups.get(name, ())) > 1:
            self._fault(name, f"{len(self._groups[name])} Slots", "one Slot", XdsErrorCode.STORED_QUERY_PARAM_NUMBER)
        return groups[0] if groups else ()

    def single(self, name: str) -> str | None:
        values = self.values(name)
        if len(values) > 1:
            self._fault(name, f"{len(values)} values", "one value", XdsErrorCode.STORED_QUERY_PARAM_NUMBER)
        return values[0] if values else None

    def missing(self, name: str, found: str = "nothing") -> None:
        self._fault(name, found, "a required parameter", XdsErrorCode.STORED_QUERY_MISSING_PARAM)

    def patient_id(self, name: str) -> str:
        value = self.single(name)
        if value is None:
            self.missing(name)
            return ""
        self._is(name, value, Cx.parse, "a patient id, id^^^&OID&ISO")
        return value

    def statuses(self, name: str) -> tuple[AvailabilityStatus, ...]:
        """Statuses known to us; others are ignored, and none left counts as missing (§3.18.4.1.2.3.6)."""
        statuses = tuple(_STATUSES[value] for value in self.values(name) if value in _STATUSES)
        if not statuses:
            self.missing(name, "no known status" if self.has(name) else "nothing")
        return statuses

    def codes(self, name: str) -> tuple[Code, ...]:
        return tuple(code for value in self.values(name) if (code := self._code(name, value)))

    def code_groups(self, name: str) -> tuple[tuple[Code, ...], ...]:
        """A parameter on a multi-valued attribute: alternatives in each slot, all slots to be met."""
        return tuple(
            tuple(code for value in group if (code := self._code(name, value))) for group in self._parsed(name)
        )

    def _code(self, name: str, value: str) -> Code | None:
        parts = value.split("^")
        if len(parts) != 3 or not parts[0] or parts[1] or not parts[2]:
            self._fault(name, value, "code^^codingScheme")
            return None
        return Code(parts[0], parts[2])

    def times(self, name: str) -> TimeRange:
        """The range of `nameFrom` (inclusive) and `nameTo` (exclusive), both brought to 14 digits."""
        return TimeRange(self._time(f"{name}From"), self._time(f"{name}To"))

    def _time(self, name: str) -> str | None:
        value = self.single(name)
        if value is None or not self._is(name, value, parse_dtm, "YYYY[MM[DD[hh[mm[ss]]]]] in UTC"):
            return None
        return padded(value)

    def object_types(self, name: str) -> tuple[str, ...]:
        """Stable entries only unless the query says otherwise."""
        values = self.values(name)
        for value in values:
            if value not in (STABLE, ON_DEMAND):
                self._fault(name, value, f"{STABLE} or {ON_DEMAND}")
        return values or (STABLE,)

    def uuids(self, name: str) -> tuple[str, ...]:
        """Entry UUIDs in lower case; the prefix `urn:uuid:` may be left out."""
        values = [f"urn:uuid:{value}" if _BARE_UUID.fullmatch(value) else value for value in self.values(name)]
        urns = dict.fromkeys(value.lower() for value in values)
        return tuple(urn for urn in urns if self._is(name, urn, parse_uuid_urn, "urn:uuid: and a UUID of RFC 4122"))

    def return_type(self, text: str) -> ReturnType:
        try:
            return ReturnType(text)
        except ValueError:
            expected = " or ".join(ReturnType)
            self.faults.add("QUERY", "ResponseOption/@returnType", text, expected, XdsErrorCode.REGISTRY)
            return ReturnType.LEAF_CLASS

    def _is(self, name: str, value: str, parse: Callable[[str], object], expected: str) -> bool:
        try:
            parse(value)
        except ValueError as error:
            self._fault(name, f"{value} ({error})", expected)
            return False
        return True
