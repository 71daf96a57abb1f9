"""May this Update Document Set be done? Every rule, on the message and on what is registered (ITI TF-2 §3.57)."""

from __future__ import annotations

from dataclasses import replace

from conformance.checks import (
    metadata_codes,
    metadata_formats,
    metadata_message,
    metadata_objects,
    update_associations,
    update_message,
    update_statuses,
    update_versions,
)
from conformance.checks.metadata_rule import Column, MetadataRule, Subject
from conformance.checks.update_rule import UpdateRule, UpdateSubject
from profiles.codes import Domain
from xds.errors import RegistryError
from xds.messages import SubmitObjectsRequest
from xds.metadata.document_entry import ON_DEMAND
from xds.registry.registered import RegisteredFacts

RULES: tuple[UpdateRule, ...] = (
    *update_message.RULES,
    *update_versions.RULES,
    *update_statuses.RULES,
    *update_associations.RULES,
)
METADATA_RULES: tuple[MetadataRule[Subject], ...] = (
    *(rule for rule in metadata_message.RULES if rule.id == "M8"),
    *metadata_objects.RULES,
    *metadata_formats.RULES,
    *metadata_codes.RULES,
)
"""A new version replaces the metadata: it is as complete as what a registration brings (ITI TF-3 §4.3.1)."""


def check_update(request: SubmitObjectsRequest, facts: RegisteredFacts, domain: Domain) -> tuple[RegistryError, ...]:
    """Everything that breaks a rule; warnings too. `request.errors` are not repeated: whoever refuses adds them.

    An on-demand entry is as complete as its own registration wants it, without hash and size.
    """
    on_demand = tuple(entry for entry in request.entries if entry.object_type == ON_DEMAND)
    stable = tuple(entry for entry in request.entries if entry.object_type != ON_DEMAND)
    subjects = [Subject(replace(request, entries=stable), domain, Column.REPOSITORY)]
    if on_demand:
        alone = replace(request, submission_set=None, entries=on_demand, folders=(), associations=())
        subjects.append(Subject(alone, domain, Column.ON_DEMAND))
    update = UpdateSubject(request, domain, Column.REPOSITORY, facts=facts)
    return (
        *(error for subject in subjects for rule in METADATA_RULES for error in rule.check(subject)),
        *(error for rule in RULES for error in rule.check(update)),
    )
