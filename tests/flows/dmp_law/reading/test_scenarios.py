"""Searching and reading at the real door: scenarios C31, C32 and C40, and what the house writes down of each."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from gateway.administration.holder import set_consents
from gateway.administration.office import RecordsError
from gateway.cli.story import REPOSITORY
from gateway.records import block
from samples.changes import change_lot, mask
from samples.client.answers import SoapFault
from samples.client.mtom import Packaging
from samples.client.objects import Kind
from samples.client.queries import QueryId
from samples.documents.vsm import vsm
from samples.submission import MASQUE_PS
from samples.vihf import SMARTCARD
from xds.metadata.codes import Code

from .conftest import (
    APPROVED,
    ARCHIVED,
    AUTHOR,
    DELETED,
    DENIED,
    DEPRECATED,
    DOCTOR,
    EMERGENCY,
    NURSE,
    OCCUPATIONAL,
    REASON,
    REGULATION,
    TREATING,
    File,
    House,
    someone,
)

MASKED = {"confidentiality": ("MASQUE_PS",)}
LOINC = "2.16.840.1.113883.6.1"
CLASSES = "1.2.250.1.213.1.1.4.1"
VACCINATION = (Code("52", CLASSES, "Certificat, déclaration"), Code("11369-6", LOINC, "Historique de vaccination"))


def kind_of(class_code: str, type_code: str, system: str = LOINC) -> dict[str, Any]:
    return {"kind": (Code(class_code, CLASSES, class_code), Code(type_code, system, type_code))}


@pytest.fixture
def world(file: File) -> tuple[File, dict[str, str]]:
    """A record with DOC-A, DOC-M of AUTHOR, DOC-X, DOC-O and DOC-D."""
    names = ("DOC-A", "DOC-M", "DOC-X", "DOC-O", "DOC-D")
    found = file.documents({}, MASKED, {"status": ARCHIVED}, {"status": DEPRECATED}, {"status": DELETED})
    return file, dict(zip(names, found, strict=True))


def test_each_finds_what_he_may_and_the_medecin_traitant_everything(world: tuple[File, dict[str, str]]) -> None:
    file, name = world  # C31-01, C31-02, C31-03
    assert file.listed(DOCTOR) == [name["DOC-A"]]
    assert file.listed(AUTHOR) == file.listed(TREATING) == sorted([name["DOC-A"], name["DOC-M"]])
    for status, document in ((ARCHIVED, "DOC-X"), (DEPRECATED, "DOC-O"), (DELETED, "DOC-D")):
        assert file.listed(DOCTOR, status) == [name[document]]
    statuses = [str(status) for status in (APPROVED, ARCHIVED, DEPRECATED, DELETED)]
    everything = file.at(DOCTOR).find_documents(file.cx, status=statuses)
    shown = {entry.unique_id: entry.availability_status for entry in everything.document_entries}
    assert shown == {
        name["DOC-A"]: APPROVED, name["DOC-X"]: ARCHIVED, name["DOC-O"]: DEPRECATED, name["DOC-D"]: DELETED
    }  # fmt: skip


def test_strangers_are_refused_and_an_occupational_physician_lists_but_reads_nothing(reading_house: House) -> None:
    file = File(reading_house, someone()).open(OCCUPATIONAL)  # C31-04
    document, *_ = file.documents({}, MASKED)
    block(reading_house.owner, file.cx, reading_house.id_of(NURSE))
    for who, rule in ((DOCTOR, "8-NOT-AUTHORISED"), (NURSE, "7-BLOCKED-BY-PATIENT")):
        listing = file.at(who).find_documents(file.cx)
        assert (listing.error_codes, listing.ids) == ([DENIED], [])
        assert file.traces()[-1] == ("TD3.1", "refused", DENIED, rule)
        assert file.read(who, document).error_codes == [DENIED]
        assert file.traces()[-1] == ("TD3.2", "refused", DENIED, rule)
    assert file.listed(OCCUPATIONAL) == [document]
    refused = file.read(OCCUPATIONAL, document)
    assert [(error.code, error.context) for error in refused.errors] == [
        (DENIED, "TD3.2 is not open to this requester in the purpose normal")
    ]
    for names in ({}, {"tls": "chu-seine.cpe", "seal": "chu-seine.cpe-sign"}):
        with pytest.raises(requests.RequestException):
            file.at("chu-seine", **names).find_documents(file.cx)


def test_a_search_keeps_to_two_years_but_for_vaccinations(file: File) -> None:  # C31-06
    now = datetime.now(UTC)
    old, recent = (
        file.deposit(file.lot([vsm(file.patient, effective_time=time)]))[0]
        for time in (now - timedelta(days=3 * 365), now - timedelta(days=365))
    )
    (vaccinated,) = file.deposit(file.lot([vsm(file.patient, effective_time=now - timedelta(days=3 * 365))]))
    file.become(vaccinated, kind=VACCINATION)
    since = (now - timedelta(days=730)).strftime("%Y%m%d%H%M%S")
    limited = file.at(DOCTOR).find_documents(file.cx, service_start_time_from=since)
    assert limited.unique_ids == [recent]
    without = file.at(DOCTOR).find_documents(file.cx, type_code=Code("11369-6", LOINC, ""))
    assert without.unique_ids == [vaccinated]
    assert set(file.listed(DOCTOR)) == {old, recent, vaccinated}


def test_the_chain_of_submission_sets_leads_to_nothing_masked(file: File) -> None:  # C31-08
    plain, later = file.documents({}, {})
    (masked,) = file.deposit(file.lot([vsm(file.patient)], confidentiality=[MASQUE_PS]))
    before = file.now(later)
    chain_before = _chain(file, DOCTOR)
    assert sorted(chain_before) == sorted([plain, later])
    lot = change_lot(signer=file.house.credential(f"{AUTHOR}.sign"), patient_id=file.cx, now=datetime.now(UTC))
    assert file.at(AUTHOR).update(mask(lot, before)).succeeded
    assert _chain(file, DOCTOR) == [plain]
    assert sorted(_chain(file, TREATING)) == sorted([plain, later, later, masked])
    assert file.at(DOCTOR).get_documents(entry_uuids=[before.entry_uuid]).ids == []


def _chain(file: File, who: str) -> list[str]:
    """FindSubmissionSets, GetAssociations, GetDocumentsAndAssociations: the uniqueId of every version there."""
    client = file.at(who)
    sets = client.query(QueryId.FIND_SUBMISSION_SETS, patient_id=file.cx, status=str(APPROVED))
    links = client.query(QueryId.GET_ASSOCIATIONS, uuid=sets.ids)
    targets = [one.target for one in links.of_kind(Kind.ASSOCIATION)]
    found = client.query(QueryId.GET_DOCUMENTS_AND_ASSOCIATIONS, entry_uuid=targets)
    ids: list[str] = found.unique_ids
    return ids


def test_documents_that_a_profession_may_not_read_are_absent(file: File) -> None:  # C31-09
    file.house.engage("dentist", profession=40)
    file.authorise("dentist")
    dental, psychiatry, residence = file.documents(
        kind_of("10", "83981-1"), kind_of("11", "68599-0"), kind_of("95", "ATTEST-RESID", "1.2.250.1.213.1.1.4.12")
    )
    assert file.listed("dentist") == []
    assert file.listed(NURSE) == [dental]
    assert file.listed(DOCTOR) == sorted([dental, psychiatry])
    absent = file.read(DOCTOR, residence)
    assert absent.error_codes == ["XDSDocumentUniqueIdError"]


def test_a_reading_gives_the_bytes_that_were_deposited_and_is_told_once(file: File) -> None:  # C32-01
    content = vsm(file.patient)
    (document,) = file.deposit(file.lot([content]))
    for _ in range(2):
        answer = file.read(DOCTOR, document)
        assert (answer.succeeded, answer.packaging) == (True, Packaging.MTOM)
        (read,) = answer.documents
        assert hashlib.sha1(read.content, usedforsecurity=False).hexdigest() == file.now(document).hash
        assert read.content == content
    doctor = file.house.id_of(DOCTOR)
    assert file.told("FIRST_ACCESS", "EMERGENCY_ACCESS") == [("FIRST_ACCESS", doctor)]
    last = file.traces("operation", "outcome", "rule", "mode", "reason", "documents", "actor_id", "auth_mode", "lps")[
        -1
    ]
    assert last == ("TD3.2", "success", "GRANTED", "normal", "", [document], doctor, "DIRECTE", "Logiciel d'essai 1.0")


def test_a_search_alone_is_no_first_access(file: File) -> None:
    file.documents({})
    assert file.listed(DOCTOR)
    assert file.told("FIRST_ACCESS") == []


def test_a_masked_document_is_read_by_its_author_and_the_medecin_traitant(file: File) -> None:  # C32-02
    (masked,) = file.documents(MASKED)
    assert [one.unique_id for one in file.read(AUTHOR, masked).documents] == [masked]
    assert [one.unique_id for one in file.read(TREATING, masked).documents] == [masked]
    hidden = file.read(DOCTOR, masked)
    assert (hidden.error_codes, hidden.documents) == (["XDSDocumentUniqueIdError"], ())
    assert file.traces("operation", "outcome", "documents")[-1] == ("TD3.2", "refused", [])


def test_a_request_that_mixes_gets_what_there_is_and_one_error_for_each_other(file: File) -> None:  # C32-04
    plain, masked = file.documents({}, MASKED)
    answer = file.at(DOCTOR).retrieve(
        [("1.2.3", plain), (REPOSITORY, masked), (REPOSITORY, plain), (REPOSITORY, "2.25.1"), (REPOSITORY, plain)]
    )
    assert answer.status.endswith(":PartialSuccess")
    assert [one.unique_id for one in answer.documents] == [plain]
    assert answer.error_codes == ["XDSUnknownRepositoryId", "XDSDocumentUniqueIdError", "XDSDocumentUniqueIdError"]
    texts = [error.context.replace(one, "…") for error, one in zip(answer.errors[1:], (masked, "2.25.1"), strict=True)]
    assert texts[0] == texts[1]
    assert file.traces("outcome", "documents")[-1] == ("success", [plain])


@pytest.fixture
def alone(reading_house: House) -> File:
    """A record on which nobody is authorised but the médecin traitant."""
    return File(reading_house, someone()).open(treating=TREATING)


def test_an_emergency_is_read_traced_with_its_reason_and_told_once_a_day(alone: File) -> None:  # C40-01
    plain, masked = alone.documents({}, MASKED)
    assert alone.listed(DOCTOR, **EMERGENCY) == [plain]
    for _ in range(2):
        assert alone.read(DOCTOR, plain, **EMERGENCY).succeeded
    assert alone.read(DOCTOR, masked, **EMERGENCY).error_codes == ["XDSDocumentUniqueIdError"]
    kept = alone.traces("operation", "outcome", "mode", "reason", "rule")
    assert kept[-4:-1] == [
        (operation, "success", "bris_de_glace", REASON, "GRANTED") for operation in ("TD3.1", "TD3.2", "TD3.2")
    ]
    doctor = alone.house.id_of(DOCTOR)
    (first, emergency) = sorted(alone.told("FIRST_ACCESS", "EMERGENCY_ACCESS"), reverse=True)
    assert first == ("FIRST_ACCESS", doctor)
    assert emergency[1].startswith(f"{doctor} bris_de_glace ")
    assert alone.read(DOCTOR, plain).error_codes == [DENIED], "the emergency gives no authorisation"


@pytest.mark.parametrize("reason", [None, "", "  ", "ab", " a "])
def test_who_breaks_the_glass_says_why(alone: File, reason: str | None) -> None:  # C40-02
    alone.documents({})
    before = alone.state()
    with pytest.raises(SoapFault) as refused:
        alone.at(DOCTOR, purpose="bris_de_glace", reason=reason).find_documents(alone.cx)
    assert refused.value.detail["Code"] == "SBX_VIHF_REASON_MISSING"
    assert alone.state() == before


def test_a_reason_is_no_story(alone: File) -> None:
    before = alone.state()
    with pytest.raises(SoapFault) as refused:
        alone.at(DOCTOR, purpose="bris_de_glace", reason="a" * 501).find_documents(alone.cx)
    assert refused.value.detail["Code"] == "SBX_VIHF_MALFORMED"
    assert alone.state() == before


def test_the_patient_who_denies_and_whom_he_blocked_are_heeded_in_every_mode(alone: File) -> None:  # C40-03
    (plain,) = alone.documents({})
    block(alone.house.owner, alone.cx, alone.house.id_of(AUTHOR))
    alone.set(btg=False, etreat=False)
    for vihf, rule in ((EMERGENCY, "8-BREAK-GLASS-DENIED"), (REGULATION, "8-REGULATION-DENIED")):
        assert alone.read(DOCTOR, plain, **vihf).error_codes == [DENIED]
        assert alone.traces()[-1][3] == rule
    alone.set(btg=True, etreat=True, masked=True)
    for vihf in ({}, EMERGENCY, REGULATION):
        refused = alone.read(AUTHOR, plain, **vihf)
        assert refused.error_codes == [DENIED]
        assert alone.traces("outcome", "rule", "mode")[-1] == (
            "refused", "7-BLOCKED-BY-PATIENT", vihf.get("purpose", "normal")
        )  # fmt: skip
    assert alone.told("FIRST_ACCESS", "EMERGENCY_ACCESS") == [], "nobody read anything"


@pytest.mark.parametrize("vihf", [EMERGENCY, REGULATION], ids=["bris_de_glace", "centre_15"])
def test_masked_documents_are_open_in_an_emergency_when_the_patient_said_so(alone: File, vihf: Any) -> None:  # C40-04
    plain, masked = alone.documents({}, MASKED)
    for permitted in (True, False):
        alone.set(masked=permitted)
        assert alone.listed(DOCTOR, **vihf) == sorted([plain, masked] if permitted else [plain])
        assert alone.read(DOCTOR, masked, **vihf).succeeded is permitted
    assert alone.read(AUTHOR, masked, **vihf).succeeded, "one's own"
    assert alone.read(TREATING, masked, **vihf).error_codes == ["XDSDocumentUniqueIdError"], "so says the sheet"


def test_masked_documents_are_not_open_where_no_emergency_is(alone: File) -> None:  # C40-05
    (masked,) = alone.documents(MASKED)
    owner = alone.house.owner
    set_consents(owner, alone.cx, masked=True)
    assert alone.read(DOCTOR, masked, **EMERGENCY).succeeded
    set_consents(owner, alone.cx, etreat=False, btg=False)
    with pytest.raises(RecordsError):
        set_consents(owner, alone.cx, masked=True)
    set_consents(owner, alone.cx, btg=True)
    assert alone.read(DOCTOR, masked, **EMERGENCY).error_codes == ["XDSDocumentUniqueIdError"]


def test_regulation_reads_without_authorisation_nor_reason_unless_the_patient_objects(alone: File) -> None:  # C40-06
    (plain,) = alone.documents({})
    assert alone.read(DOCTOR, plain, **REGULATION).succeeded
    assert alone.traces("mode", "reason", "rule")[-1] == ("centre_15", "", "GRANTED")
    ((_, subject),) = alone.told("EMERGENCY_ACCESS")
    assert subject.startswith(f"{alone.house.id_of(DOCTOR)} centre_15 ")
    alone.set(etreat=False)
    assert alone.read(DOCTOR, plain, **REGULATION).error_codes == [DENIED]
    assert alone.traces()[-1][3] == "8-REGULATION-DENIED"
    assert alone.read(DOCTOR, plain, **EMERGENCY).succeeded, "the two are independent"


def test_no_structure_breaks_the_glass(alone: File) -> None:  # C40-07
    (plain,) = alone.documents({})
    before = alone.traces()
    for names in ({}, {"tls": "chu-seine.cpe", "seal": "chu-seine.cpe-sign"}):
        with pytest.raises(requests.RequestException):
            alone.at("chu-seine", **names, **EMERGENCY).find_documents(alone.cx)
        with pytest.raises(SoapFault) as refused:
            alone.at("chu-seine", "ingest", **names, **EMERGENCY).get_documents(
                unique_ids=[plain], return_type="ObjectRef"
            )
        assert refused.value.detail["Code"] == "SBX_VIHF_PURPOSE"
    assert alone.traces() == before


ASSUMED = [
    (DOCTOR, {}, "authorisation_days"),
    (NURSE, {}, "habilitation, authorisation_days"),
    (NURSE, EMERGENCY, "habilitation"),
    (DOCTOR, EMERGENCY, None),
]


@pytest.mark.parametrize(("who", "vihf", "words"), ASSUMED, ids=["doctor", "nurse", "nurse urgent", "doctor urgent"])
def test_an_answer_names_the_unverified_rules_it_rests_on_whatever_it_says(
    file: File, who: str, vihf: Any, words: str | None
) -> None:
    (plain,) = file.documents({})
    found = []
    for about in (file.cx, someone().cx):  # a record, and none
        client = file.at(who, about=about, **vihf)
        slots = {"$XDSDocumentEntryPatientId": f"'{about}'", "$XDSDocumentEntryStatus": f"('{APPROVED}')"}
        found += [
            file.raw(who, client.query_message(QueryId.FIND_DOCUMENTS, slots)),
            file.raw(who, client.retrieve_message([(REPOSITORY, plain)]), "repository"),
        ]
    assert {answer.headers.get("X-Sandbox-Assumed") for answer in found} == {words}


def test_an_authorisation_ends_by_the_clock_of_the_law(file: File) -> None:
    """The clock of a house only advances: by days that no other record here has an authorisation for."""
    (plain,) = file.documents({})
    file.authorise(DOCTOR, until=file.rows("SELECT ecluse.law_now()")[0][0] + timedelta(days=2))
    assert file.read(DOCTOR, plain).succeeded
    file.run("UPDATE ecluse.law_clock SET ahead = ahead + interval '3 days'")
    for ask, operation in (
        (lambda: file.at(DOCTOR).find_documents(file.cx), "TD3.1"),
        (lambda: file.read(DOCTOR, plain), "TD3.2"),
    ):
        assert ask().error_codes == [DENIED]
        assert file.traces()[-1] == (operation, "refused", DENIED, "8-AUTHORISATION-EXPIRED")
    assert file.read(DOCTOR, plain, **EMERGENCY).succeeded
    ((at, real),) = file.rows(
        "SELECT max(t.at) - now(), interval '3 days' FROM ecluse.traces t JOIN ecluse.patients USING (patient_key)"
        " WHERE patient_id = %s", file.cx,
    )  # fmt: skip
    assert timedelta(0) <= real - at < timedelta(minutes=5), "traces are dated by the law"


def test_a_card_speaks_by_its_own_authentication(file: File) -> None:
    with pytest.raises(SoapFault):
        file.at(DOCTOR, authn_context=SMARTCARD.replace("SmartcardPKI", "Password")).find_documents(file.cx)
