"""Writes the CDA of a period of reimbursements: level 1, by the health insurance (NOS TRE_A05 REMB; CI-SIS)."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from lxml import etree

CDA: Final = "urn:hl7-org:v3"
_STRUCTURES: Final = "1.2.250.1.71.4.2.2"
_ROLES: Final = "1.2.250.1.213.1.1.4.6"
_XDS_SD: Final = "1.3.6.1.4.1.19376.1.2.20"
_TITLE: Final = "Données de remboursement"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReimbursedAct:
    """One line: amounts are in cents of a euro."""

    day: date
    label: str
    paid: int
    reimbursed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Insured:
    """Whose acts they are. `born` is `yyyymmdd`, `birth_place` a code of the COG; what is not known is empty."""

    ins: str
    ins_root: str
    family: str = ""
    given: tuple[str, ...] = ()
    gender: str = ""
    born: str = ""
    birth_place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """The system of the health insurance, which is author and legal authenticator."""

    structure_id: str
    structure_name: str
    system_id: str
    software: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReimbursementDocument:
    """The acts of one period. `made` has a time zone; `acts` are in order, and not empty."""

    unique_id: str
    insured: Insured
    payer: Payer
    made: datetime
    acts: Sequence[ReimbursedAct]


def write_reimbursements(document: ReimbursementDocument) -> bytes:
    """The CDA document, in UTF-8; its body is a plain text (IHE ITI XDS-SD)."""
    made = document.made.strftime("%Y%m%d%H%M%S%z")
    first, last = document.acts[0].day, document.acts[-1].day
    payer = document.payer
    root = _element(
        "ClinicalDocument",
        _element("realmCode", code="FR"),
        _element("typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040"),
        _element("templateId", root="2.16.840.1.113883.2.8.2.1"),
        _element("templateId", root="1.2.250.1.213.1.1.1.1"),
        _element("templateId", root=_XDS_SD),
        _element("id", root=document.unique_id),
        _code("code", "REMB", _TITLE, "1.2.250.1.213.1.1.4.12"),
        _element("title", f"{_TITLE}, {first:%m/%Y}"),
        _element("effectiveTime", value=made),
        _code("confidentialityCode", "N", "Normal", "2.16.840.1.113883.5.25"),
        _element("languageCode", code="fr-FR"),
        _element("setId", root=document.unique_id),
        _element("versionNumber", value="1"),
        _record_target(document.insured),
        _element("author", _element("time", value=made), _author(payer)),
        _element(
            "custodian",
            _element("assignedCustodian", _element("representedCustodianOrganization", *_structure(payer))),
        ),
        _element(
            "legalAuthenticator",
            _element("time", value=made),
            _element("signatureCode", code="S"),
            _responsible(payer),
        ),
        _element(
            "documentationOf",
            _element(
                "serviceEvent",
                _period(first, last),
                _element("performer", _responsible(payer, setting=True), typeCode="PRF"),
            ),
        ),
        _element("componentOf", _encounter(first, last, payer)),
        _element("component", _element("nonXMLBody", _text(document.acts))),
    )
    etree.cleanup_namespaces(root)
    etree.indent(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _text(acts: Sequence[ReimbursedAct]) -> etree._Element:
    lines = [f"{one.day:%d/%m/%Y}  {one.label}: {_euros(one.paid)}, remboursé {_euros(one.reimbursed)}" for one in acts]
    content = "\n".join((_TITLE, *lines)).encode()
    return _element("text", base64.b64encode(content).decode(), mediaType="text/plain", representation="B64")


def _euros(cents: int) -> str:
    return f"{cents // 100},{cents % 100:02} €"


def _record_target(insured: Insured) -> etree._Element:
    given = []
    if insured.given:
        given = [_element("given", " ".join(insured.given)), _element("given", insured.given[0], qualifier="BR")]
    name = _element("name", _element("family", insured.family, qualifier="BR"), *given) if insured.family else None
    place = []
    if insured.birth_place:
        county = _element("addr", _element("county", insured.birth_place))
        place = [_element("birthplace", _element("place", county))]
    gender = {"F": "Féminin", "M": "Masculin"}.get(insured.gender, "")
    return _element(
        "recordTarget",
        _element(
            "patientRole",
            _element("id", root=insured.ins_root, extension=insured.ins),
            _element(
                "patient",
                name if name is not None else _element("name", nullFlavor="UNK"),
                _code("administrativeGenderCode", insured.gender, gender, "2.16.840.1.113883.5.1")
                if gender
                else _element("administrativeGenderCode", nullFlavor="UNK"),
                _element("birthTime", value=insured.born) if insured.born else _element("birthTime", nullFlavor="UNK"),
                *place,
                classCode="PSN",
            ),
        ),
    )


def _author(payer: Payer) -> etree._Element:
    return _element(
        "assignedAuthor",
        _element("id", root="1.2.250.1.71.4.2.1", extension=payer.system_id),
        _code("code", "ALIM_AM", "Alimentation par l'assurance maladie", _ROLES),
        _element(
            "assignedAuthoringDevice",
            _element("manufacturerModelName", payer.software),
            _element("softwareName", payer.software),
        ),
        _element("representedOrganization", *_structure(payer)),
    )


def _responsible(payer: Payer, *, setting: bool = False) -> etree._Element:
    """The system answers for what it writes: nobody signs reimbursements by hand."""
    industry = _code("standardIndustryClassCode", "AMBULATOIRE", "Ambulatoire", "1.2.250.1.213.1.1.4.9")
    return _element(
        "assignedEntity",
        _element("id", root="1.2.250.1.71.4.2.1", extension=payer.system_id),
        _element("assignedPerson", _element("name", _element("family", payer.software))),
        _element("representedOrganization", *_structure(payer), *((industry,) if setting else ())),
    )


def _structure(payer: Payer) -> tuple[etree._Element, etree._Element]:
    return (
        _element("id", root=_STRUCTURES, extension=payer.structure_id),
        _element("name", payer.structure_name),
    )


def _period(first: date, last: date) -> etree._Element:
    high = [_element("high", value=f"{last:%Y%m%d}")] if last > first else []
    return _element("effectiveTime", _element("low", value=f"{first:%Y%m%d}"), *high)


def _encounter(first: date, last: date, payer: Payer) -> etree._Element:
    return _element(
        "encompassingEncounter",
        _period(first, last),
        _element(
            "location",
            _element(
                "healthCareFacility",
                _code("code", "SA01", "Établissement public de santé", "1.2.250.1.71.4.2.4"),
                _element("location", _element("name", payer.structure_name)),
            ),
        ),
    )


def _code(tag: str, code: str, display: str, system: str) -> etree._Element:
    return _element(tag, code=code, displayName=display, codeSystem=system)


def _element(tag: str, *content: etree._Element | str, **attributes: str) -> etree._Element:
    element = etree.Element(f"{{{CDA}}}{tag}", nsmap={None: CDA})  # type: ignore[dict-item]  # the default namespace
    for name, value in attributes.items():
        element.set(name, value)
    for one in content:
        if isinstance(one, str):
            element.text = one
        else:
            element.append(one)
    return element
