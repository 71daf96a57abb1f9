"""What the patient does to his documents by `ecluse records`, seen from the consultation door (C33-07, C60-02)."""

from __future__ import annotations

from click.testing import CliRunner, Result

from gateway.cli.main import main

from .conftest import APPROVED, ARCHIVED, DELETED, Ward


def patient(ward: Ward, *words: str) -> Result:
    """Run a command of the patient: its name, the document, its options."""
    command, document, *options = words
    ins = ward.cx.partition("^")[0]
    place = ["--data", str(ward.house.data)]
    return CliRunner().invoke(main, ["--lang", "en", "records", command, ins, document, *options, *place])


def done(ward: Ward, *words: str) -> None:
    result = patient(ward, *words)
    assert result.exit_code == 0, result.output


def refused(ward: Ward, *words: str) -> str:
    """Expect one line, nothing changed, the refusal traced; the line without the uniqueId."""
    before, traced = ward.state(), ward.traces()
    result = patient(ward, *words)
    assert result.exit_code == 1
    assert result.output.count("\n") == 1
    assert ward.state() == before
    assert [row[1] for row in ward.traces()[len(traced) :]] == ["refused"]
    return result.output.replace(words[1], "…")


def test_the_patient_masks_and_unmasks_any_document_and_nobody_is_told(ward: Ward) -> None:
    document = ward.document(author="dr-essai")
    done(ward, "mask", document)
    assert (ward.listed("inf-petit"), ward.listed("dr-essai")) == ([], [document])
    done(ward, "unmask", document)
    assert ward.listed("inf-petit") == [document]
    assert ward.told() == []
    actors = ward.rows(
        "SELECT DISTINCT actor_kind FROM ecluse.traces WHERE %s = ANY (documents) AND operation LIKE 'TD3.3%%'",
        document,
    )
    assert actors == [("PATIENT",)]


def test_the_patient_archives_and_deletes_his_own_documents_alone(ward: Ward) -> None:
    own, of_a_doctor = ward.document(of_the_patient=True), ward.document()
    done(ward, "archive", own)
    assert ward.now(own).availability_status is ARCHIVED
    done(ward, "archive", own, "--undo")
    assert ward.now(own).availability_status is APPROVED
    done(ward, "delete-own", own)
    assert ward.now(own).availability_status is DELETED
    refused(ward, "archive", of_a_doctor)
    refused(ward, "delete-own", of_a_doctor)


def test_a_document_that_waits_for_its_announcement_is_not_there_for_the_patient(ward: Ward) -> None:
    hidden = ward.document("INVISIBLE_PATIENT")
    assert refused(ward, "mask", hidden) == refused(ward, "mask", "1.2.3.4")


def test_a_minor_shows_a_document_to_his_legal_representatives(ward: Ward) -> None:
    document = ward.document("INVISIBLE_REPRESENTANTS_LEGAUX")
    refused(ward, "show", document)
    ward.set_record(birth_date="2015-06-01")
    done(ward, "show", document)
    assert ward.codes(document) == {"N"}


def test_what_is_so_already_is_refused(ward: Ward) -> None:
    document = ward.document("MASQUE_PS")
    refused(ward, "mask", document)
