"""What makes MSSanté letters, takes them out of the house and looks for those that come, in the HL7 v2 door (G-353).

The sandbox writes files where no server is named; production sends nothing unless one is.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from cda.rendering.pages import RenderingMissing, need_rendering
from gateway.ingest.hl7v2.retrying import Retrying
from gateway.ingest.mssante.channels import Channel, Files, Smtp
from gateway.ingest.mssante.composing import Composer
from gateway.ingest.mssante.mailbox import FileSource, ImapSource, Source
from gateway.settings import MssanteSettings, Settings, SettingsError
from gateway.wire.imap_server import ImapServer
from gateway.wire.smtp_server import SmtpServer

MAIL: Final = "mssante"
OUT: Final = f"{MAIL}/out"
"""In the data directory: letters of a sandbox without a server."""
_LARGEST_MAIL: Final = 32 * 1024 * 1024
"""Bytes: more than operators let through, and taking one apart costs twelve times its size."""

_log = logging.getLogger("ecluse.mssante")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMail:
    """Who makes letters, and where they go."""

    composer: Composer
    channel: Channel
    retrying: Retrying


def outgoing_mail(settings: Settings) -> OutgoingMail | None:
    """What this house sends letters with, None when it sends none.

    Raises SettingsError: production, and no PDF can be made.
    """
    section, production = settings.mssante, settings.mode == "production"
    if production and not section.smtp_host:
        return None
    if production:
        try:
            need_rendering()
        except RenderingMissing as error:
            raise SettingsError(f"mssante.smtp_host needs readable copies of documents: {error}") from None
    elif find_spec("weasyprint") is None:
        _log.warning("MSSanté letters leave without PDF: pip install 'ecluse[pdf]'")
    return OutgoingMail(
        composer=Composer(mailbox=section.mailbox, source_id=settings.hl7v2.source_id, needs_pdf=production),
        channel=_channel(section, Path(settings.data)),
        retrying=Retrying(attempts=section.attempts, first_pause=float(section.first_pause)),
    )


def incoming_mail(settings: Settings) -> Source | None:
    """Where mail comes from, None when none is looked for: production without an IMAP server."""
    section, largest = settings.mssante, min(settings.hl7v2.message, _LARGEST_MAIL)
    if section.imap_host:
        server = ImapServer(
            keys="mssante.imap_",
            host=section.imap_host,
            port=section.imap_port,
            ca=section.imap_ca,
            user=section.imap_user,
            password=section.imap_password,
            timeout=section.timeout,
            certificate=section.imap_certificate,
            key=section.imap_key,
        )
        return ImapSource(
            server=server,
            folder=section.imap_folder,
            done=section.imap_done,
            aside=section.imap_aside,
            largest=largest,
        )
    return FileSource(directory=Path(settings.data) / MAIL, largest=largest) if settings.mode == "sandbox" else None


def fed_structure(settings: Settings) -> str:
    """The structure that letters are fed for; empty: this house feeds none."""
    section = settings.mssante
    feeds = section.feed == "always" or (section.feed == "sandbox" and settings.mode == "sandbox")
    if feeds and section.imap_host and not section.structure:
        _log.warning("letters that come are left for people: mssante.structure names no structure")
    return section.structure if feeds else ""


def _channel(section: MssanteSettings, data: Path) -> Channel:
    if not section.smtp_host:
        return Files(data / OUT)
    server = SmtpServer(
        keys="mssante.smtp_",
        host=section.smtp_host,
        port=section.smtp_port,
        security=section.smtp_security,
        ca=section.smtp_ca,
        user=section.smtp_user,
        password=section.smtp_password,
        timeout=section.timeout,
        certificate=section.smtp_certificate,
        key=section.smtp_key,
    )
    return Smtp(server, section.mailbox)
