"""What one door demands of a VIHF, and the words in which it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal, NoReturn

from security.errors import ErrorKind, NotAuthenticated


class VihfCode(StrEnum):
    """What the fault says when an assertion is refused."""

    MISSING = "SBX_VIHF_MISSING"
    MALFORMED = "SBX_VIHF_MALFORMED"
    SIGNATURE = "SBX_VIHF_SIGNATURE"
    CERTIFICATE = "DMPInvalidCertificate"
    ISSUER = "SBX_VIHF_ISSUER"
    TIME = "SBX_VIHF_TIME"
    STRUCTURE = "SBX_VIHF_STRUCT"
    DIRECTORY = "SBX_VIHF_DIR"
    RESOURCE = "SBX_VIHF_RESOURCE"
    PURPOSE = "SBX_VIHF_PURPOSE"
    REASON = "SBX_VIHF_REASON_MISSING"
    AUDIENCE = "SBX_VIHF_AUDIENCE"
    HOMOLOGATION = "SBX_VIHF_HOMOLOGATION"
    REPLAY = "SBX_VIHF_REPLAY"
    BINDING = "SBX_VIHF_BINDING"
    RIGHTS = "DMPAccessDeniedByRightsService"


@dataclass(frozen=True, slots=True, kw_only=True)
class VihfPolicy:
    """The settings of one door. Durations are those that the national guide leaves to the server.

    `replay`: `strict` refuses an identifier seen before; `per_patient` lets it serve again for the same record, mode
    and connection. `ej_eg`: pairs (structure of the certificate, structure of the assertion) of establishments whose
    certificate names the legal entity. `direct_signature`: whether a card holder may leave the assertion unsigned.
    """

    door: Literal["ingest", "consultation"]
    audience: str = "urn:dmp"
    clock_skew: timedelta = timedelta(seconds=300)
    max_age: timedelta = timedelta(seconds=3600)
    max_session: timedelta = timedelta(hours=12)
    cache_time: timedelta = timedelta(minutes=10)
    replay: Literal["strict", "per_patient"] = "per_patient"
    direct_signature: Literal["required", "optional"] = "required"
    professional_feeding: bool = False
    allow_sha1: bool = False
    ej_eg: frozenset[tuple[str, str]] = frozenset()


def refuse(code: VihfCode, text: str, kind: ErrorKind = ErrorKind.ASSERTION_CONTENT) -> NoReturn:
    """Refuse the assertion. `text` never repeats what the assertion says of a person."""
    raise NotAuthenticated(kind, text, code=code)
