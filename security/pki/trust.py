"""What one door trusts, and its verdict on a certificate: for TLS and for signatures, one function.

A store is immutable; `reload_if_changed` answers with the store of the files as they are now. The verdict is asked at
every request, not only at the handshake: long connections and resumed sessions outlive a revocation.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.verification import Store

from security.errors import ErrorKind, NotAuthenticated
from security.pki import names
from security.pki.certificate import HolderCertificate, describe, load_certificate
from security.pki.doors import PURPOSES, Usage, may_open
from security.pki.kinds import CertificateKind, values
from security.pki.path import Anchors, build_path
from security.pki.revocation import RevocationLists, check_not_revoked, newest, read_lists

__all__ = ["TrustError", "TrustStore", "Usage"]

FILES = ("roots.pem", "intermediates.pem", "crls.pem")
_EXTRA_CERTIFICATES = 4
_KEPT_VERDICTS = 4096
_log = logging.getLogger(__name__)


class TrustError(ValueError):
    """A trust directory that cannot serve: the text says which file and why."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """An acceptance and the interval, in UTC, during which it holds: dates of the whole path, freshness of lists."""

    holder: HolderCertificate
    since: datetime
    until: datetime


class TrustStore:
    """Authorities and revocation lists of one door."""

    def __init__(
        self, directory: Path, anchors: Anchors, lists: RevocationLists, *, state: _State, rules: _Rules
    ) -> None:
        self.directory = directory
        self.revision = state.revision
        self.lists = lists
        self._anchors = anchors
        self._state = state
        self._rules = rules
        self._verdicts: dict[tuple[bytes, Usage], _Verdict] = {}

    @classmethod
    def load(cls, directory: Path, *, sandbox: bool = True, professional_feeding: bool = False) -> TrustStore:
        """Read `roots.pem`, `intermediates.pem` and `crls.pem` of a directory, several objects in each.

        `sandbox` demands certificates of the test domain, and refuses anchors of the production domain.
        Raises TrustError: a file missing or not readable, no root, a root of the wrong domain.
        """
        return cls._load(directory, _Rules(sandbox, professional_feeding), None)

    @classmethod
    def _load(cls, directory: Path, rules: _Rules, held: TrustStore | None) -> TrustStore:
        state = _State.of(directory)
        anchors = _read_anchors(state)
        _check_domain(anchors.roots, sandbox=rules.sandbox)
        try:
            lists = read_lists(state.content[2], (*anchors.roots, *anchors.intermediates))
        except ValueError:
            raise TrustError(f"{directory / FILES[2]}: not a PEM revocation list") from None
        if held is not None:
            # A list that went back to an older number, or vanished, does not make us forget the newer one.
            lists = newest([*held.lists.items(), *lists.items()])
        return cls(directory, anchors, lists, state=state, rules=rules)

    def reload_if_changed(self) -> TrustStore:
        """This store, or the store of the files as they are now. Unreadable files leave this store in force.

        Revocation lists keep their highest number across reloads.
        """
        try:
            if _stamps(self._state.paths) == self._state.stamps:
                return self
            return TrustStore._load(self.directory, self._rules, self)
        except (TrustError, OSError) as error:
            _log.warning("trust directory not reloaded, the former one stays in force: %s", error)
            return self

    def accept(self, der: bytes, usage: Usage, now: datetime, extra_chain: Sequence[bytes] = ()) -> HolderCertificate:
        """Accept a DER certificate for a usage at a time (UTC), or raise NotAuthenticated with the reason.

        In order: structure (CERT_KIND), path to the anchors of this door (CERT_UNTRUSTED, CERT_VALIDITY), usages of
        the key (CERT_USAGE), domain, kind and identity (CERT_KIND), revocation (CERT_REVOKED, REVOCATION_UNKNOWN).
        `extra_chain` is what the peer sent besides its certificate; it is tried last and trusted for nothing.
        """
        key = (hashlib.sha256(der).digest(), usage)
        verdict = self._verdicts.get(key)
        if verdict is None or not verdict.since <= now < verdict.until:
            verdict = self._judge(der, usage, now, extra_chain)
            if len(self._verdicts) >= _KEPT_VERDICTS:
                self._verdicts.clear()
            self._verdicts[key] = verdict
        return verdict.holder

    def _judge(self, der: bytes, usage: Usage, now: datetime, extra_chain: Sequence[bytes]) -> _Verdict:
        leaf = load_certificate(der)
        if len(extra_chain) > _EXTRA_CERTIFICATES:
            raise NotAuthenticated(ErrorKind.CERT_UNTRUSTED, f"more than {_EXTRA_CERTIFICATES} certificates were added")
        extra = [load_certificate(added) for added in extra_chain]
        path = build_path(leaf, self._anchors, extra, PURPOSES[usage], now)
        holder = describe(leaf)
        if holder.category is not None and holder.is_test != self._rules.sandbox:
            expected = "test" if self._rules.sandbox else "production"
            raise NotAuthenticated(ErrorKind.CERT_KIND, f"the product category is not of the {expected} domain")
        if holder.kind is CertificateKind.UNKNOWN or holder.branch is None:
            raise NotAuthenticated(
                ErrorKind.CERT_KIND, "product category, type, subject and authority do not make a known kind"
            )
        feeding = self._rules.professional_feeding
        if not may_open(usage, holder.kind, holder.branch.range, professional_feeding=feeding):
            raise NotAuthenticated(
                ErrorKind.CERT_KIND, f"kind {holder.kind} of range {holder.branch.range} is not admitted for {usage}"
            )
        fresh_until = check_not_revoked(path, self.lists, now)
        return _Verdict(
            holder,
            since=max(certificate.not_valid_before_utc for certificate in path),
            until=min(fresh_until, *(certificate.not_valid_after_utc for certificate in path)),
        )


@dataclass(frozen=True, slots=True)
class _Rules:
    sandbox: bool
    professional_feeding: bool


Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _State:
    """The files as they were read."""

    paths: tuple[Path, ...]
    stamps: tuple[Stamp, ...]
    content: tuple[bytes, ...]
    revision: str

    @classmethod
    def of(cls, directory: Path) -> _State:
        paths = tuple(directory / name for name in FILES)
        try:
            stamps = _stamps(paths)
            content = tuple(path.read_bytes() for path in paths)
        except OSError as error:
            raise TrustError(f"{error.filename}: {error.strerror}") from None
        digest = hashlib.sha256()
        for part in content:
            digest.update(hashlib.sha256(part).digest())
        return cls(paths, stamps, content, digest.hexdigest()[:32])


def _stamps(paths: Iterable[Path]) -> tuple[Stamp, ...]:
    statuses = [path.stat() for path in paths]
    return tuple([(status.st_mtime_ns, status.st_size, status.st_ino) for status in statuses])


def _read_anchors(state: _State) -> Anchors:
    roots = tuple(_authorities(state.content[0], FILES[0]))
    intermediates = tuple(_authorities(state.content[1], FILES[1]))
    if not roots:
        raise TrustError(f"{FILES[0]}: no certificate")
    return Anchors(roots, intermediates, Store(list(roots)))


def _authorities(pem: bytes, name: str) -> Iterator[x509.Certificate]:
    if not pem.strip():
        return
    try:
        certificates = x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise TrustError(f"{name}: not PEM certificates") from None
    for certificate in certificates:
        try:
            is_authority = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        except (x509.ExtensionNotFound, ValueError):
            is_authority = False
        if not is_authority:
            raise TrustError(f"{name}: holds a certificate that is not an authority")
        yield certificate


def _check_domain(roots: Sequence[x509.Certificate], *, sandbox: bool) -> None:
    for root in roots:
        common_name = "".join(values(names.rdns_of(root.subject), names.COMMON_NAME))
        if sandbox and common_name.startswith("AC RACINE IGC-SANTE"):
            raise TrustError(f"{FILES[0]}: a sandbox does not trust the production root {common_name!r}")
        if not sandbox and common_name.startswith("TEST "):
            raise TrustError(f"{FILES[0]}: production does not trust the test root {common_name!r}")
