"""The cells of the sheet that no card of the test PKI reaches, and what only the use case shows (DMP TD3.3)."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from secrets import token_bytes
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from gateway.consultation.change_document import ChangeDocuments
from gateway.database.opening import Database
from gateway.database.pool import open_pool
from gateway.gate import Caller
from gateway.records import open_record
from gateway.witness import Witness
from profiles.codes import load_domain
from profiles.dmp.rights import Cell, CellKey, cells
from samples.changes import archive, change_lot, delete, make_visible, mask, unmask
from samples.pki.factory import TestPki
from samples.sender import Sender
from samples.xds.submission import XdsSubmission
from security.at_rest.record_keys import Kek, create_kek
from security.audit.event import AuditEvent, Outcome
from security.pki.certificate import read_certificate
from security.vihf.model import AuthenticationMode, Role, Vihf
from xds.dmp.operations import Operation
from xds.dmp.parameters import Parameters
from xds.dmp.requester import Requester, RequesterKind
from xds.errors import Refusal
from xds.messages import SubmitObjectsRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry
from xds.registry.amendments import Amendments
from xds.registry.record_office import RecordOffice
from xds.registry.registered_documents import RegisteredDocuments
from xds.registry.registered_reader import RegisteredReader
from xds.registry.rows import NewEntry
from xds.registry.writer import RegistryWriter

AUTHOR, STRANGER, STRUCTURE, ELSEWHERE = "810000000077", "810000000078", "1750000077", "1750000078"
LOINC, VISIBILITY = "2.16.840.1.113883.6.1", "1.2.250.1.213.1.1.4.13"
_numbers = count(1)
CHANGES: dict[str, tuple[tuple[str, ...], Any]] = {
    Operation.MASK: ((), mask),
    Operation.UNMASK: (("MASQUE_PS",), unmask),
    Operation.MAKE_VISIBLE: (("INVISIBLE_PATIENT",), make_visible),
    Operation.ARCHIVE: ((), lambda lot, entry: archive(lot, entry.entry_uuid)),
    Operation.DELETE: ((), lambda lot, entry: delete(lot, entry.entry_uuid)),
}
PROFESSIONS = {"P": "60", "M": "10", "W": "10", "T": "10"}


@dataclass(frozen=True, kw_only=True)
class Office:
    """The use case on a real database, and the owner who sees everything."""

    owner: psycopg.Connection[Any]
    writer: RegistryWriter
    change: ChangeDocuments
    kek: Kek
    signer: Any
    vihf: Vihf

    def document(self, *codes: str, author: str = AUTHOR, structure: str = STRUCTURE) -> DocumentEntry:
        """One registered document in a record of its own."""
        patient_id = f"3{next(_numbers):014d}^^^&1.2.250.1.213.1.4.10&ISO^NH"
        record = open_record(self.owner, patient_id, kek=self.kek)
        identifier = f"urn:uuid:{uuid4()}"
        letter = Code("11490-0", LOINC, "Lettre de liaison")
        entry = DocumentEntry(
            entry_uuid=identifier,
            logical_id=identifier,
            unique_id=f"2.25.{uuid4().int}",
            patient_id=patient_id,
            source_patient_id=patient_id,
            mime_type="text/xml",
            language_code="fr-FR",
            creation_time="20260301101500",
            class_code=Code("10", "1.2.250.1.213.1.1.4.1", "Compte rendu"),
            type_code=letter,
            format_code=letter,
            healthcare_facility_type_code=letter,
            practice_setting_code=letter,
            confidentiality_codes=(
                Code("N", "2.16.840.1.113883.5.25", "Normal"),
                *(Code(code, VISIBILITY, code) for code in codes),
            ),
            authors=(
                Author(
                    person=f"{author}^ESSAI^^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
                    institutions=(f"CHU^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^{structure}",),
                ),
            ),
            hash="a" * 40,
            size=10,
            repository_unique_id="1.2.250.1.213.4.1.1.1.2",
            title="Lettre",
        )
        lot = replace(self.lot(entry).submission_set, entry_uuid=f"urn:uuid:{uuid4()}")
        member = Association(
            entry_uuid=f"urn:uuid:{uuid4()}",
            association_type=AssociationType.HAS_MEMBER,
            source=lot.entry_uuid,
            target=identifier,
            submission_set_status="Original",
        )
        now = datetime.now(UTC)
        self.writer.register(
            record=record,
            revision=0,
            patient_id=patient_id,
            structure_id=structure,
            submission_set=lot,
            entries=[NewEntry(entry=entry, blob_address=token_bytes(32))],
            associations=[member],
            now=now,
            event=AuditEvent(
                door="ingest", time=now, transaction="ITI-41", outcome=Outcome.SUCCESS, request_id=lot.unique_id
            ),
        )
        return entry

    def lot(self, entry: DocumentEntry) -> XdsSubmission:
        sender = replace(Sender.of(self.signer), person_id=self.vihf.name_id, structure_id=self.vihf.structure_id)
        return change_lot(signer=self.signer, patient_id=entry.patient_id, now=datetime.now(UTC), sender=sender)

    def caller(self, requester: Requester, patient_id: str) -> Caller:
        vihf = replace(
            self.vihf,
            patient=patient_id,
            name_id=requester.national_id,
            structure_id=requester.structure_id or STRUCTURE,
            mode=AuthenticationMode(requester.mode),
            purpose=requester.purpose,
        )
        return Caller(
            certificate=vihf.signer,
            assertion=vihf,
            requester=requester,
            request_id=str(uuid4()),
            now=datetime.now(UTC),
        )

    def send(self, lot: XdsSubmission, requester: Requester, patient_id: str) -> None:
        """As the requester sends it: his name and structure are in the lot."""
        caller = self.caller(requester, patient_id)
        sender = replace(Sender.of(self.signer), person_id=caller.vihf.name_id, structure_id=caller.vihf.structure_id)
        request = SubmitObjectsRequest(
            submission_set=replace(lot.submission_set, authors=(sender.author,)),
            entries=lot.entries,
            associations=lot.associations,
        )
        self.change(request, caller)

    def authorise(self, patient_id: str, holder: str, *, medecin_traitant: bool = False) -> None:
        self.owner.execute(
            "INSERT INTO authorisations (patient_key, professional_id, status, declared_at, medecin_traitant)"
            " SELECT patient_key, %s, 'VALIDE', now(), %s FROM patients WHERE patient_id = %s",
            (holder, medecin_traitant, patient_id),
        )

    def state(self, patient_id: str) -> list[tuple[Any, ...]]:
        return self.owner.execute(
            "SELECT e.entry_uuid, e.version, e.status, e.codes, r.revision FROM document_entries e"
            " JOIN records r USING (patient_key) JOIN patients p USING (patient_key)"
            " WHERE p.patient_id = %s ORDER BY 2",
            (patient_id,),
        ).fetchall()


@pytest.fixture(scope="module")
def vihf(pki: TestPki) -> Vihf:
    pem = pki.certificate("dr-essai.sign").certificate_path.read_text("ascii")
    now = datetime.now(UTC)
    return Vihf(
        assertion_id="_1",
        issuer="CN=test",
        mode=AuthenticationMode.DIRECTE,
        version="4.0",
        structure_id=STRUCTURE,
        sector="SA01^1.2.250.1.71.4.2.4",
        name_id=AUTHOR,
        subject_name="ESSAI Anne",
        roles=(Role(code="10", system="1.2.250.1.213.1.1.5.5", display="Médecin"),),
        patient=None,
        purpose="normal",
        reason=None,
        confidentiality=None,
        lps_name="Logiciel d'essai",
        lps_version="1.0",
        lps_id=None,
        homologation="ECLUSE-TEST",
        authn_context="",
        issue_instant=now,
        authn_instant=now,
        expires=now,
        signer=read_certificate(ssl.PEM_cert_to_DER_cert(pem)),
    )


@pytest.fixture(scope="module")
def office(database: Database, pki: TestPki, vihf: Vihf, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    consultation = open_pool(database.layout.consultation_url, size=2, name="test-changes")
    ingest = open_pool(database.layout.ingest_url, size=1, name="test-changes-ingest")
    with psycopg.connect(database.layout.owner_url, autocommit=True, options="-c search_path=ecluse") as owner:
        yield Office(
            owner=owner,
            writer=RegistryWriter(ingest),
            kek=create_kek(tmp_path_factory.mktemp("kek") / "kek"),
            signer=pki.certificate("dr-essai.sign"),
            vihf=vihf,
            change=ChangeDocuments(
                office=RecordOffice.of_pool(consultation),
                registered=RegisteredReader(consultation),
                documents=RegisteredDocuments(consultation),
                amendments=Amendments(consultation),
                domain=load_domain(),
                witness=Witness("consultation", bytes(32)),
                parameters=Parameters(),
            ),
        )
    consultation.close()
    ingest.close()


def requester(key: CellKey, *, own: bool) -> Requester:
    """Who stands in a column: the author of the document, or of its structure, where it is his own."""
    holder, structure = (AUTHOR, STRUCTURE) if own else (STRANGER, ELSEWHERE)
    purpose, reason = key.mode, "Patient inconscient" if key.mode == "bris_de_glace" else ""
    if key.authentication == "INDIRECTE_RENFORCEE" or key.column in PROFESSIONS:
        kind = RequesterKind.PROFESSIONAL if key.authentication == "DIRECTE" else RequesterKind.STRUCTURE
        return Requester(
            kind=kind,
            national_id=holder,
            structure_id=structure,
            profession=PROFESSIONS.get(key.column),
            specialties=("SM25",) if key.column == "W" else (),
            mode=key.authentication,
            purpose=purpose,
            reason=reason,
        )
    return Requester(
        kind=RequesterKind.STRUCTURE,
        national_id=f"{structure}/0001",
        structure_id=structure,
        mode=key.authentication,
        purpose=purpose,
        reason=reason,
    )


def cases() -> list[Any]:
    return [
        pytest.param(key, cell, own, id="-".join((*key, "own" if own else "other")))
        for key, cell in cells().items()
        if key.operation in CHANGES
        for own in (True, False)
    ]


@pytest.mark.parametrize(("key", "cell", "own"), cases())
def test_each_cell_of_both_sheets_says_what_becomes_of_a_change(
    office: Office, key: CellKey, cell: Cell, *, own: bool
) -> None:
    codes, make = CHANGES[key.operation]
    entry = office.document(*codes)
    who = requester(key, own=own)
    office.authorise(entry.patient_id, who.national_id, medecin_traitant=key.column == "T")
    lot, before = make(office.lot(entry), entry), office.state(entry.patient_id)
    # Occupational physicians find what nothing hides from anybody; who is no professional finds his own alone.
    blind = bool(codes) and not own and key.column == "W"
    if cell.allowed and not blind and (own or not {"h", "i"} & set(cell.condition)):
        office.send(lot, who, entry.patient_id)
        assert office.state(entry.patient_id) != before
        return
    with pytest.raises(Refusal):
        office.send(lot, who, entry.patient_id)
    assert office.state(entry.patient_id) == before


def test_a_record_that_changed_meanwhile_is_decided_again(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = office.document()
    office.authorise(entry.patient_id, STRANGER)
    who = Requester(kind=RequesterKind.PROFESSIONAL, national_id=STRANGER, structure_id=STRUCTURE, profession="60")
    ask, asked = RegisteredDocuments.ask, []

    def changing(self: RegisteredDocuments, *args: Any, **kwargs: Any) -> Any:
        found = ask(self, *args, **kwargs)
        asked.append(1)
        if len(asked) == 1:  # the patient blocks the professional between the decision and the writing
            office.owner.execute(
                "UPDATE authorisations SET status = 'INTERDIT' FROM patients p"
                " WHERE p.patient_key = authorisations.patient_key AND p.patient_id = %s",
                (entry.patient_id,),
            )
            office.owner.execute(
                "UPDATE records SET revision = revision + 1 FROM patients p"
                " WHERE p.patient_key = records.patient_key AND p.patient_id = %s",
                (entry.patient_id,),
            )
        return found

    monkeypatch.setattr(RegisteredDocuments, "ask", changing)
    with pytest.raises(Refusal) as refusal:
        office.send(mask(office.lot(entry), entry), who, entry.patient_id)
    assert len(asked) == 2
    assert refusal.value.decided_by == "7-BLOCKED-BY-PATIENT"
    assert len(office.state(entry.patient_id)) == 1
