"""Update Document Set: the status of documents, alone and with other orders (ITI TF-2 §3.57.4.1.3.3.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import accepted, counted, refused
from conformance.scenarios.xds.lifecycle import status_is
from conformance.scenarios.xds.updating import refusal, registered, slots, updated, versions
from samples.client.queries import APPROVED, DEPRECATED, QueryId
from samples.xds.patients import DomainPatient
from samples.xds.submission import XdsSubmission, new_submission
from samples.xds.updates import update_status

TABLE = Table("Document Registry", "ITI-57")
OPERATION = "XDSMetadataUpdateOperationError"
WITHDRAWN = "urn:oasis:names:tc:ebxml-regrep:StatusType:Withdrawn"


@TABLE.row("U.02", "A document is deprecated, and approved again", "15802")
def status(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot, step = registered(bench, patient)
    yield step
    target = lot.entries[0].entry_uuid
    yield accepted("deprecate", bench.update(update_status(new_submission(patient), target)))
    yield status_is(bench, "its status", target, DEPRECATED)
    back = update_status(new_submission(patient), target, original=DEPRECATED, new=APPROVED)
    yield accepted("approve", bench.update(back))
    yield status_is(bench, "its status again", target, APPROVED)
    yield versions(bench, lot, ("1 Approved",))


@TABLE.row("U.03", "An old version stays Deprecated", "15802b")
def status_of_old(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot, step = registered(bench, patient)
    yield step
    yield accepted("update", bench.update(updated(lot, patient, title="Corrected")))
    target = lot.entries[0].entry_uuid
    back = update_status(new_submission(patient), target, original=DEPRECATED, new=APPROVED)
    yield refused("approve the old version", bench.update(back))
    yield status_is(bench, "its status", target, DEPRECATED)


def _order(original: str | None, new: str | None) -> Callable[[XdsSubmission, DomainPatient], XdsSubmission]:
    return lambda lot, patient: update_status(
        new_submission(patient), lot.entries[0].entry_uuid, original=original, new=new
    )


STATUSES: tuple[tuple[str, Callable[[XdsSubmission, DomainPatient], XdsSubmission]], ...] = (
    (
        "with a slot that belongs to a version",
        lambda lot, patient: _order(APPROVED, DEPRECATED)(lot, patient).rewritten(slots("PreviousVersion", "1")),
    ),
    ("without OriginalStatus", _order(None, DEPRECATED)),
    ("without NewStatus", _order(APPROVED, None)),
    ("to a status that nobody knows", _order(APPROVED, WITHDRAWN)),
    ("from a status that nobody knows", _order(WITHDRAWN, APPROVED)),
    ("from a status to the same", _order(APPROVED, APPROVED)),
)
for _rank, (_title, _spoil) in enumerate(STATUSES, start=1):
    TABLE.add(f"U.S{_rank:02}", f"A change of status is refused: {_title}", ("20002",), refusal(_spoil, OPERATION))


@TABLE.row("U.S07", "A change of status is refused: from a status that it has not")
def not_its_status(bench: Bench) -> Iterator[Step]:
    yield from refusal(_order(DEPRECATED, APPROVED))(bench)


@TABLE.row("U.S08", "The status of a submission never changes", "21001")
def status_of_set(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot, step = registered(bench, patient)
    yield step
    order = update_status(new_submission(patient), lot.submission_set.entry_uuid)
    yield refused("deprecate the submission", bench.update(order))
    found = bench.query(QueryId.FIND_SUBMISSION_SETS, patient_id=patient.cx, status=APPROVED)
    yield counted("it is Approved", found, sets=1)


@TABLE.row("U.04", "An update and a status against it are refused together", "20003")
def update_and_status(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot, step = registered(bench, patient)
    yield step
    order = updated(lot, patient, title="Corrected")
    order = update_status(order, order.entries[0].entry_uuid, original=DEPRECATED, new=APPROVED)
    yield refused("update, and approve what is Approved", bench.update(order), "XDSMetadataUpdateError")
    yield versions(bench, lot, ("1 Approved",))


@TABLE.row("U.07", "Orders about several documents travel together, and are done or refused together")
def together(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    one, step = registered(bench, patient)
    yield step
    other, step = registered(bench, patient)
    yield step
    good = update_status(updated(one, patient, title="Corrected"), other.entries[0].entry_uuid)
    bad = update_status(good, "urn:uuid:00000000-0000-4000-8000-000000000003")
    yield refused("update one, deprecate the other, and one that is not there", bench.update(bad))
    yield versions(bench, one, ("1 Approved",))
    yield versions(bench, other, ("1 Approved",))
    yield accepted("update one, deprecate the other", bench.update(good))
    yield versions(bench, one, ("1 Deprecated", "2 Approved"))
    yield versions(bench, other, ("1 Deprecated",))
