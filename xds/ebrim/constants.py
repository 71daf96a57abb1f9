"""Namespaces and scheme identifiers of the ebRIM spelling (ITI TF-3 §4.2.5)."""

from __future__ import annotations

from typing import Final

RIM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
LCM: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"
RS: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
QUERY: Final = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
XDS: Final = "urn:ihe:iti:xds-b:2007"
RMD: Final = "urn:ihe:iti:rmd:2017"
XOP: Final = "http://www.w3.org/2004/08/xop/include"

OBJECT_TYPE: Final = "urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:"
"""Prefix of `@objectType` on Classification, ExternalIdentifier, RegistryPackage and Association."""

# classificationScheme: which attribute a classification fills
AUTHOR: Final = "urn:uuid:93606bcf-9494-43ec-9b4e-a7748d1a838d"
CLASS_CODE: Final = "urn:uuid:41a5887f-8865-4c09-adf7-e362475b143a"
CONFIDENTIALITY_CODE: Final = "urn:uuid:f4f85eac-e6cb-4883-b524-f2705394840f"
EVENT_CODE_LIST: Final = "urn:uuid:2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4"
FORMAT_CODE: Final = "urn:uuid:a09d5840-386c-46f2-b5ad-9c3699a4309d"
HEALTHCARE_FACILITY_TYPE_CODE: Final = "urn:uuid:f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1"
PRACTICE_SETTING_CODE: Final = "urn:uuid:cccf5598-8b07-4b77-a05e-ae952c785ead"
TYPE_CODE: Final = "urn:uuid:f0306f51-975f-434e-a61c-c59651d33983"
SUBMISSION_SET_AUTHOR: Final = "urn:uuid:a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d"
CONTENT_TYPE_CODE: Final = "urn:uuid:aa543740-bdda-424e-8c96-df4873be8500"
FOLDER_CODE_LIST: Final = "urn:uuid:1ba97051-7806-41a8-a48b-8fce7af683c5"
ASSOCIATION_DOCUMENTATION: Final = "urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3"

# identificationScheme: which identifier an external identifier is
ENTRY_PATIENT_ID: Final = "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427"
ENTRY_UNIQUE_ID: Final = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
SUBMISSION_SET_PATIENT_ID: Final = "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446"
SUBMISSION_SET_SOURCE_ID: Final = "urn:uuid:554ac39e-e3fe-47fe-b233-965d2a147832"
SUBMISSION_SET_UNIQUE_ID: Final = "urn:uuid:96fdda7c-d067-4183-912e-bf5ee74998a8"
FOLDER_PATIENT_ID: Final = "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a"
FOLDER_UNIQUE_ID: Final = "urn:uuid:75df8f67-9973-4fbe-a900-df66cefecc5a"

# classificationNode: what an object is
SUBMISSION_SET: Final = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
FOLDER: Final = "urn:uuid:d9d542f3-6cc4-48b6-8870-ea235fbc94c2"
ENTRY_LIMITED_METADATA: Final = "urn:uuid:ab9b591b-83ab-4d03-8f5d-f93b1fb92e85"
SUBMISSION_SET_LIMITED_METADATA: Final = "urn:uuid:5003a9db-8d8d-49e6-bf0c-990e34ac7707"
FOLDER_LIMITED_METADATA: Final = "urn:uuid:2c144a76-29a9-4b7c-af54-b25409fe7d03"
LIMITED_METADATA: Final = frozenset((ENTRY_LIMITED_METADATA, SUBMISSION_SET_LIMITED_METADATA, FOLDER_LIMITED_METADATA))

IDENTIFIER_NAMES: Final = {
    ENTRY_PATIENT_ID: "XDSDocumentEntry.patientId",
    ENTRY_UNIQUE_ID: "XDSDocumentEntry.uniqueId",
    SUBMISSION_SET_PATIENT_ID: "XDSSubmissionSet.patientId",
    SUBMISSION_SET_SOURCE_ID: "XDSSubmissionSet.sourceId",
    SUBMISSION_SET_UNIQUE_ID: "XDSSubmissionSet.uniqueId",
    FOLDER_PATIENT_ID: "XDSFolder.patientId",
    FOLDER_UNIQUE_ID: "XDSFolder.uniqueId",
}
"""The fixed `rim:Name` of each external identifier (ITI TF-3 §4.2.5.2)."""

ATTRIBUTE_NAMES: Final = {
    AUTHOR: "author",
    CLASS_CODE: "classCode",
    CONFIDENTIALITY_CODE: "confidentialityCode",
    EVENT_CODE_LIST: "eventCodeList",
    FORMAT_CODE: "formatCode",
    HEALTHCARE_FACILITY_TYPE_CODE: "healthcareFacilityTypeCode",
    PRACTICE_SETTING_CODE: "practiceSettingCode",
    TYPE_CODE: "typeCode",
    SUBMISSION_SET_AUTHOR: "author",
    CONTENT_TYPE_CODE: "contentTypeCode",
    FOLDER_CODE_LIST: "codeList",
    ASSOCIATION_DOCUMENTATION: "documentation",
    ENTRY_PATIENT_ID: "patientId",
    ENTRY_UNIQUE_ID: "uniqueId",
    SUBMISSION_SET_PATIENT_ID: "patientId",
    SUBMISSION_SET_SOURCE_ID: "sourceId",
    SUBMISSION_SET_UNIQUE_ID: "uniqueId",
    FOLDER_PATIENT_ID: "patientId",
    FOLDER_UNIQUE_ID: "uniqueId",
}

REFERENCE_ID_LIST: Final = "urn:ihe:iti:xds:2013:referenceIdList"
