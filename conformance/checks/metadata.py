"""Is the metadata of a submission right? Every rule that the message alone can decide (ITI TF-2 §3.42.4.1.3).

The reader of the message has its own: M1 to M4, M7, O1 (what every submission requires), O2, O4, O5, A1 and the pairing
of entries and documents are in `SubmitObjectsRequest.errors`. What needs the past is in `registered`.
"""

from __future__ import annotations

from conformance.checks import (
    metadata_associations,
    metadata_codes,
    metadata_dmp,
    metadata_formats,
    metadata_members,
    metadata_message,
    metadata_objects,
)
from conformance.checks.metadata_rule import Column, MetadataRule, Subject
from profiles.codes import Domain
from xds.errors import RegistryError
from xds.messages import SubmitObjectsRequest

RULES: tuple[MetadataRule[Subject], ...] = (
    *metadata_message.RULES,
    *metadata_objects.RULES,
    *metadata_formats.RULES,
    *metadata_codes.RULES,
    *metadata_dmp.RULES,
    *metadata_members.RULES,
    *metadata_associations.RULES,
)


def check_metadata(request: SubmitObjectsRequest, domain: Domain) -> tuple[RegistryError, ...]:
    """Everything in an ITI-41 that breaks a rule of this domain, in the order of RULES; warnings too.

    `request.errors`, the faults of reading, are not repeated here: whoever refuses adds them.
    """
    return _check(Subject(request, domain, Column.SOURCE))


def check_registration(
    request: SubmitObjectsRequest, domain: Domain, *, on_demand: bool = False
) -> tuple[RegistryError, ...]:
    """The same for ITI-42, or for ITI-61 when `on_demand` (ITI TF-2 §3.42.4.1.2, §3.61.4.1.2)."""
    return _check(Subject(request, domain, Column.ON_DEMAND if on_demand else Column.REPOSITORY))


def _check(subject: Subject) -> tuple[RegistryError, ...]:
    return tuple(error for rule in RULES for error in rule.check(subject))
