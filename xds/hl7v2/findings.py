"""A broken rule as a fault: condition, severity and words come from its row."""

from __future__ import annotations

from profiles.hl7v2.tables import rules
from xds.hl7v2.faults import CIRCUMSTANCES, Condition, Fault, Severity

_LONGEST_SHOWN = 100


def broken(
    rule: str,
    location: str,
    *,
    found: str | None = None,
    expected: str | None = None,
    condition: Condition | None = None,
    severity: Severity | None = None,
) -> Fault:
    """The fault of a rule at one place. `condition` and `severity` are those of the row where none is given."""
    row = rules()[rule]
    found = _shown(found)
    told = [f"{word} {value}" for word, value in (("found", found), ("expected", expected)) if value is not None]
    asked = condition or Condition(row.condition)
    return Fault(
        condition=asked,
        location=location,
        text=f"broken rule: {row.message_en}" + (f" ({', '.join(told)})" if told else ""),
        rule=rule,
        severity=severity or Severity(row.severity),
        rejects=asked in CIRCUMSTANCES,
        found=found,
        expected=expected,
    )


def _shown(value: str | None) -> str | None:
    """What was found, as a text for one line."""
    if value is None:
        return None
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST_SHOWN else f"{line[:_LONGEST_SHOWN]}…"
