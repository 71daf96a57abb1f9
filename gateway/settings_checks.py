"""What settings may be: ranges, known names, what production needs."""

from __future__ import annotations

import re
import shlex
from dataclasses import fields

from conformance.catalogue import PROFILES
from gateway.settings_sections import (
    DmpSettings,
    Hl7v2Settings,
    IheSettings,
    IngestSettings,
    MssanteSettings,
    SandboxSettings,
    Settings,
)
from xds.dmp.reach import is_email
from xds.metadata.datatypes import parse_oid_urn


class SettingsError(Exception):
    """A setting cannot be used; the text names the key, what was found, what was expected."""


def check(settings: Settings) -> None:
    """Raises SettingsError: the first setting that cannot be used."""
    for section in (settings.ingest, settings.consultation, settings.hl7v2):
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
    _check_hl7v2(settings.hl7v2, settings.mode)
    _check_mssante(settings.mssante, settings.mode)
    if settings.fhir.handling == "lenient" and not settings.fhir.lenient:
        raise SettingsError("fhir.handling = lenient needs fhir.lenient = true; found false")
    if settings.limits.memory < settings.limits.body:
        raise SettingsError(
            f"limits.memory is at least limits.body, {settings.limits.body}; found {settings.limits.memory}"
        )
    if settings.mode == "production":
        for door, section in (("ingest", settings.ingest), ("consultation", settings.consultation)):
            for name in ("certificate", "key", "trust"):
                if not getattr(section, name):
                    raise SettingsError(f"mode = production needs {door}.{name}: the test ones are for the sandbox")


_DESTINATION = re.compile(
    r"[^\s=^]+(\^[^\s=]*)?=(mllps://[\w.:\[\]-]+|mllp://(127\.0\.0\.1|localhost|\[::1\])):\d{1,5}", re.ASCII
)
"""`application^facility=mllps://host:port`; without TLS only on this machine."""


def _check_hl7v2(section: Hl7v2Settings, mode: str) -> None:
    for name in (
        *("workers", "message", "memory", "inbox_messages", "inbox_bytes", "remember_days"),
        *("timeout", "attempts", "first_pause"),
    ):
        if getattr(section, name) < 1:
            raise SettingsError(f"hl7v2.{name} is at least 1; found {getattr(section, name)}")
    if section.memory < section.message:
        raise SettingsError(f"hl7v2.memory is at least hl7v2.message, {section.message}; found {section.memory}")
    for item in section.destinations.split():
        if not _DESTINATION.fullmatch(item):
            raise SettingsError(f"hl7v2.destinations holds application^facility=mllps://host:port; found {item!r}")
    given = [bool(getattr(section, name)) for name in ("certificate", "key", "trust")]
    if mode == "production" and any(given) and not all(given):
        raise SettingsError("mode = production needs hl7v2.certificate, hl7v2.key and hl7v2.trust, or none of them")


def _check_addresses(section: MssanteSettings) -> None:
    for name, address in (("mailbox", section.mailbox), ("reports", section.reports or section.mailbox)):
        if not is_email(address):
            raise SettingsError(f"mssante.{name} is one e-mail address; found {address!r}")


def _check_mssante(section: MssanteSettings, mode: str) -> None:
    for name in ("timeout", "attempts", "first_pause", "poll_seconds"):
        if getattr(section, name) < 1:
            raise SettingsError(f"mssante.{name} is at least 1; found {getattr(section, name)}")
    for name in ("smtp_port", "imap_port"):
        if not 1 <= getattr(section, name) <= 65_535:
            raise SettingsError(f"mssante.{name} is between 1 and 65535; found {getattr(section, name)}")
    _check_addresses(section)
    for name in ("smtp", "imap"):
        given = [bool(getattr(section, f"{name}_{part}")) for part in ("certificate", "key")]
        if any(given) and not all(given):
            raise SettingsError(f"mssante.{name}_certificate and mssante.{name}_key go together; found one of them")
    if section.smtp_user and section.smtp_security == "none":
        raise SettingsError("mssante.smtp_user needs mssante.smtp_security = tls or starttls: a password is not shown")
    if mode == "production" and section.smtp_host:
        if section.smtp_security == "none":
            raise SettingsError("mode = production needs mssante.smtp_security = tls or starttls; found none")
        if section.mailbox.endswith(".invalid"):
            raise SettingsError(f"mode = production needs the mssante.mailbox of the house; found {section.mailbox!r}")
    if mode == "production" and section.feed == "always" and not section.structure:
        raise SettingsError("mssante.feed = always needs mssante.structure, who owns the mailbox; found none")


def _check_sandbox(section: SandboxSettings) -> None:
    if not 0 <= section.port <= 65_535:
        raise SettingsError(f"sandbox.port is between 0 and 65535; found {section.port}")
    for name in ("threads", "body", "keep_days"):
        if getattr(section, name) < 1:
            raise SettingsError(f"sandbox.{name} is at least 1; found {getattr(section, name)}")


_LONGEST = {
    "authorisation_days": 36_600,
    "majority_age": 200,
    "reminder_days": 36_600,
    "release_months": 1200,
    "archive_years": 200,
    "suspension_weeks": 5300,
    "reimbursement_months": 1200,
}
"""Terms of the law that the calendar of a database still holds, two centuries ahead."""


def _check_dmp(section: DmpSettings) -> None:
    for item in fields(section):
        value = getattr(section, item.name)
        if type(value) is int and value < 0:
            raise SettingsError(f"dmp.{item.name} is not negative; found {value}")
    for name, most in _LONGEST.items():
        if getattr(section, name) > most:
            raise SettingsError(f"dmp.{name} is at most {most}; found {getattr(section, name)}")
    if not 3 <= section.reason_shortest <= section.reason_longest <= 500:
        found = f"{section.reason_shortest} and {section.reason_longest}"
        raise SettingsError(f"3 <= dmp.reason_shortest <= dmp.reason_longest <= 500; found {found}")
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
    if not is_email(settings.mail.sender):
        raise SettingsError(f"mail.sender is one e-mail address; found {settings.mail.sender!r}")
    if settings.mail.user and settings.mail.security == "none":
        raise SettingsError("mail.user asks for mail.security = starttls or tls: a password is not sent in the clear")
    try:
        shlex.split(settings.sms.command)
    except ValueError as error:
        raise SettingsError(f"sms.command: {error}") from None
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
