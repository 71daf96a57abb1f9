"""An SMTP server that takes mail for us: how it is reached, and a connection opened to it (RFC 5321, 3207, 4954)."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field


class NoServer(Exception):
    """The server cannot be reached, trusted or logged in to. The text names the keys to look at, and no secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpServer:
    """How a server is reached. `keys` is what the names of its settings begin with: `mail.`, `mssante.smtp_`.

    `security` is none, starttls or tls. `ca` are authorities, PEM; empty: those of the system. `certificate` and `key`
    are shown to it, where they are given. `timeout` is its longest silence, in seconds.
    """

    keys: str
    host: str
    port: int
    security: str
    ca: str
    user: str
    password: str = field(repr=False)
    timeout: float
    certificate: str = ""
    key: str = ""

    def connect(self) -> smtplib.SMTP:
        """A connection that mail can be sent over. Raises NoServer."""
        said = self.keys
        try:
            return self._open()
        except ssl.SSLCertVerificationError:
            fault = f"the certificate of the mail server is not trusted: see {said}ca and {said}host"
        except ssl.SSLError as error:
            fault = f"no TLS with the mail server: see {said}security and {said}ca ({type(error).__name__})"
        except smtplib.SMTPAuthenticationError as error:
            fault = f"the server refuses {said}user and {said}password: {error.smtp_code}"
        except UnicodeEncodeError:
            fault = f"{said}user and {said}password hold ASCII only"
        except smtplib.SMTPNotSupportedError:
            fault = f"the server offers no STARTTLS, or no log-in: see {said}security and {said}user"
        except smtplib.SMTPResponseException as error:
            fault = f"the server does not let us in: {error.smtp_code}"
        except (OSError, smtplib.SMTPException) as error:
            fault = f"the server does not answer: {type(error).__name__}"
        raise NoServer(fault)

    def _open(self) -> smtplib.SMTP:
        context = ssl.create_default_context(cafile=self.ca or None)
        if self.certificate:
            context.load_cert_chain(self.certificate, self.key)
        if self.security == "tls":
            return self._logged_in(smtplib.SMTP_SSL(self.host, self.port, timeout=self.timeout, context=context))
        connection = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
        return self._logged_in(connection, context if self.security == "starttls" else None)

    def _logged_in(self, connection: smtplib.SMTP, context: ssl.SSLContext | None = None) -> smtplib.SMTP:
        try:
            if context is not None:
                connection.starttls(context=context)
            if self.user:
                connection.login(self.user, self.password)
        except (OSError, ValueError, smtplib.SMTPException):
            leave(connection)
            raise
        return connection


def leave(connection: smtplib.SMTP) -> None:
    """Say good-bye; a server that is gone already is none of our business."""
    with suppress(OSError, smtplib.SMTPException):
        connection.quit()
    connection.close()
