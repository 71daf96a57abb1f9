"""A full patient summary, made by code (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from typing import Unpack

from lxml import etree

from samples.documents import ips_fr_follow_up as follow_up
from samples.documents import ips_fr_history as history
from samples.documents.elements import LOINC, Identifiers, element
from samples.documents.faults import break_rule
from samples.documents.header import clinical_document
from samples.documents.identity import Named, identified
from samples.documents.ips_fr_absences import absences
from samples.documents.patients import CLAIRE, SamplePatient
from samples.documents.professionals import GENERALIST, SampleAuthor
from samples.documents.sections import components


def ips_fr(
    patient: SamplePatient = CLAIRE,
    author: SampleAuthor = GENERALIST,
    *,
    nothing_known: bool = False,
    **named: Unpack[Named],
) -> bytes:
    """Make a patient summary with every section of the model, or with the five mandatory ones and nothing in them.

    `unique_id` defaults to a fresh OID. With `nothing_known`, problems, acts, allergies, treatments, devices and
    vaccines are coded as known to be absent.
    """
    identity = identified(patient, author, **named)
    ids = Identifiers(identity.unique_id)
    made = clinical_document(
        identity,
        model=("1.2.250.1.213.1.1.1.51", "2024.01"),
        code=("60591-5", "Synthèse médicale", LOINC),
        title="Synthèse médicale",
        act=("34117-2", "Historique et clinique", LOINC),
        body=element(
            "structuredBody",
            components(*(make(ids) for make in (absences() if nothing_known else _FULL))),
        ),
    )
    return break_rule(made, "", {"": _name_attending_doctor})


def _name_attending_doctor(root: etree._Element) -> None:
    """The model compares the display name of the function, capital letter included."""
    for function in root.iterfind("{*}participant[@typeCode='INF']/{*}functionCode[@code='PCP']"):
        function.set("displayName", "Médecin Traitant")


_FULL = (
    history.problems,
    history.past_problems,
    history.procedures,
    history.allergies,
    history.adverse_effects,
    history.treatments,
    follow_up.devices,
    follow_up.vigilance,
    follow_up.functional_status,
    follow_up.vital_signs,
    history.habits,
    history.occupational_risks,
    history.family_history,
    follow_up.immunizations,
    history.pregnancies,
    follow_up.care_plan,
    follow_up.directives,
    follow_up.results,
    follow_up.documents,
)
