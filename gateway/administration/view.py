"""Everything the law knows of one record, for whoever administers it: no document, no trace, no secret."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import psycopg

from gateway.administration.office import RecordsError
from xds.errors import XdsErrorCode
from xds.registry.identifiers import canonical_patient_id

_RECORD = (
    "SELECT r.patient_key, p.patient_id, r.status, r.opened_at, r.closed_at, r.closing_motive, r.closing_reason,"
    " r.suspended_at, r.deceased_on, r.destruction_requested_at, r.attached_to_ens, r.birth_date, r.protected,"
    " r.etreat, r.btg, r.masked, r.default_masking, r.revision,"
    " (SELECT count(DISTINCT e.unique_id) FROM ecluse.document_entries e WHERE e.patient_key = r.patient_key)"
    " AS documents,"
    " (SELECT count(*) FROM ecluse.traces t WHERE t.patient_key = r.patient_key) AS traces,"
    " (SELECT count(*) FROM ecluse.outbox o WHERE o.patient_key = r.patient_key AND o.done_at IS NULL)"
    " AS notices_waiting,"
    " EXISTS (SELECT FROM ecluse.patient_accounts c WHERE c.patient_key = r.patient_key) AS internet_account"
    " FROM ecluse.patients p JOIN ecluse.records r USING (patient_key) WHERE p.patient_id = %s AND r.status <> 'MERGED'"
)
_PARTS = {
    "holder": "SELECT traits, email, mobile, notify_documents FROM ecluse.holders WHERE patient_key = %s",
    "representatives": "SELECT representative_id, relationship, traits, email, mobile"
    " FROM ecluse.legal_representatives WHERE patient_key = %s ORDER BY relationship, representative_id",
    "authorisations": "SELECT professional_id, status, valid_until, declared_at, holder_kind, medecin_traitant,"
    " holder_name, profession, structure_id, last_access_at FROM ecluse.authorisations WHERE patient_key = %s"
    " ORDER BY professional_id",
    "former_openings": "SELECT opened_at, closed_at, closing_motive, closing_reason FROM ecluse.openings"
    " WHERE patient_key = %s ORDER BY opened_at",
    "former_identifiers": "SELECT patient_id, until FROM ecluse.former_identifiers"
    " WHERE patient_key = %s ORDER BY until",
}


def show_record(connection: psycopg.Connection[Any], patient_id: str) -> dict[str, Any]:
    """The record of a patient (CX) as plain data: texts, numbers, lists; times are ISO 8601, UTC.

    Raises RecordsError: no record.
    """
    with connection.transaction():
        found = _rows(connection, _RECORD, canonical_patient_id(patient_id))
        if not found:
            raise RecordsError("this patient has no record", XdsErrorCode.UNKNOWN_PATIENT_ID)
        record = found[0]
        key = record["patient_key"]
        for name, query in _PARTS.items():
            record[name] = _rows(connection, query, key)
    record["holder"] = next(iter(record["holder"]), None)
    return record


def _rows(connection: psycopg.Connection[Any], query: str, key: str) -> list[dict[str, Any]]:
    cursor = connection.execute(query.encode(), (key,))
    names = [column.name for column in cursor.description or ()]
    return [{name: _plain(value) for name, value in zip(names, row, strict=True)} for row in cursor]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return value if value is None or isinstance(value, bool | int | dict | list | str) else str(value)
