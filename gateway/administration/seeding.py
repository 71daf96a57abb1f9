"""Records described by a file, opened all or none: for demonstrations, tests and homologation worlds."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import orjson
import psycopg

from gateway.administration import holder, life, professionals
from gateway.administration.office import RecordsError
from gateway.administration.seed_form import check_form
from gateway.records import TEST_INS_OID, cx, open_record
from security.at_rest.record_keys import Kek
from xds.dmp.holder import Traits


def seed(connection: psycopg.Connection[Any], path: Path, *, kek: Kek) -> int:
    """Open the records that a TOML or JSON file describes, all or none; returns how many.

    The file holds `records`, a list of tables; docs/time.md names their keys. Raises RecordsError: another form, a key
    that is not known, or a record that exists already.
    """
    try:
        content = path.read_bytes()
        tree = orjson.loads(content) if path.suffix == ".json" else tomllib.loads(content.decode("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise RecordsError(f"{path.name} cannot be read: {_place(error)}") from error
    items = tree.get("records") if isinstance(tree, Mapping) else None
    if not isinstance(items, list):
        raise RecordsError(f"{path.name} has no list `records`")
    for number, item in enumerate(items, start=1):
        try:
            check_form(item)
        except ValueError as error:
            raise RecordsError(f"record {number} of {path.name} {error}") from None
    with connection.transaction():
        for number, item in enumerate(items, start=1):
            where = f"record {number} of {path.name}"
            try:
                seed_record(connection, item, kek=kek)
            except RecordsError as error:
                raise RecordsError(f"{where}: {error}") from error
            except ValueError as error:
                raise RecordsError(f"{where} has a value of a wrong form: {error}") from error
    return len(items)


def _place(error: Exception) -> str:
    """Where a file is wrong, when that is known: a line, without what stands there."""
    found = re.search(r"line \d+,? column \d+", str(error))
    return f"{type(error).__name__}{f', {found[0]}' if found else ''}"


def seed_record(connection: psycopg.Connection[Any], item: Mapping[str, Any], *, kek: Kek) -> str:
    """Open one record as a table of a seed file describes it; returns its CX.

    Raises RecordsError, as the acts do that it is made of; ValueError: an instant or a day that is none.
    """
    patient_id = cx(item["ins"], str(item.get("oid", TEST_INS_OID)))
    open_record(
        connection,
        patient_id,
        kek=kek,
        at=_time(item.get("opened_at")),
        attached_to_ens=bool(item.get("attached_to_ens", True)),
    )
    if item.keys() & {"birth_date", "traits", "email", "mobile", "notify_documents"}:
        holder.set_holder(
            connection,
            patient_id,
            traits=Traits.from_json(item["traits"]) if "traits" in item else None,
            birth_date=_day(item.get("birth_date")),
            email=item.get("email"),
            mobile=item.get("mobile"),
            notify_documents=item.get("notify_documents"),
        )
    if "protected" in item:
        holder.set_protection(connection, patient_id, on=bool(item["protected"]))
    for one in item.get("representatives", ()):
        holder.add_representative(
            connection,
            patient_id,
            relationship=one["relationship"],
            traits=Traits.from_json(one.get("traits", {})),
            email=one.get("email", ""),
            mobile=one.get("mobile", ""),
        )
    if item.keys() & {"etreat", "btg", "masked"}:
        holder.set_consents(
            connection, patient_id, etreat=item.get("etreat"), btg=item.get("btg"), masked=item.get("masked")
        )
    if "default_masking" in item:
        holder.set_default_masking(connection, patient_id, on=bool(item["default_masking"]))
    for key in ("authorise", "medecin_traitant"):
        for one in item.get(key, ()):
            _authorise(connection, patient_id, one, medecin_traitant=key == "medecin_traitant")
    for one in item.get("block", ()):
        professionals.block(connection, patient_id, str(one))
    _live(connection, patient_id, item)
    return patient_id


def _authorise(connection: psycopg.Connection[Any], patient_id: str, one: Any, *, medecin_traitant: bool) -> None:
    """A PS_IdNat, or a table with `id`, `until`, `name`, `profession`, `structure_id`."""
    said = one if isinstance(one, Mapping) else {"id": one}
    professionals.authorise(
        connection,
        patient_id,
        str(said["id"]),
        until=_time(said.get("until")),
        medecin_traitant=medecin_traitant,
        name=said.get("name", ""),
        profession=said.get("profession", ""),
        structure_id=said.get("structure_id", ""),
    )


def _live(connection: psycopg.Connection[Any], patient_id: str, item: Mapping[str, Any]) -> None:
    status, reason = item.get("status", "OPEN"), item.get("reason", "")
    if status not in ("OPEN", "CLOSED", "SUSPENDED"):
        raise RecordsError("the status of a record is OPEN, SUSPENDED or CLOSED")
    if status == "CLOSED":
        motive = item.get("motive", life.CLOSING)
        life.close_record(connection, patient_id, motive=motive, reason=reason, at=_time(item.get("closed_at")))
    elif status == "SUSPENDED":
        life.suspend_record(connection, patient_id, reason=reason)
    if (day := _day(item.get("deceased_on"))) is not None:
        life.record_death(connection, patient_id, day)
    if item.get("destruction_requested"):
        life.request_destruction(connection, patient_id)


def _time(said: Any) -> datetime | None:
    """An instant with its zone, as TOML has it or as ISO 8601 spells it."""
    if said is None:
        return None
    found = said if isinstance(said, datetime) else datetime.fromisoformat(said)
    if found.tzinfo is None:
        raise ValueError(f"an instant has a time zone: {said}")
    return found


def _day(said: Any) -> date | None:
    if said is None:
        return None
    if isinstance(said, datetime):
        return said.date()
    return said if isinstance(said, date) else date.fromisoformat(said)
