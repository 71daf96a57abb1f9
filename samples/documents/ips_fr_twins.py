"""Twins of the rules of the patient summary (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from functools import partial

from samples.documents.ips_fr import ips_fr
from samples.documents.ips_fr_entry_faults import ENTRY_FAULTS
from samples.documents.ips_fr_observation_faults import OBSERVATION_FAULTS
from samples.documents.ips_fr_section_faults import SECTION_FAULTS
from samples.documents.ips_fr_template_faults import TEMPLATE_FAULTS
from samples.documents.twins import Twin

# What one fault cannot help breaking besides its own rule.
_ALSO: dict[str, frozenset[str]] = {
    "ENT-DOCUMENT-KIND-PARENT": frozenset({"ENT-ATTACHED-KIND-OF"}),
    "ENT-VITAL-UNIT-OXYGEN": frozenset({"ENT-VITAL-CODE-JDV"}),
    "SEC-DEVICES-FR-ENTRY": frozenset({"SEC-DEVICES-FR-SUPPLY"}),
}
_GOOD = partial(ips_fr, unique_id="2.25.51")
IPS_TWINS: tuple[Twin, ...] = tuple(
    Twin(rule=rule, profile="ips-fr-2024.01", document=_GOOD, fault=fault, also=_ALSO.get(rule, frozenset()))
    for rule, fault in {**SECTION_FAULTS, **OBSERVATION_FAULTS, **ENTRY_FAULTS, **TEMPLATE_FAULTS}.items()
)
