"""Does a submission agree with what is registered? Every rule that needs the past (ITI TF-2 §3.42.4.1.3).

The past is a receipt: values only. What the message alone decides is in `metadata`.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks import registered_associations, registered_identifiers
from conformance.checks.metadata_rule import MetadataRule
from conformance.checks.registered_subject import RegisteredSubject
from profiles.codes import Domain
from xds.errors import RegistryError
from xds.messages import SubmitObjectsRequest
from xds.metadata.document_entry import AvailabilityStatus
from xds.registry.facts import Receipt
from xds.registry.refusals import deprecated_document, duplicate_unique_id, unresolved_reference

RULES: tuple[MetadataRule[RegisteredSubject], ...] = (*registered_identifiers.RULES, *registered_associations.RULES)


def check_registered(request: SubmitObjectsRequest, receipt: Receipt, domain: Domain) -> tuple[RegistryError, ...]:
    """Everything that breaks a rule of this domain, in the order of RULES.

    `receipt` answers for the uniqueIds of the submission, the ids of its objects and the ends of its associations, as
    sent. In the DMP the record is the law's matter (`rights.decide`). A hash and a size that were not sent are
    those of the documents. Pure.
    """
    subject = RegisteredSubject(request, domain, receipt=receipt)
    words = _words_of_the_dmp(subject) if domain.name == "dmp" else ()
    return (*words, *(error for rule in RULES for error in rule.check(subject)))


def _words_of_the_dmp(subject: RegisteredSubject) -> Iterator[RegistryError]:
    """What the DMP tells a sender of the past: a uniqueId is taken, a target is not his, or not Approved any more."""
    request = subject.request
    unique_ids = (
        *(one.unique_id for one in subject.submission_sets),
        *(entry.unique_id for entry in request.entries),
        *(folder.unique_id for folder in request.folders),
    )
    for unique_id in dict.fromkeys(unique_ids):
        if unique_id in subject.receipt.unique_ids:
            yield duplicate_unique_id(unique_id)
    # One that cannot be there at all, the rules on the message have told.
    targets = dict.fromkeys(end for _, name, end in subject.outside() if name == "@targetObject")
    known = {target: subject.document(target) for target in targets}
    for target, document in known.items():
        if document is None:
            yield unresolved_reference(target)
    for target, document in known.items():
        if document is not None and document.status is not AvailabilityStatus.APPROVED:
            yield deprecated_document(target)
