"""Patient Identity Feed: patients announced, and merged (ITI TF-2 §3.44; ITI TF-2 §3.18.4.1.2.3.9)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import accepted, counted, refused, same
from samples.client.queries import APPROVED, QueryId
from samples.xds.submission import folder_of, one_document

TABLE = Table("Document Registry", "ITI-44")


@TABLE.row("I.01", "A patient is known from the moment of the feed on", "15804")
def announced(bench: Bench) -> Iterator[Step]:
    stranger = bench.stranger()
    lot = one_document(stranger)
    yield refused("register for a stranger", bench.register(lot), "XDSUnknownPatientId")
    bench.announce(stranger)
    yield accepted("announce, and register again", bench.register(lot))


@TABLE.row("I.02", "What a merged patient had is the survivor's; the merged one is a stranger")
def merged(bench: Bench) -> Iterator[Step]:
    survivor, subsumed = bench.patient(), bench.patient()
    kept, moved = one_document(survivor).assigned(), folder_of(subsumed).assigned()
    yield accepted("register for the survivor", bench.register(kept))
    yield accepted("register for the other", bench.register(moved))
    bench.merge(survivor, subsumed)
    found = bench.query(QueryId.FIND_DOCUMENTS, patient_id=survivor.cx, status=APPROVED)
    yield counted("the survivor's documents", found, entries=2)
    yield same("all are of the survivor", {survivor.cx}, {entry.patient_id for entry in found.document_entries})
    yield same("under the ids they had", set(kept.ids[1:2] + moved.ids[1:2]), set(found.ids))
    folders = bench.query(QueryId.FIND_FOLDERS, patient_id=survivor.cx, status=APPROVED)
    yield counted("the survivor's folders", folders, folders=1)
    yield counted("nothing of the other", bench.query(QueryId.FIND_DOCUMENTS, patient_id=subsumed.cx, status=APPROVED))
    yield refused("register for the other", bench.register(one_document(subsumed)), "XDSUnknownPatientId")
    contents = bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, unique_id=moved.submission_set.unique_id)
    yield counted("the submission is whole", contents, sets=1, entries=1, folders=1, associations=4)


@TABLE.row("I.03", "A document outlives the merge of its patient, to the byte")
def merged_bytes(bench: Bench) -> Iterator[Step]:
    survivor, subsumed = bench.patient(), bench.patient()
    lot = one_document(subsumed)
    yield accepted("provide", bench.provide(lot))
    bench.merge(survivor, subsumed)
    answer = bench.retrieve(*lot.unique_ids)
    yield accepted("retrieve", answer)
    yield same("its bytes", tuple(lot.contents.values()), tuple(item.content for item in answer.documents))
