from dataclasses import replace
from itertools import count

from xds.metadata.association import Association, AssociationType
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import fresh_uuid, resolve

REAL = "urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60"
REGISTERED = "urn:uuid:11111111-6a3c-4c6f-9f7e-2b1c3d4e5f60"


def an_entry(identifier: str) -> DocumentEntry:
    return DocumentEntry(
        entry_uuid=identifier, unique_id="1.2", patient_id="", source_patient_id="", mime_type="text/xml",
        language_code="fr-FR", creation_time="2024", class_code=None, type_code=None, format_code=None,
        healthcare_facility_type_code=None, practice_setting_code=None, confidentiality_codes=(), version=7,
    )  # fmt: skip


def an_association(identifier: str, source: str, target: str) -> Association:
    return Association(
        entry_uuid=identifier, association_type=AssociationType.RPLC, source=source, target=target
    )  # fmt: skip


SUBMISSION_SET = SubmissionSet(
    entry_uuid="S", unique_id="1.3", patient_id="", source_id="1", submission_time="2024", content_type_code=None
)


def test_a_symbol_becomes_the_same_uuid_everywhere() -> None:
    numbers = count(1)
    resolved = resolve(
        SUBMISSION_SET,
        [an_entry("id_1"), an_entry(REAL)],
        [an_association("A", "S", "id_1"), an_association("id_2", "S", "A"), an_association("B", REAL, REGISTERED)],
        lambda: f"urn:uuid:{next(numbers)}",
    )
    assert resolved.uuids == {
        "S": "urn:uuid:1", "id_1": "urn:uuid:2", REAL: REAL, "A": "urn:uuid:3", "id_2": "urn:uuid:4", "B": "urn:uuid:5"
    }  # fmt: skip
    assert resolved.submission_set.entry_uuid == "urn:uuid:1"
    assert [entry.entry_uuid for entry in resolved.entries] == ["urn:uuid:2", REAL]
    assert [(one.entry_uuid, one.source, one.target) for one in resolved.associations] == [
        ("urn:uuid:3", "urn:uuid:1", "urn:uuid:2"),
        ("urn:uuid:4", "urn:uuid:1", "urn:uuid:3"),
        ("urn:uuid:5", REAL, REGISTERED),
    ]


def test_entries_become_first_versions_approved_and_at_home_nowhere() -> None:
    sent = replace(an_entry("x"), availability_status=AvailabilityStatus.DELETED, home_community_id="urn:oid:1.2")
    resolved = resolve(replace(SUBMISSION_SET, home_community_id="urn:oid:1.2"), [sent], [])
    (entry,) = resolved.entries
    assert entry.logical_id == entry.entry_uuid
    assert entry.version == 1
    assert entry.availability_status is AvailabilityStatus.APPROVED
    assert entry.home_community_id is None
    assert resolved.submission_set.home_community_id is None


def test_ids_that_name_nothing_stay() -> None:
    (one,) = resolve(SUBMISSION_SET, [], [an_association("A", "nobody", REGISTERED)]).associations
    assert (one.source, one.target) == ("nobody", REGISTERED)


def test_fresh_uuids_differ() -> None:
    assert fresh_uuid() != fresh_uuid()
    assert fresh_uuid().startswith("urn:uuid:")


def a_folder(identifier: str) -> Folder:
    return Folder(
        entry_uuid=identifier,
        unique_id="1.4",
        patient_id="",
        codes=(),
        availability_status=AvailabilityStatus.DEPRECATED,
        home_community_id="urn:oid:1.2",
        last_update_time="20240101000000",
        logical_id=REGISTERED,
        version=7,
    )


def test_folders_become_first_versions_and_associations_follow_them() -> None:
    resolved = resolve(
        SUBMISSION_SET,
        [an_entry("D")],
        [an_association("m", "F", "D"), an_association("hm", "S", "m"), an_association("old", REAL, "D")],
        folders=[a_folder("F"), a_folder(REAL)],
    )
    first, second = resolved.folders
    assert first.entry_uuid == resolved.uuids["F"]
    assert second.entry_uuid == REAL
    for folder in resolved.folders:
        assert (folder.logical_id, folder.version, folder.last_update_time) == (folder.entry_uuid, 1, None)
        assert (folder.availability_status, folder.home_community_id) == (AvailabilityStatus.APPROVED, None)
    member, link, other = resolved.associations
    assert (member.source, member.target) == (first.entry_uuid, resolved.entries[0].entry_uuid)
    assert link.target == member.entry_uuid
    assert (other.source, other.target) == (REAL, resolved.entries[0].entry_uuid)


def test_in_an_update_a_logical_id_that_was_sent_stays() -> None:
    entries = [replace(an_entry("D"), logical_id=REGISTERED), replace(an_entry("E"), logical_id="E"), an_entry("G")]
    resolved = resolve(SUBMISSION_SET, entries, [], folders=[a_folder("F")], update=True)
    assert [entry.logical_id for entry in resolved.entries] == [
        REGISTERED, resolved.uuids["E"], resolved.uuids["G"]
    ]  # fmt: skip
    assert [folder.logical_id for folder in resolved.folders] == [REGISTERED]


def test_the_status_that_an_association_was_sent_with_is_ignored() -> None:
    sent = replace(an_association("A", "S", REAL), availability_status=AvailabilityStatus.DEPRECATED)
    (one,) = resolve(SUBMISSION_SET, [], [sent]).associations
    assert one.availability_status is AvailabilityStatus.APPROVED
