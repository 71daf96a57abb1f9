"""The pass table of a conformance statement, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from conformance.scenarios.model import Result
from conformance.scenarios.xds.catalogue import NOT_REPLAYED

START, END = "<!-- scenarios:begin -->", "<!-- scenarios:end -->"


def markdown(results: Sequence[Result]) -> str:
    """Tell what passed, by actor and transaction, then what of the toolkit was not replayed, and why."""
    passed = sum(result.passed for result in results)
    replayed = {test for result in results if result.passed for test in result.scenario.tests}
    lines = [
        f"{passed} of {len(results)} scenarios pass; they replay {len(replayed)} tests of the NIST XDS toolkit.",
        "",
    ]
    for actor, transaction in dict.fromkeys((item.scenario.actor, item.scenario.transaction) for item in results):
        rows = [item for item in results if (item.scenario.actor, item.scenario.transaction) == (actor, transaction)]
        lines += [f"### {actor}, {transaction}: {sum(row.passed for row in rows)} of {len(rows)}", ""]
        lines += _table(
            ("scenario", "", "toolkit", "passes"),
            ((row.scenario.id, row.scenario.title, ", ".join(row.scenario.tests), _told(row)) for row in rows),
        )
    lines += ["### Tests of the toolkit that are not replayed", ""]
    lines += _table(("tests", "why"), ((tests.replace("*", "\\*"), reason) for tests, reason in NOT_REPLAYED))
    return "\n".join(lines).rstrip() + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    body = [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *body, ""]


def _told(result: Result) -> str:
    step = result.failure
    return "yes" if step is None else f"no: {step.title}"
