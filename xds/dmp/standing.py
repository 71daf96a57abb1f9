"""Step 5: does the record exist, and is it in a state for this operation? (DMP TD0.2, TD1.1 to TD1.5; CSP R1111-36)."""

from __future__ import annotations

from xds.dmp.decision import Rule
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record, RecordStatus

OF_NO_RECORD = frozenset((Operation.AUTHENTICATION, Operation.MY_RECORDS, Operation.SEARCH_WITHOUT_INS))
"""Operations that concern no record in particular."""

_DETACHED_ONLY = frozenset((Operation.CHANGE_ADMINISTRATIVE, Operation.CLOSE, Operation.PATIENT_ACCESS))


def record_fault(operation: Operation, record: Record | None, parameters: Parameters) -> Rule | None:
    """What is wrong with the record for this operation; None when nothing is.

    Its existence is told of every record but a suspended one. A merged record is that of an identifier that is gone.
    """
    if operation in OF_NO_RECORD:
        return None
    if operation is Operation.CREATE and parameters.regime == "mes2022":
        return Rule.REGIME
    if record is None or record.status is RecordStatus.MERGED:
        return None if operation in {Operation.CREATE, Operation.EXISTENCE} else Rule.RECORD_UNKNOWN
    return Rule.RECORD_FOUND if operation is Operation.CREATE else _state_fault(operation, record)


def _state_fault(operation: Operation, record: Record) -> Rule | None:
    if record.status is RecordStatus.SUSPENDED:
        return Rule.RECORD_SUSPENDED
    if record.status is RecordStatus.CLOSED:
        return None if operation in {Operation.REACTIVATE, Operation.EXISTENCE} else Rule.RECORD_CLOSED
    if operation is Operation.REACTIVATE:
        return Rule.RECORD_OPEN
    attached = operation in _DETACHED_ONLY and record.attached_to_ens
    return Rule.ATTACHED_TO_ENS if attached else None
