"""Remove Metadata: what may go, and what must not be left behind (ITI TF-2 §3.62)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import accepted, counted, refused
from conformance.scenarios.xds.folders import empty_folder
from conformance.scenarios.xds.lifecycle import related, status_is
from samples.client.answers import QueryAnswer
from samples.client.queries import DEPRECATED, QueryId
from samples.xds.submission import XdsSubmission, folder_of, one_document
from xds.metadata.association import AssociationType

TABLE = Table("Document Registry", "ITI-62")
NOWHERE = "urn:uuid:00000000-0000-4000-8000-000000000002"
REFERENCED, UNREFERENCED = "ReferencesExistException", "XDSUnreferencedObjectException"
APND, RPLC, XFRM_RPLC = AssociationType.APND, AssociationType.RPLC, AssociationType.XFRM_RPLC


def _contents(bench: Bench, lot: XdsSubmission) -> QueryAnswer:
    return bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, unique_id=lot.submission_set.unique_id)


def _gone(bench: Bench, lot: XdsSubmission) -> Step:
    return counted("nothing of it is left", _contents(bench, lot))


@TABLE.row("Z.01", "What is not there is not removed", "30000")
def nowhere(bench: Bench) -> Iterator[Step]:
    yield refused("remove", bench.remove(NOWHERE), "UnresolvedReferenceException")


@TABLE.row("Z.02", "A submission of one document is removed as a whole, not by parts", "30001")
def document(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient()).assigned()
    yield accepted("register", bench.register(lot))
    submission, entry, member = lot.ids
    yield refused("remove the submission alone", bench.remove(submission), REFERENCED)
    yield refused("remove the document and its membership", bench.remove(entry, member), UNREFERENCED)
    yield counted("everything is there", _contents(bench, lot), sets=1, entries=1, associations=1)
    yield accepted("remove all three", bench.remove(*lot.ids))
    yield _gone(bench, lot)
    yield counted("nor the document", bench.documents(entry))


@TABLE.row("Z.03", "A submission of one folder is removed as a whole, not by parts", "30002")
def folder(bench: Bench) -> Iterator[Step]:
    lot = empty_folder(bench.patient())
    yield accepted("register", bench.register(lot))
    submission, name, member = lot.ids
    yield refused("remove the submission alone", bench.remove(submission), REFERENCED)
    yield refused("remove the folder and its membership", bench.remove(name, member), UNREFERENCED)
    yield accepted("remove all three", bench.remove(*lot.ids))
    yield _gone(bench, lot)


@TABLE.row("Z.04", "A document leaves its folder, and both stay", "30003")
def membership(bench: Bench) -> Iterator[Step]:
    lot = folder_of(bench.patient()).assigned()
    yield accepted("register", bench.register(lot))
    submission, *others = lot.ids
    yield refused("remove everything but the submission", bench.remove(*others), UNREFERENCED)
    yield refused("remove the submission alone", bench.remove(submission), REFERENCED)
    filed, its_membership = (item.entry_uuid for item in lot.associations[2:4])
    yield accepted("remove the membership in the folder, and its own", bench.remove(filed, its_membership))
    yield counted("the submission", _contents(bench, lot), sets=1, entries=1, folders=1, associations=2)
    contents = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, entry_uuid=lot.folders[0].entry_uuid)
    yield counted("the folder is empty", contents, folders=1)


@TABLE.row("Z.05", "A document with an addendum stays; the addendum goes", "30004")
def addendum(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient).assigned()
    yield accepted("register", bench.register(lot))
    added = related(patient, APND, lot.entries[0].entry_uuid)
    yield accepted("register an addendum", bench.register(added))
    yield refused("remove what it adds to", bench.remove(*lot.ids), REFERENCED)
    yield accepted("remove the addendum", bench.remove(*added.ids))
    yield _gone(bench, added)
    yield counted("the other is there", _contents(bench, lot), sets=1, entries=1, associations=1)


@TABLE.row("Z.06", "A replaced document goes with its replacement's relation, which stays", "30005")
def replacement(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient).assigned()
    yield accepted("register", bench.register(lot))
    second = related(patient, RPLC, lot.entries[0].entry_uuid)
    yield accepted("replace", bench.register(second))
    submission, entry, member, relation = second.ids
    answer = bench.remove(submission, entry, member)
    yield refused("remove the replacement but not its relation", answer, REFERENCED)
    yield accepted("remove the replaced, and the relation", bench.remove(*lot.ids, relation))
    yield _gone(bench, lot)
    yield counted("the replacement is there", _contents(bench, second), sets=1, entries=1, associations=1)


@TABLE.row("Z.07", "A replacement that goes does not bring back what it replaced")
def replacement_removed(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient).assigned()
    yield accepted("register", bench.register(lot))
    second = related(patient, RPLC, lot.entries[0].entry_uuid)
    yield accepted("replace", bench.register(second))
    yield accepted("remove the replacement", bench.remove(*second.ids))
    yield status_is(bench, "the replaced", lot.entries[0].entry_uuid, DEPRECATED)


def _chain(bench: Bench) -> tuple[tuple[XdsSubmission, XdsSubmission, XdsSubmission], tuple[Step, ...]]:
    """A document, what transforms and replaces it, and an addendum to that."""
    patient = bench.patient()
    first = one_document(patient).assigned()
    second = related(patient, XFRM_RPLC, first.entries[0].entry_uuid)
    third = related(patient, APND, second.entries[0].entry_uuid)
    lots = (first, second, third)
    return lots, tuple(accepted(f"register number {rank}", bench.register(lot)) for rank, lot in enumerate(lots, 1))


@TABLE.row("Z.08", "A chain is removed link by link", "30006")
def chain(bench: Bench) -> Iterator[Step]:
    (first, second, third), steps = _chain(bench)
    yield from steps
    yield refused("remove the first", bench.remove(*first.ids), REFERENCED)
    relation = second.associations[-1].entry_uuid
    yield accepted("remove the first and the relation to it", bench.remove(*first.ids, relation))
    rest = tuple(name for name in second.ids if name != relation)
    yield refused("remove the second", bench.remove(*rest), REFERENCED)
    yield accepted("remove the addendum", bench.remove(*third.ids))
    yield accepted("now remove the second", bench.remove(*rest))
    for lot in (first, second, third):
        yield _gone(bench, lot)


@TABLE.row("Z.09", "A chain is removed at once", "30007")
def chain_at_once(bench: Bench) -> Iterator[Step]:
    lots, steps = _chain(bench)
    yield from steps
    yield accepted("remove all", bench.remove(*(name for lot in lots for name in lot.ids)))
    for lot in lots:
        yield _gone(bench, lot)


@TABLE.row("Z.10", "Relations are removed alone, and free what they held", "30008")
def relations(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    first = one_document(patient).assigned()
    yield accepted("register", bench.register(first))
    added = related(patient, APND, first.entries[0].entry_uuid)
    yield accepted("register an addendum", bench.register(added))
    second = related(patient, XFRM_RPLC, first.entries[0].entry_uuid)
    yield accepted("transform and replace", bench.register(second))
    yield refused("remove the first", bench.remove(*first.ids), REFERENCED)
    apnd, xfrm = added.associations[-1].entry_uuid, second.associations[-1].entry_uuid
    yield accepted("remove the relation of the addendum", bench.remove(apnd))
    yield accepted("remove the first, and the relation of the replacement", bench.remove(*first.ids, xfrm))
    answer = bench.remove(added.submission_set.entry_uuid)
    yield refused("remove the submission of the addendum alone", answer, REFERENCED)
    yield accepted("remove the replacement", bench.remove(*(name for name in second.ids if name != xfrm)))
    yield _gone(bench, second)
    yield counted("the addendum is there", _contents(bench, added), sets=1, entries=1, associations=1)


@TABLE.row("Z.11", "What may not be removed keeps what was to go with it")
def all_or_nothing(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient()).assigned()
    yield accepted("register", bench.register(lot))
    yield refused("remove it, and what is not there", bench.remove(*lot.ids, NOWHERE), "UnresolvedReferenceException")
    yield counted("everything is there", _contents(bench, lot), sets=1, entries=1, associations=1)
