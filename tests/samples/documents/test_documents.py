from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from cda.document import parse_document
from cda.header import read_header
from samples.documents.discharge_letter import discharge_letter
from samples.documents.elements import new_oid
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import PATIENTS, ins_key
from samples.documents.pdf import one_page
from samples.documents.vsm import vsm
from xds.metadata.datatypes import Cx, parse_oid

MAKERS = (vsm, laboratory_report, discharge_letter)


@pytest.mark.parametrize(("nir", "key"), [("2790351215189", "89"), ("2580769123015", "41"), ("295112A004033", "90")])
def test_the_key_of_an_ins_is_computed_for_corsica_too(nir, key):
    assert ins_key(nir) == key


def test_sample_patients_have_distinct_test_identities():
    assert len({patient.ins for patient in PATIENTS}) == len(PATIENTS)
    for patient in PATIENTS:
        assert len(patient.ins) == 15
        assert Cx.parse(patient.cx).authority == "1.2.250.1.213.1.4.10"


@pytest.mark.parametrize("make", MAKERS)
def test_a_document_is_the_same_each_time_it_is_made_with_the_same_identity(make):
    assert make(unique_id="2.25.7") == make(unique_id="2.25.7")
    assert make(unique_id="2.25.7") != make(unique_id="2.25.8")


@pytest.mark.parametrize("make", MAKERS)
def test_a_document_says_who_when_and_which_version(make):
    content = make(
        PATIENTS[1],
        unique_id="2.25.9",
        effective_time=datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
        replaces="2.25.8",
        version=3,
        set_id="2.25.6",
    )

    header = read_header(parse_document(content))

    assert header.patient is not None
    assert header.patient.ins is not None
    assert header.patient.ins.extension == PATIENTS[1].ins
    assert header.effective_time == "20250102030405+0000"
    assert header.replaces is not None
    assert (header.unique_id, header.replaces.root, header.version) == ("2.25.9", "2.25.8", "3")
    assert header.set_id is not None
    assert header.set_id.root == "2.25.6"


def test_a_new_identifier_is_an_oid_that_the_dmp_accepts():
    assert parse_oid(new_oid())
    assert new_oid() != new_oid()


def test_a_letter_carries_the_pdf_that_was_made():
    text = parse_document(discharge_letter()).root.find(".//{urn:hl7-org:v3}nonXMLBody/{urn:hl7-org:v3}text")

    assert text is not None
    assert base64.b64decode(text.text or "").startswith(b"%PDF-1.4")


def test_the_pdf_says_where_its_objects_are():
    pdf = one_page("Titre (essai)", ("Été \\ hiver",))

    start = int(pdf.split(b"startxref\n")[1].split(b"\n")[0])
    objects = pdf.count(b" 0 obj\n")
    assert pdf[start:].startswith(b"xref\n0 %d\n" % (objects + 1))
    for number, line in enumerate(pdf[start:].splitlines()[3 : 3 + objects], start=1):
        assert pdf[int(line.split()[0]) :].startswith(b"%d 0 obj" % number)
    assert rb"Titre \(essai\)" in pdf
    assert "Été \\\\ hiver".encode("cp1252") in pdf
    assert pdf.endswith(b"%%EOF\n")


def test_a_twin_that_does_not_exist_is_refused():
    with pytest.raises(KeyError):
        vsm(breaking="NO-SUCH-RULE")
