"""Masking, showing, archiving and deleting at the real door (scenarios C33-01 to C33-08, C40-08)."""

from __future__ import annotations

from contextlib import closing

import pytest
import requests

from samples.changes import archive, delete, make_visible, mask, unarchive, unmask, visibility

from .conftest import APPROVED, ARCHIVED, DELETED, DEPRECATED, EMERGENCY, TREATING, Ward

DENIED = "DMPAccessDeniedByRightsService"


def test_a_nurse_masks_and_only_the_author_or_the_medecin_traitant_unmasks(ward: Ward) -> None:  # C33-01
    document = ward.document(author="dr-essai")
    ward.done("inf-petit", mask(ward.lot("inf-petit"), ward.now(document)))
    assert ward.codes(document) == {"N", "MASQUE_PS"}
    ward.refused("inf-petit", unmask(ward.lot("inf-petit"), ward.now(document)), "XDSMetadataVersionError")
    ward.done("dr-essai", unmask(ward.lot("dr-essai"), ward.now(document)))
    assert ward.codes(document) == {"N"}
    ward.done("inf-petit", mask(ward.lot("inf-petit"), ward.now(document)))
    ward.done(TREATING, unmask(ward.lot(TREATING), ward.now(document)))
    assert ward.listed("inf-petit") == [document]


def test_a_masked_document_is_gone_with_all_its_versions_for_whoever_may_not_see_it(ward: Ward) -> None:
    document = ward.document(author="dr-essai")
    before = ward.now(document).entry_uuid
    ward.done("inf-petit", mask(ward.lot("inf-petit"), ward.now(document)))
    every = (APPROVED, DEPRECATED, ARCHIVED, DELETED)
    assert ward.listed("inf-petit", *every) == []
    assert ward.listed("dr-essai", *every) == [document, document]
    assert ward.listed(TREATING) == [document]
    with closing(ward.house.professional("inf-petit", ward.cx)) as nurse:
        assert nurse.get_documents(entry_uuids=[before]).unique_ids == []
        assert nurse.retrieve([("1.2.250.1.213.4.1.1.1.2", document)]).documents == ()


def test_a_hidden_document_is_made_visible_and_hidden_again_until_the_patient_reads_it(ward: Ward) -> None:  # C33-02
    document = ward.document("INVISIBLE_PATIENT", author="dr-essai")
    ward.done("dr-blanc", make_visible(ward.lot("dr-blanc"), ward.now(document)))
    assert ward.codes(document) == {"N"}
    hide = visibility(ward.lot("dr-blanc"), ward.now(document), add=["INVISIBLE_PATIENT"])
    ward.refused("dr-blanc", hide, DENIED, operation="TD3.3b")
    ward.done("dr-essai", visibility(ward.lot("dr-essai"), ward.now(document), add=["INVISIBLE_PATIENT"]))
    ward.done("dr-essai", make_visible(ward.lot("dr-essai"), ward.now(document)))
    ward.run("UPDATE ecluse.document_entries SET read_by_patient_at = now() WHERE unique_id = %s", document)
    again = visibility(ward.lot("dr-essai"), ward.now(document), add=["INVISIBLE_PATIENT"])
    ward.refused("dr-essai", again, DENIED, operation="TD3.3b")


def test_a_doctor_archives_the_document_of_another_in_an_emergency_only(ward: Ward) -> None:  # C33-04
    document = ward.document(author="dr-essai")
    target = ward.now(document).entry_uuid
    ward.refused("dr-blanc", archive(ward.lot("dr-blanc"), target), DENIED, operation="TD3.3d")
    ward.done("dr-blanc", archive(ward.lot("dr-blanc"), target), **EMERGENCY)
    assert (ward.listed("dr-essai"), ward.listed("dr-essai", ARCHIVED)) == ([], [document])
    assert "EMERGENCY_ACCESS" in [kind for kind, _ in ward.told()]
    ward.done("dr-essai", unarchive(ward.lot("dr-essai"), target))
    assert ward.listed("dr-essai") == [document]


def test_each_deletes_his_own_documents_and_the_medecin_traitant_his_own_only(ward: Ward) -> None:  # C33-05
    own, others = ward.document(author="dr-essai"), ward.document(author="dr-essai")
    ward.refused(TREATING, delete(ward.lot(TREATING), ward.now(others).entry_uuid), DENIED, operation="TD3.3c")
    ward.run("DELETE FROM ecluse.authorisations WHERE professional_id = '810009999995'")
    ward.done("dr-essai", delete(ward.lot("dr-essai"), ward.now(own).entry_uuid))
    assert ward.now(own).availability_status is DELETED
    assert ("DOCUMENT_DELETED", own) in ward.told()
    assert ward.listed(TREATING) == [others]
    assert ward.listed(TREATING, DELETED) == [own]


def test_a_deleted_document_keeps_its_bytes_and_changes_no_more(ward: Ward) -> None:
    document = ward.document(author="dr-essai")
    ward.done("dr-essai", mask(ward.lot("dr-essai"), ward.now(document)))
    ward.done("dr-essai", delete(ward.lot("dr-essai"), ward.now(document).entry_uuid))
    assert ward.listed("dr-essai", APPROVED, DEPRECATED, ARCHIVED) == []
    with closing(ward.house.professional("dr-essai", ward.cx)) as doctor:
        assert len(doctor.retrieve([("1.2.250.1.213.4.1.1.1.2", document)]).documents) == 1
    ward.refused("dr-essai", unmask(ward.lot("dr-essai"), ward.now(document)), "XDSMetadataUpdateError")
    again = delete(ward.lot("dr-essai"), ward.now(document).entry_uuid)
    ward.refused("dr-essai", again, "XDSMetadataUpdateError")


def test_an_establishment_has_no_way_in(ward: Ward) -> None:  # C33-06
    document = ward.document()
    with (
        closing(ward.house.professional("chu-seine", ward.cx)) as hospital,
        pytest.raises((requests.RequestException, Exception), match=r"SSL|closed|reset|Sender|refused|aborted"),
    ):
        hospital.update(mask(ward.lot("chu-seine"), ward.now(document)))
    assert ward.codes(document) == {"N"}


def test_a_document_of_the_patient_is_archived_by_the_medecin_traitant_only(ward: Ward) -> None:  # C33-07
    document = ward.document(author="dr-blanc", of_the_patient=True)
    target = ward.now(document).entry_uuid
    ward.refused("dr-essai", archive(ward.lot("dr-essai"), target), DENIED, operation="TD3.3d")
    ward.refused("dr-blanc", archive(ward.lot("dr-blanc"), target), DENIED, operation="TD3.3d", **EMERGENCY)
    ward.done(TREATING, archive(ward.lot(TREATING), target))
    assert ward.now(document).availability_status is ARCHIVED


def test_a_change_is_a_version_and_a_lot_that_other_software_finds(ward: Ward) -> None:  # C33-08
    document = ward.document(author="dr-essai")
    before = ward.now(document)
    lot = mask(ward.lot("dr-essai"), before)
    ward.done("dr-essai", lot)
    after = ward.now(document)
    assert after.entry_uuid != before.entry_uuid
    assert (after.logical_id, after.version, after.unique_id) == (before.logical_id, 2, document)
    with closing(ward.house.professional("dr-essai", ward.cx)) as doctor:
        current = doctor.get_documents(entry_uuids=[before.entry_uuid]).document_entries
    assert [one.availability_status for one in current] == [DEPRECATED]
    members = ward.rows(
        "SELECT 'urn:uuid:' || a.target, s.author_persons[1] FROM ecluse.associations a JOIN ecluse.submission_sets s"
        " ON s.entry_uuid = a.source WHERE s.unique_id = %s",
        lot.submission_set.unique_id,
    )
    assert [(target, author.partition("^")[0]) for target, author in members] == [(after.entry_uuid, "810009999995")]


@pytest.mark.parametrize("purpose", ["bris_de_glace", "centre_15"])
def test_nobody_masks_in_an_emergency(ward: Ward, purpose: str) -> None:  # C40-08
    vihf = {"purpose": purpose, "reason": "Patient inconscient" if purpose == "bris_de_glace" else None}
    masked = ward.document("MASQUE_PS", author="dr-essai")
    plain = ward.document(author="dr-essai")
    ward.refused("dr-essai", mask(ward.lot("dr-essai"), ward.now(plain)), DENIED, rule="6-MATRIX", **vihf)
    ward.refused("dr-essai", unmask(ward.lot("dr-essai"), ward.now(masked)), DENIED, rule="6-MATRIX", **vihf)


def test_several_documents_are_changed_together_or_not_at_all(ward: Ward) -> None:
    own, others = ward.document(author="dr-essai"), ward.document("MASQUE_PS", author="dr-blanc")
    lot = mask(ward.lot("dr-essai"), ward.now(own))
    ward.refused("dr-essai", archive(lot, ward.now(others).entry_uuid), "XDSMetadataUpdateError")
    two = archive(mask(ward.lot(TREATING), ward.now(own)), ward.now(others).entry_uuid)
    ward.done(TREATING, two)
    assert ward.codes(own) == {"N", "MASQUE_PS"}
    assert ward.now(others).availability_status is ARCHIVED
    assert sorted((row[0], row[1], row[4]) for row in ward.traces()[-2:]) == [
        ("TD3.3a.MASQUER", "success", [own]),
        ("TD3.3d", "success", [others]),
    ]


def test_the_patient_is_told_of_a_change_but_not_of_what_he_may_not_see(ward: Ward) -> None:
    hidden, plain = ward.document("INVISIBLE_PATIENT"), ward.document()
    ward.done("dr-essai", archive(ward.lot("dr-essai"), ward.now(hidden).entry_uuid))
    assert ward.told() == []
    lot = mask(ward.lot("dr-essai"), ward.now(plain))
    ward.done("dr-essai", lot)
    assert ward.told() == [("DOCUMENT_CHANGED", lot.submission_set.unique_id)]


def test_a_mask_that_waits_is_put_on_when_the_document_becomes_visible(ward: Ward) -> None:
    document = ward.document("INVISIBLE_PATIENT", author="dr-essai")
    ward.run("UPDATE ecluse.document_entries SET mask_when_visible = true WHERE unique_id = %s", document)
    ward.done("dr-essai", make_visible(ward.lot("dr-essai"), ward.now(document)))
    assert ward.codes(document) == {"N", "MASQUE_PS"}
