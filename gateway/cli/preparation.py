"""From an empty directory to a house where doors can open: test PKI, database, keys, one directory for each door."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from gateway.database.domain import declare_domain
from gateway.database.opening import Database, open_database
from gateway.door import HL7V2, INBOX_KEY, SEALS, door_files, door_names
from gateway.jobs.house import declare_terms
from gateway.settings import Settings
from profiles.affinity import load_affinity_domain
from samples.pki import factory
from samples.pki.catalogue import read_catalogue
from samples.pki.factory import TestPki
from security.at_rest.queue_key import create_queue_key
from security.at_rest.record_keys import create_kek
from security.at_rest.wrapping_keys import create_wrapping_key, load_wrapping_key, publish_wrapping_key
from security.directory import write_directory, write_sites


@dataclass(frozen=True, slots=True)
class House:
    """A prepared data directory. `pki` is None in production: the authorities are then named by settings."""

    settings: Settings
    data: Path
    database: Database
    pki: TestPki | None


def prepare(settings: Settings) -> House:
    """Make what is missing, refresh what grows old, start and migrate the database. Idempotent."""
    if settings.domain == "ihe":
        load_affinity_domain(settings.ihe.codes, settings.ihe.authorities)  # a wrong file is said before doors open
    os.umask(0o077)
    data = Path(settings.data).resolve()
    data.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(1) as beside:  # keys are computed while the database server writes its files
        made = beside.submit(_make_pki, data) if settings.mode == "sandbox" else None
        database = open_database(data, url=settings.database.url or None)
    try:
        if made is not None:
            made.result()
        declare_domain(database.layout.owner_url, settings.domain)
        declare_terms(database.layout.owner_url, settings)
        audit_key = _audit_key(data)
        for name in door_names(settings):
            (data / name).mkdir(exist_ok=True)
            _write_private(data / name / "audit.key", audit_key)
        pki = install_pki(settings, data) if settings.mode == "sandbox" else None
        if not (data / "consultation" / "kek").exists():
            create_kek(data / "consultation" / "kek")
        if settings.domain == "ihe":
            _wrapping_key(data)
        if HL7V2 in door_names(settings) and not (data / HL7V2 / INBOX_KEY).exists():
            create_queue_key(data / HL7V2 / INBOX_KEY)
        _check_files(settings)
    except BaseException:
        database.close()
        raise
    return House(settings, data, database, pki)


def _make_pki(data: Path) -> None:
    if not (data / "pki").exists():
        factory.create(data / "pki", datetime.now(UTC))


def install_pki(settings: Settings, data: Path) -> TestPki:
    """Make the test PKI or renew what grows old, and give each door its server certificate and what it trusts."""
    directory, now = data / "pki", datetime.now(UTC)
    pki = factory.refresh(directory, now) if directory.exists() else factory.create(directory, now)
    for name in door_names(settings):
        server = pki.server(name)
        _write_private(data / name / "server.pem", server.chain_path.read_bytes())
        _write_private(data / name / "server.key", server.key_path.read_bytes())
        professionals = name == "ingest" and settings.ingest.professional_feeding
        factory.publish(pki, "ingest-with-professionals" if professionals else name, data / name / "trust")
        known = {"directory.csv": write_directory(_who_works_where()), "sites.csv": write_sites(_sites())}
        for file, text in known.items():
            if not (data / name / file).exists():
                _write_private(data / name / file, text.encode())
    if HL7V2 in door_names(settings):
        _entrust_seals(pki, data / HL7V2 / SEALS)
    return pki


def _entrust_seals(pki: TestPki, directory: Path) -> None:
    """The sealing keys of the establishments of the test PKI, as they would entrust theirs to who feeds for them."""
    directory.mkdir(exist_ok=True)
    for name in pki.names():
        one = pki.certificate(name)
        if one.kind == "org-sign" and one.bad is None and one.twin_of is None:
            content = one.chain_path.read_bytes() + one.key_path.read_bytes()
            _write_private(directory / f"{one.structure_id}.pem", content)


def _who_works_where() -> Iterator[tuple[str, str]]:
    """The structures of the test PKI, and the activities of its professionals."""
    catalogue = read_catalogue()
    yield from ((structure.id, "") for structure in catalogue.structures.values())
    for professional in catalogue.professionals.values():
        yield from ((catalogue.structures[name].id, professional.id) for name in professional.activities)


def _sites() -> Iterator[tuple[str, str]]:
    """The legal entities of the test PKI, and their sites, which have no certificate."""
    structures = read_catalogue().structures
    yield from ((structures[one.entity].id, one.id) for one in structures.values() if one.entity)


def _wrapping_key(data: Path) -> None:
    """Ingest opens records where a feed or a submission announces patients: it holds the public half, and only that."""
    private, public = data / "consultation" / "wrapping.key", data / "ingest" / "wrapping.pub"
    if not private.exists():
        create_wrapping_key(private, public)
    elif not public.exists():
        publish_wrapping_key(load_wrapping_key(private), public)


def _audit_key(data: Path) -> bytes:
    """One key for all doors: the same patient has the same pseudonym in every chain."""
    path = data / "database" / "audit.key"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        _write_private(path, secrets.token_bytes(32))
    return path.read_bytes()


def _write_private(path: Path, content: bytes) -> None:
    """Replace a file whole, readable by its owner only; unchanged content is left alone."""
    if path.exists() and path.read_bytes() == content:
        return
    temporary = path.with_suffix(path.suffix + ".new")
    temporary.write_bytes(content)
    temporary.chmod(0o600)
    shutil.move(temporary, path)


def _check_files(settings: Settings) -> None:
    for name in door_names(settings):
        files = door_files(settings, name)
        for path in (files.certificate, files.key, files.trust):
            if not path.exists():
                raise FileNotFoundError(f"{name}: {path} does not exist")
