"""What makes MSSanté letters and takes them out of the house, in the process of the HL7 v2 door (G-353).

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
from gateway.settings import MssanteSettings, Settings, SettingsError
from gateway.wire.smtp_server import SmtpServer

OUT: Final = "mssante/out"
"""In the data directory: letters of a sandbox without a server."""

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
