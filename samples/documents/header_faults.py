"""One fault for each rule of the header that is written by hand (CI-SIS Structuration minimale)."""

from __future__ import annotations

from samples.documents.faults import Fault, add, both, double, drop, put, say

_PATIENT = "cda:recordTarget/cda:patientRole/cda:patient"
_INS = "cda:recordTarget/cda:patientRole/cda:id[1]"
_IPP = "cda:recordTarget/cda:patientRole/cda:id[2]"
_AUTHOR = "cda:author/cda:assignedAuthor"
_CUSTODIAN = "cda:custodian/cda:assignedCustodian/cda:representedCustodianOrganization"
_ACT = "cda:documentationOf/cda:serviceEvent"

HEADER_FAULTS: dict[str, Fault] = {
    "HDR-ID-DMP": put("cda:id", extension="A-1"),
    "HDR-TIME-SECOND": put("cda:effectiveTime", value="20240611"),
    "HDR-CONF-FR": put("cda:confidentialityCode", code="U"),
    "R-LANG": put("cda:languageCode", code="FR"),
    "HDR-RELATED-TYPE": both(
        add(".", "relatedDocument", "parentDocument", typeCode="APND"),
        add("cda:relatedDocument/cda:parentDocument", "id", root="1.2.3"),
    ),
    "HDR-COPYTIME": add(".", "copyTime", value="20240611"),
    "R-INS-FAMILY": put(f"{_PATIENT}/cda:name/cda:family[@qualifier='BR']", qualifier="CL"),
    "R-INS-GIVEN": put(f"{_PATIENT}/cda:name/cda:given[@qualifier='BR']", qualifier="CL"),
    "R-INS-ALL-GIVEN": drop(f"{_PATIENT}/cda:name/cda:given[not(@qualifier)]"),
    "R-INS-BIRTHPLACE": drop(f"{_PATIENT}/cda:birthplace/cda:place/cda:addr/cda:county"),
    "R-INS-MISSING": drop(_INS),
    "R-INS-C": put(_IPP, root="1.2.250.1.213.1.4.2"),
    "R-INS-KEY": put(_INS, extension="258076912301599"),
    "R-NAM-1": put(f"{_PATIENT}/cda:name/cda:given[@qualifier='CL']", qualifier="SP"),
    "R-NAM-2": put(f"{_PATIENT}/cda:name/cda:family[@qualifier='CL']", qualifier="SP"),
    "HDR-GUARDIAN": add(_PATIENT, "guardian"),
    "HDR-AUT-KIND": both(
        add(_AUTHOR, "assignedAuthoringDevice"),
        add(f"{_AUTHOR}/cda:assignedAuthoringDevice", "manufacturerModelName"),
        add(f"{_AUTHOR}/cda:assignedAuthoringDevice", "softwareName"),
        say(f"{_AUTHOR}/cda:assignedAuthoringDevice/cda:manufacturerModelName", "Station"),
        say(f"{_AUTHOR}/cda:assignedAuthoringDevice/cda:softwareName", "Logiciel"),
    ),
    "HDR-AUT-ORG-ID": put(f"{_AUTHOR}/cda:representedOrganization/cda:id", root="1.2.3"),
    "HDR-INF-KIND": drop("cda:informant/cda:relatedEntity"),
    "R-REL-1": put("cda:informant/cda:relatedEntity", classCode="FRND"),
    "R-CUST-1": put(f"{_CUSTODIAN}/cda:id", root="1.2.3"),
    "R-PART-1": put("cda:participant/cda:associatedEntity", classCode="PAT"),
    "R-CIV": say(f"{_AUTHOR}/cda:assignedPerson/cda:name/cda:prefix", "Madame"),
    "R-TIT": say(f"{_AUTHOR}/cda:assignedPerson/cda:name/cda:suffix", "Docteur"),
    "R-SE-1": drop(f"{_ACT}/cda:performer"),
    "R-SE-2": drop(f"{_ACT}/cda:effectiveTime"),
    "R-SE-5": both(put(f"{_ACT}/cda:code", code=None, displayName=None), add(f"{_ACT}/cda:code", "originalText")),
    "R-TEL-1": put("cda:recordTarget/cda:patientRole/cda:telecom", value="0600000002"),
    "R-TEL-2": put("cda:recordTarget/cda:patientRole/cda:telecom", use="MOBILE"),
    "R-TEL-3": put("cda:recordTarget/cda:patientRole/cda:telecom", value=None),
    "R-ADR-1": put(f"{_AUTHOR}/cda:addr", use="BUREAU"),
    "HDR-code.code-SET": put("cda:code", code="SYNTHESE"),
    "HDR-realmCode-MIN": drop("cda:realmCode"),
    "HDR-title-MIN": drop("cda:title"),
    "HDR-versionNumber.value-FORM": put("cda:versionNumber", value="1.0"),
    "HDR-recordTarget-MAX": double("cda:recordTarget"),
    "HDR-administrativeGenderCode.code-SET": put(f"{_PATIENT}/cda:administrativeGenderCode", code="H"),
}

# Faults that only a fuller header can have, or whose other rules a summary would hide.
FULL_HEADER_FAULTS: dict[str, Fault] = {
    "R-ID-1": put("cda:informant/cda:assignedEntity/cda:id", extension=None),
    "HDR-RELATED-TYPE": put("cda:relatedDocument", typeCode="APND"),
    "R-SE-5": put(f"{_ACT}/cda:code", code=None, displayName=None),
    "HDR-GUARDIAN": drop(f"{_PATIENT}/cda:guardian[2]/cda:guardianOrganization"),
}

LEVEL_1_FAULTS: dict[str, Fault] = {
    "R-N1-2": put("cda:templateId[3]", root="1.2.250.1.213.1.1.1.45"),
    "R-N1-1": add(".", "templateId", root="1.2.250.1.213.1.1.1.45"),
    "HDR-N1-MEDIA": put("cda:component/cda:nonXMLBody/cda:text", mediaType="image/jpeg"),
    "HDR-N1-B64": put("cda:component/cda:nonXMLBody/cda:text", representation=None),
}
