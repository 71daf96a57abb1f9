"""Mail is taken from a real IMAP server over TLS, and from files: it leaves its place when it is durable."""

from __future__ import annotations

import os
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gateway.ingest.mssante.mailbox import Fate, FileSource, ImapSource
from gateway.wire.imap_server import ImapServer, NoMailbox
from samples.pki import factory

from .imap_server import Folders, ImapTestServer

LETTER, NOTICE, OTHER = (f"Subject: {word}\r\n\r\ntext".encode() for word in ("letter", "notice", "other"))
LARGE = b"x" * 5000


@dataclass
class Taker:
    """Takes mail: `fates` by its bytes, TAKEN where nothing is said; `seen` is what was handed over, in order."""

    fates: dict[bytes, Fate] = field(default_factory=dict)
    seen: list[bytes | None] = field(default_factory=list)

    def __call__(self, data: bytes | None) -> Fate:
        self.seen.append(data)
        return Fate.ASIDE if data is None else self.fates.get(data, Fate.TAKEN)


@pytest.fixture
def box(pki: factory.TestPki) -> Folders:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own = pki.server("consultation")
    context.load_cert_chain(own.chain_path, own.key_path)
    return Folders(tls=context)


@pytest.fixture
def server(box: Folders) -> Iterator[ImapTestServer]:
    opened = ImapTestServer(box)
    yield opened
    opened.down()


def source(server: ImapTestServer, pki: factory.TestPki, **changes: Any) -> ImapSource:
    said = {
        "keys": "mssante.imap_",
        "host": "localhost",
        "port": server.port,
        "ca": str(pki.ca_for_clients("consultation")),
        "user": "chu",
        "password": "secret",
        "timeout": 10.0,
    }
    ours = {"folder": "INBOX", "done": "Traites", "aside": "", "largest": 1000}
    mine = {name: changes.pop(name) for name in tuple(changes) if name in ours}
    return ImapSource(server=ImapServer(**{**said, **changes}), **{**ours, **mine})


@pytest.mark.parametrize("extensions", [("MOVE", "UIDPLUS"), ("UIDPLUS",), ()])
def test_what_is_taken_is_moved_and_what_is_not_stays_unread(
    box: Folders, server: ImapTestServer, pki: factory.TestPki, extensions: tuple[str, ...]
) -> None:
    box.extensions = extensions
    box.put(LETTER)
    other = box.put(OTHER)
    taker = Taker({OTHER: Fate.ASIDE})

    source(server, pki).look(taker)

    assert taker.seen == [LETTER, OTHER]
    assert box.holds(LETTER, "Traites")
    assert not box.holds(LETTER, "INBOX")
    assert box.flags(other) == set()


def test_without_folders_what_is_taken_is_marked_as_read(
    box: Folders, server: ImapTestServer, pki: factory.TestPki
) -> None:
    letter, other = box.put(LETTER), box.put(OTHER)

    source(server, pki, done="").look(Taker({OTHER: Fate.ASIDE}))

    assert (box.flags(letter), box.flags(other)) == ({r"\Seen"}, set())


def test_what_is_aside_is_moved_where_there_is_a_place_for_it_and_stays_unread(
    box: Folders, server: ImapTestServer, pki: factory.TestPki
) -> None:
    box.put(OTHER)

    source(server, pki, aside="A voir").look(Taker({OTHER: Fate.ASIDE}))

    assert [one.flags for one in box.folders["A voir"]] == [set()]
    assert box.folders["INBOX"] == []


def test_what_is_aside_is_fetched_once_and_again_after_a_restart(
    box: Folders, server: ImapTestServer, pki: factory.TestPki
) -> None:
    box.put(OTHER)
    taker, looking = Taker({OTHER: Fate.ASIDE}), source(server, pki)

    looking.look(taker)
    looking.look(taker)
    assert taker.seen == [OTHER]

    source(server, pki).look(taker)
    assert taker.seen == [OTHER, OTHER]


def test_what_is_for_later_ends_the_look_and_is_handed_over_again(
    box: Folders, server: ImapTestServer, pki: factory.TestPki
) -> None:
    box.put(LETTER)
    box.put(NOTICE)
    taker, looking = Taker({LETTER: Fate.LATER}), source(server, pki)

    looking.look(taker)
    assert taker.seen == [LETTER]
    assert box.holds(LETTER, "INBOX")

    taker.fates.clear()
    looking.look(taker)
    assert taker.seen == [LETTER, LETTER, NOTICE]


def test_a_mail_that_is_too_large_is_never_fetched(box: Folders, server: ImapTestServer, pki: factory.TestPki) -> None:
    box.put(LARGE)
    taker = Taker()

    source(server, pki).look(taker)

    assert taker.seen == [None]
    assert not any("BODY" in line for line in box.log)


def test_a_mail_that_cannot_be_moved_holds_up_no_other(
    box: Folders, server: ImapTestServer, pki: factory.TestPki
) -> None:
    box.put(LETTER)
    box.put(NOTICE)
    taker, looking = Taker(), source(server, pki, done="none such")

    with pytest.raises(NoMailbox, match="MOVE"):
        looking.look(taker)
    assert taker.seen == [LETTER, NOTICE]

    looking.look(taker)  # they are known, and handed over once
    assert taker.seen == [LETTER, NOTICE]


def test_nothing_is_marked_by_looking(box: Folders, server: ImapTestServer, pki: factory.TestPki) -> None:
    box.put(OTHER)
    source(server, pki).look(Taker({OTHER: Fate.ASIDE}))
    assert not any(line.startswith(("STORE", "EXPUNGE", "CLOSE")) for line in box.log)


def test_a_certificate_logs_in_where_there_is_no_user(
    box: Folders, server: ImapTestServer, pki: factory.TestPki
) -> None:
    box.account = None
    box.put(LETTER)
    client = pki.certificate("chu-seine.auth")
    taker = Taker()

    source(server, pki, user="", certificate=str(client.chain_path), key=str(client.key_path)).look(taker)

    assert taker.seen == [LETTER]
    assert "AUTHENTICATE EXTERNAL" in box.log


WRONG = {
    "an authority that is not that of the server": ({"ca": ""}, "imap_ca"),
    "a password that is wrong": ({"password": "no"}, "imap_password"),
    "a folder that is not there": ({"folder": "none such"}, "imap_folder"),
    "a folder whose name would begin another command": ({"folder": 'a"\r\nA1 DELETE INBOX'}, "imap_folder"),
    "a port where nobody listens": ({"port": 1}, "does not answer"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_with_the_server_is_said_with_its_key(
    box: Folders, server: ImapTestServer, pki: factory.TestPki, case: str
) -> None:
    box.put(LETTER)
    changes, named = WRONG[case]
    with pytest.raises(NoMailbox, match=named) as raised:
        source(server, pki, **changes).look(Taker())

    assert "secret" not in str(raised.value)
    assert box.holds(LETTER, "INBOX")


def test_a_server_that_hangs_up_before_anything_is_marked_hands_it_over_again(
    box: Folders, server: ImapTestServer, pki: factory.TestPki
) -> None:
    box.put(LETTER)
    box.answers["STORE"] = "BYE"
    taker = Taker()
    with pytest.raises(NoMailbox):
        source(server, pki).look(taker)
    assert box.holds(LETTER, "INBOX")

    del box.answers["STORE"]
    source(server, pki).look(taker)  # started again

    assert taker.seen == [LETTER, LETTER]
    assert box.holds(LETTER, "Traites")


def test_a_server_that_hangs_up_afterwards_keeps_it_marked_as_read(
    box: Folders, server: ImapTestServer, pki: factory.TestPki
) -> None:
    uid = box.put(LETTER)
    box.answers["MOVE"] = "BYE"
    with pytest.raises(NoMailbox):
        source(server, pki).look(Taker())
    assert box.flags(uid) == {r"\Seen"}


@pytest.fixture
def files(tmp_path: Path) -> FileSource:
    (tmp_path / "in").mkdir()
    return FileSource(directory=tmp_path, largest=1000)


def put(files: FileSource, name: str, content: bytes) -> Path:
    path = files.directory / "in" / name
    path.write_bytes(content)
    return path


def test_the_place_that_files_are_put_in_is_there_after_the_first_look(tmp_path: Path) -> None:
    FileSource(directory=tmp_path / "mssante", largest=1000).look(Taker())
    assert (tmp_path / "mssante" / "in").is_dir()


def test_files_are_taken_and_moved(files: FileSource, tmp_path: Path) -> None:
    put(files, "1.eml", LETTER)
    put(files, "2.eml", OTHER)
    put(files, "3.eml", LARGE)
    taker = Taker({OTHER: Fate.ASIDE})

    files.look(taker)

    assert sorted(map(str, taker.seen)) == sorted(map(str, [LETTER, OTHER, None]))
    assert [path.name for path in (tmp_path / "done").iterdir()] == ["1.eml"]
    assert sorted(path.name for path in (tmp_path / "refused").iterdir()) == ["2.eml", "3.eml"]


def test_what_is_no_mail_is_left_where_it_is(files: FileSource, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(LETTER)
    put(files, "being-written.tmp", LETTER)
    (tmp_path / "in" / "link.eml").symlink_to(secret)
    (tmp_path / "in" / "directory.eml").mkdir()
    os.mkfifo(tmp_path / "in" / "pipe.eml")
    taker = Taker()

    files.look(taker)

    assert taker.seen == []


def test_what_is_for_later_stays_in_its_place(files: FileSource) -> None:
    path = put(files, "1.eml", LETTER)
    files.look(Taker({LETTER: Fate.LATER}))
    assert path.exists()


def test_no_directory_is_no_mail(tmp_path: Path) -> None:
    taker = Taker()
    FileSource(directory=tmp_path, largest=10).look(taker)
    assert taker.seen == []
