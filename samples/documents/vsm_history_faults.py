"""Acts, family history, habits, other observations: one fault for each rule (IHE PCC; CI-SIS VSM 2023.01)."""

from __future__ import annotations

from samples.documents.faults import Fault, both, double, drop, put
from samples.documents.vsm_paths import CCD, FR_ENTRY, IHE, after, copied, entry, only, undeclared

_PROCEDURE = entry("procedure", IHE + "19")
_FAMILY = entry("organizer", IHE + "15")
_SUBJECT = f"{_FAMILY}/cda:subject"
_RELATIVE = f"{_SUBJECT}/cda:relatedSubject"
_PARTICIPANT = f"{_FAMILY}/cda:participant/cda:participantRole"
_OBSERVATION = entry("observation", IHE + "13.3")
_HABIT = entry("observation", IHE + "13.4")
_SIMPLE = f"(//cda:substanceAdministration//cda:observation[cda:templateId/@root='{FR_ENTRY}48'])[last()]"
_ACT = entry("act", IHE + "4.1")
_AUTHOR = "//cda:act/cda:author"
_AUTHOR_CODE = "cda:author/cda:assignedAuthor/cda:code"
_GENDER = "cda:recordTarget/cda:patientRole/cda:patient/cda:administrativeGenderCode"


def _observation_faults(name: str, path: str) -> dict[str, Fault]:
    """What any observation asks for."""
    return {
        f"ENT-{name}-KIND": put(path, moodCode="INT"),
        f"ENT-{name}-ID": drop(f"{path}/cda:id"),
        f"ENT-{name}-CODE": drop(f"{path}/cda:code"),
        f"ENT-{name}-TEXT": drop(f"{path}/cda:text"),
        f"ENT-{name}-STATUS": put(f"{path}/cda:statusCode", code="active"),
        f"ENT-{name}-TIME": drop(f"{path}/cda:effectiveTime"),
    }


def _once_faults(name: str, path: str) -> dict[str, Fault]:
    """What an observation has once at most."""
    last = f"{path}/*[last()]"
    return {
        f"ENT-{name}-INTERPRETATION": both(*(after(last, "interpretationCode", code="N") for _ in range(2))),
        f"ENT-{name}-METHOD": both(*(after(last, "methodCode", code="X") for _ in range(2))),
        f"ENT-{name}-SITE": both(*(after(last, "targetSiteCode", code="X") for _ in range(2))),
        f"ENT-{name}-AUTHOR": both(copied(_AUTHOR, path), copied(_AUTHOR, path)),
    }


HISTORY_FAULTS: dict[str, Fault] = {
    "ENT-PROCEDURE-CLASS": put(_PROCEDURE, classCode="ACT"),
    "ENT-PROCEDURE-FR": undeclared(_PROCEDURE, FR_ENTRY + "62"),
    "ENT-PROCEDURE-CCD": undeclared(_PROCEDURE, CCD + "29"),
    "ENT-PROCEDURE-ID": drop(f"{_PROCEDURE}/cda:id"),
    "ENT-PROCEDURE-CODE": drop(f"{_PROCEDURE}/cda:code"),
    "ENT-PROCEDURE-TEXT": drop(f"{_PROCEDURE}/cda:text"),
    "ENT-PROCEDURE-STATUS": put(f"{_PROCEDURE}/cda:statusCode", code="new"),
    "ENT-PROCEDURE-PRIORITY": both(
        put(_PROCEDURE, moodCode="INT"),
        put(f"{_PROCEDURE}/cda:templateId[@root='{CCD}29']", root=CCD + "25"),
        drop(f"{_PROCEDURE}/cda:effectiveTime"),
    ),
    "ENT-PROCEDURE-REFERENCE": both(
        undeclared(f"{_PROCEDURE}//cda:act", IHE + "4.1"), drop(f"{_PROCEDURE}//cda:act/cda:code")
    ),
    "ENT-FAMILY-KIND": put(_FAMILY, classCode="BATTERY"),
    "ENT-FAMILY-CCD": undeclared(_FAMILY, CCD + "23"),
    "ENT-FAMILY-SUBJECT": put(_SUBJECT, typeCode="SPC"),
    "ENT-FAMILY-PERSON": put(_RELATIVE, classCode="PAT"),
    "ENT-FAMILY-CODE": put(f"{_RELATIVE}/cda:code", codeSystem="2.16.840.1.113883.5.110", xsi_type="CV"),
    "ENT-FAMILY-RELATION": put(f"{_RELATIVE}/cda:code", code="PERE"),
    "ENT-FAMILY-RELATION-NULL": only(f"{_RELATIVE}/cda:code", nullFlavor="INV"),
    "ENT-FAMILY-RELATIVE": both(undeclared(_SUBJECT, IHE + "15.2"), undeclared(_SUBJECT, FR_ENTRY + "60")),
    "ENT-FAMILY-PARTICIPANT": put(_PARTICIPANT, classCode="NOK"),
    "ENT-FAMILY-PARTICIPANT-CODE": put(f"{_PARTICIPANT}/cda:code", codeSystem="2.16.840.1.113883.5.110"),
    "ENT-FAMILY-PARTICIPANT-PERSON": put(f"{_PARTICIPANT}/cda:playingEntity", classCode="ANM"),
    "ENT-FAMILY-COMPONENT": drop(f"{_FAMILY}/cda:component"),
    # A subject outside a family history, where the rules of the family history say nothing.
    "ENT-RELATIVE-TYPE": both(copied(_SUBJECT, _ACT), put(f"{_ACT}/cda:subject", typeCode="SPC")),
    "ENT-RELATIVE-PERSON": both(copied(_SUBJECT, _ACT), put(f"{_ACT}/cda:subject/cda:relatedSubject", classCode="PAT")),
    "ENT-RELATIVE-CODE": both(copied(_SUBJECT, _ACT), drop(f"{_ACT}/cda:subject/cda:relatedSubject/cda:code")),
    **_observation_faults("FAMILY-OBS", _OBSERVATION),
    **_once_faults("FAMILY-OBS", _OBSERVATION),
    "ENT-FAMILY-OBS-PARENT": undeclared(_OBSERVATION, IHE + "13"),
    "ENT-FAMILY-OBS-CCD": undeclared(_OBSERVATION, CCD + "22"),
    "ENT-FAMILY-OBS-TIME-ONE": double(f"{_OBSERVATION}/cda:effectiveTime"),
    **_observation_faults("HABIT", _HABIT),
    "ENT-HABIT-CCD": undeclared(_HABIT, CCD + "33"),
    "ENT-HABIT-PARENT": undeclared(_HABIT, IHE + "13"),
    "ENT-HABIT-TIME-ONE": double(f"{_HABIT}/cda:effectiveTime"),
    "ENT-HABIT-VALUE": drop(f"{_HABIT}/cda:value"),
    "ENT-HABIT-FORBIDDEN": after(f"{_HABIT}/cda:value", "methodCode", code="X"),
    "ENT-HABIT-AUTHOR": both(copied(_AUTHOR, _HABIT), copied(_AUTHOR, _HABIT)),
    "ENT-HABIT-CODE-JDV": put(f"{_HABIT}/cda:code", code="8716-3"),
    "ENT-HABIT-CODE-NULL": put(f"{_HABIT}/cda:code", nullFlavor="OTH"),
    **_observation_faults("SIMPLE", _SIMPLE),
    **_once_faults("SIMPLE", _SIMPLE),
    "VAL-GENDER-JDV": put(_GENDER, codeSystem="2.16.840.1.113883.5.2"),
    "VAL-GENDER-NULL": only(_GENDER, nullFlavor="INV"),
    "VAL-SPECIALTY-JDV": put(_AUTHOR_CODE, codeSystem="1.2.3"),
    "VAL-SPECIALTY-NULL": only(_AUTHOR_CODE, nullFlavor="INV"),
}
