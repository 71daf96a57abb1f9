"""A document that may not be read leaves no trace: every query answers as in a record where it never was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import UUID, uuid5

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import Requester, RequesterKind
from xds.ebrim.writer import write_association, write_entry, write_folder, write_submission_set
from xds.errors import Refusal, RegistryError, XdsErrorCode
from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import STABLE
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.queries import (
    FindDocuments,
    FindDocumentsByReferenceId,
    FindFolders,
    FindSubmissionSets,
    GetAll,
    GetAssociations,
    GetDocuments,
    GetDocumentsAndAssociations,
    GetFolderAndContents,
    GetFolders,
    GetFoldersForDocument,
    GetRelatedDocuments,
    GetSubmissionSetAndContents,
    GetSubmissionSets,
    ReturnType,
    StoredQuery,
)
from xds.registry.scope import Scope, Sight

from .conftest import CLASSES, DOCTOR, HOSPITAL, LETTER, NOON, Registry, a_folder, a_set, an_entry, looking

BOTH = (Status.APPROVED, Status.DEPRECATED)
READER = Requester(kind=RequesterKind.PROFESSIONAL, national_id="810000000009", profession="10")
HAS_MEMBER = AssociationType.HAS_MEMBER
RELATIONS = (AssociationType.RPLC, AssociationType.APND, AssociationType.XFRM, AssociationType.SIGNS)
NAMESPACE = UUID("6f1d5c1e-3f0a-4f7e-8a53-0c9f0e0f3d11")
CODES = {
    "classCode": [f"10^^{CLASSES}"],
    "typeCode": [f"{LETTER.code}^^{LETTER.scheme}"],
    "formatCode": ["text^^1.2"],
}
_numbers = count(1)


def uuid_of(name: str) -> UUID:
    return uuid5(NAMESPACE, name)


def urn_of(name: str) -> str:
    return f"urn:uuid:{uuid_of(name)}"


def oid_of(name: str) -> str:
    return f"2.25.{uuid_of(name).int}"


@dataclass(frozen=True)
class Link:
    """An association; its name is made of its ends."""

    source: str
    target: str
    kind: AssociationType = HAS_MEMBER
    status: str = "APPROVED"

    @property
    def name(self) -> str:
        return f"{self.source}>{self.target}:{self.kind}"


@dataclass
class Contents:
    """A record by the names of its objects; `documents` says which are masked."""

    documents: dict[str, bool] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    sets: set[str] = field(default_factory=set)
    links: set[Link] = field(default_factory=set)
    deprecated: set[str] = field(default_factory=set)

    def without_the_masked(self) -> Contents:
        """What the record is when the masked documents never came, nor the folders and lots that only held such."""
        gone = {name for name, masked in self.documents.items() if masked}
        gone |= {name for name in self.folders if self._held(name) and self._held(name) <= gone}
        direct = {link.name for link in self.links if {link.source, link.target} & gone}
        gone |= direct
        for name in self.sets:
            held = self._held(name)
            documents = held & set(self.documents)
            if (documents and documents <= gone) or (held and held <= gone):
                gone.add(name)
        return Contents(
            documents={name: masked for name, masked in self.documents.items() if name not in gone},
            folders=self.folders - gone,
            sets=self.sets - gone,
            links={link for link in self.links if not {link.name, link.source, link.target} & gone},
            deprecated=self.deprecated,
        )

    def _held(self, package: str) -> set[str]:
        return {link.target for link in self.links if link.source == package}


@st.composite
def records(draw: st.DrawFn) -> Contents:
    """Up to four lots of documents and folders, memberships and relations among them, some of it masked."""
    found = Contents()
    for number in range(draw(st.integers(1, 4))):
        lot = f"s{number}"
        found.sets.add(lot)
        for masked in draw(st.lists(st.booleans(), max_size=2)):
            name = f"d{len(found.documents)}"
            found.documents[name] = masked
            found.links.add(Link(lot, name))
        for _ in range(draw(st.integers(0, 1))):
            name = f"f{len(found.folders)}"
            found.folders.add(name)
            found.links.add(Link(lot, name))
        if found.folders and found.documents:
            for pair in draw(
                st.lists(st.tuples(st.sampled_from(sorted(found.folders)), st.sampled_from(sorted(found.documents))),
                         max_size=3, unique=True)
            ):  # fmt: skip
                membership = Link(*pair, status=draw(st.sampled_from(["APPROVED", "APPROVED", "DEPRECATED"])))
                if membership.name not in {link.name for link in found.links}:
                    found.links |= {membership, Link(lot, membership.name)}
    if len(found.documents) > 1:
        names = st.sampled_from(sorted(found.documents))
        for source, target, kind in draw(st.lists(st.tuples(names, names, st.sampled_from(RELATIONS)), max_size=3)):
            if source != target:
                found.links.add(Link(source, target, kind))
        found.deprecated = set(draw(st.lists(names, max_size=2)))
    return found


def insert(registry: Registry, contents: Contents) -> str:
    """Put a record into the tables; the same names have the same ids in every record."""
    patient_id, record = registry.a_record()
    same = "1^^^&1.2.3&ISO"
    with registry.owner.transaction(), registry.owner.cursor() as cursor:
        key = record.patient_key
        for name in sorted(contents.sets):
            lot = a_set(same, entry_uuid=urn_of(name), unique_id=oid_of(name))
            cursor.execute(
                "INSERT INTO ecluse.submission_sets (patient_key, entry_uuid, unique_id, source_id, depositor_id,"
                " submission_time, author_persons, codes, fragment)"
                " VALUES (%s, %s, %s, '1.2', %s, '20260101000000', '{}', '{}', %s)",
                (key, uuid_of(name), lot.unique_id, HOSPITAL, write_submission_set(lot)),
            )
        for name, masked in sorted(contents.documents.items()):
            entry = an_entry(same, entry_uuid=urn_of(name), unique_id=oid_of(name))
            codes = {**CODES, "confidentialityCode": ["MASQUE_PS^^1.2" if masked else "N^^1.2"]}
            cursor.execute(
                "INSERT INTO ecluse.document_entries (patient_key, entry_uuid, logical_id, version, unique_id, status,"
                " object_type, mime_type, creation_time, depositor_id, author_structure_ids, author_person_ids,"
                " author_persons, reference_ids, codes, fragment) VALUES"
                " (%s, %s, %s, 1, %s, %s, %s, 'text/xml', '20260101000000', %s, '{}', %s, '{}', '{ref}', %s, %s)",
                (key, uuid_of(name), uuid_of(name), entry.unique_id,
                 "DEPRECATED" if name in contents.deprecated else "APPROVED", STABLE.split(":")[-1], HOSPITAL, [DOCTOR],
                 orjson.dumps(codes).decode(), write_entry(entry)),
            )  # fmt: skip
        for name in sorted(contents.folders):
            folder = a_folder(same, entry_uuid=urn_of(name), unique_id=oid_of(name), last_update_time="20260101000000")
            cursor.execute(
                "INSERT INTO ecluse.folders (patient_key, entry_uuid, logical_id, version, unique_id, status,"
                " last_update_time, depositor_id, codes, fragment)"
                " VALUES (%s, %s, %s, 1, %s, 'APPROVED', '20260101000000', %s, '{}', %s)",
                (key, uuid_of(name), uuid_of(name), folder.unique_id, HOSPITAL, write_folder(folder)),
            )
        for link in sorted(contents.links, key=lambda link: link.name):
            association = Association(
                entry_uuid=urn_of(link.name),
                association_type=link.kind,
                source=urn_of(link.source),
                target=urn_of(link.target),
            )
            cursor.execute(
                "INSERT INTO ecluse.associations (patient_key, entry_uuid, association_type, source, target,"
                " submission_set, fragment, status) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
                (key, uuid_of(link.name), link.kind, uuid_of(link.source), uuid_of(link.target),
                 uuid_of(min(contents.sets)), write_association(association), link.status),
            )  # fmt: skip
    return patient_id


def every_query(contents: Contents, patient_id: str, return_type: ReturnType) -> Iterator[tuple[str, StoredQuery]]:
    """Every stored query of ITI-18, about every object that there is, hidden or not."""
    documents, folders, sets = sorted(contents.documents), sorted(contents.folders), sorted(contents.sets)
    every = [*documents, *folders, *sets, *sorted(link.name for link in contents.links)]
    of_patient: dict[str, Any] = {"patient_id": patient_id, "statuses": BOTH, "return_type": return_type}
    yield "FindDocuments", FindDocuments(**of_patient)
    yield "FindDocumentsByReferenceId", FindDocumentsByReferenceId(**of_patient, reference_ids=(("r%",),))
    yield "FindSubmissionSets", FindSubmissionSets(**of_patient)
    yield "FindFolders", FindFolders(**of_patient)
    for statuses in ((Status.APPROVED,), BOTH):
        how: dict[str, Any] = {"association_statuses": statuses, "return_type": return_type}
        all_of = {**of_patient, "submission_set_statuses": BOTH, "folder_statuses": BOTH, **how}
        yield "GetAll", GetAll(**all_of)
        if not every:
            continue
        yield "GetAssociations", GetAssociations(entry_uuids=tuple(map(urn_of, every)), **how)
        yield "GetSubmissionSets", GetSubmissionSets(entry_uuids=tuple(map(urn_of, every)), **how)
        for name in documents:
            one = {"entry_uuids": (urn_of(name),), **how}
            yield f"GetAssociations {name}", GetAssociations(**one)
            yield f"GetSubmissionSets {name}", GetSubmissionSets(**one)
            yield f"GetDocumentsAndAssociations {name}", GetDocumentsAndAssociations(unique_ids=(oid_of(name),), **how)
            yield f"GetFoldersForDocument {name}", GetFoldersForDocument(**one)
            yield f"GetRelatedDocuments {name}", GetRelatedDocuments(**one, association_types=RELATIONS)
        for name in sets:
            yield f"GetSubmissionSetAndContents {name}", GetSubmissionSetAndContents(entry_uuids=(urn_of(name),), **how)
        for name in folders:
            yield f"GetFolderAndContents {name}", GetFolderAndContents(unique_ids=(oid_of(name),), **how)
    yield "GetDocuments", GetDocuments(entry_uuids=tuple(map(urn_of, documents)), return_type=return_type)
    yield "GetFolders", GetFolders(unique_ids=tuple(map(oid_of, folders)), return_type=return_type)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(records())
def test_every_answer_is_that_of_a_record_where_the_hidden_never_was(registry: Registry, contents: Contents) -> None:
    full, bare = insert(registry, contents), insert(registry, contents.without_the_masked())
    for return_type in ReturnType:
        pairs = zip(every_query(contents, full, return_type), every_query(contents, bare, return_type), strict=True)
        for (name, query), (_, same) in pairs:
            answer = registry.reader.answer(query, looking(READER, full)).objects(return_type)
            assert answer == registry.reader.answer(same, looking(READER, bare)).objects(return_type), name


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(records())
def test_whole_documents_are_related_to_what_is_seen_as_associations_say(
    registry: Registry, contents: Contents
) -> None:
    full, bare = insert(registry, contents), insert(registry, contents.without_the_masked())
    told = [relations_of(registry, patient_id) for patient_id in (full, bare)]
    assert told[0] == told[1]
    seen = {urn_of(name) for name, masked in contents.documents.items() if not masked}
    assert set(told[0]) == seen
    query = GetAssociations(entry_uuids=tuple(sorted(seen)))
    links = registry.reader.answer(query, looking(READER, full)).associations if seen else ()
    for one in seen:
        said = [(link.association_type, link.target) for link in links if link.source == one and link.target in seen]
        assert told[0][one] == tuple(said)


def relations_of(registry: Registry, patient_id: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """What each document that is found whole is related to."""
    query = FindDocuments(patient_id=patient_id, statuses=BOTH)
    view = registry.reader.answer_whole(query, looking(READER, patient_id))
    assert all(version.is_last and version.number == 1 for version in view.versions.values())
    assert {version.logical_id for version in view.versions.values()} == {one.entry_uuid for one in view.entries}
    return {entry_uuid: version.relations for entry_uuid, version in view.versions.items()}


def a_folder_with(*masked: bool) -> Contents:
    """One lot with a folder, and a lot for each of its documents."""
    found = Contents(folders={"f0"}, sets={"s0"}, links={Link("s0", "f0")})
    for number, hidden in enumerate(masked):
        document, lot = f"d{number}", f"s{number + 1}"
        membership = Link("f0", document)
        found.documents[document] = hidden
        found.sets.add(lot)
        found.links |= {Link(lot, document), membership, Link(lot, membership.name)}
    return found


@pytest.mark.parametrize(
    ("masked", "folder", "sets"),
    [((), True, 1), ((False,), True, 2), ((True,), False, 0), ((True, True), False, 0), ((True, False), True, 2)],
    ids=str,
)
def test_a_folder_is_there_while_it_is_empty_or_holds_something_that_may_be_read(
    registry: Registry, masked: tuple[bool, ...], folder: bool, sets: int
) -> None:
    patient_id = insert(registry, a_folder_with(*masked))
    scope = looking(READER, patient_id)
    folders = registry.reader.answer(FindFolders(patient_id=patient_id, statuses=BOTH), scope)
    assert bool(folders.folders) == folder
    found = registry.reader.answer(FindSubmissionSets(patient_id=patient_id, statuses=BOTH), scope)
    assert len(found.submission_sets) == sets
    author = looking(Requester(kind=RequesterKind.PROFESSIONAL, national_id=DOCTOR, profession="10"), patient_id)
    everything = registry.reader.answer(FindSubmissionSets(patient_id=patient_id, statuses=BOTH), author)
    assert len(everything.submission_sets) == 1 + len(masked)


def test_an_association_that_leaves_the_record_is_not_told_in_a_scope(registry: Registry) -> None:
    contents = Contents(documents={"d0": False}, sets={"s0"}, links={Link("s0", "d0"), Link("s0", "elsewhere")})
    patient_id = insert(registry, contents)
    query = GetAssociations(entry_uuids=(urn_of("s0"),))
    found = registry.reader.answer(query, looking(READER, patient_id))
    assert [item.target for item in found.associations] == [urn_of("d0")]


MANY = 10_001


def crowd(registry: Registry, patient_id: str, number: int) -> None:
    """Masked documents of DOCTOR, newer than all others: as many as would fill an answer."""
    codes = {**CODES, "confidentialityCode": ["MASQUE_PS^^1.2"]}
    with registry.owner.transaction():
        registry.owner.execute(
            "INSERT INTO ecluse.document_entries (patient_key, entry_uuid, logical_id, version, unique_id, status,"
            " object_type, mime_type, creation_time, depositor_id, author_structure_ids, author_person_ids,"
            " author_persons, reference_ids, codes, fragment) SELECT patient_key, gen_random_uuid(), gen_random_uuid(),"
            " 1, '1.2.' || n, 'APPROVED', %s, 'text/xml', '20270101000000', %s, '{}', %s, '{}', '{}', %s, ''"
            " FROM ecluse.patients, generate_series(1, %s) AS n WHERE patient_id = %s",
            (STABLE.split(":")[-1], HOSPITAL, [DOCTOR], orjson.dumps(codes).decode(), number, patient_id),
        )


def test_what_is_hidden_takes_no_place_in_an_answer_that_is_full(registry: Registry) -> None:
    patient_id = insert(registry, Contents(documents={"d0": False}, sets={"s0"}, links={Link("s0", "d0")}))
    crowd(registry, patient_id, MANY)
    author = Requester(kind=RequesterKind.PROFESSIONAL, national_id=DOCTOR, profession="10")
    all_of: dict[str, Any] = {"submission_set_statuses": BOTH, "folder_statuses": BOTH, "association_statuses": BOTH}
    for query in (
        FindDocuments(patient_id=patient_id, statuses=BOTH),
        FindDocuments(patient_id=patient_id, statuses=BOTH, spaces=("REPORTS",)),
        GetAll(patient_id=patient_id, statuses=BOTH, **all_of),
    ):
        found = registry.reader.answer(query, looking(READER, patient_id))
        assert [entry.unique_id for entry in found.entries] == [oid_of("d0")], query
        assert found.objects(), "that is not too many"
    for space in ("REPORTS", "IMAGING"):  # who sees them all is not given a part of them
        query = FindDocuments(patient_id=patient_id, statuses=BOTH, spaces=(space,))
        with pytest.raises(Refusal) as refused:
            registry.reader.answer(query, looking(author, patient_id)).objects()
        assert [error.code for error in refused.value.errors] == [XdsErrorCode.TOO_MANY_RESULTS]


class Unseen(Scope):
    """A record that nobody gets to look at."""

    def sight(self, record: Record, authorisation: Authorisation | None) -> Sight:
        raise AssertionError("documents were looked at")


def test_who_is_not_admitted_is_refused_before_anything_is_searched(registry: Registry) -> None:
    contents = a_folder_with(False)
    patient_id = insert(registry, contents)
    asked: list[Record | None] = []

    def refuse(record: Record | None, authorisation: Authorisation | None) -> None:
        asked.append(record)
        raise Refusal([RegistryError(XdsErrorCode.DMP_ACCESS_DENIED, "no")])

    scope = Unseen(patient_id=patient_id, requester=READER, now=NOON, admits=refuse)
    queries = [query for _, query in every_query(contents, patient_id, ReturnType.LEAF_CLASS)]
    for query in queries:
        with pytest.raises(Refusal):
            registry.reader.answer(query, scope)
    with pytest.raises(Refusal):
        registry.reader.documents_by_unique_id([oid_of("d0")], scope)
    assert len(asked) == len(queries) + 1
    assert None not in asked
