"""A chapter of the demonstration: a patient masks a document, a doctor breaks the glass, and the record tells."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

from gateway.administration.patient_documents import change_document
from gateway.cli.rehearsal import Rehearsal
from gateway.cli.story_step import Step, step_of
from gateway.simulator.trace_book import TraceBook
from xds.dmp.changes import Change
from xds.dmp.parameters import Parameters
from xds.dmp.requester import Requester, RequesterKind
from xds.metadata.document_entry import DocumentEntry

REASON = "Patient inconscient"
_DOCTOR, _STRANGER = "dr-essai", "dr-martin"


def patient_chapter(house: Rehearsal, patient_id: str) -> Iterator[Step]:
    """Played after the readings of the story: `dr-essai` is authorised and reads two documents, `dr-martin` none."""
    with closing(house.professional(_DOCTOR, patient_id)) as doctor, closing(house.owner()) as connection:
        before = doctor.find_documents(patient_id)
        doctor_id = house.credential(f"{_DOCTOR}.auth").national_id
        masked = next(one.unique_id for one in before.document_entries if not _wrote(doctor_id, one))
        change_document(connection, patient_id, masked, Change.MASK, parameters=Parameters())
        after = doctor.find_documents(patient_id)
        yield Step(
            (
                "the patient masks a document: the doctor no longer sees it",
                "le patient masque un document : le médecin ne le voit plus",
            ),
            f"{len(before.unique_ids) - 1}/{len(before.unique_ids)} documents",
            f"{len(after.unique_ids)}/{len(before.unique_ids)} documents",
        )
        with closing(house.professional(_STRANGER, patient_id, purpose="bris_de_glace", reason=REASON)) as stranger:
            found = stranger.find_documents(patient_id)
            yield step_of(
                (
                    "a doctor without authorisation breaks the glass, with a reason",
                    "un médecin sans autorisation brise la glace, avec un motif",
                ),
                "Success",
                found,
            )
        yield Step(
            ("the masked document stays hidden from him", "le document masqué lui reste caché"),
            "hidden",
            "seen" if masked in found.unique_ids else "hidden",
        )
        patient = Requester(kind=RequesterKind.PATIENT, national_id=patient_id.partition("^")[0])
        book = TraceBook(connection, patient_id, patient, Parameters(), datetime.now(UTC))
        told = next(book.read(emergency=True), None)
        yield Step(
            ("the patient reads who came, and why", "le patient lit qui est venu, et pourquoi"),
            f"{house.credential(f'{_STRANGER}.auth').national_id} {REASON}",
            f"{told.actor_id} {told.reason}" if told is not None else "nothing",
        )
        rows = connection.execute(
            "SELECT count(*) FROM ecluse.outbox JOIN ecluse.patients USING (patient_key)"
            " WHERE patient_id = %s AND kind = 'EMERGENCY_ACCESS'",
            (patient_id,),
        ).fetchone()
        yield Step(
            ("a notice of the emergency is due to the patient", "l'accès d'urgence est notifié au patient"),
            "1 notice",
            f"{rows[0] if rows else 0} notice",
        )


def _wrote(person_id: str, entry: DocumentEntry) -> bool:
    """Whether a professional is an author of a document: he would still see it."""
    return any((author.person or "").startswith(f"{person_id}^") for author in entry.authors)
