"""Provide and Register Document Set-b: what a repository takes in, and what it refuses (ITI TF-2 §3.41)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from conformance.scenarios.bench import Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import accepted, counted, refused, same
from conformance.scenarios.xds.lifecycle import related, status_is
from samples.client.answers import read_registry_answer
from samples.client.mtom import Packaging, Part, restore
from samples.client.queries import APPROVED, DEPRECATED, QueryId
from samples.xds.documents import cda_document, pdf_document, text_document
from samples.xds.entries import new_entry, new_folder
from samples.xds.submission import XdsSubmission, folder_of, new_submission, one_document
from security import xml
from xds.metadata.association import AssociationType

TABLE = Table("Document Repository", "ITI-41")
OTHER_HASH = "0123456789abcdef0123456789abcdef01234567"
AWKWARD = b"\xef\xbb\xbf\r\n\r\n--boundary\r\n\x00\xff trailing\r\n"


def _is_found(bench: Bench, lot: XdsSubmission) -> Step:
    answer = bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids)
    return counted("find by uniqueId", answer, entries=len(set(lot.unique_ids)))


@TABLE.row("D.01", "One document is provided, registered and found", "11966")
def one(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient())
    yield accepted("provide", bench.provide(lot))
    yield _is_found(bench, lot)


@TABLE.row("D.02", "Two documents are provided in one submission", "11979")
def two(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient).add_document(patient, pdf_document())
    yield accepted("provide", bench.provide(lot))
    yield _is_found(bench, lot)
    contents = bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, unique_id=lot.submission_set.unique_id)
    yield counted("the submission and its contents", contents, sets=1, entries=2, associations=2)


@TABLE.row("D.03", "The repository fills in hash, size and repositoryUniqueId", "11966")
def filled_in(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient())
    sent = lot.entries[0]
    yield accepted("provide without them", bench.provide(lot.with_entry(0, hash=None, size=None)))
    answer = bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids)
    yield counted("find", answer, entries=1)
    read = answer.document_entries[0]
    yield same("hash and size", (sent.hash, sent.size), ((read.hash or "").lower(), read.size))
    yield same("repositoryUniqueId", bench.repository_unique_id, read.repository_unique_id)


@TABLE.row("D.04", "The hash may be sent, in upper case too", "11981")
def right_hash(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient())
    yield accepted("provide with hash and size", bench.provide(lot))
    upper = one_document(bench.patient())
    upper = upper.with_entry(0, hash=(upper.entries[0].hash or "").upper())
    yield accepted("provide with the hash in upper case", bench.provide(upper))


@TABLE.row("D.05", "A wrong hash or size is refused and nothing is kept", "11981", "12369")
def wrong_hash(bench: Bench) -> Iterator[Step]:
    for name, wrong in (("hash", {"hash": OTHER_HASH}), ("size", {"size": 4})):
        lot = one_document(bench.patient(), **wrong)
        yield refused(f"provide with a wrong {name}", bench.provide(lot), "XDSRepositoryMetadataError")
        yield counted("nothing is found", bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids))
        yield refused("nothing is retrieved", bench.retrieve(*lot.unique_ids), "XDSDocumentUniqueIdError")


@TABLE.row("D.06", "An entry without its document is refused", "11983")
def no_document(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient).add_entry(new_entry(patient))
    yield refused("provide two entries and one document", bench.provide(lot), "XDSMissingDocument")
    yield counted("nothing is found", bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids))


@TABLE.row("D.07", "A document without its entry is refused", "11983")
def no_entry(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient())
    lot = replace(lot, contents={**lot.contents, "Document02": b"whose?"})
    yield refused("provide one entry and two documents", bench.provide(lot), "XDSMissingDocumentMetadata")
    yield counted("nothing is found", bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids))


@TABLE.row("D.08", "What the registry refuses, the repository tells, and keeps nothing", "11986")
def registry_errors(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient()).with_entry(0, patient_id=bench.patient().cx)
    yield refused("provide a document of two patients", bench.provide(lot), "XDSPatientIdDoesNotMatch")
    yield refused("nothing is retrieved", bench.retrieve(*lot.unique_ids), "XDSDocumentUniqueIdError")
    stranger = one_document(bench.stranger())
    yield refused("provide a document of a stranger", bench.provide(stranger), "XDSUnknownPatientId")


@TABLE.row("D.09", "A document is replaced", "ReposAcceptanceTest-1111")
def replaced(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    first = one_document(patient).assigned()
    yield accepted("provide", bench.provide(first))
    second = related(patient, AssociationType.RPLC, first.entries[0].entry_uuid)
    yield accepted("provide a replacement", bench.provide(second))
    yield status_is(bench, "the first", first.entries[0].entry_uuid, DEPRECATED)
    answer = bench.retrieve(*first.unique_ids, *second.unique_ids)
    yield accepted("retrieve both", answer)
    yield same("both come", 2, len(answer.documents))


@TABLE.row("D.10", "An addendum, then a transformation that replaces", "ReposAcceptanceTest-1112")
def amended(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    first = one_document(patient).assigned()
    target = first.entries[0].entry_uuid
    yield accepted("provide", bench.provide(first))
    addendum = related(patient, AssociationType.APND, target)
    yield accepted("provide an addendum", bench.provide(addendum))
    yield accepted("transform and replace", bench.provide(related(patient, AssociationType.XFRM_RPLC, target)))
    yield status_is(bench, "the first", target, DEPRECATED)
    yield status_is(bench, "its addendum", addendum.entries[0].entry_uuid, DEPRECATED)


@TABLE.row("D.11", "Folders are provided, filled and filled again", "ReposAcceptanceTest-1113")
def folders(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    documents = one_document(patient).add_document(patient).assigned()
    yield accepted("provide two documents", bench.provide(documents))
    empty = new_submission(patient).add_folder(new_folder(patient)).assigned()
    yield accepted("provide an empty folder", bench.provide(empty))
    yield accepted("provide a folder with a document", bench.provide(folder_of(patient)))
    name = empty.folders[0].entry_uuid
    yield accepted("a new document in the empty one", bench.provide(one_document(patient).file(name, "Document01")))
    known = documents.entries[0].entry_uuid
    yield accepted("a provided one in it", bench.provide(new_submission(patient).refer_to(known).file(name, known)))
    contents = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, entry_uuid=name)
    yield counted("the folder and its contents", contents, folders=1, entries=2, associations=2)


@TABLE.row("D.12", "Documents may stand in the message itself, as base64", "PnrXop", "PnrNoXop")
def inline(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient())
    message = bench.ingest.message(lot)
    root = xml.parse(message.root)
    restore(root, {part.content_id: part for part in message.parts})
    told = replace(message, root=etree.tostring(root, xml_declaration=True, encoding="UTF-8"), parts=())
    answer = bench.ingest.send(told)
    yield accepted("provide it inline", answer)
    yield same("the answer is packed as the request", Packaging.MTOM, answer.packaging)
    fetched = bench.retrieve(*lot.unique_ids)
    yield same("its bytes", tuple(lot.contents.values()), tuple(item.content for item in fetched.documents))


@TABLE.row("D.13", "A Content-ID with colons and slashes is found under its encoded URL", "PnrXop")
def awkward_content_id(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient())
    message = bench.ingest.message(lot)
    part = message.parts[0]
    named = Part("http://example.org/1/63@urn:example:lot", part.content_type, part.content)
    href = b"cid:http%3A%2F%2Fexample.org%2F1%2F63%40urn%3Aexample%3Alot"
    root = message.root.replace(f"cid:{part.content_id.replace('@', '%40')}".encode(), href)
    yield accepted("provide", bench.ingest.send(message.without_part(part.content_id).with_part(named).with_root(root)))
    yield _is_found(bench, lot)


@TABLE.row("D.14", "The type of a document is kept as it is declared, and its bytes to the last", "12360", "PnrXop")
def types_and_bytes(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    binary = replace(text_document(), mime_type="application/dicom", content=AWKWARD)
    lot = one_document(patient, binary).add_document(patient, cda_document(patient))
    yield accepted("provide", bench.provide(lot))
    answer = bench.retrieve(*lot.unique_ids)
    yield accepted("retrieve", answer)
    fetched = {item.unique_id: (item.mime_type, item.content) for item in answer.documents}
    sent = {entry.unique_id: (entry.mime_type, lot.contents[entry.entry_uuid]) for entry in lot.entries}
    yield same("types and bytes", True, sent == fetched)


@TABLE.row("D.15", "Answers are MTOM, even to refuse", "11966")
def packaging(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient(), hash=OTHER_HASH)
    message = bench.ingest.message(lot)
    reply = bench.ingest.transport.exchange(bench.ingest.repository.address, message)
    yield refused("provide with a wrong hash", read_registry_answer(reply), "XDSRepositoryMetadataError")
    yield same("packaging", Packaging.MTOM, reply.packaging)
    yield same("HTTP status", 200, reply.status)


@TABLE.row("D.16", "The same document is provided again, and other bytes under its uniqueId are not", "12004")
def again(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient())
    yield accepted("provide", bench.provide(lot))
    yield accepted("provide the same document again", bench.provide(lot.again()))
    other = one_document(bench.patient(), text_document("Something else."), unique_id=lot.unique_ids[0])
    yield refused("provide other bytes under its uniqueId", bench.provide(other), "XDSNonIdenticalHash")
    approved = bench.query(QueryId.FIND_DOCUMENTS, patient_id=lot.patient_id, status=APPROVED)
    yield counted("both entries are found", approved, entries=2)
