"""Questions that cannot be answered: stored queries and retrievals broken one by one at the consultation door."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
from lxml import etree

from gateway.cli.story import REPOSITORY
from samples.client.answers import RegistryAnswer, read_query_answer, read_retrieve_answer
from samples.client.queries import APPROVED, QueryId, find_documents
from samples.documents.patients import PAUL
from security.vihf.model import Role
from security.vihf.roles import PROFESSION, SECTION
from xds.ebrim.constants import RIM, XDS

PATIENT, STATUS = "$XDSDocumentEntryPatientId", "$XDSDocumentEntryStatus"
STATUSES = f"('{APPROVED}')"


def asked(ward: Any, query_id: str, slots: Any, **how: Any) -> Callable[[], RegistryAnswer]:
    def attempt() -> RegistryAnswer:
        with closing(ward.scene.consultation()) as doctor:
            return doctor.stored_query(query_id, slots, **how)

    return attempt


ODD: list[tuple[str, str, dict[str, str | tuple[str, ...]], list[tuple[str, ...]]]] = [
    ("a query that does not exist", "urn:uuid:00000000-0000-4000-8000-000000000000", {},
     [("XDSUnknownStoredQuery", "AdhocQuery/@id", "00000000-0000-4000-8000-000000000000", "stored query")]),
    ("a query over several patients", "urn:uuid:3d1bdb10-39a2-11de-89c2-2f44d94eaa9f", {},
     [("XDSUnknownStoredQuery", "AdhocQuery/@id", "3d1bdb10", "ITI-51")]),
    ("no patient", QueryId.FIND_DOCUMENTS, {STATUS: STATUSES}, [("XDSStoredQueryMissingParam", PATIENT)]),
    ("no status", QueryId.FIND_DOCUMENTS, {PATIENT: "{patient}"}, [("XDSStoredQueryMissingParam", STATUS)]),
    ("nothing at all", QueryId.FIND_DOCUMENTS, {},
     [("XDSStoredQueryMissingParam", PATIENT), ("XDSStoredQueryMissingParam", STATUS)]),
    ("a quote that is not closed", QueryId.FIND_DOCUMENTS, {PATIENT: "{patient}", STATUS: f"('{APPROVED})"},
     [("XDSRegistryError", STATUS, "quote opened at character 2 is not closed"),
      ("XDSStoredQueryMissingParam", STATUS)]),
    ("a list without commas", QueryId.FIND_DOCUMENTS,
     {PATIENT: "{patient}", STATUS: STATUSES, "$XDSDocumentEntryTypeCode": "('a^^b' 'c^^d')"},
     [("XDSRegistryError", "$XDSDocumentEntryTypeCode", "comma", "character")]),
    ("a code without its scheme", QueryId.FIND_DOCUMENTS,
     {PATIENT: "{patient}", STATUS: STATUSES, "$XDSDocumentEntryClassCode": "('10')"},
     [("XDSRegistryError", "$XDSDocumentEntryClassCode", "found 10", "code^^codingScheme")]),
    ("a time that is none", QueryId.FIND_DOCUMENTS,
     {PATIENT: "{patient}", STATUS: STATUSES, "$XDSDocumentEntryCreationTimeFrom": "'yesterday'"},
     [("XDSRegistryError", "$XDSDocumentEntryCreationTimeFrom", "found yesterday", "YYYY")]),
    ("two patients", QueryId.FIND_DOCUMENTS, {PATIENT: "({patient},'2')", STATUS: STATUSES},
     [("XDSStoredQueryParamNumber", PATIENT, "2 values", "one value")]),
    ("two instants where one goes", QueryId.FIND_DOCUMENTS,
     {PATIENT: "{patient}", STATUS: STATUSES, "$XDSDocumentEntryAuthorPerson": "('a')",
      "$XDSDocumentEntryServiceStartTimeFrom": "('2004','2005')"},
     [("XDSStoredQueryParamNumber", "$XDSDocumentEntryServiceStartTimeFrom", "2 values")]),
    ("a folder and its contents by no id", "urn:uuid:b909a503-523d-4517-8acf-8e5834dfc4c7", {},
     [("XDSStoredQueryMissingParam", "$XDSFolderEntryUUID or $XDSFolderUniqueId")]),
    ("relations of no type", "urn:uuid:d90e5407-b356-4d91-a89f-873917b4b0e6",
     {"$XDSDocumentEntryUniqueId": "'2.25.1'"}, [("XDSStoredQueryMissingParam", "$AssociationTypes")]),
    ("entryUUID and uniqueId together", QueryId.GET_DOCUMENTS,
     {"$XDSDocumentEntryEntryUUID": "('urn:uuid:00000000-0000-4000-8000-000000000000')",
      "$XDSDocumentEntryUniqueId": "('2.25.1')"},
     [("XDSStoredQueryParamNumber", "$XDSDocumentEntryEntryUUID and $XDSDocumentEntryUniqueId")]),
]  # fmt: skip


@pytest.mark.parametrize(("query_id", "slots", "expected"), [row[1:] for row in ODD], ids=[row[0] for row in ODD])
def test_an_odd_query_is_refused_with_the_parameter_and_what_was_expected(
    ward: Any, query_id: str, slots: dict[str, Any], expected: list[tuple[str, ...]]
) -> None:
    quoted = f"'{ward.scene.patient.cx}'"
    given = {
        name: tuple(value.format(patient=quoted) for value in ((values,) if isinstance(values, str) else values))
        for name, values in slots.items()
    }
    ward.failure(asked(ward, query_id, given), *expected)


def test_an_unknown_return_type_is_refused(ward: Any) -> None:
    slots = find_documents(ward.scene.patient.cx)
    ward.failure(
        asked(ward, QueryId.FIND_DOCUMENTS, slots, return_type="RepositoryItem"),
        ("XDSRegistryError", "@returnType", "RepositoryItem", "LeafClass"),
    )


def test_a_query_about_another_patient_than_that_of_the_vihf_is_refused(ward: Any) -> None:
    slots = find_documents(PAUL.cx)
    answer = ward.failure(
        asked(ward, QueryId.FIND_DOCUMENTS, slots), ("XDSPatientIdDoesNotMatch", "V-42", "resource-id")
    )
    assert PAUL.ins not in str(answer.errors)


def test_a_query_without_a_query_is_refused(ward: Any) -> None:
    def attempt() -> Any:
        with closing(ward.scene.consultation()) as doctor:
            envelope = doctor.registry.envelope(
                "DocumentRegistry_RegistryStoredQuery",
                ResponseOption={"returnType": "LeafClass", "returnComposedObjects": True},
                AdhocQuery={"id": QueryId.FIND_DOCUMENTS, "Slot": []},
            )
            query = next(envelope.iter(f"{{{RIM}}}AdhocQuery"))
            query.getparent().remove(query)
            message = doctor.transport.pack(envelope)
            return read_query_answer(doctor.transport.exchange(doctor.registry.address, message))

    ward.fault(attempt, "SOAP_STRUCTURE", "no AdhocQuery")


MALFORMED: list[tuple[str, Callable[[etree._Element], None], tuple[str, ...]]] = [
    ("no document", lambda request: request.remove(request[0]), ("no DocumentRequest",)),
    ("no uniqueId", lambda request: request[0].remove(request[0].find(f"{{{XDS}}}DocumentUniqueId")),
     ("DocumentRequest 1", "DocumentUniqueId")),
    ("no repository", lambda request: request[0].remove(request[0].find(f"{{{XDS}}}RepositoryUniqueId")),
     ("DocumentRequest 1", "RepositoryUniqueId")),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "words"), [row[1:] for row in MALFORMED], ids=[row[0] for row in MALFORMED])
def test_a_malformed_retrieval_is_refused(ward: Any, edit: Any, words: tuple[str, ...]) -> None:
    def attempt() -> Any:
        with closing(ward.scene.consultation()) as doctor:
            wanted = [{"RepositoryUniqueId": REPOSITORY, "DocumentUniqueId": "2.25.1"}]
            envelope = doctor.repository.envelope("DocumentRepository_RetrieveDocumentSet", DocumentRequest=wanted)
            edit(next(envelope.iter(f"{{{XDS}}}RetrieveDocumentSetRequest")))
            message = doctor.transport.pack(envelope)
            return read_retrieve_answer(doctor.transport.exchange(doctor.repository.address, message))

    ward.fault(attempt, "SOAP_STRUCTURE", *words)


def test_a_retrieval_of_what_is_not_there_names_the_document_and_the_repository(ward: Any) -> None:
    def attempt() -> Any:
        with closing(ward.scene.consultation()) as doctor:
            return doctor.retrieve([(REPOSITORY, "2.25.404"), ("1.2.3", "2.25.405")])

    ward.failure(attempt, ("XDSDocumentUniqueIdError", "2.25.404"), ("XDSUnknownRepositoryId", "1.2.3", REPOSITORY))


def test_a_professional_without_authorisation_is_refused_by_the_rights(ward: Any) -> None:
    def attempt() -> Any:
        with closing(ward.scene.consultation("dr-martin")) as stranger:
            return stranger.find_documents(ward.scene.patient.cx)

    ward.failure(attempt, ("DMPAccessDeniedByRightsService", "no right"))


def test_breaking_the_glass_needs_a_reason(ward: Any) -> None:
    def asking(**how: Any) -> Callable[[], RegistryAnswer]:
        def attempt() -> RegistryAnswer:
            with closing(ward.scene.consultation(purpose="bris_de_glace", **how)) as doctor:
                return doctor.find_documents(ward.scene.patient.cx)

        return attempt

    ward.fault(asking(), "SBX_VIHF_REASON_MISSING", "bris_de_glace", "reason", kind="ASSERTION_CONTENT")
    ward.fault(asking(reason="  "), "SBX_VIHF_REASON_MISSING", "bris_de_glace", "reason", kind="ASSERTION_CONTENT")
    assert asking(reason="Urgence vitale")().succeeded


def test_a_role_that_the_card_does_not_give_is_refused(ward: Any) -> None:
    def attempt() -> RegistryAnswer:
        roles = (Role(code="21", system=PROFESSION, display=""), Role(code="A", system=SECTION, display=""))
        with closing(ward.scene.consultation(roles=roles)) as doctor:
            return doctor.find_documents(ward.scene.patient.cx)

    ward.fault(attempt, "SBX_VIHF_DIR", kind="ASSERTION_IDENTITY")


def test_a_deposit_at_the_consultation_door_is_no_transaction_there(ward: Any) -> None:
    """The card opens the door, the message is that of the other one."""

    def attempt() -> Any:
        with closing(ward.scene.ingest()) as hospital, closing(ward.scene.consultation()) as doctor:
            message = hospital.message(ward.honest_lot())
            return read_retrieve_answer(doctor.transport.exchange(doctor.repository.address, message))

    ward.fault(attempt, "ActionNotSupported", "wsa:Action", kind="SOAP_STRUCTURE")
