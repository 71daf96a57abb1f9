"""What an XUA assertion says, once it is believed (ITI TF-2 §3.40)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from security.pki.certificate import HolderCertificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A coded attribute (HL7 CE): `hl7:Role`, `hl7:PurposeOfUse`. `system` is the OID of the code system."""

    code: str
    system: str
    display: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Xua:
    """A verified assertion. Times are UTC; values are those that were sent, letter for letter.

    `subject` is the NameID; `subject_name`, `organization` and what follows are attributes, None when they were not
    sent. `patient` is the resource-id (CX), `npi` the national provider identifier. `expires` is when the assertion
    stops, clock skew not counted. `signer` is the certificate of the seal.
    """

    assertion_id: str
    issuer: str
    subject: str
    subject_format: str | None
    subject_name: str | None
    organization: str | None
    organization_id: str | None
    roles: tuple[Coded, ...]
    purpose: Coded | None
    patient: str | None
    home_community_id: str | None
    npi: str | None
    authn_context: str
    issue_instant: datetime
    authn_instant: datetime
    expires: datetime
    signer: HolderCertificate
