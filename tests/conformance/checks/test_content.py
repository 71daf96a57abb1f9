from __future__ import annotations

from dataclasses import replace

import pytest

from cda.document import parse_document
from cda.header import read_header
from cda.to_metadata import to_entry
from conformance.catalogue import LEVEL_1, VSM_2023
from conformance.checks.content import FINDINGS_AT_MOST, ContentPolicy, check_content
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from xds.errors import Severity, XdsErrorCode
from xds.metadata.codes import Code

CONTENT = vsm(unique_id="2.25.7")
STRICT = ContentPolicy()
WRONG_REPORT = laboratory_report().replace(b'<realmCode code="FR"/>', b'<realmCode code="US"/>')


def entry_of(content: bytes):
    return to_entry(read_header(parse_document(content)), content, entry_uuid="Document01")


def judged(content: bytes, policy: ContentPolicy = STRICT):
    return check_content(entry_of(content), parse_document(content), policy)


def test_a_valid_summary_is_accepted():
    assert judged(CONTENT) == ()


def test_each_finding_of_an_invalid_summary_is_an_error_that_says_where():
    (error,) = judged(vsm(unique_id="2.25.7", breaking="VSM-CODE"))

    assert error.code is XdsErrorCode.INVALID_DOCUMENT_CONTENT
    assert error.context.startswith("2.25.7: VSM-CODE /ClinicalDocument/code (line ")
    assert error.context.endswith("Found 34133-9, 2.16.840.1.113883.6.1, expected SYNTH, 1.2.250.1.213.1.1.4.12")


def test_a_warning_of_the_profile_refuses_nothing():
    assert judged(vsm(breaking="VSM-PCP")) == ()


def test_a_document_that_only_claims_to_be_a_summary_is_judged_as_one():
    content = laboratory_report()
    claimed = replace(entry_of(content), format_code=Code("urn:asip:ci-sis:vsm:2012", "1.2.250.1.213.1.1.4.2.282"))

    assert any("VSM-TPL" in error.context for error in check_content(claimed, parse_document(content), STRICT))
    assert judged(content) == ()


def test_a_profile_that_is_only_reported_refuses_nothing_and_says_all():
    reported = ContentPolicy(reported=frozenset((LEVEL_1,)))

    assert judged(WRONG_REPORT) == ()
    (error,) = judged(WRONG_REPORT, reported)
    assert error.severity is Severity.WARNING
    assert "HDR-realmCode-MIN" in error.context


def test_any_profile_may_refuse():
    (error,) = judged(WRONG_REPORT, ContentPolicy(refused=frozenset((LEVEL_1,))))

    assert error.severity is Severity.ERROR


@pytest.mark.parametrize("rules", [{"VSM-CODE"}, {"VSM-*"}, {"HDR-realmCode-MIN", "VSM-C*"}])
def test_a_rule_may_be_reported_and_not_refuse(rules):
    content = vsm(unique_id="2.25.7", breaking="VSM-CODE")

    (error,) = judged(content, ContentPolicy(only_reported=frozenset(rules)))

    assert error.severity is Severity.WARNING


def test_a_profile_that_is_neither_refused_nor_reported_is_not_judged():
    assert judged(vsm(breaking="VSM-CODE"), ContentPolicy(refused=frozenset())) == ()
    assert VSM_2023 in STRICT.refused


def test_too_many_findings_are_counted_not_listed():
    content = CONTENT
    for right, wrong in (
        (b'"2.16.840.1.113883.6.1"', b'"1.2.3"'),
        (b'"completed"', b'"x"'),
        (b'"CD"', b'"CE"'),
        (b'"tel:', b'"'),
        (b"<reference", b"<ref"),
        (b"originalText", b"text"),
    ):
        content = content.replace(right, wrong)

    errors = judged(content)

    assert len(errors) == FINDINGS_AT_MOST + 1
    assert errors[-1].context.endswith("more findings are not listed")


def test_many_warnings_hide_no_error():
    content = CONTENT.replace(b'<statusCode code="completed"/>', b"", 1)
    author = content[content.index(b"<author>") : content.index(b"</author>") + len(b"</author>")]
    warned = author + author.replace(b"<author>", b'<author><templateId root="1.2.3"/>') * 1_500

    errors = judged(content.replace(author, warned, 1))

    assert ["ENT-PROBLEM-STATUS" in error.context for error in errors] == [True]
