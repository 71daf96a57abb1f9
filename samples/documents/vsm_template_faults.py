"""Templates on the wrong element, French templates left out: one fault for each rule (CI-SIS VSM 2023.01)."""

from __future__ import annotations

from samples.documents.faults import Fault
from samples.documents.vsm_paths import FR_ENTRY, FR_SECTION, IHE, PCC, PHARM, declared, entry, section, undeclared

# Where no rule looks for another template: the first problem's concern, and a family history for what is an act's.
_ACT = entry("act", IHE + "5.1")
_ORGANIZER = entry("organizer", IHE + "15")

_SECTIONS = {
    "F29": FR_SECTION + "29",
    "F30": FR_SECTION + "30",
    "F31": FR_SECTION + "31",
    "F32": FR_SECTION + "32",
    "RISKS": PCC + "1.5.3.1",
    "PROBLEMS": PCC + "3.6",
    "HISTORY": PCC + "3.8",
    "SURGERIES": PCC + "3.11",
    "ACTS": PCC + "3.12",
    "ALLERGIES": PCC + "3.13",
    "FAMILY": PCC + "3.14",
    "FAMILY-CODED": PCC + "3.15",
    "HABITS": PCC + "3.16",
    "HABITS-CODED": PCC + "3.16.1",
    "TREATMENTS": PCC + "3.19",
    "VIGILANCE": PCC + "3.27",
}
_ENTRIES = {
    "PROBLEM": IHE + "5",
    "ALLERGY": IHE + "6",
    "SEVERITY": IHE + "1",
    "CLINICAL": IHE + "1.1",
    "HEALTH": IHE + "1.2",
    "FAMILY-OBS": IHE + "13.3",
    "SEVERITY-FR": FR_ENTRY + "29",
    "CERTAINTY": FR_ENTRY + "171",
    "CRITICALITY": FR_ENTRY + "172",
    "PROCEDURE": IHE + "19",
    "FAMILY-ORGANIZER": IHE + "15",
    "RELATIVE": IHE + "15.2",
    "RENEWAL": PHARM + "15",
}
_CONCERNS = {"CONCERN": IHE + "5.1", "CONCERN-PROBLEM": IHE + "5.2", "CONCERN-ALLERGY": IHE + "5.3"}

MISPLACED_FAULTS: dict[str, Fault] = {
    **{f"TPL-{name}": declared(_ACT, root) for name, root in (_SECTIONS | _ENTRIES).items()},
    **{f"TPL-{name}": declared(_ORGANIZER, root) for name, root in _CONCERNS.items()},
}

_FRENCH_SECTIONS = {
    "PROBLEMS": ("3.6", "132"),
    "HISTORY": ("3.8", "134"),
    "ACTS": ("3.12", "136"),
    "ALLERGIES": ("3.13", "137"),
    "FAMILY": ("3.15", "139"),
    "HABITS": ("3.16.1", "141"),
    "TREATMENTS": ("3.19", "143"),
    "RISKS": ("1.5.3.1", "74"),
    "VIGILANCE": ("3.27", "150"),
}
_FRENCH_ENTRIES = {
    "CONCERN-PROBLEM": ("act", "5.2", "39"),
    "CONCERN-ALLERGY": ("act", "5.3", "40"),
    "PROBLEM": ("observation", "5", "37"),
    "ALLERGY": ("observation", "6", "41"),
    "CLINICAL": ("observation", "1.1", "30"),
    "HEALTH": ("observation", "1.2", "31"),
    "SEVERITY": ("observation", "1", "29"),
    "FAMILY": ("organizer", "15", "59"),
    "RELATIVE": ("subject", "15.2", "60"),
    "FAMILY-OBS": ("observation", "13.3", "51"),
    "HABIT": ("observation", "13.4", "52"),
    "TREATMENT": ("substanceAdministration", "7", "42"),
    "PRODUCT": ("manufacturedProduct", "7.2", "43"),
    "REFERENCE": ("act", "4.1", "36"),
    "SUPPLY": ("supply", "7.3", "44"),
    "PATIENT-INSTRUCTION": ("act", "3", "33"),
    "DISPENSER-INSTRUCTION": ("act", "3.1", "34"),
}

FRENCH_FAULTS: dict[str, Fault] = {
    **{
        f"SEC-{name}-FR": undeclared(section(PCC + root), FR_SECTION + french)
        for name, (root, french) in _FRENCH_SECTIONS.items()
    },
    **{
        f"ENT-{name}-FR": undeclared(entry(tag, IHE + root), FR_ENTRY + french)
        for name, (tag, root, french) in _FRENCH_ENTRIES.items()
    },
}
