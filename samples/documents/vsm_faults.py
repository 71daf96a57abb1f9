"""One fault for each rule on the document and the sections of a medical summary (CI-SIS VSM 2023.01)."""

from __future__ import annotations

from samples.documents.elements import LOINC
from samples.documents.faults import Fault, add, both, double, drop, put
from samples.documents.vsm_paths import CCD, FR_SECTION, IHE, PCC, after, copied, entry, moved, section, undeclared

_F29, _F30, _F31, _F32 = (section(FR_SECTION + number) for number in ("29", "30", "31", "32"))
_VIGILANCE = section(PCC + "3.27")
_BODY = "cda:component/cda:structuredBody"
_ACT = "cda:documentationOf/cda:serviceEvent/cda:code"
_DOCTOR = "cda:participant[@typeCode='INF'][cda:functionCode/@code='PCP']"

# Name in the ids of rules, template, templates asked for beside it by name of their rule.
_LEAVES: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("PROBLEMS", "3.6", {"PARENT": CCD + "11"}),
    ("HISTORY", "3.8", {}),
    ("ACTS", "3.12", {"CCD": CCD + "12", "PARENT": PCC + "3.11"}),
    ("ALLERGIES", "3.13", {"PARENT": CCD + "2"}),
    ("FAMILY", "3.15", {"PARENT": PCC + "3.14"}),
    ("HABITS", "3.16.1", {"CCD": CCD + "15", "PARENT": PCC + "3.16"}),
    ("TREATMENTS", "3.19", {"PARENT": CCD + "8"}),
    ("RISKS", "1.5.3.1", {}),
    ("VIGILANCE", "3.27", {}),
)


def _section_code(name: str, path: str) -> dict[str, Fault]:
    return {
        f"SEC-{name}-CODE": put(f"{path}/cda:code", code="8716-3"),
        f"SEC-{name}-SYSTEM": put(f"{path}/cda:code", codeSystem="2.16.840.1.113883.6.96"),
    }


def _leaf_faults() -> dict[str, Fault]:
    faults: dict[str, Fault] = {}
    for name, root, parents in _LEAVES:
        path = section(PCC + root)
        faults |= _section_code(name, path)
        faults |= {f"SEC-{name}-{rule}": undeclared(path, parent) for rule, parent in parents.items()}
        if name not in ("RISKS", "VIGILANCE"):
            faults[f"SEC-{name}-ENTRY"] = drop(f"{path}/cda:entry")
        if name != "VIGILANCE":
            faults[f"SEC-{name}-PLACE"] = _misplaced(path, name)
    return faults


def _misplaced(path: str, name: str) -> Fault:
    """The section at the first level; what it leaves alone has a text instead."""
    home = moved(f"{path}/..", _BODY)
    return both(home, after(f"{_F32}/cda:title", "text")) if name == "TREATMENTS" else home


def _again(path: str) -> Fault:
    """The section twice; the second has no text, whose anchors would be there twice too."""
    twice = double(f"{path}/parent::cda:component")
    return both(twice, drop(f"{path}/parent::cda:component/following-sibling::cda:component[1]//cda:section/cda:text"))


def _composite_faults() -> dict[str, Fault]:
    faults: dict[str, Fault] = {}
    for name, path in (("F29", _F29), ("F30", _F30), ("F31", _F31), ("F32", _F32)):
        faults |= _section_code(name, path)
        faults[f"SEC-{name}-ID"] = drop(f"{path}/cda:id")
    for name, path in (("F30", _F30), ("F31", _F31), ("F32", _F32)):
        faults[f"SEC-{name}-TEXT"] = after(f"{path}/cda:title", "text")
        faults[f"SEC-{name}-SUB"] = both(drop(f"{path}/cda:component"), add(path, "component", "section"))
    for name, path, first in (("F30", _F30, section(PCC + "3.6")), ("F31", _F31, section(PCC + "3.16.1"))):
        faults[f"SEC-{name}-ONCE"] = both(drop(f"{path}/cda:component[position() > 1]"), _again(first))
    return faults


DOCUMENT_FAULTS: dict[str, Fault] = {
    "VSM-TPL": put("cda:templateId[@root='1.2.250.1.213.1.1.1.13']", root="1.2.250.1.213.1.1.1.45"),
    "VSM-CODE": put("cda:code", code="34133-9", codeSystem=LOINC),
    "VSM-SEC-29": put(f"{_F29}/cda:templateId", root="1.2.3"),
    "VSM-SEC-RESULTS": put(f"{_VIGILANCE}/cda:templateId[@root='{PCC}3.27']", root=f"{PCC}3.28"),
    "VSM-SEC-32": put(f"{_F32}/cda:templateId", root="1.2.3"),
    "VSM-SEC-29-ONCE": _again(_F29),
    "VSM-SEC-RESULTS-ONCE": _again(_VIGILANCE),
    "VSM-SEC-32-ONCE": _again(_F32),
    "VSM-SEC-ORDER": moved(f"{_F29}/parent::cda:component", _BODY),
    "VSM-PCP": drop(_DOCTOR),
    "VSM-PCP-ONE": double(_DOCTOR),
    "VSM-PCP-SYSTEM": put(f"{_DOCTOR}/cda:functionCode", codeSystem="2.16.840.1.113883.5.90"),
    "VSM-ACT-CODE": put(_ACT, code="11488-4"),
}

SECTION_FAULTS: dict[str, Fault] = {
    **_composite_faults(),
    **_leaf_faults(),
    "SEC-F29-F30": put(f"{_F30}/cda:templateId", root="1.2.3"),
    "SEC-F29-F31": put(f"{_F31}/cda:templateId", root="1.2.3"),
    "SEC-ACTS-ID": drop(f"{section(PCC + '3.12')}/cda:id"),
    "SEC-RISKS-ID": drop(f"{section(PCC + '1.5.3.1')}/cda:id"),
    "SEC-VIGILANCE-ENTRY": copied(f"{entry('procedure', IHE + '19')}/..", _VIGILANCE),
}

VSM_FAULTS: dict[str, Fault] = {**DOCUMENT_FAULTS, **SECTION_FAULTS}
