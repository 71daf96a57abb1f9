from __future__ import annotations

import os
from pathlib import Path

import pytest

from cda.document import UnreadableDocument, parse_document
from conformance.recognition import profile_of, recognise
from conformance.validate import HEADER, IPS_FR, LEVEL_1, VSM_1_4, VSM_2023
from samples.documents.discharge_letter import discharge_letter
from samples.documents.document_types import documents_by_type
from samples.documents.vsm import vsm

SUMMARY = vsm(unique_id="2.25.7")
MODEL = b'root="1.2.250.1.213.1.1.1.13" extension="2023.01"'
IPS_CODE = (
    (b'code="SYNTH"', b'code="60591-5"'),
    (b'codeSystem="1.2.250.1.213.1.1.4.12"', b'codeSystem="2.16.840.1.113883.6.1"'),
)


def _summary(*changes: tuple[bytes, bytes]) -> bytes:
    content = SUMMARY
    for old, new in changes:
        assert old in content
        content = content.replace(old, new, 1)
    return content


@pytest.mark.parametrize(
    ("changes", "profile", "document_type", "version"),
    [
        ((), VSM_2023, "VSM", "2023.01"),
        (((MODEL, b'root="1.2.250.1.213.1.1.1.13" extension="201310"'),), VSM_1_4, "VSM", "201310"),
        (((MODEL, b'root="1.2.250.1.213.1.1.1.13"'),), VSM_1_4, "VSM", None),
        (IPS_CODE, VSM_2023, "VSM", "2023.01"),
        (((MODEL, b'root="1.2.250.1.213.1.1.1.13"'), *IPS_CODE), HEADER, "IPS-FR", None),
        (((MODEL, b'root="1.2.250.1.213.1.1.1.13" extension="2022.01"'), *IPS_CODE), HEADER, "IPS-FR", "2022.01"),
        (((MODEL, b'root="1.2.250.1.213.1.1.1.51" extension="2024.01"'), *IPS_CODE), IPS_FR, "IPS-FR", "2024.01"),
        (((MODEL, b'root="1.2.250.1.213.1.1.1.29" extension="2022.01"'),), HEADER, "LDL-SES", "2022.01"),
        (((MODEL, b'root="1.2.3"'),), HEADER, None, None),
    ],
)
def test_root_extension_and_code_say_what_a_document_is(changes, profile, document_type, version):
    found = recognise(parse_document(_summary(*changes)))

    assert (found.profile, found.document_type, found.version) == (profile, document_type, version)


def test_a_document_of_level_1_is_recognised_by_its_template_then_by_its_code():
    found = recognise(parse_document(discharge_letter()))

    assert (found.profile, found.document_type) == (LEVEL_1, None)
    consultation = discharge_letter().replace(b'code="11490-0"', b'code="11488-4"')
    assert recognise(parse_document(consultation)).title == "Compte rendu de consultation"


def test_a_laboratory_report_is_recognised_without_the_french_template():
    content = _summary((MODEL, b'root="1.3.6.1.4.1.19376.1.3.3"'), (b'code="SYNTH"', b'code="11502-2"'))

    found = recognise(parse_document(content))

    assert (found.profile, found.document_type) == (HEADER, "BIO-CR-BIO")


def test_a_template_that_models_share_recognises_nothing_without_their_code():
    content = _summary((MODEL, b'root="1.3.6.1.4.1.19376.1.5.3.1.1.1"'))

    assert recognise(parse_document(content)).document_type is None


@pytest.mark.parametrize(
    ("kind", "made"), [pytest.param(*one, id=f"{one[0].model} {one[0].extension}") for one in documents_by_type()]
)
def test_a_document_of_each_type_is_recognised(kind, made):
    found = recognise(parse_document(made()))

    assert (found.document_type, found.version or "", found.title) == (kind.model, kind.extension, kind.title)


def test_every_example_of_the_official_package_is_recognised():
    package = os.environ.get("ECLUSE_PACK")
    if not package:
        pytest.skip("ECLUSE_PACK does not name the official test package")
    unknown = []
    for path in sorted(Path(package, "ExemplesCDA").glob("*.xml")):
        try:
            document = parse_document(path.read_bytes())
        except UnreadableDocument:
            continue
        found = recognise(document)
        if found.document_type is None and found.profile != LEVEL_1:
            unknown.append(path.name)
        assert profile_of(document) == found.profile
    assert unknown == []
