"""Templates of a patient summary on elements that they do not describe (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from samples.documents.faults import Fault
from samples.documents.ips_fr_paths import (
    ENCOUNTER,
    REQUEST,
    another_template,
)

TEMPLATE_FAULTS: dict[str, Fault] = {
    "TPL-DEVICES": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.1.5.3.5"),
    "TPL-DEVICES-FR": another_template(ENCOUNTER, "1.2.250.1.213.1.1.2.1"),
    "TPL-ADVERSE": another_template(ENCOUNTER, "1.2.250.1.213.1.1.2.247"),
    "TPL-POINTS": another_template(ENCOUNTER, "1.2.250.1.213.1.1.2.245"),
    "TPL-FUNCTIONAL": another_template(ENCOUNTER, "2.16.840.1.113883.10.22.3.8"),
    "TPL-VITALS": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.1.5.3.2"),
    "TPL-VITALS-CCD": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.3.25"),
    "TPL-IMMUNIZATIONS": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.3.23"),
    "TPL-PREGNANCIES": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.1.5.3.4"),
    "TPL-PLAN": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.3.36"),
    "TPL-DIRECTIVES": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.3.35"),
    "TPL-DIRECTIVES-CCD": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.3.34"),
    "TPL-RESULTS": another_template(ENCOUNTER, "1.2.250.1.213.1.1.2.244"),
    "TPL-DOCUMENTS": another_template(ENCOUNTER, "1.2.250.1.213.1.1.2.37"),
    "TPL-VITAL-GROUP": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.4.13.1"),
    "TPL-VITAL": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.4.13.2"),
    "TPL-PANEL": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.1.12.3.7"),
    "TPL-SURVEY": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.1.12.3.6"),
    "TPL-PREGNANCY": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.4.13.5"),
    "TPL-DIRECTIVE": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.4.13.7"),
    "TPL-VACCINE": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.4.12"),
    "TPL-ADVICE": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.4.12.2"),
    "TPL-RANK": another_template(ENCOUNTER, "1.2.250.1.213.1.1.3.82"),
    "TPL-REQUEST": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.5.3.1.1.20.3.1"),
    "TPL-ENCOUNTER": another_template(REQUEST, "1.3.6.1.4.1.19376.1.5.3.1.4.14"),
    "TPL-DEVICE": another_template(ENCOUNTER, "1.2.250.1.213.1.1.3.20"),
    "TPL-ATTACHED": another_template(ENCOUNTER, "1.2.250.1.213.1.1.3.18"),
    "TPL-KIND": another_template(ENCOUNTER, "1.2.250.1.213.1.1.3.48.18"),
    "TPL-RESULT-GROUP": another_template(ENCOUNTER, "1.2.250.1.213.1.1.3.208"),
    "TPL-LABORATORY": another_template(ENCOUNTER, "1.3.6.1.4.1.19376.1.3.3.1.7"),
    "TPL-EFFECT": another_template(ENCOUNTER, "1.2.250.1.213.1.1.3.210"),
    "TPL-CAUSE": another_template(ENCOUNTER, "1.2.250.1.213.1.1.3.211"),
    "TPL-GRAVITY": another_template(ENCOUNTER, "1.2.250.1.213.1.1.3.212"),
    "TPL-COURSE": another_template(ENCOUNTER, "1.2.250.1.213.1.1.3.213"),
}
