"""The words in which a door says why it refuses, before any business rule is reached.

Two exceptions: `MalformedMessage` (it is not a message) and `NotAuthenticated` (it is one, but we do not believe who
says it or how). Both carry an `ErrorKind`, the stable vocabulary that tests and logs use, and a `code`, the word the
other side reads in the fault. Texts are safe to send: they never repeat what was received, except identifiers of
public things (an algorithm, an attribute name, an OID).
"""

from __future__ import annotations

from enum import StrEnum


class ErrorKind(StrEnum):
    """What went wrong, whatever the wire. Stable: tests and audit records name these."""

    TLS_REJECTED = "TLS_REJECTED"
    CHANNEL_FORBIDDEN = "CHANNEL_FORBIDDEN"
    CERT_UNTRUSTED = "CERT_UNTRUSTED"
    CERT_VALIDITY = "CERT_VALIDITY"
    CERT_REVOKED = "CERT_REVOKED"
    CERT_USAGE = "CERT_USAGE"
    CERT_KIND = "CERT_KIND"
    REVOCATION_UNKNOWN = "REVOCATION_UNKNOWN"
    HTTP_MALFORMED = "HTTP_MALFORMED"
    HTTP_LIMIT = "HTTP_LIMIT"
    MIME_MALFORMED = "MIME_MALFORMED"
    MIME_LIMIT = "MIME_LIMIT"
    XML_MALFORMED = "XML_MALFORMED"
    XML_FORBIDDEN = "XML_FORBIDDEN"
    XML_LIMIT = "XML_LIMIT"
    XML_ENCODING = "XML_ENCODING"
    SOAP_STRUCTURE = "SOAP_STRUCTURE"
    JSON_MALFORMED = "JSON_MALFORMED"
    JSON_LIMIT = "JSON_LIMIT"
    FHIR_STRUCTURE = "FHIR_STRUCTURE"
    FHIR_FORBIDDEN = "FHIR_FORBIDDEN"
    SIG_MISSING = "SIG_MISSING"
    SIG_STRUCTURE = "SIG_STRUCTURE"
    SIG_ALGORITHM = "SIG_ALGORITHM"
    SIG_REFERENCE = "SIG_REFERENCE"
    SIG_TRANSFORM = "SIG_TRANSFORM"
    SIG_KEY = "SIG_KEY"
    SIG_INVALID = "SIG_INVALID"
    SIG_COVERAGE = "SIG_COVERAGE"
    SIG_POLICY = "SIG_POLICY"
    ASSERTION_TIME = "ASSERTION_TIME"
    ASSERTION_AUDIENCE = "ASSERTION_AUDIENCE"
    ASSERTION_REPLAY = "ASSERTION_REPLAY"
    ASSERTION_IDENTITY = "ASSERTION_IDENTITY"
    ASSERTION_CONTENT = "ASSERTION_CONTENT"


class SecurityError(Exception):
    """A refusal of the door itself. `text` is one English sentence, safe to send and to log."""

    def __init__(self, kind: ErrorKind, text: str, *, code: str | None = None) -> None:
        super().__init__(f"{kind}: {text}")
        self.kind = kind
        self.code = code or str(kind)
        self.text = text


class MalformedMessage(SecurityError):
    """Not a message: framing, MIME, XML or envelope. `code` defaults to the kind."""


class NotAuthenticated(SecurityError):
    """A message whose sender, assertion or signature is not believed.

    `code` is what the fault says: `SBX_VIHF_TIME`, `DMPInvalidCertificate`, or the kind itself.
    """
