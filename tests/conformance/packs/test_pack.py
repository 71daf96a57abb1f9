"""A pack judges a document layer by layer; each speaks for itself, and the report says which were not asked."""

from __future__ import annotations

import pytest

from cda.document import parse_document
from conformance.packs.importing import import_pack
from conformance.packs.layers import PLANS
from conformance.packs.pack import Pack, UnknownModel
from conformance.packs.problems import UnknownPack

from .conftest import NOW, schema, write

GOOD = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><templateId root="1.2.250.1.213.1.1.1.99" extension="2025.01"/>'
    '<code code="SYNTH" codeSystem="9.8.7"/><setId extension="1"/><section><title>t</title><act classCode="ACT"'
    ' moodCode="EVN"/></section></ClinicalDocument>'
)
FAULTS = {
    "structure": ('<templateId root="1.2.250.1.213.1.1.1.99" extension="2025.01"/><code', "<code", None),
    "header": ('code="SYNTH"', 'code="A00"', "The code A00 is not of the value set."),
    "ihe": ("<title>t</title>", "<!-- -->", "A title."),
    "content": ("EVN", "INT", "Not in the set."),
    "ans": (' classCode="ACT"', "", "It does not hold."),
    "terminology": ('<act classCode="ACT"', '<code code="Z9" codeSystem="9.8.7"/><act classCode="ACT"', "Z9"),
    "document": ('<setId extension="1"/>', '<setId root="1"/>', "It does not hold."),
}


@pytest.fixture
def small(store) -> Pack:
    return Pack.open("small", store)


def _judged(pack: Pack, text: str, **options: object):
    return pack.validate(parse_document(text.encode()), **options)


def test_a_good_document_is_valid_and_every_layer_was_asked(small):
    report = _judged(small, GOOD)

    assert report.findings == ()
    assert report.valid
    assert report.profile == "small"
    assert [one.name for one in report.layers] == [*FAULTS]
    assert all(one.asked for one in report.layers)
    assert report.layers[-1].title_en == "Document model NOTE 2025.01"
    assert report.notes == ()


@pytest.mark.parametrize("layer", [one for one in FAULTS if one != "structure"])
def test_each_layer_finds_its_own_fault_and_no_other(small, layer):
    right, wrong, message = FAULTS[layer]

    report = _judged(small, GOOD.replace(right, wrong))

    assert [(one.layer, one.message) for one in report.findings] == [(layer, message)]
    assert [one.name for one in report.layers if one.errors] == [layer]


def test_the_structure_is_asked_of_the_xsd_of_the_pack(small):
    report = _judged(small, '<ClinicalDocument xmlns="urn:hl7-org:v3"><code code="SYNTH"/></ClinicalDocument>')

    assert [(one.layer, one.rule, one.path) for one in report.findings] == [
        ("structure", "XSD-element-content", "/ClinicalDocument")
    ]
    assert report.layers[-1].note == "no model of the pack for no templateId"


def test_a_finding_says_where_inside_whatever_wraps_the_document(small):
    text = GOOD.replace("EVN", "INT").replace("<section>", "\n  <section>")
    wrapped = f'<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform">\n<section/>\n{text}</xsl:stylesheet>'

    bare, inside = _judged(small, text).findings, _judged(small, wrapped).findings

    assert [(one.path, one.message) for one in bare] == [(one.path, one.message) for one in inside]
    assert (bare[0].line, bare[0].column) == (2, 28)
    assert (inside[0].line, inside[0].column) == (4, 28)


@pytest.mark.parametrize(
    ("template", "version", "note"),
    [
        ('<templateId root="1.2.250.1.213.1.1.1.99" extension="2023.01"/>', "2023.01", ""),
        ('<templateId root="1.2.250.1.213.1.1.1.99"/>', "2025.01", "which finds the least, is asked"),
        ('<templateId root="1.2.250.1.213.1.1.1.99" extension="2024.01"/>', None, "version 2024.01 of NOTE is not in"),
        (
            '<templateId root="1.2.250.1.213.1.1.1.98" extension="2025.01"/>',
            None,
            "includes 1 files that the pack lacks",
        ),
    ],
)
def test_the_document_model_is_that_of_the_version_or_the_report_says_why_not(small, template, version, note):
    text = GOOD.replace('<templateId root="1.2.250.1.213.1.1.1.99" extension="2025.01"/>', template)

    last = _judged(small, text).layers[-1]

    assert last.asked is (version is not None)
    assert last.title_en.endswith(version or "Document model")
    assert note in last.note


def test_a_model_is_asked_by_name_whatever_the_document_says(small):
    assert _judged(small, GOOD, model="NOTE_2023.01").layers[-1].errors == 1
    for name in ("NOTE", "NOTHING"):
        with pytest.raises(UnknownModel):
            _judged(small, GOOD, model=name)


def test_the_search_ends_where_it_is_told_and_the_report_says_so(small):
    text = GOOD.replace("EVN", "INT").replace("<title>t</title>", "<!-- -->")

    report = _judged(small, text, at_most=1)

    assert len(report.findings) == 1
    assert report.notes == ("the search ended after 1 findings",)


def test_a_layer_that_cannot_be_read_keeps_none_of_the_others_from_being_asked(package, tmp_path):
    broken = '<pattern><rule context="cda:act"><assert test="(((">x</assert></rule></pattern>'
    write({"schematrons/profils/CI-SIS_Modeles_ANS.sch": schema(broken)}, package)
    write({"schematrons/profils/IHE.sch": schema("").replace(b"xslt2", b"sql")}, package)
    import_pack(package, tmp_path / "store", NOW)

    report = _judged(Pack.open("package", tmp_path / "store"), GOOD.replace("EVN", "INT"))

    asked = {one.name: one for one in report.layers}
    assert not asked["ihe"].asked
    assert "sql" in asked["ihe"].note
    assert [one for one in report.notes if one.startswith("ans: ")]
    assert asked["content"].errors == 1


def test_a_value_set_that_is_not_there_is_told_and_the_rest_is_asked(package, tmp_path):
    (package / "jeuxDeValeurs/JDV_moods.xml").unlink()
    import_pack(package, tmp_path / "store", NOW)

    report = _judged(Pack.open("package", tmp_path / "store"), GOOD)

    assert [one for one in report.notes if one.startswith("content: ") and "JDV_Moods.xml" in one]


def test_a_pack_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UnknownPack):
        Pack.open("absent", tmp_path)


def test_plans_are_kept_in_the_pack_and_go_with_it(small):
    _judged(small, GOOD)

    assert list((small.directory / PLANS).rglob("*.json"))


def test_a_pack_that_cannot_be_written_judges_all_the_same(package, tmp_path, monkeypatch):
    monkeypatch.setenv("ECLUSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("os.access", lambda *_: False)
    import_pack(package, tmp_path / "store", NOW)
    pack = Pack.open("package", tmp_path / "store")

    assert _judged(pack, GOOD).valid
    assert not (pack.directory / PLANS).exists()
