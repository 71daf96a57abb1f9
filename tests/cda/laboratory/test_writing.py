"""A laboratory report is written the same each time, valid by our own rules, whatever its texts hold."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lxml import etree

from cda.document import parse_document
from cda.header import read_header
from cda.header_values import InstanceId, Organization, Participant, Patient, PersonName
from cda.laboratory.report import (
    Battery,
    Interval,
    LaboratoryReport,
    Moment,
    Quantity,
    Result,
    Specimen,
    Value,
    Words,
)
from cda.laboratory.writing import write_report
from cda.narrative import anchors_of
from conformance.validate import validate
from xds.metadata.codes import Code

LOINC = "2.16.840.1.113883.6.1"
BIOCHEMISTRY, HAEMATOLOGY = Code("18719-5", LOINC, "Biochimie"), Code("18723-7", LOINC, "Hématologie")
HOSTILE = "<b>&amp;\"'\x00\x1b\ud800\ufffe]]><!-- ligne\nligne"
NAME = "{urn:hl7-org:v3}"
RESULT = Result(code=Code("4548-4", LOINC, "HbA1c"), label="HbA1c", shown="7.2 %", value=Quantity("7.2", "%"))
REPORT = LaboratoryReport(
    unique_id="2.25.42",
    effective_time="20260301101200+0100",
    patient=Patient(
        ids=(InstanceId("1.2.250.1.213.99.1.1", "IPP-000042"),),
        birth_family="MODELE",
        first_given="CLAIRE",
        all_given="CLAIRE ODETTE",
        gender="F",
        birth_time="19580714",
    ),
    biologist=Participant(
        id=InstanceId("1.2.250.1.71.4.2.1", "810099998055"),
        name=PersonName(family="ETALON"),
        organization=Organization(
            id=InstanceId("1.2.250.1.71.4.2.2", "1690999032"),
            name="Laboratoire du Rhône fictif",
            practice_setting=Code("AMBULATOIRE", "1.2.250.1.213.1.1.4.9", "Ambulatoire"),
        ),
    ),
    batteries=(Battery(chapter=BIOCHEMISTRY, label="Bilan", results=(RESULT,)),),
    received="20260301092200+0100",
    encounter=Code("AMB", "2.16.840.1.113883.5.4", "Ambulatoire"),
    encounter_start="20260301",
    facility=Code("SA25", "1.2.250.1.71.4.2.4", "Laboratoire de biologie médicale"),
)


def of(*results: Result) -> LaboratoryReport:
    return replace(REPORT, batteries=(replace(REPORT.batteries[0], results=results),))


def errors(content: bytes) -> list[str]:
    return [f"{one.rule} {one.path}" for one in validate(content).findings if one.severity == "error"]


def test_the_same_report_is_the_same_bytes_and_valid() -> None:
    assert write_report(REPORT) == write_report(replace(REPORT))
    assert errors(write_report(REPORT)) == []
    assert validate(write_report(REPORT)).document_type == "BIO-CR-BIO"


@pytest.mark.parametrize(
    ("value", "type_", "said"),
    [
        (Quantity("7.2", "mmol/L"), "PQ", {"value": "7.2", "unit": "mmol/L"}),
        (Quantity("2.4"), "PQ", {"value": "2.4"}),
        (Interval(high="20", unit="umol/L", closed=False), "IVL_PQ", {}),
        (Interval(low="1", high="2", unit="g/L"), "IVL_PQ", {}),
        (Code("112144000", "2.16.840.1.113883.6.96", "Groupe A"), "CD", {"code": "112144000"}),
        (Words("Limpide"), "ST", {}),
        (Moment("20260301"), "TS", {"value": "20260301"}),
    ],
)
def test_each_kind_of_value_has_its_type_and_is_valid(value: Value, type_: str, said: dict[str, str]) -> None:
    content = write_report(of(replace(RESULT, value=value)))

    (found,) = etree.fromstring(content).iter(f"{NAME}value")
    assert found.get("{http://www.w3.org/2001/XMLSchema-instance}type") == type_
    assert {name: found.get(name) for name in said} == said
    assert errors(content) == []


def test_every_reference_of_an_entry_is_in_the_narrative() -> None:
    whole = replace(RESULT, method="ECL", comments=("un", "deux"), reference_shown="selon l'âge", time="20260301")
    battery = replace(REPORT.batteries[0], results=(whole, whole), comments=("à jeun",))
    content = write_report(replace(REPORT, batteries=(battery, battery, replace(battery, chapter=HAEMATOLOGY))))

    root = etree.fromstring(content)
    references = [str(one.get("value")) for one in root.iter(f"{NAME}reference")]
    assert len(references) == 3 * (2 * 5 + 1)
    assert {one.removeprefix("#") for one in references} <= set(anchors_of(root))
    assert errors(content) == []


def test_a_chapter_is_one_section_and_one_act() -> None:
    battery = REPORT.batteries[0]
    content = write_report(replace(REPORT, batteries=(battery, replace(battery, chapter=HAEMATOLOGY), battery)))

    titles = [one.text for one in etree.fromstring(content).iter(f"{NAME}title")]
    assert titles == ["Compte rendu d'examens biologiques", "Biochimie", "Bilan", "Bilan", "Hématologie", "Bilan"]
    assert content.count(b"<documentationOf>") == 2


def test_texts_cannot_become_markup() -> None:
    result = replace(
        RESULT,
        label=HOSTILE,
        shown=HOSTILE,
        value=Words(HOSTILE),
        note=HOSTILE,
        method=HOSTILE,
        reference_shown=HOSTILE,
        comments=(HOSTILE,),
    )
    specimen = Specimen(label=HOSTILE, id=InstanceId("1.2.3", HOSTILE))
    battery = Battery(
        chapter=BIOCHEMISTRY, label=HOSTILE, results=(result,), comments=(HOSTILE,), specimens=(specimen,)
    )
    name = PersonName(family=HOSTILE, given=HOSTILE)
    report = replace(
        REPORT,
        batteries=(battery,),
        patient=replace(REPORT.patient, birth_family=HOSTILE),
        prescriber=Participant(name=name),
    )

    content = write_report(report)

    root = etree.fromstring(content)
    assert not list(root.iter(f"{NAME}b"))
    assert not list(root.iter(etree.Comment))
    assert errors(content) == []


def test_the_header_is_read_as_it_was_meant() -> None:
    header = read_header(parse_document(write_report(REPORT)))

    assert header.unique_id == "2.25.42"
    assert header.patient is not None
    assert (header.patient.birth_family, header.patient.all_given) == ("MODELE", "CLAIRE ODETTE")
    assert header.legal_authenticator == replace(
        REPORT.biologist, organization=header.authors[0].organization, time="20260301101200+0100"
    )
