"""What is noted while a resource is read: faults, and deviations that a door may let pass (IHE MHD 4.2.4)."""

from __future__ import annotations

from dataclasses import replace

from xds.errors import RegistryError, Severity, XdsErrorCode, disagreement


class Notes:
    """The faults and the deviations of one message, each in the order found; locations are FHIRPaths.

    A fault always refuses. A deviation is a row of `profiles.fhir.deviations`: it refuses where the door is strict, and
    is told as a warning where it is lenient, after what the row says was done about it.
    """

    __slots__ = ("deviations", "faults")

    def __init__(self) -> None:
        self.faults: list[RegistryError] = []
        self.deviations: list[RegistryError] = []

    def fault(
        self,
        rule: str,
        path: str,
        found: str,
        expected: str,
        code: XdsErrorCode = XdsErrorCode.REGISTRY_METADATA,
    ) -> None:
        """Note what is wrong."""
        self.faults.append(disagreement(rule, path, found, expected, code))

    def deviation(self, identifier: str, path: str, found: str, expected: str) -> None:
        """Note what is not as the profile has it. `identifier` is that of a row."""
        self.deviations.append(disagreement(identifier, path, found, expected))

    def warnings(self) -> tuple[RegistryError, ...]:
        """The deviations as a lenient door tells them."""
        return tuple(replace(one, severity=Severity.WARNING) for one in self.deviations)
