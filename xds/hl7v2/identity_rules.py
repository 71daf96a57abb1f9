"""The INS that a message gives (référentiel INS)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from xds.hl7v2.faults import Fault
from xds.hl7v2.findings import broken
from xds.hl7v2.identity_reading import read_id
from xds.hl7v2.segments import Segment, first
from xds.metadata.ins import has_form, has_key


def check_ins(segments: Sequence[Segment]) -> Iterable[Fault]:
    """H-28: every INS of PID-3 has its form and its key."""
    pid = first(segments, "PID")
    for number, one in enumerate(pid.repetitions(3) if pid is not None else (), 1):
        identifier = read_id(one)
        if identifier.is_ins and not (has_form(identifier.value) and has_key(identifier.value)):
            yield broken("H-28", f"PID^1^3^{number}^1")
