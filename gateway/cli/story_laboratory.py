"""A chapter of the demonstration: a laboratory sends its report by HL7 v2, and opposition stops the next one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

from gateway.cli.rehearsal import Rehearsal
from gateway.cli.story_step import Step, Told
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import SamplePatient
from samples.feed import MllpClient
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import oru, pam
from xds.hl7v2.acknowledgement_reading import read_acknowledgement
from xds.hl7v2.received_acknowledgement import AckCode

_LABORATORY = "labo-rhone"
_PATIENCE = 60.0


def laboratory_chapter(house: Rehearsal, patient: SamplePatient) -> Iterator[Step]:
    """`dr-essai` is authorised on the record, which has documents."""
    with closing(house.professional("dr-essai", patient.cx)) as doctor:
        before = set(doctor.find_documents(patient.cx).unique_ids)
        report = oru(laboratory_report(patient), patient=patient)
        yield _said(
            house, ("the laboratory sends its report by HL7 v2", "le laboratoire envoie son CR en HL7 v2"), report
        )
        yield Step(
            (
                "the listener deposits it, sealed for the laboratory",
                "l'écouteur le dépose, scellé au nom du laboratoire",
            ),
            "done",
            _outcome(house, report),
        )
        added = set(doctor.find_documents(patient.cx).unique_ids) - before
        yield Step(("the doctor finds it", "le médecin le trouve"), "1 document", f"{len(added)} document")
        yield _said(house, ("the same message again is done once", "le même message n'est traité qu'une fois"), report)
        spoiled = oru(laboratory_report(patient), patient=patient).with_field("ORC^1^1", "CA")
        yield _said(
            house,
            ("a report whose order and status disagree is refused", "un CR dont l'ordre contredit l'état est refusé"),
            spoiled,
            "AE",
        )
        opposed = pam("IO", "INC", patient=patient)
        yield _said(house, ("the patient opposes feeding: PAM says so", "le patient s'oppose : PAM le dit"), opposed)
        _outcome(house, opposed)
        last = oru(laboratory_report(patient), patient=patient)
        yield _said(house, ("the next report is taken…", "le CR suivant est pris en charge…"), last)
        yield Step(
            ("…and does not reach the record", "… et n'atteint pas le dossier"),
            "SBX_FEEDING_OPPOSED",
            _outcome(house, last),
        )


def _said(house: Rehearsal, told: Told, message: Er7, expected: str = "AA") -> Step:
    """The line of an acknowledgement; `detail` is its first error."""
    door = house.doors["hl7v2"]
    address = urlsplit(door.url)
    holder = house.credential(f"{_LABORATORY}.auth")
    with MllpClient(str(address.hostname), int(address.port or 0), holder, door.ca) as client:
        answer = read_acknowledgement(client.send(message.bytes))
    return Step(told, expected, answer.code.value, "" if answer.code is AckCode.AA else answer.errors[0])


def _outcome(house: Rehearsal, message: Er7) -> str:
    """What became of a message that was taken: `done`, or the code that its ZAM says."""
    deadline = time.monotonic() + _PATIENCE
    with closing(house.owner()) as connection:
        while time.monotonic() < deadline:
            row = connection.execute(
                "SELECT outcome FROM ecluse.inbox WHERE control_id = %s AND state <> 'WAITING'"
                " ORDER BY received_at DESC LIMIT 1",
                (message.at("MSH^1^10"),),
            ).fetchone()
            if row is not None:
                return str(row[0])
            time.sleep(0.05)
    return "waiting"
