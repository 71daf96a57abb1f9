"""What does not exist and what nobody knows: one fault for each rule (CI-SIS VSM 2023.01)."""

from __future__ import annotations

from samples.documents.faults import Fault, both, put
from samples.documents.vsm_paths import IHE, PCC, copied, entry, only, section

_PROBLEM = entry("observation", IHE + "5")
_ALLERGY = entry("observation", IHE + "6")
_TREATMENT = entry("substanceAdministration", IHE + "7")
_PROCEDURE = entry("procedure", IHE + "19")


def _condition_faults(name: str, path: str, other: str) -> dict[str, Fault]:
    concern = f"{path}/ancestor::cda:act"
    period = f"{concern}/cda:effectiveTime"
    return {
        f"ABS-{name}-SET": put(f"{path}/cda:value", code=other),
        f"ABS-{name}-NEGATION": put(path, negationInd="true"),
        f"ABS-{name}-CONCERN": put(f"{concern}/cda:statusCode", code="aborted"),
        f"ABS-{name}-PERIOD": only(f"{period}/cda:high", value="2024"),
        f"ABS-{name}-FLAVOR": both(
            only(f"{period}/cda:low", nullFlavor="UNK"), only(f"{period}/cda:high", nullFlavor="UNK")
        ),
    }


def _again(path: str, template: str) -> Fault:
    """The same statement twice in its section, the second time of something that exists."""
    return copied(f"{path}/ancestor::cda:entry", section(PCC + template))


ABSENCE_FAULTS: dict[str, Fault] = {
    **_condition_faults("PROBLEM", _PROBLEM, "no-known-allergies"),
    "ABS-PROBLEM-KIND": put(f"{_PROBLEM}/cda:code", code="64572001"),
    **_condition_faults("ALLERGY", _ALLERGY, "no-known-problems"),
    "ABS-TREATMENT-SET": put(f"{_TREATMENT}/cda:code", code="no-known-problems"),
    "ABS-TREATMENT-PERIOD": only(f"{_TREATMENT}/cda:effectiveTime/cda:low", value="2024"),
    "ABS-TREATMENT-PRODUCT": put(
        f"{_TREATMENT}//cda:manufacturedMaterial/cda:code", code="63245753", codeSystem="1.2.250.1.213.2.3.1"
    ),
    "ABS-PROCEDURE-SET": put(f"{_PROCEDURE}/cda:code", code="no-known-problems"),
    "ABS-PROCEDURE-NEGATION": put(_PROCEDURE, negationInd="false"),
    "ABS-PROCEDURE-TIME": only(f"{_PROCEDURE}/cda:effectiveTime", value="2024"),
    "ABS-PROBLEM-ALONE": _again(_PROBLEM, "3.6"),
    "ABS-PROBLEM-ALONE-PAST": _again(f"({section(PCC + '3.8')}//cda:observation)[1]", "3.8"),
    "ABS-ALLERGY-ALONE": _again(_ALLERGY, "3.13"),
    "ABS-TREATMENT-ALONE": _again(_TREATMENT, "3.19"),
    "ABS-PROCEDURE-ALONE": _again(_PROCEDURE, "3.12"),
}
