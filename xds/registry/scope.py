"""The one record that an answer may come from, and what the law shows of it to whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from xds.dmp import rights
from xds.dmp.access import effective
from xds.dmp.decision import Decision
from xds.dmp.entries import ReadableEntry
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import Requester

Sight = Callable[[ReadableEntry], bool]
Admits = Callable[[Record | None, Authorisation | None], Decision | None]


def _everybody(record: Record | None, authorisation: Authorisation | None) -> None:
    """No question is asked: nothing is decided."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A record and who looks at it, at an instant of ours. Without scope the whole registry answers, and shows all.

    `admits` says what was decided, or raises Refusal when the requester may not look at all. It is asked before
    anything is searched: how long a refusal takes must not tell how much the record holds.
    """

    patient_id: str
    requester: Requester
    now: datetime
    parameters: Parameters = field(default_factory=Parameters)
    admits: Admits = _everybody

    @property
    def holders(self) -> tuple[str, ...]:
        """Who may hold the authorisation that counts: the requester, and his structure (DMP rights sheet, note 1)."""
        return (self.requester.national_id, self.requester.structure_id or "")

    def effective(self, record: Record, authorisations: Sequence[Authorisation]) -> Authorisation | None:
        """The authorisation that counts among those found."""
        return effective(self.requester, authorisations, record.law_time(self.now))

    def sight(self, record: Record, authorisation: Authorisation | None) -> Sight:
        """Whether a document of the record is seen; what the law looks at is decided once for documents alike."""
        law_time = record.law_time(self.now)
        known: dict[Hashable, bool] = {}

        def sees(entry: ReadableEntry) -> bool:
            seen = (
                entry.type_code.code,
                entry.type_code.scheme,
                entry.class_code.code,
                entry.confidentiality_codes,
                entry.status,
                entry.author_person_ids,
                entry.author_structure_ids,
                entry.depositor_id,
            )
            verdict = known.get(seen)
            if verdict is None:
                verdict = rights.may_read(
                    self.requester, entry, record, authorisation, law_time, self.parameters
                ).allowed
                known[seen] = verdict
            return verdict

        return sees
