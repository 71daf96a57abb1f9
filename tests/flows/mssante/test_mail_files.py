"""A sandbox without an IMAP server takes mail from files: what is told leaves the directory, the rest is put aside."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from ..hl7v2.laboratory import eventually
from .post import Post, for_mssante, fresh
from .test_mail_in import delivery_status


def put(post: Post, content: bytes) -> str:
    """A file comes, by renaming; its name."""
    place = post.house.data / "mssante" / "in"
    place.mkdir(parents=True, exist_ok=True)
    name = f"{uuid.uuid4()}.eml"
    (place / f"{name}.part").write_bytes(content)
    (place / f"{name}.part").rename(place / name)
    return name


def moved(post: Post, name: str) -> str:
    """The directory that a file is moved to."""
    found: list[Path] = eventually(
        lambda: [one for one in (post.house.data / "mssante").glob(f"*/{name}") if one.parent.name != "in"]
    )
    return found[0].parent.name


def test_a_status_put_as_a_file_is_told(post: Post, admitted: Any) -> None:
    address = fresh("dr")
    message = for_mssante(admitted, address, INVISIBLE_PATIENT="Y", ACK_RECEPTION="Y")
    post.bench.done(message)
    letter_id = str(post.delivered(address).letter["Message-ID"]).strip("<>").partition("@")[0]

    assert moved(post, put(post, delivery_status(letter_id, address))) == "done"

    assert post.told(message) == {address: ("N", "550")}


def test_what_is_nothing_of_ours_is_put_aside(post: Post) -> None:
    assert moved(post, put(post, b"Subject: bonjour\r\n\r\nx")) == "refused"
    assert moved(post, put(post, delivery_status(str(uuid.uuid4()), "a@b.mssante.fr"))) == "refused"


def test_a_house_that_names_no_structure_feeds_no_letter(post: Post) -> None:
    data = (
        b"Return-Path: <a@b.mssante.fr>\r\nMessage-ID: <1@b>\r\nSubject: XDM/1.0/DDM+x\r\n"
        b"Content-Type: application/zip; name=IHE_XDM.zip\r\n\r\nPK"
    )
    assert moved(post, put(post, data)) == "refused"
    assert post.bench.rows("SELECT 1 FROM ecluse.inbox WHERE kind = 'XDM'") == []
