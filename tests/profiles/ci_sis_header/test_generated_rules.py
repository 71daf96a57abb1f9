"""The generated rules of the header are what the tables say, and read well."""

from __future__ import annotations

from importlib.resources import files

import pytest

from conformance.schematron.datatypes import half_null, is_timestamp, ordered, repeated, type_is
from profiles.ci_sis_header.assertions import rule_of
from profiles.ci_sis_header.grammar import contexts, read_shapes, rows
from profiles.ci_sis_header.writing import GENERATED, write_all
from samples.documents.elements import element

WRITTEN = write_all()
SHAPES = read_shapes()


def test_writing_the_rules_again_changes_nothing():
    assert files("profiles.ci_sis_header").joinpath(GENERATED).read_text("utf-8") == WRITTEN


def test_the_generated_schema_names_the_command_that_wrote_it():
    assert "python -m profiles.ci_sis_header.writing" in WRITTEN.splitlines()[1]


def test_every_shape_stands_somewhere_in_the_header():
    assert set(contexts(SHAPES)) == set(SHAPES)


def test_every_child_that_names_a_shape_names_one_that_there_is():
    named = {child.shape for shape in SHAPES.values() for child in shape.children if child.shape}

    assert named <= set(SHAPES)


def test_a_shape_that_stands_at_several_places_has_a_name_of_its_own():
    named = {row["shape"] for row in rows("names")}
    several = {name for name, places in contexts(SHAPES).items() if len(places) > 1}

    assert named <= set(SHAPES)
    assert (
        not {name for name in several if "." not in name}
        - named
        - {"addr"}
        - {name for name in several if len({place.rpartition("/")[0] for place in contexts(SHAPES)[name]}) == 1}
    )


def test_a_place_keeps_the_conditions_that_the_next_step_does_not_make_true():
    places = contexts(SHAPES)

    assert places["patient"] == (
        "cda:ClinicalDocument/cda:recordTarget[not(@nullFlavor)]/cda:patientRole/cda:patient[not(@nullFlavor)]",
    )
    assert places["assignedPerson"][0].startswith(
        "cda:ClinicalDocument/cda:author/cda:assignedAuthor[not(@nullFlavor)]"
    )


def test_the_document_itself_is_not_told_in_the_names_of_rules():
    assert rule_of("document", "title", "MIN") == "HDR-title-MIN"
    assert rule_of("patient", "sdtc:deceasedInd", "MAX") == "HDR-patient.sdtc-deceasedInd-MAX"


@pytest.mark.parametrize(
    ("value", "valid"),
    [
        ("2024", True),
        ("202406", True),
        ("20240611", True),
        ("2024061109", True),
        ("20240611093000+0200", True),
        ("20240611093000.5-0430", True),
        ("20240229", True),
        ("20230229", False),
        ("20241301", False),
        ("2024061", False),
        ("202406112500", False),
        ("20240611240000", True),
        ("20240611+1500", False),
        ("2024-06-11", False),
        ("", False),
    ],
)
def test_a_time_is_a_moment_of_the_calendar(value, valid):
    assert is_timestamp(None, value) is valid


def test_the_bounds_of_an_interval_have_whole_offsets():
    assert is_timestamp(None, "20240611+02")
    assert not is_timestamp(None, "20240611+02", "interval")
    assert is_timestamp(None, "20240611+0200", "interval")


@pytest.mark.parametrize(
    ("low", "high", "in_order"),
    [
        ("20240611", "20240612", True),
        ("20240612", "20240611", False),
        ("20240611", "20240611", False),
        ("20240611100000+0200", "20240611090000+0000", True),
        ("20240611100000+0000", "20240611110000+0200", False),
        ("demain", "20240611", True),
    ],
)
def test_two_times_are_in_order_or_one_of_them_is_no_time(low, high, in_order):
    assert ordered(None, low, high) is in_order


@pytest.mark.parametrize(
    ("attributes", "half"),
    [
        ({"nullFlavor": "UNK"}, False),
        ({"code": "X"}, False),
        ({"nullFlavor": "UNK", "classCode": "PSN"}, False),
        ({"nullFlavor": "UNK", "code": "X"}, True),
        ({"nullFlavor": "OTH", "codeSystem": "1.2.3"}, False),
        ({"nullFlavor": "OTH", "code": "X"}, True),
        ({"nullFlavor": "UNK", "codeSystem": "1.2.3"}, True),
    ],
)
def test_a_null_flavor_stands_alone_or_with_what_it_explains(attributes, half):
    assert half_null(None, [element("code", **attributes)]) is half


def test_a_type_is_known_whatever_its_prefix():
    prefixed = element("value", xsi_type="cda:CE")

    assert type_is(None, [element("value", xsi_type="CE")], "CE")
    assert not type_is(None, [element("value", xsi_type="CD")], "CE")
    assert not type_is(None, [prefixed], "CE")


def test_an_identifier_without_extension_stands_for_all_of_its_root():
    both = element("author", element("id", root="1.2.3", extension="A"), element("id", root="1.2.3"))
    other = element("author", element("id", root="1.2.3", extension="A"), element("id", root="1.2.3", extension="B"))

    assert repeated(None, [both[0]], "II")
    assert not repeated(None, [other[0]], "II")
