"""Codes of a generic affinity domain: those of the list that the Connectathon publishes (ITI TF-3 §4.2.3.1.2)."""

from __future__ import annotations

from typing import Final

from xds.metadata.codes import Code

LOINC: Final = "2.16.840.1.113883.6.1"
SNOMED_CT: Final = "2.16.840.1.113883.6.96"
CONNECTATHON: Final = "1.3.6.1.4.1.21367.2017.3"
_CLASSES = "1.3.6.1.4.1.19376.1.2.6.1"
_FORMATS = "1.3.6.1.4.1.19376.1.2.3"
_CONFIDENTIALITY = "2.16.840.1.113883.5.25"

REPORTS: Final = Code("REPORTS", _CLASSES, "Reports")
SUMMARIES: Final = Code("SUMMARIES", _CLASSES, "Summaries")
IMAGES: Final = Code("IMAGES", _CLASSES, "Images")

CONSULTATION_NOTE: Final = Code("11488-4", LOINC, "Consultation note")
DISCHARGE_SUMMARY: Final = Code("18842-5", LOINC, "Discharge summary")
LABORATORY_REPORT: Final = Code("11502-2", LOINC, "Laboratory report")

TEXT: Final = Code("urn:ihe:iti:xds-sd:text:2008", _FORMATS, "Scanned text")
PDF: Final = Code("urn:ihe:iti:xds-sd:pdf:2008", _FORMATS, "Scanned PDF")
SUMMARY: Final = Code("urn:ihe:pcc:xds-ms:2007", _FORMATS, "Medical summary")

HOSPITAL: Final = Code("22232009", SNOMED_CT, "Hospital")
NURSING_HOME: Final = Code("42665001", SNOMED_CT, "Nursing home")

CARDIOLOGY: Final = Code("309915006", SNOMED_CT, "Cardiology")
GENERAL_MEDICINE: Final = Code("309927009", SNOMED_CT, "General medicine")

NORMAL: Final = Code("N", _CONFIDENTIALITY, "Normal")
RESTRICTED: Final = Code("R", _CONFIDENTIALITY, "Restricted")
VERY_RESTRICTED: Final = Code("V", _CONFIDENTIALITY, "Very restricted")

OPT_IN: Final = Code("1.3.6.1.4.1.21367.2006.7.108", CONNECTATHON, "Opt-in")
OPT_OUT: Final = Code("1.3.6.1.4.1.21367.2006.7.106", CONNECTATHON, "Opt-out")
FIRST_EVENT: Final = Code("MPQ-eventcode-1", CONNECTATHON, "First event")
SECOND_EVENT: Final = Code("MPQ-eventcode-2", CONNECTATHON, "Second event")

REFERRALS: Final = Code("Referrals", CONNECTATHON, "Referrals")
ALLERGY_TREATMENTS: Final = Code("Allergy_Treatments", CONNECTATHON, "Allergy treatments")

ADDITIONAL_INFORMATION: Final = Code("Additional_Information", CONNECTATHON, "Additional information")
"""A reason why a document was amended: classification of a document relationship."""
