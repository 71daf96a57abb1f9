"""Submissions made to break a registry: ids, associations, attributes, texts and quantities (ITI-41, ITI-42)."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from lxml import etree

from samples.client.queries import APPROVED, DEPRECATED, QueryId
from samples.xds.documents import text_document
from samples.xds.entries import HEALER, new_folder
from samples.xds.patients import DomainPatient
from samples.xds.submission import XdsSubmission, folder_of, new_submission, one_document
from xds.ebrim.constants import RIM
from xds.metadata.association import AssociationType as Type
from xds.metadata.author import Author
from xds.metadata.codes import Code

METADATA, UNRESOLVED = "XDSRegistryMetadataError", "UnresolvedReferenceException"
EVERY = [APPROVED, DEPRECATED]
U = "3f2504e0-4f89-41d3-9a0c-0305e82c3301"
Lot = Callable[[DomainPatient], XdsSubmission]


def named(name: str) -> Lot:
    """A submission whose document has this id, everywhere."""

    def lot(patient: DomainPatient) -> XdsSubmission:
        one = one_document(patient)
        (content,) = one.contents.values()
        return replace(one.with_entry(0, entry_uuid=name), contents={name: content}).with_association(0, target=name)

    return lot


def with_entry(**changes: Any) -> Lot:
    return lambda patient: one_document(patient).with_entry(0, **changes)


def slot(name: str | None, *values: str) -> Lot:
    """A submission whose entry has one more Slot."""

    def add(root: etree._Element) -> None:
        entry = next(root.iter(f"{{{RIM}}}ExtrinsicObject"))
        added = etree.Element(f"{{{RIM}}}Slot", {} if name is None else {"name": name})
        holder = etree.SubElement(added, f"{{{RIM}}}ValueList")
        for value in values:
            etree.SubElement(holder, f"{{{RIM}}}Value").text = value
        entry.insert(0, added)

    return lambda patient: one_document(patient).rewritten(add)


REFUSED: dict[str, tuple[Lot, set[str]]] = {
    **{
        f"a document {what}": (named(name), {METADATA})
        for what, name in {
            "with a UUID in upper case": f"urn:uuid:{U.upper()}",
            "with a UUID without hyphens": f"urn:uuid:{U.replace('-', '')}",
            "with a UUID in braces": f"urn:uuid:{{{U}}}",
            "with half a UUID": "urn:uuid:3f2504e0",
            "with no id": "",
        }.items()
    },
    "two objects of one id": (
        lambda p: one_document(p).with_submission_set(entry_uuid="Document01"),
        {METADATA, UNRESOLVED},
    ),
    "a document that replaces itself": (
        lambda p: one_document(p).relate(Type.RPLC, "Document01", "Document01"),
        {METADATA, UNRESOLVED},
    ),
    "an addendum to itself": (lambda p: one_document(p).relate(Type.APND, "Document01", "Document01"), {METADATA}),
    "a folder in itself": (lambda p: folder_of(p).file("Folder01", "Folder01"), {METADATA}),
    "a submission in itself": (lambda p: one_document(p).add_member("SubmissionSet01"), {METADATA}),
    "an association with itself": (lambda p: folder_of(p).with_association(2, target="Association03"), {METADATA}),
    "two that replace each other": (
        lambda p: (
            new_submission(p)
            .add_document(p)
            .add_document(p, text_document("Two."))
            .relate(Type.RPLC, "Document01", "Document02")
            .relate(Type.RPLC, "Document02", "Document01")
        ),
        {UNRESOLVED},
    ),
    **{
        f"{name} {value!r:.24}": (with_entry(**{name: value}), {METADATA})
        for name, values in {
            "size": (10**30, -1, 2**63),
            "hash": ("z" * 40, "0" * 39),
            "creation_time": ("99999999999999", "20240230", "0000", "2024\u0661", "20240305101500+0100"),
            "service_start_time": ("99999999999999", "9999"),
            "title": ("x" * 129,),
            "mime_type": ("text/plain; x='",),
            "unique_id": ("x" * 257, "' OR ''='", "1.2" * 200),
            "language_code": ("fr'--", "x" * 400),
            "patient_id": ("' OR ''='", "x" * 300, "^^^&1.2.3&ISO", "a^^^&'1'&ISO"),
        }.items()
        for value in values
    },
    "a Slot of IHE that IHE does not have": (slot("urn:ihe:iti:invented", "x"), {METADATA}),
    "a Slot without name": (slot(None, "x"), {METADATA}),
    "a Slot that is SQL": (slot("'; DROP TABLE document_entries; --", "x"), {METADATA}),
    "a Slot name of 100 000 characters": (slot("urn:" + "n" * 100_000, "x"), {METADATA}),
    "a value of 257 characters": (slot("urn:x:y", "x" * 257), {METADATA}),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_a_hostile_submission_is_refused_and_nothing_is_kept(siege: Any, what: str) -> None:
    lot, codes = REFUSED[what]
    answer = siege.withstands(lambda: siege.source.provide_and_register(lot(siege.patient)))

    assert answer.status.endswith(":Failure")
    assert codes <= set(answer.error_codes) <= {*codes, "XDSPatientIdDoesNotMatch", "XDSUnknownPatientId"}


@pytest.mark.parametrize(
    "name",
    ["urn:oid:1.2.3", f"URN:UUID:{U}", U, U.upper(), "<>&\"'", "Ünïcødé \U0001f600", "a" * 3000, "' OR 1=1 --"],
)
def test_whatever_is_no_uuid_urn_is_a_symbolic_id(siege: Any, name: str) -> None:
    lot = named(name)(siege.patient)
    assert siege.source.provide_and_register(lot).succeeded
    (entry,) = siege.consumer.get_documents(unique_ids=lot.unique_ids).document_entries
    assert entry.entry_uuid.startswith("urn:uuid:")
    assert entry.entry_uuid != f"urn:uuid:{U}"
    siege.serves()


def test_ids_of_classifications_are_nobodys(siege: Any) -> None:
    """They may be those of their object, or all the same: nothing refers to them."""

    def same(root: etree._Element) -> None:
        for item in root.iter(f"{{{RIM}}}Classification", f"{{{RIM}}}ExternalIdentifier"):
            item.set("id", "Document01")

    lot = one_document(siege.patient).rewritten(same)
    assert siege.source.provide_and_register(lot).succeeded
    assert siege.consumer.get_documents(unique_ids=lot.unique_ids).unique_ids == list(lot.unique_ids)


@pytest.mark.parametrize("kind", [Type.RPLC, Type.APND, Type.HAS_MEMBER])
def test_what_is_registered_is_no_end_for_another_kind(siege: Any, kind: Type) -> None:
    lot = folder_of(siege.patient).assigned()
    assert siege.source.provide_and_register(lot).succeeded
    ends = [lot.submission_set.entry_uuid, lot.folders[0].entry_uuid, lot.associations[-1].entry_uuid]
    ends += [lot.entries[0].entry_uuid] if kind is Type.HAS_MEMBER else []

    for end in ends:
        bad = one_document(siege.patient).relate(kind, "Document01", end)
        siege.refuses(lambda bad=bad: siege.source.provide_and_register(bad), METADATA)


def test_the_id_of_something_registered_cannot_be_taken(siege: Any) -> None:
    lot = folder_of(siege.patient).assigned()
    assert siege.source.provide_and_register(lot).succeeded
    for taken in lot.ids:
        siege.refuses(lambda name=taken: siege.source.provide_and_register(named(name)(siege.patient)), METADATA)


def repeated(count: int, change: Callable[[etree._Element], object]) -> Callable[[etree._Element], None]:
    """The last association `count` times more."""

    def rewrite(root: etree._Element) -> None:
        model = list(root.iter(f"{{{RIM}}}Association"))[-1]
        for rank in range(count):
            added = copy.deepcopy(model)
            added.set("id", f"Added{rank}")
            change(added)
            model.addnext(added)

    return rewrite


def test_ten_thousand_associations_to_nothing_are_each_reported(siege: Any) -> None:
    lot = one_document(siege.patient).relate(Type.APND, "Document01", f"urn:uuid:{uuid4()}")
    lot = lot.rewritten(repeated(9_999, lambda added: added.set("targetObject", f"urn:uuid:{uuid4()}")))
    answer = siege.refuses(lambda: siege.source.provide_and_register(lot), UNRESOLVED)
    assert len(answer.errors) == 10_000


def test_more_than_an_envelope_holds_is_a_fault(siege: Any) -> None:
    lot = one_document(siege.patient).relate(Type.APND, "Document01", f"urn:uuid:{uuid4()}")
    lot = lot.rewritten(repeated(30_000, lambda added: added))
    siege.faults(lambda: siege.source.provide_and_register(lot), "XML_LIMIT")


@pytest.mark.parametrize("kind", [Type.APND, Type.XFRM, Type.SIGNS])
@pytest.mark.parametrize("length", [2, 50])
def test_a_ring_of_documents_is_replaced_found_and_removed(siege: Any, kind: Type, length: int) -> None:
    """What follows relationships comes to an end, although these do not."""
    lot = new_submission(siege.patient).assigned()
    for rank in range(length):
        lot = lot.add_document(siege.patient, text_document(f"Document {rank}."))
    for rank, entry in enumerate(lot.entries):
        lot = lot.relate(kind, entry.entry_uuid, lot.entries[(rank + 1) % length].entry_uuid)
    assert siege.source.provide_and_register(lot).succeeded
    (old,) = siege.consumer.get_documents(unique_ids=lot.unique_ids[:1]).document_entries

    new = one_document(siege.patient).relate(Type.RPLC, "Document01", old.entry_uuid)
    assert siege.source.provide_and_register(new).succeeded

    ring = siege.consumer.get_documents(unique_ids=lot.unique_ids).document_entries
    deprecated = {entry.availability_status == DEPRECATED for entry in ring}
    assert deprecated == ({True} if kind is not Type.SIGNS else {True, False})
    related = siege.consumer.query(
        QueryId.GET_RELATED_DOCUMENTS, unique_id=lot.unique_ids[0], association_type=str(kind)
    )
    assert set(related.unique_ids) == {lot.unique_ids[0], lot.unique_ids[1], lot.unique_ids[-1]}
    siege.serves()


EVIL = "'\"\\;--/*%_$1{}<>&]]>\u2028\u202e\U0001f600\U000e0041 e\u0301\ufb01 \ufeff %s ${x} \x85\u200b"
PLAIN = EVIL.translate({ord(character): None for character in "^&|~\\"})


def evil(name: str) -> Code:
    return Code(f"'{name}\";--%_\U0001f600", "1.2.3", EVIL)


def test_every_text_comes_back_as_it_went(siege: Any, patient: DomainPatient) -> None:
    lot = one_document(
        patient,
        title=EVIL,
        comments=EVIL * 3,
        authors=(Author(person="^" + PLAIN, institutions=(PLAIN,), roles=(EVIL,), specialties=(EVIL,)),),
        class_code=evil("class"),
        type_code=evil("type"),
        format_code=evil("format"),
        event_codes=(evil("event"),),
        practice_setting_code=evil("practice"),
        healthcare_facility_type_code=evil("facility"),
        confidentiality_codes=(evil("confidentiality"),),
        source_patient_info=("PID-5|" + PLAIN,),
    ).add_folder(new_folder(patient, title=EVIL, comments=EVIL, codes=(evil("folder"),)))
    lot = lot.with_submission_set(title=EVIL, comments=EVIL, content_type_code=evil("content"))
    assert siege.source.provide_and_register(lot).succeeded

    (found,) = siege.consumer.find_documents(patient.cx, class_code=evil("class")).document_entries
    new = {name: getattr(found, name) for name in ("entry_uuid", "logical_id", "repository_unique_id")}
    assert found == replace(lot.entries[0], **new)
    assert siege.consumer.find_documents(patient.cx, class_code=evil("other")).ids == []
    assert len(siege.consumer.query(QueryId.FIND_FOLDERS, patient_id=patient.cx, status=EVERY,
                                    code_list=evil("folder")).ids) == 1  # fmt: skip
    assert len(siege.consumer.query(QueryId.FIND_SUBMISSION_SETS, patient_id=patient.cx, status=EVERY,
                                    content_type=evil("content")).ids) == 1  # fmt: skip


def test_a_great_many_values_are_kept(siege: Any, patient: DomainPatient) -> None:
    codes = tuple(Code(f"c{rank}", "1.2.3", "x") for rank in range(4_000))
    lot = one_document(patient, event_codes=codes, authors=(HEALER,) * 500)
    assert siege.source.provide_and_register(lot).succeeded
    (found,) = siege.consumer.find_documents(patient.cx, event_code=codes[-1]).document_entries
    assert (found.event_codes, len(found.authors)) == (codes, 500)


def test_a_hash_in_capitals_is_the_same_hash(siege: Any, patient: DomainPatient) -> None:
    lot = one_document(patient)
    lot = lot.with_entry(0, hash=(lot.entries[0].hash or "").upper())
    assert siege.source.provide_and_register(lot).succeeded
    assert siege.source.provide_and_register(lot.again()).succeeded
