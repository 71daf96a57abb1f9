"""Reading of a CDA header: tolerant, what is absent or null becomes None (HL7 CDA R2 §4.2)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast
from weakref import WeakKeyDictionary

from lxml import etree

from cda.document import CDA_NAMESPACE, CdaDocument
from cda.header_values import (
    CdaHeader,
    DocumentIdentity,
    InstanceId,
    Organization,
    Participant,
    Patient,
    PersonName,
    ServiceEvent,
)
from xds.metadata.codes import Code

__all__ = ["CdaHeader", "read_header", "read_identity"]

_Element = etree._Element
_NS = cast("dict[str, str]", {None: CDA_NAMESPACE})  # None is the default namespace of paths; the stubs forget it

_READ: WeakKeyDictionary[CdaDocument, CdaHeader] = WeakKeyDictionary()
"""Several checks ask for the header of the document they are handed; it goes with the document."""


def read_header(document: CdaDocument) -> CdaHeader:
    """Read the header, once for a document.

    Never raises on a parsed document: validation says what is missing, this says what is there.
    """
    header = _READ.get(document)
    if header is None:
        header = _READ[document] = _read(document.root)
    return header


def read_identity(document: CdaDocument) -> DocumentIdentity:
    """What `read_header` says of the identity of a document, and nothing else of it. Never raises, as it."""
    root = document.root
    return DocumentIdentity(
        id=_id(_find(root, "id")),
        code=_code(_find(root, "code")),
        confidentiality=_code(_find(root, "confidentialityCode")),
        patient=_patient(_find(root, "recordTarget/patientRole")),
        replaces=_replaced(root),
    )


def _read(root: _Element) -> CdaHeader:
    encounter = _find(root, "componentOf/encompassingEncounter")
    times = _find(encounter, "effectiveTime")
    non_xml = _find(root, "component/nonXMLBody")
    structured = _find(root, "component/structuredBody")
    return CdaHeader(
        id=_id(_find(root, "id")),
        code=_code(_find(root, "code")),
        title=_text(_find(root, "title")),
        effective_time=_attribute(_find(root, "effectiveTime"), "value"),
        confidentiality=_code(_find(root, "confidentialityCode")),
        language=_attribute(_find(root, "languageCode"), "code"),
        set_id=_id(_find(root, "setId")),
        version=_attribute(_find(root, "versionNumber"), "value"),
        templates=tuple((one.get("root", ""), one.get("extension")) for one in _all(root, "templateId")),
        patient=_patient(_find(root, "recordTarget/patientRole")),
        authors=tuple(_author(one) for one in _all(root, "author")),
        custodian=_organization(_find(root, "custodian/assignedCustodian/representedCustodianOrganization")),
        legal_authenticator=_signer(_find(root, "legalAuthenticator")),
        service_events=tuple(_service_event(one) for one in _all(root, "documentationOf/serviceEvent")),
        orders=_ids(_all(root, "inFulfillmentOf/order/id")),
        replaces=_replaced(root),
        encounter_start=_bound(times, "low"),
        encounter_end=_bound(times, "high"),
        facility_type=_code(_find(encounter, "location/healthCareFacility/code")),
        level=1 if non_xml is not None else 3 if structured is not None else None,
        media_type=_attribute(_find(non_xml, "text"), "mediaType"),
    )


def _patient(role: _Element | None) -> Patient | None:
    if role is None:
        return None
    person = _find(role, "patient")
    name = _find(person, "name")
    family = {one.get("qualifier"): _text(one) for one in reversed(_all(name, "family"))}
    given = {one.get("qualifier"): _text(one) for one in reversed(_all(name, "given"))}
    return Patient(
        ids=_ids(_all(role, "id")),
        birth_family=family.get("BR"),
        used_family=family.get("CL"),
        first_given=given.get("BR"),
        all_given=given.get(None),
        used_given=given.get("CL"),
        gender=_attribute(_find(person, "administrativeGenderCode"), "code"),
        birth_time=_attribute(_find(person, "birthTime"), "value"),
        birth_place=_text(_find(person, "birthplace/place/addr/county")),
    )


def _author(author: _Element) -> Participant:
    return _participant(_find(author, "assignedAuthor"), author)


def _signer(signer: _Element | None) -> Participant | None:
    return None if signer is None else _participant(_find(signer, "assignedEntity"), signer)


def _participant(entity: _Element | None, around: _Element) -> Participant:
    device = _find(entity, "assignedAuthoringDevice")
    software = _text(_find(device, "softwareName")) or _text(_find(device, "manufacturerModelName"))
    return Participant(
        id=_id(_find(entity, "id")),
        name=_name(_find(entity, "assignedPerson/name")),
        device=software,
        code=_code(_find(entity, "code")),
        function=_code(_find(around, "functionCode")),
        organization=_organization(_find(entity, "representedOrganization")),
        time=_attribute(_find(around, "time"), "value"),
    )


def _name(name: _Element | None) -> PersonName | None:
    if name is None or name.get("nullFlavor"):
        return None
    return PersonName(
        family=_text(_find(name, "family")),
        given=_text(_find(name, "given")),
        prefix=_text(_find(name, "prefix")),
        suffix=_text(_find(name, "suffix")),
    )


def _organization(organization: _Element | None) -> Organization | None:
    if organization is None or organization.get("nullFlavor"):
        return None
    return Organization(
        id=_id(_find(organization, "id")),
        name=_text(_find(organization, "name")),
        practice_setting=_code(_find(organization, "standardIndustryClassCode")),
    )


def _service_event(event: _Element) -> ServiceEvent:
    performer = _find(event, "performer")
    times = _find(event, "effectiveTime")
    translations = (_code(one) for one in _all(event, "code/translation"))
    return ServiceEvent(
        code=_code(_find(event, "code")),
        translations=tuple(one for one in translations if one is not None),
        low=_bound(times, "low"),
        high=_bound(times, "high"),
        performer=_signer(performer),
    )


def _replaced(root: _Element) -> InstanceId | None:
    for related in _all(root, "relatedDocument"):
        if related.get("typeCode") == "RPLC":
            return _id(_find(related, "parentDocument/id"))
    return None


def _bound(times: _Element | None, name: str) -> str | None:
    """A bound of an IVL_TS; a plain TS is its own start."""
    bound = _attribute(_find(times, name), "value")
    return bound or (_attribute(times, "value") if name == "low" else None)


def _find(parent: _Element | None, path: str) -> _Element | None:
    return None if parent is None else parent.find(path, _NS)


def _all(parent: _Element | None, path: str) -> list[_Element]:
    return [] if parent is None else parent.findall(path, _NS)


def _attribute(element: _Element | None, name: str) -> str | None:
    value = None if element is None or element.get("nullFlavor") else element.get(name)
    return value.strip() or None if value is not None else None


def _text(element: _Element | None) -> str | None:
    if element is None or element.get("nullFlavor"):
        return None
    return " ".join("".join(str(part) for part in element.itertext()).split()) or None


def _id(element: _Element | None) -> InstanceId | None:
    root = _attribute(element, "root")
    return None if root is None else InstanceId(root, _attribute(element, "extension"))


def _ids(elements: Iterable[_Element]) -> tuple[InstanceId, ...]:
    return tuple(one for one in map(_id, elements) if one is not None)


def _code(element: _Element | None) -> Code | None:
    code = _attribute(element, "code")
    if code is None:
        return None
    return Code(code, _attribute(element, "codeSystem") or "", _attribute(element, "displayName") or "")
