"""A Bundle transaction as a Provide and Register request (IHE MHD 4.2.4 §2:3.65; ITI TF-2 §3.41).

Every fault is found before anything is refused, as in ebRIM; what is not as the profile has it is a deviation, which
the door takes or refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from profiles.fhir.requirements import COMPREHENSIVE, profile_of
from xds.errors import RegistryError
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.document_entry import AvailabilityStatus
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import fresh_uuid
from xds.mhd.contents import Spell, read_contents
from xds.mhd.document_reference_reader import ReadDocument, read_document_reference
from xds.mhd.element import Element, Json
from xds.mhd.folder_list import read_folder
from xds.mhd.members import Reading, add_filed, add_members, check_patches
from xds.mhd.notes import Notes
from xds.mhd.relations import read_associations
from xds.mhd.requirements import check_profile
from xds.mhd.submission_list import read_submission_set
from xds.mhd.transaction import BundleEntry, EntryKind, Transaction, read_transaction

_OF_BYTES: Final = ("content[0].attachment.size", "content[0].attachment.hash")
"""What a document in FHIR that is an entry of the Bundle does not have (MHD 4.2.4, FHIR Document Publish)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """A transaction as read.

    `request.errors` are its faults; `deviations` are errors too, each a row of `profiles.fhir.deviations`. `places` map
    ids of objects to FHIRPaths (`outcome`). `ids` are those of the entries of the Bundle, in order; an entry that
    registers nothing has the id of what it is for, or none. `custodians` (XON) go by entryUUID.
    """

    request: ProvideAndRegisterRequest
    deviations: tuple[RegistryError, ...]
    places: Mapping[str, str]
    transaction: Transaction
    ids: tuple[str, ...]
    profile: str
    custodians: Mapping[str, str]


def read_lot(
    bundle: Json, *, spell: Spell, new_uuid: Callable[[], str] = fresh_uuid, new_oid: Callable[[], str]
) -> Lot:
    """Read a transaction that provides documents; objects without an entryUUID of their own get a new one.

    `new_oid` makes the uniqueId of a lot that has none, which is a deviation.
    """
    notes = Notes()
    transaction = read_transaction(bundle, notes)
    profile = profile_of(transaction.profiles)
    if not profile:
        expected = "a profile of MHD: Minimal, Comprehensive, UnContained Comprehensive"
        notes.deviation("FHIR-PROFILE", "Bundle.meta.profile", "nothing that is known", expected)
    level = profile or COMPREHENSIVE
    resources = {one.full_url: one.resource for one in transaction.entries if one.full_url}
    reading = Reading(notes)
    documents = [
        _document(one, resources, level, reading, new_uuid, _is_fhir(one, transaction))
        for one in transaction.of(EntryKind.DOCUMENT)
    ]
    folders = [_folder(one, resources, reading, new_uuid) for one in transaction.of(EntryKind.FOLDER)]
    submission_set = _submission_set(transaction, resources, level, reading, new_uuid, new_oid)
    for document in documents:
        for association, path in read_associations(document, reading.ids, notes, new_uuid):
            reading.add(association, path)
    if submission_set is not None:
        set_entry = transaction.of(EntryKind.SUBMISSION_SET)[0]
        add_members(set_entry, submission_set.entry_uuid, reading, new_uuid)
        for entry, folder in zip(transaction.of(EntryKind.FOLDER), folders, strict=True):
            add_filed(entry, folder, submission_set.entry_uuid, reading, new_uuid)
    carriers = (*transaction.of(EntryKind.CONTENT), *transaction.of(EntryKind.FHIR_DOCUMENT))
    contents = read_contents(documents, carriers, spell)
    patched = check_patches(transaction, reading)
    for document in documents:
        reading.places[document.entry.unique_id] = document.path
    carried = {document.url: document.entry.entry_uuid for document in documents}
    return Lot(
        request=ProvideAndRegisterRequest(
            submission_set=submission_set,
            entries=tuple(document.entry for document in documents),
            folders=tuple(folders),
            associations=tuple(reading.associations),
            documents=contents,
            errors=tuple(dict.fromkeys(notes.faults)),
        ),
        deviations=tuple(dict.fromkeys(notes.deviations)),
        places=reading.places,
        transaction=transaction,
        ids=tuple(_id_of(one, reading.ids, carried, patched) for one in transaction.entries),
        profile=level,
        custodians={one.entry.entry_uuid: one.custodian for one in documents if one.custodian},
    )


def _document(
    entry: BundleEntry,
    resources: Mapping[str, Element],
    profile: str,
    reading: Reading,
    new_uuid: Callable[[], str],
    in_fhir: bool,
) -> ReadDocument:
    document = read_document_reference(entry.resource, entry_uuid=new_uuid(), bundle=resources)
    check_profile(entry.resource, profile, _OF_BYTES if in_fhir else ())
    if document.entry.availability_status is not AvailabilityStatus.APPROVED:
        expected = "current: a document is registered so"
        reading.notes.fault("O12", entry.resource.at("status"), entry.resource.text("status"), expected)
    reading.ids[entry.full_url] = document.entry.entry_uuid
    reading.places[document.entry.entry_uuid] = entry.resource.path
    return document


def _is_fhir(entry: BundleEntry, transaction: Transaction) -> bool:
    urls = {one.full_url for one in transaction.of(EntryKind.FHIR_DOCUMENT)}
    contents = entry.resource.children("content")
    attachment = contents[0].child("attachment") if contents else None
    return attachment is not None and attachment.text("url") in urls


def _folder(
    entry: BundleEntry, resources: Mapping[str, Element], reading: Reading, new_uuid: Callable[[], str]
) -> Folder:
    folder = read_folder(entry.resource, entry_uuid=new_uuid(), bundle=resources)
    reading.ids[entry.full_url] = folder.entry_uuid
    reading.places[folder.entry_uuid] = entry.resource.path
    return folder


def _submission_set(
    transaction: Transaction,
    resources: Mapping[str, Element],
    profile: str,
    reading: Reading,
    new_uuid: Callable[[], str],
    new_oid: Callable[[], str],
) -> SubmissionSet | None:
    found = transaction.of(EntryKind.SUBMISSION_SET)
    if len(found) != 1:
        reading.notes.fault("M2", "Bundle", f"{len(found)} Lists of a SubmissionSet", "exactly one")
        return None
    (entry,) = found
    submission_set = read_submission_set(entry.resource, entry_uuid=new_uuid(), bundle=resources)
    check_profile(entry.resource, profile)
    if not submission_set.unique_id:
        expected = "the uniqueId of the lot"
        reading.notes.deviation("FHIR-LIST-IDENTIFIER", entry.resource.at("identifier"), "nothing", expected)
        submission_set = replace(submission_set, unique_id=new_oid())
    reading.ids[entry.full_url] = submission_set.entry_uuid
    reading.places[submission_set.entry_uuid] = entry.resource.path
    reading.places[submission_set.unique_id] = entry.resource.path
    return submission_set


def _id_of(entry: BundleEntry, ids: Mapping[str, str], carried: Mapping[str, str], patched: Mapping[str, str]) -> str:
    path = entry.resource.path
    return ids.get(entry.full_url) or carried.get(entry.full_url) or patched.get(path, "")
