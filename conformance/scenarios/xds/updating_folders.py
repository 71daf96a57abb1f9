"""Update Document Set: new versions and statuses of folders (ITI TF-2 §3.57.4.1.3.3.3, 3.4)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import accepted, counted, refused, same
from conformance.scenarios.xds.folders import empty_folder
from samples.client.objects import Kind
from samples.client.queries import APPROVED, DEPRECATED, QueryId
from samples.xds.submission import XdsSubmission, folder_of, new_submission
from samples.xds.updates import update_folder, update_status

TABLE = Table("Document Registry", "ITI-57")
EVERYTHING: dict[str, Any] = {"metadata_level": 2, "association_status": (APPROVED, DEPRECATED)}


def _versions(bench: Bench, lot: XdsSubmission, *expected: str) -> Step:
    answer = bench.query(QueryId.GET_FOLDERS, unique_id=lot.folders[0].unique_id, metadata_level=2)
    got = sorted(f"{item.version} {item.status.rpartition(':')[2]}" for item in answer.found)
    return same("its versions", expected, tuple(got))


@TABLE.row("W.01", "A folder is updated: a new version, Approved, the old one Deprecated", "20000")
def update(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = empty_folder(patient)
    yield accepted("register", bench.register(lot))
    order = update_folder(new_submission(patient), lot.folders[0], title="Other referrals")
    yield accepted("update", bench.update(order))
    answer = bench.query(QueryId.GET_FOLDERS, unique_id=lot.folders[0].unique_id, metadata_level=2)
    yield counted("both versions are found", answer, folders=2)
    old, new = sorted(answer.found, key=lambda item: item.version)
    first = lot.folders[0].entry_uuid
    yield same("logicalId of both", (first, first), (old.logical_id, new.logical_id))
    yield same("the old one", (first, "1", DEPRECATED), (old.id, old.version, old.status))
    yield same("the new one", ("2", APPROVED, "Other referrals"), (new.version, new.status, new.text("Name")))


@TABLE.row("W.02", "A folder that was not registered is not updated", "20000b")
def first_version(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = empty_folder(patient)
    yield accepted("register", bench.register(lot))
    order = update_folder(new_submission(patient), lot.folders[0], logical_id=None)
    yield refused("update what names no logicalId", bench.update(order), "XDSMetadataUpdateError")
    yield _versions(bench, lot, "1 Approved")


@TABLE.row("W.03", "A folder is not updated from a version that is not the last", "20000c")
def wrong_version(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = empty_folder(patient)
    yield accepted("register", bench.register(lot))
    order = update_folder(new_submission(patient), lot.folders[0], previous_version="2")
    yield refused("update", bench.update(order), "XDSMetadataVersionError")
    yield _versions(bench, lot, "1 Approved")


@TABLE.row("W.04", "The members of a folder follow to its new version", "20000d")
def propagated(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = folder_of(patient, 2).assigned()
    yield accepted("register a folder of two documents", bench.register(lot))
    yield accepted("update", bench.update(update_folder(new_submission(patient), lot.folders[0], title="Other")))
    yield _versions(bench, lot, "1 Deprecated", "2 Approved")
    contents = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, unique_id=lot.folders[0].unique_id)
    yield counted("the new version and its contents", contents, folders=1, entries=2, associations=2)
    folder = contents.of_kind(Kind.FOLDER)[0]
    links = contents.of_kind(Kind.ASSOCIATION)
    yield same("whose it is", ("2", {folder.id}), (folder.version, {item.source for item in links}))
    yield same("the documents", set(lot.ids[1:3]), {item.target for item in links})


@TABLE.row("W.05", "Without propagation the members stay with the old version", "20000e")
def not_propagated(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = folder_of(patient, 2).assigned()
    yield accepted("register a folder of two documents", bench.register(lot))
    order = update_folder(new_submission(patient), lot.folders[0], association_propagation="no", title="Other")
    yield accepted("update", bench.update(order))
    name = lot.folders[0].unique_id
    contents = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, unique_id=name)
    yield counted("the new version is empty", contents, folders=1)
    yield same("its version", "2", contents.of_kind(Kind.FOLDER)[0].version)
    whole = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, unique_id=name, **EVERYTHING)
    yield counted("both versions, and the members of the old one", whole, folders=2, entries=2, associations=2)
    yield same("whose they are", {lot.folders[0].entry_uuid}, {item.source for item in whole.of_kind(Kind.ASSOCIATION)})


@TABLE.row("W.06", "A folder is not updated by half of one", "20000f")
def incomplete(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = empty_folder(patient)
    yield accepted("register", bench.register(lot))
    yield refused("update", bench.update(update_folder(new_submission(patient), lot.folders[0], codes=())))
    yield _versions(bench, lot, "1 Approved")


@TABLE.row(
    "W.07", "An update and a status of the same folder: against each other refused, one after the other done", "20004"
)
def update_and_status(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = empty_folder(patient)
    yield accepted("register", bench.register(lot))
    order = update_folder(new_submission(patient), lot.folders[0], title="Other")
    name = order.folders[0].entry_uuid
    wrong = update_status(order, name, original=DEPRECATED, new=APPROVED)
    yield refused("update, and approve what is Approved", bench.update(wrong), "XDSMetadataUpdateError")
    yield _versions(bench, lot, "1 Approved")
    yield accepted("update, and deprecate the new version", bench.update(update_status(order, name)))
    yield _versions(bench, lot, "1 Deprecated", "2 Deprecated")


@TABLE.row("W.08", "A folder is deprecated, and approved again")
def status(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = empty_folder(patient)
    yield accepted("register", bench.register(lot))
    name = lot.folders[0].entry_uuid
    yield accepted("deprecate", bench.update(update_status(new_submission(patient), name)))
    yield _versions(bench, lot, "1 Deprecated")
    back = update_status(new_submission(patient), name, original=DEPRECATED, new=APPROVED)
    yield accepted("approve", bench.update(back))
    yield _versions(bench, lot, "1 Approved")


@TABLE.row("W.09", "A folder changes patient; both versions together only as references", "21003")
def other_patient(bench: Bench) -> Iterator[Step]:
    patient, other = bench.patient(), bench.patient()
    lot = empty_folder(patient)
    yield accepted("register", bench.register(lot))
    order = update_folder(new_submission(other), lot.folders[0], patient_id=other.cx, association_propagation="no")
    yield accepted("update, of another patient", bench.update(order))
    both: dict[str, Any] = {"logical_id": lot.folders[0].entry_uuid, "metadata_level": 2}
    yield refused("both as objects", bench.query(QueryId.GET_FOLDERS, **both), "XDSResultNotSinglePatient")
    yield counted("both as references", bench.query(QueryId.GET_FOLDERS, return_type="ObjectRef", **both), refs=2)
