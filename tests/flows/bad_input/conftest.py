"""The three questions put to every refusal: what was said, was anything kept, does the door live on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from gateway.cli.rehearsal import Rehearsal
from gateway.database.embedded import EmbeddedPostgres
from samples.client.answers import RegistryAnswer, SoapFault, read_registry_answer
from samples.client.raw import RawClient
from samples.documents.discharge_letter import discharge_letter

IDLE, BODY, ROOM = 1, 700_000, 32 * 1024 * 1024
"""Of the frail house: longest silence in seconds, largest body and size of the disk in bytes."""


@dataclass(frozen=True)
class Ward:
    """Watches one record while somebody attempts something wrong. `attempt` sends one message to a real door."""

    scene: Any

    def fault(
        self, attempt: Callable[[], object], code: str, *words: str, kind: str | None = None, outer: str = "Sender"
    ) -> SoapFault:
        """Expect a SOAP fault whose detail has `code` and `kind`, and whose reason holds every word."""
        before = self.scene.kept()
        with pytest.raises(SoapFault) as caught:
            attempt()
        fault = caught.value
        assert (fault.code, fault.detail.get("Code"), fault.kind) == (outer, code, kind or code), fault.reason
        assert fault.http_status == (400 if outer == "Sender" else 500)
        assert not [word for word in words if word not in fault.reason], fault.reason
        self._undisturbed(before)
        return fault

    def failure(
        self, attempt: Callable[[], RegistryAnswer], *expected: tuple[str, ...], lives_on: bool = True
    ) -> RegistryAnswer:
        """Expect a Failure with these errors and no other; each is a code, then words of its context.

        `lives_on` asks at once for the next deposit, which some disasters make impossible until they are over.
        """
        before = self.scene.kept()
        answer = attempt()
        told = [(error.code, error.context) for error in answer.errors if error.severity == "Error"]
        assert answer.status.endswith(":Failure"), told
        assert sorted(code for code, _ in told) == sorted(code for code, *_ in expected), told
        for code, *words in expected:
            assert any(code == other and all(word in context for word in words) for other, context in told), (
                code,
                words,
                told,
            )
        self._undisturbed(before, lives_on=lives_on)
        return answer

    def deposit(self, lot: Any, **how: Any) -> Callable[[], RegistryAnswer]:
        """The attempt to deposit `lot`."""
        return lambda: self.scene.deposit(lot, **how)

    def honest_lot(self) -> Any:
        """A lot that nothing speaks against."""
        return self.scene.lot([discharge_letter(self.scene.patient)])

    def lives_on(self) -> None:
        """The next lot of an honest sender is accepted and found."""
        lot = self.honest_lot()
        answer = self.scene.deposit(lot)
        assert answer.succeeded, answer.errors
        assert lot.unique_ids[0] in self.scene.found()

    def raw(self) -> RawClient:
        """A bare TLS connection of the hospital to the ingest door."""
        house = self.scene.house
        door = house.doors["ingest"]
        return RawClient(door.url, house.credential("chu-seine.auth"), door.ca)

    def posted(self, body: bytes, content_type: str) -> Callable[[], RegistryAnswer]:
        """The attempt to send these bytes as they are."""
        return lambda: read_registry_answer(self.raw().send(body, content_type).reply())

    def pieced(self, pieces: Callable[[bytes, bytes], Iterator[bytes]], **how: Any) -> Callable[[], RegistryAnswer]:
        """The attempt to send an honest lot as the `pieces` of its head and body."""
        with closing(self.scene.ingest()) as client:
            content_type, body = client.message(self.honest_lot()).encode()
        client = self.raw()
        head = client.head(len(body), content_type)
        return lambda: read_registry_answer(client.send_pieces(pieces(head, body), **how).reply())

    def events(self) -> list[str]:
        """What the audit trail of the ingest door holds, oldest first."""
        with closing(self.scene.house.owner()) as connection:
            rows = connection.execute(
                "SELECT event FROM ecluse.audit_events WHERE door = 'ingest' ORDER BY sequence"
            ).fetchall()
        return [row[0] for row in rows]

    def _undisturbed(self, before: tuple[int, ...], *, lives_on: bool = True) -> None:
        assert self.scene.kept() == before, "something of a refused message was kept"
        if lives_on:
            self.lives_on()


@pytest.fixture
def ward(scene: Any) -> Ward:
    """A record of the shared house."""
    return Ward(scene)


@pytest.fixture(scope="session")
def frail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    """A house with little patience, little room for a message, and a small disk of its own where we may mount one."""
    directory = tmp_path_factory.mktemp("frail")
    blobs = directory / "data" / "blobs"
    blobs.mkdir(parents=True, mode=0o700)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=700", "ecluse-test", str(blobs)],
        check=False,
        capture_output=True,
    )
    environ = {"ECLUSE_LIMITS_IDLE": str(IDLE), "ECLUSE_LIMITS_BODY": str(BODY)}
    try:
        with Rehearsal(environ, directory=directory) as house:
            yield house
    finally:
        EmbeddedPostgres(directory / "data" / "postgres").destroy()
        if mounted.returncode == 0:
            subprocess.run(["umount", str(blobs)], check=True)


@pytest.fixture
def frail_ward(frail: Rehearsal, new_scene: Any) -> Ward:
    """A record of the frail house."""
    return Ward(new_scene(frail))
