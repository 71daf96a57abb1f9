"""The three questions put to every refusal: what was said, was anything kept, does the door live on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest

from samples.client.answers import RegistryAnswer, SoapFault
from samples.documents.discharge_letter import discharge_letter


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
def watch() -> Callable[[Any], Ward]:
    """Watch a record of another house."""
    return Ward
