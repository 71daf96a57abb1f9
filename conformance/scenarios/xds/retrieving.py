"""Retrieve Document Set, and Remove Documents: what a repository gives back, and forgets (ITI TF-2 §3.43, §3.86)."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.scenarios.bench import ELSEWHERE, Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import accepted, counted, refused, same, status_of
from samples.client.mtom import Packaging
from samples.client.queries import QueryId
from samples.xds.documents import pdf_document
from samples.xds.submission import XdsSubmission, one_document

TABLE = Table("Document Repository", "ITI-43")
REMOVAL = Table("Document Repository", "ITI-86")
UNHEARD_OF = "2.25.13"


def _provided(bench: Bench, documents: int) -> tuple[XdsSubmission, Step]:
    patient = bench.patient()
    lot = one_document(patient)
    for _ in range(documents - 1):
        lot = lot.add_document(patient, pdf_document())
    return lot, accepted("provide", bench.provide(lot))


@TABLE.row("G.01", "One document is retrieved, byte for byte", "12029", "12028")
def one(bench: Bench) -> Iterator[Step]:
    lot, step = _provided(bench, 1)
    yield step
    answer = bench.retrieve(*lot.unique_ids)
    yield accepted("retrieve", answer)
    document = answer.documents[0]
    yield same("its bytes", tuple(lot.contents.values()), (document.content,))
    yield same("what it is", (lot.unique_ids[0], lot.entries[0].mime_type), (document.unique_id, document.mime_type))
    yield same("where it is from", bench.repository_unique_id, document.repository_unique_id)


@TABLE.row("G.02", "Two documents are retrieved at once", "12021")
def two(bench: Bench) -> Iterator[Step]:
    lot, step = _provided(bench, 2)
    yield step
    answer = bench.retrieve(*lot.unique_ids)
    yield accepted("retrieve", answer)
    sent = {entry.unique_id: lot.contents[entry.entry_uuid] for entry in lot.entries}
    yield same("their bytes", True, sent == {item.unique_id: item.content for item in answer.documents})


@TABLE.row("G.03", "An unknown document is a Failure that names it", "15816")
def unknown(bench: Bench) -> Iterator[Step]:
    answer = bench.retrieve(UNHEARD_OF)
    yield refused("retrieve", answer, "XDSDocumentUniqueIdError")
    yield same("the error names it", True, UNHEARD_OF in answer.errors[0].context)
    yield same("the answer is MTOM all the same", Packaging.MTOM, answer.packaging)


@TABLE.row("G.04", "Another repository's document is a Failure", "15816")
def elsewhere(bench: Bench) -> Iterator[Step]:
    lot, step = _provided(bench, 1)
    yield step
    yield refused("retrieve", bench.retrieve(*lot.unique_ids, repository=ELSEWHERE), "XDSUnknownRepositoryId")


@TABLE.row("G.05", "Some found and some not: PartialSuccess, the documents and an error for each other", "15816")
def partial(bench: Bench) -> Iterator[Step]:
    lot, step = _provided(bench, 1)
    yield step
    answer = bench.retrieve(*lot.unique_ids, UNHEARD_OF)
    yield same("status", "urn:ihe:iti:2007:ResponseStatusType:PartialSuccess", answer.status)
    yield same("the documents", lot.unique_ids, tuple(item.unique_id for item in answer.documents))
    yield same("the errors", ["XDSDocumentUniqueIdError"], answer.error_codes)


@TABLE.row("G.06", "Every item fails: Failure, an error for each")
def none(bench: Bench) -> Iterator[Step]:
    answer = bench.retrieve(UNHEARD_OF, "2.25.14")
    yield refused("retrieve", answer, "XDSDocumentUniqueIdError")
    yield same("the errors", 2, len(answer.errors))


@REMOVAL.row("X.01", "A document is removed, and retrieved no more", "50000")
def remove_one(bench: Bench) -> Iterator[Step]:
    lot, step = _provided(bench, 1)
    yield step
    yield accepted("retrieve", bench.retrieve(*lot.unique_ids))
    yield accepted("remove", bench.destroy(*lot.unique_ids))
    yield refused("retrieve again", bench.retrieve(*lot.unique_ids), "XDSDocumentUniqueIdError")
    yield counted("its entry stays", bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids), entries=1)


@REMOVAL.row("X.02", "Two documents are removed at once", "50001")
def remove_two(bench: Bench) -> Iterator[Step]:
    lot, step = _provided(bench, 2)
    yield step
    yield accepted("remove", bench.destroy(*lot.unique_ids))
    for unique_id in lot.unique_ids:
        yield refused("retrieve one", bench.retrieve(unique_id), "XDSDocumentUniqueIdError")


@REMOVAL.row("X.03", "Another repository's document is not removed", "50002")
def remove_elsewhere(bench: Bench) -> Iterator[Step]:
    lot, step = _provided(bench, 1)
    yield step
    yield refused("remove", bench.destroy(*lot.unique_ids, repository=ELSEWHERE), "XDSUnknownRepositoryId")
    yield accepted("it is still there", bench.retrieve(*lot.unique_ids))


@REMOVAL.row("X.04", "An unknown document is not removed, nor what was named with it", "50003")
def remove_unknown(bench: Bench) -> Iterator[Step]:
    lot, step = _provided(bench, 1)
    yield step
    yield refused("remove an unknown one", bench.destroy(UNHEARD_OF), "XDSDocumentUniqueIdError")
    yield refused("remove both", bench.destroy(*lot.unique_ids, UNHEARD_OF), "XDSDocumentUniqueIdError")
    answer = bench.retrieve(*lot.unique_ids)
    yield same("it is still there", ("Success", 1), (status_of(answer), len(answer.documents)))
