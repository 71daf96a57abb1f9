"""Who may read a record: authorisations, blocks, the médecin traitant (DMP TD0.3)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import psycopg

from gateway.acts import Act
from gateway.administration.office import RecordsError, as_jsonb, doing, must_be_of_our_time
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, AuthorisationStatus
from xds.dmp.timers import authorisation_ends
from xds.dmp.traces import NoticeKind
from xds.registry.record_file import HeldAuthorisation

AUTHORISATION_DAYS = Parameters().authorisation_days
_Connection = psycopg.Connection[Any]


def authorise(
    connection: _Connection,
    patient_id: str,
    professional_id: str,
    *,
    until: datetime | None = None,
    days: int = AUTHORISATION_DAYS,
    medecin_traitant: bool = False,
    structure: bool = False,
    name: str = "",
    profession: str = "",
    structure_id: str = "",
    at: datetime | None = None,
) -> None:
    """Authorise a professional (PS_IdNat), or a structure (Struct_IdNat), to read a record, for `days` days or `until`.

    `medecin_traitant` makes him the médecin traitant of the record as well; without it he is not, or not any more.
    Raises RecordsError: no open record, or the patient blocked this professional (DMP TD0.3: then even a new
    authorisation is refused).
    """
    with doing(connection, patient_id, Act.AUTHORISE, at=at, reason=professional_id) as record:
        record.objects.append(professional_id)
        record.must_be_open()
        until = until or authorisation_ends(record.at, Parameters(authorisation_days=days))
        must_be_of_our_time(until)
        held = HeldAuthorisation(
            authorisation=Authorisation(
                professional_id=professional_id,
                status=AuthorisationStatus.VALIDE,
                valid_until=until,
                medecin_traitant=medecin_traitant,
            ),
            structure=structure,
            name=name,
            profession=profession,
            structure_id=structure_id,
        )
        if not record.call("keep_authorisation", record.at, as_jsonb(held.as_json())):
            raise RecordsError("the patient blocked this professional", "SBX_PROFESSIONAL_BLOCKED")


def block(connection: _Connection, patient_id: str, professional_id: str) -> None:
    """Block a professional at the patient's request (INTERDIT): he reads nothing, in no mode, and may still feed.

    Raises RecordsError: no open record, or he is blocked already.
    """
    with doing(connection, patient_id, Act.BLOCK, reason=professional_id) as record:
        record.objects.append(professional_id)
        record.must_be_open()
        row = connection.execute(
            "INSERT INTO ecluse.authorisations AS a (patient_key, professional_id, status, declared_at)"
            " VALUES (%s, %s, 'INTERDIT', %s) ON CONFLICT (patient_key, professional_id) DO UPDATE SET"
            " status = 'INTERDIT', valid_until = NULL, medecin_traitant = false, declared_at = excluded.declared_at"
            " WHERE a.status <> 'INTERDIT' RETURNING 1",
            (record.patient_key, professional_id, record.at),
        ).fetchone()
        if row is None:
            raise RecordsError("this professional is blocked already", "SBX_PROFESSIONAL_BLOCKED")
        record.tell(NoticeKind.PROFESSIONAL_BLOCKED, f"{professional_id} {record.request_id}")


def unblock(connection: _Connection, patient_id: str, professional_id: str) -> None:
    """Lift a block. The authorisation of before does not come back: the professional has to ask again (NON_EXISTE).

    Raises RecordsError: no open record, or he is not blocked.
    """
    with doing(connection, patient_id, Act.UNBLOCK, reason=professional_id) as record:
        record.objects.append(professional_id)
        record.must_be_open()
        row = connection.execute(
            "DELETE FROM ecluse.authorisations WHERE patient_key = %s AND professional_id = %s AND status = 'INTERDIT'"
            " RETURNING 1",
            (record.patient_key, professional_id),
        ).fetchone()
        if row is None:
            raise RecordsError("this professional is not blocked", "SBX_NO_AUTHORISATION")
        record.tell(NoticeKind.PROFESSIONAL_UNBLOCKED, f"{professional_id} {record.request_id}")


def revoke(connection: _Connection, patient_id: str, professional_id: str) -> None:
    """Remove an authorisation: the professional is NON_EXISTE again.

    Raises RecordsError: he has none, or he is blocked, which only `unblock` lifts.
    """
    with doing(connection, patient_id, Act.REVOKE, reason=professional_id) as record:
        record.objects.append(professional_id)
        record.must_be_open()
        if not record.call("forget_authorisation", professional_id):
            raise RecordsError("this professional has no authorisation on this record", "SBX_NO_AUTHORISATION")
