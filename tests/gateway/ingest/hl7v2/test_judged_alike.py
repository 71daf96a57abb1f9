"""The door and `ecluse validate` say the same of a message of HL7 v2: the same rules, at the same places."""

from __future__ import annotations

import pytest

from conformance.carried import AGREEMENT
from conformance.messages import MESSAGE, RESULTS, validate_message
from conformance.report import Severity
from gateway.ingest.hl7v2.judging import judged
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import mdm, oru, pam
from samples.hl7v2.plain import results
from xds.hl7v2.faults import Severity as Grade
from xds.hl7v2.terms import Terms

RESULT = ("NM|4548-4^HbA1c^LN||7.2|%^^UCUM|||||F",)
MESSAGES = {
    "results": results(),
    "a unit of nobody": results().with_field("OBX^1^6", "points"),
    "no number": results(RESULT).with_field("OBX^1^5", "sept"),
    "no laboratory": results(RESULT).with_field("OBX^1^23", ""),
    "no place of birth": results(RESULT).with_field("PID^1^11", ""),
    "a patient who is not qualified": results().with_field("PID^1^32", "PROV"),
    "a fault of HL7 and one of a result": results(RESULT).without("PV1^1").with_field("OBX^1^5", "sept"),
    "a comment of nothing": results().after("PID^1", "NTE|1|L|Du patient"),
    "a correction": results(RESULT).with_field("OBR^1^25", "C"),
    "no result at all": results().without("OBX^1"),
    "a document": oru(),
    "a document of another id": mdm().with_field("TXA^1^12", "1.2.3"),
    "a wrong class of patient": oru().with_field("PV1^1^2", "P"),
    "a consent": pam(),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_both_tell_the_same_faults_at_the_same_places(name: str) -> None:
    message: Er7 = MESSAGES[name]
    terms = Terms()

    reading, report = judged(message.bytes, terms), validate_message(message.bytes, terms)

    of_message = [one for one in report.findings if one.layer in (MESSAGE, RESULTS, AGREEMENT)]
    assert sorted((one.rule, one.path, one.severity is Severity.ERROR) for one in of_message) == sorted(
        (one.rule, one.location, one.severity is Grade.ERROR) for one in reading.faults
    )
    assert report.valid == reading.accepted


def test_the_document_that_both_make_is_the_same_and_is_judged() -> None:
    message = results()

    report = validate_message(message.bytes)

    assert {layer.name for layer in report.layers if layer.asked} >= {"results", "agreement", "structure", "header"}
    assert judged(message.bytes, Terms()).accepted
