"""A full medical summary, made by code (CI-SIS VSM 2023.01)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from lxml import etree

from samples.documents import entries
from samples.documents.elements import LOINC, Identifiers, coded, element, new_oid, templates
from samples.documents.faults import break_rule
from samples.documents.header import MORNING, Identity, clinical_document
from samples.documents.header_faults import HEADER_FAULTS
from samples.documents.patients import CLAIRE, SamplePatient
from samples.documents.professionals import GENERALIST, SampleAuthor
from samples.documents.vsm_faults import VSM_FAULTS

CCD = entries.CCD
PCC = "1.3.6.1.4.1.19376.1.5.3.1."
FR = "1.2.250.1.213.1.1.2."
CONDITION_STATUS = "2.16.840.1.113883.4.642.1.1074"
ALLERGY_STATUS = "2.16.840.1.113883.4.642.4.1373"

_Element = etree._Element


def vsm(
    patient: SamplePatient = CLAIRE,
    author: SampleAuthor = GENERALIST,
    *,
    unique_id: str | None = None,
    effective_time: datetime = MORNING,
    replaces: str | None = None,
    version: int = 1,
    set_id: str | None = None,
    breaking: str | None = None,
) -> bytes:
    """Make a medical summary with every section of the model.

    `unique_id` defaults to a fresh OID. `breaking` names a rule: the document then breaks that rule and no other.
    Raises KeyError: no twin is known for that rule.
    """
    identity = Identity(
        patient=patient,
        author=author,
        unique_id=unique_id or new_oid(),
        replaces=replaces,
        effective_time=effective_time,
        version=version,
        set_id=set_id,
    )
    ids = Identifiers(identity.unique_id)
    body = element(
        "structuredBody",
        (
            element("component", one)
            for one in (_conditions_and_risks(ids), _points_of_vigilance(ids), _treatment_plan(ids))
        ),
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


def _section(
    roots: Iterable[str], identifier: _Element | None, code: tuple[str, str], title: str, *content: _Element
) -> _Element:
    return element(
        "section", templates(*roots), identifier, coded("code", *code, LOINC), element("title", title), *content
    )


def _parts(*sections: _Element) -> list[_Element]:
    return [element("component", section) for section in sections]


def _table(headings: tuple[str, ...], *rows: tuple[str | tuple[str, str], ...]) -> _Element:
    """A narrative table. A cell is a text, or (anchor, text) when an entry refers to it."""
    return element(
        "text",
        element(
            "table",
            element("thead", element("tr", [element("th", heading) for heading in headings])),
            element("tbody", [element("tr", [_cell(cell) for cell in row]) for row in rows]),
            border="0",
        ),
    )


def _cell(cell: str | tuple[str, str]) -> _Element:
    return element("td", cell) if isinstance(cell, str) else element("td", element("content", cell[1], ID=cell[0]))


def _conditions_and_risks(ids: Identifiers) -> _Element:
    return _section(
        (FR + "29",),
        ids.next(),
        ("46612-8", "Conclusions de synthèse"),
        "Pathologies en cours, antécédents, allergies et facteurs de risque",
        *_parts(
            _section(
                (FR + "30",),
                ids.next(),
                ("34117-2", "Historique et physique"),
                "Pathologies en cours, antécédents et allergies",
                *_parts(_active_problems(ids), _past_problems(ids), _procedures(ids), _allergies(ids)),
            ),
            _section(
                (FR + "31",),
                ids.next(),
                ("57207-3", "Facteurs de risque"),
                "Facteurs de risque",
                *_parts(_habits(ids), _occupational_risks(ids), _family_history(ids)),
            ),
        ),
    )


def _active_problems(ids: Identifiers) -> _Element:
    return _section(
        (CCD + "11", PCC + "3.6", FR + "132"),
        ids.next(),
        ("11450-4", "Liste des problèmes actifs"),
        "Pathologies en cours",
        _table(
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
    return _section(
        (PCC + "3.8", FR + "134"),
        ids.next(),
        ("11348-0", "Antécédents médicaux"),
        "Antécédents médicaux",
        _table(
            ("Période", "Antécédent"),
            ("1998 à 2004", ("an1", "Asthme de l’enfance, résolu")),
            ("2010", ("an2", "Zona")),
        ),
        entries.problem(ids, "an1", "1998", high="2004", icd10=("J45.9", "Asthme, sans précision")),
        entries.problem(ids, "an2", "2010", high="2010", icd10=None),
    )


def _procedures(ids: Identifiers) -> _Element:
    return _section(
        (CCD + "12", PCC + "3.11", PCC + "3.12", FR + "136"),
        ids.next(),
        ("47519-4", "Historique des actes"),
        "Antécédents chirurgicaux",
        _table(("Date", "Acte"), ("17/11/2016", ("ac1", "Extraction du cristallin"))),
        entries.procedure(
            ids, "ac1", "20161117", ("BFGA004", "Extraction extracapsulaire du cristallin avec implantation")
        ),
    )


def _allergies(ids: Identifiers) -> _Element:
    return _section(
        (CCD + "2", PCC + "3.13", FR + "137"),
        ids.next(),
        ("48765-2", "Allergies et hypersensibilités"),
        "Allergies et intolérances",
        _table(
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
    return _section(
        (CCD + "15", PCC + "3.16", PCC + "3.16.1", FR + "141"),
        ids.next(),
        ("29762-2", "Habitus, Mode de vie"),
        "Mode de vie",
        _table(
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
    return _section(
        (PCC + "1.5.3.1", FR + "74"),
        ids.next(),
        ("10161-8", "Facteurs de risques professionnels"),
        "Facteurs de risque professionnels",
        _table(("Exposition",), ("Poussières de bois (menuiserie, 1980 à 2005)",)),
    )


def _family_history(ids: Identifiers) -> _Element:
    return _section(
        (CCD + "4", PCC + "3.14", PCC + "3.15", FR + "139"),
        ids.next(),
        ("10157-6", "Historique des pathologies familiales"),
        "Antécédents familiaux",
        _table(("Parent", "Antécédent"), (("fa1p", "Père"), ("fa1", "Infarctus du myocarde"))),
        entries.family_history(ids, "fa1", "fa1p", ("I21.9", "Infarctus aigu du myocarde, sans précision")),
    )


def _points_of_vigilance(ids: Identifiers) -> _Element:
    points = ("INR cible entre 2 et 3, contrôle mensuel", "HbA1c 7,2 % le 03/06/2024")
    return _section(
        (PCC + "3.27", FR + "150"),
        ids.next(),
        ("30954-2", "Résultats d'examens"),
        "Points de vigilance",
        element("text", element("list", [element("item", point) for point in points])),
    )


def _treatment_plan(ids: Identifiers) -> _Element:
    warfarin, metformin = "COUMADINE 5 mg, comprimé sécable", "METFORMINE 500 mg, comprimé pelliculé"
    treatments = _section(
        (CCD + "8", PCC + "3.19", FR + "143"),
        ids.next(),
        ("10160-0", "Traitements"),
        "Traitements",
        _table(
            ("Depuis", "Médicament", "Posologie", "Motif"),
            ("02/03/2019", ("tr1", warfarin), "1 comprimé le soir", "Fibrillation auriculaire"),
            ("05/2021", ("tr2", metformin), "1 comprimé par jour", "Diabète de type 2"),
        ),
        entries.treatment(ids, "tr1", "20190302", ("63245753", warfarin)),
        entries.treatment(ids, "tr2", "202105", ("60000001", metformin)),
    )
    return _section(
        (FR + "32",), ids.next(), ("18776-5", "Plan de traitement"), "Traitement au long cours", *_parts(treatments)
    )
