"""Messages that must change nothing: wrong, ambiguous, too late, or about what their sender may not see."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from samples.changes import archive, delete, mask, unmask, visibility
from samples.client.answers import RegistryAnswer
from samples.xds.entries import new_folder
from samples.xds.patients import new_patient
from samples.xds.submission import XdsSubmission
from samples.xds.updates import submit_association, update_status
from xds.metadata.association import AssociationType
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry

from .conftest import APPROVED, ARCHIVED, DELETED, DEPRECATED, NORMAL, Ward, spoken

NOWHERE = "urn:uuid:00000000-0000-4000-8000-000000000000"
UPDATE, OPERATION = "XDSMetadataUpdateError", "XDSMetadataUpdateOperationError"
Spoil = Callable[[XdsSubmission, DocumentEntry], XdsSubmission]


def with_codes(*codes: Code) -> Spoil:
    return lambda lot, entry: visibility(lot, entry, confidentiality_codes=codes)


def changed(**attributes: Any) -> Spoil:
    return lambda lot, entry: visibility(lot, entry, add=["MASQUE_PS"], **attributes)


MASKED = Code("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "Masqué aux professionnels de santé")
BAD: dict[str, tuple[Spoil, str, str]] = {
    # what is wrong: how, error code, rule
    "a status that it has not": (
        lambda lot, one: update_status(lot, one.entry_uuid, original=ARCHIVED),
        OPERATION,
        "U41",
    ),
    "an order of archiving what is archived": (
        lambda lot, one: update_status(lot, one.entry_uuid, original=ARCHIVED, new=APPROVED),
        UPDATE,
        "U43",
    ),
    "a status that no transaction gives": (
        lambda lot, one: update_status(lot, one.entry_uuid, new=DEPRECATED),
        OPERATION,
        "U41",
    ),
    "no original status": (
        lambda lot, one: update_status(lot, one.entry_uuid, original=None, new=DELETED),
        OPERATION,
        "U41",
    ),
    "a document that is not there": (lambda lot, _: archive(lot, NOWHERE), UPDATE, "U42"),
    "two versions of one document": (lambda lot, one: mask(mask(lot, one), one), UPDATE, "U3"),
    "a version and a status of one document": (lambda lot, one: archive(mask(lot, one), one.entry_uuid), UPDATE, "U3"),
    "a version that is skipped": (changed(previous_version="2"), "XDSMetadataVersionError", "U12"),
    "no previous version": (changed(previous_version=None), "XDSMetadataVersionError", "U12"),
    "a first version": (changed(logical_id=None), UPDATE, "U10"),
    "associations left behind": (changed(association_propagation="no"), OPERATION, "U40"),
    "another title": (changed(title="Autre titre"), UPDATE, "U45"),
    "another hash": (changed(hash="0" * 40), UPDATE, "U45"),
    "another author": (changed(authors=()), UPDATE, "U45"),
    "another uniqueId": (changed(unique_id="1.2.3.4"), UPDATE, "U45"),
    "another local id of the patient": (
        changed(source_patient_id="IPP-1^^^&1.2.3&ISO^PI"),
        "XDSPatientIDReconciliationError",
        "U47",
    ),
    "the code of another scheme": (with_codes(NORMAL, Code("X", "1.2.3", "x")), "XDSRegistryMetadataError", "O6"),
    "no level": (with_codes(MASKED), "XDSRegistryMetadataError", "D-080"),
    "nothing new": (with_codes(NORMAL), UPDATE, "U46"),
    "two changes at once": (
        lambda lot, one: visibility(lot, one, add=["MASQUE_PS", "INVISIBLE_REPRESENTANTS_LEGAUX"]),
        UPDATE,
        "U46",
    ),
    "another level": (with_codes(Code("R", "2.16.840.1.113883.5.25", "Restreint")), UPDATE, "U46"),
    "a folder": (lambda lot, _: lot.add_folder(new_folder(new_patient())), OPERATION, "U40"),
    "an association": (
        lambda lot, one: submit_association(lot, AssociationType.APND, one.entry_uuid, one.entry_uuid),
        OPERATION,
        "U40",
    ),
    "no operation": (lambda lot, _: lot, OPERATION, "U1"),
    "the lot of somebody else": (
        lambda lot, one: mask(
            replace(lot, submission_set=replace(lot.submission_set, authors=one.authors)),
            replace(one, authors=one.authors),
        ),
        "XDSRegistryMetadataError",
        "V-40",
    ),
    "masked and invisible": (
        lambda lot, one: visibility(lot, one, add=["INVISIBLE_PATIENT"]),
        "DMPAccessDeniedByRightsService",
        "",
    ),
}


def codes_and_rules(answer: RegistryAnswer) -> list[tuple[str, str]]:
    """The code of each error and the rule that its context begins with."""
    return [(error.code, error.context.partition(" ")[0].rstrip(":")) for error in answer.errors]


@pytest.mark.parametrize("fault", BAD)
def test_what_is_wrong_is_told_and_nothing_changes(ward: Ward, fault: str) -> None:
    spoil, code, rule = BAD[fault]
    document = ward.document(author="dr-essai")
    before, traced = ward.state(), len(ward.traces())
    answer = ward.send("dr-blanc", spoil(ward.lot("dr-blanc"), ward.now(document)))
    assert not answer.succeeded
    found = codes_and_rules(answer)
    assert (code, rule) in found if rule else code in {one for one, _ in found}, found
    assert ward.state() == before
    assert [row[1] for row in ward.traces()[traced:]] == ["refused"]


def test_every_difference_is_told_at_once(ward: Ward) -> None:
    document = ward.document()
    entry = ward.now(document)
    lot = visibility(ward.lot("dr-essai"), entry, add=["MASQUE_PS"], title="Autre", size=1, language_code="en-US")
    answer = ward.refused("dr-essai", lot, UPDATE, UPDATE, UPDATE)
    assert [error.location.rpartition("/")[2] for error in answer.errors] == ["languageCode", "size", "title"]


def test_the_id_of_a_former_version_is_refused_as_such(ward: Ward) -> None:  # D-091
    document = ward.document(author="dr-essai")
    old = ward.now(document)
    ward.done("dr-essai", mask(ward.lot("dr-essai"), old))
    answer = ward.refused("dr-essai", archive(ward.lot("dr-essai"), old.entry_uuid), UPDATE)
    assert codes_and_rules(answer) == [(UPDATE, "U23")]
    ward.refused(
        "dr-essai", unmask(ward.lot("dr-essai"), replace(ward.now(document), version=1)), "XDSMetadataVersionError"
    )


def test_a_document_is_deleted_by_the_id_of_a_former_version_too(ward: Ward) -> None:  # D-092
    document = ward.document(author="dr-essai")
    old = ward.now(document)
    ward.done("dr-essai", mask(ward.lot("dr-essai"), old))
    ward.refused("dr-essai", delete(ward.lot("dr-essai"), old.entry_uuid), UPDATE)
    ward.done("dr-essai", delete(ward.lot("dr-essai"), old.entry_uuid, original=DEPRECATED))
    assert ward.now(document).availability_status is DELETED


def test_a_mask_beside_what_the_patient_may_not_see_is_refused(ward: Ward) -> None:  # D-082
    document = ward.document("INVISIBLE_PATIENT")
    answer = ward.refused("dr-blanc", mask(ward.lot("dr-blanc"), ward.now(document)), "XDSRegistryMetadataError")
    assert codes_and_rules(answer) == [("XDSRegistryMetadataError", "D-082")]


def test_the_record_of_the_message_is_that_of_the_assertion(ward: Ward) -> None:  # V-42
    document = ward.document()
    other = "258076912399999^^^&1.2.250.1.213.1.4.10&ISO^NH"
    lot = mask(ward.lot("dr-essai", patient_id=other), replace(ward.now(document), patient_id=other))
    ward.refused("dr-essai", lot, "XDSPatientIdDoesNotMatch")


def test_the_visibility_of_the_signature_of_a_lot_never_changes(ward: Ward) -> None:
    ward.document()
    ((signature,),) = ward.rows(
        "SELECT unique_id FROM ecluse.document_entries JOIN ecluse.patients USING (patient_key)"
        ' WHERE patient_id = %s AND codes @> \'{"typeCode": ["E1762^^ASTM"]}\'',
        ward.cx,
    )
    ward.run(
        "UPDATE ecluse.document_entries SET author_person_ids = %s WHERE unique_id = %s", ["810009999995"], signature
    )
    lot = visibility(ward.lot("dr-essai"), ward.now(signature), remove=["MASQUE_PS"])
    answer = ward.refused("dr-essai", lot, UPDATE)
    assert codes_and_rules(answer) == [(UPDATE, "U48")]


UNSEEN = ("masked", "of another patient", "of a type that nurses do not read", "unknown")


@pytest.mark.parametrize("kind", ["version", "archive", "delete"])
def test_what_may_not_be_seen_is_refused_as_what_is_not_there(ward: Ward, new_scene: Any, kind: str) -> None:
    stranger = Ward(new_scene(ward.house))
    answers = []
    for unseen in UNSEEN:
        holder = stranger if unseen == "of another patient" else ward
        document = holder.document("MASQUE_PS" if unseen == "masked" else "INVISIBLE_REPRESENTANTS_LEGAUX")
        entry = holder.now(document)
        if unseen == "of a type that nurses do not read":
            ward.run(
                "UPDATE ecluse.document_entries SET codes = jsonb_set(codes, '{typeCode}',"
                " '[\"75496-0^^2.16.840.1.113883.6.1\"]'),"
                " fragment = convert_to(replace(convert_from(fragment, 'UTF8'), %s, '75496-0'), 'UTF8')"
                " WHERE unique_id = %s",
                entry.type_code.code if entry.type_code else "",
                document,
            )
        if unseen == "unknown":
            entry = replace(entry, entry_uuid=NOWHERE, logical_id=NOWHERE)
        entry = replace(entry, patient_id=ward.cx)
        lot = ward.lot("inf-petit")
        if kind == "version":
            lot = unmask(lot, entry)
        else:
            lot = (archive if kind == "archive" else delete)(lot, entry.entry_uuid)
        before = holder.state()
        answers.append(spoken(ward.send("inf-petit", lot), entry.entry_uuid, entry.logical_id or ""))
        assert holder.state() == before
    assert all(answer == answers[-1] for answer in answers), answers


def test_who_is_not_authorised_changes_his_own_documents_alone(ward: Ward) -> None:
    own, others = ward.document(author="pha-roux"), ward.document(author="dr-essai")
    ward.refused("pha-roux", mask(ward.lot("pha-roux"), ward.now(others)), "DMPAccessDeniedByRightsService")
    ward.refused("pha-roux", archive(ward.lot("pha-roux"), NOWHERE), "DMPAccessDeniedByRightsService")
    ward.done("pha-roux", mask(ward.lot("pha-roux"), ward.now(own)))


def test_a_closed_record_changes_no_more(ward: Ward) -> None:
    document = ward.document()
    lot = mask(ward.lot("dr-essai"), ward.now(document))
    ward.set_record(status="CLOSED", closed_at="2026-01-01T00:00:00Z")
    ward.refused("dr-essai", lot, "DMPAccessDeniedByRightsService", rule="5-RECORD-CLOSED")


def test_the_generic_amendments_stay_closed(ward: Ward) -> None:
    document = ward.now(ward.document())
    with closing(ward.house.professional("dr-essai", ward.cx)) as doctor:
        for attempt in (
            lambda: doctor.remove_metadata([document.entry_uuid]),
            lambda: doctor.remove_documents([("1.2.250.1.213.4.1.1.1.2", document.unique_id)]),
        ):
            with pytest.raises(Exception, match=r"ActionNotSupported|action|operation"):
                attempt()
