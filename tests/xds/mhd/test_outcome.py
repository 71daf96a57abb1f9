import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from profiles.fhir.issues import issue_line
from xds.errors import RegistryError, Severity, XdsErrorCode, disagreement
from xds.mhd.outcome import ERROR_SYSTEM, RULE_SYSTEM, expression_of, http_status, issue_of, placed, write_outcome

PLACES = {
    "Document01": "Bundle.entry[1].resource",
    "1.2.250.1.999.1": "Bundle.entry[1].resource",
    "SubmissionSet01": "Bundle.entry[0].resource",
    "Replaces01": "Bundle.entry[1].resource.relatesTo[0]",
    "Member01": "Bundle.entry[0].resource.entry[0]",
}
PATHS = {
    "ExtrinsicObject[Document01]/classCode": "Bundle.entry[1].resource.category",
    "ExtrinsicObject[Document01]/author/authorPerson": "Bundle.entry[1].resource.author",
    "ExtrinsicObject[Document01]/Slot[urn:x:y]": "Bundle.entry[1].resource.extension",
    "ExtrinsicObject[Document01]/hash": "Bundle.entry[1].resource.content[0].attachment.hash",
    "ExtrinsicObject[Document01]": "Bundle.entry[1].resource",
    "RegistryPackage[SubmissionSet01]/author/authorInstitution": "Bundle.entry[0].resource.source",
    "RegistryPackage[SubmissionSet01]/submissionTime": "Bundle.entry[0].resource.date",
    "Association[Replaces01]/@targetObject": "Bundle.entry[1].resource.relatesTo[0].target",
    "Association[Member01]/@targetObject": "Bundle.entry[0].resource.entry[0]",
    "ExtrinsicObject[elsewhere]/classCode": "",
    "RegistryObjectList": "Bundle",
    "Bundle.entry[2].resource.data": "Bundle.entry[2].resource.data",
    "": "",
}


@pytest.mark.parametrize("location", PATHS)
def test_a_place_of_xds_is_a_place_of_the_message(location):
    error = RegistryError(XdsErrorCode.REGISTRY_METADATA, "something", location)
    assert expression_of(error, PLACES) == PATHS[location]


def test_what_is_wrong_inside_a_document_is_at_its_attachment():
    text = "1.2.250.1.999.1: AGR-TITLE /ClinicalDocument/title: expected the title of the metadata"
    error = RegistryError(XdsErrorCode.INVALID_DOCUMENT_CONTENT, text, "/ClinicalDocument/title")
    (found,) = placed([error], PLACES)
    assert found.location == "Bundle.entry[1].resource.content[0].attachment" == expression_of(error, PLACES)
    # The text keeps the place in the document, and the rule is one that software reads.
    assert found.context == text
    assert [one["code"] for one in issue_of(found)["details"]["coding"]] == ["InvalidDocumentContent", "AGR-TITLE"]


def test_what_names_a_document_without_a_place_is_at_that_document():
    error = RegistryError(
        XdsErrorCode.DUPLICATE_UNIQUE_ID_IN_REGISTRY, "uniqueId 1.2.250.1.999.1 is already registered"
    )
    assert expression_of(error, PLACES) == "Bundle.entry[1].resource"


def test_an_issue_has_the_words_of_soap_the_code_the_rule_and_the_place():
    error = disagreement("O6", "ExtrinsicObject[Document01]/classCode", "99", "a code of the DMP")
    assert issue_of(error, PLACES) == {
        "severity": "error",
        "code": "code-invalid",
        "details": {
            "coding": [
                {"system": ERROR_SYSTEM, "code": "XDSRegistryMetadataError"},
                {"system": RULE_SYSTEM, "code": "O6"},
            ]
        },
        "diagnostics": f"O6: {error.context}",
        "expression": ["Bundle.entry[1].resource.category"],
    }


def test_a_place_stands_in_the_text_too_in_the_words_of_fhir():
    members = "HasMember associations to this entry, expected one, from the SubmissionSet, of status Original"
    text = f"ExtrinsicObject[Document01]: found 0 {members}"
    error = RegistryError(XdsErrorCode.REGISTRY_METADATA, text, "ExtrinsicObject[Document01]", rule="A3")
    (found,) = placed([error, error], PLACES)
    assert found.location == "Bundle.entry[1].resource"
    assert found.context == f"{found.location}: found 0 items of the List that refer to it, expected one List.entry"


def test_an_outcome_is_one_of_fhir_and_without_errors_says_that_all_is_well():
    errors = [
        disagreement("O1", "Bundle.type", "nothing", "transaction"),
        RegistryError(XdsErrorCode.DMP_CLOSED, "closed", severity=Severity.WARNING),
    ]
    assert OperationOutcome.model_validate(write_outcome(errors))
    assert [issue["severity"] for issue in write_outcome(errors)["issue"]] == ["error", "warning"]
    assert [issue["severity"] for issue in write_outcome([])["issue"]] == ["information"]


STATUSES = {
    (XdsErrorCode.DMP_ACCESS_DENIED, ""): (403, "forbidden"),
    (XdsErrorCode.UNKNOWN_PATIENT_ID, ""): (404, "not-found"),
    (XdsErrorCode.DMP_CLOSED, ""): (422, "business-rule"),
    (XdsErrorCode.PATIENT_ID_DOES_NOT_MATCH, "V-42"): (422, "business-rule"),
    (XdsErrorCode.DUPLICATE_UNIQUE_ID_IN_REGISTRY, "P6"): (409, "duplicate"),
    (XdsErrorCode.REGISTRY_METADATA, "O6"): (422, "code-invalid"),
    (XdsErrorCode.REPOSITORY_METADATA, "HASH"): (422, "invariant"),
    (XdsErrorCode.REGISTRY_METADATA, "FHIR-FORBIDDEN"): (400, "not-supported"),
    (XdsErrorCode.REGISTRY_BUSY, ""): (503, "transient"),
}


@pytest.mark.parametrize(("code", "rule"), STATUSES)
def test_a_refusal_has_the_status_of_its_first_error(code, rule):
    status, issue = STATUSES[code, rule]
    error = RegistryError(code, "why", rule=rule)
    warning = RegistryError(XdsErrorCode.DMP_ACCESS_DENIED, "not this", severity=Severity.WARNING)
    assert http_status([warning, error]) == status
    assert issue_of(error)["code"] == issue


@pytest.mark.parametrize("code", XdsErrorCode)
def test_every_code_of_the_house_has_its_issue_and_its_status(code):
    assert issue_line(code.value, "").http >= 400
