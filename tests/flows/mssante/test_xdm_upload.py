"""A medium sent to the ingest door as it is becomes the deposit that ITI-41 would have made, or nothing."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from samples.client.transport import open_session
from samples.documents.vsm import vsm
from samples.media import files_of, medium, zipped
from security import xml
from xds.ebrim.constants import RS

ADDRESS = "/ingest/xdm"
METADATA = "IHE_XDM/SUBSET01/METADATA.XML"
SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"


@dataclass(frozen=True)
class Answer:
    """A RegistryResponse over HTTP."""

    status: int
    said: str
    errors: list[tuple[str, str, str]]
    headers: Mapping[str, str]

    @property
    def rules(self) -> set[str]:
        """The rules of the errors, warnings left out."""
        return {context.partition(":")[0] for _, context, severity in self.errors if severity == "Error"}


@dataclass(frozen=True)
class Uploader:
    """The software of an establishment, at one patient's record."""

    scene: Any

    def send(
        self,
        content: bytes,
        *,
        by: str = "chu-seine",
        tls: str | None = None,
        method: str = "POST",
        token: Callable[[], str] | None = None,
        headers: Mapping[str, str] = {},
    ) -> Answer:
        client = self.scene.house.fhir(by, self.scene.patient.cx, tls=tls)
        door = self.scene.house.doors["ingest"]
        bearer = (token or client.token)()
        sent = {"Content-Type": "application/zip", "Authorization": f"Bearer {bearer}", **headers}
        with open_session(self.scene.house.credential(tls or f"{by}.auth"), door.ca) as session:
            reply = session.request(
                method,
                f"{door.url}{ADDRESS}",
                data=content,
                headers={name: value for name, value in sent.items() if value},
                timeout=60,
            )
        client.close()
        return read(reply)


def read(reply: requests.Response) -> Answer:
    assert reply.headers["Content-Type"].partition(";")[0] == "application/xml"
    root = xml.parse(reply.content)
    errors = [
        (one.get("errorCode", ""), one.get("codeContext", ""), one.get("severity", "").rpartition(":")[2])
        for one in root.iter(f"{{{RS}}}RegistryError")
    ]
    return Answer(reply.status_code, root.get("status", ""), errors, reply.headers)


@pytest.fixture
def uploader(scene: Any) -> Uploader:
    return Uploader(scene)


def test_a_medium_is_registered_as_the_same_lot_by_soap_is(scene: Any, uploader: Uploader) -> None:
    lot = scene.lot([vsm(scene.patient)])

    answer = uploader.send(medium(lot))

    assert (answer.status, answer.said, answer.rules) == (200, SUCCESS, set())
    assert scene.found() == list(lot.unique_ids)


def test_a_replacement_on_a_medium_replaces(scene: Any, uploader: Uploader) -> None:
    first = scene.lot([vsm(scene.patient)])
    assert uploader.send(medium(first)).status == 200
    old = first.unique_ids[0]
    with scene.house.owner() as connection:
        (entry,) = connection.execute(
            "SELECT entry_uuid FROM ecluse.document_entries WHERE unique_id = %s", (old,)
        ).fetchone()
    second = scene.lot([vsm(scene.patient, replaces=old)], replaces={0: f"urn:uuid:{entry}"})

    answer = uploader.send(medium(second))

    assert answer.said == SUCCESS, answer.errors
    assert scene.found() == list(second.unique_ids)


def test_every_fault_of_a_medium_is_told_at_once_and_nothing_is_kept(scene: Any, uploader: Uploader) -> None:
    files = files_of(scene.lot([vsm(scene.patient)]))
    del files["README.TXT"]
    text = files[METADATA].decode()
    text = re.sub(r'(<rim:Slot name="hash">.*?<rim:Value>)[0-9a-f]{40}', rf"\g<1>{'0' * 40}", text, count=1)
    files[METADATA] = text.replace("DOC00002.XML", "../../../DOC00002.XML").encode()
    before = scene.kept()

    answer = uploader.send(zipped(files))

    assert answer.status == 422
    assert {"XDM-README", "XDM-HASH", "XDM-URI"} <= answer.rules
    assert scene.kept() == before


def test_metadata_that_a_medium_may_leave_out_a_registry_may_not(scene: Any, uploader: Uploader) -> None:
    lot = scene.lot([vsm(scene.patient)]).with_entry(0, class_code=None)
    before = scene.kept()

    answer = uploader.send(medium(lot))

    assert answer.status == 422
    assert "O1" in answer.rules
    assert scene.kept() == before


def test_a_medium_of_two_lots_is_refused_whole(scene: Any, uploader: Uploader) -> None:
    one = scene.lot([vsm(scene.patient)])
    other = scene.lot([vsm(scene.patient)]).with_submission_set(submission_time="20260101000000")
    before = scene.kept()

    answer = uploader.send(medium(one, other))

    assert (answer.status, answer.rules) == (422, {"XDM-SETS"})
    assert scene.kept() == before


def test_a_lot_that_is_not_signed_is_refused_or_told_where_leniency_is_preferred(
    scene: Any, uploader: Uploader
) -> None:
    lot = scene.lot([vsm(scene.patient)]).without_signature()
    before = scene.kept()

    strict = uploader.send(medium(lot))
    assert (strict.status, strict.rules) == (422, {"SIG_MISSING"})
    assert scene.kept() == before

    lenient = uploader.send(medium(lot), headers={"Prefer": "handling=lenient"})
    assert (lenient.status, lenient.rules) == (200, set())
    assert "FHIR-UNSIGNED" in {context.partition(":")[0] for _, context, _ in lenient.errors}
    assert scene.found() == list(lot.unique_ids)


def test_a_lot_that_another_house_signed_is_refused_even_leniently(scene: Any, uploader: Uploader) -> None:
    lot = scene.lot([vsm(scene.patient)], by="ch-loire")

    answer = uploader.send(medium(lot), headers={"Prefer": "handling=lenient"})

    assert answer.status == 422
    assert answer.said != SUCCESS
    assert scene.found() == []


def test_a_medium_about_another_patient_than_the_token_is_refused(scene: Any, new_scene: Any, house: Any) -> None:
    other = new_scene(house)
    lot = other.lot([vsm(other.patient)])

    answer = Uploader(scene).send(medium(lot))

    assert answer.status == 422
    assert "V-42" in answer.rules
    assert other.found() == []


def test_who_may_not_open_the_door_is_refused_before_anything_is_read(scene: Any, uploader: Uploader) -> None:
    content = medium(scene.lot([vsm(scene.patient)]))
    before = scene.kept()

    without = uploader.send(content, headers={"Authorization": ""})
    forged = uploader.send(content, token=lambda: "e30.e30.AAAA")
    of_another = uploader.send(content, tls="ch-loire.auth")

    assert [one.status for one in (without, forged, of_another)] == [401, 401, 401]
    assert without.headers["WWW-Authenticate"].startswith("Bearer")
    assert scene.kept() == before


def test_a_card_opens_nothing_here_and_the_other_door_has_no_such_address(scene: Any, uploader: Uploader) -> None:
    content = medium(scene.lot([vsm(scene.patient)]))
    with pytest.raises(requests.ConnectionError):
        uploader.send(content, tls="dr-essai.auth")

    door, card = scene.house.doors["consultation"], scene.house.credential("dr-essai.auth")
    with open_session(card, door.ca) as session:
        assert session.post(f"{door.url}{ADDRESS}", data=content, timeout=60).status_code == 404
    assert scene.found() == []


def test_another_method_or_media_type_is_told(scene: Any, uploader: Uploader) -> None:
    read_back = uploader.send(b"", method="GET")
    typed = uploader.send(b"PK", headers={"Content-Type": "text/plain"})

    assert (read_back.status, read_back.headers["Allow"], typed.status) == (405, "POST", 415)


def bomb(size: int) -> bytes:
    """An archive of one file of zeros: a small one that unpacks to `size` bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    raw = packer.compress(b"\0" * size) + packer.flush()
    crc, name = zlib.crc32(b"\0" * size), b"IHE_XDM/SUBSET01/METADATA.XML"
    local = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 8, 0, 33, crc, len(raw), size, len(name), 0) + name + raw
    central = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 0x0314, 20, 0, 8, 0, 33, crc, len(raw), size, len(name), 0, 0, 0, 0, 0, 0
    )
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(central) + len(name), len(local), 0)
    return local + central + name + end


HOSTILE = {
    "nothing": lambda _: b"",
    "not an archive": lambda _: b"<xml/>",
    "cut": lambda lot: medium(lot)[:-30],
    "a bomb": lambda _: bomb(64 * 1024 * 1024),
    "a name that leaves the tree": lambda lot: medium(lot).replace(b"IHE_XDM/SUB", b"../_XDM/SUB"),
    "an archive without a medium": lambda _: zipped({"A.TXT": b"a"}),
    "an entity in its metadata": lambda _: zipped(
        {METADATA: b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "README.TXT": b"r", "INDEX.HTM": b"i"}
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_is_refused_and_nothing_is_kept(scene: Any, uploader: Uploader, kind: str) -> None:
    before = scene.kept()

    answer = uploader.send(HOSTILE[kind](scene.lot([vsm(scene.patient)])))

    assert answer.status == 422
    assert answer.errors
    assert scene.kept() == before


def test_a_refusal_is_written_down_with_its_transaction(scene: Any, uploader: Uploader) -> None:
    uploader.send(b"not an archive")
    with scene.house.owner() as connection:
        rows = connection.execute(
            "SELECT count(*) FROM ecluse.audit_events WHERE event::jsonb ->> 'transaction' = 'ITI-32'"
        ).fetchone()
    assert rows[0] > 0
