"""A lot that the house makes for an establishment: its ids, its signature, its order to delete (DMP TD2.1, TD3.3c).

Every id is derived from where the lot came from: what is treated again after a crash makes the same lot, and what it
registered the first time is recognised (G-333).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID, uuid5

from security.signature.signing import Seal, sign_lot
from xds.messages import ProvideAndRegisterRequest, SubmitObjectsRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.signature_entry import signature_entry
from xds.metadata.submission_set import SubmissionSet


@dataclass(frozen=True, slots=True)
class Origin:
    """What a lot is made of, by its id in the inbox: the same names give the same ids."""

    identifier: UUID

    def entry_uuids(self, number: int) -> tuple[str, ...]:
        """The ids of the entries of so many documents, in order."""
        return tuple(self.uuid(f"document {rank}") for rank in range(number))

    def uuid(self, name: str) -> str:
        """An entryUUID."""
        return f"urn:uuid:{uuid5(self.identifier, name)}"

    def oid(self, name: str) -> str:
        """A uniqueId."""
        return f"2.25.{uuid5(self.identifier, name).int}"


def sealed(plain: ProvideAndRegisterRequest, origin: Origin, seal: Seal, now: datetime) -> ProvideAndRegisterRequest:
    """A deposit with its signature, which the author of the lot makes. Raises LookupError: no set, or no document."""
    submission_set = plain.submission_set
    if submission_set is None or not plain.entries:
        raise LookupError("a lot that is signed has its set and a document")
    signature = sign_lot(
        seal,
        lot_unique_id=submission_set.unique_id,
        documents={entry.unique_id: plain.documents[entry.entry_uuid] for entry in plain.entries},
        now=now,
    )
    signing = signature_entry(
        signature,
        submission_set,
        plain.entries[0],
        entry_uuid=origin.uuid("signature"),
        unique_id=origin.oid("signature"),
        now=now,
    )
    return replace(
        plain,
        entries=(*plain.entries, signing),
        associations=(*plain.associations, *_of_signature(signing, submission_set)),
        documents={**plain.documents, signing.entry_uuid: signature},
    )


def deletion(submission_set: SubmissionSet, targets: Mapping[str, AvailabilityStatus]) -> SubmitObjectsRequest:
    """A message that deletes registered documents, by entryUUID, each with the status that it has now."""
    orders = tuple(
        Association(
            entry_uuid=f"Order{rank}",
            association_type=AssociationType.UPDATE_AVAILABILITY_STATUS,
            source=submission_set.entry_uuid,
            target=target,
            original_status=status.value,
            new_status=AvailabilityStatus.DELETED.value,
        )
        for rank, (target, status) in enumerate(targets.items())
    )
    return SubmitObjectsRequest(submission_set=submission_set, entries=(), associations=orders)


def _of_signature(signing: DocumentEntry, submission_set: SubmissionSet) -> tuple[Association, Association]:
    """The signature is a member of the lot, and signs it."""
    member = Association(
        entry_uuid="MemberSignature",
        association_type=AssociationType.HAS_MEMBER,
        source=submission_set.entry_uuid,
        target=signing.entry_uuid,
        submission_set_status="Original",
    )
    signs = Association(
        entry_uuid="Signs",
        association_type=AssociationType.SIGNS,
        source=signing.entry_uuid,
        target=submission_set.entry_uuid,
    )
    return member, signs
