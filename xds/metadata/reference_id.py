"""CXi: identifiers a document refers to, values of referenceIdList (ITI TF-3 §4.2.3.1.7, §4.2.3.2.28)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from xds.metadata import hl7
from xds.metadata.identifiers import parse_authority

UNIQUE_ID: Final = "urn:ihe:iti:xds:2013:uniqueId"
ACCESSION: Final = "urn:ihe:iti:xds:2013:accession"
REFERRAL: Final = "urn:ihe:iti:xds:2013:referral"
ORDER: Final = "urn:ihe:iti:xds:2013:order"
ENCOUNTER_ID: Final = "urn:ihe:iti:xds:2015:encounterId"
STUDY_INSTANCE_UID: Final = "urn:ihe:iti:xds:2016:studyInstanceUID"
WORKFLOW_INSTANCE_ID: Final = "urn:ihe:iti:xdw:2013:workflowInstanceId"

_WITHOUT_AUTHORITY = frozenset((STUDY_INSTANCE_UID, WORKFLOW_INSTANCE_ID))
_CXI = frozenset((1, 4, 5))
# An OID, alone or as the root of an instance identifier, a URI, or a UUID without its urn.
_GLOBALLY_UNIQUE = re.compile(
    r"[0-9]+(?:\.[0-9]+)+(?:\^.*)?|[a-zA-Z][a-zA-Z0-9+.-]*:.+|[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4}){3}-?[0-9a-fA-F]{12}",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceId:
    """CXi: `id^^^authority^type`.

    `authority` keeps its text, `&OID&ISO` or a namespace id; `type` is a URN or a local code.
    """

    identifier: str
    type: str
    authority: str = ""

    @classmethod
    def parse(cls, text: str) -> ReferenceId:
        """Read a CXi. Raises ValueError: with the component at fault."""
        parts = hl7.components(text, "CXi", _CXI, 5)
        if not parts[0]:
            raise ValueError("CXi.1, the id, is empty")
        if not parts[4]:
            raise ValueError("CXi.5, the type of the id, is empty")
        identifier = hl7.without_subcomponents(parts[0], "CXi.1")
        kind = hl7.without_subcomponents(parts[4], "CXi.5")
        authority = parts[3]
        if "&" in authority:
            parse_authority(authority, "CXi.4")
        else:
            hl7.unescape(authority)
        # Workflow ids should have none either, but Connectathon data give them one.
        if authority and kind == STUDY_INSTANCE_UID:
            raise ValueError("CXi.4 must be empty: an id of this type has no assigning authority")
        if not authority and kind not in _WITHOUT_AUTHORITY and kind != UNIQUE_ID:
            _expect_globally_unique(identifier)
        return cls(identifier=identifier, type=kind, authority=authority)

    def format(self) -> str:
        """Write the CXi."""
        return hl7.joined([hl7.escape(self.identifier), "", "", self.authority, hl7.escape(self.type)])


def _expect_globally_unique(identifier: str) -> None:
    if not _GLOBALLY_UNIQUE.fullmatch(identifier):
        raise ValueError("CXi.4, the assigning authority, is empty and the id is neither an OID, a UUID nor a URI")
