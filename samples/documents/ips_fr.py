"""A full patient summary, made by code (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from lxml import etree

from samples.documents import entries, ips_fr_absences, ips_fr_entries
from samples.documents.elements import LOINC, SNOMED_CT, Identifiers, coded, element, new_oid, original, templates
from samples.documents.entries import CCD
from samples.documents.faults import break_rule
from samples.documents.header import MORNING, Identity, clinical_document
from samples.documents.patients import CLAIRE, SamplePatient
from samples.documents.professionals import BIOLOGIST, GENERALIST, HOSPITAL_DOCTOR, SampleAuthor

PCC = "1.3.6.1.4.1.19376.1.5.3.1."
FR = "1.2.250.1.213.1.1.2."

_Element = etree._Element
_Section = Callable[[Identifiers], _Element]


def ips_fr(
    patient: SamplePatient = CLAIRE,
    author: SampleAuthor = GENERALIST,
    *,
    unique_id: str | None = None,
    effective_time: datetime = MORNING,
    replaces: str | None = None,
    version: int = 1,
    set_id: str | None = None,
    nothing_known: bool = False,
) -> bytes:
    """Make a patient summary with every section of the model, or with the five mandatory ones and nothing in them.

    `unique_id` defaults to a fresh OID. With `nothing_known`, problems, acts, allergies, treatments, devices and
    vaccines are coded as known to be absent.
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
    made = clinical_document(
        identity,
        model=("1.2.250.1.213.1.1.1.51", "2024.01"),
        code=("60591-5", "Synthèse médicale", LOINC),
        title="Synthèse médicale",
        act=("34117-2", "Historique et clinique", LOINC),
        body=element(
            "structuredBody",
            [element("component", section(ids)) for section in (_NOTHING if nothing_known else _FULL)],
        ),
    )
    return break_rule(made, "", {"": _name_attending_doctor})


def _name_attending_doctor(root: _Element) -> None:
    """The model compares the display name of the function, capital letter included."""
    for function in root.iterfind("{*}participant[@typeCode='INF']/{*}functionCode[@code='PCP']"):
        function.set("displayName", "Médecin Traitant")


def _section(
    ids: Identifiers, roots: tuple[str, ...], code: tuple[str, str], title: str, text: _Element, *content: _Element
) -> _Element:
    return element(
        "section",
        templates(*roots),
        ids.next(),
        coded("code", *code, LOINC),
        element("title", title),
        text,
        *content,
    )


def _lines(*lines: tuple[str, str]) -> _Element:
    """A narrative list; each line is (anchor, text)."""
    return element(
        "text", element("list", [element("item", element("content", said, ID=anchor)) for anchor, said in lines])
    )


def _problems(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (CCD + "11", PCC + "3.6", FR + "132"),
        ("11450-4", "Liste des problèmes actifs"),
        "Problèmes actifs",
        _lines(("pb1", "Fibrillation auriculaire depuis mars 2019")),
        entries.problem(
            ids, "pb1", "20190302", icd10=("I48.9", "Fibrillation et flutter auriculaires, sans précision")
        ),
    )


def _past_problems(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (PCC + "3.8", FR + "134"),
        ("11348-0", "Antécédents médicaux"),
        "Antécédents médicaux",
        _lines(("an1", "Asthme de l’enfance, 1998 à 2004")),
        entries.problem(ids, "an1", "1998", high="2004", icd10=("J45.9", "Asthme, sans précision")),
    )


def _procedures(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (CCD + "12", PCC + "3.11", PCC + "3.12", FR + "136"),
        ("47519-4", "Historique des actes"),
        "Historique des actes",
        _lines(("ac1", "Extraction du cristallin, 17/11/2016")),
        entries.procedure(
            ids, "ac1", "20161117", ("BFGA004", "Extraction extracapsulaire du cristallin avec implantation")
        ),
    )


def _allergies(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (CCD + "2", PCC + "3.13", FR + "137"),
        ("48765-2", "Allergies et hypersensibilités"),
        "Allergies, hypersensibilités, intolérances",
        _lines(("al1", "Allergie à la pénicilline depuis 2003"), ("al1a", "Pénicilline")),
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


def _adverse_effects(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (FR + "247",),
        ("44939-7", "Effets indésirables"),
        "Effets indésirables prévisibles liés aux médicaments",
        _lines(("ei1", "Association à la COUMADINE, décembre 2021"), ("ei1r", "Nausées, sans suite")),
        ips_fr_entries.adverse_effect(ids, "ei1", "20211204", ("63245753", "COUMADINE 5 mg, comprimé sécable")),
    )


def _treatments(ids: Identifiers) -> _Element:
    warfarin = "COUMADINE 5 mg, comprimé sécable"
    return _section(
        ids,
        (CCD + "8", PCC + "3.19", FR + "143"),
        ("10160-0", "Traitements"),
        "Traitements",
        _lines(("tr1", f"{warfarin}, un comprimé le soir depuis mars 2019")),
        entries.treatment(ids, "tr1", "20190302", ("63245753", warfarin)),
    )


def _devices(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (CCD + "7", PCC + "1.5.3.5", FR + "1"),
        ("46264-8", "Dispositifs médicaux"),
        "Dispositifs médicaux",
        _lines(("dm1", "Stimulateur cardiaque depuis août 2019")),
        ips_fr_entries.device("dm1", "20190811", ("J010104", "Stimulateurs cardiaques implantables double chambre")),
    )


def _vigilance(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (FR + "245",),
        ("44944-7", "Points de vigilance"),
        "Points de vigilance",
        _lines(("pv1", "INR cible entre 2 et 3, contrôle mensuel")),
    )


def _functional_status(ids: Identifiers) -> _Element:
    groups = (
        (("32452-5", "Déplacement", LOINC), "sf1", ("161898004", "chutes")),
        (("54511-1", "État psychique", LOINC), "sf2", ("247663003", "bien orienté")),
        (("GEN-092.04.24", "Autre risque", ips_fr_entries.TA_ASIP), "sf3", ("285304000", "à risque d’escarre")),
    )
    return _section(
        ids,
        (_FUNCTIONAL, FR + "246"),
        ("47420-5", "Statut fonctionnel"),
        "Statut fonctionnel",
        _lines(*((anchor, f"{group[1]} : {finding[1]}") for group, anchor, finding in groups)),
        *(
            ips_fr_entries.survey(
                ids, group, anchor, "20240114", finding, element("value", xsi_type="BL", value="true")
            )
            for group, anchor, finding in groups
        ),
    )


def _vital_signs(ids: Identifiers) -> _Element:
    measures = (
        ("sv1", ("29463-7", "Poids"), ("58", "kg")),
        ("sv2", ("8302-2", "Taille"), ("1.60", "m")),
        ("sv3", ("8480-6", "Pression artérielle systolique"), ("128", "mm[Hg]")),
        ("sv4", ("8867-4", "Fréquence cardiaque"), ("72", "/min")),
    )
    return _section(
        ids,
        (CCD + "16", PCC + "3.25", PCC + "1.5.3.2", FR + "75"),
        ("8716-3", "Signes vitaux"),
        "Signes vitaux",
        _lines(*((anchor, f"{loinc[1]} : {value} {unit}") for anchor, loinc, (value, unit) in measures)),
        ips_fr_entries.vital_signs(ids, "20240402", measures),
    )


def _habits(ids: Identifiers) -> _Element:
    value = element("value", "quinze paquets-année, sevré", xsi_type="ST")
    return _section(
        ids,
        (CCD + "15", PCC + "3.16", PCC + "3.16.1", FR + "141"),
        ("29762-2", "Habitus, Mode de vie"),
        "Mode de vie",
        _lines(("ha1", "Tabac : quinze paquets-année, sevré")),
        entries.habit(ids, "ha1", ("74011-8", "Consommation tabagique"), value),
    )


def _occupational_risks(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (PCC + "1.5.3.1", FR + "74"),
        ("10161-8", "Facteurs de risques professionnels"),
        "Facteurs de risque professionnels",
        _lines(("rp1", "Poussières de bois (menuiserie, 1980 à 2005)")),
    )


def _family_history(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (CCD + "4", PCC + "3.14", PCC + "3.15", FR + "139"),
        ("10157-6", "Historique des pathologies familiales"),
        "Antécédents familiaux",
        _lines(("fa1p", "Père"), ("fa1", "Infarctus du myocarde")),
        entries.family_history(ids, "fa1", "fa1p", ("I21.9", "Infarctus aigu du myocarde, sans précision")),
    )


def _immunizations(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (CCD + "6", PCC + "3.23", FR + "147"),
        ("11369-6", "Historique des vaccinations"),
        "Vaccinations",
        _lines(("va1", "REVAXIS, 28/09/2009, première injection")),
        ips_fr_entries.immunization(ids, "va1", "20090928", _REVAXIS, rank=1),
    )


def _pregnancies(ids: Identifiers) -> _Element:
    value = coded("value", "60001007", "non enceinte", SNOMED_CT, original("gr1"), xsi_type="CD")
    return _section(
        ids,
        (PCC + "1.5.3.4", FR + "77"),
        ("10162-6", "Historique des grossesses"),
        "Historique des grossesses",
        _lines(("gr1", "Pas de grossesse en cours")),
        ips_fr_entries.pregnancy(ids, "gr1", ("11449-6", "Statut de grossesse"), value),
    )


def _care_plan(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (CCD + "10", PCC + "3.36", FR + "158"),
        ("18776-5", "Plan de soins"),
        "Plan de soins",
        _lines(
            ("ps1", "HbA1c en décembre 2024"),
            ("ps2", "Consultation de cardiologie en décembre 2024"),
            ("ps3", "Rappel de REVAXIS en décembre 2024"),
        ),
        ips_fr_entries.requested_observation(ids, "ps1", "20241201", ("4548-4", "Hémoglobine A1c/Hémoglobine totale")),
        ips_fr_entries.planned_encounter(ids, "ps2", "20241202", HOSPITAL_DOCTOR),
        ips_fr_entries.recommended_immunization(ids, "ps3", ("20241201", "20241231"), _REVAXIS),
    )


def _directives(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (CCD + "1", PCC + "3.34", PCC + "3.35", FR + "157"),
        ("42348-3", "Directives anticipées"),
        "Directives anticipées",
        _lines(("da1", "Maintien artificiel en vie : non souhaité")),
        ips_fr_entries.directive(ids, "da1", "20180101", ("75789-8", "Maintien artificiel en vie"), wished=False),
    )


def _results(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (FR + "244",),
        ("30954-2", "Résultats d'examens"),
        "Résultats",
        _lines(("re1", "Créatinine : 82 µmol/L le 29/03/2024")),
        ips_fr_entries.results(ids, "re1", "20240329", ("14682-9", "Créatinine"), ("82", "umol/L"), BIOLOGIST),
    )


def _documents(ids: Identifiers) -> _Element:
    return _section(
        ids,
        (FR + "37",),
        ("55107-7", "Documents ajoutés"),
        "Documents ajoutés",
        _lines(("do1", "Ordonnance de mars 2024")),
        ips_fr_entries.attached_document(ids, "do1", ("DLU_006", "Ordonnance"), ("Document fictif.",)),
    )


def _absent(roots: tuple[str, ...], code: tuple[str, str], anchor: str, said: str, entry: _Section) -> _Section:
    return lambda ids: _section(ids, roots, code, code[1], _lines((anchor, said)), entry(ids))


def _nothing() -> Iterator[_Section]:
    known = ips_fr_absences
    yield _absent(
        (CCD + "11", PCC + "3.6", FR + "132"),
        ("11450-4", "Problèmes actifs"),
        "pb0",
        "Aucun problème connu",
        lambda ids: known.no_problem(ids, "pb0"),
    )
    yield _absent(
        (CCD + "12", PCC + "3.11", PCC + "3.12", FR + "136"),
        ("47519-4", "Historique des actes"),
        "ac0",
        "Aucun acte connu",
        lambda _: known.no_procedure("ac0"),
    )
    yield _absent(
        (CCD + "2", PCC + "3.13", FR + "137"),
        ("48765-2", "Allergies et hypersensibilités"),
        "al0",
        "Aucune allergie connue",
        lambda ids: known.no_allergy(ids, "al0"),
    )
    yield _absent(
        (CCD + "8", PCC + "3.19", FR + "143"),
        ("10160-0", "Traitements"),
        "tr0",
        "Aucun traitement connu",
        lambda ids: known.no_treatment(ids, "tr0"),
    )
    yield _absent(
        (CCD + "7", PCC + "1.5.3.5", FR + "1"),
        ("46264-8", "Dispositifs médicaux"),
        "dm0",
        "Aucun dispositif connu",
        lambda _: ips_fr_entries.no_device("dm0"),
    )
    yield _absent(
        (CCD + "6", PCC + "3.23", FR + "147"),
        ("11369-6", "Vaccinations"),
        "va0",
        "Aucun vaccin connu",
        lambda ids: ips_fr_entries.no_immunization(ids, "va0"),
    )


_FUNCTIONAL = "2.16.840.1.113883.10.22.3.8"
_REVAXIS = ("60917345", "REVAXIS, suspension injectable en seringue préremplie")
_NOTHING = tuple(_nothing())
_FULL: tuple[_Section, ...] = (
    _problems,
    _past_problems,
    _procedures,
    _allergies,
    _adverse_effects,
    _treatments,
    _devices,
    _vigilance,
    _functional_status,
    _vital_signs,
    _habits,
    _occupational_risks,
    _family_history,
    _immunizations,
    _pregnancies,
    _care_plan,
    _directives,
    _results,
    _documents,
)
