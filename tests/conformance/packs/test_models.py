"""The model of a document: templateId root and extension say, and the report tells when they do not."""

from __future__ import annotations

import pytest

from cda.document import parse_document
from conformance.packs.models import Model, choose

ROOT = "1.2.250.1.213.1.1.1."
LEVEL_1 = "1.3.6.1.4.1.19376.1.2.20"


def _model(name: str, version: str, template: str, extension: str = "", codes: tuple[str, ...] = ()) -> Model:
    return Model(name, version, f"CI-SIS_{name}_{version}.sch", template, extension or version, codes)


MODELS = (
    _model("VSM_1.4", "2022.01", f"{ROOT}13", codes=("SYNTH",)),
    _model("VSM", "2023.01", f"{ROOT}13", codes=("SYNTH",)),
    _model("CSE", "2023.01", f"{ROOT}5"),
    _model("CSE-CS8", "2024.01", f"{ROOT}5.1"),
    _model("CSE-CS8", "2025.01", f"{ROOT}5.1"),
    _model("LDL", "2022.01", f"{ROOT}29"),
    _model("TLM-CR", "2022.01", LEVEL_1, codes=("85208-7",)),
    _model("NAMELESS", "2022.01", ""),
)

CHOICES = {
    "version of the model": ([(f"{ROOT}13", "2023.01")], "SYNTH", "VSM 2023.01", ""),
    "an older extension": ([(f"{ROOT}13", "201310")], "SYNTH", "VSM_1.4 2022.01", ""),
    "an extension of nobody's": ([(f"{ROOT}13", "1.4")], "SYNTH", "VSM_1.4 2022.01", "extension 1.4: it may be of"),
    "no extension": ([(f"{ROOT}13", None)], "SYNTH", "VSM_1.4 2022.01", "no extension: it may be of 2022.01, 2023.01"),
    "a version that the pack lacks": ([(f"{ROOT}13", "2026.01")], "SYNTH", None, "2026.01 of VSM_1.4 is not"),
    "no extension, one version": ([(f"{ROOT}29", None)], "x", "LDL 2022.01", ""),
    "another code is a finding of the model": ([(f"{ROOT}13", "2023.01")], "34133-9", "VSM 2023.01", ""),
    "a model without schema": ([(f"{ROOT}13", None)], "60591-5", None, "IPS-FR 2022.01"),
    "2023.01 is the VSM, whatever its code": ([(f"{ROOT}13", "2023.01")], "60591-5", "VSM 2023.01", ""),
    "the more precise of two": ([(f"{ROOT}5", None), (f"{ROOT}5.1", "2025.01")], "x", "CSE-CS8 2025.01", ""),
    "unstructured": ([(LEVEL_1, None)], "11502-2", None, "an unstructured document follows no model"),
    "unstructured, with a model": ([(LEVEL_1, None)], "85208-7", "TLM-CR 2022.01", ""),
    "unknown": ([("1.2.3", None)], "x", None, "no model of the pack for 1.2.3"),
    "nothing": ([], "x", None, "no model of the pack for no templateId"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHOICES)
def test_the_model_is_chosen_by_what_the_document_says(name):
    templates, code, expected, note = CHOICES[name]
    declared = "".join(
        f'<templateId root="{root}"' + (f' extension="{extension}"/>' if extension else "/>")
        for root, extension in templates
    )
    document = parse_document(
        f'<ClinicalDocument xmlns="urn:hl7-org:v3">{declared}<code code="{code}"/></ClinicalDocument>'.encode()
    )

    choice = choose(document, MODELS)

    assert (f"{choice.model.name} {choice.model.version}" if choice.model else None) == expected
    assert note in choice.note
    assert bool(note) == bool(choice.note)


def test_two_models_of_one_template_and_version_are_a_doubt_that_is_told():
    template = f'<templateId root="{ROOT}29" extension="2022.01"/>'
    document = parse_document(f'<ClinicalDocument xmlns="urn:hl7-org:v3">{template}</ClinicalDocument>'.encode())

    choice = choose(document, (*MODELS, _model("LDL-X", "2022.01", f"{ROOT}29")))

    assert choice.model is None
    assert "several models of version 2022.01" in choice.note
