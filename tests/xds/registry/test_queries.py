"""Stored queries on the real server (ITI TF-2 §3.18.4.1.2.3)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from xds.dmp.requester import Requester, RequesterKind
from xds.metadata.association import AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND, STABLE
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.queries import FindDocuments, FindDocumentsByReferenceId, GetAll, GetDocuments, ReturnType, TimeRange
from xds.registry.view import View

from .conftest import (
    CLASSES,
    DOCTOR,
    LETTER,
    MASKED,
    NORMAL,
    REPORT,
    Registry,
    an_entry,
    everything,
    link,
    looking,
    oid,
    person,
    urn,
)

EVENT_SCHEME = "1.2.250.1.213.2.11"
IMAGING, BIOLOGY, URGENT = (Code(code, EVENT_SCHEME) for code in ("IMG", "BIO", "URG"))
AUTHOR = Requester(kind=RequesterKind.PROFESSIONAL, national_id=DOCTOR, profession="10")
OFFLINE = "urn:ihe:iti:2010:DocumentAvailability:Offline"
ACCESSION = "^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:accession"
READER = Requester(kind=RequesterKind.PROFESSIONAL, national_id="810000000009", profession="10")


@pytest.fixture(scope="module")
def filled(registry: Registry) -> tuple[str, dict[str, str]]:
    """A record with four documents; returns the patient and the name of each entryUUID."""
    patient_id, _ = registry.a_record()
    entries = {
        "letter": an_entry(patient_id, creation_time="2024", service_start_time="20240101", event_codes=(IMAGING,)),
        "report": an_entry(
            patient_id,
            creation_time="20250615",
            type_code=REPORT,
            service_start_time="20250615101500",
            service_stop_time="20250616",
            event_codes=(BIOLOGY, URGENT),
            confidentiality_codes=(NORMAL, MASKED),
            authors=(Author(person=person("810000000002", "MARTIN")), Author(person=person("810000000003", "O_BRIEN"))),
        ),
        "undated": an_entry(
            patient_id,
            reference_ids=(
                "ACC-1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:accession",
                "O_1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order",
            ),
            document_availability=OFFLINE,
            creation_time="20250615000000",
            service_start_time=None,
            type_code=Code(REPORT.code, "1.2.3"),
            authors=(Author(person=person("810000000004", "OXBRIEN")),),
        ),
        "synthesis": an_entry(
            patient_id,
            creation_time="202601",
            class_code=Code("11", CLASSES),
            reference_ids=("ACC-12^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:accession",),
        ),
    }
    registry.deposit(patient_id, list(entries.values()))
    return patient_id, {entry.entry_uuid: name for name, entry in entries.items()}


def names(view: View, known: dict[str, str]) -> list[str]:
    return [known[entry.entry_uuid] for entry in view.entries]


CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({}, {"letter", "report", "undated", "synthesis"}),
    ({"statuses": (Status.DEPRECATED,)}, set()),
    ({"class_codes": (Code("11", CLASSES),)}, {"synthesis"}),
    ({"class_codes": (Code("11", "1.2.3"),)}, set()),
    ({"class_codes": (Code("11", CLASSES), Code("10", CLASSES))}, {"letter", "report", "undated", "synthesis"}),
    ({"type_codes": (REPORT,)}, {"report"}),
    ({"type_codes": (replace(REPORT, display="another name"),)}, {"report"}),
    ({"event_codes": ((IMAGING, BIOLOGY),)}, {"letter", "report"}),
    ({"event_codes": ((IMAGING, BIOLOGY), (URGENT,))}, {"report"}),
    ({"event_codes": ((IMAGING,), (URGENT,))}, set()),
    ({"confidentiality_codes": ((NORMAL,), (MASKED,))}, {"report"}),
    ({"creation_time": TimeRange("20240101000000", "20250615000000")}, {"letter"}),
    ({"creation_time": TimeRange("20250615000000", "20250615000001")}, {"report", "undated"}),
    ({"creation_time": TimeRange(None, "20240101000000")}, set()),
    ({"service_start_time": TimeRange("20250101000000", "20260101000000")}, {"report", "undated"}),
    ({"service_start_time": TimeRange(None, "20250615101500")}, {"letter", "undated"}),
    ({"service_stop_time": TimeRange("20250617000000", None)}, {"letter", "undated", "synthesis"}),
    ({"author_persons": ("%^MARTIN^%",)}, {"report"}),
    ({"author_persons": ("%^martin^%",)}, set()),
    ({"author_persons": ("%^O_BRIEN^%",)}, {"report", "undated"}),
    ({"author_persons": ("%^MARTIN^%", "%^ESSAI^%")}, {"letter", "report", "synthesis"}),
    ({"author_persons": (r"%^O\_BRIEN^%",)}, set()),
    ({"author_persons": ("' OR true --",)}, set()),
    ({"reference_ids": ((f"ACC-1{ACCESSION}",),)}, {"undated"}),
    ({"reference_ids": ((f"acc-1{ACCESSION}",),)}, set()),
    ({"reference_ids": (("ACC-1%",),)}, {"undated", "synthesis"}),
    ({"reference_ids": (("ACC-1%",), ("O_1%", "X%"))}, {"undated"}),
    ({"reference_ids": (("ACC-1%",), ("X%",))}, set()),
    ({"document_availabilities": (OFFLINE,)}, {"undated"}),
    ({"document_availabilities": (OFFLINE.replace("Off", "On"),)}, {"letter", "report", "synthesis"}),
    ({"object_types": (ON_DEMAND,)}, set()),
    ({"object_types": (STABLE, ON_DEMAND)}, {"letter", "report", "undated", "synthesis"}),
    (
        {"practice_setting_codes": (Code("ETABLISSEMENT", "1.2.250.1.213.1.1.4.9"),), "type_codes": (LETTER,)},
        {"letter", "synthesis"},
    ),
]


@pytest.mark.parametrize(("filters", "expected"), CASES, ids=[str(sorted(case[0])) for case in CASES])
def test_find_documents_filters(
    registry: Registry, filled: tuple[str, dict[str, str]], filters: dict[str, Any], expected: set[str]
) -> None:
    patient_id, known = filled
    kind = FindDocumentsByReferenceId if "reference_ids" in filters else FindDocuments
    query = kind(**{"patient_id": patient_id, "statuses": (Status.APPROVED,), **filters})
    assert set(names(registry.reader.answer(query, everything(patient_id)), known)) == expected
    assert set(names(registry.reader.answer(query), known)) == expected


def test_documents_come_newest_first(registry: Registry, filled: tuple[str, dict[str, str]]) -> None:
    patient_id, known = filled
    query = FindDocuments(patient_id=patient_id, statuses=(Status.APPROVED,))
    found = names(registry.reader.answer(query), known)
    assert (found[0], found[-1]) == ("synthesis", "letter")


def test_an_ins_without_its_type_names_the_same_patient(registry: Registry, filled: tuple[str, dict[str, str]]) -> None:
    patient_id, _ = filled
    query = FindDocuments(patient_id=patient_id.removesuffix("^NH"), statuses=(Status.APPROVED,))
    assert len(registry.reader.answer(query).entries) == 4


def test_a_view_tells_the_record_and_the_authorisation_even_when_nothing_is_found(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    query = FindDocuments(patient_id=patient_id, statuses=(Status.APPROVED,))
    mine = registry.reader.answer(query, everything(patient_id))
    theirs = registry.reader.answer(query, looking(READER, patient_id))
    unknown = "999999999999999^^^&1.2.250.1.213.1.4.10&ISO^NH"
    nobody = registry.reader.answer(replace(query, patient_id=unknown), everything(unknown))
    assert mine.record is not None
    assert (mine.record.patient_key, mine.record.key_id, mine.entries) == (record.patient_key, record.key_id, ())
    assert mine.authorisation is not None
    assert (theirs.record, theirs.authorisation) == (mine.record, None)
    assert (nobody.record, nobody.authorisation, nobody.entries) == (None, None, ())


def test_get_documents_answers_for_one_patient_only(registry: Registry, filled: tuple[str, dict[str, str]]) -> None:
    patient_id, known = filled
    other_patient, _ = registry.a_record()
    query = GetDocuments(entry_uuids=(*known, "Document01", urn()))
    found = registry.reader.answer(query, everything(patient_id))
    assert {entry.entry_uuid for entry in found.entries} == set(known)
    by_unique_id = GetDocuments(unique_ids=tuple(entry.unique_id for entry in found.entries[:2]))
    again = registry.reader.answer(by_unique_id, everything(patient_id))
    assert set(again.entries) == set(found.entries[:2])
    elsewhere = registry.reader.answer(by_unique_id, everything(other_patient))
    assert elsewhere.entries == ()
    assert set(registry.reader.answer(query).entries) == set(found.entries)


def test_a_retrieve_gets_the_address_and_the_wrapped_key(registry: Registry) -> None:
    patient_id, record = registry.a_record()
    entry = an_entry(patient_id)
    registry.deposit(patient_id, [entry])
    for scope in (everything(patient_id), None):
        view = registry.reader.documents_by_unique_id([entry.unique_id, oid()], scope)
        assert [item.unique_id for item in view.entries] == [entry.unique_id]
        assert view.entries[0].blob_address is not None
        assert set(view.record_keys) == {record.key_id} == {view.entries[0].key_id}


def test_get_all_brings_sets_documents_and_associations(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    old, new = an_entry(patient_id), an_entry(patient_id)
    first = registry.deposit(patient_id, [old])
    second = registry.deposit(patient_id, [new], links=[link(AssociationType.RPLC, new, old.entry_uuid)])
    query = GetAll(
        patient_id=patient_id,
        statuses=(Status.APPROVED,),
        submission_set_statuses=(Status.APPROVED,),
        folder_statuses=(Status.APPROVED,),
    )
    view = registry.reader.answer(query, everything(patient_id))
    assert {item.entry_uuid for item in view.submission_sets} == {first.entry_uuid, second.entry_uuid}
    assert [item.entry_uuid for item in view.entries] == [new.entry_uuid]
    assert sorted(item.association_type for item in view.associations) == sorted(
        [AssociationType.HAS_MEMBER, AssociationType.HAS_MEMBER, AssociationType.RPLC]
    )
    assert len(view.objects()) == len(view.objects(ReturnType.OBJECT_REF)) == 6
    assert registry.reader.answer(query).objects() == view.objects()


def test_a_hidden_document_leaves_no_trace_in_get_all(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    hidden = an_entry(patient_id, confidentiality_codes=(NORMAL, MASKED))
    shown = an_entry(patient_id)
    registry.deposit(patient_id, [hidden])
    lot = registry.deposit(patient_id, [shown], links=[link(AssociationType.APND, shown, hidden.entry_uuid)])
    query = GetAll(
        patient_id=patient_id,
        statuses=(Status.APPROVED,),
        submission_set_statuses=(Status.APPROVED,),
        folder_statuses=(Status.APPROVED,),
    )
    view = registry.reader.answer(query, looking(READER, patient_id))
    assert [item.entry_uuid for item in view.submission_sets] == [lot.entry_uuid]
    assert [item.entry_uuid for item in view.entries] == [shown.entry_uuid]
    assert [item.association_type for item in view.associations] == [AssociationType.HAS_MEMBER]
    answer = b"".join(view.objects())
    assert hidden.entry_uuid.encode() not in answer
    assert hidden.unique_id.encode() not in answer
    assert len(registry.reader.answer(query, looking(AUTHOR, patient_id)).entries) == 2


@pytest.mark.parametrize("return_type", ReturnType)
def test_what_the_patient_wrote_stands_in_his_space_whatever_its_type(
    registry: Registry, return_type: ReturnType
) -> None:
    patient_id, _ = registry.a_record()
    holder = Author(person=patient_id, roles=("EXP_PATIENT^Expression personnelle du patient^1.2.250.1.213.1.1.4.6",))
    his, letter = an_entry(patient_id, authors=(holder,)), an_entry(patient_id)
    registry.deposit(patient_id, [his, letter])
    found = {
        space: [
            one.entry_uuid
            for one in registry.reader.answer(
                FindDocuments(
                    patient_id=patient_id, statuses=(Status.APPROVED,), spaces=(space,), return_type=return_type
                ),
                everything(patient_id),
            ).entries
        ]
        for space in ("PERSONAL", "REPORTS")
    }
    assert found == {"PERSONAL": [his.entry_uuid], "REPORTS": [letter.entry_uuid]}


def test_a_search_keeps_to_the_spaces_it_names(registry: Registry) -> None:
    patient_id, _ = registry.a_record()
    letter, report = an_entry(patient_id, type_code=LETTER), an_entry(patient_id, type_code=REPORT)
    registry.deposit(patient_id, [letter, report])
    found = {
        spaces: {
            one.unique_id
            for one in registry.reader.answer(
                FindDocuments(patient_id=patient_id, statuses=(Status.APPROVED,), spaces=spaces), everything(patient_id)
            ).entries
        }
        for spaces in ((), ("BIOLOGY",), ("BIOLOGY", "REPORTS"), ("PREVENTION",))
    }
    assert found == {
        (): {letter.unique_id, report.unique_id},
        ("BIOLOGY",): {report.unique_id},
        ("BIOLOGY", "REPORTS"): {letter.unique_id, report.unique_id},
        ("PREVENTION",): set(),
    }
