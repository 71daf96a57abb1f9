"""Parameters of one stored query: typed, each fault noted (ITI TF-2 §3.18.4.1.2.3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import Any

from xds.ebrim.faults import Faults
from xds.ebrim.values import parse_values
from xds.errors import XdsErrorCode
from xds.messages import AdhocQueryRequest
from xds.metadata.codes import Code
from xds.metadata.datatypes import Cx, padded, parse_dtm, parse_uuid_urn
from xds.metadata.document_entry import ON_DEMAND, STABLE, AvailabilityStatus
from xds.queries import ReturnType, TimeRange

_PATIENT_ID = "a patient id, id^^^&OID&ISO"
_UUID = "urn:uuid: and a UUID of RFC 4122"
_STATUSES = {str(status): status for status in AvailabilityStatus}
_BARE_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Parameters:
    """The slots of one query by name. A parameter that nobody asks for is ignored, as the standard wants."""

    __slots__ = ("_groups", "_return_type", "faults")

    def __init__(self, request: AdhocQueryRequest, faults: Faults) -> None:
        self.faults = faults
        self._return_type = request.return_type
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
        """Whether the parameter came with a value."""
        return any(self._groups.get(name, ()))

    def values(self, name: str, *, single: bool = False) -> tuple[str, ...]:
        """The alternatives of a parameter whose Slot may not be repeated; only one of them if `single`."""
        if name not in self._groups:
            return ()
        groups = self._parsed(name)
        if len(self._groups[name]) > 1:
            self._fault(name, f"{len(self._groups[name])} Slots", "one Slot", XdsErrorCode.STORED_QUERY_PARAM_NUMBER)
        values = groups[0] if groups else ()
        if single and len(values) > 1:
            self._fault(name, f"{len(values)} values", "one value", XdsErrorCode.STORED_QUERY_PARAM_NUMBER)
        return values

    def groups(self, name: str) -> tuple[tuple[str, ...], ...]:
        """A parameter on a multi-valued attribute: alternatives in each Slot, all Slots to be met."""
        return tuple(self._parsed(name))

    def single(self, name: str) -> str | None:
        values = self.values(name, single=True)
        return values[0] if values else None

    def missing(self, name: str, found: str = "nothing") -> None:
        self._fault(name, found, "a required parameter", XdsErrorCode.STORED_QUERY_MISSING_PARAM)

    def patient_id(self, name: str) -> str:
        value = self.single(name)
        if value is None:
            self.missing(name)
            return ""
        self._is(name, value, Cx.parse, _PATIENT_ID)
        return value

    def patient_ids(self, name: str) -> tuple[str, ...]:
        return tuple(value for value in self.values(name) if self._is(name, value, Cx.parse, _PATIENT_ID))

    def at_least_one(self, names: tuple[str, ...]) -> None:
        """Note a fault when none of these parameters came."""
        if not any(map(self.has, names)):
            self.missing(" or ".join(names))

    def statuses(self, name: str) -> tuple[AvailabilityStatus, ...]:
        """Statuses known to us; others are ignored, and none left counts as missing (§3.18.4.1.2.3.6)."""
        statuses = tuple(_STATUSES[value] for value in self.values(name) if value in _STATUSES)
        if not statuses:
            self.missing(name, "no known status" if self.has(name) else "nothing")
        return statuses

    def association_statuses(self) -> tuple[AvailabilityStatus, ...]:
        """Of the optional `$XDSAssociationStatus`: Approved unless it names others that are known (ITI TF-2 §3.57)."""
        values = self.values("$XDSAssociationStatus")
        return tuple(_STATUSES[value] for value in values if value in _STATUSES) or (AvailabilityStatus.APPROVED,)

    def metadata_level(self) -> int:
        """`$MetadataLevel`, 1 or 2; 1 when it is left out (ITI TF-2 §3.57)."""
        value = self.single("$MetadataLevel") or "1"
        if value not in ("1", "2"):
            self._fault("$MetadataLevel", value, "1 or 2")
            return 1
        return int(value)

    def codes(self, name: str) -> tuple[Code, ...]:
        return tuple(code for value in self.values(name) if (code := self._code(name, value)))

    def code_groups(self, name: str) -> tuple[tuple[Code, ...], ...]:
        """`groups` of codes."""
        return tuple(tuple(code for value in group if (code := self._code(name, value))) for group in self.groups(name))

    def among(self, name: str, known: Collection[str]) -> tuple[str, ...]:
        """Values of a list of ours; another one is a fault."""
        values = self.values(name)
        for value in values:
            if value not in known:
                self._fault(name, value, f"one of {', '.join(known)}")
        return tuple(value for value in values if value in known)

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

    def uuids(self, name: str, *, single: bool = False) -> tuple[str, ...]:
        """Entry UUIDs in lower case; the prefix `urn:uuid:` may be left out."""
        values = [
            f"urn:uuid:{value}" if _BARE_UUID.fullmatch(value) else value for value in self.values(name, single=single)
        ]
        read = (value.lower() for value in values if self._is(name, value, _parse_uuid, _UUID))
        return tuple(dict.fromkeys(read))

    def required_uuids(self, name: str) -> tuple[str, ...]:
        if not self.has(name):
            self.missing(name)
        return self.uuids(name)

    def ids(self, prefix: str, *, single: bool = False, logical: bool = False) -> dict[str, Any]:
        """The id parameters of a kind of object: exactly one of them, and one value if `single`.

        Keys are the fields of `ById`, values tuples of texts. Without `logical` the query takes no logicalID.
        """
        names = {"entry_uuids": f"{prefix}EntryUUID", "unique_ids": f"{prefix}UniqueId"}
        if logical:
            names["logical_ids"] = f"{prefix}LogicalID"
        given = {key: name for key, name in names.items() if self.has(name)}
        if not given:
            self.missing(" or ".join(names.values()))
        elif len(given) > 1:
            self.faults.add(
                "QUERY",
                "AdhocQuery",
                " and ".join(given.values()),
                f"one of the {'three' if logical else 'two'}",
                XdsErrorCode.STORED_QUERY_PARAM_NUMBER,
            )
        return {
            key: self.values(name, single=single) if key == "unique_ids" else self.uuids(name, single=single)
            for key, name in given.items()
        }

    def return_type(self) -> ReturnType:
        text = self._return_type
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


def _parse_uuid(text: str) -> str:
    return parse_uuid_urn(text.lower())
