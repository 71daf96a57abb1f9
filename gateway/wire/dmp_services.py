"""The services of the DMP that are not HL7: authorisations, my records, access of the patient.

Names of services, operations and values are those of the DMP; the elements inside are ours, as the schemas beside the
descriptions say (decision G-250): `dmphabilitations.xsd`, `dmppatients.xsd`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

from lxml import etree

from gateway.wire.dmp_interaction import clean
from gateway.wire.dmp_person import EMAIL, MOBILE
from gateway.wire.dmp_reading import Node
from gateway.wire.dmp_vocabulary import HABILITATIONS, PATIENTS, SUCCESS
from xds.errors import RegistryError, Severity


class Action(StrEnum):
    """What is asked of one's own authorisation (DMP TD0.3)."""

    ADD = "AJOUT"
    REMOVE = "SUPPRESSION"


class ListMode(StrEnum):
    """Which professionals are listed (DMP TD1.6)."""

    ACTIVE = "ACTIVE"
    FORBIDDEN = "INTERDITE"
    ALL = "TOUTE"


class RecordsMode(StrEnum):
    """Since when what happened (DMP TD0.4); the spelling is that of the DMP."""

    AUTHORISATION = "LASTAUTORIZATION"
    DOCUMENT = "LASTDOC"


class Channel(StrEnum):
    """How one-time codes reach the patient (DMP TD1.5)."""

    EMAIL = "EMAIL"
    SMS = "SMS"


MEDECIN_TRAITANT = "MEDECIN_TRAITANT"
_Value = TypeVar("_Value", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAuthorisation:
    """TD0.3: `medecin_traitant`, the role asked with it."""

    patient_id: str
    action: Action
    medecin_traitant: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAuthorisations:
    """TD1.6."""

    patient_id: str
    mode: ListMode


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRecords:
    """TD0.4: `since` is UTC."""

    mode: RecordsMode
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientAccess:
    """TD1.5a and d, the internet account; b, the channels. A channel that is not said is None, one removed empty."""

    patient_id: str
    channel: Channel | None = None
    email: str | None = None
    mobile: str | None = None


Field = tuple[str, str | bool | datetime | None]
Row = Sequence[Field]


def read_set_authorisation(body: etree._Element) -> SetAuthorisation:
    """Read TD0.3. Raises Refusal: every fault of the message."""
    root = Node.root(body)
    action = _one_of(root.one("action"), Action)
    role = root.one("role", required=False)
    if role and (text := role.text()) and text != MEDECIN_TRAITANT:
        role.fault("", text, MEDECIN_TRAITANT)
    if role and action is Action.REMOVE:
        role.fault("", "a role", "no role with SUPPRESSION: AJOUT without role ends the role")
    patient_id = _patient_id(root)
    root.or_refuse()
    return SetAuthorisation(patient_id=patient_id, action=action or Action.ADD, medecin_traitant=bool(role))


def asked_action(body: etree._Element) -> str:
    """The action of a TD0.3 as written, before anything is read of it."""
    return "".join(body.findtext(f"{{{HABILITATIONS}}}action", "").split())


def read_list_authorisations(body: etree._Element) -> ListAuthorisations:
    """Read TD1.6. Raises Refusal: every fault of the message."""
    root = Node.root(body)
    mode = _one_of(root.one("mode"), ListMode)
    patient_id = _patient_id(root)
    root.or_refuse()
    return ListAuthorisations(patient_id=patient_id, mode=mode or ListMode.ALL)


def read_list_records(body: etree._Element) -> ListRecords:
    """Read TD0.4. Raises Refusal: every fault of the message."""
    root = Node.root(body)
    mode = _one_of(root.one("mode"), RecordsMode)
    node = root.one("since")
    since = _moment(node)
    root.or_refuse()
    return ListRecords(mode=mode or RecordsMode.AUTHORISATION, since=since)


def read_patient_access(body: etree._Element, *, channel: bool, channels: bool) -> PatientAccess:
    """Read TD1.5a (`channel`), b (`channels`) or d (neither required). Raises Refusal: every fault of the message."""
    root = Node.root(body)
    patient_id = _patient_id(root)
    node = root.one("channel", required=channel)
    chosen = _one_of(node, Channel) if node else None
    email, mobile = root.one("email", required=False), root.one("mobile", required=False)
    if channels and not email and not mobile:
        root.fault("email", "neither e-mail nor mobile", "the channel to set, empty to remove it")
    found = PatientAccess(
        patient_id=patient_id,
        channel=chosen,
        email=_address(email, EMAIL) if email else None,
        mobile=_address(mobile, MOBILE) if mobile else None,
    )
    root.or_refuse()
    return found


def write_service_answer(body: etree._Element, values: Row = (), rows: Sequence[tuple[str, Row]] = ()) -> bytes:
    """Answer DMPOk with values and rows of values."""
    root = _answer(body, SUCCESS)
    _add_all(root, values)
    for name, row in rows:
        _add_all(etree.SubElement(root, f"{{{etree.QName(root).namespace}}}{name}"), row)
    return etree.tostring(root)


def write_service_refusal(body: etree._Element, errors: Sequence[RegistryError]) -> bytes:
    """Refuse with the code of the first error, and every error: path, what was found, what was expected."""
    root = _answer(body, str(errors[0].code))
    for error in errors:
        element = etree.SubElement(root, f"{{{etree.QName(root).namespace}}}error", code=str(error.code))
        element.set("severity", "Error" if error.severity is Severity.ERROR else "Warning")
        for name, value in (("path", error.location), ("found", error.found), ("expected", error.expected)):
            if value:
                element.set(name, clean(value))
        element.text = clean(f"{error.rule}: {error.context}" if error.rule else error.context)
    return etree.tostring(root)


def _answer(body: etree._Element, code: str) -> etree._Element:
    name = etree.QName(body)
    namespace = name.namespace if name.namespace in (HABILITATIONS, PATIENTS) else PATIENTS
    root = etree.Element(f"{{{namespace}}}{name.localname}Response", nsmap={None: namespace})  # type: ignore[dict-item]
    etree.SubElement(root, f"{{{namespace}}}code").text = code
    return root


def _add_all(parent: etree._Element, values: Row) -> None:
    namespace = etree.QName(parent).namespace
    for name, value in values:
        if value is None:
            continue
        if isinstance(value, bool):
            text = str(value).lower()
        elif isinstance(value, datetime):
            text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        else:
            text = clean(value)
        etree.SubElement(parent, f"{{{namespace}}}{name}").text = text


def _patient_id(root: Node) -> str:
    node = root.one("patientId")
    text = node.text()
    parts = text.split("^")
    authority = parts[3].split("&") if len(parts) > 3 else []
    if text and not (parts[0] and len(authority) == 3 and authority[1]):
        node.fault("", text, "a CX: <identifier>^^^&<OID of the authority>&ISO^NH")
    return text


def _one_of(node: Node, values: type[_Value]) -> _Value | None:
    text = node.text()
    if not text:
        return None
    if text not in tuple(values):
        node.fault("", text, " or ".join(values))
        return None
    return values(text)


def _moment(node: Node) -> datetime:
    text = node.text()
    try:
        found = datetime.fromisoformat(text) if text else datetime.min.replace(tzinfo=UTC)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        node.fault("", text, "a time in UTC: 2026-11-22T10:00:00Z")
        return datetime.min.replace(tzinfo=UTC)
    return found


def _address(node: Node, form: re.Pattern[str]) -> str:
    """Empty removes a channel; the forms are those of the messages in HL7 V3."""
    text = node.text(required=False)
    if text and not form.fullmatch(text):
        node.fault("", "a value of another form", "an e-mail address, or the digits of a mobile number")
    return text
