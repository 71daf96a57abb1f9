"""Sections of a patient summary on what is measured, worn, planned, wished and attached (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from lxml import etree

from samples.documents import immunization_entries as immunization
from samples.documents import ips_fr_entries, sections
from samples.documents import observation_entries as observation
from samples.documents.blocks import CCD
from samples.documents.elements import LOINC, Identifiers, element
from samples.documents.professionals import BIOLOGIST, HOSPITAL_DOCTOR
from samples.documents.sections import FR, PCC, Kind, lines, section

_FUNCTIONAL = "2.16.840.1.113883.10.22.3.8"
_REVAXIS = ("60917345", "REVAXIS, suspension injectable en seringue préremplie")

_Element = etree._Element


def devices(ids: Identifiers) -> _Element:
    """Devices that the patient wears."""
    return section(
        ids,
        sections.DEVICES,
        "Dispositifs médicaux",
        lines(("dm1", "Stimulateur cardiaque depuis août 2019")),
        ips_fr_entries.device("dm1", "20190811", ("J010104", "Stimulateurs cardiaques implantables double chambre")),
    )


def vigilance(ids: Identifiers) -> _Element:
    """Points of vigilance, in words."""
    return section(
        ids,
        Kind((FR + "245",), "44944-7", "Points de vigilance"),
        "Points de vigilance",
        lines(("pv1", "INR cible entre 2 et 3, contrôle mensuel")),
    )


def functional_status(ids: Identifiers) -> _Element:
    """Evaluations in three groups."""
    groups = (
        (("32452-5", "Déplacement", LOINC), "sf1", ("161898004", "chutes")),
        (("54511-1", "État psychique", LOINC), "sf2", ("247663003", "bien orienté")),
        (("GEN-092.04.24", "Autre risque", observation.TA_ASIP), "sf3", ("285304000", "à risque d’escarre")),
    )
    return section(
        ids,
        Kind((_FUNCTIONAL, FR + "246"), "47420-5", "Statut fonctionnel"),
        "Statut fonctionnel",
        lines(*((anchor, f"{group[1]} : {finding[1]}") for group, anchor, finding in groups)),
        *(
            observation.survey(ids, group, anchor, "20240114", finding, element("value", xsi_type="BL", value="true"))
            for group, anchor, finding in groups
        ),
    )


def vital_signs(ids: Identifiers) -> _Element:
    """Vital signs, measured together."""
    measures = (
        ("sv1", ("29463-7", "Poids"), ("58", "kg")),
        ("sv2", ("8302-2", "Taille"), ("1.60", "m")),
        ("sv3", ("8480-6", "Pression artérielle systolique"), ("128", "mm[Hg]")),
        ("sv4", ("8867-4", "Fréquence cardiaque"), ("72", "/min")),
    )
    return section(
        ids,
        Kind((CCD + "16", PCC + "3.25", PCC + "1.5.3.2", FR + "75"), "8716-3", "Signes vitaux"),
        "Signes vitaux",
        lines(*((anchor, f"{loinc[1]} : {value} {unit}") for anchor, loinc, (value, unit) in measures)),
        observation.vital_signs(ids, "20240402", measures),
    )


def immunizations(ids: Identifiers) -> _Element:
    """Vaccinations that were done."""
    return section(
        ids,
        sections.IMMUNIZATIONS,
        "Vaccinations",
        lines(("va1", "REVAXIS, 28/09/2009, première injection")),
        immunization.done(ids, "va1", "20090928", _REVAXIS, rank=1),
    )


def care_plan(ids: Identifiers) -> _Element:
    """What is planned: an examination, a consultation, a vaccination."""
    return section(
        ids,
        Kind((CCD + "10", PCC + "3.36", FR + "158"), "18776-5", "Plan de soins"),
        "Plan de soins",
        lines(
            ("ps1", "HbA1c en décembre 2024"),
            ("ps2", "Consultation de cardiologie en décembre 2024"),
            ("ps3", "Rappel de REVAXIS en décembre 2024"),
        ),
        observation.requested_observation(ids, "ps1", "20241201", ("4548-4", "Hémoglobine A1c/Hémoglobine totale")),
        ips_fr_entries.planned_encounter(ids, "ps2", "20241202", HOSPITAL_DOCTOR),
        immunization.recommended(ids, "ps3", ("20241201", "20241231"), _REVAXIS),
    )


def directives(ids: Identifiers) -> _Element:
    """Advance directives."""
    return section(
        ids,
        Kind((CCD + "1", PCC + "3.34", PCC + "3.35", FR + "157"), "42348-3", "Directives anticipées"),
        "Directives anticipées",
        lines(("da1", "Maintien artificiel en vie : non souhaité")),
        observation.directive(ids, "da1", "20180101", ("75789-8", "Maintien artificiel en vie"), wished=False),
    )


def results(ids: Identifiers) -> _Element:
    """Results of a laboratory."""
    return section(
        ids,
        Kind((FR + "244",), "30954-2", "Résultats d'examens"),
        "Résultats",
        lines(("re1", "Créatinine : 82 µmol/L le 29/03/2024")),
        ips_fr_entries.results(ids, "re1", "20240329", ("14682-9", "Créatinine"), ("82", "umol/L"), BIOLOGIST),
    )


def documents(ids: Identifiers) -> _Element:
    """Documents attached."""
    return section(
        ids,
        Kind((FR + "37",), "55107-7", "Documents ajoutés"),
        "Documents ajoutés",
        lines(("do1", "Ordonnance de mars 2024")),
        ips_fr_entries.attached_document(ids, "do1", ("DLU_006", "Ordonnance"), ("Document fictif.",)),
    )
