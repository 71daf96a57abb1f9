"""Treatments and what they hold, units: one fault for each rule (IHE PCC, IHE PHARM PRE; CI-SIS VSM 2023.01)."""

from __future__ import annotations

from samples.documents.elements import element
from samples.documents.faults import Fault, add, both, double, drop, put
from samples.documents.vsm_paths import CCD, FR_ENTRY, IHE, PHARM, after, copied, declared, entry, only, undeclared

_TREATMENT = entry("substanceAdministration", IHE + "7")
_PLANNED = f"(//cda:entry/cda:substanceAdministration[cda:templateId/@root='{IHE}7'])[last()]"
_PRODUCT = f"{_TREATMENT}/cda:consumable/cda:manufacturedProduct"
_MATERIAL = f"{_PRODUCT}/cda:manufacturedMaterial"
_REASON = f"{_TREATMENT}/cda:entryRelationship[@typeCode='RSON']"
_SUPPLY = entry("supply", IHE + "7.3")
_PRESCRIBER = f"{_SUPPLY}/cda:author"
_PERFORMER = f"{_SUPPLY}/cda:performer"
_PATIENT = entry("act", IHE + "3")
_DISPENSER = entry("act", IHE + "3.1")
_DETAIL = f"{_PATIENT}/cda:entryRelationship"
_QUANTITY = entry("supply", PHARM + "8")
_RENEWAL = entry("supply", PHARM + "15")
_SUBSTITUTION = entry("act", PHARM + "9.1")
_OBSERVED = f"{_TREATMENT}/cda:entryRelationship[@typeCode='COMP'][cda:observation]"
_PLAN = entry("substanceAdministration", PHARM + "10")
_ITEM = entry("substanceAdministration", PHARM + "7")
_HABIT_VALUE = "(//cda:value[@*[local-name()='type']='PQ'])[1]"
_ALIEN = "1.2.250.1.213.1.1.3.999"

TREATMENT_FAULTS: dict[str, Fault] = {
    "ENT-TREATMENT-KIND": put(_TREATMENT, moodCode="RQO"),
    "ENT-TREATMENT-CCD": undeclared(_TREATMENT, CCD + "24"),
    "ENT-TREATMENT-DOSING": undeclared(_TREATMENT, IHE + "7.1"),
    "ENT-TREATMENT-ID": double(f"{_TREATMENT}/cda:id"),
    "ENT-TREATMENT-TEXT": drop(f"{_TREATMENT}/cda:text"),
    "ENT-TREATMENT-STATUS": put(f"{_TREATMENT}/cda:statusCode", code="active"),
    "ENT-TREATMENT-NESTED": declared(_PLANNED, IHE + "7.1"),
    "ENT-TREATMENT-PERIOD": drop(f"{_TREATMENT}/cda:effectiveTime[1]/cda:high"),
    "ENT-TREATMENT-FREQUENCY": put(f"{_TREATMENT}/cda:effectiveTime[2]", operator="I"),
    "ENT-TREATMENT-DOSE": drop(f"{_TREATMENT}/cda:doseQuantity/cda:high"),
    "ENT-TREATMENT-RATE": drop(f"{_TREATMENT}/cda:rateQuantity/cda:high"),
    "ENT-TREATMENT-MAXIMUM": both(
        *(
            after(
                f"{_TREATMENT}/cda:rateQuantity",
                "maxDoseQuantity",
                element("numerator", value="4"),
                element("denominator", value="1", unit="d"),
            )
            for _ in range(2)
        )
    ),
    "ENT-TREATMENT-PRODUCT": both(undeclared(_PRODUCT, IHE + "7.2"), undeclared(_PRODUCT, FR_ENTRY + "43")),
    "ENT-TREATMENT-PRODUCT-TEXT": double(f"{_MATERIAL}/cda:code/cda:originalText/cda:reference"),
    "ENT-TREATMENT-REASON": declared(f"{_REASON}/cda:act", _ALIEN),
    "ENT-TREATMENT-SUPPLY": declared(_SUPPLY, _ALIEN),
    "ENT-TREATMENT-INSTRUCTION": both(declared(f"{_PATIENT}/..", "1.2.3"), declared(_PATIENT, _ALIEN)),
    "ENT-TREATMENT-OBSERVATION": declared(f"{_OBSERVED}/cda:observation", _ALIEN),
    "ENT-TREATMENT-PLAN": declared(_PLAN, _ALIEN),
    "ENT-TREATMENT-QUANTITY": declared(_QUANTITY, _ALIEN),
    "ENT-TREATMENT-SUBSTITUTION": declared(_SUBSTITUTION, _ALIEN),
    "ENT-TREATMENT-ROUTE": put(f"{_TREATMENT}/cda:routeCode", codeSystem="1.2.3"),
    "ENT-TREATMENT-SITE": put(f"{_TREATMENT}/cda:approachSiteCode", code="BRAS"),
    "ENT-TREATMENT-SITE-NULL": only(f"{_TREATMENT}/cda:approachSiteCode", nullFlavor="INV"),
    "ENT-PRODUCT-CCD": undeclared(_PRODUCT, CCD + "53"),
    "ENT-PRODUCT-TEXT": drop(f"{_MATERIAL}/cda:code/cda:originalText"),
    "ENT-PRODUCT-SYSTEM": put(f"{_MATERIAL}/cda:code", codeSystem="1.2.250.1.213.2.3.2"),
    "ENT-PRODUCT-NAME": drop(f"{_MATERIAL}/cda:name"),
}

PRESCRIPTION_FAULTS: dict[str, Fault] = {
    "ENT-SUPPLY-CCD": undeclared(_SUPPLY, CCD + "34"),
    "ENT-SUPPLY-RELATION": put(f"{_SUPPLY}/..", typeCode="SPRT"),
    "ENT-SUPPLY-KIND": put(_SUPPLY, moodCode="RQO"),
    "ENT-SUPPLY-ID": double(f"{_SUPPLY}/cda:id"),
    "ENT-SUPPLY-TIME-ONE": double(f"{_SUPPLY}/cda:effectiveTime"),
    "ENT-SUPPLY-QUANTITY-ONE": double(f"{_SUPPLY}/cda:quantity"),
    "ENT-SUPPLY-AUTHOR-ONE": double(_PRESCRIBER),
    "ENT-SUPPLY-PERFORMER-ONE": double(_PERFORMER),
    "ENT-SUPPLY-ENTRY": put(f"{_SUPPLY}/cda:entryRelationship", typeCode="COMP"),
    "ENT-SUPPLY-QUANTITY": only(f"{_SUPPLY}/cda:quantity", nullFlavor="UNK"),
    "ENT-SUPPLY-AUTHOR-TIME": only(f"{_PRESCRIBER}/cda:time"),
    "ENT-SUPPLY-AUTHOR": drop(f"{_PRESCRIBER}/cda:assignedAuthor"),
    "ENT-SUPPLY-AUTHOR-NAME": both(
        drop(f"{_PRESCRIBER}//cda:assignedPerson"), drop(f"{_PRESCRIBER}//cda:representedOrganization")
    ),
    "ENT-SUPPLY-PERFORMER-TYPE": put(_PERFORMER, typeCode="SPRF"),
    "ENT-SUPPLY-PERFORMER-TIME": only(f"{_PERFORMER}/cda:time", nullFlavor="UNK"),
    "ENT-SUPPLY-PERFORMER": drop(f"{_PERFORMER}/cda:assignedEntity"),
    "ENT-SUPPLY-PERFORMER-NAME": drop(f"{_PERFORMER}//cda:representedOrganization"),
    "ENT-PATIENT-INSTRUCTION-CCD": undeclared(_PATIENT, CCD + "49"),
    "ENT-PATIENT-INSTRUCTION-CODE": put(f"{_PATIENT}/cda:code", code="FINSTRUCT"),
    "ENT-PATIENT-INSTRUCTION-TEXT": drop(f"{_PATIENT}/cda:text"),
    "ENT-PATIENT-INSTRUCTION-STATUS": put(f"{_PATIENT}/cda:statusCode", code="active"),
    "ENT-PATIENT-INSTRUCTION-PARENT": undeclared(_PATIENT, IHE + "3"),
    "ENT-PATIENT-INSTRUCTION-FR-ONE": declared(_PATIENT, FR_ENTRY + "33"),
    "ENT-PATIENT-INSTRUCTION-PART": put(_DETAIL, typeCode="REFR"),
    # What the observation itself and the instruction around it do not see: a code too many, a text twice.
    "ENT-DETAIL-PARENT": undeclared(f"{_DETAIL}/cda:observation", IHE + "13"),
    "ENT-DETAIL-CODE": double(f"{_DETAIL}/cda:observation/cda:code"),
    "ENT-DETAIL-TEXT": double(f"{_DETAIL}/cda:observation/cda:text"),
    "ENT-DETAIL-STATUS": double(f"{_DETAIL}/cda:observation/cda:statusCode"),
    "ENT-DISPENSER-INSTRUCTION-CCD": undeclared(_DISPENSER, CCD + "43"),
    "ENT-DISPENSER-INSTRUCTION-CODE": put(f"{_DISPENSER}/cda:code", code="PINSTRUCT"),
    "ENT-DISPENSER-INSTRUCTION-TEXT": drop(f"{_DISPENSER}/cda:text"),
    "ENT-DISPENSER-INSTRUCTION-STATUS": put(f"{_DISPENSER}/cda:statusCode", code="active"),
    "ENT-DISPENSER-INSTRUCTION-PARENT": both(
        copied(f"{_DISPENSER}/..", _TREATMENT),
        undeclared(f"{_TREATMENT}/cda:entryRelationship/cda:act[cda:templateId/@root='{IHE}3.1']", IHE + "3.1"),
    ),
    "ENT-QUANTITY-KIND": put(_QUANTITY, moodCode="INT"),
    "ENT-QUANTITY-INDEPENDENT": put(f"{_QUANTITY}/cda:independentInd", value="true"),
    "ENT-QUANTITY-VALUE": only(f"{_QUANTITY}/cda:quantity", nullFlavor="UNK"),
    "ENT-QUANTITY-FR": undeclared(_QUANTITY, FR_ENTRY + "86"),
    "ENT-RENEWAL-KIND": put(_RENEWAL, moodCode="INT"),
    "ENT-RENEWAL-FR": undeclared(_RENEWAL, FR_ENTRY + "88"),
    "ENT-RENEWAL-TIME": double(f"{_RENEWAL}/cda:effectiveTime"),
    "ENT-RENEWAL-END": both(
        drop(f"{_RENEWAL}/cda:effectiveTime/cda:high"), add(f"{_RENEWAL}/cda:effectiveTime", "low", value="2024")
    ),
    "ENT-SUBSTITUTION-KIND": put(_SUBSTITUTION, moodCode="EVN"),
    "ENT-SUBSTITUTION-STATUS": put(f"{_SUBSTITUTION}/cda:statusCode", code="active"),
    "ENT-SUBSTITUTION-ONE": after(f"{_SUBSTITUTION}/cda:code", "code", code="N", codeSystem="2.16.840.1.113883.5.1070"),
    "ENT-SUBSTITUTION-FR": undeclared(_SUBSTITUTION, FR_ENTRY + "87"),
    "ENT-SUBSTITUTION-CODE": put(f"{_SUBSTITUTION}/cda:code", code="E"),
    "ENT-PLAN-FR": undeclared(_PLAN, FR_ENTRY + "85"),
    "ENT-PLAN-ID": double(f"{_PLAN}/cda:id"),
    "ENT-PLAN-CODE": put(f"{_PLAN}/cda:code", code="PREItem"),
    "ENT-PLAN-CONSUMABLE": after(f"{_PLAN}/cda:consumable", "consumable", element("manufacturedProduct")),
    "ENT-PLAN-PRODUCT": put(f"{_PLAN}/cda:consumable//cda:manufacturedMaterial", nullFlavor="UNK"),
    "ENT-PLAN-ITEM": undeclared(_ITEM, PHARM + "7"),
    "ENT-PLAN-RELATION": put(f"{_PLAN}/cda:entryRelationship", typeCode="COMP"),
    "ENT-ITEM-PARENT": put(f"{_ITEM}/cda:templateId[@root='{IHE}7']", root=_ALIEN),
    "ENT-ITEM-FR": both(
        put(f"{_PLAN}/..", typeCode="COMP"),
        put(f"{_PLAN}/cda:templateId", root=_ALIEN),
        put(f"{_ITEM}/cda:templateId[@root='{FR_ENTRY}96']", root=_ALIEN),
    ),
    "ENT-ITEM-ONE-ID": double(f"{_ITEM}/cda:id"),
    "ENT-ITEM-CODE": put(f"{_ITEM}/cda:code", displayName="Remède"),
    "ENT-ITEM-STATUS": double(f"{_ITEM}/cda:statusCode"),
    "ENT-ITEM-DOSING": after(
        f"{_ITEM}/cda:statusCode",
        "effectiveTime",
        element("low", nullFlavor="UNK"),
        element("high", nullFlavor="UNK"),
        xsi_type="IVL_TS",
    ),
    "ENT-ITEM-ROUTE": after(
        f"{_ITEM}/cda:statusCode", "routeCode", code="20053000", codeSystem="0.4.0.127.0.16.1.1.2.1"
    ),
    "ENT-ITEM-SITE": after(
        f"{_ITEM}/cda:statusCode",
        "approachSiteCode",
        code="16217701000119102",
        codeSystem="2.16.840.1.113883.6.96",
    ),
    "ENT-ITEM-DOSE": both(*(after(f"{_ITEM}/cda:statusCode", "doseQuantity", nullFlavor="UNK") for _ in range(2))),
    "ENT-ITEM-RATE": both(*(after(f"{_ITEM}/cda:statusCode", "rateQuantity", nullFlavor="UNK") for _ in range(2))),
    "ENT-ITEM-MAXIMUM": after(f"{_ITEM}/cda:statusCode", "maxDoseQuantity", element("numerator", value="4")),
    "ENT-ITEM-PRODUCT": put(f"{_ITEM}//cda:manufacturedProduct", classCode=None),
    "ENT-ITEM-PATIENT": both(*(copied(f"{_PATIENT}/..", _ITEM) for _ in range(2))),
    "ENT-ITEM-DISPENSER": both(*(copied(f"{_DISPENSER}/..", _ITEM) for _ in range(2))),
    "ENT-ITEM-QUANTITY": both(*(copied(f"{_QUANTITY}/..", _ITEM) for _ in range(2))),
    "ENT-ITEM-TEMPLATES": declared(_ITEM, _ALIEN),
}

UNIT_FAULTS: dict[str, Fault] = {
    "UNIT-VALUE": put(_HABIT_VALUE, unit="paquets"),
    "UNIT-LOW": put(f"{_OBSERVED}//cda:value/cda:low", unit="cc"),
    "UNIT-HIGH": put(f"{_OBSERVED}//cda:value/cda:high", unit="cc"),
    "UNIT-DOSE-LOW": put(f"{_TREATMENT}/cda:doseQuantity/cda:low", unit="comprime"),
    "UNIT-DOSE-HIGH": put(f"{_TREATMENT}/cda:doseQuantity/cda:high", unit="comprime"),
    "UNIT-RATE-LOW": put(f"{_TREATMENT}/cda:rateQuantity/cda:low", unit="cc/h"),
    "UNIT-RATE-HIGH": put(f"{_TREATMENT}/cda:rateQuantity/cda:high", unit="cc/h"),
}
