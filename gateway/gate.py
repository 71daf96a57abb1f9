"""Who is at the door: the client certificate, then the assertion of the message, then both as a `Caller`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from lxml import etree

from security.directory import Directory, DirectoryFiles
from security.errors import ErrorKind, NotAuthenticated
from security.pki.certificate import CertificateKind, HolderCertificate
from security.pki.trust import TrustStore, Usage
from security.vihf.model import Vihf
from security.xua.model import Xua
from xds.dmp.requester import Requester, RequesterKind

Assertion = Vihf | Xua

_PROFESSIONAL_CARDS = (CertificateKind.CPS, CertificateKind.CPF)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A verified caller: certificate and assertion agree. `now` is the instant the request was admitted, UTC.

    `assertion` is a VIHF in the DMP; in another domain an XUA assertion, or none.
    """

    certificate: HolderCertificate
    assertion: Assertion | None
    requester: Requester
    request_id: str
    now: datetime

    @property
    def vihf(self) -> Vihf:
        """The VIHF, which every caller of the DMP has. Raises LookupError: another domain."""
        if not isinstance(self.assertion, Vihf):
            raise LookupError("only callers of the DMP have a VIHF")
        return self.assertion

    @property
    def structure_id(self) -> str:
        """The structure that acts: Struct_IdNat, or the holder's own identifier when none is known."""
        return self.requester.structure_id or self.requester.national_id


class AssertionVerifier(Protocol):
    """Believes assertions, or refuses them."""

    def verify(self, security: etree._Element | None, tls: HolderCertificate, now: datetime) -> Assertion | None:
        """What the `wsse:Security` header says; None when it says nothing and may. Raises NotAuthenticated."""


class BearerVerifier(Protocol):
    """Believes the tokens of another wire than SOAP, or refuses them."""

    def verify_token(self, token: str | None, tls: HolderCertificate, now: datetime) -> Assertion:
        """What the compact JWT says; None: none was sent. Raises NotAuthenticated."""


class Gate:
    """Admits callers at one door. Trust and directory are read again when their files change: both count at once."""

    def __init__(
        self,
        trust: TrustStore,
        usage: Usage,
        make_verifier: Callable[[TrustStore, Directory], AssertionVerifier],
        directory: DirectoryFiles | None = None,
        make_bearer: Callable[[TrustStore, Directory], BearerVerifier] | None = None,
    ) -> None:
        """`directory` says who works where; without one nobody is known to work anywhere.

        Without `make_bearer` no token opens this gate.
        """
        self._files = directory
        self._directory = directory.current() if directory is not None else Directory()
        self._usage = usage
        self._make_verifier = make_verifier
        self._lock = threading.Lock()
        self._trust = trust
        self._verifier = make_verifier(trust, self._directory)
        self._make_bearer = make_bearer
        self._bearer = make_bearer(trust, self._directory) if make_bearer is not None else None

    @property
    def trust(self) -> TrustStore:
        """The trust store, as it was on the disk when a certificate was last admitted."""
        return self._trust

    @property
    def directory(self) -> Directory:
        """Who works where, as it was on the disk when a certificate was last admitted."""
        return self._directory

    def current(self) -> TrustStore:
        """The trust store as it is on the disk now, for what is judged without a connection."""
        return self._renewed()

    def admit_certificate(self, der: bytes | None, now: datetime) -> HolderCertificate:
        """Accept the client certificate of the connection, at every request and not only at the handshake."""
        if not der:
            raise NotAuthenticated(ErrorKind.CERT_UNTRUSTED, "no client certificate")
        return self._renewed().accept(der, self._usage, now)

    def admit(
        self, certificate: HolderCertificate, security: etree._Element | None, request_id: str, now: datetime
    ) -> Caller:
        """Verify the assertion of the message against the certificate of the connection."""
        return self._caller(certificate, self._verifier.verify(security, certificate, now), request_id, now)

    def admit_bearer(self, certificate: HolderCertificate, token: str | None, request_id: str, now: datetime) -> Caller:
        """Verify the token of the request against the certificate of the connection."""
        if self._bearer is None:
            raise NotAuthenticated(ErrorKind.CHANNEL_FORBIDDEN, "no token opens this door")
        return self._caller(certificate, self._bearer.verify_token(token, certificate, now), request_id, now)

    def vouch(self, certificate: HolderCertificate, vihf: Vihf, request_id: str, now: datetime) -> Caller:
        """A caller for whom the door made the assertion itself, of a message that carries none (CI-SIS VIHF, PFI)."""
        return self._caller(certificate, vihf, request_id, now)

    def _caller(
        self, certificate: HolderCertificate, assertion: Assertion | None, request_id: str, now: datetime
    ) -> Caller:
        return Caller(
            certificate=certificate,
            assertion=assertion,
            requester=_requester(certificate, assertion, self._directory),
            request_id=request_id,
            now=now,
        )

    def _renewed(self) -> TrustStore:
        with self._lock:
            trust = self._trust.reload_if_changed()
            directory = self._files.current() if self._files is not None else self._directory
            if trust is not self._trust or directory is not self._directory:
                self._trust, self._directory = trust, directory
                self._verifier = self._make_verifier(trust, directory)
                if self._make_bearer is not None:
                    self._bearer = self._make_bearer(trust, directory)
            return trust


def _requester(certificate: HolderCertificate, assertion: Assertion | None, directory: Directory) -> Requester:
    """Who asks: in the words of the VIHF, else in those of the certificate."""
    professional = certificate.kind in _PROFESSIONAL_CARDS
    requester = Requester(
        kind=RequesterKind.PROFESSIONAL if professional else RequesterKind.STRUCTURE,
        national_id=certificate.national_id,
        structure_id=certificate.structure_id,
        profession=certificate.profession if professional else None,
        specialties=certificate.specialties if professional else (),
    )
    if not isinstance(assertion, Vihf):
        return requester
    return replace(
        requester,
        national_id=assertion.name_id,
        structure_id=assertion.structure_id,
        is_linked=directory.are_linked(certificate.national_id, assertion.structure_id),
        mode=assertion.mode,
        purpose=assertion.purpose,
        reason=assertion.reason or "",
        secret=assertion.confidentiality is not None,
    )
