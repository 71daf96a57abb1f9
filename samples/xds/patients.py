"""Invented patients of a generic domain, each as new as the test that needs one (ITI TF-3 §4.2.3.2.16)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final

RED: Final = "1.3.6.1.4.1.21367.13.20.1000"
"""Assigning authority of the patient ids of the domain, one of the Connectathon's."""
LOCAL: Final = "1.3.6.1.4.1.21367.13.20.9999"
"""Assigning authority of the ids that the sender gives its own patients."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPatient:
    """A patient who does not exist. `born` is `yyyymmdd`, `gender` is `F` or `M`."""

    identifier: str
    authority: str = RED
    family: str = "Example"
    given: str = "Robin"
    gender: str = "F"
    born: str = "19700228"
    local_id: str = "LOCAL-7"

    @property
    def cx(self) -> str:
        """The id in the domain, as an XDS patientId."""
        return f"{self.identifier}^^^&{self.authority}&ISO"

    @property
    def source_cx(self) -> str:
        """The id at the sender's, as an XDS sourcePatientId."""
        return f"{self.local_id}^^^&{LOCAL}&ISO"


def new_patient(family: str = "Example", given: str = "Robin") -> DomainPatient:
    """A patient with an id that nobody used before."""
    return DomainPatient(identifier=f"T{uuid.uuid4().hex[:16]}", family=family, given=given)
