"""Every stored query on one small registry: what it answers, in both return types, with and without a scope."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from xds.errors import Refusal, XdsErrorCode
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND, STABLE
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.queries import (
    FindDocuments,
    FindDocumentsForMultiplePatients,
    FindFolders,
    FindFoldersForMultiplePatients,
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
    MultiPatientQuery,
    Query,
    ReturnType,
    StoredQuery,
    TimeRange,
)
from xds.registry import view

from .conftest import (
    MASKED,
    NORMAL,
    Registry,
    a_folder,
    a_set,
    an_entry,
    everything,
    has_member,
    link,
    oid,
    person,
    urn,
)

APPROVED, DEPRECATED = (Status.APPROVED,), (Status.DEPRECATED,)
BOTH = (Status.APPROVED, Status.DEPRECATED)
RPLC, APND, SNAPSHOT = AssociationType.RPLC, AssociationType.APND, AssociationType.IS_SNAPSHOT_OF
LETTERS, IMAGES = Code("letters", "1.2.3"), Code("images", "1.2.3")
TEXT, PDF = Code("text", "1.2.4"), Code("pdf", "1.2.4")
_ID = re.compile(rb' id="([^"]+)"')


@dataclass
class World:
    """What is registered, by short names: documents `d`, folders `f`, sets `s`; an association is `source>target`."""

    registry: Registry
    patient_id: str
    other_patient_id: str
    ids: dict[str, str]
    unique_ids: dict[str, str]

    def __getitem__(self, name: str) -> str:
        return self.ids[name]

    def names(self) -> dict[str, str]:
        return {entry_uuid: name for name, entry_uuid in self.ids.items()}


def _named(links: list[Association], ids: dict[str, str]) -> dict[str, str]:
    known = {entry_uuid: name for name, entry_uuid in ids.items()}
    found: dict[str, str] = {}
    for item in sorted(links, key=lambda item: item.target not in known):
        target = known.get(item.target) or f"({found[item.target]})"
        found[item.entry_uuid] = f"{known[item.source]}>{target}"
    return found


@pytest.fixture(scope="module")
def world(registry: Registry) -> World:
    patient_id, _ = registry.a_record()
    other_patient_id, _ = registry.a_record()
    ids: dict[str, str] = {}
    unique_ids: dict[str, str] = {}

    def submit(name: str, documents: dict[str, Any], folders: dict[str, Any], links: list[Any], **how: Any) -> None:
        patient = how.pop("patient_id", patient_id)
        lot = a_set(patient, **how)
        parts = {name: lot, **documents, **folders}
        ids.update({key: item.entry_uuid for key, item in parts.items()})
        unique_ids.update({key: item.unique_id for key, item in parts.items()})
        made = [each(ids) if callable(each) else each for each in links]
        registry.deposit(
            patient,
            list(documents.values()),
            folders=list(folders.values()),
            links=made,
            lot=lot,
            bytes_here=all(item.hash for item in documents.values()),
        )

    def inside(folder: str, document: str) -> Callable[[dict[str, str]], Association]:
        return lambda known: has_member(known[folder], known[document])

    def relation(kind: AssociationType, source: Any, target: str) -> Callable[[dict[str, str]], Association]:
        return lambda known: link(kind, source, known[target])

    def document(**changes: Any) -> Any:
        return an_entry(changes.pop("patient_id", patient_id), **changes)

    author = Author(person=person("810000000002", "MARTIN"))
    submit("s1", {"d1": document(format_code=TEXT), "d2": document(format_code=PDF)},
           {"f1": a_folder(patient_id, codes=(LETTERS,))}, [inside("f1", "d1"), inside("f1", "d2")],
           submission_time="20260101", authors=(author,), source_id="1.2.250.1.999.2")  # fmt: skip
    submit("s2", {"d3": document(confidentiality_codes=(NORMAL, MASKED)), "d4": document()},
           {"f2": a_folder(patient_id, codes=(LETTERS, IMAGES))}, [inside("f2", "d3")],
           submission_time="20260201")  # fmt: skip
    submit("s3", {"d5": document()}, {}, [], content_type_code=Code("05", "1.2.250.1.213.2.2"))
    submit("s4", {"d6": document()}, {"f3": a_folder(patient_id)}, [inside("f3", "d6")])
    replacement = document()
    submit("s5", {"d7": replacement}, {}, [relation(RPLC, replacement, "d5")])
    addendum = document()
    submit("s6", {"d8": addendum}, {}, [relation(APND, addendum, "d7")])
    submit("s7", {}, {"f4": a_folder(patient_id)}, [])
    on_demand = document(object_type=ON_DEMAND, hash=None, size=None, creation_time="20260301")
    submit("s8", {"d9": on_demand}, {}, [])
    snapshot = document()
    submit("s9", {"d10": snapshot}, {}, [relation(SNAPSHOT, snapshot, "d9")])
    submit("t1", {"e1": document(patient_id=other_patient_id)},
           {"g1": a_folder(other_patient_id, codes=(IMAGES,))}, [inside("g1", "e1")],
           patient_id=other_patient_id)  # fmt: skip
    rows = registry.owner.execute(
        "SELECT 'urn:uuid:' || l.entry_uuid, 'urn:uuid:' || l.source, 'urn:uuid:' || l.target"
        " FROM ecluse.associations l JOIN ecluse.patients p USING (patient_key) WHERE p.patient_id = ANY (%s)",
        ([patient_id, other_patient_id],),
    ).fetchall()
    made = [
        Association(entry_uuid=entry_uuid, association_type=AssociationType.HAS_MEMBER, source=source, target=target)
        for entry_uuid, source, target in rows
    ]
    ids.update({name: entry_uuid for entry_uuid, name in _named(made, ids).items()})
    # A membership ended, as an update of its status leaves it.
    registry.owner.execute(
        "UPDATE ecluse.associations SET status = 'DEPRECATED' WHERE entry_uuid = %s", (ids["d8>d7"].split(":")[-1],)
    )
    registry.owner.execute(
        "UPDATE ecluse.document_entries SET creation_time = NULL WHERE entry_uuid = %s", (ids["d9"].split(":")[-1],)
    )
    return World(registry, patient_id, other_patient_id, ids, unique_ids)


Make = Callable[[World], StoredQuery | MultiPatientQuery]
ALL_S1 = {"s1", "d1", "d2", "f1", "s1>d1", "s1>d2", "s1>f1", "f1>d1", "f1>d2", "s1>(f1>d1)", "s1>(f1>d2)"}
STABLES = {"d1", "d2", "d3", "d4", "d6", "d7", "d8", "d10"}
SETS = {f"s{number}" for number in range(1, 10)}


def all_of(**changes: Any) -> Make:
    statuses = {"statuses": APPROVED, "submission_set_statuses": APPROVED, "folder_statuses": APPROVED}
    return lambda w: GetAll(patient_id=w.patient_id, **{**statuses, **changes})


CASES: list[tuple[str, Make, set[str]]] = [
    ("FindDocuments", lambda w: FindDocuments(patient_id=w.patient_id, statuses=APPROVED), STABLES),
    ("FindDocuments deprecated", lambda w: FindDocuments(patient_id=w.patient_id, statuses=DEPRECATED), {"d5"}),
    ("FindDocuments on-demand whatever the creation time",
     lambda w: FindDocuments(patient_id=w.patient_id, statuses=APPROVED, object_types=(ON_DEMAND,),
                             creation_time=TimeRange("20300101000000", "20310101000000")), {"d9"}),
    ("FindDocuments both kinds, stable filtered by creation time",
     lambda w: FindDocuments(patient_id=w.patient_id, statuses=APPROVED, object_types=(STABLE, ON_DEMAND),
                             creation_time=TimeRange("20300101000000")), {"d9"}),
    ("GetDocuments by UUID", lambda w: GetDocuments(entry_uuids=(w["d5"], w["d9"], urn())), {"d5", "d9"}),
    ("GetDocuments by uniqueId", lambda w: GetDocuments(unique_ids=(w.unique_ids["d5"], w.unique_ids["d1"], oid())),
     {"d5", "d1"}),
    ("GetDocuments by logicalID", lambda w: GetDocuments(logical_ids=(w["d2"],)), {"d2"}),
    ("GetDocuments of what is no document", lambda w: GetDocuments(entry_uuids=(w["s1"], w["f1"])), set()),
    ("FindSubmissionSets", lambda w: FindSubmissionSets(patient_id=w.patient_id, statuses=APPROVED), SETS),
    ("FindSubmissionSets deprecated",
     lambda w: FindSubmissionSets(patient_id=w.patient_id, statuses=DEPRECATED), set()),
    ("FindSubmissionSets by source",
     lambda w: FindSubmissionSets(patient_id=w.patient_id, statuses=BOTH, source_ids=("1.2.250.1.999.2", "9.9")),
     {"s1"}),
    ("FindSubmissionSets by time",
     lambda w: FindSubmissionSets(patient_id=w.patient_id, statuses=BOTH,
                                  submission_time=TimeRange("20260101000000", "20260201000000")), {"s1"}),
    ("FindSubmissionSets by author",
     lambda w: FindSubmissionSets(patient_id=w.patient_id, statuses=BOTH, author_person="%^MARTIN^%"), {"s1"}),
    ("FindSubmissionSets by an author in another case",
     lambda w: FindSubmissionSets(patient_id=w.patient_id, statuses=BOTH, author_person="%^martin^%"), set()),
    ("FindSubmissionSets by content type",
     lambda w: FindSubmissionSets(patient_id=w.patient_id, statuses=BOTH,
                                  content_type_codes=(Code("05", "1.2.250.1.213.2.2"),)), {"s3"}),
    ("FindFolders", lambda w: FindFolders(patient_id=w.patient_id, statuses=APPROVED), {"f1", "f2", "f3", "f4"}),
    ("FindFolders deprecated", lambda w: FindFolders(patient_id=w.patient_id, statuses=DEPRECATED), set()),
    ("FindFolders by code, or", lambda w: FindFolders(patient_id=w.patient_id, statuses=APPROVED,
                                                      codes=((LETTERS, IMAGES),)), {"f1", "f2"}),
    ("FindFolders by code, and", lambda w: FindFolders(patient_id=w.patient_id, statuses=APPROVED,
                                                       codes=((LETTERS,), (IMAGES,))), {"f2"}),
    ("FindFolders updated before", lambda w: FindFolders(patient_id=w.patient_id, statuses=APPROVED,
                                                         last_update_time=TimeRange(None, "20000101000000")), set()),
    ("GetFolders by UUID", lambda w: GetFolders(entry_uuids=(w["f1"], w["f4"])), {"f1", "f4"}),
    ("GetFolders by uniqueId", lambda w: GetFolders(unique_ids=(w.unique_ids["f1"],)), {"f1"}),
    ("GetFolders by logicalID", lambda w: GetFolders(logical_ids=(w["f2"],)), {"f2"}),
    ("GetAssociations of a document", lambda w: GetAssociations(entry_uuids=(w["d1"],)), {"s1>d1", "f1>d1"}),
    ("GetAssociations of an association", lambda w: GetAssociations(entry_uuids=(w["f1>d1"],)), {"s1>(f1>d1)"}),
    ("GetAssociations, Approved", lambda w: GetAssociations(entry_uuids=(w["d7"],)), {"s5>d7", "d7>d5"}),
    ("GetAssociations, both", lambda w: GetAssociations(entry_uuids=(w["d7"],), association_statuses=BOTH),
     {"s5>d7", "d7>d5", "d8>d7"}),
    ("GetAssociations of nothing known", lambda w: GetAssociations(entry_uuids=(urn(),)), set()),
    ("GetDocumentsAndAssociations",
     lambda w: GetDocumentsAndAssociations(entry_uuids=(w["d5"], w["d1"])),
     {"d5", "d1", "s3>d5", "d7>d5", "s1>d1", "f1>d1"}),
    ("GetDocumentsAndAssociations by uniqueId, deprecated associations",
     lambda w: GetDocumentsAndAssociations(unique_ids=(w.unique_ids["d8"],), association_statuses=DEPRECATED),
     {"d8", "d8>d7"}),
    ("GetSubmissionSets of a document and a folder",
     lambda w: GetSubmissionSets(entry_uuids=(w["d1"], w["f2"])), {"s1", "s1>d1", "s2", "s2>f2"}),
    ("GetSubmissionSets of an association", lambda w: GetSubmissionSets(entry_uuids=(w["f1>d1"],)), set()),
    ("GetSubmissionSetAndContents, one document",
     lambda w: GetSubmissionSetAndContents(entry_uuids=(w["s3"],)), {"s3", "d5", "s3>d5"}),
    ("GetSubmissionSetAndContents, one document in one folder",
     lambda w: GetSubmissionSetAndContents(unique_ids=(w.unique_ids["s4"],)),
     {"s4", "d6", "f3", "s4>d6", "s4>f3", "f3>d6", "s4>(f3>d6)"}),
    ("GetSubmissionSetAndContents, two documents in one folder",
     lambda w: GetSubmissionSetAndContents(entry_uuids=(w["s1"],)), ALL_S1),
    ("GetSubmissionSetAndContents, two documents, one in a folder",
     lambda w: GetSubmissionSetAndContents(entry_uuids=(w["s2"],)),
     {"s2", "d3", "d4", "f2", "s2>d3", "s2>d4", "s2>f2", "f2>d3", "s2>(f2>d3)"}),
    ("GetSubmissionSetAndContents by format",
     lambda w: GetSubmissionSetAndContents(entry_uuids=(w["s1"],), format_codes=(PDF,)),
     {"s1", "d2", "f1", "s1>d2", "s1>f1", "f1>d2", "s1>(f1>d2)"}),
    ("GetSubmissionSetAndContents by confidentiality",
     lambda w: GetSubmissionSetAndContents(entry_uuids=(w["s2"],), confidentiality_codes=((NORMAL,), (MASKED,))),
     {"s2", "d3", "f2", "s2>d3", "s2>f2", "f2>d3", "s2>(f2>d3)"}),
    ("GetSubmissionSetAndContents of an on-demand document",
     lambda w: GetSubmissionSetAndContents(entry_uuids=(w["s8"],)), {"s8"}),
    ("GetSubmissionSetAndContents of both kinds",
     lambda w: GetSubmissionSetAndContents(entry_uuids=(w["s8"],), object_types=(STABLE, ON_DEMAND)),
     {"s8", "d9", "s8>d9"}),
    ("GetSubmissionSetAndContents of nothing known",
     lambda w: GetSubmissionSetAndContents(entry_uuids=(urn(),)), set()),
    ("GetFolderAndContents", lambda w: GetFolderAndContents(entry_uuids=(w["f1"],)),
     {"f1", "d1", "d2", "f1>d1", "f1>d2"}),
    ("GetFolderAndContents by format",
     lambda w: GetFolderAndContents(unique_ids=(w.unique_ids["f1"],), format_codes=(TEXT,)), {"f1", "d1", "f1>d1"}),
    ("GetFolderAndContents, empty", lambda w: GetFolderAndContents(entry_uuids=(w["f4"],)), {"f4"}),
    ("GetFoldersForDocument", lambda w: GetFoldersForDocument(entry_uuids=(w["d1"],)), {"f1"}),
    ("GetFoldersForDocument by uniqueId", lambda w: GetFoldersForDocument(unique_ids=(w.unique_ids["d3"],)), {"f2"}),
    ("GetFoldersForDocument of none", lambda w: GetFoldersForDocument(entry_uuids=(w["d4"],)), set()),
    ("GetRelatedDocuments", lambda w: GetRelatedDocuments(entry_uuids=(w["d7"],), association_types=(RPLC, APND)),
     {"d7", "d5", "d7>d5"}),
    ("GetRelatedDocuments, from the replaced one",
     lambda w: GetRelatedDocuments(unique_ids=(w.unique_ids["d5"],), association_types=(RPLC,)), {"d7", "d5", "d7>d5"}),
    ("GetRelatedDocuments of another kind of relation",
     lambda w: GetRelatedDocuments(entry_uuids=(w["d7"],), association_types=(AssociationType.XFRM,)), set()),
    ("GetRelatedDocuments whose relation is deprecated",
     lambda w: GetRelatedDocuments(entry_uuids=(w["d7"],), association_types=(APND,)), set()),
    ("GetRelatedDocuments, deprecated relations",
     lambda w: GetRelatedDocuments(entry_uuids=(w["d7"],), association_types=(APND,), association_statuses=BOTH),
     {"d7", "d8", "d8>d7"}),
    ("GetRelatedDocuments, not HasMember",
     lambda w: GetRelatedDocuments(entry_uuids=(w["d1"],), association_types=(AssociationType.HAS_MEMBER,)), set()),
    ("GetRelatedDocuments of a snapshot",
     lambda w: GetRelatedDocuments(entry_uuids=(w["d10"],), association_types=(SNAPSHOT,)), set()),
    ("GetRelatedDocuments of a snapshot, both kinds",
     lambda w: GetRelatedDocuments(entry_uuids=(w["d10"],), association_types=(SNAPSHOT,),
                                   object_types=(STABLE, ON_DEMAND)),
     {"d10", "d9", "d10>d9"}),
    ("GetAll of one format",
     all_of(format_codes=(PDF,), submission_set_statuses=DEPRECATED, folder_statuses=DEPRECATED),
     {"d2", "s1>d2", "f1>d2"}),
    ("GetAll deprecated associations",
     all_of(association_statuses=DEPRECATED),
     {*STABLES, *SETS, "f1", "f2", "f3", "f4", "d8>d7"}),
    ("GetAll on-demand",
     all_of(object_types=(ON_DEMAND,), submission_set_statuses=DEPRECATED, folder_statuses=DEPRECATED),
     {"d9", "s8>d9", "d10>d9"}),
]  # fmt: skip


def shown(world: World, query: Query, objects: tuple[bytes, ...]) -> list[str]:
    """Names of the objects answered, in order."""
    known = world.names()
    opening = b"<rim:ObjectRef " if query.return_type is ReturnType.OBJECT_REF else b"<rim:"
    assert all(item.startswith(opening) for item in objects)
    found = [_ID.search(item) for item in objects]
    return [known[match[1].decode()] for match in found if match]


@pytest.mark.parametrize("regime", ["scope", "open"])
@pytest.mark.parametrize("return_type", ReturnType)
@pytest.mark.parametrize(("make", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_query_answers(world: World, make: Make, expected: set[str], return_type: ReturnType, regime: str) -> None:
    query = replace(make(world), return_type=return_type)
    scope = everything(world.patient_id) if regime == "scope" else None
    found = shown(world, query, world.registry.reader.answer(query, scope).objects(return_type))
    assert (len(found), set(found)) == (len(expected), expected)


def test_get_all_answers_everything_and_every_association(world: World) -> None:
    query = all_of(statuses=BOTH, object_types=(STABLE, ON_DEMAND), association_statuses=BOTH)(world)
    found = shown(world, query, world.registry.reader.answer(query).objects())
    assert sorted(found) == sorted(name for name in world.ids if not name.startswith(("t", "e", "g")))


def test_what_changed_since_registration_is_told(world: World) -> None:
    reader, owner = world.registry.reader, world.registry.owner
    [replaced] = reader.answer(GetDocuments(entry_uuids=(world["d5"],))).objects()
    assert replaced.count(b'status="urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated"') == 1
    owner.execute(
        "UPDATE ecluse.folders SET last_update_time = '20300102030405', status = 'DEPRECATED' WHERE entry_uuid = %s",
        (world["f4"].split(":")[-1],),
    )
    [folder] = reader.answer(GetFolders(entry_uuids=(world["f4"],))).objects()
    assert folder.count(b"<rim:Value>20300102030405</rim:Value>") == folder.count(b"StatusType:Deprecated") == 1
    late = FindFolders(patient_id=world.patient_id, statuses=BOTH, last_update_time=TimeRange("20300102030405"))
    assert shown(world, late, reader.answer(late).objects()) == ["f4"]
    query = GetAssociations(entry_uuids=(world["d8"],), association_statuses=DEPRECATED)
    [association] = reader.answer(query).objects()
    assert association.count(b"StatusType:Deprecated") == 1
    owner.execute("UPDATE ecluse.folders SET status = 'APPROVED' WHERE entry_uuid = %s", (world["f4"].split(":")[-1],))


@pytest.mark.parametrize("return_type", ReturnType)
def test_a_community_is_named_on_every_object(world: World, return_type: ReturnType) -> None:
    query = replace(all_of()(world), return_type=return_type)
    found = world.registry.reader.answer(query).objects(return_type, home="urn:oid:1.2.3")
    assert len(found) > 20
    assert all(item.split(b">")[0].count(b' home="urn:oid:1.2.3"') == 1 for item in found)


TWO_PATIENTS: list[tuple[str, Make]] = [
    ("GetDocuments", lambda w: GetDocuments(entry_uuids=(w["d1"], w["e1"]))),
    ("GetFolders", lambda w: GetFolders(entry_uuids=(w["f1"], w["g1"]))),
    ("GetSubmissionSets", lambda w: GetSubmissionSets(entry_uuids=(w["d1"], w["e1"]))),
    ("GetDocumentsAndAssociations", lambda w: GetDocumentsAndAssociations(entry_uuids=(w["d1"], w["e1"]))),
]


@pytest.mark.parametrize("make", [row[1] for row in TWO_PATIENTS], ids=[row[0] for row in TWO_PATIENTS])
def test_whole_objects_of_two_patients_are_refused_and_references_are_not(world: World, make: Make) -> None:
    found = world.registry.reader.answer(make(world))
    with pytest.raises(Refusal) as caught:
        found.objects()
    assert [error.code for error in caught.value.errors] == [XdsErrorCode.RESULT_NOT_SINGLE_PATIENT]
    assert len(found.objects(ReturnType.OBJECT_REF)) > 1
    inside = world.registry.reader.answer(make(world), everything(world.patient_id))
    assert 0 < len(inside.objects()) < len(found.objects(ReturnType.OBJECT_REF))


def test_a_set_that_refers_to_the_document_of_another_patient(world: World) -> None:
    """A reference may cross patients; a set answered with such a document mixes them (ITI TF-3 §4.2.2)."""
    owner, reader = world.registry.owner, world.registry.reader
    made = urn()
    owner.execute(
        "INSERT INTO ecluse.associations (patient_key, entry_uuid, association_type, source, target, submission_set,"
        " fragment, submission_set_status)"
        " SELECT s.patient_key, %s, %s, s.entry_uuid, %s, s.entry_uuid, ''::bytea, 'Reference'"
        " FROM ecluse.submission_sets s WHERE s.entry_uuid = %s",
        (made.split(":")[-1], AssociationType.HAS_MEMBER, world["e1"].split(":")[-1], world["s3"].split(":")[-1]),
    )
    query = GetSubmissionSetAndContents(entry_uuids=(world["s3"],))
    with pytest.raises(Refusal, match="XDSResultNotSinglePatient"):
        reader.answer(query).objects()
    assert len(reader.answer(query).objects(ReturnType.OBJECT_REF)) == 5
    assert len(reader.answer(query, everything(world.patient_id)).objects()) == 3
    owner.execute("DELETE FROM ecluse.associations WHERE entry_uuid = %s", (made.split(":")[-1],))


def test_queries_over_several_patients(world: World) -> None:
    answer = world.registry.reader.answer
    both = (world.patient_id, world.other_patient_id)
    documents = FindDocumentsForMultiplePatients(patient_ids=both, statuses=APPROVED)
    found = answer(documents).objects(multi_patient=True)
    assert set(shown(world, documents, found)) == {*STABLES, "e1"}
    by_class = replace(documents, patient_ids=(), format_codes=(PDF,))
    assert shown(world, by_class, answer(by_class).objects(multi_patient=True)) == ["d2"]
    nobody = replace(documents, patient_ids=("404^^^&1.2.3&ISO",))
    assert answer(nobody).objects(multi_patient=True) == ()
    folders = FindFoldersForMultiplePatients(patient_ids=both, statuses=APPROVED, codes=((IMAGES,),))
    assert set(shown(world, folders, answer(folders).objects(multi_patient=True))) == {"f2", "g1"}
    every = replace(folders, patient_ids=())
    assert {"f2", "g1"} <= set(shown(world, every, answer(every).objects(multi_patient=True)))


@pytest.mark.parametrize("kind", ["documents", "sets", "folders", "all"])
def test_an_unknown_patient_has_nothing(registry: Registry, kind: str) -> None:
    patient_id = "404404^^^&1.2.3&ISO"
    queries: dict[str, StoredQuery] = {
        "documents": FindDocuments(patient_id=patient_id, statuses=APPROVED),
        "sets": FindSubmissionSets(patient_id=patient_id, statuses=APPROVED),
        "folders": FindFolders(patient_id=patient_id, statuses=APPROVED),
        "all": GetAll(patient_id=patient_id, statuses=BOTH, submission_set_statuses=APPROVED, folder_statuses=APPROVED),
    }
    assert registry.reader.answer(queries[kind]).objects() == ()
    assert registry.reader.answer(queries[kind], everything(patient_id)).record is None


def test_versions_of_a_folder(registry: Registry) -> None:
    """ITI TF-2 §3.18, Metadata Update: by uniqueId the newest version, or every version with its own members."""
    patient_id, _ = registry.a_record()
    folder, document = a_folder(patient_id), an_entry(patient_id)
    registry.deposit(
        patient_id, [document], folders=[folder], links=[has_member(folder.entry_uuid, document.entry_uuid)]
    )
    newer, copied = urn(), urn()
    registry.owner.execute(
        "INSERT INTO ecluse.folders SELECT patient_key, %s, logical_id, 2, unique_id, status, last_update_time,"
        " depositor_id, codes, fragment FROM ecluse.folders WHERE entry_uuid = %s",
        (newer.split(":")[-1], folder.entry_uuid.split(":")[-1]),
    )
    registry.owner.execute(
        "INSERT INTO ecluse.associations SELECT patient_key, %s, association_type, %s, target, submission_set,"
        " fragment, status FROM ecluse.associations WHERE source = %s",
        (copied.split(":")[-1], newer.split(":")[-1], folder.entry_uuid.split(":")[-1]),
    )
    registry.owner.execute(
        "UPDATE ecluse.folders SET status = 'DEPRECATED' WHERE entry_uuid = %s", (folder.entry_uuid.split(":")[-1],)
    )
    registry.owner.execute(
        "UPDATE ecluse.associations SET status = 'DEPRECATED' WHERE source = %s", (folder.entry_uuid.split(":")[-1],)
    )

    def ask(**how: Any) -> tuple[int, int, int]:
        found = registry.reader.answer(GetFolderAndContents(**how))
        return len(found.folders), len(found.associations), len(found.entries)

    newest = registry.reader.answer(GetFolderAndContents(unique_ids=(folder.unique_id,)))
    assert [item.entry_uuid for item in newest.folders] == [newer]
    assert ask(unique_ids=(folder.unique_id,)) == (1, 1, 1)
    assert ask(unique_ids=(folder.unique_id,), every_version=True, association_statuses=BOTH) == (2, 2, 1)
    assert ask(entry_uuids=(folder.entry_uuid,)) == (1, 0, 0)
    assert ask(entry_uuids=(folder.entry_uuid,), association_statuses=DEPRECATED) == (1, 1, 1)
    by_logical_id = registry.reader.answer(GetFolders(logical_ids=(folder.entry_uuid,)))
    assert {item.version for item in by_logical_id.folders} == {1, 2}


def test_a_merged_record_answers_nothing(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    _, survivor = registry.a_record()
    registry.owner.execute(
        "UPDATE ecluse.records SET status = 'MERGED', closed_at = now(), merged_into = %s WHERE patient_key = %s",
        (survivor.patient_key, record.patient_key),
    )
    query = FindDocuments(patient_id=patient_id, statuses=APPROVED)
    assert registry.reader.answer(query).entries == ()
    assert registry.reader.answer(query, everything(patient_id)).record is None
    folders = FindFolders(patient_id=patient_id, statuses=APPROVED)
    assert registry.reader.answer(folders, everything(patient_id)).record is None


def test_bytes_are_found_by_their_key_wherever_the_entry_is(registry: Registry) -> None:
    """After a merge the key keeps the record it was made for; a second entry of a uniqueId may have no bytes here."""
    patient_id, record = registry.a_record()
    survivor_id, survivor = registry.a_record()
    entry = an_entry(patient_id)
    registry.deposit(patient_id, [entry])
    twin = an_entry(survivor_id)
    registry.deposit(survivor_id, [twin])
    registry.owner.execute(
        "UPDATE ecluse.document_entries SET unique_id = %s, blob_address = NULL, key_id = NULL WHERE entry_uuid = %s",
        (entry.unique_id, twin.entry_uuid.split(":")[-1]),
    )
    registry.owner.execute(
        "UPDATE ecluse.document_entries SET patient_key = %s WHERE entry_uuid = %s",
        (survivor.patient_key, entry.entry_uuid.split(":")[-1]),
    )
    for scope in (None, everything(survivor_id)):
        found = registry.reader.documents_by_unique_id([entry.unique_id], scope)
        assert [item.entry_uuid for item in found.entries] == [twin.entry_uuid, entry.entry_uuid]
        assert set(found.record_keys) == {record.key_id}
    assert registry.reader.documents_by_unique_id([entry.unique_id], everything(patient_id)).entries == ()


@pytest.mark.parametrize("return_type", ReturnType)
def test_too_much_is_refused(world: World, return_type: ReturnType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MOST_OBJECTS", {return_type: len(STABLES) - 1})
    query = FindDocuments(patient_id=world.patient_id, statuses=APPROVED, return_type=return_type)
    with pytest.raises(Refusal, match="XDSTooManyResults"):
        world.registry.reader.answer(query).objects(return_type)
    monkeypatch.setattr(view, "MOST_OBJECTS", {return_type: len(STABLES)})
    assert len(world.registry.reader.answer(query).objects(return_type)) == len(STABLES)
