"""What a message declares of a holder: facts that are written, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from gateway.wire.dmp_registration import Registration
from xds.dmp.consents import of_oppositions, opening_fault, reactivation_fault
from xds.dmp.minority import representation_fault
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record
from xds.errors import RegistryError, XdsErrorCode, disagreement
from xds.metadata import ins
from xds.registry.record_file import Facts


@dataclass(frozen=True, slots=True)
class Examination:
    """Looks at what is declared, at a law time."""

    now: datetime
    parameters: Parameters

    def of_creation(self, request: Registration, authorities: frozenset[str]) -> Iterator[RegistryError]:
        """What is wrong with a new record: consent, INS, who represents a minor (DMP D-011, §2.3).

        `authorities` are the OIDs whose INS this house takes.
        """
        born = request.holder.traits.born if request.holder is not None else None
        found = (
            opening_fault(request.answers),
            ins_fault(request.patient_id, authorities),
            self._representation(born, len(request.representatives)),
        )
        yield from (fault for fault in found if fault is not None)

    def of_reactivation(self, request: Registration, record: Record) -> Iterator[RegistryError]:
        """What is wrong with a record that is opened again: consent, and what is declared with it (DMP D-012)."""
        missing = reactivation_fault(request.answers)
        if missing is not None:
            yield missing
        yield from self.of_change(request, record)

    def of_change(self, request: Registration, record: Record) -> Iterator[RegistryError]:
        """What is wrong with the representatives of a holder; a message without any leaves those there are."""
        if request.representatives:
            declared = request.holder.traits.born if request.holder is not None else None
            born = declared or record.birth_date
            fault = self._representation(born, len(request.representatives), protected=record.protected)
            if fault is not None:
                yield fault

    def _representation(
        self, born: date | None, representatives: int, *, protected: bool = False
    ) -> RegistryError | None:
        return representation_fault(born, representatives, self.now, self.parameters, protected=protected)


def facts_of(request: Registration, record: Record | None = None) -> Facts:
    """What a message declares; what it does not speak of stays as it is in the record."""
    holder = request.holder
    return Facts(
        traits=holder.traits if holder is not None else None,
        email=holder.email or None if holder is not None else None,
        mobile=holder.mobile or None if holder is not None else None,
        representatives=request.representatives or None,
        emergency=of_oppositions(request.answers, record.emergency if record is not None else None),
    )


def ins_fault(patient_id: str, authorities: frozenset[str]) -> RegistryError | None:
    """What keeps a patient (CX) from having a qualified INS: its authority, its form, its key (DMP D-011)."""
    parts = patient_id.split("^")
    authority = parts[3].split("&")[1] if len(parts) > 3 and "&" in parts[3] else ""
    code = XdsErrorCode.SBX_INS_NOT_QUALIFIED
    if authority not in authorities:
        return disagreement("D-011", "patient/id/@root", authority, " or ".join(sorted(authorities)), code)
    if not ins.has_form(parts[0]):
        return disagreement("D-011", "patient/id/@extension", f"{len(parts[0])} characters", "an INS of 15", code)
    if not ins.has_key(parts[0]):
        return disagreement("D-011", "patient/id/@extension", "another key", "the key of the INS", code)
    return None
