"""What is known to be absent, coded: five sections of a patient summary are mandatory (CI-SIS IPS-FR 2024.01)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from samples.documents import immunization_entries as immunization
from samples.documents import ips_fr_entries, sections
from samples.documents.blocks import ABSENT, CCD, FR, IHE, completed, concern, no_drug, observation, told
from samples.documents.elements import SNOMED_CT, Identifiers, coded, element, original, templates
from samples.documents.sections import Kind, lines, section

MadeWith = Callable[[Identifiers], etree._Element]

_Element = etree._Element


def _observation(ids: Identifiers, anchor: str, own: tuple[str, ...], code: _Element, value: _Element) -> _Element:
    return observation(
        templates(*own),
        ids.next(),
        code,
        told(anchor),
        completed(),
        element("effectiveTime", element("low", nullFlavor="UNK")),
        value,
        negationInd="false",
    )


def _no_times() -> _Element:
    return element("effectiveTime", element("low", nullFlavor="NA"), element("high", nullFlavor="NA"))


def no_problem(ids: Identifiers, anchor: str) -> _Element:
    """No problem is known."""
    made = _observation(
        ids,
        anchor,
        (CCD + "28", IHE + "5", FR + "37"),
        coded("code", "55607006", "problème", SNOMED_CT),
        coded("value", "no-known-problems", "Pas de problème connu", ABSENT, original(anchor), xsi_type="CD"),
    )
    return concern(ids, (IHE + "5.2", FR + "39"), "completed", _no_times(), made)


def no_allergy(ids: Identifiers, anchor: str) -> _Element:
    """No allergy is known."""
    made = _observation(
        ids,
        anchor,
        (CCD + "18", CCD + "28", IHE + "5", IHE + "6", FR + "41"),
        coded("code", "420134006", "propension à une réaction indésirable", SNOMED_CT),
        coded("value", "no-known-allergies", "Pas d'allergie connue", ABSENT, original(anchor), xsi_type="CD"),
    )
    return concern(ids, (IHE + "5.3", FR + "40"), "completed", _no_times(), made)


def no_procedure(anchor: str) -> _Element:
    """No act is known."""
    made = element(
        "procedure",
        templates(IHE + "19", CCD + "29", FR + "62"),
        element("id", nullFlavor="NA"),
        coded("code", "no-known-procedures", "Pas d'acte connu", ABSENT),
        told(anchor),
        completed(),
        element("effectiveTime", nullFlavor="NA"),
        classCode="PROC",
        moodCode="EVN",
        negationInd="true",
    )
    return element("entry", made)


def no_treatment(ids: Identifiers, anchor: str) -> _Element:
    """No treatment is known."""
    made = element(
        "substanceAdministration",
        templates(CCD + "24", IHE + "7", FR + "42", IHE + "7.1"),
        ids.next(),
        coded("code", "no-known-medications", "Pas de traitement connu", ABSENT),
        told(anchor),
        completed(),
        element("effectiveTime", element("low", nullFlavor="NA"), element("high", nullFlavor="NA"), xsi_type="IVL_TS"),
        element("consumable", no_drug()),
        classCode="SBADM",
        moodCode="EVN",
    )
    return element("entry", made, typeCode="DRIV")


def _absent(kind: Kind, title: str, anchor: str, said: str, entry: MadeWith) -> MadeWith:
    return lambda ids: section(ids, kind, title, lines((anchor, said)), entry(ids))


def absences() -> Iterator[MadeWith]:
    """The six sections that say what there is none of."""
    yield _absent(
        sections.PROBLEMS,
        "Problèmes actifs",
        "pb0",
        "Aucun problème connu",
        lambda ids: no_problem(ids, "pb0"),
    )
    yield _absent(
        sections.PROCEDURES,
        "Historique des actes",
        "ac0",
        "Aucun acte connu",
        lambda _: no_procedure("ac0"),
    )
    yield _absent(
        sections.ALLERGIES,
        "Allergies et hypersensibilités",
        "al0",
        "Aucune allergie connue",
        lambda ids: no_allergy(ids, "al0"),
    )
    yield _absent(
        sections.TREATMENTS,
        "Traitements",
        "tr0",
        "Aucun traitement connu",
        lambda ids: no_treatment(ids, "tr0"),
    )
    yield _absent(
        sections.DEVICES,
        "Dispositifs médicaux",
        "dm0",
        "Aucun dispositif connu",
        lambda _: ips_fr_entries.no_device("dm0"),
    )
    yield _absent(
        sections.IMMUNIZATIONS,
        "Vaccinations",
        "va0",
        "Aucun vaccin connu",
        lambda ids: immunization.none(ids, "va0"),
    )
