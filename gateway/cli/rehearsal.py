"""A house on a throw-away data directory, its doors really open, and people to knock at them.

The demonstration, the bench and the flow tests all speak through it: the same processes, ports and certificates as
`ecluse serve`, the client of `samples.client`.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg

from gateway import records
from gateway.database.roles import DatabaseRole, read_url
from samples.client.client import ConsultationClient, IngestClient, MakeVihf
from samples.client.fhir import CONSULTATION, INGEST, FhirClient
from samples.pki import factory
from samples.pki.credential import Credential
from samples.token import build_token
from samples.vihf import build_vihf
from security.at_rest.record_keys import load_kek

START_SECONDS = 90.0
STOP_SECONDS = 45.0


class RehearsalError(RuntimeError):
    """The doors did not open; the text holds what they said."""


@dataclass(frozen=True, slots=True)
class Address:
    """How to reach a door: its URL, the authority of its server certificate, its health endpoint, its patient feed."""

    url: str
    ca: Path
    health: str
    feed: str = ""


class Rehearsal:
    """Both doors on free ports of the loopback interface. A context manager: it leaves nothing behind."""

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        *,
        directory: Path | None = None,
        domain: str = "dmp",
        data: Path | None = None,
        settings: Path | None = None,
    ) -> None:
        """`data` is the data directory of a house that is somebody's: a second pair of doors opens there."""
        self.directory = data or directory or Path(tempfile.mkdtemp(prefix="ecluse-"))
        self.data = data or self.directory / "data"
        self._throw_away = directory is None and data is None
        self._settings = ["--settings", str(settings.resolve())] if settings is not None else []
        self._log = self.directory / "doors.log"
        # A database or a port that the environment names is somebody's: what is thrown away has its own.
        others = {name: value for name, value in os.environ.items() if not name.startswith("ECLUSE_")}
        self._environ = {
            **others,
            **_FREE_PORTS,
            "ECLUSE_DOMAIN": domain,
            **(environ or {}),
            "ECLUSE_DATA": str(self.data),
        }
        self.doors: dict[str, Address] = {}
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> Self:
        """Start `ecluse serve` and wait until every door listens. Raises RehearsalError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        if not self.data.exists():
            _copy_pki(self.data / "pki")
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "serve", "--json", *self._settings],
                env=self._environ,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        line = self._process.stdout.readline()
        if not line:
            self._process.wait()
            raise RehearsalError(f"the doors did not open:\n{self._log.read_text('utf-8', 'replace')[-4000:]}")
        if self._throw_away:
            _keep_pki(self.data / "pki")
        ready: dict[str, Any] = json.loads(line)
        self.doors = {
            name: Address(door["url"], Path(door["ca"]), door["health"], door.get("feed", ""))
            for name, door in ready["doors"].items()
        }
        return self

    def stop(self) -> None:
        """Close the doors as an operator does (SIGTERM) and forget the data."""
        if self._process is not None:
            if self._process.poll() is None:
                self._process.send_signal(signal.SIGTERM)
                try:
                    self._process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    os.killpg(self._process.pid, signal.SIGKILL)
                    self._process.wait()
            if self._process.stdout is not None:
                self._process.stdout.close()
            self._process = None
        if self._throw_away:
            self._destroy()

    def _destroy(self) -> None:
        """Remove the database, which may live elsewhere than the data directory, then everything else."""
        from gateway.database.embedded import EmbeddedPostgres

        EmbeddedPostgres(self.data / "postgres").destroy()
        shutil.rmtree(self.directory, ignore_errors=True)

    def wait(self) -> None:
        """Wait until somebody closes the doors."""
        if self._process is not None:
            self._process.wait()

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.stop()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        if self._process is None:
            raise RehearsalError("the doors are closed")
        return self._process.pid

    @property
    def pki(self) -> factory.TestPki:
        """The test PKI of this house."""
        return factory.load(self.data / "pki")

    def credential(self, name: str) -> Credential:
        """A test certificate by its name."""
        return self.pki.certificate(name)

    def owner(self) -> psycopg.Connection[Any]:
        """A connection of the administrator of this house."""
        return psycopg.connect(read_url(self.data, DatabaseRole.OWNER), autocommit=True)

    def open_record(self, patient_id: str, authorised: Iterable[str] = ()) -> None:
        """Open a patient's record and authorise professionals, by PS_IdNat."""
        kek = load_kek(self.data / "consultation" / "kek")
        with closing(self.owner()) as connection:
            records.open_record(connection, patient_id, kek=kek)
            for professional_id in authorised:
                records.authorise(connection, patient_id, professional_id)

    def establishment(self, name: str, patient_id: str, *, tls: str | None = None, **vihf: Any) -> IngestClient:
        """The software of an establishment: connects with `<name>.auth`, speaks with `<name>.sign`."""
        door, holder = self.doors["ingest"], self.credential(tls or f"{name}.auth")
        return IngestClient(door.url, holder, door.ca, vihf=self.voice(name, patient_id, **vihf))

    def professional(self, name: str, patient_id: str, *, tls: str | None = None, **vihf: Any) -> ConsultationClient:
        """The software of a professional with a card: connects with `<name>.auth`, speaks with `<name>.sign`."""
        door, holder = self.doors["consultation"], self.credential(tls or f"{name}.auth")
        return ConsultationClient(door.url, holder, door.ca, vihf=self.voice(name, patient_id, **vihf))

    def fhir(
        self, name: str, patient_id: str | None, *, door: str = "", tls: str | None = None, **claims: Any
    ) -> FhirClient:
        """The FHIR software of an establishment or of a professional, at its own door unless another is named."""
        signer, holder = self.credential(f"{name}.sign"), self.credential(tls or f"{name}.auth")
        at = door or ("ingest" if signer.kind.startswith("org") else "consultation")
        address = {"ingest": INGEST, "consultation": CONSULTATION}[at]

        def token() -> str:
            said = {"signer": signer, "connection": holder, "patient": patient_id, "now": datetime.now(UTC)}
            return build_token(**{**said, **claims})

        return FhirClient(self.doors[at].url, address, holder, self.doors[at].ca, token=token)

    def source(self, name: str) -> IngestClient:
        """The software of an establishment of the domain ihe: a certificate, and no assertion."""
        door = self.doors["ingest"]
        return IngestClient(door.url, self.credential(f"{name}.auth"), door.ca)

    def consumer(self, name: str) -> ConsultationClient:
        """The software of a professional of the domain ihe: a card, and no assertion."""
        door = self.doors["consultation"]
        return ConsultationClient(door.url, self.credential(f"{name}.auth"), door.ca)

    def voice(self, name: str, patient_id: str, **vihf: Any) -> MakeVihf:
        """What makes the assertions of the software of `<name>.sign`."""
        signer = self.credential(f"{name}.sign")
        return lambda: build_vihf(**{"signer": signer, "patient": patient_id, "now": datetime.now(UTC), **vihf})


_kept: list[Path] = []
"""The test PKI of the first house that this process threw open: sixty keys take longer to make than all else."""


def _keep_pki(made: Path) -> None:
    """Remember a fresh test PKI, until this process ends."""
    if not _kept and made.is_dir():
        directory = Path(tempfile.mkdtemp(prefix="ecluse-pki-"))
        atexit.register(shutil.rmtree, directory, ignore_errors=True)
        _kept.append(shutil.copytree(made, directory / "pki"))


def _copy_pki(wanted: Path) -> None:
    """Begin a house with a copy of the PKI that is known; it renews what it must."""
    if _kept:
        wanted.parent.mkdir(mode=0o700, parents=True)
        shutil.copytree(_kept[0], wanted)


_FREE_PORTS = {
    "ECLUSE_SANDBOX_ENABLED": "false",
    "ECLUSE_SANDBOX_PORT": "0",
    "ECLUSE_HL7V2_ENABLED": "false",
    **{f"ECLUSE_{door}_{key}": "0" for door in ("INGEST", "CONSULTATION", "HL7V2") for key in ("PORT", "HEALTH_PORT")},
    "ECLUSE_IHE_FEED_PORT": "0",
}
