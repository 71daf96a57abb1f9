"""What a VIHF says, whatever spells it: a SAML assertion or a token. Values are checked here, once for every spelling.

A spelling gives a `Statement` (values by the names of the SAML attributes) and a `Frame` (who issued it, about whom,
when); what is read is well formed, whether it may be is for the rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from security.identifiers import is_structure
from security.pki.certificate import HolderCertificate
from security.vihf import attributes as names
from security.vihf.model import AuthenticationMode, Role, Vihf
from security.vihf.policy import VihfCode, VihfPolicy, refuse

GUARDIANS_BLIND = "INVISIBLE_REPRESENTANTS_LEGAUX^1.2.250.1.213.1.1.4.13"
RESOURCE = "urn:dmp"
_SECTOR = re.compile(r"SA[0-9]{2}\^1\.2\.250\.1\.71\.4\.2\.4")
_PATIENT = re.compile(r"[0-9A-Z]{13,22}\^\^\^&[0-9]+(\.[0-9]+)+&ISO\^NH")
_VERSIONS = ("3.0", "4.0")
_PURPOSE_SYSTEMS = ("1.2.250.1.213.1.1.4.248", "1.2.250.1.213.1.1.4.336")
_LONGEST_NAME = 128


class Statement(Protocol):
    """Values by the names of `security.vihf.attributes`. Each raises NotAuthenticated: SBX_VIHF_MALFORMED."""

    warnings: list[str]

    def text(self, name: str) -> str:
        """A value that must be there."""

    def optional_text(self, name: str) -> str | None:
        """A value, None when it is absent or empty."""

    def codes(self, name: str, element: str, most: int) -> tuple[Role, ...]:
        """Coded values, 1 to `most`; `element` is what HL7 calls one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The times that an assertion sets on itself, UTC. `audiences` are ANDed sets of alternatives.

    `is_addressed`: this spelling always names its audience.
    """

    not_before: datetime | None
    not_on_or_after: datetime | None
    session_end: datetime | None
    audiences: tuple[frozenset[str], ...]
    is_addressed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What stands around the statement. Texts are as sent, not empty; times are UTC."""

    assertion_id: str
    issuer: str
    name_id: str
    authn_context: str
    issue_instant: datetime
    authn_instant: datetime
    bounds: Bounds


def read_content(statement: Statement, frame: Frame, signer: HolderCertificate, policy: VihfPolicy) -> Vihf:
    """Read what was verified. `expires` counts the maximum age of the door where the frame sets no end.

    Raises NotAuthenticated: SBX_VIHF_MALFORMED, SBX_VIHF_RESOURCE, SBX_VIHF_HOMOLOGATION.
    """
    if not frame.name_id or len(frame.name_id) > _LONGEST_NAME or not frame.name_id.isprintable():
        refuse(VihfCode.MALFORMED, f"NameID is empty, longer than {_LONGEST_NAME}, or holds control characters")
    bounds = frame.bounds
    ends = [end for end in (bounds.not_on_or_after, bounds.session_end) if end is not None]
    if bounds.not_on_or_after is None:
        ends.append(frame.issue_instant + policy.max_age)
    vihf = Vihf(
        assertion_id=frame.assertion_id,
        issuer=frame.issuer,
        mode=read_mode(statement),
        version=_read_version(statement),
        structure_id=_read_structure(statement),
        sector=_matching(statement.text(names.SECTOR), _SECTOR, names.SECTOR),
        name_id=frame.name_id,
        subject_name=statement.optional_text(names.SUBJECT),
        roles=statement.codes(names.ROLE, "Role", 2),
        patient=_read_patient(statement),
        purpose=statement.codes(names.PURPOSE, "PurposeOfUse", 1)[0].code,
        reason=statement.optional_text(names.REASON),
        confidentiality=_read_confidentiality(statement),
        lps_name=statement.text(names.LPS_NAME),
        lps_version=statement.text(names.LPS_VERSION),
        lps_id=statement.optional_text(names.LPS_ID),
        homologation=_read_homologation(statement),
        authn_context=frame.authn_context,
        issue_instant=frame.issue_instant,
        authn_instant=frame.authn_instant,
        expires=min(ends),
        signer=signer,
        warnings=(*statement.warnings, *_purpose_warnings(statement)),
    )
    if statement.text(names.RESOURCE) != RESOURCE:
        refuse(VihfCode.RESOURCE, f"{names.RESOURCE} is not {RESOURCE}")
    return vihf


def read_mode(statement: Statement) -> AuthenticationMode:
    """Read the authentication mode. Raises NotAuthenticated: SBX_VIHF_MALFORMED."""
    text = statement.text(names.MODE)
    if text not in AuthenticationMode.__members__:
        refuse(VihfCode.MALFORMED, f"{names.MODE} is not one of {', '.join(AuthenticationMode)}")
    return AuthenticationMode(text)


def _read_version(statement: Statement) -> str:
    version = statement.text(names.VERSION)
    if version not in _VERSIONS:
        refuse(VihfCode.MALFORMED, f"{names.VERSION} is not one of {', '.join(_VERSIONS)}")
    return version


def _read_structure(statement: Statement) -> str:
    structure = statement.text(names.STRUCTURE)
    if not is_structure(structure):
        refuse(VihfCode.MALFORMED, f"{names.STRUCTURE} is not a national structure identifier")
    return structure


def _read_patient(statement: Statement) -> str | None:
    patient = statement.optional_text(names.PATIENT)
    return None if patient is None else _matching(patient, _PATIENT, names.PATIENT)


def _read_confidentiality(statement: Statement) -> str | None:
    code = statement.optional_text(names.CONFIDENTIALITY)
    if code not in (None, GUARDIANS_BLIND):
        refuse(VihfCode.MALFORMED, f"{names.CONFIDENTIALITY} is not {GUARDIANS_BLIND}")
    return code


def _read_homologation(statement: Statement) -> str:
    number = statement.optional_text(names.HOMOLOGATION)
    if number is None:
        refuse(VihfCode.HOMOLOGATION, f"{names.HOMOLOGATION} is missing")
    return number


def _purpose_warnings(statement: Statement) -> tuple[str, ...]:
    if statement.codes(names.PURPOSE, "PurposeOfUse", 1)[0].system in _PURPOSE_SYSTEMS:
        return ()
    return (f"the codeSystem of the purpose is neither {' nor '.join(_PURPOSE_SYSTEMS)}",)


def _matching(text: str, pattern: re.Pattern[str], name: str) -> str:
    if not pattern.fullmatch(text):
        refuse(VihfCode.MALFORMED, f"attribute {name} has not the expected form")
    return text
