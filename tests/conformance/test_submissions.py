from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from lxml import etree

from cda.document import UnreadableDocument
from conformance.catalogue import METADATA_DMP, METADATA_IHE
from conformance.checks import metadata
from conformance.report import Severity
from conformance.submissions import validate_submission
from profiles.rule_texts import rule_texts
from samples.documents.patients import CLAIRE, PAUL
from samples.documents.vsm import vsm
from samples.submission import Submission, build_submission
from xds.ebrim.constants import XDS
from xds.metadata.codes import Code

CONTENT = vsm(unique_id="2.25.7")
ENVELOPE = (
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/>\n<s:Body>%s</s:Body></s:Envelope>'
)


@pytest.fixture(scope="module")
def lot(pki) -> Submission:
    return build_submission([CONTENT], signer=pki.certificate("chu-seine.sign"), now=datetime.now(UTC))


def message(lot: Submission) -> bytes:
    """An ITI-41 with its documents in base64."""
    root = etree.Element(f"{{{XDS}}}ProvideAndRegisterDocumentSetRequest", nsmap={"x": XDS})
    root.append(lot.xml)
    for name, content in lot.contents.items():
        etree.SubElement(root, f"{{{XDS}}}Document", id=name).text = b64encode(content).decode()
    return etree.tostring(root)


def source_at(content: bytes, line: int, column: int) -> str:
    return content.decode().splitlines()[line - 1][column - 1 :]


def test_a_good_lot_is_valid_bare_and_in_its_envelope(lot):
    for content in (message(lot), ENVELOPE % message(lot)):
        report = validate_submission(content)

        assert report.findings == ()
        assert report.profile == METADATA_DMP


def test_a_fault_of_the_metadata_points_to_the_line_of_the_message(lot):
    content = message(lot.with_entry(0, type_code=Code("NOTHING", "1.2.3", "x")))

    findings = {one.rule: one for one in validate_submission(content).findings}

    finding = findings["O6"]
    assert (finding.severity, finding.layer) == (Severity.ERROR, "metadata")
    assert finding.path.endswith("/RegistryObjectList/ExtrinsicObject[1]/Classification[8]")
    assert source_at(content, finding.line, finding.column).startswith("<")
    assert "Classification" in source_at(content, finding.line, finding.column)[:40]
    assert finding.found == "NOTHING^^1.2.3"
    assert finding.expected
    assert finding.message != finding.message_en
    assert finding.hint
    assert findings["AGR-TYPECODE"].layer == "agreement"


def test_a_missing_attribute_is_told_at_the_object_that_lacks_it(lot):
    content = message(lot).replace(b'name="creationTime"', b'name="urn:x:none"', 1)

    finding = next(one for one in validate_submission(content).findings if one.rule == "O1")

    assert "ExtrinsicObject" in source_at(content, finding.line, finding.column)[:30]


def test_a_document_is_compared_with_its_entry(lot):
    wrong = lot.with_entry(0, title="Autre", patient_id=PAUL.cx)

    findings = [one for one in validate_submission(message(wrong)).findings if one.layer == "agreement"]

    assert {one.rule: str(one.severity) for one in findings} == {"AGR-PATIENT": "error", "AGR-TITLE": "warning"}
    title = next(one for one in findings if one.rule == "AGR-TITLE")
    assert title.path == "Document01/ClinicalDocument/title"
    assert source_at(CONTENT, title.line, title.column).startswith("<title>")
    assert CLAIRE.ins not in str(findings)


def test_documents_beside_the_message_are_found_by_their_uniqueid(lot):
    content = etree.tostring(lot.with_entry(0, title="Autre", repository_unique_id="1.2.3").xml)

    report = validate_submission(content, documents={"vsm.xml": CONTENT})

    assert [one.path for one in report.findings if one.rule == "AGR-TITLE"] == ["vsm.xml/ClinicalDocument/title"]


def test_a_document_that_no_entry_describes_is_an_error(lot):
    other = vsm(unique_id="2.25.8")

    findings = validate_submission(message(lot), documents={"other.xml": other}).findings

    assert [(one.rule, one.path) for one in findings] == [("AGR-ENTRY", "other.xml")]


def test_hash_and_size_are_those_of_the_bytes_that_came_along(lot):
    wrong = replace(lot, entries=(replace(lot.entries[0], hash="0" * 40, size=3), *lot.entries[1:]))

    rules = {one.rule for one in validate_submission(message(wrong)).findings}

    assert rules == {"HASH", "SIZE"}


def test_rules_are_those_of_the_transaction(lot):
    bare = etree.tostring(lot.with_entry(0, hash=None, size=None).xml)

    rules = [one.expected for one in validate_submission(bare, METADATA_IHE).findings if one.rule == "O1"]

    assert any("hash" in (text or "") for text in rules)
    assert not any("hash" in (one.expected or "") for one in validate_submission(message(lot)).findings)


def test_the_rules_of_the_dmp_are_not_those_of_a_generic_domain(lot):
    content = message(lot.with_entry(0, language_code="de-DE"))

    assert "DMP-LANGUAGE" in {one.rule for one in validate_submission(content, METADATA_DMP).findings}
    assert "DMP-LANGUAGE" not in {one.rule for one in validate_submission(content, METADATA_IHE).findings}


@pytest.mark.parametrize("content", [b"", b"%PDF-1.4", CONTENT, b"<x/>", ENVELOPE % b"<y/>"])
def test_what_is_no_submission_is_not_judged(content):
    with pytest.raises(UnreadableDocument):
        validate_submission(content)


def test_every_rule_on_messages_speaks_two_languages_and_gives_advice():
    texts = rule_texts("xds_metadata")

    assert {rule.id for rule in metadata.RULES} <= set(texts)
    for rule, text in texts.items():
        assert text.source, rule
        assert text.message != text.message_en, rule
        assert text.hint != text.hint_en, rule
