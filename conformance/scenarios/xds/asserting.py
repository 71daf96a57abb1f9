"""Cross-Enterprise User Assertion: what is believed, and what is answered by a fault (ITI TF-2 §3.40)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from lxml import etree

from conformance.scenarios.bench import ELSEWHERE, Bench
from conformance.scenarios.model import Play, Step, Table
from conformance.scenarios.steps import accepted, counted, same
from conformance.scenarios.voice import Voice
from samples.client.answers import RegistryAnswer, SoapFault
from samples.client.queries import APPROVED, QueryId
from samples.xds.submission import XdsSubmission, one_document
from samples.xua import NURSE, TREATMENT
from security.xua.model import Coded

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
HOUR = timedelta(hours=1)
COOK = Coded(code="159298001", system=NURSE.system, display="Cook")
MARKETING = Coded(code="MARKETING", system=TREATMENT.system, display="Marketing")
UNSPECIFIED = "urn:oasis:names:tc:SAML:2.0:ac:classes:unspecified"
Changes = Callable[[datetime], Mapping[str, Any]]
Call = Callable[[Voice, XdsSubmission], RegistryAnswer]


def _no_statement(assertion: etree._Element) -> None:
    for statement in assertion.findall(f"{{{SAML}}}AuthnStatement"):
        assertion.remove(statement)


def _with_consent(assertion: etree._Element) -> None:
    for statement in assertion.findall(f"{{{SAML}}}AttributeStatement"):
        attribute = etree.SubElement(statement, f"{{{SAML}}}Attribute", Name="urn:ihe:iti:xua:2012:acp")
        etree.SubElement(attribute, f"{{{SAML}}}AttributeValue").text = "urn:oid:1.2.3.4"


BELIEVED: Mapping[str, tuple[str, Changes]] = {
    "a right assertion": ("", lambda _: {}),
    "an assertion with a consent": ("withauthzconsent", lambda _: {"before_signing": _with_consent}),
}
REFUSED: Mapping[str, tuple[str, Changes]] = {
    "an expired assertion": (
        "expired",
        lambda now: {"issue_instant": now - 3 * HOUR, "not_before": now - 3 * HOUR, "not_on_or_after": now - 2 * HOUR},
    ),
    "an assertion not valid yet": (
        "notyetvalid",
        lambda now: {"not_before": now + HOUR, "not_on_or_after": now + 2 * HOUR},
    ),
    "an unsigned assertion": ("unsigned", lambda _: {"signed": False}),
    "an assertion for somebody else": ("unknownaudience", lambda _: {"audience": [["https://elsewhere.example"]]}),
    "an assertion without AuthnStatement": ("invalidauthnstatement", lambda _: {"before_signing": _no_statement}),
    "a role that the house does not believe": ("secondrole", lambda _: {"roles": [COOK]}),
    "a purpose of use that it does not believe": ("secondpurposeofuse", lambda _: {"purpose": MARKETING}),
    "a way to authenticate that it does not believe": ("secondauthncontext", lambda _: {"authn_context": UNSPECIFIED}),
}
"""What is said, and the ending of the tests of the toolkit that say it."""
CALLS: Mapping[str, tuple[str, str, Call]] = {
    "ITI-41": ("Document Repository", "11966", lambda voice, lot: voice.ingest.provide_and_register(lot)),
    "ITI-42": ("Document Registry", "11990", lambda voice, lot: voice.ingest.register(lot.in_repository(ELSEWHERE))),
    "ITI-18": (
        "Document Registry",
        "11897",
        lambda voice, lot: voice.consultation.find_documents(lot.patient_id),
    ),
}


def _believed(call: Call, changes: Changes) -> Play:
    def play(bench: Bench) -> Iterator[Step]:
        patient = bench.patient()
        said = {"patient": patient.cx, **changes(datetime.now(UTC))}
        with bench.voice.saying(**said) as voice:
            yield accepted("ask", call(voice, one_document(patient)))

    return play


def _refused(call: Call, changes: Changes) -> Play:
    def play(bench: Bench) -> Iterator[Step]:
        patient = bench.patient()
        lot = one_document(patient)
        said = {"patient": patient.cx, **changes(datetime.now(UTC))}
        try:
            with bench.voice.saying(**said) as voice:
                got = f"an answer, {call(voice, lot).status.rpartition(':')[2]}"
        except SoapFault:
            got = "a fault"
        yield same("ask", "a fault", got)
        found = bench.query(QueryId.FIND_DOCUMENTS, patient_id=patient.cx, status=APPROVED)
        yield counted("nothing is found", found)

    return play


TABLES: list[Table] = []
for _transaction, (_actor, _number, _call) in CALLS.items():
    _table = Table(_actor, f"{_transaction} with ITI-40", asserted=True)
    TABLES.append(_table)
    _rows = [(*row, _believed, "is believed") for row in BELIEVED.items()]
    _rows += [(*row, _refused, "is a fault") for row in REFUSED.items()]
    for _rank, (_title, (_ending, _changes), _play, _what) in enumerate(_rows, start=1):
        _tests = (f"{_number}_{_ending}",) if _ending else ()
        _table.add(
            f"A.{_transaction[4:]}.{_rank}", f"{_title[0].upper()}{_title[1:]} {_what}", _tests, _play(_call, _changes)
        )
