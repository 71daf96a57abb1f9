"""Update Document Set: associations submitted, deprecated, approved (ITI TF-2 §3.57.4.1.3.3.5, 3.6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from conformance.scenarios.bench import ELSEWHERE, Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import accepted, counted, refused, same
from conformance.scenarios.xds.folders import empty_folder
from samples.client.answers import QueryAnswer
from samples.client.objects import Kind
from samples.client.queries import APPROVED, DEPRECATED, QueryId
from samples.xds.patients import DomainPatient
from samples.xds.submission import XdsSubmission, folder_of, new_submission, one_document
from samples.xds.updates import submit_association, update_entry, update_status
from xds.metadata.association import AssociationType

TABLE = Table("Document Registry", "ITI-57")
APND, MEMBER = AssociationType.APND, AssociationType.HAS_MEMBER
EVERYTHING: dict[str, Any] = {"metadata_level": 2, "association_status": (APPROVED, DEPRECATED)}


def _two(patient: DomainPatient) -> XdsSubmission:
    return one_document(patient).add_document(patient).assigned()


def _related(bench: Bench, entry_uuid: str, **parameters: Any) -> QueryAnswer:
    return bench.query(QueryId.GET_RELATED_DOCUMENTS, entry_uuid=entry_uuid, association_type=APND, **parameters)


@TABLE.row("V.01", "Two registered documents are related; the relation is deprecated, and approved again", "20001")
def relation(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = _two(patient)
    yield accepted("register two documents", bench.register(lot))
    one, other = (entry.entry_uuid for entry in lot.entries)

    def unknown(root: etree._Element) -> None:
        root.findall(".//{*}Association")[0].set("associationType", "urn:ihe:iti:2007:AssociationType:APND_TXFM")

    bad = submit_association(new_submission(patient), APND, one, other).rewritten(unknown)
    yield refused("submit a relation of an unknown type", bench.update(bad), "XDSRegistryMetadataError")
    order = submit_association(new_submission(patient), APND, one, other).assigned()
    yield accepted("submit an addendum", bench.update(order))
    link = order.associations[0].entry_uuid
    found = _related(bench, one)
    yield counted("both are related", found, entries=2, associations=1)
    association = found.of_kind(Kind.ASSOCIATION)[0]
    yield same("how", (one, other, APPROVED), (association.source, association.target, association.status))
    yield accepted("deprecate the relation", bench.update(update_status(new_submission(patient), link)))
    yield counted("nothing is related", _related(bench, one))
    found = _related(bench, one, **EVERYTHING)
    yield counted("both are, to who asks for all statuses", found, entries=2, associations=1)
    yield same("its status", DEPRECATED, found.of_kind(Kind.ASSOCIATION)[0].status)
    back = update_status(new_submission(patient), link, original=DEPRECATED, new=APPROVED)
    yield accepted("approve the relation", bench.update(back))
    for title, parameters in (("both are related again", {}), ("to who asks for all statuses", EVERYTHING)):
        yield counted(title, _related(bench, one, **parameters), entries=2, associations=1)


@TABLE.row("V.02", "A relation is submitted and deprecated in one message", "20005")
def submitted_and_deprecated(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = _two(patient)
    yield accepted("register two documents", bench.register(lot))
    one, other = (entry.entry_uuid for entry in lot.entries)
    order = submit_association(new_submission(patient), APND, one, other)
    order = update_status(order, order.associations[0].entry_uuid)
    yield accepted("submit an addendum, and deprecate it", bench.update(order))
    yield counted("nothing is related", _related(bench, one))
    found = _related(bench, one, **EVERYTHING)
    yield counted("both are, to who asks for all statuses", found, entries=2, associations=1)
    yield same("its status", DEPRECATED, found.of_kind(Kind.ASSOCIATION)[0].status)


@TABLE.row("V.03", "A new version and a relation of it in one message: only without propagation", "20006")
def update_and_relation(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = _two(patient).in_repository(ELSEWHERE)
    yield accepted("register two documents", bench.register(lot))
    other = lot.entries[1].entry_uuid
    order = update_entry(new_submission(patient), lot.entries[0], association_propagation="yes", title="Corrected")
    answer = bench.update(submit_association(order, APND, order.entries[0].entry_uuid, other))
    yield refused("update with propagation, and relate the new version", answer, "XDSMetadataUpdateOperationError")
    yield counted("nothing changed", bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids), entries=2)
    order = update_entry(new_submission(patient), lot.entries[0], association_propagation="no", title="Corrected")
    new = order.entries[0].entry_uuid
    yield accepted(
        "update without propagation, and relate the new", bench.update(submit_association(order, APND, new, other))
    )
    answer = bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids[0])
    versions = {item.version: item for item in answer.found}
    yield same("versions", {"1", "2"}, set(versions))
    yield same("statuses", (DEPRECATED, APPROVED), (versions["1"].status, versions["2"].status))
    found = _related(bench, versions["2"].id)
    yield counted("the new version is related", found, entries=2, associations=1)
    yield same("how", (versions["2"].id, other), _link(found))


def _link(answer: QueryAnswer) -> tuple[str, str]:
    association = answer.of_kind(Kind.ASSOCIATION)[0]
    return association.source, association.target


@TABLE.row("V.04", "A membership that is there is not submitted again", "20008")
def same_membership(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = folder_of(patient).assigned()
    yield accepted("register a folder with a document", bench.register(lot))
    order = submit_association(new_submission(patient), MEMBER, lot.folders[0].entry_uuid, lot.entries[0].entry_uuid)
    yield refused("submit the membership again", bench.update(order))


@TABLE.row("V.05", "Documents of two patients are not related", "20100a")
def two_patients(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot, foreign = one_document(patient).assigned(), one_document(bench.patient()).assigned()
    yield accepted("register one", bench.register(lot))
    yield accepted("register another patient's", bench.register(foreign))
    ends = (lot.entries[0].entry_uuid, foreign.entries[0].entry_uuid)
    order = submit_association(new_submission(patient), APND, *ends)
    yield refused("relate them", bench.update(order))


@TABLE.row("V.06", "A document does not go in another patient's folder", "20100b")
def foreign_folder(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot, folder = one_document(patient).assigned(), empty_folder(bench.patient())
    yield accepted("register a document", bench.register(lot))
    yield accepted("register another patient's folder", bench.register(folder))
    ends = (folder.folders[0].entry_uuid, lot.entries[0].entry_uuid)
    order = submit_association(new_submission(patient), MEMBER, *ends)
    yield refused("put the one in the other", bench.update(order))


@TABLE.row("V.07", "Deprecated documents are not related; approved again, they are", "21004")
def deprecated_ends(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = _two(patient)
    yield accepted("register two documents", bench.register(lot))
    one, other = (entry.entry_uuid for entry in lot.entries)
    for title, end in (("source", one), ("target", other)):
        yield accepted(f"deprecate the {title}", bench.update(update_status(new_submission(patient), end)))
        order = submit_association(new_submission(patient), APND, one, other)
        yield refused(f"relate them, the {title} Deprecated", bench.update(order))
        back = update_status(new_submission(patient), end, original=DEPRECATED, new=APPROVED)
        yield accepted(f"approve the {title}", bench.update(back))
    yield accepted("relate them", bench.update(submit_association(new_submission(patient), APND, one, other)))
    found = _related(bench, one)
    yield counted("both are related", found, entries=2, associations=1)
    yield same("how", (one, other), _link(found))


@TABLE.row("V.08", "A registered document goes in a registered folder")
def filed(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot, folder = one_document(patient).assigned(), empty_folder(patient)
    yield accepted("register a document", bench.register(lot))
    yield accepted("register a folder", bench.register(folder))
    name = folder.folders[0].entry_uuid
    order = submit_association(new_submission(patient), MEMBER, name, lot.entries[0].entry_uuid)
    yield accepted("put the one in the other", bench.update(order))
    contents = bench.query(QueryId.GET_FOLDER_AND_CONTENTS, entry_uuid=name)
    yield counted("the folder and its contents", contents, folders=1, entries=1, associations=1)


@TABLE.row("V.09", "The relation of a document follows to its new version")
def relation_propagated(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient).add_document(patient).relate(APND, "Document02", "Document01").assigned()
    lot = lot.in_repository(ELSEWHERE)
    yield accepted("register a document and its addendum", bench.register(lot))
    yield accepted("update the document", bench.update(update_entry(new_submission(patient), lot.entries[0])))
    found = _related(bench, lot.entries[1].entry_uuid)
    yield counted("the addendum is related", found, entries=2, associations=1)
    versions = {item.id: item.version for item in found.of_kind(Kind.ENTRY)}
    yield same("to the new version", "2", versions.get(_link(found)[1]))
