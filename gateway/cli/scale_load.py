"""A registry filled by COPY with patients who do not exist, as quickly as the server takes rows.

Two submissions are registered by the real writer, copied out of the tables and removed; every patient then has them,
again and again, under other ids. Eight documents of every patient are of one type, so that a search for it answers as
many, whatever else the record holds.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg import sql

from gateway import records
from gateway.cli.scale_lot import DOCUMENTS, SampleLot, make_lot, register
from gateway.cli.scale_template import PATIENT_TABLES, SUBMISSION_TABLES, Template, copy_in, copy_out, part_ids
from gateway.database.pool import open_pool
from samples.documents.patients import CLAIRE, ins_key
from security.at_rest.record_keys import Kek
from xds.metadata.codes import Code

PROFESSIONAL: Final = "810000000001"
"""PS_IdNat of who may read every record."""
SEARCHED: Final = Code("SYNTH", "1.2.250.1.213.1.1.4.12", "Synthèse")
ANSWERED: Final = 8
"""Documents of each patient whose typeCode is SEARCHED."""
SMALL, LARGE = 20, 200
"""Documents of a record; one in fifty is large."""
_OTHER = Code("11502-2", "2.16.840.1.113883.6.1", "Biologie")
_BATCH = 50
"""Patients of one transaction. What they deposited lies mingled in the tables, as if they had come by turns."""
_SEED = 41


class Load:
    """Fills a registry that is empty, step by step. `count` is the number of documents loaded so far."""

    def __init__(self, owner_url: str, kek: Kek) -> None:
        self.count = 0
        self.patients = 0
        self._owner_url = owner_url
        self._random = random.Random(_SEED)  # noqa: S311 - ids of nobody, the same on every run
        with (
            psycopg.connect(owner_url, autocommit=True) as owner,
            closing(open_pool(owner_url, size=1)) as pool,
        ):
            record = records.open_record(owner, CLAIRE.cx, kek=kek)
            records.authorise(owner, CLAIRE.cx, PROFESSIONAL)
            self._of_patient = (record.patient_key.bytes, record.key_id.bytes, CLAIRE.ins.encode())
            self._lots = []
            for type_code in (SEARCHED, _OTHER):
                lot = make_lot(type_code, self._uuid, self._oid, self._random.randbytes)
                register(pool, record, lot)
                self._lots.append(_Lot(lot, _taken(owner, SUBMISSION_TABLES, record.patient_key), self._of_patient))
            for table in _ABOUT_THE_OPENING:
                owner.execute(_DELETE.format(sql.Identifier(table)), (record.patient_key,))
            content = _taken(owner, PATIENT_TABLES, record.patient_key)
            self._patient = {table: Template(rows, self._of_patient) for table, rows in content.items()}

    def grow(self, size: int, told: Callable[[int], object]) -> None:
        """Load until there are `size` documents, or as many more as complete a record; `told` hears how many there are.

        The statistics are then up to date, and the tables clean.
        """
        with psycopg.connect(self._owner_url, autocommit=True) as owner:
            owner.execute("SET synchronous_commit = off")  # what a crash would lose is loaded again
            while self.count < size:
                with owner.transaction():
                    self._batch(owner, size)
                told(self.count)
            for table in _TABLES:
                owner.execute(sql.SQL("VACUUM (ANALYZE) ecluse.{}").format(sql.Identifier(table)))

    @staticmethod
    def patient_id(number: int) -> str:
        """CX of the patient of that number, from 0: an INS of tests with its key."""
        number, order = divmod(number, 999)
        year, commune = divmod(number, 990)
        nir = f"2{year % 100:02d}0769{commune + 1:03d}{order + 1:03d}"
        return f"{nir}{ins_key(nir)}^^^&{CLAIRE.ins_root}&ISO^NH"

    def _batch(self, owner: psycopg.Connection[Any], size: int) -> None:
        rows: dict[str, list[bytes]] = {table: [] for table in _TABLES}
        deposits: list[tuple[_Lot, dict[bytes, bytes]]] = []
        searched, other = self._lots
        for _ in range(_BATCH):
            if self.count >= size:
                break
            large = self.patients % 50 == 10 and size - self.count >= LARGE
            documents = LARGE if large else SMALL
            ins = self.patient_id(self.patients).partition("^")[0].encode()
            names = (self._uuid().bytes, self._uuid().bytes, ins)
            patient = dict(zip(self._of_patient, names, strict=True))
            for table, template in self._patient.items():
                rows[table].append(template.render(patient))
            deposits += [(searched, patient)] * (ANSWERED // DOCUMENTS)
            deposits += [(other, patient)] * ((documents - ANSWERED) // DOCUMENTS)
            self.count += documents
            self.patients += 1
        self._random.shuffle(deposits)
        for lot, patient in deposits:
            others = self._others(lot, patient)
            for table, template in lot.tables.items():
                rows[table].append(template.render(others))
        for table, content in rows.items():
            copy_in(owner, table, content)

    def _others(self, lot: _Lot, patient: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """What stands in the place of each identifier of a lot."""
        others = dict(patient)
        for raw, text in lot.uuids:
            other = self._uuid()
            others[raw], others[text] = other.bytes, str(other).encode()
        for part, (whole, prefix) in lot.parts.items():
            others[part] = prefix + others[whole][len(prefix) :]
        for unique_id in lot.unique_ids:
            others[unique_id] = self._oid().encode()
        for digest, address in lot.contents:
            others[digest] = self._random.randbytes(20).hex().encode()
            others[address] = self._random.randbytes(32)
        return others

    def _uuid(self) -> UUID:
        return UUID(bytes=self._random.randbytes(16), version=4)

    def _oid(self) -> str:
        """An OID of a UUID, always as long: 38 digits after 2.25."""
        return f"2.25.{self._random.randrange(10**37, 10**38)}"


class _Lot:
    """A submission as templates by table, and the identifiers to replace."""

    def __init__(self, lot: SampleLot, rows: dict[str, bytes], of_patient: tuple[bytes, ...]) -> None:
        self.uuids = [(uuid.bytes, str(uuid).encode()) for uuid in lot.uuids]
        self.unique_ids = [unique_id.encode() for unique_id in lot.unique_ids]
        self.contents = [(digest.encode(), address) for digest, address in lot.contents]
        self.parts: dict[bytes, tuple[bytes, bytes]] = {}
        for content in rows.values():
            self.parts.update(part_ids(content))
        names = [*of_patient, *self.parts, *self.unique_ids]
        names += [name for pair in (*self.uuids, *self.contents) for name in pair]
        self.tables = {table: Template(content, names) for table, content in rows.items() if content}


_DELETE = sql.SQL("DELETE FROM ecluse.{} WHERE patient_key = %s")
_ABOUT_THE_OPENING = ("outbox", "traces")
_TABLES = (*PATIENT_TABLES, *SUBMISSION_TABLES)


def _taken(owner: psycopg.Connection[Any], tables: tuple[str, ...], patient_key: UUID) -> dict[str, bytes]:
    """The rows of a patient in these tables, which have them no more."""
    content = {table: copy_out(owner, table, patient_key) for table in tables}
    for table in reversed(tables):
        owner.execute(_DELETE.format(sql.Identifier(table)), (patient_key,))
    return content
