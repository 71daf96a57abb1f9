"""Our engine against the reference implementation of ISO Schematron, the XSLT that lxml carries."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files

import pytest
from lxml import etree, isoschematron

from cda.document import parse_document
from conformance.schematron.findings import check_schemas
from conformance.schematron.functions import EXTENSIONS
from conformance.validate import PROFILES, VSM_2023
from samples.documents.faults import break_rule
from samples.documents.header_faults import HEADER_FAULTS
from samples.documents.vsm import vsm
from samples.documents.vsm_faults import VSM_FAULTS
from security import xml

SVRL = "{http://purl.oclc.org/dsdl/svrl}"
FAULTS = {**HEADER_FAULTS, **VSM_FAULTS}
SUMMARY = vsm(unique_id="2.25.7")


@pytest.fixture(scope="module")
def reference() -> Iterator[object]:
    """Verdicts of the reference implementation: the ids of the rules that speak. It needs our functions by name."""
    for (namespace, name), function in EXTENSIONS.items():
        etree.FunctionNamespace(namespace)[name] = function
    schemas = [
        isoschematron.Schematron(
            xml.parse(files(f"profiles.{one.package}").joinpath(f"{one.name}.sch").read_bytes()), store_report=True
        )
        for one in PROFILES[VSM_2023].schemas
    ]

    def verdict(content: bytes) -> list[str]:
        found: list[str] = []
        for schema in schemas:
            schema.validate(xml.parse(content, xml.DOCUMENT))
            report = schema.validation_report
            found += [one.get("id") for one in report.iter(f"{SVRL}failed-assert", f"{SVRL}successful-report")]
        return sorted(found)

    yield verdict
    for namespace, name in EXTENSIONS:
        del etree.FunctionNamespace(namespace)[name]


def ours(content: bytes) -> list[str]:
    found = check_schemas(parse_document(content), PROFILES[VSM_2023].schemas)
    return sorted(one.rule for one in found)


def test_both_accept_the_sample(reference):
    assert reference(SUMMARY) == []


@pytest.mark.parametrize("rule", sorted(FAULTS)[::60])
def test_both_give_the_same_verdict_on_a_twin(reference, rule):
    twin = break_rule(SUMMARY, rule, FAULTS)

    assert reference(twin) == ours(twin)


def test_both_give_the_same_verdict_on_a_document_full_of_faults(reference):
    content = SUMMARY
    for right, wrong in (
        (b'"2.16.840.1.113883.6.1"', b'"1.2.3"'),
        (b'"completed"', b'"x"'),
        (b'"CD"', b'"CE"'),
        (b'"tel:', b'"'),
        (b"<reference", b"<ref"),
        (b"originalText", b"text"),
    ):
        content = content.replace(right, wrong)

    verdict = reference(content)

    assert len(verdict) > 50
    assert verdict == ours(content)
