"""Sections of a patient summary on what the patient has and had (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from lxml import etree

from samples.documents import entries, observation_entries, sections
from samples.documents.elements import SNOMED_CT, Identifiers, coded, element, original
from samples.documents.sections import FR, PCC, Kind, lines, section

_Element = etree._Element


def problems(ids: Identifiers) -> _Element:
    """Problems that are active."""
    return section(
        ids,
        sections.PROBLEMS,
        "Problèmes actifs",
        lines(("pb1", "Fibrillation auriculaire depuis mars 2019")),
        entries.problem(
            ids, "pb1", "20190302", icd10=("I48.9", "Fibrillation et flutter auriculaires, sans précision")
        ),
    )


def past_problems(ids: Identifiers) -> _Element:
    """Problems of the past."""
    return section(
        ids,
        sections.PAST_PROBLEMS,
        "Antécédents médicaux",
        lines(("an1", "Asthme de l’enfance, 1998 à 2004")),
        entries.problem(ids, "an1", "1998", high="2004", icd10=("J45.9", "Asthme, sans précision")),
    )


def procedures(ids: Identifiers) -> _Element:
    """Acts that were done."""
    return section(
        ids,
        sections.PROCEDURES,
        "Historique des actes",
        lines(("ac1", "Extraction du cristallin, 17/11/2016")),
        entries.procedure(
            ids, "ac1", "20161117", ("BFGA004", "Extraction extracapsulaire du cristallin avec implantation")
        ),
    )


def allergies(ids: Identifiers) -> _Element:
    """Allergies."""
    return section(
        ids,
        sections.ALLERGIES,
        "Allergies, hypersensibilités, intolérances",
        lines(("al1", "Allergie à la pénicilline depuis 2003"), ("al1a", "Pénicilline")),
        entries.allergy(
            ids,
            "al1",
            "al1a",
            "2003",
            kind=("416098002", "allergie médicamenteuse"),
            icd10=("Z88.0", "Antécédents personnels d’allergie à la pénicilline"),
            agent=("J01CE", "Pénicilline"),
        ),
    )


def adverse_effects(ids: Identifiers) -> _Element:
    """Adverse effects of drugs."""
    return section(
        ids,
        Kind((FR + "247",), "44939-7", "Effets indésirables"),
        "Effets indésirables prévisibles liés aux médicaments",
        lines(("ei1", "Association à la COUMADINE, décembre 2021"), ("ei1r", "Nausées, sans suite")),
        observation_entries.adverse_effect(ids, "ei1", "20211204", ("63245753", "COUMADINE 5 mg, comprimé sécable")),
    )


def treatments(ids: Identifiers) -> _Element:
    """Treatments."""
    warfarin = "COUMADINE 5 mg, comprimé sécable"
    return section(
        ids,
        sections.TREATMENTS,
        "Traitements",
        lines(("tr1", f"{warfarin}, un comprimé le soir depuis mars 2019")),
        entries.treatment(ids, "tr1", "20190302", ("63245753", warfarin)),
    )


def habits(ids: Identifiers) -> _Element:
    """Habits of life."""
    value = element("value", "quinze paquets-année, sevré", xsi_type="ST")
    return section(
        ids,
        sections.HABITS,
        "Mode de vie",
        lines(("ha1", "Tabac : quinze paquets-année, sevré")),
        entries.habit(ids, "ha1", ("74011-8", "Consommation tabagique"), value),
    )


def occupational_risks(ids: Identifiers) -> _Element:
    """Risks of the trade, in words."""
    return section(
        ids,
        sections.OCCUPATIONAL_RISKS,
        "Facteurs de risque professionnels",
        lines(("rp1", "Poussières de bois (menuiserie, 1980 à 2005)")),
    )


def family_history(ids: Identifiers) -> _Element:
    """Diseases of relatives."""
    return section(
        ids,
        sections.FAMILY_HISTORY,
        "Antécédents familiaux",
        lines(("fa1p", "Père"), ("fa1", "Infarctus du myocarde")),
        entries.family_history(ids, "fa1", "fa1p", ("I21.9", "Infarctus aigu du myocarde, sans précision")),
    )


def pregnancies(ids: Identifiers) -> _Element:
    """What is known of pregnancies."""
    value = coded("value", "60001007", "non enceinte", SNOMED_CT, original("gr1"), xsi_type="CD")
    return section(
        ids,
        Kind((PCC + "1.5.3.4", FR + "77"), "10162-6", "Historique des grossesses"),
        "Historique des grossesses",
        lines(("gr1", "Pas de grossesse en cours")),
        observation_entries.pregnancy(ids, "gr1", ("11449-6", "Statut de grossesse"), value),
    )
