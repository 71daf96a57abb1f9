"""Register Document Set-b: replacements, addenda, transformations, and what follows from them (ITI TF-3 §4.2.2.2)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import accepted, counted, refused, same
from samples.client.objects import Kind
from samples.client.queries import APPROVED, DEPRECATED, QueryId
from samples.xds.patients import DomainPatient
from samples.xds.submission import XdsSubmission, one_document
from xds.metadata.association import AssociationType

TABLE = Table("Document Registry", "ITI-42")
RPLC, APND, XFRM = AssociationType.RPLC, AssociationType.APND, AssociationType.XFRM
XFRM_RPLC, SIGNS = AssociationType.XFRM_RPLC, AssociationType.SIGNS


def related(patient: DomainPatient, kind: AssociationType, target: str) -> XdsSubmission:
    """A new document related to a registered one, ids assigned."""
    return one_document(patient).relate(kind, "Document01", target).assigned()


def status_is(bench: Bench, title: str, entry_uuid: str, status: str) -> Step:
    """The status of one document, which must be there."""
    answer = bench.documents(entry_uuid)
    return same(title, status, answer.found[0].status if len(answer.found) == 1 else f"{len(answer.found)} found")


@TABLE.row("L.01", "A replacement is Approved, what it replaces is Deprecated", "11992")
def replace(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    first = one_document(patient).assigned()
    yield accepted("register", bench.register(first))
    second = related(patient, RPLC, first.entries[0].entry_uuid)
    yield accepted("replace", bench.register(second))
    yield status_is(bench, "the first", first.entries[0].entry_uuid, DEPRECATED)
    yield status_is(bench, "the second", second.entries[0].entry_uuid, APPROVED)
    approved = bench.query(QueryId.FIND_DOCUMENTS, patient_id=patient.cx, status=APPROVED, return_type="ObjectRef")
    yield same("only the second is found among those Approved", (second.entries[0].entry_uuid,), tuple(approved.ids))


@TABLE.row("L.02", "A replacement that transforms does both", "11995")
def transform_and_replace(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    first = one_document(patient).assigned()
    yield accepted("register", bench.register(first))
    second = related(patient, XFRM_RPLC, first.entries[0].entry_uuid)
    yield accepted("transform and replace", bench.register(second))
    yield status_is(bench, "the first", first.entries[0].entry_uuid, DEPRECATED)
    yield status_is(bench, "the second", second.entries[0].entry_uuid, APPROVED)
    links = bench.query(QueryId.GET_ASSOCIATIONS, uuid=second.entries[0].entry_uuid)
    kinds = {item.association_type for item in links.found} - {AssociationType.HAS_MEMBER}
    yield same("their association", {str(XFRM_RPLC)}, kinds)


def _to_replaced(kind: AssociationType, word: str) -> None:
    def play(bench: Bench) -> Iterator[Step]:
        patient = bench.patient()
        kept, gone = one_document(patient).assigned(), one_document(patient).assigned()
        yield accepted("register one", bench.register(kept))
        yield accepted("register another", bench.register(gone))
        yield accepted("replace the other", bench.register(related(patient, RPLC, gone.entries[0].entry_uuid)))
        good = related(patient, kind, kept.entries[0].entry_uuid)
        yield accepted(f"{word} of the one", bench.register(good))
        yield status_is(bench, "the one stays", kept.entries[0].entry_uuid, APPROVED)
        bad = related(patient, kind, gone.entries[0].entry_uuid)
        answer = bench.register(bad)
        yield refused(f"{word} of the replaced", answer, "XDSRegistryDeprecatedDocumentError")
        yield counted("it is not kept", bench.documents(bad.entries[0].entry_uuid))

    number, test = ("L.03", "11993") if kind is APND else ("L.04", "11994")
    TABLE.add(number, f"{word} of what was replaced is refused".capitalize(), (test,), play)


_to_replaced(APND, "an addendum")
_to_replaced(XFRM, "a transformation")


@TABLE.row("L.05", "What is replaced takes its addenda and transformations along", "12022")
def cascade(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    first = one_document(patient).assigned()
    target = first.entries[0].entry_uuid
    yield accepted("register", bench.register(first))
    transformed = related(patient, XFRM, target)
    yield accepted("a transformation", bench.register(transformed))
    added = related(patient, APND, target)
    yield accepted("an addendum", bench.register(added))
    second = related(patient, RPLC, target)
    yield accepted("replace", bench.register(second))
    yield status_is(bench, "the first", target, DEPRECATED)
    yield status_is(bench, "its transformation", transformed.entries[0].entry_uuid, DEPRECATED)
    yield status_is(bench, "its addendum", added.entries[0].entry_uuid, DEPRECATED)
    yield status_is(bench, "the replacement", second.entries[0].entry_uuid, APPROVED)


@TABLE.row("L.06", "What was replaced is not replaced again")
def replaced_twice(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    first = one_document(patient).assigned()
    target = first.entries[0].entry_uuid
    yield accepted("register", bench.register(first))
    yield accepted("replace", bench.register(related(patient, RPLC, target)))
    again = bench.register(related(patient, RPLC, target))
    yield refused("replace it again", again, "XDSRegistryDeprecatedDocumentError")


@TABLE.row("L.07", "A signature is related to what it signs, and changes no status")
def signs(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    first = one_document(patient).assigned()
    target = first.entries[0].entry_uuid
    yield accepted("register", bench.register(first))
    yield accepted("register its signature", bench.register(related(patient, SIGNS, target)))
    yield status_is(bench, "what is signed", target, APPROVED)
    found = bench.query(QueryId.GET_RELATED_DOCUMENTS, entry_uuid=target, association_type=SIGNS)
    yield counted("both are related", found, entries=2, associations=1)


@TABLE.row("L.08", "An addendum may come with what it adds to")
def addendum_at_once(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient).add_document(patient).relate(APND, "Document02", "Document01").assigned()
    yield accepted("register both", bench.register(lot))
    found = bench.query(QueryId.GET_RELATED_DOCUMENTS, entry_uuid=lot.entries[0].entry_uuid, association_type=APND)
    yield counted("both are related", found, entries=2, associations=1)
    yield same("both Approved", {APPROVED}, {item.status for item in found.of_kind(Kind.ENTRY)})


@TABLE.row("L.09", "A submission that is refused deprecates nothing")
def refused_replacement(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    first = one_document(patient).assigned()
    target = first.entries[0].entry_uuid
    yield accepted("register", bench.register(first))
    lot = one_document(patient, class_code=None).relate(RPLC, "Document01", target)
    yield refused("replace by a faulty document", bench.register(lot), "XDSRegistryMetadataError")
    yield status_is(bench, "the first", target, APPROVED)
