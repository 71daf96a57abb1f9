"""The profiles that a document can be judged by: which schemas each is made of, in which layer."""

from __future__ import annotations

from dataclasses import dataclass

HEADER = "ci_sis_header"
LEVEL_1 = "level1"
VSM_1_4 = "vsm-1.4"
VSM_2023 = "vsm-2023.01"
IPS_FR = "ips-fr-2024.01"
METADATA_DMP = "xds-metadata-dmp"
METADATA_IHE = "xds-metadata-ihe"
HL7V2_ORU, HL7V2_MDM, HL7V2_PAM = "hl7v2-oru", "hl7v2-mdm", "hl7v2-pam"
FHIR_PROVIDE_BUNDLE = "fhir-provide-bundle"
FHIR_DOCUMENT_REFERENCE = "fhir-document-reference"
FHIR_SEARCHSET = "fhir-searchset"
FHIR_DOCUMENT = "fhir-document"
XDM = "xdm"
STRUCTURE = "structure"

LAYERS = {
    STRUCTURE: ("Structure CDA", "CDA structure"),
    "header": ("En-tête CI-SIS", "CI-SIS header"),
    "document": ("Modèle de document", "Document model"),
    "body": ("Sections et entrées", "Sections and entries"),
    "terminology": ("Unités et terminologies", "Units and terminologies"),
}
"""The layers of our own rules, in the order in which they are told, with their French and English titles."""


@dataclass(frozen=True, slots=True)
class SchemaRef:
    """A schema of ours: `profiles/<package>/<name>.sch`, and the layer its findings belong to."""

    layer: str
    package: str
    name: str


@dataclass(frozen=True, slots=True)
class Profile:
    """What one kind of document must conform to: the structure of CDA, then every schema, all asked independently."""

    name: str
    title: str
    title_en: str
    schemas: tuple[SchemaRef, ...]

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers that are asked, structure first."""
        asked = {STRUCTURE, *(one.layer for one in self.schemas)}
        return tuple(one for one in LAYERS if one in asked)


_HEADER = tuple(
    SchemaRef("header", HEADER, name)
    for name in (
        "identification",
        "patient",
        "participants",
        "act",
        "generated",
    )
)
_SHARED = (SchemaRef("header", "cda_values", "values"), SchemaRef("terminology", "cda_values", "units"))
"""What the generic models and the terminologies say of every document, whatever its type."""
_DOCUMENT_TYPE = SchemaRef("document", "document_types", "recognition")
_SUMMARY = (
    SchemaRef("document", "vsm", "document"),
    *(
        SchemaRef("body", "vsm", name)
        for name in (
            "templates",
            "sections",
            "conditions",
            "qualifiers",
            "history",
            "treatments",
            "prescriptions",
            "absences",
        )
    ),
    SchemaRef("body", "cda_values", "values"),
    SchemaRef("terminology", "cda_values", "units"),
)
_PATIENT_SUMMARY = (
    SchemaRef("document", "ips_fr", "document"),
    *(
        SchemaRef("body", "ips_fr", name)
        for name in (
            "templates",
            "sections",
            "observations",
            "immunizations",
            "care_plan",
            "devices_and_documents",
            "adverse_effects",
        )
    ),
)

PROFILES = {
    one.name: one
    for one in (
        Profile(
            HEADER, "En-tête CI-SIS (structuration minimale)", "CI-SIS header", (*_HEADER, *_SHARED, _DOCUMENT_TYPE)
        ),
        Profile(
            LEVEL_1,
            "Document non structuré (CDA niveau 1)",
            "Unstructured document (CDA level 1)",
            (*_HEADER, *_SHARED, SchemaRef("document", "level1", "level1")),
        ),
        Profile(
            VSM_1_4,
            "Volet de synthèse médicale 1.4 (2022.01)",
            "Medical summary VSM 1.4 (2022.01)",
            (*_HEADER, *_SUMMARY, SchemaRef("document", "vsm", "version_1_4")),
        ),
        Profile(
            VSM_2023,
            "Volet de synthèse médicale 2023.01",
            "Medical summary VSM 2023.01",
            (*_HEADER, *_SUMMARY, SchemaRef("document", "vsm", "version_2023")),
        ),
        Profile(
            IPS_FR,
            "Synthèse médicale IPS-FR 2024.01",
            "Patient summary IPS-FR 2024.01",
            (*_HEADER, *_PATIENT_SUMMARY, *(one for one in _SUMMARY if one.layer != "document")),
        ),
    )
}

METADATA_PROFILES = {
    one.name: one
    for one in (
        Profile(METADATA_DMP, "Métadonnées XDS du DMP", "XDS metadata of the DMP", ()),
        Profile(METADATA_IHE, "Métadonnées XDS, domaine générique", "XDS metadata, generic domain", ()),
    )
}
"""Profiles of messages, not of documents: ITI-41, ITI-42 and ITI-61, judged by `conformance.submissions`."""
HL7V2_PROFILES = {
    one.name: one
    for one in (
        Profile(HL7V2_ORU, "Documents en HL7 v2 : ORU", "Documents in HL7 v2: ORU", ()),
        Profile(HL7V2_MDM, "Documents en HL7 v2 : MDM", "Documents in HL7 v2: MDM", ()),
        Profile(HL7V2_PAM, "Consentements en HL7 v2 : PAM-FR", "Consents in HL7 v2: PAM-FR", ()),
    )
}
"""Profiles of messages of HL7 v2, judged by `conformance.messages`."""
FHIR_PROFILES = {
    one.name: one
    for one in (
        Profile(FHIR_PROVIDE_BUNDLE, "FHIR : lot de documents (ITI-65)", "FHIR: lot of documents (ITI-65)", ()),
        Profile(FHIR_DOCUMENT_REFERENCE, "FHIR : document seul (ITI-105)", "FHIR: one document (ITI-105)", ()),
        Profile(FHIR_SEARCHSET, "FHIR : réponse de recherche (ITI-67)", "FHIR: answer of a search (ITI-67)", ()),
        Profile(FHIR_DOCUMENT, "FHIR : document (Bundle et Composition)", "FHIR: document (Bundle, Composition)", ()),
    )
}
"""Profiles of resources of MHD and of documents in FHIR, judged by `conformance.fhir.validation`."""
MEDIA_PROFILES = {XDM: Profile(XDM, "Support de documents (IHE XDM)", "Medium of documents (IHE XDM)", ())}
"""The profile of media, judged by `conformance.media`."""
