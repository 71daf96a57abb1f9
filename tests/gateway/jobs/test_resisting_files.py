"""Files of destroyed records that cannot be removed: told, tried again, in nobody's way."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from gateway.administration import life
from xds.dmp.record import Record

from .conftest import HIDDEN, Place


def blob_of(place: Place, record: Record) -> Path:
    (address,) = place.one(
        "SELECT encode(blob_address, 'hex') FROM ecluse.document_entries WHERE patient_key = %s", record.patient_key
    )
    return place.data / "blobs" / address[:2] / address[2:4] / address


def test_one_that_resists_keeps_no_other(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    paths = []
    for _ in range(3):
        patient_id, record = place.a_record()
        place.deposit(patient_id, record, HIDDEN)
        paths.append(blob_of(place, record))
        life.close_record(place.owner, patient_id)
    resisting = min(paths)  # the first on the list
    resisting.unlink()
    (resisting / "in the way").mkdir(parents=True)
    place.move_to(place.now() + timedelta(days=10 * 366))
    place.work()
    assert [path.exists() for path in sorted(paths)] == [True, False, False]
    assert "files of destroyed records are not removed" in caplog.text
    (resisting / "in the way").rmdir()
    resisting.rmdir()
    place.work()
    assert place.one("SELECT count(*) FROM ecluse.remains") == (0,)
