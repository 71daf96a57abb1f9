"""One fault for each rule on the datatypes of the header (HL7 v3 Data Types R1)."""

from __future__ import annotations

from copy import deepcopy

from lxml import etree

from samples.documents.elements import element
from samples.documents.faults import Fault, add, both, double, drop, put, say

_Element = etree._Element
_NS = {"cda": "urn:hl7-org:v3"}
_ROLE = "cda:recordTarget/cda:patientRole"
_GUARDIAN = f"{_ROLE}/cda:patient/cda:guardian[1]"
_PERFORMER = "cda:documentationOf/cda:serviceEvent/cda:performer"
_AUTHOR = "cda:author[1]/cda:assignedAuthor"
_PARTY = "cda:componentOf/cda:encompassingEncounter/cda:responsibleParty/cda:assignedEntity"
_QUALIFIER = "cda:documentationOf/cda:serviceEvent/cda:code/cda:translation/cda:qualifier"
_DEVICE = "cda:author[2]/cda:assignedAuthor/cda:assignedAuthoringDevice"
_STRUCTURE = "cda:informationRecipient/cda:intendedRecipient/cda:receivedOrganization/cda:name"
_ORIGINAL = "cda:author[1]/cda:functionCode/cda:originalText"
_PERIOD = "cda:participant/cda:time"
_ORDER = "*[local-name()='multipleBirthOrderNumber']"

# An element of each datatype that may be spoilt without breaking more than that.
_TYPED = {
    "II": f"{_GUARDIAN}/cda:id",
    "CS": "cda:languageCode",
    "CE": f"{_PERFORMER}/cda:functionCode",
    "CD": f"{_PARTY}/cda:code",
    "CV": f"{_QUALIFIER}/cda:name",
    "CR": _QUALIFIER,
    "ST": "cda:title",
    "ADXP": f"{_AUTHOR}/cda:addr/cda:city",
    "ED": _ORIGINAL,
    "SC": f"{_DEVICE}/cda:softwareName",
    "AD": f"{_GUARDIAN}/cda:addr[1]",
    "TEL": f"{_GUARDIAN}/cda:telecom",
    "PN": f"{_AUTHOR}/cda:assignedPerson/cda:name",
    "ON": _STRUCTURE,
    "EN": f"{_ROLE}/cda:patient/cda:birthplace/cda:place/cda:name",
    "TS": "cda:author[1]/cda:time",
    "IVL_TS": _PERIOD,
    "IVXB_TS": f"{_PERIOD}/cda:low",
    "INT": "cda:versionNumber",
    "INT.POS": f"{_ROLE}/cda:patient/{_ORDER}",
    "BL": f"{_ROLE}/cda:patient/*[local-name()='deceasedInd']",
}


def _coded(name: str) -> dict[str, Fault]:
    path = _TYPED[name]
    bare = put(path, code=None, displayName=None, codeSystem=None)
    found = {
        "CODE": bare,
        "SYSTEM": put(path, codeSystem=None),
        "NAMES": both(put(path, code=None, codeSystem=None), _first(path, "originalText", "Autre")),
    }
    if name == "CV":
        found["CODE"] = put(path, code=None, displayName=None, codeSystem=None, codeSystemName=None)
        found["SYSTEM"] = put(path, codeSystem=None, codeSystemName=None)
    else:
        found["TRANSLATION"] = _last(path, element("translation", nullFlavor="UNK"))
        found["SAME-TRANSLATION"] = _last(
            path, *(element("translation", code="A", codeSystem="1.2.3") for _ in range(2))
        )
        found["LANGUAGE"] = _first(path, "originalText", "Autre", language="12")
    if name != "CD":
        found["QUALIFIER"] = _last(path, element("qualifier", element("value", code="A", codeSystem="1.2.3")))
    return found


def _text(name: str) -> dict[str, Fault]:
    path = _TYPED[name]
    return {
        "EMPTY": say(path, ""),
        "PLAIN": put(path, mediaType="application/pdf"),
        "LANGUAGE": put(path, language="12"),
    }


def _times(name: str) -> dict[str, Fault]:
    path = _TYPED[name]
    if name == "IVL_TS":
        path = f"{_PERFORMER}/cda:time"
        return {
            "VALUE": drop(f"{path}/*"),
            "CALENDAR": both(drop(f"{path}/*"), put(path, value="20241301")),
            "OFFSET": put(f"{_PERIOD}/cda:low", value="20150105120000+02"),
            "ORDER": put(f"{_PERIOD}/cda:low", value="20250101"),
            "FORM": put(path, value="2024"),
        }
    return {"VALUE": put(path, value=None), "CALENDAR": put(path, value="20241301")}


def _rules() -> dict[str, dict[str, Fault]]:
    address, telecom = _TYPED["AD"], _TYPED["TEL"]
    period = element("useablePeriod", element("low", value="20240102"), element("high", value="20240101"))
    return {
        "II": {
            "ROOT": put(_TYPED["II"], root=None),
            "OID": put(_TYPED["II"], root="urn:oid:1.2.3"),
            "REPEATED": double(f"{_ROLE}/cda:id[2]"),
        },
        **{name: _coded(name) for name in ("CE", "CD", "CV")},
        "CS": {"CODE": put("cda:languageCode", code=None), "PLAIN": put("cda:languageCode", displayName="Français")},
        **{name: _text(name) for name in ("ST", "ADXP")},
        "SC": {**_text("SC"), "CODE": put(_TYPED["SC"], code="A")},
        "ED": {"EMPTY": say(_ORIGINAL, ""), "PLAIN": put(_ORIGINAL, integrityCheck="AAAA")},
        "AD": {
            "CONTENT": say(address, "12 rue des Essais"),
            "BESIDE": _beside(address, element("addr", nullFlavor="UNK")),
            "REPEATED": double(address),
            "PERIOD": _last(address, period),
        },
        "TEL": {
            "BESIDE": _beside(telecom, element("telecom", nullFlavor="UNK")),
            "URI": put(telecom, value="tel:04 00 00 00 09"),
            "REPEATED": double(telecom),
        },
        "PN": {
            "CONTENT": say(_TYPED["PN"], "Anne ESSAI"),
            "REPEATED": double(f"{_PERFORMER}/cda:assignedEntity/cda:assignedPerson/cda:name"),
            "LS": put(f"{_TYPED['PN']}/cda:family", qualifier="LS"),
        },
        "ON": {
            "CONTENT": say(_STRUCTURE, ""),
            "BESIDE": _beside(_STRUCTURE, element("name", nullFlavor="UNK")),
            "REPEATED": double(_STRUCTURE),
            "PLAIN": both(say(_STRUCTURE, ""), add(_STRUCTURE, "suffix")),
        },
        "EN": {"CONTENT": say(_TYPED["EN"], "")},
        **{name: _times(name) for name in ("TS", "IVL_TS", "IVXB_TS")},
        "INT": {"VALUE": put(_TYPED["INT"], value=None), "PLAIN": add(_TYPED["INT"], "uncertainty")},
        "INT.POS": {
            "VALUE": put(_TYPED["INT.POS"], value=None),
            "PLAIN": add(_TYPED["INT.POS"], "uncertainty"),
            "POSITIVE": put(_TYPED["INT.POS"], value="0"),
        },
    }


def _first(path: str, tag: str, text: str, **attributes: str) -> Fault:
    def fault(root: _Element) -> None:
        _one(root, path).insert(0, element(tag, text, **attributes))

    return fault


def _last(path: str, *made: _Element) -> Fault:
    def fault(root: _Element) -> None:
        _one(root, path).extend(deepcopy(one) for one in made)

    return fault


def _beside(path: str, made: _Element) -> Fault:
    def fault(root: _Element) -> None:
        _one(root, path).addnext(deepcopy(made))

    return fault


def _one(root: _Element, path: str) -> _Element:
    found = root.xpath(path, namespaces=_NS)
    if not isinstance(found, list) or not found or not isinstance(found[0], etree._Element):
        raise LookupError(f"the document has no {path}")
    return found[0]


DATATYPE_FAULTS: dict[str, Fault] = {
    "HDR-NULLFLAVOR": put("cda:author[1]/cda:functionCode", nullFlavor="UNK"),
    **{f"HDR-{name}-TYPE": put(path, xsi_type="BIN") for name, path in _TYPED.items()},
    **{f"HDR-{name}-{rule}": fault for name, rules in _rules().items() for rule, fault in rules.items()},
}
