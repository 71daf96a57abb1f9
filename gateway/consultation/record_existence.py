"""TD0.2, is there a record and may I read it; TD1.3a, its administrative data: the use case."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gateway.consultation.record_desk import Case, RecordDesk
from gateway.gate import Caller
from xds.dmp.access import as_it_stands
from xds.dmp.columns import is_medecin_traitant
from xds.dmp.operations import Operation
from xds.registry.record_file import RecordFile

NOT_DECLARED: Final = "NON_EXISTE"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the caller may be told of a record: its file, and where he stands (DMP TD0.2).

    `valid_until` is when his authorisation ends or ended, law time.
    """

    file: RecordFile
    authorisation: str
    medecin_traitant: bool
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordExistence:
    """(1) patient of the assertion, file, law  (2) trace, audit  (3) where the caller stands; None: no record."""

    desk: RecordDesk

    def __call__(self, operation: Operation, patient_id: str, caller: Caller) -> Standing | None:
        """Answer. Raises Refusal: another patient, a record that is suspended, no right to this."""
        case = self.desk.open(operation, patient_id, caller)  # (1)
        self.desk.tell(operation.transaction, operation, caller, case)  # (2)
        return standing(case, caller) if case.file.record is not None else None  # (3)


def standing(case: Case, caller: Caller) -> Standing:
    """Where the caller stands: NON_EXISTE, VALIDE, EXPIRE or INTERDIT at the time of the law."""
    now = case.file.law_time(caller.now)
    found = as_it_stands(case.authorisation, now) if case.authorisation is not None else None
    return Standing(
        file=case.file,
        authorisation=str(found.status) if found is not None else NOT_DECLARED,
        medecin_traitant=is_medecin_traitant(caller.requester, found, now),
        valid_until=found.valid_until if found is not None else None,
    )
