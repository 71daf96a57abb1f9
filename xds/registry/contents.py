"""Answers put together from several questions to one snapshot: associations, packages and what they hold.

One function a query, in the words of ITI TF-2 §3.18.4.1.2.3.7; the number of questions never depends on what is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import LiteralString, Protocol
from uuid import UUID

from xds.metadata.association import AssociationType
from xds.metadata.document_entry import AvailabilityStatus
from xds.queries import (
    FindFolders,
    FindFoldersForMultiplePatients,
    FindSubmissionSets,
    GetAll,
    GetAssociations,
    GetDocumentsAndAssociations,
    GetFolderAndContents,
    GetFolders,
    GetFoldersForDocument,
    GetRelatedDocuments,
    GetSubmissionSetAndContents,
    GetSubmissionSets,
)
from xds.registry.conditions import (
    Conditions,
    object_type_names,
    of_contents,
    of_folder_search,
    of_ids,
    of_submission_set_search,
    status_names,
    uuid_list,
)
from xds.registry.identifiers import canonical_patient_id
from xds.registry.snapshot import Snapshot
from xds.registry.view import RegisteredAssociation, RegisteredFolder, View

DOCUMENT_IDS: tuple[LiteralString, LiteralString, LiteralString] = ("e.entry_uuid", "e.unique_id", "e.logical_id")
FOLDER_IDS: tuple[LiteralString, LiteralString, LiteralString] = ("f.entry_uuid", "f.unique_id", "f.logical_id")
_SET_IDS: tuple[LiteralString, LiteralString, LiteralString] = ("s.entry_uuid", "s.unique_id", "s.entry_uuid")
_OF_PATIENT: LiteralString = "patient_key = (SELECT p.patient_key FROM patients p WHERE p.patient_id = %s)"
_IS_MEMBERSHIP: LiteralString = f"l.association_type = '{AssociationType.HAS_MEMBER}'"


def find_submission_sets(query: FindSubmissionSets, registry: Snapshot) -> View:
    """Submission sets of a patient."""
    return View(submission_sets=registry.submission_sets(of_submission_set_search(query)))


def find_folders(query: FindFolders, registry: Snapshot) -> View:
    """Folders of a patient."""
    return View(folders=registry.folders(of_folder_search(query, (query.patient_id,))))


def find_folders_for_multiple_patients(query: FindFoldersForMultiplePatients, registry: Snapshot) -> View:
    """Folders of several patients."""
    return View(folders=registry.folders(of_folder_search(query, query.patient_ids)))


def get_folders(query: GetFolders, registry: Snapshot) -> View:
    """Folders by their ids."""
    wanted = of_ids(FOLDER_IDS, query.entry_uuids, query.unique_ids, query.logical_ids)
    return View(folders=registry.folders(wanted))


def get_all(query: GetAll, registry: Snapshot) -> View:
    """Everything of a patient; associations may point outside of what is answered."""
    patient_id = canonical_patient_id(query.patient_id)
    documents = of_contents(query).add("e.status = ANY (%s::text[])", status_names(query.statuses))
    sets = Conditions("s.status = ANY (%s::text[])", status_names(query.submission_set_statuses))
    folders = Conditions("f.status = ANY (%s::text[])", status_names(query.folder_statuses))
    found = View(
        entries=registry.documents(documents.add("e." + _OF_PATIENT, patient_id)),
        submission_sets=registry.submission_sets(sets.add("s." + _OF_PATIENT, patient_id)),
        folders=registry.folders(folders.add("f." + _OF_PATIENT, patient_id)),
    )
    ends = _ids(found.entries, found.submission_sets, found.folders)
    return replace(found, associations=registry.associations(_touching(ends, query.association_statuses)))


def get_associations(query: GetAssociations, registry: Snapshot) -> View:
    """Associations with one of the ids at an end."""
    wanted = _touching(uuid_list(query.entry_uuids), query.association_statuses)
    return View(associations=registry.associations(wanted))


def get_documents_and_associations(query: GetDocumentsAndAssociations, registry: Snapshot) -> View:
    """Documents, and the associations that touch them."""
    documents = registry.documents(of_ids(DOCUMENT_IDS, query.entry_uuids, query.unique_ids))
    links = registry.associations(_touching(_ids(documents), query.association_statuses))
    return View(entries=documents, associations=links)


def get_submission_sets(query: GetSubmissionSets, registry: Snapshot) -> View:
    """The submission sets that hold the documents or folders, and the memberships that say so."""
    wanted = _with_status(query.association_statuses).add(_IS_MEMBERSHIP)
    wanted.add("l.target = ANY (%s)", uuid_list(query.entry_uuids))
    wanted.add("NOT EXISTS (SELECT FROM associations held WHERE held.entry_uuid = l.target)")
    wanted.add("EXISTS (SELECT FROM submission_sets s WHERE s.entry_uuid = l.source)")
    links = registry.associations(wanted)
    sets = registry.submission_sets(Conditions("s.entry_uuid = ANY (%s)", _sources(links)))
    return View(submission_sets=sets, associations=_inside(links, _ids(sets) | set(_targets(links))))


def get_submission_set_and_contents(query: GetSubmissionSetAndContents, registry: Snapshot) -> View:
    """A submission set, its documents and folders, and the memberships between them.

    The membership of a document in a folder is there when it came with the set, and with it that of the membership.
    """
    sets = registry.submission_sets(of_ids(_SET_IDS, query.entry_uuids, query.unique_ids))
    direct = _with_status(query.association_statuses).add(_IS_MEMBERSHIP).add("l.source = ANY (%s)", list(_ids(sets)))
    members = registry.associations(direct)
    targets = _targets(members)
    inner = _with_status(query.association_statuses).add(_IS_MEMBERSHIP).add("l.entry_uuid = ANY (%s)", targets)
    memberships = registry.associations(inner)
    documents = registry.documents(of_contents(query).add("e.entry_uuid = ANY (%s)", targets))
    folders = registry.folders(Conditions("f.entry_uuid = ANY (%s)", targets))
    held = _inside(memberships, _ids(documents, folders))
    shown = _ids(sets, documents, folders, held)
    return View(
        submission_sets=sets, entries=documents, folders=folders, associations=(*_inside(members, shown), *held)
    )


def get_folder_and_contents(query: GetFolderAndContents, registry: Snapshot) -> View:
    """A folder, its documents, and the memberships between them."""
    folders = registry.folders(of_ids(FOLDER_IDS, query.entry_uuids, query.unique_ids))
    if not query.every_version:
        folders = _newest(folders)
    links = registry.associations(
        _with_status(query.association_statuses).add(_IS_MEMBERSHIP).add("l.source = ANY (%s)", list(_ids(folders)))
    )
    documents = registry.documents(of_contents(query).add("e.entry_uuid = ANY (%s)", _targets(links)))
    return View(entries=documents, folders=folders, associations=_inside(links, _ids(folders, documents)))


def get_folders_for_document(query: GetFoldersForDocument, registry: Snapshot) -> View:
    """The folders that hold a document, without it."""
    documents = registry.documents(of_ids(DOCUMENT_IDS, query.entry_uuids, query.unique_ids), ids_only=True)
    links = registry.associations(
        _with_status(query.association_statuses).add(_IS_MEMBERSHIP).add("l.target = ANY (%s)", list(_ids(documents)))
    )
    return View(folders=registry.folders(Conditions("f.entry_uuid = ANY (%s)", _sources(links))))


def get_related_documents(query: GetRelatedDocuments, registry: Snapshot) -> View:
    """A document and those related to it, with the relations; nothing at all when there is none."""
    start = registry.documents(of_ids(DOCUMENT_IDS, query.entry_uuids, query.unique_ids), ids_only=True)
    wanted = _touching(_ids(start), query.association_statuses)
    links = registry.associations(wanted.add("l.association_type = ANY (%s)", list(query.association_types)))
    ends = [*_sources(links), *_targets(links)]
    kinds = Conditions("e.object_type = ANY (%s::uuid[])", object_type_names(query.object_types))
    documents = registry.documents(kinds.add("e.entry_uuid = ANY (%s)", ends))
    relations = _inside(links, _ids(documents))
    related = {*_sources(relations), *_targets(relations)}
    return View(
        entries=tuple(item for item in documents if UUID(item.entry_uuid) in related),
        associations=relations,
    )


def _newest(folders: Sequence[RegisteredFolder]) -> tuple[RegisteredFolder, ...]:
    return tuple(sorted(folders, key=lambda folder: folder.version)[-1:])


def _with_status(statuses: Iterable[AvailabilityStatus]) -> Conditions:
    return Conditions("l.status = ANY (%s::text[])", status_names(statuses))


def _touching(ends: Iterable[UUID], statuses: Iterable[AvailabilityStatus]) -> Conditions:
    ids = list(ends)
    return _with_status(statuses).add("(l.source = ANY (%s) OR l.target = ANY (%s))", ids, ids)


def _inside(links: Iterable[RegisteredAssociation], shown: set[UUID]) -> tuple[RegisteredAssociation, ...]:
    """The associations both of whose ends are shown."""
    return tuple(link for link in links if UUID(link.source) in shown and UUID(link.target) in shown)


class _Object(Protocol):
    @property
    def entry_uuid(self) -> str: ...


def _ids(*found: Iterable[_Object]) -> set[UUID]:
    return {UUID(item.entry_uuid) for kind in found for item in kind}


def _sources(links: Iterable[RegisteredAssociation]) -> list[UUID]:
    return list(dict.fromkeys(UUID(link.source) for link in links))


def _targets(links: Iterable[RegisteredAssociation]) -> list[UUID]:
    return list(dict.fromkeys(UUID(link.target) for link in links))
