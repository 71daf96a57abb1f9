from __future__ import annotations

from importlib.resources import files

import pytest

from conformance.validate import HEADER, LEVEL_1, validate
from profiles.document_types import recognition_schema
from profiles.document_types.types import XDS_SD, document_types
from samples.documents.document_types import DOCUMENT_TYPES_TWINS, documents_by_type


@pytest.mark.parametrize(
    ("kind", "made"), [pytest.param(*one, id=f"{one[0].model} {one[0].extension}") for one in documents_by_type()]
)
def test_a_good_document_of_each_type_breaks_no_rule(kind, made):
    report = validate(made())

    assert report.profile == (LEVEL_1 if kind.template == XDS_SD else HEADER)
    assert [one.rule for one in report.findings if one.rule.startswith("DOC-")] == []
    assert report.errors == ()


def test_making_the_schema_again_changes_nothing():
    kept = files("profiles.document_types").joinpath("recognition.sch").read_text("utf-8")

    assert kept == recognition_schema.schema()
    assert "python -m profiles.document_types.recognition_schema" in kept


def test_what_the_official_model_compares_is_an_error_and_the_rest_a_warning():
    severities = {}
    for twin in DOCUMENT_TYPES_TWINS:
        findings = validate(twin.content(), twin.profile).findings
        severities[twin.rule] = next(str(one.severity) for one in findings if one.rule == twin.rule)

    assert severities["DOC-LDL-SES-CODE"] == "error"
    assert severities["DOC-LDL-SES-SYSTEM"] == "warning"
    assert severities["DOC-LDL-SES-VERSION"] == "warning"
    assert severities["DOC-CNAM-HR-VERSION"] == "error"
    assert severities["DOC-DLU-FT-SU-CODE"] == "warning"
    assert severities["DOC-UNKNOWN-MODEL"] == "warning"


def test_every_code_of_the_table_is_that_of_a_published_document_type():
    table = files("profiles.value_sets").joinpath("JDV_J07_XdsTypeCode_CISIS.csv").read_text("utf-8")
    published = {tuple(line.split(",")[:2]) for line in table.splitlines()}

    unpublished = {one.model for one in document_types() if one.code and (one.code, one.code_system) not in published}
    assert unpublished == set()


def test_no_type_is_told_twice():
    keys = [(one.template, one.extension, one.code) for one in document_types() if one.template]

    assert len(keys) == len(set(keys))
