"""One fault for each rule on the document and the sections of a patient summary (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from functools import partial

from lxml import etree

from samples.documents.elements import LOINC, coded, element, templates
from samples.documents.faults import Fault, drop, put
from samples.documents.ips_fr_paths import (
    ADVERSE,
    DEVICE,
    DEVICES,
    DIRECTIVES,
    DOCUMENTS,
    FUNCTIONAL,
    IMMUNIZATIONS,
    PLAN,
    POINTS,
    PREGNANCIES,
    RESULTS,
    VITALS,
    another_template,
    group,
    insert,
    missing,
    part,
)


def _sub_section() -> etree._Element:
    text = element("text", "Sous-section.")
    return element("component", element("section", element("title", "Sous-section"), text))


def _repeat(code: str) -> Fault:
    """A second section of the same code, empty."""
    text = element("text", "Encore.")
    made = element("section", coded("code", code, "Encore", LOINC), element("title", "Encore"), text)
    return insert("//cda:structuredBody", "component", partial(element, "component", made))


def _second_supply(root: etree._Element) -> None:
    supply = element("supply", templates("2.16.840.1.113883.10.20.1.34"), classCode="SPLY", moodCode="EVN")
    insert(DEVICES, "entry", partial(element, "entry", supply))(root)


SECTION_FAULTS: dict[str, Fault] = {
    "IPS-TPL": put("cda:templateId[3]", root="1.2.250.1.213.1.1.1.13"),
    "IPS-TPL-VERSION": put("cda:templateId[3]", extension="1999.01"),
    "IPS-CODE": put("cda:code", code="34133-9"),
    "IPS-SYSTEM": put("cda:code", codeSystem="1.2.250.1.213.1.1.4.12"),
    "IPS-DOCTOR": put("cda:participant[@typeCode='INF']/cda:functionCode", displayName="Médecin traitant"),
    "IPS-SEC-TREATMENTS": drop(part("1.3.6.1.4.1.19376.1.5.3.1.3.19")),
    "IPS-SEC-ALLERGIES": drop(part("1.3.6.1.4.1.19376.1.5.3.1.3.13")),
    "IPS-SEC-PROBLEMS": drop(part("1.3.6.1.4.1.19376.1.5.3.1.3.6")),
    "IPS-SEC-ACTS": drop(part("1.3.6.1.4.1.19376.1.5.3.1.3.11")),
    "IPS-SEC-DEVICES": drop(part("1.3.6.1.4.1.19376.1.5.3.1.1.5.3.5")),
    "IPS-ONCE": _repeat("44944-7"),
    "IPS-FLAT": insert(POINTS, "text entry", _sub_section),
    "IPS-MOVES-NULL": put(group("32452-5"), nullFlavor="UNK"),
    "IPS-MOVES-CODED": put(group("32452-5"), codeSystem=None),
    "IPS-MOVES-JDV": put(group("32452-5"), code="00000-0"),
    "IPS-MIND-NULL": put(group("54511-1"), nullFlavor="UNK"),
    "IPS-MIND-CODED": put(group("54511-1"), codeSystem=None),
    "IPS-MIND-JDV": put(group("54511-1"), code="00000-0"),
    "IPS-RISK-NULL": put(group("GEN-092.04.24"), nullFlavor="UNK"),
    "IPS-RISK-CODED": put(group("GEN-092.04.24"), codeSystem=None),
    "IPS-RISK-JDV": put(group("GEN-092.04.24"), code="00000-0"),
    "SEC-DEVICES-CODE": put(f"{DEVICES}/cda:code", code="00000-0"),
    "SEC-DEVICES-SYSTEM": put(f"{DEVICES}/cda:code", codeSystem="1.2.3"),
    "SEC-DEVICES-ID": drop(f"{DEVICES}/cda:id"),
    "SEC-DEVICES-TEXT": drop(f"{DEVICES}/cda:text"),
    "SEC-DEVICES-FR-ENTRY": drop(f"{DEVICE}/cda:templateId[@root='1.2.250.1.213.1.1.3.20']"),
    "SEC-DEVICES-FR-SUPPLY": _second_supply,
    "SEC-DEVICES-FR-KNOWN": another_template(DEVICE, "1.2.3"),
    "SEC-ADVERSE-CODE": put(f"{ADVERSE}/cda:code", code="00000-0"),
    "SEC-ADVERSE-SYSTEM": put(f"{ADVERSE}/cda:code", codeSystem="1.2.3"),
    "SEC-ADVERSE-ID": drop(f"{ADVERSE}/cda:id"),
    "SEC-ADVERSE-TEXT": drop(f"{ADVERSE}/cda:text"),
    "SEC-ADVERSE-ENTRY": drop(f"{ADVERSE}/cda:entry"),
    "SEC-POINTS-CODE": put(f"{POINTS}/cda:code", code="00000-0"),
    "SEC-POINTS-SYSTEM": put(f"{POINTS}/cda:code", codeSystem="1.2.3"),
    "SEC-POINTS-ID": drop(f"{POINTS}/cda:id"),
    "SEC-FUNCTIONAL-CODE": put(f"{FUNCTIONAL}/cda:code", code="00000-0"),
    "SEC-FUNCTIONAL-SYSTEM": put(f"{FUNCTIONAL}/cda:code", codeSystem="1.2.3"),
    "SEC-FUNCTIONAL-TPL-COUNT": drop(f"{FUNCTIONAL}/cda:templateId[@root='1.2.250.1.213.1.1.2.246']"),
    "SEC-VITALS-CODE": put(f"{VITALS}/cda:code", code="00000-0"),
    "SEC-VITALS-SYSTEM": put(f"{VITALS}/cda:code", codeSystem="1.2.3"),
    "SEC-VITALS-PARENT": missing(VITALS, "1.3.6.1.4.1.19376.1.5.3.1.3.25"),
    "SEC-VITALS-ENTRY": drop(f"{VITALS}/cda:entry"),
    "SEC-VITALS-CCD-PARENT": missing(VITALS, "2.16.840.1.113883.10.20.1.16"),
    "SEC-IMMUNIZATIONS-CODE": put(f"{IMMUNIZATIONS}/cda:code", code="00000-0"),
    "SEC-IMMUNIZATIONS-SYSTEM": put(f"{IMMUNIZATIONS}/cda:code", codeSystem="1.2.3"),
    "SEC-IMMUNIZATIONS-PARENT": missing(IMMUNIZATIONS, "2.16.840.1.113883.10.20.1.6"),
    "SEC-IMMUNIZATIONS-ENTRY": drop(f"{IMMUNIZATIONS}/cda:entry"),
    "SEC-PREGNANCIES-CODE": put(f"{PREGNANCIES}/cda:code", code="00000-0"),
    "SEC-PREGNANCIES-SYSTEM": put(f"{PREGNANCIES}/cda:code", codeSystem="1.2.3"),
    "SEC-PREGNANCIES-ENTRIES": drop(f"{PREGNANCIES}/cda:entry"),
    "SEC-PLAN-CODE": put(f"{PLAN}/cda:code", code="00000-0"),
    "SEC-PLAN-SYSTEM": put(f"{PLAN}/cda:code", codeSystem="1.2.3"),
    "SEC-PLAN-PARENT": missing(PLAN, "2.16.840.1.113883.10.20.1.10"),
    "SEC-DIRECTIVES-CODE": put(f"{DIRECTIVES}/cda:code", code="00000-0"),
    "SEC-DIRECTIVES-SYSTEM": put(f"{DIRECTIVES}/cda:code", codeSystem="1.2.3"),
    "SEC-DIRECTIVES-PARENT": missing(DIRECTIVES, "1.3.6.1.4.1.19376.1.5.3.1.3.34"),
    "SEC-DIRECTIVES-ENTRY": drop(f"{DIRECTIVES}/cda:entry"),
    "SEC-RESULTS-CODE": put(f"{RESULTS}/cda:code", code="00000-0"),
    "SEC-RESULTS-ID": drop(f"{RESULTS}/cda:id"),
    "SEC-RESULTS-TEXT": drop(f"{RESULTS}/cda:text"),
    "SEC-RESULTS-FR-ENTRY": put(f"{RESULTS}/cda:entry/cda:organizer/cda:templateId", root="1.2.3"),
    "SEC-RESULTS-FR-SYSTEM": put(f"{RESULTS}/cda:code", codeSystem="1.2.3"),
    "SEC-DOCUMENTS-CODE": put(f"{DOCUMENTS}/cda:code", code="00000-0"),
    "SEC-DOCUMENTS-SYSTEM": put(f"{DOCUMENTS}/cda:code", codeSystem="1.2.3"),
    "SEC-DOCUMENTS-TEXT": drop(f"{DOCUMENTS}/cda:text"),
    "SEC-DOCUMENTS-ENTRY": drop(f"{DOCUMENTS}/cda:entry"),
    "SEC-DEVICES-FR": missing(DEVICES, "1.2.250.1.213.1.1.2.1"),
    "SEC-FUNCTIONAL-FR": put(f"{FUNCTIONAL}/cda:templateId[@root='1.2.250.1.213.1.1.2.246']", root="1.2.3"),
    "SEC-VITALS-FR": missing(VITALS, "1.2.250.1.213.1.1.2.75"),
    "SEC-IMMUNIZATIONS-FR": missing(IMMUNIZATIONS, "1.2.250.1.213.1.1.2.147"),
    "SEC-PREGNANCIES-FR": missing(PREGNANCIES, "1.2.250.1.213.1.1.2.77"),
    "SEC-PLAN-FR": missing(PLAN, "1.2.250.1.213.1.1.2.158"),
    "SEC-DIRECTIVES-FR": missing(DIRECTIVES, "1.2.250.1.213.1.1.2.157"),
}
