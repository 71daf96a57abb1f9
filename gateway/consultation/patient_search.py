"""TD0.5, a record is searched by traits in an emergency: the use case (DMP §7, mode centre_15)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from gateway.consultation.record_desk import RecordDesk
from gateway.gate import Caller
from security.audit.event import Outcome
from xds.dmp.holder import Traits
from xds.dmp.operations import Operation
from xds.dmp.rights import decide
from xds.registry.record_lists import Candidate, RecordLists

MOST: Final = 10
"""Records in an answer (DMP TD0.5)."""
LEAST: Final = 50
"""Percent below which a record is nobody's answer: who shares a day of birth with the one searched is not told."""
WEIGHTS: Final = {"family": 40, "given": 20, "born": 30, "gender": 4, "place": 6}
"""What each trait counts for in the percentage, of those that the question has. Ours: the DMP's are not public."""


@dataclass(frozen=True, slots=True)
class Match:
    """A record found, and how well it fits, in percent."""

    candidate: Candidate
    percentage: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientSearch:
    """(1) law  (2) candidates  (3) how well each fits, the best ten  (4) audit, a trace in each record found."""

    desk: RecordDesk
    lists: RecordLists

    def __call__(self, traits: Traits, caller: Caller) -> tuple[Match, ...]:
        """Search. Raises Refusal: no right to this, in this purpose."""
        operation = Operation.SEARCH_WITHOUT_INS
        decision = decide(operation, caller.requester, None, None, caller.now, parameters=self.desk.parameters)
        decision.or_refuse()  # (1)
        candidates = self.lists.by_traits(traits)  # (2)
        matches = (match for match in self._matches(traits, candidates) if match.percentage >= LEAST)
        found = sorted(matches, key=lambda match: -match.percentage)[:MOST]  # (3)
        witness = self.desk.witness
        traces = [
            witness.trace(
                operation, Outcome.SUCCESS, caller, patient_id=match.candidate.patient_id, rule=decision.rule.value
            ).as_json()
            for match in found
        ]
        event = witness.access("TD0.5", Outcome.SUCCESS, caller, patient_id="", objects=())
        self.desk.audit.append(event, ",".join(traces))  # (4)
        return tuple(found)

    def _matches(self, asked: Traits, candidates: Sequence[Candidate]) -> list[Match]:
        names = [asked.family, " ".join(asked.given[:1])]
        for one in candidates:
            names += [one.traits.family, one.traits.used_family, " ".join(one.traits.given[:1])]
        compared = self.lists.compared(names)
        family, given, rest = compared[0], compared[1], compared[2:]
        return [
            Match(one, percentage(asked, one.traits, (family, given), (rest[3 * rank : 3 * rank + 3])))
            for rank, one in enumerate(candidates)
        ]


def percentage(asked: Traits, found: Traits, names: Sequence[str], known: Sequence[str]) -> int:
    """How well traits fit, of those that were asked, in percent; names come as they are compared."""
    family, given = names
    says = {
        "family": (family, family in known[:2]),
        "given": (given, given == known[2]),
        "born": (asked.birth_date, asked.birth_date == found.birth_date),
        "gender": (asked.gender, asked.gender == found.gender),
        "place": (asked.address.postal_code, asked.address.postal_code == found.address.postal_code),
    }
    weight = sum(WEIGHTS[name] for name, (value, _) in says.items() if value)
    fits = sum(WEIGHTS[name] for name, (value, same) in says.items() if value and same)
    return round(100 * fits / weight) if weight else 0
