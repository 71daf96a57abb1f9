"""What professionals do to documents at the real consultation door, and what the house holds of it afterwards."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from samples.changes import change_lot
from samples.client.answers import RegistryAnswer
from samples.documents.vsm import vsm
from samples.sender import Sender
from samples.xds.submission import XdsSubmission
from security.xml import parse
from xds.ebrim.objects import read_entry
from xds.ebrim.writer import write_entry
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.registry.rows import NewEntry, entry_row

APPROVED, ARCHIVED = AvailabilityStatus.APPROVED, AvailabilityStatus.ARCHIVED
DEPRECATED, DELETED = AvailabilityStatus.DEPRECATED, AvailabilityStatus.DELETED
VISIBILITY = "1.2.250.1.213.1.1.4.13"
NORMAL = Code("N", "2.16.840.1.113883.5.25", "Normal")
TREATING = "dr-martin"
"""The médecin traitant of every record here; `dr-essai`, `dr-blanc` and the nurse `inf-petit` are authorised."""
AUTHORISED = ("dr-essai", "dr-blanc", "inf-petit", TREATING)
EMERGENCY = {"purpose": "bris_de_glace", "reason": "Patient inconscient"}


@dataclass(frozen=True)
class Ward:
    """One record and the professionals around it."""

    scene: Any

    @property
    def house(self) -> Any:
        return self.scene.house

    @property
    def cx(self) -> str:
        cx: str = self.scene.patient.cx
        return cx

    def lot(self, who: str, **changes: Any) -> XdsSubmission:
        """An empty lot of a professional, to which orders are added."""
        signer = self.house.credential(f"{who}.sign")
        return change_lot(**{"signer": signer, "patient_id": self.cx, "now": datetime.now(UTC), **changes})

    def send(self, who: str, lot: XdsSubmission, **vihf: Any) -> RegistryAnswer:
        with closing(self.house.professional(who, self.cx, **vihf)) as client:
            return client.update(lot)

    def done(self, who: str, lot: XdsSubmission, **vihf: Any) -> None:
        answer = self.send(who, lot, **vihf)
        assert answer.succeeded, answer.errors

    def document(
        self,
        *codes: str,
        author: str = "dr-essai",
        status: AvailabilityStatus = APPROVED,
        of_the_patient: bool = False,
        by: str = "",
    ) -> str:
        """Deposit a document, then make it what the test needs; its uniqueId. `by`: the author is this structure."""
        lot = self.scene.lot([vsm(self.scene.patient)])
        answer = self.scene.deposit(lot)
        assert answer.succeeded, answer.errors
        unique_id: str = lot.unique_ids[0]
        entry = self.now(unique_id)
        changed = replace(
            entry,
            authors=(Sender.of(self.house.credential(f"{by or author}.sign")).author,),
            confidentiality_codes=(NORMAL, *(Code(code, VISIBILITY, code) for code in codes)),
        )
        if of_the_patient:
            loinc = "2.16.840.1.113883.6.1"
            changed = replace(
                changed,
                class_code=Code("90", "1.2.250.1.213.1.1.4.1", "Autres documents, patient"),
                type_code=Code("74465-6", loinc, "Questionnaire patient"),
            )
        row = entry_row(NewEntry(entry=changed, blob_address=None))
        self.run(
            "UPDATE ecluse.document_entries SET codes = %s::text::jsonb, author_person_ids = %s, author_persons = %s,"
            " author_structure_ids = %s, fragment = %b, status = %s WHERE unique_id = %s",
            orjson.dumps(row["codes"]).decode(),
            row["author_person_ids"],
            row["author_persons"],
            row["author_structure_ids"],
            write_entry(replace(changed, availability_status=APPROVED)),
            status.name,
            unique_id,
        )
        return unique_id

    def now(self, unique_id: str) -> DocumentEntry:
        """The last version of a document, as registered."""
        ((fragment, status),) = self.rows(
            "SELECT fragment, status FROM ecluse.document_entries WHERE unique_id = %s ORDER BY version DESC LIMIT 1",
            unique_id,
        )
        return replace(read_entry(parse(bytes(fragment))), availability_status=AvailabilityStatus[status])

    def codes(self, unique_id: str) -> set[str]:
        """Its confidentialityCodes, without scheme."""
        return {code.code for code in self.now(unique_id).confidentiality_codes}

    def listed(self, who: str, *statuses: AvailabilityStatus, **vihf: Any) -> list[str]:
        """The uniqueIds that a professional finds."""
        with closing(self.house.professional(who, self.cx, **vihf)) as client:
            answer = client.find_documents(self.cx, status=[str(status) for status in statuses or (APPROVED,)])
        assert answer.succeeded, answer.errors
        return sorted(answer.unique_ids)

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with closing(self.house.owner()) as connection:
            return list(connection.execute(statement, parameters).fetchall())

    def run(self, statement: str, *parameters: Any) -> None:
        with closing(self.house.owner()) as connection:
            connection.execute(statement, parameters)

    def set_record(self, **columns: Any) -> None:
        names = ", ".join(f"{name} = %s" for name in columns)
        self.run(
            f"UPDATE ecluse.records SET {names}, revision = revision + 1"  # noqa: S608
            " WHERE patient_key = (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
            *columns.values(),
            self.cx,
        )

    def authorise(self, who: str, *, medecin_traitant: bool = False) -> None:
        self.run(
            "INSERT INTO ecluse.authorisations (patient_key, professional_id, status, declared_at, medecin_traitant)"
            " SELECT patient_key, %s, 'VALIDE', now(), %s FROM ecluse.patients WHERE patient_id = %s"
            " ON CONFLICT (patient_key, professional_id) DO UPDATE SET medecin_traitant = excluded.medecin_traitant",
            self.house.credential(f"{who}.auth").national_id,
            medecin_traitant,
            self.cx,
        )

    def traces(self) -> list[tuple[Any, ...]]:
        """operation, outcome, code, rule, documents of every trace of a change, oldest first."""
        return self.rows(
            "SELECT operation, outcome, code, rule, documents FROM ecluse.traces JOIN ecluse.patients"
            " USING (patient_key) WHERE patient_id = %s AND operation LIKE 'TD3.3%%' ORDER BY at, trace_id",
            self.cx,
        )

    def told(self) -> list[tuple[str, str]]:
        """What waits to be told of a change: kind and subject."""
        return self.rows(
            "SELECT kind, subject FROM ecluse.outbox JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s"
            " AND kind IN ('DOCUMENT_CHANGED', 'DOCUMENT_DELETED', 'EMERGENCY_ACCESS') ORDER BY at, kind, subject",
            self.cx,
        )

    def state(self) -> list[tuple[Any, ...]]:
        """Everything that a change could touch in the record."""
        return self.rows(
            "SELECT r.revision, e.entry_uuid, e.version, e.status, e.codes, (SELECT count(*) FROM ecluse.associations a"
            " WHERE a.patient_key = r.patient_key), (SELECT count(*) FROM ecluse.submission_sets s"
            " WHERE s.patient_key = r.patient_key) FROM ecluse.document_entries e JOIN ecluse.records r"
            " USING (patient_key) JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s"
            " ORDER BY e.entry_uuid",
            self.cx,
        )

    def refused(
        self,
        who: str,
        lot: XdsSubmission,
        *codes: str,
        operation: str | None = None,
        rule: str | None = None,
        **vihf: Any,
    ) -> RegistryAnswer:
        """Expect a Failure with these codes, nothing changed, nobody told, and one refusal traced in the record."""
        before, traced, told = self.state(), self.traces(), self.told()
        answer = self.send(who, lot, **vihf)
        assert not answer.succeeded
        found = [error.code for error in answer.errors]
        assert found == list(codes), answer.errors
        assert (self.state(), self.told()) == (before, told), "something changed"
        ((asked, outcome, code, decided_by, _),) = self.traces()[len(traced) :]
        assert (outcome, code) == ("refused", codes[0])
        assert operation in (None, asked), asked
        assert rule in (None, decided_by), decided_by
        return answer


def spoken(answer: RegistryAnswer, *secrets: str) -> list[tuple[str, str, str]]:
    """What an answer says, identifiers that differ by themselves left out."""
    said = []
    for error in answer.errors:
        context, location = error.context, error.location or ""
        for secret in secrets:
            context, location = context.replace(secret, "…"), location.replace(secret, "…")
        said.append((error.code, context, location))
    return said


@pytest.fixture
def ward(scene: Any) -> Ward:
    """An open record, professionals authorised, one of them its médecin traitant."""
    opened = Ward(scene)
    for who in AUTHORISED:
        opened.authorise(who, medecin_traitant=who == TREATING)
    return opened


def each(values: Iterable[str]) -> Any:
    """Parameters that name themselves."""
    return [pytest.param(value, id=value) for value in values]
