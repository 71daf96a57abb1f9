"""Settings: one TOML file and `ECLUSE_*` variables, typed, checked at start.

Every key is a field below; its help is its documentation, and `docs/settings.md` is compared with it by a test.
A variable is named after its section and key: `ECLUSE_INGEST_PORT` is `port` of `[ingest]`, `ECLUSE_MODE` is `mode`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from conformance.catalogue import PROFILES
from xds.metadata.datatypes import parse_oid_urn

MIB = 1024 * 1024


class SettingsError(Exception):
    """A setting cannot be used; the text names the key, what was found, what was expected."""


def _key(default: Any, help_text: str) -> Any:
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """Where a door listens and how much it accepts at once."""

    host: str = _key("127.0.0.1", "address the door listens on")
    port: int = _key(0, "port of the door; 0 lets the system choose")
    health_port: int = _key(0, "loopback port of its health endpoint; 0 lets the system choose")
    threads: int = _key(8, "requests served at once")
    certificate: str = _key("", "server certificate, PEM; empty: the test certificate of the data directory")
    key: str = _key("", "private key of the server certificate, PEM; empty: the test key of the data directory")
    trust: str = _key("", "directory with roots.pem, intermediates.pem and crls.pem; empty: the test authorities")


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSettings(DoorSettings):
    """The ingest door."""

    port: int = _key(8441, "port of the door; 0 lets the system choose")
    health_port: int = _key(9441, "loopback port of its health endpoint; 0 lets the system choose")
    professional_feeding: bool = _key(
        False, "admit CPS cards on the ingest door (direct feeding); it still cannot read"
    )
    refuse_invalid: bool = _key(True, "refuse what breaks its profile; false: only report it, as warnings")
    refused_profiles: str = _key(
        "vsm-1.4 vsm-2023.01 ips-fr-2024.01", "profiles whose errors refuse a document, separated by blanks"
    )
    reported_profiles: str = _key(
        "level1 ci_sis_header", "profiles whose errors are warnings in the answer, separated by blanks"
    )
    reported_rules: str = _key(
        "", "rules that never refuse, separated by blanks; HDR-* stands for every rule that starts with HDR-"
    )
    signature_max_age: int = _key(86_400, "oldest signing time of a lot, in seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultationSettings(DoorSettings):
    """The consultation door."""

    port: int = _key(8442, "port of the door; 0 lets the system choose")
    health_port: int = _key(9442, "loopback port of its health endpoint; 0 lets the system choose")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """The page and the HTTP interface that judge documents. It speaks plain HTTP: a proxy gives it TLS."""

    enabled: bool = _key(True, "whether ecluse serve opens it; never in mode production")
    host: str = _key("127.0.0.1", "address it listens on; what it receives is not encrypted")
    port: int = _key(8440, "its port; another one is chosen when it is 0, or taken as ecluse serve starts")
    names: str = _key("", "host names it answers to besides its address, separated by blanks")
    threads: int = _key(4, "requests served at once")
    body: int = _key(64 * MIB, "largest body, in bytes")
    keep_days: int = _key(7, "days that a verdict stays which somebody asked to keep")
    pack: str = _key("", "an imported pack that may be asked for, by name or directory; empty: none")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Limits of one request."""

    body: int = _key(128 * MIB, "largest body, in bytes")
    memory: int = _key(256 * MIB, "bytes of bodies that a door holds at once; beyond, it says that it is busy")
    idle: int = _key(15, "longest silence while a body is read, in seconds")
    total: int = _key(120, "longest time to read a whole body, in seconds")
    per_certificate: int = _key(16, "requests of one certificate served at once")


@dataclass(frozen=True, slots=True, kw_only=True)
class VihfSettings:
    """Reading of the VIHF assertion."""

    clock_skew: int = _key(300, "difference tolerated between clocks, in seconds")
    max_age: int = _key(3600, "oldest assertion without validity conditions, in seconds")
    replay: Literal["strict", "per_patient"] = _key(
        "per_patient", "whether one assertion may serve several calls for one patient"
    )
    direct_signature: Literal["required", "optional"] = _key("required", "whether a DIRECTE assertion must be signed")
    allow_sha1: bool = _key(False, "accept RSA-SHA1 signatures of assertions")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """The PostgreSQL server."""

    url: str = _key("", "connection string of an owner role; empty: a server embedded in the data directory")


@dataclass(frozen=True, slots=True, kw_only=True)
class IheSettings:
    """The generic affinity domain; nothing here counts in the DMP."""

    patients: Literal["feed", "accept_all"] = _key(
        "feed", "patients known: those of the identity feed (ITI-8, ITI-44), or whoever a submission names"
    )
    codes: str = _key(
        "any", "codes allowed: any, connectathon (the list that comes along), or a file, CSV or codes.xml"
    )
    authorities: str = _key(
        "", "assigning authorities of patient ids: OIDs separated by blanks; empty: those of the code file, else any"
    )
    assertion: Literal["optional", "required"] = _key(
        "optional", "whether every message carries a SAML assertion (XUA); one that comes is always verified"
    )
    audience: str = _key("", "the audience that names this house, if assertions are restricted; empty: any")
    roles: str = _key("", "roles that an assertion may claim, code^^codeSystem separated by blanks; empty: any")
    purposes: str = _key("", "purposes of use believed, code^^codeSystem separated by blanks; empty: any")
    authn_contexts: str = _key("", "authentication contexts believed, URIs separated by blanks; empty: any")
    lot_signature: Literal["ignored", "required"] = _key(
        "ignored", "whether a lot is signed by its establishment, as in the DMP"
    )
    home_community_id: str = _key("", "homeCommunityId returned with every object, urn:oid: and an OID; empty: none")
    feed_port: int = _key(8444, "port of the patient identity feed, ITI-8 over MLLP and TLS; 0 lets the system choose")


@dataclass(frozen=True, slots=True, kw_only=True)
class DmpSettings:
    """What the law of the DMP leaves open: `xds.dmp.parameters` has the same keys."""

    regime: Literal["mes2022", "dmp2018"] = _key(
        "mes2022", "mes2022: records opened by the national scheme; dmp2018: by professionals, with TD1.1"
    )
    authorisation_days: int = _key(365, "days that an authorisation of a professional lasts")
    mask_author_scope: Literal["ps", "structure"] = _key(
        "ps", "who still reads a masked document: its author alone, or his structure"
    )
    retrieve_deleted: bool = _key(True, "whether a deleted document, a status, is still read by who asks for it")
    mask_with_invisible: bool = _key(False, "whether MASQUE_PS and INVISIBLE_PATIENT may stand together")
    restricted: Literal["accept", "warn", "refuse"] = _key("warn", "what becomes of a document of confidentiality R")
    very_restricted: Literal["accept", "warn", "refuse"] = _key(
        "refuse", "what becomes of a document of confidentiality V"
    )
    manage_minors: bool = _key(True, "whether minors and their legal representatives have rules of their own")
    majority_age: int = _key(18, "years after which nobody represents the holder any more")
    reminder_days: int = _key(14, "days after which the holder is told of a document that waits for an announcement")
    release_months: int = _key(1, "months after which such a document becomes visible by itself")
    archive_years: int = _key(10, "years that a closed record is kept")
    destruction_days: int = _key(30, "days between the holder's request and the destruction, 90 at most")
    suspension_weeks: int = _key(6, "weeks of silence after which a suspended record is closed")
    reason_shortest: int = _key(3, "fewest characters of the reason of an emergency access")
    reason_longest: int = _key(500, "most characters of the reason of an emergency access")
    reimbursement_months: int = _key(24, "months of reimbursements that a new record is fed with")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSettings:
    """What time does to records, and the news of it."""

    interval: int = _key(60, "seconds between two looks at what is due while ecluse serve is open; 0: never")
    attempts: int = _key(12, "times that a notice is tried before it is parked for a person to look at")
    first_pause: int = _key(60, "seconds before the second attempt; each pause is twice the one before, a day at most")
    language: Literal["fr", "en"] = _key("fr", "language of notices")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The server that takes e-mails; without a host they are files of data/outgoing."""

    host: str = _key("", "SMTP server; empty: e-mails are written in data/outgoing")
    port: int = _key(587, "its port")
    security: Literal["none", "starttls", "tls"] = _key("starttls", "TLS: none, after STARTTLS, or from the start")
    ca: str = _key("", "authorities that its certificate is verified with, PEM; empty: those of the system")
    user: str = _key("", "account, if it asks for one")
    password: str = _key("", "password of the account")
    sender: str = _key("ne-pas-repondre@ecluse.invalid", "address that e-mails come from")
    timeout: int = _key(20, "longest silence of the server, in seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSettings:
    """What sends short messages; without a command they are files of data/outgoing."""

    command: str = _key(
        "", "command run for each: the number is its last argument, the text its standard input; empty: files"
    )
    timeout: int = _key(20, "longest time it may take, in seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings."""

    mode: Literal["sandbox", "production"] = _key("sandbox", "sandbox accepts test identities only")
    domain: Literal["dmp", "ihe"] = _key(
        "dmp", "dmp: French codes, VIHF, signed lots, test INS; ihe: generic XDS.b affinity domain, section [ihe]"
    )
    data: str = _key("data", "data directory: database, documents, keys")
    repository_unique_id: str = _key("1.2.250.1.213.4.1.1.1.2", "repositoryUniqueId of this repository, an OID")
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    ingest: IngestSettings = field(default_factory=IngestSettings)
    consultation: ConsultationSettings = field(default_factory=ConsultationSettings)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    vihf: VihfSettings = field(default_factory=VihfSettings)
    dmp: DmpSettings = field(default_factory=DmpSettings)
    jobs: JobsSettings = field(default_factory=JobsSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    sms: SmsSettings = field(default_factory=SmsSettings)
    ihe: IheSettings = field(default_factory=IheSettings)


def load(path: Path | None = None, environ: Mapping[str, str] | None = None, **overrides: Any) -> Settings:
    """Read the TOML file, then the environment, then `overrides` (top-level keys).

    Raises SettingsError: unreadable file, unknown key, value of a wrong type or out of range.
    """
    tree: dict[str, Any] = {}
    if path is not None:
        try:
            tree = tomllib.loads(path.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(f"{path}: {error}") from None
    environ = os.environ if environ is None else environ
    for name, key_path in variables().items():
        if name in environ:
            _put(tree, key_path, environ[name])
    tree.update({key: value for key, value in overrides.items() if value is not None})
    settings: Settings = _build(Settings, tree, "")
    _check(settings)
    return settings


def variables() -> dict[str, tuple[str, ...]]:
    """Environment variables and the key each one sets."""
    found: dict[str, tuple[str, ...]] = {}
    for section, key, _ in described():
        parts = (section, key) if section else (key,)
        found["ECLUSE_" + "_".join(parts).upper()] = parts
    return found


def described() -> list[tuple[str, str, Any]]:
    """Every key as (section, key, dataclass field), in order; the section of a top-level key is empty."""
    rows: list[tuple[str, str, Any]] = []
    hints = get_type_hints(Settings)
    for item in fields(Settings):
        if is_dataclass(hints[item.name]):
            rows.extend((item.name, sub.name, sub) for sub in fields(hints[item.name]))
        else:
            rows.append(("", item.name, item))
    return rows


def _put(tree: dict[str, Any], key_path: tuple[str, ...], value: str) -> None:
    for part in key_path[:-1]:
        tree = tree.setdefault(part, {})
    tree[key_path[-1]] = value


def _build(cls: type[Any], tree: Mapping[str, Any], where: str) -> Any:
    hints = get_type_hints(cls)
    known = {item.name for item in fields(cls)}
    unknown = sorted(set(tree) - known)
    if unknown:
        raise SettingsError(f"unknown setting {where}{unknown[0]}; known here: {', '.join(sorted(known))}")
    values = {}
    for name, value in tree.items():
        hint = hints[name]
        if is_dataclass(hint):
            if not isinstance(value, Mapping):
                raise SettingsError(f"{where}{name} is a section, found {value!r}")
            values[name] = _build(hint, value, f"{where}{name}.")  # type: ignore[arg-type]
        else:
            values[name] = _convert(hint, value, where + name)
    return cls(**values)


def _convert(hint: Any, value: Any, key: str) -> Any:
    if get_origin(hint) is Literal:
        if value not in get_args(hint):
            raise SettingsError(f"{key} is one of {', '.join(get_args(hint))}; found {value!r}")
        return value
    if hint is bool:
        words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
        found = value if isinstance(value, bool) else words.get(str(value).lower())
        if found is None:
            raise SettingsError(f"{key} is true or false; found {value!r}")
        return found
    if hint is int:
        try:
            if isinstance(value, bool):
                raise ValueError
            return int(value)
        except (TypeError, ValueError):
            raise SettingsError(f"{key} is a whole number; found {value!r}") from None
    if not isinstance(value, str):
        raise SettingsError(f"{key} is a text; found {value!r}")
    return value


def _check(settings: Settings) -> None:
    for section in (settings.ingest, settings.consultation):
        for name in ("port", "health_port"):
            if not 0 <= getattr(section, name) <= 65_535:
                raise SettingsError(f"{name} is between 0 and 65535; found {getattr(section, name)}")
        if not 1 <= section.threads <= 256:
            raise SettingsError(f"threads is between 1 and 256; found {section.threads}")
    for name in ("body", "memory", "idle", "total", "per_certificate"):
        if getattr(settings.limits, name) < 1:
            raise SettingsError(f"limits.{name} is at least 1; found {getattr(settings.limits, name)}")
    _check_profiles(settings.ingest)
    _check_sandbox(settings.sandbox)
    _check_dmp(settings.dmp)
    _check_notices(settings)
    _check_ihe(settings.ihe)
    if settings.limits.memory < settings.limits.body:
        raise SettingsError(
            f"limits.memory is at least limits.body, {settings.limits.body}; found {settings.limits.memory}"
        )
    if settings.mode == "production":
        for door, section in (("ingest", settings.ingest), ("consultation", settings.consultation)):
            for name in ("certificate", "key", "trust"):
                if not getattr(section, name):
                    raise SettingsError(f"mode = production needs {door}.{name}: the test ones are for the sandbox")


def _check_sandbox(section: SandboxSettings) -> None:
    if not 0 <= section.port <= 65_535:
        raise SettingsError(f"sandbox.port is between 0 and 65535; found {section.port}")
    for name in ("threads", "body", "keep_days"):
        if getattr(section, name) < 1:
            raise SettingsError(f"sandbox.{name} is at least 1; found {getattr(section, name)}")


def _check_dmp(section: DmpSettings) -> None:
    for item in fields(section):
        value = getattr(section, item.name)
        if type(value) is int and value < 0:
            raise SettingsError(f"dmp.{item.name} is not negative; found {value}")
    if section.destruction_days > 90:
        raise SettingsError(f"dmp.destruction_days is at most 90, three months; found {section.destruction_days}")


def _check_notices(settings: Settings) -> None:
    if settings.jobs.interval < 0:
        raise SettingsError(f"jobs.interval is not negative; found {settings.jobs.interval}")
    for name in ("attempts", "first_pause"):
        if getattr(settings.jobs, name) < 1:
            raise SettingsError(f"jobs.{name} is at least 1; found {getattr(settings.jobs, name)}")
    if not 1 <= settings.mail.port <= 65_535:
        raise SettingsError(f"mail.port is between 1 and 65535; found {settings.mail.port}")
    for name, section in (("mail", settings.mail), ("sms", settings.sms)):
        if section.timeout < 1:
            raise SettingsError(f"{name}.timeout is at least 1; found {section.timeout}")


def _check_profiles(section: IngestSettings) -> None:
    for name in ("refused_profiles", "reported_profiles"):
        unknown = sorted(set(getattr(section, name).split()) - PROFILES.keys())
        if unknown:
            raise SettingsError(f"ingest.{name} are among {', '.join(PROFILES)}; found {', '.join(unknown)}")


def _check_ihe(section: IheSettings) -> None:
    if not 0 <= section.feed_port <= 65_535:
        raise SettingsError(f"ihe.feed_port is between 0 and 65535; found {section.feed_port}")
    if section.home_community_id:
        try:
            parse_oid_urn(section.home_community_id)
        except ValueError as error:
            raise SettingsError(f"ihe.home_community_id: {error}; found {section.home_community_id!r}") from None
    for name in ("roles", "purposes"):
        for code in getattr(section, name).split():
            if not all(code.partition("^^")[::2]):
                raise SettingsError(f"ihe.{name} holds code^^codeSystem; found {code!r}")
