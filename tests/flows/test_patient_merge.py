"""A house of a generic domain whose patients come from a feed: unknown, announced, merged, seen from both doors."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gateway.cli.rehearsal import Rehearsal
from samples.client.description import service_url
from samples.client.transport import open_session
from samples.feed import MllpClient, adt, content_type, envelope, interaction
from samples.xds.patients import new_patient
from samples.xds.submission import folder_of, one_document
from security.at_rest.record_keys import load_kek, unwrap

ESTABLISHMENT, CARD = "chu-seine", "dr-essai"


def tell(house: Rehearsal, message: bytes) -> str:
    address = urlsplit(house.doors["ingest"].feed)
    with MllpClient(
        address.hostname or "", address.port or 0, house.credential(f"{ESTABLISHMENT}.auth"), house.doors["ingest"].ca
    ) as client:
        return client.send(message).decode().split("\rMSA|")[1][:2]


def test_documents_follow_a_patient_through_merges_and_still_open(generic_house: Rehearsal) -> None:
    a, b, c = (new_patient() for _ in range(3))
    lot = folder_of(a, 2)
    with closing(generic_house.source(ESTABLISHMENT)) as source, closing(generic_house.consumer(CARD)) as consumer:
        assert source.provide_and_register(lot).error_codes == ["XDSUnknownPatientId"]

        assert [tell(generic_house, adt("A04", patient.cx)) for patient in (a, b)] == ["AA", "AA"]
        assert source.provide_and_register(lot).succeeded
        assert tell(generic_house, adt("A40", b.cx, subsumed=a.cx)) == "AA"
        assert tell(generic_house, adt("A40", c.cx, subsumed=b.cx)) == "AA"

        assert consumer.find_documents(a.cx).ids == []
        found = consumer.find_documents(c.cx)
        assert sorted(found.unique_ids) == sorted(entry.unique_id for entry in lot.entries)
        assert {entry.patient_id for entry in found.document_entries} == {c.cx}
        assert {entry.source_patient_id for entry in found.document_entries} == {
            entry.source_patient_id for entry in lot.entries
        }
        answer = consumer.retrieve(
            (entry.repository_unique_id or "", entry.unique_id) for entry in found.document_entries
        )
        assert answer.succeeded
        contents = {document.unique_id: document.content for document in answer.documents}
        assert contents == {entry.unique_id: lot.contents[entry.entry_uuid] for entry in lot.entries}

        assert source.provide_and_register(one_document(a)).error_codes == ["XDSUnknownPatientId"]
        assert tell(generic_house, adt("A08", a.cx)) == "AE"
        assert source.provide_and_register(one_document(c)).succeeded


def test_a_patient_announced_in_v3_is_known_to_the_door_that_takes_documents(generic_house: Rehearsal) -> None:
    patient, door = new_patient(), generic_house.doors["ingest"]
    body = interaction("add", (patient.identifier, patient.authority))
    with open_session(generic_house.credential(f"{ESTABLISHMENT}.auth"), door.ca) as session:
        url = service_url(door.url, "patients")
        answer = session.post(url, data=envelope(body), headers={"Content-Type": content_type(body)}, timeout=20)
    assert answer.status_code == 200
    assert b'<typeCode code="CA"/>' in answer.content
    with closing(generic_house.source(ESTABLISHMENT)) as source:
        assert source.provide_and_register(one_document(patient)).succeeded


def test_an_id_that_the_feed_refused_is_of_no_patient(generic_house: Rehearsal) -> None:
    patient = new_patient()
    with closing(generic_house.source(ESTABLISHMENT)) as source:
        assert tell(generic_house, adt("A01", f"{patient.identifier}^^^LOCAL")) == "AE"
        assert source.provide_and_register(one_document(patient)).error_codes == ["XDSUnknownPatientId"]


def test_the_door_that_made_the_key_of_a_patient_has_it_neither_on_its_disk_nor_in_its_memory(
    generic_house: Rehearsal, door_processes: Callable[[Rehearsal, str], list[int]]
) -> None:
    patients = [new_patient() for _ in range(10)]
    assert {tell(generic_house, adt("A01", patient.cx)) for patient in patients} == {"AA"}
    with closing(generic_house.owner()) as owner:
        rows = owner.execute(
            "SELECT k.key_id, k.wrapped_private_key FROM ecluse.record_keys k JOIN ecluse.patients USING (patient_key)"
            " WHERE patient_id = ANY (%s)",
            ([f"{patient.cx}^NH" for patient in patients],),
        ).fetchall()
    consultation = generic_house.data / "consultation"
    kek = load_kek(consultation / "kek", consultation / "wrapping.key")
    assert kek.wrapping is not None
    secrets = [unwrap(bytes(wrapped), kek, key_id).raw for key_id, wrapped in rows] + [kek.wrapping.raw, kek.secret]
    parts = [part for secret in secrets for part in (secret, secret[:32], secret[-32:])]
    held = {path.name: path.read_bytes() for path in (generic_house.data / "ingest").rglob("*") if path.is_file()}

    assert len(rows) == 10
    assert "wrapping.pub" in held
    assert {
        name for name, content in held.items() for part in parts if part in content or part.hex().encode() in content
    } == set()
    seen = found = 0
    for pid in door_processes(generic_house, "ingest"):
        for content in _memory(pid):
            seen += len(content)
            found += sum(part in content for part in parts)
    assert seen > 20_000_000
    assert found == 0


def _memory(pid: int) -> Iterator[bytes]:
    """Every region of a process that it may write."""
    if not os.access(f"/proc/{pid}/mem", os.R_OK):
        pytest.skip("the memory of another process cannot be read here (ptrace_scope): run as root to try this part")
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as handle:
        for line in Path(f"/proc/{pid}/maps").read_text("utf-8").splitlines():
            span, permissions, *_ = line.split()
            start, end = (int(text, 16) for text in span.split("-"))
            if permissions.startswith("rw") and "[v" not in line:
                with suppress(OSError):
                    handle.seek(start)
                    yield handle.read(end - start) or b""
