"""A full medical summary, made by code (CI-SIS VSM 2023.01)."""

from __future__ import annotations

from typing import Unpack

from lxml import etree

from samples.documents import entries, sections
from samples.documents.elements import LOINC, Identifiers, element
from samples.documents.faults import break_rule
from samples.documents.header import clinical_document
from samples.documents.header_faults import HEADER_FAULTS
from samples.documents.identity import Named, identified
from samples.documents.patients import CLAIRE, SamplePatient
from samples.documents.professionals import GENERALIST, SampleAuthor
from samples.documents.sections import FR, PCC, Kind, components, section, table
from samples.documents.vsm_faults import VSM_FAULTS

CONDITION_STATUS = "2.16.840.1.113883.4.642.1.1074"
ALLERGY_STATUS = "2.16.840.1.113883.4.642.4.1373"

_Element = etree._Element


def vsm(
    patient: SamplePatient = CLAIRE,
    author: SampleAuthor = GENERALIST,
    *,
    breaking: str | None = None,
    **named: Unpack[Named],
) -> bytes:
    """Make a medical summary with every section of the model.

    `unique_id` defaults to a fresh OID. `breaking` names a rule: the document then breaks that rule and no other.
    Raises KeyError: no twin is known for that rule.
    """
    identity = identified(patient, author, **named)
    ids = Identifiers(identity.unique_id)
    body = element(
        "structuredBody", components(_conditions_and_risks(ids), _points_of_vigilance(ids), _treatment_plan(ids))
    )
    made = clinical_document(
        identity,
        model=("1.2.250.1.213.1.1.1.13", "2023.01"),
        code=("SYNTH", "Synthèse", "1.2.250.1.213.1.1.4.12"),
        title="Synthèse médicale",
        act=("34117-2", "Historique et clinique", LOINC),
        body=body,
    )
    return break_rule(made, breaking, {**HEADER_FAULTS, **VSM_FAULTS}) if breaking else made


def _conditions_and_risks(ids: Identifiers) -> _Element:
    return section(
        ids,
        Kind((FR + "29",), "46612-8", "Conclusions de synthèse"),
        "Pathologies en cours, antécédents, allergies et facteurs de risque",
        *components(
            section(
                ids,
                Kind((FR + "30",), "34117-2", "Historique et physique"),
                "Pathologies en cours, antécédents et allergies",
                *components(_active_problems(ids), _past_problems(ids), _procedures(ids), _allergies(ids)),
            ),
            section(
                ids,
                Kind((FR + "31",), "57207-3", "Facteurs de risque"),
                "Facteurs de risque",
                *components(_habits(ids), _occupational_risks(ids), _family_history(ids)),
            ),
        ),
    )


def _active_problems(ids: Identifiers) -> _Element:
    return section(
        ids,
        sections.PROBLEMS,
        "Pathologies en cours",
        table(
            ("Depuis", "Pathologie", "Statut"),
            ("2019", ("pb1", "Fibrillation auriculaire"), ("pb1s", "chronique, active")),
            ("05/2021", ("pb2", "Diabète de type 2"), ("pb2g", "modéré")),
        ),
        entries.problem(
            ids,
            "pb1",
            "20190302",
            icd10=("I48.9", "Fibrillation et flutter auriculaires, sans précision"),
            sub_entries=(entries.status("pb1s", CONDITION_STATUS), entries.health_status("pb1s")),
        ),
        entries.problem(
            ids,
            "pb2",
            "202105",
            icd10=("E11.9", "Diabète sucré de type 2, sans complication"),
            sub_entries=(entries.severity("pb2g"),),
        ),
    )


def _past_problems(ids: Identifiers) -> _Element:
    return section(
        ids,
        sections.PAST_PROBLEMS,
        "Antécédents médicaux",
        table(
            ("Période", "Antécédent"),
            ("1998 à 2004", ("an1", "Asthme de l’enfance, résolu")),
            ("2010", ("an2", "Zona")),
        ),
        entries.problem(ids, "an1", "1998", high="2004", icd10=("J45.9", "Asthme, sans précision")),
        entries.problem(ids, "an2", "2010", high="2010", icd10=None),
    )


def _procedures(ids: Identifiers) -> _Element:
    return section(
        ids,
        sections.PROCEDURES,
        "Antécédents chirurgicaux",
        table(("Date", "Acte"), ("17/11/2016", ("ac1", "Extraction du cristallin"))),
        entries.procedure(
            ids, "ac1", "20161117", ("BFGA004", "Extraction extracapsulaire du cristallin avec implantation")
        ),
    )


def _allergies(ids: Identifiers) -> _Element:
    return section(
        ids,
        sections.ALLERGIES,
        "Allergies et intolérances",
        table(
            ("Depuis", "Type", "Agent", "Statut"),
            ("2003", ("al1", "Allergie médicamenteuse"), ("al1a", "Pénicilline"), ("al1s", "active, modérée")),
        ),
        entries.allergy(
            ids,
            "al1",
            "al1a",
            "2003",
            kind=("416098002", "allergie médicamenteuse"),
            icd10=("Z88.0", "Antécédents personnels d’allergie à la pénicilline"),
            agent=("J01CE", "Pénicilline"),
            sub_entries=(entries.severity("al1s"), entries.status("al1s", ALLERGY_STATUS)),
        ),
    )


def _habits(ids: Identifiers) -> _Element:
    return section(
        ids,
        sections.HABITS,
        "Mode de vie",
        table(
            ("Habitude", "Observation"),
            (("ha1", "Tabac"), "15 paquets-année, sevré"),
            (("ha2", "Activité physique"), "marche quotidienne"),
        ),
        entries.habit(
            ids,
            "ha1",
            ("74011-8", "Consommation tabagique"),
            element("value", xsi_type="PQ", value="15", unit="{pack}/a"),
        ),
        entries.habit(
            ids, "ha2", ("73985-4", "Exercice physique"), element("value", "marche quotidienne", xsi_type="ST")
        ),
    )


def _occupational_risks(ids: Identifiers) -> _Element:
    return section(
        ids,
        sections.OCCUPATIONAL_RISKS,
        "Facteurs de risque professionnels",
        table(("Exposition",), ("Poussières de bois (menuiserie, 1980 à 2005)",)),
    )


def _family_history(ids: Identifiers) -> _Element:
    return section(
        ids,
        sections.FAMILY_HISTORY,
        "Antécédents familiaux",
        table(("Parent", "Antécédent"), (("fa1p", "Père"), ("fa1", "Infarctus du myocarde"))),
        entries.family_history(ids, "fa1", "fa1p", ("I21.9", "Infarctus aigu du myocarde, sans précision")),
    )


def _points_of_vigilance(ids: Identifiers) -> _Element:
    points = ("INR cible entre 2 et 3, contrôle mensuel", "HbA1c 7,2 % le 03/06/2024")
    return section(
        ids,
        Kind((PCC + "3.27", FR + "150"), "30954-2", "Résultats d'examens"),
        "Points de vigilance",
        element("text", element("list", [element("item", point) for point in points])),
    )


def _treatment_plan(ids: Identifiers) -> _Element:
    warfarin, metformin = "COUMADINE 5 mg, comprimé sécable", "METFORMINE 500 mg, comprimé pelliculé"
    treatments = section(
        ids,
        sections.TREATMENTS,
        "Traitements",
        table(
            ("Depuis", "Médicament", "Posologie", "Motif"),
            ("02/03/2019", ("tr1", warfarin), "1 comprimé le soir", "Fibrillation auriculaire"),
            ("05/2021", ("tr2", metformin), "1 comprimé par jour", "Diabète de type 2"),
        ),
        entries.treatment(ids, "tr1", "20190302", ("63245753", warfarin)),
        entries.treatment(ids, "tr2", "202105", ("60000001", metformin)),
    )
    return section(
        ids, Kind((FR + "32",), "18776-5", "Plan de traitement"), "Traitement au long cours", *components(treatments)
    )
