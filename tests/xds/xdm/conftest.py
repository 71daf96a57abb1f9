"""Media made for each test, and the tools to spoil them one byte at a time."""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from samples.submission import NORMAL
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.xdm.pages import Origin
from xds.xdm.writer import SetToWrite, write_tree

PATIENT = "279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH"
BESIDE = Path(__file__).parents[3].parent / "shared" / "samples-fr"


@dataclass
class Member:
    """One entry of a raw archive. `central` and `local` replace what the one or the other header says."""

    name: str | bytes
    content: bytes = b""
    method: int = 8
    flags: int = 0
    attributes: int = 0o100644 << 16
    descriptor: bytes | None = None
    data: bytes | None = None
    extra: bytes = b""
    central: dict[str, object] = field(default_factory=dict)
    local: dict[str, object] = field(default_factory=dict)


def _deflate(content: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflater.compress(content) + deflater.flush()


def _values(member: Member, data: bytes, header: dict[str, object]) -> dict[str, object]:
    name = member.name if isinstance(member.name, bytes) else member.name.encode("ascii")
    said = {
        "name": name, "flags": member.flags, "method": member.method, "crc": zlib.crc32(member.content),
        "compressed": len(data), "size": len(member.content), "extra": member.extra,
    }  # fmt: skip
    return {**said, **header}


def raw_zip(
    members: list[Member], *, comment: bytes = b"", gap: bytes = b"", end: dict[str, int] | None = None
) -> bytes:
    """Write an archive that says exactly what it is told to say."""
    out, central = b"", b""
    for member in members:
        data = member.data
        if data is None:
            data = _deflate(member.content) if member.method == 8 else member.content
        at = len(out)
        v = _values(member, data, member.local)
        out += struct.pack(
            "<4s5H3L2H", b"PK\x03\x04", 20, v["flags"], v["method"], 0, 33, v["crc"], v["compressed"], v["size"],
            len(v["name"]), len(v["extra"]),
        ) + v["name"] + v["extra"] + data + (member.descriptor or b"") + gap  # fmt: skip
        v = {"header": at, "disk": 0, **_values(member, data, member.central)}
        central += struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 0x0314, 20, v["flags"], v["method"], 0, 33, v["crc"], v["compressed"],
            v["size"], len(v["name"]), len(v["extra"]), 0, v["disk"], 0, member.attributes, v["header"],
        ) + v["name"] + v["extra"]  # fmt: skip
    e = {"disk": 0, "first": 0, "here": len(members), "count": len(members), "size": len(central), "at": len(out)}
    e.update(end or {})
    tail = struct.pack(
        "<4s4H2LH", b"PK\x05\x06", e["disk"], e["first"], e["here"], e["count"], e["size"], e["at"], len(comment)
    )
    return out + central + tail + comment


@pytest.fixture
def member() -> type[Member]:
    return Member


@pytest.fixture
def zipped() -> Callable[..., bytes]:
    return raw_zip


@pytest.fixture
def of_files() -> Callable[[dict[str, bytes]], bytes]:
    """An ordinary archive of files by name."""
    return lambda files: raw_zip([Member(name, content) for name, content in files.items()])


def one_set(rank: int = 1, *, patient: str = PATIENT, documents: int = 2, **changes: object) -> SetToWrite:
    """A submission set of small documents."""
    entries = [_entry(number, patient) for number in range(1, documents + 1)]
    submission_set = SubmissionSet(
        entry_uuid="SubmissionSet01", unique_id=f"2.25.77{rank}", patient_id=patient, source_id="2.25.4711",
        submission_time=f"2026030110000{rank}", content_type_code=None, title=f"Lot {rank}",
    )  # fmt: skip
    made = SetToWrite(
        submission_set=submission_set,
        documents=[(entry, f"document {rank}.{number}".encode()) for number, entry in enumerate(entries, start=1)],
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def _entry(number: int, patient: str) -> DocumentEntry:
    return DocumentEntry(
        entry_uuid=f"Document{number:02}", unique_id=f"2.25.{number}", patient_id=patient, source_patient_id=patient,
        mime_type="text/plain", language_code="fr-FR", creation_time="20260301", class_code=NORMAL, type_code=NORMAL,
        format_code=NORMAL, healthcare_facility_type_code=NORMAL, practice_setting_code=NORMAL,
        confidentiality_codes=(NORMAL,), title=f"Document {number}",
    )  # fmt: skip


@pytest.fixture
def submission() -> Callable[..., SetToWrite]:
    return one_set


@pytest.fixture
def files() -> dict[str, bytes]:
    """The files of a right medium: one set, two documents."""
    return write_tree([one_set()], Origin(institution="Hôpital d'essai"))


@pytest.fixture
def edited(files: dict[str, bytes]) -> Callable[..., dict[str, bytes]]:
    """The right medium with METADATA.XML rewritten: `pattern` must be found."""

    def edit(pattern: str, text: str, count: int = 1) -> dict[str, bytes]:
        name = "IHE_XDM/SUBSET01/METADATA.XML"
        changed, found = re.subn(pattern, text, files[name].decode(), count=count)
        assert found, pattern
        return {**files, name: changed.encode()}

    return edit


def _published() -> list[Path]:
    folders = [Path(os.environ["ECLUSE_XDM_EXAMPLES"])] if "ECLUSE_XDM_EXAMPLES" in os.environ else [BESIDE]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.name.upper() == "IHE_XDM.ZIP")


@pytest.fixture
def published() -> list[Path]:
    """Media published by the national agency; skips where they are not at hand."""
    found = _published()
    if not found:
        pytest.skip(f"no IHE_XDM.ZIP below {BESIDE}, nor in the directory that ECLUSE_XDM_EXAMPLES names")
    return found
