"""What keeps a message out before responsibility is taken: the matrix of MSSanté, addresses, who sends (G-07, G-08)."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.rehearsal import Rehearsal
from samples.documents.laboratory_report import laboratory_report
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import mdm, oru

from ..hl7v2.laboratory import Bench, Receiver, environment, eventually, open_bench
from .post import Post, for_mssante, fresh, mailbox_of

COMBINATIONS: dict[str, tuple[bool, bool, dict[str, str], bool]] = {
    # who is written to: professional, patient; what is said besides; whether the matrix has it
    "row 1, professional and patient": (True, True, {}, True),
    "row 1, and the DMP": (True, True, {"DESTDMP": "Y"}, True),
    "row 2, professional, hidden from the patient": (True, False, {"INVISIBLE_PATIENT": "Y"}, True),
    "row 3, patient": (False, True, {}, True),
    "row 3, patient, masked to professionals": (False, True, {"MASQUE_PS": "Y"}, True),
    "the DMP alone is no matter of the matrix": (False, False, {"DESTDMP": "Y"}, True),
    "professional, visible to the patient": (True, False, {}, False),
    "professional, visible to the patient, and the DMP": (True, False, {"DESTDMP": "Y"}, False),
    "professional and patient, masked to professionals": (True, True, {"MASQUE_PS": "Y"}, False),
    "patient, and the DMP": (False, True, {"DESTDMP": "Y"}, False),
}


@pytest.fixture(scope="module")
def strict(tmp_path_factory: Any) -> Iterator[Bench]:
    """A house that refuses what is outside of the matrix; it names no server, and writes letters as files."""
    receiver, directory = Receiver(), tmp_path_factory.mktemp("strict")
    surroundings = {**environment(receiver, directory / "data"), "ECLUSE_HL7V2_MSS_MATRIX": "strict"}
    house = Rehearsal(surroundings, directory=directory)
    try:
        yield open_bench(house, receiver)
    finally:
        house.stop()
        receiver.close()
        from gateway.database.embedded import EmbeddedPostgres

        EmbeddedPostgres(house.data / "postgres").destroy()


def message_of(patient: Any, case: str) -> Any:
    professional, to_patient, said, _ = COMBINATIONS[case]
    return for_mssante(patient, *([fresh()] if professional else []), to_patient=to_patient, **said)


@pytest.mark.parametrize("case", COMBINATIONS)
def test_what_is_outside_of_the_matrix_is_taken_with_a_warning(post: Post, admitted: Any, case: str) -> None:
    message = message_of(admitted, case)

    answer = post.bench.send(message)

    assert answer.code == "AA", answer.errors
    warned = any("H-20" in error for error in answer.errors)
    assert warned is not COMBINATIONS[case][3]
    assert post.bench.settled(message)[0] == "DONE"


@pytest.mark.parametrize("case", COMBINATIONS)
def test_what_is_outside_of_the_matrix_is_refused_where_the_house_is_strict(
    strict: Bench, new_scene: Any, case: str
) -> None:
    patient = new_scene(strict.house).patient
    answer = strict.send(message_of(patient, case))

    in_matrix = COMBINATIONS[case][3]
    assert answer.code == ("AA" if in_matrix else "AE")
    assert any("H-20" in error for error in answer.errors) is not in_matrix


@pytest.mark.parametrize("professional", [True, False], ids=["with a professional", "alone"])
def test_what_the_patient_may_not_see_is_not_sent_to_him(post: Post, admitted: Any, professional: bool) -> None:
    doctor = fresh()
    message = for_mssante(
        admitted, *([doctor] if professional else []), to_patient=True, INVISIBLE_PATIENT="Y", DESTDMP="Y"
    )

    answer = post.bench.send(message)

    assert answer.code == "AE"
    assert any("H-14" in error for error in answer.errors)
    assert post.box.to(mailbox_of(admitted)) == post.box.to(doctor) == []
    assert post.bench.rows("SELECT 1 FROM ecluse.inbox WHERE control_id = %s", message.at("MSH^1^10")) == []


@pytest.mark.parametrize(
    "address",
    [
        "claire@hopital.mssante.fr, x@y.fr",
        "Claire <c@h.fr>",
        "claire@",
        "clé@hopital.fr",
        "a@b.fr\\X0D\\\\X0A\\RCPT TO:<x@y.fr>",
    ],
)
def test_an_address_that_is_none_is_refused(post: Post, admitted: Any, address: str) -> None:
    message = for_mssante(admitted, address, INVISIBLE_PATIENT="Y")

    answer = post.bench.send(message)

    assert answer.code == "AE"
    assert any("PRT-15" in error for error in answer.errors), answer.errors


STRANGERS: dict[str, tuple[Callable[[Er7, Any], Er7], str]] = {
    # what is somebody else's, and where it is told
    "the recipient": (
        lambda made, other: made.edited("PRT^2^5", lambda person: f"{other.ins}{person[len(other.ins) :]}"),
        "E PRT^2^5",
    ),
    "the mailbox": (
        lambda made, other: made.with_field("PRT^2^15", f"^^X.400^{mailbox_of(other)}"),
        "E PRT^2^15",
    ),
    "the document": (lambda made, other: _carrying(made, laboratory_report(other)), "E PID^1^3"),
    "the document, of a patient known by a local number": (
        lambda made, other: _carrying(made, laboratory_report(other)).edited("PID^1^3", lambda ids: ids.split("~")[0]),
        "E PID^1^3",
    ),
    "the mailbox of a professional": (
        lambda made, other: made.metadata("DESTMSSANTEPS", "Y").after(
            "PRT^2",
            f"PRT||UC||RCT^^participation|{made.at('PRT^1^5')}||||||||||^^X.400^{mailbox_of(other)}",
        ),
        "E PRT^3^15",
    ),
}


def _told(bench: Bench, message: Er7) -> tuple[str, list[str]]:
    """The code of the acknowledgement (MSA-1), and severity and place of each ERR."""
    with bench.client() as client:
        segments = [line.split("|") for line in client.send(message.bytes).decode().split("\r")]
    (code,) = [one[1] for one in segments if one[0] == "MSA"]
    return code, [f"{one[4]} {one[2]}" for one in segments if one[0] == "ERR"]


def _carrying(made: Er7, document: bytes) -> Er7:
    return made.edited("OBX^1^5", lambda field: f"{field.rpartition('^')[0]}^{b64encode(document).decode()}")


@pytest.mark.parametrize("make", [oru, mdm])
@pytest.mark.parametrize("case", STRANGERS)
def test_what_is_somebody_else_s_leaves_for_no_mailbox_in_a_sandbox_either(
    post: Post, admitted: Any, new_scene: Any, case: str, make: Callable[..., Er7]
) -> None:
    other = new_scene(post.house).patient
    change, place = STRANGERS[case]
    good = make(
        laboratory_report(admitted),
        patient=admitted,
        said={"DESTDMP": "N", "DESTMSSANTEPAT": "Y"},
        to_patient=True,
    )
    message = change(good, replace(other, local_id=f"IPP{other.nir}"))

    code, errors = _told(post.bench, message)

    assert code == "AE"
    assert place in errors
    assert post.bench.rows("SELECT 1 FROM ecluse.inbox WHERE control_id = %s", message.at("MSH^1^10")) == []
    assert post.box.to(mailbox_of(admitted)) == post.box.to(mailbox_of(other)) == []


def test_a_recipient_that_is_nobody_s_ins_is_warned_of_in_a_sandbox(post: Post, admitted: Any) -> None:
    """As a published example writes it."""
    good = for_mssante(admitted, to_patient=True)
    message = good.edited("PRT^2^5", lambda person: f"27707{person}").with_field(
        "PRT^2^15", f"^^X.400^27707{mailbox_of(admitted)}"
    )

    code, errors = _told(post.bench, message)

    assert code == "AA"
    assert errors == ["W PRT^2^5", "W PRT^2^15"]
    assert post.settled(message)[0][:2] == ("PATIENT", "DONE")


def test_who_names_another_structure_writes_to_nobody(post: Post, admitted: Any) -> None:
    doctor = fresh()
    message = for_mssante(admitted, doctor, INVISIBLE_PATIENT="Y")

    answer = post.bench.send(message, name="chu-seine")

    assert answer.code == "AE"
    assert any("PRT SB" in error for error in answer.errors), answer.errors
    assert post.box.to(doctor) == []


def test_without_a_server_letters_of_a_sandbox_are_files(strict: Bench, new_scene: Any) -> None:
    doctor = fresh()
    message = for_mssante(new_scene(strict.house).patient, doctor, INVISIBLE_PATIENT="Y")

    strict.done(message)

    zams = eventually(lambda: [one for one in strict.receiver.of(message.at("MSH^1^10")) if one.event == "Z02"])
    assert [(one.address, one.verdict) for one in zams] == [(doctor, "Y")]
    files = [
        path for path in Path(strict.house.data / "mssante" / "out").iterdir() if doctor.encode() in path.read_bytes()
    ]
    assert [path.suffix for path in files] == [".eml"]
    assert files[0].stat().st_mode & 0o077 == 0
