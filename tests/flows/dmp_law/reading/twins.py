"""A record and its twins: for each reader the same rows without what he may not see.

The record is made through the doors: masked at its deposit, masked later, of a forbidden type, archived, deleted,
replaced, in lots of their own and in lots of others. Its twin is the same rows without what the reader may not see, and
without what only that left behind.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from samples.changes import archive, change_lot, mask, unmask
from samples.documents.vsm import vsm
from samples.submission import MASQUE_PS
from samples.xds.submission import XdsSubmission
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry

from .conftest import (
    ARCHIVED,
    AUTHOR,
    DELETED,
    DEPRECATED,
    DOCTOR,
    EMERGENCY,
    NURSE,
    OCCUPATIONAL,
    TREATING,
    File,
    House,
    someone,
)

CLASSES, LOINC = "1.2.250.1.213.1.1.4.1", "2.16.840.1.113883.6.1"
PSYCHIATRY = (Code("11", CLASSES, "Synthèse"), Code("68599-0", LOINC, "Synthèse psychiatrique"))
"""Which a nurse may not read."""
PHYSICIAN = "an occupational physician"
READERS: dict[str, tuple[str, dict[str, str]]] = {
    "a doctor": (DOCTOR, {}),
    "a nurse": (NURSE, {}),
    "a doctor in an emergency": (DOCTOR, EMERGENCY),
    PHYSICIAN: (OCCUPATIONAL, {}),
}
TABLES = ("submission_sets", "document_entries", "associations")


@dataclass(frozen=True)
class World:
    """The full record, and for each reader a twin without what he may not see. `hidden` are uniqueIds, by reader."""

    full: File
    twins: dict[str, File]
    hidden: dict[str, frozenset[str]]
    unique_ids: tuple[str, ...]
    uuids: tuple[str, ...]
    entries: dict[str, DocumentEntry]
    former: str
    """An entryUUID that everybody saw, before its document was masked."""


def change(file: File, who: str, order: Callable[[XdsSubmission], XdsSubmission]) -> None:
    lot = change_lot(signer=file.house.credential(f"{who}.sign"), patient_id=file.cx, now=datetime.now(UTC))
    answer = file.at(who).update(order(lot))
    assert answer.succeeded, answer.errors


def lived(file: File) -> dict[str, str]:
    """What happened in the record; its documents by name."""
    name: dict[str, str] = {}
    name["plain"], name["in one lot with a masked one"], name["masked in one lot with others"] = file.documents(
        {}, {}, {}
    )
    name["psychiatry"], name["archived"], name["archived and masked"] = file.documents(
        {"kind": PSYCHIATRY}, {"status": ARCHIVED}, {"status": ARCHIVED, "confidentiality": ("MASQUE_PS",)}
    )
    (name["masked when deposited"],) = file.deposit(file.lot([vsm(file.patient)], confidentiality=[MASQUE_PS]))
    for which in ("masked later", "masked twice", "archived, then masked", "unmasked"):
        (name[which],) = file.documents({})
    (name["deleted and masked"],) = file.documents({"status": DELETED, "confidentiality": ("MASQUE_PS",)})
    (name["invisible"],) = file.documents({"confidentiality": ("INVISIBLE_PATIENT",)})
    (old,) = file.deposit(file.lot([vsm(file.patient)], confidentiality=[MASQUE_PS]))
    name["replaced"] = old
    (name["that replaces"],) = file.deposit(
        file.lot(
            [vsm(file.patient, replaces=old, version=2)],
            confidentiality=[MASQUE_PS],
            replaces={0: file.now(old).entry_uuid},
        )
    )
    (former,) = file.documents({})
    name["replaced, then masked"] = former
    (name["that replaces what is masked"],) = file.deposit(
        file.lot([vsm(file.patient, replaces=former, version=2)], replaces={0: file.now(former).entry_uuid})
    )
    file.become(former, status=DEPRECATED, confidentiality=("MASQUE_PS",))
    for which in ("masked in one lot with others", "masked later", "masked twice", "unmasked"):
        change(file, AUTHOR, lambda lot, one=name[which]: mask(lot, file.now(one)))
    for which in ("masked twice", "unmasked"):
        change(file, AUTHOR, lambda lot, one=name[which]: unmask(lot, file.now(one)))
    change(file, AUTHOR, lambda lot: mask(lot, file.now(name["masked twice"])))
    target = file.now(name["archived, then masked"])
    change(file, AUTHOR, lambda lot: archive(lot, target.entry_uuid))
    file.become(name["archived, then masked"], status=ARCHIVED, confidentiality=("MASQUE_PS",))
    return name


MASKED = (
    "masked in one lot with others", "archived and masked", "masked when deposited", "masked later", "masked twice",
    "archived, then masked", "deleted and masked", "replaced", "that replaces", "replaced, then masked",
)  # fmt: skip


def twin(full: File, hidden: Iterable[str], *authorised: str, current_only: bool = False) -> File:
    """The same rows without some documents, the lots that held nothing else, and associations that lead to neither."""
    file = File(full.house, someone()).open(*authorised)
    entries = _of_record(full, "entry_uuid, unique_id, status, codes::text LIKE '%%E1762%%'", "document_entries")
    links = _of_record(full, "source, target, entry_uuid", "associations")
    signatures = {one for one, _, _, is_signature in entries if is_signature}
    gone = {one for one, unique_id, _, _ in entries if unique_id in hidden}
    if current_only:
        gone |= {one for one, _, status, _ in entries if status != "APPROVED"}
    for (lot,) in _of_record(full, "entry_uuid", "submission_sets"):
        held = {target for source, target, _ in links if source == lot}
        if held - signatures <= gone:
            gone |= {lot, *(held & signatures)}
    gone |= {link for source, target, link in links if {source, target} & gone}
    for table in TABLES:
        columns = full.rows(
            "SELECT string_agg(column_name, ', ') FROM information_schema.columns WHERE table_schema = 'ecluse'"
            " AND table_name = %s AND column_name <> 'patient_key' AND is_generated = 'NEVER'",
            table,
        )[0][0]
        copied = (
            f"INSERT INTO ecluse.{table} (patient_key, {columns}) SELECT p.patient_key, {columns} FROM ecluse.{table} t"  # noqa: S608
            " JOIN ecluse.patients f ON f.patient_key = t.patient_key AND f.patient_id = %s, ecluse.patients p"
            " WHERE p.patient_id = %s AND NOT t.entry_uuid = ANY (%s)"
        )
        full.run(copied, full.cx, file.cx, list(gone))
    return file


def _of_record(file: File, columns: str, table: str) -> list[tuple[Any, ...]]:
    query = f"SELECT {columns} FROM ecluse.{table} JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s"  # noqa: S608
    return file.rows(query, file.cx)


def world_of(house: House) -> World:
    """The full record in a house, and its twins."""
    people = (AUTHOR, NURSE, DOCTOR, OCCUPATIONAL)
    full = File(house, someone()).open(*people, treating=TREATING)
    name = lived(full)
    masked = frozenset(name[one] for one in MASKED)
    special = {name[one] for one in ("archived", "invisible")}
    hidden = {
        "a doctor": masked,
        "a nurse": masked | {name["psychiatry"]},
        "a doctor in an emergency": masked,
        PHYSICIAN: masked | special,  # and what is not current
    }
    uuids = [f"urn:uuid:{one}" for table in TABLES for (one,) in _of_record(full, "entry_uuid", table)]
    ((former,),) = full.rows(
        "SELECT 'urn:uuid:' || entry_uuid FROM ecluse.document_entries WHERE unique_id = %s AND version = 1",
        name["masked later"],
    )
    return World(
        full=full,
        twins={reader: twin(full, gone, *people, current_only=reader == PHYSICIAN) for reader, gone in hidden.items()},
        hidden=hidden,
        unique_ids=tuple(name.values()),
        uuids=tuple(uuids),
        entries={unique_id: full.now(unique_id) for unique_id in name.values()},
        former=former,
    )
