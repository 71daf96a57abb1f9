"""Results without a document are in the DMP as the document that they make, or refused with all that is missing."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from cda.document import parse_document
from cda.header import read_header
from conformance.validate import validate
from gateway.cli.story import REPOSITORY
from samples.hl7v2.plain import RESULTS, results


def test_results_are_a_document_that_a_doctor_finds_and_reads(bench: Any, patient: Any) -> None:
    message = results(patient=patient)

    bench.done(message)

    (unique_id,) = bench.documents(patient)
    assert bench.documents(patient) == {unique_id: ("APPROVED", ["N"])}
    with closing(bench.house.professional("dr-essai", patient.cx)) as doctor:
        (read,) = doctor.retrieve([(REPOSITORY, unique_id)]).documents
    assert validate(read.content).valid
    assert read_header(parse_document(read.content)).unique_id == unique_id


def test_results_sent_twice_are_one_document(bench: Any, patient: Any) -> None:
    message = results(patient=patient)
    bench.done(message)
    bench.done(message)
    assert len(bench.documents(patient)) == 1


def test_results_with_something_that_nobody_may_invent_are_refused_with_its_place(bench: Any, patient: Any) -> None:
    message = results((RESULTS[0].replace("||7.2|", "||sept|"),), patient=patient)

    answer = bench.send(message)

    assert answer.code == "AE"
    assert any("not a number" in error for error in answer.errors)
    assert bench.documents(patient) == {}
