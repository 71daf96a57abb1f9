"""The faults of one message, gathered while it is read: one answer tells them all (ITI TF-3 §4.2.4)."""

from __future__ import annotations

from xds.errors import RegistryError, XdsErrorCode, disagreement


class Faults:
    """The faults of one message, in the order found."""

    __slots__ = ("found",)

    def __init__(self) -> None:
        self.found: list[RegistryError] = []

    def add(
        self,
        rule: str,
        location: str,
        found: str,
        expected: str,
        code: XdsErrorCode = XdsErrorCode.REGISTRY_METADATA,
    ) -> None:
        self.found.append(disagreement(rule, location, found, expected, code))
