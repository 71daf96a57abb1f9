"""Register Document Set-b: patients and uniqueIds that do not agree with what is known (ITI TF-2 §3.42.4.1.3)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import accepted, counted, refused
from conformance.scenarios.xds.refusing import METADATA, nothing_of
from samples.client.queries import APPROVED, DEPRECATED, QueryId
from samples.xds.entries import new_folder
from samples.xds.submission import folder_of, new_submission, one_document
from xds.metadata.association import AssociationType

TABLE = Table("Document Registry", "ITI-42")


@TABLE.row("P.01", "A patient whom no feed announced is refused", "11996")
def unknown_patient(bench: Bench) -> Iterator[Step]:
    yield refused("register", bench.register(one_document(bench.stranger())), "XDSUnknownPatientId")


@TABLE.row("P.02", "Submission and document of two patients are refused", "11997")
def two_patients(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient()).with_entry(0, patient_id=bench.patient().cx)
    yield refused("register", bench.register(lot), "XDSPatientIdDoesNotMatch")
    yield nothing_of(bench, lot)


@TABLE.row("P.03", "A document is not replaced by another patient's", "11998")
def replacement_of_another(bench: Bench) -> Iterator[Step]:
    first = one_document(bench.patient()).assigned()
    yield accepted("register", bench.register(first))
    target = first.entries[0].entry_uuid
    lot = one_document(bench.patient()).relate(AssociationType.RPLC, "Document01", target)
    yield refused("replace", bench.register(lot), "XDSPatientIdDoesNotMatch")
    answer = bench.documents(target)
    yield counted("the first is still there", answer, entries=1)
    yield Step("and Approved", APPROVED, answer.found[0].status)


@TABLE.row("P.04", "A document does not go in another patient's folder", "12002")
def folder_of_another(bench: Bench) -> Iterator[Step]:
    folder = new_submission(patient := bench.patient()).add_folder(new_folder(patient)).assigned()
    yield accepted("register a folder", bench.register(folder))
    lot = one_document(bench.patient()).file(folder.folders[0].entry_uuid, "Document01")
    yield refused("put a document in it", bench.register(lot), "XDSPatientIdDoesNotMatch")
    contents = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, entry_uuid=folder.folders[0].entry_uuid)
    yield counted("the folder is empty", contents, folders=1)


@TABLE.row("P.05", "The uniqueId of a submission or of a folder is used once only")
def unique_ids(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = folder_of(patient)
    yield accepted("register", bench.register(lot))
    other = one_document(patient).with_submission_set(unique_id=lot.submission_set.unique_id)
    yield refused("another submission of its uniqueId", bench.register(other), "XDSDuplicateUniqueIdInRegistry")
    other = folder_of(patient).with_folder(0, unique_id=lot.folders[0].unique_id)
    yield refused("another folder of its uniqueId", bench.register(other), "XDSDuplicateUniqueIdInRegistry")


@TABLE.row("P.06", "A document whose submission orders an update is refused: that is another transaction", "21000")
def update_in_registration(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient())
    order = lot.associate(
        AssociationType.UPDATE_AVAILABILITY_STATUS,
        "SubmissionSet01",
        "SubmissionSet01",
        original_status=APPROVED,
        new_status=DEPRECATED,
    )
    yield refused("register", bench.register(order), METADATA)
    yield nothing_of(bench, lot)


@TABLE.row("P.07", "Every fault of a submission is told at once")
def every_fault(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient(), class_code=None, language_code="", source_patient_id="P-1")
    answer = bench.register(lot)
    yield refused("register with three faults", answer, METADATA)
    yield Step("three errors at least", "True", str(len(answer.errors) >= 3))
