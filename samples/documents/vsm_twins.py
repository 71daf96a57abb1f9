"""The twins of the medical summary: for each rule of its profiles, a document that breaks it (CI-SIS VSM 2023.01)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from samples.documents.faults import Fault
from samples.documents.twins import Twin
from samples.documents.vsm import vsm
from samples.documents.vsm_absence_faults import ABSENCE_FAULTS
from samples.documents.vsm_condition_faults import CONDITION_FAULTS
from samples.documents.vsm_faults import VSM_FAULTS
from samples.documents.vsm_full import UNIQUE_ID, vsm_full, vsm_nothing
from samples.documents.vsm_history_faults import HISTORY_FAULTS
from samples.documents.vsm_template_faults import FRENCH_FAULTS, MISPLACED_FAULTS
from samples.documents.vsm_treatment_faults import PRESCRIPTION_FAULTS, TREATMENT_FAULTS, UNIT_FAULTS

_VSM_1_4, _VSM_2023 = "vsm-1.4", "vsm-2023.01"

# What nobody can help breaking beside a rule.
_ALSO: Mapping[str, frozenset[str]] = {
    "ENT-ITEM-ONE-ID": frozenset({"ENT-TREATMENT-ID"}),  # an item of a plan is a treatment too
    # A nullFlavor that is not one leaves no code, which the header asks for.
    "VAL-GENDER-NULL": frozenset({"HDR-administrativeGenderCode.code-REQUIRED"}),
    "VAL-SPECIALTY-NULL": frozenset({"HDR-assignedAuthor.code.code-REQUIRED"}),
}


def _summary() -> bytes:
    return vsm(unique_id=UNIQUE_ID)


def _summary_1_4() -> bytes:
    return _summary().replace(b'extension="2023.01"', b'extension="201310"')


def _prefixed(kind: bytes, holder: bytes) -> Callable[[bytes], bytes]:
    """The type of the value of a template, spelled with a prefix for the namespace of CDA."""
    value = re.compile(holder + rb'"/>.*?<value [^>]*xsi:type="' + kind + rb'"', re.DOTALL)

    def spelling(good: bytes) -> bytes:
        named = good.replace(b"<ClinicalDocument ", b'<ClinicalDocument xmlns:cda="urn:hl7-org:v3" ', 1)
        old = b'xsi:type="' + kind + b'"'
        return value.sub(lambda found: found[0].replace(old, b'xsi:type="cda:' + kind + b'"'), named, count=1)

    return spelling


def _spelled(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda good: good.replace(old, new, 1)


def _twins(document: Callable[[], bytes], *families: Mapping[str, Fault]) -> tuple[Twin, ...]:
    return tuple(
        Twin(rule=rule, profile=_VSM_2023, document=document, fault=fault, also=_ALSO.get(rule, frozenset()))
        for faults in families
        for rule, fault in faults.items()
    )


_IHE = rb"1\.3\.6\.1\.4\.1\.19376\.1\.5\.3\.1\.4\."

VSM_TWINS: tuple[Twin, ...] = (
    *_twins(_summary, VSM_FAULTS),
    *_twins(
        vsm_full,
        MISPLACED_FAULTS,
        FRENCH_FAULTS,
        CONDITION_FAULTS,
        HISTORY_FAULTS,
        TREATMENT_FAULTS,
        PRESCRIPTION_FAULTS,
        UNIT_FAULTS,
    ),
    *_twins(vsm_nothing, ABSENCE_FAULTS),
    *(
        Twin(rule=rule, profile=_VSM_2023, document=vsm_full, spelling=_prefixed(kind, _IHE + root))
        for rule, kind, root in (
            ("ENT-SEVERITY-VALUE-LITERAL", b"CD", rb"1"),
            ("ENT-CLINICAL-VALUE-LITERAL", b"CE", rb"1\.1"),
            ("ENT-HEALTH-VALUE-LITERAL", b"CE", rb"1\.2"),
        )
    ),
    Twin(
        rule="VSM23-VERSION",
        profile=_VSM_2023,
        document=_summary,
        spelling=_spelled(b'extension="2023.01"', b'extension="2022.01"'),
    ),
    Twin(
        rule="VSM14-VERSION",
        profile=_VSM_1_4,
        document=_summary_1_4,
        spelling=_spelled(b'extension="201310"', b'extension="2011"'),
    ),
)
