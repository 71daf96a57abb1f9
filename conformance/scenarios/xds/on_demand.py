"""Register On-Demand Document Entry, and what becomes of such entries (ITI TF-2 §3.61; ITI TF-3 §4.2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.scenarios.bench import ELSEWHERE, Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import accepted, counted, refused, same
from samples.client.answers import QueryAnswer
from samples.client.objects import Kind
from samples.client.queries import APPROVED, QueryId
from samples.xds.entries import on_demand_entry
from samples.xds.patients import DomainPatient
from samples.xds.submission import XdsSubmission, new_submission, one_document
from xds.metadata.association import AssociationType
from xds.metadata.document_entry import ON_DEMAND, STABLE

TABLE = Table("Document Registry", "ITI-61")


def _on_demand(bench: Bench, patient: DomainPatient, **changes: Any) -> XdsSubmission:
    entry = on_demand_entry(patient, ELSEWHERE, **changes)
    return new_submission(patient).add_entry(entry).assigned()


def _types(answer: QueryAnswer) -> set[str]:
    return {item.object_type for item in answer.of_kind(Kind.ENTRY)}


@TABLE.row("O.01", "An on-demand entry is registered, and hidden from those who do not ask for it", "15805")
def registered(bench: Bench) -> Iterator[Step]:
    lot = _on_demand(bench, bench.patient())
    yield accepted("register", bench.register_on_demand(lot))
    asked: dict[str, Any] = {"patient_id": lot.patient_id, "status": APPROVED}
    found = bench.query(QueryId.FIND_DOCUMENTS, **asked)
    yield counted("by default", found)
    found = bench.query(QueryId.FIND_DOCUMENTS, object_type=ON_DEMAND, **asked)
    yield counted("asked for", found, entries=1)
    yield counted("by its id", bench.documents(lot.entries[0].entry_uuid), entries=1)


@TABLE.row("O.02", "A snapshot is stable, and stands beside its on-demand entry", "15805")
def snapshot(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = _on_demand(bench, patient)
    yield accepted("register", bench.register_on_demand(lot))
    taken = one_document(patient)
    taken = taken.relate(AssociationType.IS_SNAPSHOT_OF, "Document01", lot.entries[0].entry_uuid)
    yield accepted("register a snapshot of it", bench.register(taken))
    statuses: dict[str, Any] = {
        "entry_status": APPROVED,
        "submission_set_status": APPROVED,
        "folder_status": APPROVED,
    }
    for title, kinds in (("stable", (STABLE,)), ("on-demand", (ON_DEMAND,)), ("both", (STABLE, ON_DEMAND))):
        found = bench.query(QueryId.FIND_DOCUMENTS, patient_id=patient.cx, status=APPROVED, object_type=kinds)
        yield same(f"FindDocuments, {title}", set(kinds), _types(found))
        everything = bench.query(QueryId.GET_ALL, patient_id=patient.cx, object_type=kinds, **statuses)
        yield same(f"GetAll, {title}", set(kinds), _types(everything))
    for title, submission, kind in (("on-demand", lot, ON_DEMAND), ("stable", taken, STABLE)):
        name = submission.submission_set.unique_id
        contents = bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, unique_id=name, object_type=kind)
        yield same(f"GetSubmissionSetAndContents, {title}", {kind}, _types(contents))


@TABLE.row("O.03", "A stable entry is not registered as one on demand", "15805")
def stable(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient()).in_repository(ELSEWHERE)
    yield refused("register", bench.register_on_demand(lot), "XDSRegistryMetadataError")


@TABLE.row("O.04", "What does not exist yet has neither hash, size nor creationTime")
def too_much(bench: Bench) -> Iterator[Step]:
    too_much_said: tuple[dict[str, Any], ...] = (
        {"hash": "0123456789abcdef0123456789abcdef01234567"},
        {"size": 12},
        {"creation_time": "2024"},
    )
    for changes in too_much_said:
        answer = bench.register_on_demand(_on_demand(bench, bench.patient(), **changes))
        yield refused(f"register with {next(iter(changes))}", answer, "XDSRegistryMetadataError")


@TABLE.row("O.05", "A snapshot is not of a stable document")
def snapshot_of_stable(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient).assigned()
    yield accepted("register a stable document", bench.register(lot))
    taken = one_document(patient).relate(AssociationType.IS_SNAPSHOT_OF, "Document01", lot.entries[0].entry_uuid)
    yield refused("register a snapshot of it", bench.register(taken), "XDSRegistryMetadataError")
