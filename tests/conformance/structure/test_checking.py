"""check_structure finds every fault of structure, says where and what to do, and names no patient."""

from __future__ import annotations

import re
from random import Random

import pytest
from lxml import etree

from cda.document import parse_document
from conformance.report import Finding, Severity
from conformance.structure.checking import LAYER, check_structure, schema
from conformance.structure.explaining import explain
from conformance.structure.rules import RULES
from samples.documents.discharge_letter import discharge_letter
from samples.documents.ips_fr import ips_fr
from samples.documents.laboratory_report import laboratory_report
from samples.documents.structure_faults import STRUCTURE_TWINS
from samples.documents.vsm import vsm

GOOD = vsm()
XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'


def check(content: bytes, at_most: int | None = None) -> tuple[Finding, ...]:
    return check_structure(parse_document(content), at_most)


def rules_of(content: bytes) -> list[str]:
    return [finding.rule for finding in check(content)]


@pytest.mark.parametrize("document", [vsm, discharge_letter, laboratory_report, ips_fr])
def test_a_good_document_has_no_fault(document) -> None:
    content = document()
    assert check(content) == ()
    assert list(explain(parse_document(content).root)) == []


@pytest.mark.parametrize(
    "name",
    [
        "BIO-CR-BIO_2024.01_TSH_1.xml",
        "CNAM-HR_2021.01.xml",
        "DLU-EHPAD-DLU_2022.01.xml",
        "DOC_NON_STRUCTURE_CDA-R2-N1.xml",
        "IMG_CR_IMG_2024.01.xml",
        "IMG_CR_IMG_2024.01_CDA-R2-Niveau-1.xml",
        "IPS-FR_2024.01.xml",
        "LDL-EES_2022.01.xml",
        "LDL-SES_2022.01.xml",
        "VAC_2023.01.xml",
        "VSM_1.4_2022.01.xml",
        "eP-MED-DM_2024.01_PosoNonStruct.xml",
        "own/VSM_2023.01_own.xml",
        "own/VSM_2023.01_own_minimal.xml",
        "own/VSM_2023.01_own_negations.xml",
    ],
)
def test_what_the_official_chain_accepts_has_no_fault(name: str, official) -> None:
    content = official(name)
    assert check(content) == ()
    assert list(explain(parse_document(content).root)) == []


@pytest.mark.parametrize("twin", STRUCTURE_TWINS, ids=lambda twin: twin.rule)
def test_each_rule_catches_its_own_fault_and_no_other(twin) -> None:
    assert rules_of(twin.content()) == [twin.rule]


def test_every_rule_has_a_twin() -> None:
    assert sorted(twin.rule for twin in STRUCTURE_TWINS) == sorted(RULES)


@pytest.mark.parametrize("twin", STRUCTURE_TWINS, ids=lambda twin: twin.rule)
def test_a_finding_says_all_in_both_languages(twin) -> None:
    (finding,) = check(twin.content())
    assert finding.severity is Severity.ERROR
    assert finding.layer == LAYER
    assert finding.path.startswith("/ClinicalDocument/")
    assert finding.line > 1
    for text in (finding.message, finding.message_en, finding.hint, finding.hint_en, finding.source):
        assert text
        assert not re.search(r"[{}]|  | ,|[.]{2}", text), text
    assert finding.message != finding.message_en


def test_every_fault_is_found_at_once_in_document_order() -> None:
    content = (
        GOOD.replace(b"<realmCode ", b'<realmCode colour="red" ', 1)
        .replace(b"<languageCode ", b"<zork/><languageCode ", 1)
        .replace(b"</structuredBody>", b"<component/></structuredBody>")
    )
    findings = check(content)
    assert [one.rule for one in findings] == ["CDA-ATTRIBUTE-UNKNOWN", "CDA-ELEMENT-UNKNOWN", "CDA-ELEMENT-MISSING"]
    assert [one.line for one in findings] == sorted(one.line for one in findings)
    assert findings[1].path == "/ClinicalDocument/zork"
    assert (findings[2].found, findings[2].expected) == (None, "section")


def test_a_misspelt_name_is_met_with_the_right_one() -> None:
    (finding,) = check(GOOD.replace(b"<setId ", b"<setID ", 1))
    assert finding.rule == "CDA-ELEMENT-UNKNOWN"
    assert "setId" in finding.hint
    assert "setId" in finding.hint_en
    (finding,) = check(GOOD.replace(b"<time ", b"<Time ", 1))
    assert "time" in finding.hint, "what is missing by the slip is not told as well"


@pytest.mark.parametrize(
    ("value", "good"),
    [
        ('xsi:type="ST"', True),
        ('xsi:type=" ST "', True),
        ('xmlns:hl7="urn:hl7-org:v3" xsi:type="hl7:ST"', True),
        ('xmlns:other="urn:example" xsi:type="other:ST"', False),
        ('xsi:type="none:ST"', False),
        ('xsi:type="st"', False),
        ('xsi:type="QTY"', False),
        ("", False),
    ],
)
def test_types_are_named_with_or_without_prefix(value: str, good: bool) -> None:
    marked = re.sub(rb'xsi:type="ST"', value.encode(), GOOD, count=1)
    assert marked != GOOD or value == 'xsi:type="ST"'
    assert (check(marked) == ()) is good


CODED = '<value {} code="I48.9" codeSystem="2.16.840.1.113883.6.3"><originalText>x</originalText></value>'
MEASURED = '<value {} value="15" unit="mg"/>'
BOUNDED = '<value {}><low value="5" unit="mg"/><high value="9" unit="mg"/></value>'


@pytest.mark.parametrize(
    ("value", "written", "found", "better"),
    [
        (CODED, "ST", "code, codeSystem", "CD"),
        (CODED, "PQ", "code, codeSystem", "CD"),
        (MEASURED, "CD", "value, unit", "PQ"),
        (MEASURED, "INT", "unit", "PQ"),
        (BOUNDED, "IVL_TS", "unit", "IVL_PQ"),
        (BOUNDED, "PQ", "low, high", "IVL_PQ"),
    ],
)
def test_what_follows_from_a_wrong_type_is_told_once_with_the_type_that_fits(
    value: str, written: str, found: str, better: str
) -> None:
    (one,) = check(_with_value(value.format(f'xsi:type="{written}"')))
    assert one.rule in ("CDA-ATTRIBUTE-UNKNOWN", "CDA-ELEMENT-UNKNOWN")
    assert one.found == found
    assert f'xsi:type="{better}"' in one.hint
    assert f'xsi:type="{better}"' in one.hint_en
    assert check(_with_value(value.format(f'xsi:type="{better}"'))) == ()


def test_where_no_type_fits_strange_things_are_told_together_and_the_type_is_doubted() -> None:
    findings = check(_with_value(CODED.format('xsi:type="PQ" zork="1"')))
    assert [(one.rule, one.found) for one in findings] == [
        ("CDA-ATTRIBUTE-UNKNOWN", "zork, code, codeSystem"),
        ("CDA-ELEMENT-UNKNOWN", "originalText"),
    ]
    assert all("ou corrigez xsi:type de value." in one.hint.lower() for one in findings)
    assert all("or correct xsi:type of value." in one.hint_en.lower() for one in findings)


def test_a_slip_in_a_name_is_no_reason_to_doubt_the_type() -> None:
    (one,) = check(_with_value(CODED.format('xsi:type="CD"').replace(" code=", " coed=")))
    assert one.hint_en == "Remove the attribute coed, or correct its name. Did you mean code?"


def test_an_element_with_very_many_faults_is_told_fault_by_fault() -> None:
    many = " ".join(f'a{number}="1"' for number in range(250))
    assert len(check(_with_value(f'<value xsi:type="CD" {many}/>'))) == 250


def _with_value(value: str) -> bytes:
    """The good document, its first value in place of another."""
    changed, times = re.subn(rb"<value [^>]*[^/]>.*?</value>", value.encode(), GOOD, count=1, flags=re.DOTALL)
    assert times == 1
    return changed


@pytest.mark.parametrize(
    ("right", "untyped", "named"),
    [
        (b'<effectiveTime xsi:type="IVL_TS">', b"<effectiveTime>", b"low, high"),
        (b'<effectiveTime xsi:type="PIVL_TS" operator="A">', b'<effectiveTime operator="A">', b"period"),
    ],
)
def test_a_data_type_that_is_not_named_is_told_once_with_the_type_that_fits(right, untyped, named) -> None:
    assert right in GOOD
    (one,) = check(GOOD.replace(right, untyped, 1))

    written = re.findall(rb'xsi:type="\w+"', right)[0].decode()
    assert (one.rule, one.found) == ("CDA-ELEMENT-UNKNOWN", named.decode())
    assert f"{written} sur effectiveTime" in one.hint
    assert f"{written} on effectiveTime" in one.hint_en


def test_blanks_alone_where_nothing_may_stand_are_told_with_their_number() -> None:
    (one,) = check(re.sub(rb'<low value="([0-9]+)"/>', rb'<low value="\1">  </low>', GOOD, count=1))

    assert (one.rule, one.found) == ("CDA-TEXT-MISPLACED", "… (2)")


def test_a_type_of_an_extension_is_that_of_its_namespace() -> None:
    def inside(written: str) -> bytes:
        order = f'<id root="1.2.3"/><p:accessionNumber xmlns:p="urn:dicom-org:ps3-20" {written} root="1.2"/>'
        whole = f"<inFulfillmentOf {XSI}><order>{order}</order></inFulfillmentOf><documentationOf"
        return GOOD.replace(b"<documentationOf", whole.encode(), 1)

    assert rules_of(inside("")) == []
    assert rules_of(inside('xsi:type="p:II"')) == []
    assert rules_of(inside('xsi:type="II"')) == ["CDA-TYPE-MISPLACED"]


def test_a_wrapped_document_is_judged_by_itself() -> None:
    inner = GOOD[GOOD.index(b"<ClinicalDocument") :]
    wrapper = b'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0">\n%s</xsl:stylesheet>'
    assert check(wrapper % inner) == ()
    (finding,) = check(wrapper % inner.replace(b"<realmCode ", b'<realmCode colour="red" ', 1))
    assert finding.path == "/ClinicalDocument/realmCode"


def test_a_document_gets_the_same_verdict_twice() -> None:
    anchors = re.findall(rb'ID="[^"]*"', GOOD)
    twice = parse_document(GOOD.replace(anchors[1], anchors[0], 1))
    assert [[one.rule for one in check_structure(twice)] for _ in range(3)] == [["CDA-ID-DUPLICATE"]] * 3


def test_what_identifies_a_person_is_never_shown() -> None:
    secrets = ["279035121518989", "SECRETNAME", "19791231x", "0612345678"]
    content = GOOD.replace(
        b"<recordTarget>",
        b'<recordTarget typeCode="SECRETNAME" contextControlCode="279035121518989">SECRETNAME 0612345678',
        1,
    )
    content = re.sub(rb"<birthTime [^>]*>", b'<birthTime value="19791231x" SECRETNAMEs="1"/>', content, count=1)
    content = re.sub(rb"<telecom [^>]*>", b'<telecom value="tel:0612345678#a#b"/>', content)
    content = content.replace(b"<author>", b'<author typeCode="279035121518989">', 1)
    findings = check(content)
    assert {"CDA-FIXED", "CDA-TEXT-MISPLACED", "CDA-VALUE-FORM", "CDA-URI"} <= {one.rule for one in findings}
    for one in findings:
        if one.rule != "CDA-ATTRIBUTE-UNKNOWN":  # names of attributes are not values
            told = " ".join(filter(None, (one.found, one.expected, one.message, one.hint, one.message_en, one.hint_en)))
            assert not any(secret in told for secret in secrets), told


def test_no_schema_that_a_document_names_is_fetched(tmp_path) -> None:
    trap = tmp_path / "trap.xsd"
    trap.write_text('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:hl7-org:v3"><bad')
    named = f'xsi:schemaLocation="urn:hl7-org:v3 {trap.as_uri()}"'.encode()
    content = re.sub(rb"xsi:schemaLocation=\"[^\"]*\"", b"", GOOD)
    content = content.replace(b"<realmCode ", b"<realmCode %s %s " % (XSI.encode(), named), 1)
    assert check(content) == ()


def test_the_search_ends_where_it_is_told_to() -> None:
    content = GOOD.replace(b"<templateId ", b'<templateId colour="red"/>' * 3_000 + b"<templateId ", 1)
    assert len(check(content)) == 3_000
    assert len(check(content, at_most=7)) == 7


HOSTILE = {
    "twenty thousand attributes": (b'<templateId root="1.2" colour="red"/>' * 20_000, 20_000),
    "twenty thousand unknown elements": (b"".join(b"<zork%d/>" % n for n in range(20_000)), 20_000),
    "twenty thousand good elements": (b'<templateId root="1.2"/>' * 20_000, 0),
    "a value of nine million digits": (b'<templateId root="1.%s"/>' % (b"1" * 9_000_000), 0),
    "a wrong value of nine million letters": (b'<templateId root=".%s"/>' % (b"a" * 9_000_000), 1),
    "a namespace of a million letters": (b'<code xmlns="%s"/>' % (b"n" * 1_000_000), 1),
    "a type of a million letters": (
        b'<templateId xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:type="%s"/>' % (b"T" * 1_000_000),
        1,
    ),
    "two hundred unknown attributes": (b"<templateId %s/>" % b" ".join(b'a%d=""' % n for n in range(200)), 200),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_judged_to_the_end(name: str) -> None:
    put, faults = HOSTILE[name]
    findings = check(GOOD.replace(b"<templateId ", put + b"<templateId ", 1))
    assert len(findings) == faults
    told = [text for one in findings for text in (one.found or "", one.expected or "", one.message, one.hint)]
    assert all(len(text) < 1000 for text in told)


def test_the_schema_and_the_tables_agree_on_documents_spoiled_at_random(spoil) -> None:
    root, random = etree.fromstring(GOOD), Random(20261122)  # noqa: S311
    differ, refused = [], 0
    for _ in range(150):
        content = spoil(root, random)
        tree = etree.fromstring(content)
        faults = [fault.rule for fault in explain(tree)]
        refused += bool(faults)
        if schema().validate(tree) != (not set(faults) - {"CDA-ID-REFERENCE"}):
            differ.append((faults, content))
    assert differ == []
    assert refused > 75
