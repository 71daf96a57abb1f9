"""Problems, allergies and what is said of them: one fault for each rule (IHE PCC; CI-SIS VSM 2023.01)."""

from __future__ import annotations

from samples.documents.elements import element
from samples.documents.faults import Fault, both, double, drop, put
from samples.documents.vsm_paths import CCD, FR_ENTRY, IHE, after, before, copied, entry, only, undeclared

_CONCERN = entry("act", IHE + "5.2")
_OTHER_CONCERN = "(//cda:act[cda:templateId/@root='" + IHE + "5.2'])[2]"
_ALLERGIES = entry("act", IHE + "5.3")
_PROBLEM = entry("observation", IHE + "5")
_ALLERGY = entry("observation", IHE + "6")
_SEVERITY = entry("observation", IHE + "1")
_CLINICAL = entry("observation", IHE + "1.1")
_ALLERGY_CLINICAL = f"({_ALLERGY}//cda:observation[cda:templateId/@root='{IHE}1.1'])[1]"
_HEALTH = entry("observation", IHE + "1.2")
_CERTAINTY = entry("observation", FR_ENTRY + "171")
_ALLERGY_CERTAINTY = f"({_ALLERGY}//cda:observation[cda:templateId/@root='{FR_ENTRY}171'])[1]"
_CRITICALITY = entry("observation", FR_ENTRY + "172")
_COMMENT = entry("act", IHE + "2")
_REFERENCE = entry("act", IHE + "4.1")

_WIDTH = element("width", value="1", unit="a")
_PLAIN_AGENT = element(
    "participantRole", element("playingEntity", element("code", nullFlavor="UNK"), classCode="MMAT"), classCode="MANU"
)

CONCERN_FAULTS: dict[str, Fault] = {
    "ENT-CONCERN-CCD": undeclared(_CONCERN, CCD + "27"),
    "ENT-CONCERN-KIND": put(_CONCERN, moodCode="INT"),
    "ENT-CONCERN-ID": drop(f"{_CONCERN}/cda:id"),
    "ENT-CONCERN-CODE": put(f"{_CONCERN}/cda:code", nullFlavor="UNK"),
    "ENT-CONCERN-STATUS": put(f"{_CONCERN}/cda:statusCode", code="new"),
    "ENT-CONCERN-LOW": drop(f"{_CONCERN}/cda:effectiveTime/cda:low"),
    "ENT-CONCERN-HIGH": put(f"{_CONCERN}/cda:statusCode", code="completed"),
    "ENT-CONCERN-CONTENT": both(
        undeclared(_OTHER_CONCERN, IHE + "5.2"),
        put(
            f"{_CONCERN}/following::cda:act[cda:templateId/@root='{IHE}5.1'][1]/cda:entryRelationship", typeCode="REFR"
        ),
    ),
    "ENT-CONCERN-AUTHOR": drop(f"{_CONCERN}/cda:author//cda:telecom"),
    "ENT-CONCERN-PARENT": undeclared(_CONCERN, IHE + "5.1"),
    "ENT-CONCERN-PROBLEM": put(f"{_CONCERN}/cda:entryRelationship", typeCode="REFR"),
    "ENT-CONCERN-ALLERGY-PARENT": undeclared(_ALLERGIES, IHE + "5.1"),
    "ENT-CONCERN-ONE-ID": double(f"{_ALLERGIES}/cda:id"),
    "ENT-CONCERN-ONE-CODE": double(f"{_ALLERGIES}/cda:code"),
    "ENT-CONCERN-WIDTH": after(f"{_ALLERGIES}/cda:effectiveTime/cda:low", "width", value="1", unit="a"),
    "ENT-CONCERN-LOW-VALUE": only(f"{_ALLERGIES}/cda:effectiveTime/cda:low"),
    "ENT-CONCERN-ALLERGY": put(f"{_ALLERGIES}/cda:entryRelationship", inversionInd="true"),
}

PROBLEM_FAULTS: dict[str, Fault] = {
    "ENT-PROBLEM-CCD": undeclared(_PROBLEM, CCD + "28"),
    "ENT-PROBLEM-KIND": put(_PROBLEM, moodCode="INT"),
    "ENT-PROBLEM-NEGATION": put(_PROBLEM, negationInd="1"),
    "ENT-PROBLEM-ID": drop(f"{_PROBLEM}/cda:id"),
    "ENT-PROBLEM-CODE": double(f"{_PROBLEM}/cda:code"),
    "ENT-PROBLEM-CODE-PARTS": put(f"{_PROBLEM}/cda:code", codeSystem=None),
    "ENT-PROBLEM-CODE-JDV": put(f"{_PROBLEM}/cda:code", code="386661006"),
    "ENT-PROBLEM-CODE-NULL": put(f"{_PROBLEM}/cda:code", nullFlavor="OTH"),
    "ENT-PROBLEM-TEXT": drop(f"{_PROBLEM}/cda:text"),
    "ENT-PROBLEM-STATUS": put(f"{_PROBLEM}/cda:statusCode", code="active"),
    "ENT-PROBLEM-LOW": only(f"{_PROBLEM}/cda:effectiveTime/cda:low", nullFlavor="NI"),
    "ENT-PROBLEM-WIDTH": after(f"{_PROBLEM}/cda:effectiveTime/cda:low", "width", value="1", unit="a"),
    "ENT-PROBLEM-VALUE": both(double(f"{_PROBLEM}/cda:value"), drop(f"{_PROBLEM}/cda:value[2]/cda:originalText")),
    "ENT-PROBLEM-VALUE-TYPE": put(f"{_PROBLEM}/cda:value", xsi_type="CE"),
    "ENT-PROBLEM-VALUE-TEXT": drop(f"{_PROBLEM}/cda:value/cda:originalText"),
    "ENT-PROBLEM-VALUE-CODE": put(f"{_PROBLEM}/cda:value", codeSystem=None),
    "ENT-PROBLEM-SEVERITY-ONE": double(f"{_SEVERITY}/.."),
    "ENT-PROBLEM-STATUS-ONE": double(f"{_CLINICAL}/.."),
    "ENT-PROBLEM-HEALTH-ONE": double(f"{_HEALTH}/.."),
    "ENT-PROBLEM-FORBIDDEN": after(f"{_PROBLEM}/cda:effectiveTime", "confidentialityCode", code="N"),
    "ENT-ALLERGY-CCD": undeclared(_ALLERGY, CCD + "18"),
    "ENT-ALLERGY-PARENT": both(undeclared(_ALLERGY, IHE + "5"), undeclared(_ALLERGY, CCD + "28")),
    "ENT-ALLERGY-SYSTEM": put(f"{_ALLERGY}/cda:code", codeSystem="2.16.840.1.113883.6.3"),
    "ENT-ALLERGY-CODE-JDV": put(f"{_ALLERGY}/cda:code", code="64572001"),
    "ENT-ALLERGY-CODE-NULL": put(f"{_ALLERGY}/cda:code", nullFlavor="OTH"),
    "ENT-ALLERGY-VALUE-TYPE": put(f"{_ALLERGY}/cda:value", xsi_type="CE", nullFlavor="UNK"),
    "ENT-ALLERGY-VALUE-TEXT": both(
        put(f"{_ALLERGY}/cda:value", nullFlavor="UNK"), drop(f"{_ALLERGY}/cda:value/cda:originalText")
    ),
    "ENT-ALLERGY-AGENT": drop(f"{_ALLERGY}/cda:participant//cda:reference"),
    "ENT-ALLERGY-AGENTS": after(f"{_ALLERGY}/cda:participant", "participant", _PLAIN_AGENT, typeCode="CSM"),
    "ENT-ALLERGY-CERTAINTY-ONE": double(f"{_ALLERGY_CERTAINTY}/.."),
}

QUALIFIER_FAULTS: dict[str, Fault] = {
    "ENT-SEVERITY-RELATION": put(f"{_SEVERITY}/..", inversionInd="false"),
    "ENT-SEVERITY-OWN-RELATION": put(f"{_ALLERGY}//cda:observation[cda:templateId/@root='{IHE}1']/..", typeCode="REFR"),
    "ENT-SEVERITY-KIND": put(_SEVERITY, moodCode="INT"),
    "ENT-SEVERITY-CCD": undeclared(_SEVERITY, CCD + "55"),
    "ENT-SEVERITY-PARTS": put(f"{_SEVERITY}/cda:code", codeSystem=None),
    "ENT-SEVERITY-TEXT": drop(f"{_SEVERITY}/cda:text"),
    "ENT-SEVERITY-STATUS": put(f"{_SEVERITY}/cda:statusCode", code="active"),
    "ENT-SEVERITY-VALUE-TYPE": put(f"{_SEVERITY}/cda:value", xsi_type="CE"),
    "ENT-SEVERITY-VALUE": put(f"{_SEVERITY}/cda:value", codeSystem=None),
    "ENT-SEVERITY-PARENT": undeclared(_SEVERITY, IHE + "1"),
    "ENT-SEVERITY-CODE": put(f"{_SEVERITY}/cda:code", code="GRAVITE"),
    "ENT-CLINICAL-RELATION": both(
        put(f"{_HEALTH}/..", inversionInd="true"), put(f"{_CLINICAL}/..", inversionInd="true")
    ),
    "ENT-CLINICAL-OWN-RELATION": put(f"{_CLINICAL}/..", inversionInd="true"),
    "ENT-CLINICAL-KIND": put(_CLINICAL, moodCode="INT"),
    "ENT-CLINICAL-CCD": undeclared(_CLINICAL, CCD + "50"),
    "ENT-CLINICAL-CCD57": undeclared(_CLINICAL, CCD + "57"),
    "ENT-CLINICAL-CODE": put(f"{_CLINICAL}/cda:code", code="11323-3"),
    "ENT-CLINICAL-TEXT": drop(f"{_CLINICAL}/cda:text"),
    "ENT-CLINICAL-STATUS": put(f"{_CLINICAL}/cda:statusCode", code="active"),
    "ENT-CLINICAL-VALUE-TYPE": put(f"{_CLINICAL}/cda:value", xsi_type="CD"),
    "ENT-CLINICAL-VALUE": put(f"{_CLINICAL}/cda:value", code="chronic"),
    "ENT-CLINICAL-ALLERGY": put(f"{_ALLERGY_CLINICAL}/cda:value", code="relapse"),
    "ENT-CLINICAL-NULL": put(f"{_CLINICAL}/cda:value", nullFlavor="UNK"),
    "ENT-HEALTH-RELATION": both(put(f"{_HEALTH}/..", typeCode="COMP"), drop(f"{_CLINICAL}/..")),
    "ENT-HEALTH-OWN-RELATION": put(f"{_HEALTH}/..", typeCode="COMP"),
    "ENT-HEALTH-KIND": put(_HEALTH, moodCode="INT"),
    "ENT-HEALTH-CCD": undeclared(_HEALTH, CCD + "51"),
    "ENT-HEALTH-CODE": put(f"{_HEALTH}/cda:code", code="33999-4"),
    "ENT-HEALTH-TEXT": drop(f"{_HEALTH}/cda:text"),
    "ENT-HEALTH-STATUS": put(f"{_HEALTH}/cda:statusCode", code="active"),
    "ENT-HEALTH-VALUE-TYPE": put(f"{_HEALTH}/cda:value", xsi_type="CD"),
    "ENT-HEALTH-JDV": put(f"{_HEALTH}/cda:value", code="386661006"),
    "ENT-HEALTH-NULL": only(f"{_HEALTH}/cda:value", xsi_type="CE", nullFlavor="INV"),
    "ENT-CERTAINTY-RELATION": put(f"{_CERTAINTY}/..", inversionInd="false"),
    "ENT-CERTAINTY-KIND": put(_CERTAINTY, moodCode="INT"),
    "ENT-CERTAINTY-ID": drop(f"{_CERTAINTY}/cda:id"),
    "ENT-CERTAINTY-CODE": put(f"{_CERTAINTY}/cda:code", code="82606-5"),
    "ENT-CERTAINTY-STATUS": put(f"{_CERTAINTY}/cda:statusCode", code="active"),
    "ENT-CERTAINTY-TIME": both(*(before(f"{_CERTAINTY}/cda:value", "effectiveTime", value="2024") for _ in range(2))),
    "ENT-CERTAINTY-VALUE": drop(f"{_CERTAINTY}/cda:value"),
    "ENT-CERTAINTY-REPEAT": both(*(before(f"{_CERTAINTY}/cda:value", "repeatNumber", value="1") for _ in range(2))),
    "ENT-CRITICALITY-KIND": put(_CRITICALITY, moodCode="INT"),
    "ENT-CRITICALITY-ID": drop(f"{_CRITICALITY}/cda:id"),
    "ENT-CRITICALITY-CODE": put(f"{_CRITICALITY}/cda:code", code="66455-7"),
    "ENT-CRITICALITY-STATUS": put(f"{_CRITICALITY}/cda:statusCode", code="active"),
    "ENT-CRITICALITY-TIME": drop(f"{_CRITICALITY}/cda:effectiveTime"),
    "ENT-CRITICALITY-VALUE": drop(f"{_CRITICALITY}/cda:value"),
    "ENT-CRITICALITY-AUTHOR": both(
        copied(f"{_COMMENT}/cda:author", _CRITICALITY), copied(f"{_COMMENT}/cda:author", _CRITICALITY)
    ),
    "ENT-CRITICALITY-REPEAT": both(*(before(f"{_CRITICALITY}/cda:value", "repeatNumber", value="1") for _ in range(2))),
    "ENT-COMMENT-RELATION": put(f"{_COMMENT}/..", inversionInd="false"),
    "ENT-COMMENT-CCD": undeclared(_COMMENT, CCD + "40"),
    "ENT-COMMENT-FR": undeclared(_COMMENT, FR_ENTRY + "32"),
    "ENT-COMMENT-CODE": put(f"{_COMMENT}/cda:code", code="48768-6"),
    "ENT-COMMENT-STATUS": put(f"{_COMMENT}/cda:statusCode", code="active"),
    "ENT-COMMENT-AUTHOR": drop(f"{_COMMENT}/cda:author//cda:telecom"),
    "ENT-COMMENT-TEXT": drop(f"{_COMMENT}/cda:text"),
    "ENT-COMMENT-PARENT": undeclared(_COMMENT, IHE + "2"),
    "ENT-REFERENCE-ID": double(f"{_REFERENCE}/cda:id"),
    "ENT-REFERENCE-CODE": only(f"{_REFERENCE}/cda:code", nullFlavor="UNK"),
}

CONDITION_FAULTS: dict[str, Fault] = {**CONCERN_FAULTS, **PROBLEM_FAULTS, **QUALIFIER_FAULTS}
