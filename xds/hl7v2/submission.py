"""A message as the submission that the DMP takes (CI-SIS HL7 v2 2.1, mapping to XDS; ITI TF-2 §3.41).

What the header of each document says is given by whoever reads documents: here are added what only the message tells.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from profiles.hl7v2.tables import content_types
from xds.hl7v2.document_message import DocumentMessage, Instructions
from xds.hl7v2.national_ids import PERSONS, STRUCTURES, person_id, staff_id, structure_id
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.datatypes import format_dtm
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.persons import Xcn, Xon
from xds.metadata.submission_set import SubmissionSet

SUBMISSION_SET = "SubmissionSet01"
_VISIBILITY = "1.2.250.1.213.1.1.4.13"


def visibility_codes(instructions: Instructions) -> tuple[Code, ...]:
    """The confidentialityCode that a message adds to that of a document: one for each tag that is Y (H-11)."""
    codes = (
        (instructions.masque_ps, "MASQUE_PS", "Masqué aux professionnels de santé"),
        (instructions.invisible_patient, "INVISIBLE_PATIENT", "Non visible par le patient"),
        (
            instructions.invisible_rep_legaux,
            "INVISIBLE_REPRESENTANTS_LEGAUX",
            "Non visible par les représentants légaux du patient",
        ),
    )
    return tuple(Code(code, _VISIBILITY, display) for said, code, display in codes if said)


def author_of(
    message: DocumentMessage, roles: tuple[str, ...] = (), specialties: tuple[str, ...] = ()
) -> Author | None:
    """Who asks, the PRT SB, as author of the lot; None without one. What is known of his roles is given."""
    sender = message.sender
    if sender is None:
        return None
    organization = sender.organization
    structure = structure_id(organization) if organization is not None else ""
    institution = (
        Xon(name=organization.name, identifier=structure, authority=STRUCTURES, id_type="IDNST").format()
        if organization is not None
        else None
    )
    person: str | None = None
    if sender.person is not None:
        person = Xcn(
            identifier=person_id(sender.person, structure),
            family=sender.person.family,
            given=sender.person.given,
            authority=PERSONS,
            name_type="D",
            id_type="IDNPS",
        ).format()
    elif sender.device is not None:
        person = Xcn(
            identifier=staff_id(sender.device, structure),
            family=sender.device,
            authority=PERSONS,
            name_type="U",
            id_type="RI",
        ).format()
    return Author(
        person=person,
        institutions=(institution,) if institution is not None else (),
        roles=roles,
        specialties=specialties,
    )


def to_submission(
    message: DocumentMessage,
    entries: Sequence[DocumentEntry],
    *,
    unique_id: str,
    source_id: str,
    now: datetime,
    replaced: Mapping[str, str] | None = None,
    author: Author | None = None,
) -> ProvideAndRegisterRequest:
    """The lot of a message; it has no signature yet.

    `entries` are what the header of each document says, in the order of `message.documents`, each with its own
    `entry_uuid`. `unique_id` and `source_id` are OIDs. `replaced` maps the `entry_uuid` of a document to the entryUUID
    of the registered one that it replaces. `author` is by default `author_of(message)`.
    Raises ValueError: there are not as many entries as documents.
    """
    added = visibility_codes(message.instructions)
    pairs = list(zip(entries, message.documents, strict=True))
    complete = tuple(
        replace(entry, confidentiality_codes=(*entry.confidentiality_codes[:1], *added)) for entry, _ in pairs
    )
    author = author or author_of(message)
    submission_set = SubmissionSet(
        entry_uuid=SUBMISSION_SET,
        unique_id=unique_id,
        patient_id=message.patient.patient_id or "",
        source_id=source_id,
        submission_time=format_dtm(now.astimezone(UTC)),
        content_type_code=content_type_code(message.visit.patient_class),
        authors=(author,) if author is not None else (),
    )
    members = [
        Association(
            entry_uuid=f"Member{number:02}",
            association_type=AssociationType.HAS_MEMBER,
            source=SUBMISSION_SET,
            target=entry.entry_uuid,
            submission_set_status="Original",
        )
        for number, entry in enumerate(complete, 1)
    ]
    replacements = [
        Association(
            entry_uuid=f"Replacement{number:02}",
            association_type=AssociationType.RPLC,
            source=source,
            target=target,
        )
        for number, (source, target) in enumerate((replaced or {}).items(), 1)
    ]
    return ProvideAndRegisterRequest(
        submission_set=submission_set,
        entries=complete,
        associations=(*members, *replacements),
        documents={entry.entry_uuid: document.content for entry, document in pairs},
    )


def content_type_code(patient_class: str) -> Code | None:
    """ContentTypeCode of a class of patient, PV1-2; None for one that tells none."""
    found = content_types().get(patient_class)
    return Code(*found) if found is not None else None
