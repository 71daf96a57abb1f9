"""Belief in a bearer token: from `Authorization` to a Vihf, or to a refusal (RFC 6750, RFC 8705 §3)."""

from __future__ import annotations

import hmac
from datetime import datetime

from security.errors import ErrorKind
from security.pki.certificate import HolderCertificate
from security.pki.trust import TrustStore
from security.saml import ReplayStore
from security.token.claims import Claims, confirmed_thumbprint, read_frame
from security.token.compact import read_compact, thumbprint, verify
from security.vihf.belief import Belief, Read
from security.vihf.content import read_content, read_mode
from security.vihf.model import Vihf
from security.vihf.policy import VihfCode, VihfPolicy, refuse
from security.vihf.rules import Directory, check_door


class TokenVerifier:
    """Verifies the tokens that reach one door: (1) shape (2) signature (3) binding (4) content (5) rules, replay."""

    def __init__(
        self, trust: TrustStore, policy: VihfPolicy, replay: ReplayStore, directory: Directory | None = None
    ) -> None:
        self._policy = policy
        self._belief = Belief(trust, policy, replay, directory)

    def verify_token(self, token: str | None, tls: HolderCertificate, now: datetime) -> Vihf:
        """Return what the token says, once everything about it is believed.

        `token` is a compact JWS, or None; `tls` the certificate of the connection, already accepted. `now` is UTC.
        Raises NotAuthenticated, its code one of VihfCode.
        """
        if not token:
            refuse(VihfCode.MISSING, "the request has no bearer token")
        if not token.isascii():
            refuse(VihfCode.MALFORMED, "the token is not ASCII")
        return self._belief.of(token.encode("ascii"), tls, now, lambda: self._read(token, tls, now))

    def _read(self, token: str, tls: HolderCertificate, now: datetime) -> Read:
        compact = read_compact(token)
        statement = Claims(compact.claims)
        # Before it is believed, to refuse a mistaken door in its own words. It grants nothing.
        check_door(read_mode(statement), self._policy)
        signer = self._belief.accept(compact.certificates[0], compact.certificates[1:], now)
        verify(compact, signer.der)
        if not hmac.compare_digest(confirmed_thumbprint(compact.claims).encode(), thumbprint(tls.der).encode()):
            text = "the token is bound to another certificate than that of the connection"
            refuse(VihfCode.BINDING, text, ErrorKind.ASSERTION_IDENTITY)
        frame = read_frame(compact.claims)
        return read_content(statement, frame, signer, self._policy), frame.bounds
