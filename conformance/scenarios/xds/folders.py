"""Register Document Set-b: folders, what is in them, and the time they were last changed (ITI TF-3 §4.2.3.4)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import accepted, counted, refused, same
from conformance.scenarios.xds.lifecycle import related
from samples.client.objects import Kind
from samples.client.queries import APPROVED, QueryId
from samples.xds.entries import new_folder
from samples.xds.patients import DomainPatient
from samples.xds.submission import XdsSubmission, folder_of, new_submission, one_document
from xds.metadata.association import AssociationType

TABLE = Table("Document Registry", "ITI-42")


def empty_folder(patient: DomainPatient) -> XdsSubmission:
    """A submission of one folder and nothing else, ids assigned."""
    return new_submission(patient).add_folder(new_folder(patient)).assigned()


def _updated(bench: Bench, folder: str) -> str:
    answer = bench.query(QueryId.GET_FOLDERS, entry_uuid=folder)
    values = answer.found[0].slot("lastUpdateTime") if answer.found else ()
    return values[0] if len(values) == 1 else f"{len(values)} values"


def _is_now(text: str) -> bool:
    try:
        moment = datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return False
    return abs(datetime.now(UTC) - moment) < timedelta(minutes=10)


@TABLE.row("F.01", "An empty folder is registered", "11999")
def empty(bench: Bench) -> Iterator[Step]:
    lot = empty_folder(bench.patient())
    yield accepted("register", bench.register(lot))
    contents = bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, unique_id=lot.submission_set.unique_id)
    yield counted("the submission and its contents", contents, sets=1, folders=1, associations=1)
    yield same("the folder's status", APPROVED, contents.of_kind(Kind.FOLDER)[0].status)


@TABLE.row("F.02", "A folder and its first document are registered together", "12000")
def with_document(bench: Bench) -> Iterator[Step]:
    lot = folder_of(bench.patient()).assigned()
    yield accepted("register", bench.register(lot))
    contents = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, entry_uuid=lot.folders[0].entry_uuid)
    yield counted("the folder and its contents", contents, folders=1, entries=1, associations=1)
    whole = bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, entry_uuid=lot.submission_set.entry_uuid)
    yield counted("the submission and its contents", whole, sets=1, folders=1, entries=1, associations=4)


@TABLE.row("F.03", "GetDocuments gives documents only, whatever the id is of", "12000.1a")
def documents_only(bench: Bench) -> Iterator[Step]:
    lot = folder_of(bench.patient()).assigned()
    yield accepted("register", bench.register(lot))
    yield counted("by the id of the submission", bench.documents(lot.submission_set.entry_uuid))
    yield counted("by the id of the folder", bench.documents(lot.folders[0].entry_uuid))
    yield counted("by the id of the document", bench.documents(lot.entries[0].entry_uuid), entries=1)


@TABLE.row("F.04", "A new document goes in a registered folder", "12001")
def add_new(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    folder = empty_folder(patient)
    yield accepted("register a folder", bench.register(folder))
    name = folder.folders[0].entry_uuid
    yield accepted("register a document in it", bench.register(one_document(patient).file(name, "Document01")))
    contents = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, entry_uuid=name)
    yield counted("the folder and its contents", contents, folders=1, entries=1, associations=1)


@TABLE.row("F.05", "A registered document goes in a registered folder", "12326")
def add_registered(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    folder, document = empty_folder(patient), one_document(patient).assigned()
    yield accepted("register a folder", bench.register(folder))
    yield accepted("register a document", bench.register(document))
    entry, name = document.entries[0].entry_uuid, folder.folders[0].entry_uuid
    lot = new_submission(patient).refer_to(entry).file(name, entry)
    yield accepted("put the one in the other", bench.register(lot))
    contents = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, entry_uuid=name)
    yield counted("the folder and its contents", contents, folders=1, entries=1, associations=1)


@TABLE.row("F.06", "A replacement takes the place of the replaced in its folders", "12327")
def replaced_in_folder(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = folder_of(patient).assigned()
    yield accepted("register a folder with a document", bench.register(lot))
    name, old = lot.folders[0].entry_uuid, lot.entries[0].entry_uuid
    second = related(patient, AssociationType.RPLC, old)
    yield accepted("replace the document", bench.register(second))
    contents = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, entry_uuid=name)
    yield counted("the folder holds both", contents, folders=1, entries=2, associations=2)
    new = second.entries[0].entry_uuid
    yield same("the documents are", {old, new}, {item.id for item in contents.of_kind(Kind.ENTRY)})
    links = [item for item in contents.of_kind(Kind.ASSOCIATION) if item.target == new]
    owners = bench.query(QueryId.GET_ASSOCIATIONS, uuid=[item.id for item in links] or ["none"])
    yield same(
        "the new membership belongs to the submission of the replacement",
        (second.submission_set.entry_uuid,),
        tuple(item.source for item in owners.found),
    )


@TABLE.row("F.07", "lastUpdateTime is the registry's: at creation, at each new member, at each replacement", "12323")
def last_update_time(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    folder = empty_folder(patient)
    name = folder.folders[0].entry_uuid
    yield accepted("register a folder that says nothing of it", bench.register(folder))
    first = _updated(bench, name)
    yield same("it is now, to the second", (True, 14), (_is_now(first), len(first)))
    old = empty_folder(patient)
    old = old.with_folder(0, last_update_time="20010101000000")
    yield accepted("register a folder that says 2001", bench.register(old))
    yield same("it is now", True, _is_now(_updated(bench, old.folders[0].entry_uuid)))
    time.sleep(1.1)
    lot = one_document(patient).file(name, "Document01").assigned()
    yield accepted("put a document in the first", bench.register(lot))
    second = _updated(bench, name)
    yield same("it is later", True, second > first)
    time.sleep(1.1)
    replacement = related(patient, AssociationType.RPLC, lot.entries[0].entry_uuid)
    yield accepted("replace that document", bench.register(replacement))
    yield same("it is later again", True, _updated(bench, name) > second)


@TABLE.row("F.08", "A folder of two documents has seven associations", "11906")
def two_documents(bench: Bench) -> Iterator[Step]:
    lot = folder_of(bench.patient(), 2).assigned()
    yield accepted("register", bench.register(lot))
    contents = bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, entry_uuid=lot.submission_set.entry_uuid)
    yield counted("the submission and its contents", contents, sets=1, folders=1, entries=2, associations=7)


@TABLE.row("F.09", "One of two documents in the folder: five associations", "11906")
def one_of_two(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient).add_document(patient).add_folder(new_folder(patient)).file("Folder01", "Document01")
    yield accepted("register", bench.register(lot))
    contents = bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, unique_id=lot.submission_set.unique_id)
    yield counted("the submission and its contents", contents, sets=1, folders=1, entries=2, associations=5)


@TABLE.row("F.10", "What was replaced does not go in a folder any more")
def deprecated_member(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot, folder = one_document(patient).assigned(), empty_folder(patient)
    old, name = lot.entries[0].entry_uuid, folder.folders[0].entry_uuid
    yield accepted("register a document", bench.register(lot))
    yield accepted("replace it", bench.register(related(patient, AssociationType.RPLC, old)))
    yield accepted("register a folder", bench.register(folder))
    answer = bench.register(new_submission(patient).refer_to(old).file(name, old))
    yield refused("put the replaced in it", answer, "XDSRegistryDeprecatedDocumentError")
    contents = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, entry_uuid=name)
    yield counted("the folder is empty", contents, folders=1)
