"""The domain of whoever runs the house: no list, the general one, or a file of his own."""

from pathlib import Path

import pytest

from profiles.affinity import load_affinity_domain
from profiles.affinity_domain.code_files import CODED, UnusableCodeFile
from samples.xds import codes as samples
from xds.metadata.codes import Code

HEADER = "attribute,code,codingScheme,displayName\n"
LOINC = "2.16.840.1.113883.6.1"
XML = """<?xml version="1.0" encoding="UTF-8"?>
<Codes>
  <!-- patients of both -->
  <AssigningAuthority id="&amp;1.3.6.1&amp;ISO"/>
  <AssigningAuthority id="&amp;1.3.6.2&amp;ISO"/>
  <CodeType name="classCode" classScheme="urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a">
    <Code code="34133-9" display="Summary" codingScheme="2.16.840.1.113883.6.1"/>
    <Code code="11488-4" display="Consult" codingScheme="2.16.840.1.113883.6.1"/>
  </CodeType>
  <CodeType name="folderCodeList" classScheme="urn:uuid:1ba97051-7806-41a8-a48b-8fce7af683c5">
    <Code code="AMB" display="ambulatory" codingScheme="2.16.840.1.113883.5.4"/>
  </CodeType>
  <CodeType name="mimeType"><Code code="text/xml" display="" codingScheme="" ext="xml"/></CodeType>
</Codes>
"""
CSV = (
    HEADER
    + """classCode,34133-9,2.16.840.1.113883.6.1,Summary
classCode,11488-4,2.16.840.1.113883.6.1,"Consult, or visit"

folderCodeList,AMB,2.16.840.1.113883.5.4,ambulatory
mimeType,text/xml,,
patientId.authority,1.3.6.1,,
patientId.authority,1.3.6.2,,
"""
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "codes"


def fault_of(file: Path, content: str | bytes) -> tuple[str, ...]:
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(UnusableCodeFile) as caught:
        load_affinity_domain(str(file), "")
    assert str(file) in str(caught.value)
    return caught.value.faults


def test_any_allows_everything() -> None:
    domain = load_affinity_domain("any", "")
    assert domain.name == "ihe"
    assert all(domain.allows(attribute, "x", "y") for attribute in CODED)
    assert domain.languages == domain.mime_types == domain.patient_authorities == frozenset()
    assert domain.lot_signature is None


def test_the_general_list_names_every_attribute() -> None:
    domain = load_affinity_domain("connectathon", "")
    assert set(domain.codes) == CODED
    assert min(map(len, domain.codes.values())) > 3
    assert {"text/xml", "application/pdf"} <= domain.mime_types
    assert {"en-US", "fr-FR"} <= domain.languages
    assert {code for code, _ in domain.codes["confidentialityCode"]} == set("ULMNRV")
    assert not domain.patient_authorities


@pytest.mark.parametrize(
    ("attribute", "code"),
    [
        ("classCode", samples.REPORTS),
        ("typeCode", samples.DISCHARGE_SUMMARY),
        ("formatCode", samples.SUMMARY),
        ("healthcareFacilityTypeCode", samples.NURSING_HOME),
        ("practiceSettingCode", samples.GENERAL_MEDICINE),
        ("confidentialityCode", samples.VERY_RESTRICTED),
        ("eventCodeList", samples.OPT_IN),
        ("contentTypeCode", samples.HOSPITAL),
        ("codeList", samples.REFERRALS),
        ("associationDocumentation", samples.ADDITIONAL_INFORMATION),
    ],
)
def test_the_general_list_has_the_codes_of_the_samples(attribute: str, code: Code) -> None:
    domain = load_affinity_domain("connectathon", "")
    assert domain.allows(attribute, code.code, code.scheme)
    assert not domain.allows(attribute, code.code, "1.2.3")


@pytest.mark.parametrize(
    "content", [CSV, XML, "\ufeff" + CSV, CSV.replace("\n", "\r\n")], ids=["csv", "xml", "bom", "crlf"]
)
def test_a_file_says_what_is_allowed(file: Path, content: str) -> None:
    file.write_text(content, "utf-8", newline="")
    domain = load_affinity_domain(str(file), "")
    assert domain.codes == {
        "classCode": {("34133-9", LOINC), ("11488-4", LOINC)},
        "codeList": {("AMB", "2.16.840.1.113883.5.4")},
    }
    assert domain.mime_types == {"text/xml"}
    assert domain.patient_authorities == {"1.3.6.1", "1.3.6.2"}
    assert domain.allows("typeCode", "anything", "anywhere")


def test_authorities_that_are_given_replace_those_of_the_file(file: Path) -> None:
    file.write_text(CSV, "utf-8")
    assert load_affinity_domain(str(file), " 1.2.3  2.16.840 ").patient_authorities == {"1.2.3", "2.16.840"}


def test_an_authority_is_an_oid() -> None:
    with pytest.raises(UnusableCodeFile, match=r"'1\.02' is not an OID"):
        load_affinity_domain("any", "1.2.3 1.02")


def test_a_file_that_is_not_there_is_said_so(file: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_affinity_domain(str(file), "")


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        ("", "line 1: no column attribute, code, codingScheme; the header is attribute,code,codingScheme,displayName"),
        ("attribute,code\n", "line 1: no column codingScheme; the header is attribute,code,codingScheme,displayName"),
        (HEADER, "no code in it"),
        (HEADER + "classCode,,1.2,x\n", "line 2: classCode without code"),
        (HEADER + "classCode,1,,x\n", "line 2: classCode 1 without codingScheme"),
        (HEADER + "classCode,1\n", "line 2: classCode 1 without codingScheme"),
        (HEADER + "mimeType,pdf,,\n", "line 2: mimeType is 'pdf', expected a media type, type/subtype"),
        (HEADER + "mimeType,text/xml,1.2,\n", "line 2: mimeType text/xml has a codingScheme; its values stand alone"),
        (HEADER + "languageCode,f,,\n", "line 2: languageCode is 'f', expected a language tag"),
        (HEADER + "patientId.authority,here,,\n", "line 2: patientId.authority is 'here', expected an OID"),
        (HEADER + "classCode,1,1.2,a,b\n", "line 2: more cells than columns; quote a text that holds a comma"),
        (HEADER.encode() + b"classCode,1,1.2,\xe9\n", "line 2: not UTF-8"),
        ("<Codes><CodeType></Codes>", "not XML: not well-formed XML at line 1, column 26"),
        ("<Code/>", "line 1: the root is Code, expected Codes"),
        ("<Codes/>", "no code in it"),
        (
            '<Codes>\n<CodeType name="classCode"/></Codes>',
            "line 2: CodeType classCode has no Code: nothing would be allowed",
        ),
        (
            '<Codes>\n<CodeType name="typeCode"><Code code="1"/></CodeType></Codes>',
            "line 2: typeCode 1 without codingScheme",
        ),
        (
            '<Codes>\n<AssigningAuthority id="1.2.3"/></Codes>',
            "line 2: AssigningAuthority id is '1.2.3', expected &OID&ISO",
        ),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(file: Path, content: str | bytes, fault: str) -> None:
    assert fault_of(file, content) == (fault,)


def test_an_entity_in_a_file_is_refused(file: Path) -> None:
    (fault,) = fault_of(file, '<!DOCTYPE Codes [<!ENTITY x "y">]><Codes>&x;</Codes>')
    assert "DTD" in fault


def test_an_attribute_that_ihe_does_not_code_is_refused_with_those_that_it_does(file: Path) -> None:
    (fault,) = fault_of(file, HEADER + "colour,red,1.2,Red\n")
    assert fault.startswith(
        "line 2: 'colour' is no attribute with codes; there are associationDocumentation, classCode"
    )


def test_every_fault_of_a_file_is_told_at_once(file: Path) -> None:
    faults = fault_of(file, HEADER + "classCode,,1.2,\nclassCode,1,1.2,\ncolour,red,1.2,\nmimeType,x,,\n")
    assert [fault.partition(":")[0] for fault in faults] == ["line 2", "line 4", "line 5"]
