"""One fault for each rule of the medical summary (CI-SIS VSM 2023.01)."""

from __future__ import annotations

from samples.documents.faults import Fault, add, both, double, drop, put

_PCC = "1.3.6.1.4.1.19376.1.5.3.1."
_FR_SECTION = "1.2.250.1.213.1.1.2."
_FR_ENTRY = "1.2.250.1.213.1.1.3."
_CCD = "2.16.840.1.113883.10.20.1."


def _section(root: str) -> str:
    return f"//cda:section[cda:templateId/@root='{root}']"


def _entry(tag: str, root: str) -> str:
    return f"//cda:{tag}[cda:templateId/@root='{_PCC}4.{root}']"


def _template(holder: str, root: str) -> Fault:
    return drop(f"{holder}[1]/cda:templateId[@root='{root}']")


_F29, _F30, _F31, _F32 = (_section(_FR_SECTION + number) for number in ("29", "30", "31", "32"))
_VIGILANCE = _section(_PCC + "3.27")
_CONCERN = _entry("act", "5.1")
_ACTIVE = f"{_entry('act', '5.2')}[cda:statusCode/@code='active']"
_ALLERGY_CONCERN = _entry("act", "5.3")
_PROBLEM = _entry("observation", "5")
_ALLERGY = _entry("observation", "6")
_SEVERITY = _entry("observation", "1")
_CLINICAL = _entry("observation", "1.1")
_HEALTH = _entry("observation", "1.2")
_PROCEDURE = _entry("procedure", "19")
_FAMILY = _entry("organizer", "15")
_FAMILY_OBSERVATION = _entry("observation", "13.3")
_HABIT = _entry("observation", "13.4")
_TREATMENT = _entry("substanceAdministration", "7")
_PRODUCT = _entry("manufacturedProduct", "7.2")
_MATERIAL = f"{_PRODUCT}/cda:manufacturedMaterial"

# (name in the rule ids, templateId, other templates that it asks for: rule and root)
_LEAVES = (
    ("PROBLEMS", _PCC + "3.6", (("PARENT", _CCD + "11"), ("FR", _FR_SECTION + "132"))),
    ("HISTORY", _PCC + "3.8", (("FR", _FR_SECTION + "134"),)),
    ("ACTS", _PCC + "3.12", (("CCD", _CCD + "12"), ("PARENT", _PCC + "3.11"), ("FR", _FR_SECTION + "136"))),
    ("ALLERGIES", _PCC + "3.13", (("PARENT", _CCD + "2"), ("FR", _FR_SECTION + "137"))),
    ("FAMILY", _PCC + "3.15", (("PARENT", _PCC + "3.14"), ("FR", _FR_SECTION + "139"))),
    ("HABITS", _PCC + "3.16.1", (("CCD", _CCD + "15"), ("PARENT", _PCC + "3.16"), ("FR", _FR_SECTION + "141"))),
    ("TREATMENTS", _PCC + "3.19", (("PARENT", _CCD + "8"), ("FR", _FR_SECTION + "143"))),
    ("RISKS", _PCC + "1.5.3.1", (("FR", _FR_SECTION + "74"),)),
)


def _leaf_faults() -> dict[str, Fault]:
    faults: dict[str, Fault] = {}
    for name, root, parents in _LEAVES:
        section = _section(root)
        faults[f"SEC-{name}-CODE"] = put(f"{section}/cda:code", code="00000-0")
        faults[f"SEC-{name}-SYSTEM"] = put(f"{section}/cda:code", codeSystem="1.2.3")
        faults[f"SEC-{name}-ENTRY"] = drop(f"{section}/cda:entry") if name != "RISKS" else drop(f"{section}/cda:id")
        for rule, parent in parents:
            faults[f"SEC-{name}-{rule}"] = _template(section, parent)
    faults["SEC-RISKS-ID"] = faults.pop("SEC-RISKS-ENTRY")
    del faults["SEC-PROBLEMS-CODE"]  # the official test accepts any code there
    return faults


def _composite_faults() -> dict[str, Fault]:
    faults: dict[str, Fault] = {}
    for name, section in (("F29", _F29), ("F30", _F30), ("F31", _F31), ("F32", _F32), ("VIGILANCE", _VIGILANCE)):
        faults[f"SEC-{name}-CODE"] = put(f"{section}/cda:code", code="00000-0")
        faults[f"SEC-{name}-SYSTEM"] = put(f"{section}/cda:code", codeSystem="1.2.3")
        faults[f"SEC-{name}-ID"] = drop(f"{section}/cda:id")
    del faults["SEC-VIGILANCE-ID"]
    for name, section in (("F30", _F30), ("F31", _F31), ("F32", _F32)):
        faults[f"SEC-{name}-SUB"] = both(drop(f"{section}/cda:component"), add(section, "component", "section"))
        faults[f"SEC-{name}-TEXT"] = add(section, "text")
    return faults


VSM_FAULTS: dict[str, Fault] = {
    "VSM-TPL": put("cda:templateId[3]", root="1.2.250.1.213.1.1.1.51"),
    "VSM-TPL-VERSION": put("cda:templateId[3]", extension="1999.01"),
    "VSM-CODE": put("cda:code", code="34133-9", codeSystem="2.16.840.1.113883.6.1"),
    "VSM-SEC-29": put(f"{_F29}/cda:templateId", root="1.2.3"),
    "VSM-SEC-150": drop(f"{_VIGILANCE}/cda:templateId[@root='{_FR_SECTION}150']"),
    "VSM-SEC-32": put(f"{_F32}/cda:templateId", root="1.2.3"),
    "VSM-PCP": drop("cda:participant"),
    "VSM-ACT-CODE": put("cda:documentationOf/cda:serviceEvent/cda:code", code="11488-4"),
    **_composite_faults(),
    "SEC-F29-F30": put(f"{_F30}/cda:templateId", root="1.2.3"),
    "SEC-F29-F31": put(f"{_F31}/cda:templateId", root="1.2.3"),
    "SEC-ACTS-ID": drop(f"{_section(_PCC + '3.12')}/cda:id"),
    "SEC-VIGILANCE-ENTRY": add(_VIGILANCE, "entry"),
    **_leaf_faults(),
    "ENT-CONCERN-CCD": _template(f"({_CONCERN})", _CCD + "27"),
    "ENT-CONCERN-ID": drop(f"({_CONCERN})[1]/cda:id"),
    "ENT-CONCERN-CODE": put(f"{_CONCERN}/cda:code", nullFlavor="UNK"),
    "ENT-CONCERN-STATUS": put(f"{_ACTIVE}/cda:statusCode", code="open"),
    "ENT-CONCERN-LOW": drop(f"({_ACTIVE})[1]/cda:effectiveTime/cda:low"),
    "ENT-CONCERN-HIGH": put(f"{_ACTIVE}/cda:statusCode", code="completed"),
    "ENT-CONCERN-PROBLEM": put(f"{_ACTIVE}/cda:entryRelationship", typeCode="COMP"),
    "ENT-CONCERN-ONE-ID": double(f"{_ALLERGY_CONCERN}/cda:id"),
    "ENT-CONCERN-ALLERGY": put(f"{_ALLERGY_CONCERN}/cda:entryRelationship", inversionInd="true"),
    "ENT-PROBLEM-CCD": _template(f"({_PROBLEM})", _CCD + "28"),
    "ENT-PROBLEM-ID": double(f"{_PROBLEM}/cda:id"),
    "ENT-PROBLEM-CODE": drop(f"({_PROBLEM})[1]/cda:code"),
    "ENT-PROBLEM-CODE-JDV": put(f"{_PROBLEM}/cda:code", code="386661006"),
    "ENT-PROBLEM-TEXT": drop(f"({_PROBLEM})[1]/cda:text"),
    "ENT-PROBLEM-STATUS": put(f"{_PROBLEM}/cda:statusCode", code="active"),
    "ENT-PROBLEM-LOW": put(f"{_PROBLEM}/cda:effectiveTime/cda:low", value=None, nullFlavor="NI"),
    "ENT-PROBLEM-WIDTH": add(f"{_PROBLEM}/cda:effectiveTime", "width", value="1", unit="a"),
    "ENT-PROBLEM-VALUE": drop(f"({_PROBLEM})[1]/cda:value"),
    "ENT-PROBLEM-VALUE-TYPE": put(f"{_PROBLEM}/cda:value", xsi_type="CE"),
    "ENT-PROBLEM-VALUE-TEXT": drop(f"({_PROBLEM})[1]/cda:value/cda:originalText"),
    "ENT-PROBLEM-VALUE-CODE": put(f"{_PROBLEM}/cda:value", codeSystem=None),
    "ENT-PROBLEM-SEVERITY-ONE": double(f"{_SEVERITY}/.."),
    "ENT-PROBLEM-STATUS-ONE": double(f"{_CLINICAL}/.."),
    "ENT-PROBLEM-FORBIDDEN": add(_PROBLEM, "uncertaintyCode"),
    "ENT-ALLERGY-CCD": _template(_ALLERGY, _CCD + "18"),
    "ENT-ALLERGY-CODE-JDV": put(f"{_ALLERGY}/cda:code", code="64572001"),
    "ENT-ALLERGY-AGENT": drop(f"{_ALLERGY}/cda:participant//cda:reference"),
    "ENT-SEVERITY-CCD": _template(f"({_SEVERITY})", _CCD + "55"),
    "ENT-SEVERITY-RELATION": put(f"{_SEVERITY}/..", inversionInd="false"),
    "ENT-SEVERITY-CODE": put(f"{_SEVERITY}/cda:code", code="GRAVITE"),
    "ENT-SEVERITY-TEXT": drop(f"({_SEVERITY})[1]/cda:text"),
    "ENT-SEVERITY-STATUS": put(f"{_SEVERITY}/cda:statusCode", code="active"),
    "ENT-SEVERITY-VALUE": put(f"{_SEVERITY}/cda:value", xsi_type="CE"),
    "ENT-CLINICAL-CCD": _template(f"({_CLINICAL})", _CCD + "57"),
    "ENT-CLINICAL-RELATION": put(f"{_CLINICAL}/..", typeCode="COMP"),
    "ENT-CLINICAL-CODE": put(f"{_CLINICAL}/cda:code", code="11323-3"),
    "ENT-CLINICAL-VALUE-TYPE": put(f"{_CLINICAL}/cda:value", xsi_type="CD"),
    "ENT-CLINICAL-VALUE": put(f"{_CLINICAL}/cda:value", code="chronic"),
    "ENT-HEALTH-CCD": _template(_HEALTH, _CCD + "51"),
    "ENT-HEALTH-CODE": put(f"{_HEALTH}/cda:code", code="33999-4"),
    "ENT-HEALTH-VALUE": put(f"{_HEALTH}/cda:value", code="chronic"),
    "ENT-PROCEDURE-FR": _template(_PROCEDURE, _FR_ENTRY + "62"),
    "ENT-PROCEDURE-CCD": _template(_PROCEDURE, _CCD + "29"),
    "ENT-PROCEDURE-ID": drop(f"{_PROCEDURE}/cda:id"),
    "ENT-PROCEDURE-CODE": drop(f"{_PROCEDURE}/cda:code"),
    "ENT-PROCEDURE-TEXT": drop(f"{_PROCEDURE}/cda:text"),
    "ENT-PROCEDURE-STATUS": put(f"{_PROCEDURE}/cda:statusCode", code="done"),
    "ENT-FAMILY-CCD": _template(_FAMILY, _CCD + "23"),
    "ENT-FAMILY-SUBJECT": put(f"{_FAMILY}/cda:subject", typeCode="RCT"),
    "ENT-FAMILY-RELATION": put(f"{_FAMILY}/cda:subject/cda:relatedSubject/cda:code", code="PERE"),
    "ENT-FAMILY-COMPONENT": put(f"{_FAMILY}/cda:component", typeCode="PART"),
    "ENT-FAMILY-OBS-CCD": _template(_FAMILY_OBSERVATION, _CCD + "22"),
    "ENT-FAMILY-OBS-TEXT": drop(f"{_FAMILY_OBSERVATION}/cda:text"),
    "ENT-FAMILY-OBS-STATUS": put(f"{_FAMILY_OBSERVATION}/cda:statusCode", code="active"),
    "ENT-HABIT-CCD": _template(f"({_HABIT})", _CCD + "33"),
    "ENT-HABIT-PARENT": _template(f"({_HABIT})", _PCC + "4.13"),
    "ENT-HABIT-CODE-JDV": put(f"{_HABIT}/cda:code", code="TABAC"),
    "ENT-HABIT-TEXT": drop(f"({_HABIT})[1]/cda:text"),
    "ENT-HABIT-STATUS": put(f"{_HABIT}/cda:statusCode", code="active"),
    "ENT-HABIT-TIME": drop(f"({_HABIT})[1]/cda:effectiveTime"),
    "ENT-HABIT-VALUE": drop(f"({_HABIT})[1]/cda:value"),
    "ENT-HABIT-FORBIDDEN": add(_HABIT, "methodCode"),
    "ENT-TREATMENT-CCD": _template(f"({_TREATMENT})", _CCD + "24"),
    "ENT-TREATMENT-DOSING": _template(f"({_TREATMENT})", _PCC + "4.7.1"),
    "ENT-TREATMENT-ID": drop(f"({_TREATMENT})[1]/cda:id"),
    "ENT-TREATMENT-TEXT": drop(f"({_TREATMENT})[1]/cda:text"),
    "ENT-TREATMENT-STATUS": put(f"{_TREATMENT}/cda:statusCode", code="active"),
    "ENT-TREATMENT-NESTED": add(_TREATMENT, "entryRelationship", "substanceAdministration", typeCode="COMP"),
    "ENT-TREATMENT-PERIOD": drop(f"({_TREATMENT})[1]/cda:effectiveTime[1]/cda:high"),
    "ENT-TREATMENT-FREQUENCY": put(f"{_TREATMENT}/cda:effectiveTime[2]", operator="I"),
    "ENT-TREATMENT-DOSE": drop(f"({_TREATMENT})[1]/cda:doseQuantity/cda:high"),
    "ENT-TREATMENT-ROUTE": put(f"{_TREATMENT}/cda:routeCode", codeSystem="1.2.3"),
    "ENT-TREATMENT-SITE": add(_TREATMENT, "approachSiteCode", code="BRAS"),
    "ENT-TREATMENT-PRODUCT": _template(f"({_PRODUCT})", _PCC + "4.7.2"),
    "ENT-PRODUCT-CCD": _template(f"({_PRODUCT})", _CCD + "53"),
    "ENT-PRODUCT-TEXT": drop(f"({_MATERIAL})[1]/cda:code/cda:originalText"),
    "ENT-PRODUCT-SYSTEM": put(f"{_MATERIAL}/cda:code", codeSystem="1.2.250.1.213.2.3.2"),
    "ENT-PRODUCT-NAME": drop(f"({_MATERIAL})[1]/cda:name"),
}
