"""Answers in HL7 V3: wrapper, attention lines, acknowledgement with every error (HL7 V3 MCCI_MT000300UV01)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

from gateway.wire.dmp_vocabulary import DETAILS, HL7, INTERACTIONS, XSI
from gateway.wire.hl7v3 import Identifier, Wrapper
from xds.errors import RegistryError, Severity


@dataclass(frozen=True, slots=True)
class AttentionLine:
    """One attention line of a wrapper: key (code, system), and a boolean, a code (code, system), a time or a text."""

    key: tuple[str, str]
    value: bool | tuple[str, str] | datetime | str


def write_answer(
    name: str,
    wrapper: Wrapper,
    *,
    errors: Sequence[RegistryError] = (),
    lines: Sequence[AttentionLine] = (),
    now: datetime | None = None,
) -> tuple[etree._Element, etree._Element]:
    """Make an answer: its root, and its control act, which the caller fills. AA, or AE with every error."""
    root = etree.Element(f"{{{HL7}}}{name}", nsmap={None: HL7, "xsi": XSI})  # type: ignore[dict-item]
    root.set("ITSVersion", "XML_1.0")
    add(root, "id", root=str(uuid.uuid4()))
    add(root, "creationTime", value=time_text(now or datetime.now(UTC)))
    add(root, "interactionId", root=INTERACTIONS, extension=name)
    add(root, "processingCode", code=wrapper.processing_code)
    add(root, "processingModeCode", code="T")
    add(root, "acceptAckCode", code="NE")
    _add_device(root, "receiver", "RCV", wrapper.sender)
    _add_device(root, "sender", "SND", wrapper.receiver)
    for line in lines:
        add_line(root, line)
    acknowledgement = add(root, "acknowledgement")
    refused = any(error.severity is Severity.ERROR for error in errors)
    add(acknowledgement, "typeCode", code="AE" if refused else "AA")
    add_identifier(add(acknowledgement, "targetMessage"), "id", wrapper.message_id)
    for error in errors:
        detail = add(acknowledgement, "acknowledgementDetail")
        detail.set("typeCode", "E" if error.severity is Severity.ERROR else "W")
        add(detail, "code", code=str(error.code), codeSystem=DETAILS)
        add(detail, "text", f"{error.rule}: {error.context}" if error.rule else error.context)
        if error.location:
            add(detail, "location", error.location)
    control = add(root, "controlActProcess", classCode="CACT", moodCode="EVN")
    add(control, "code", code=name.replace("_IN", "_TE"), codeSystem=INTERACTIONS)
    return root, control


def add(parent: etree._Element, name: str, text: str | None = None, **attributes: str) -> etree._Element:
    """Append an element of HL7 V3; characters that XML does not have become spaces."""
    child = etree.SubElement(parent, f"{{{HL7}}}{name}", {key: clean(value) for key, value in attributes.items()})
    if text is not None:
        child.text = clean(text)
    return child


def add_identifier(parent: etree._Element, name: str, identifier: Identifier) -> None:
    """Append an identifier; one that nobody knows is a null flavour."""
    root, extension = identifier
    if not root:
        add(parent, name, nullFlavor="UNK")
    elif extension:
        add(parent, name, root=root, extension=extension)
    else:
        add(parent, name, root=root)


def add_patient_id(parent: etree._Element, name: str, patient_id: str) -> None:
    """Append the identifier of a patient from its CX."""
    parts = patient_id.split("^")
    authority = parts[3].split("&") if len(parts) > 3 else []
    add_identifier(parent, name, (authority[1] if len(authority) > 1 else "", parts[0]))


def add_line(parent: etree._Element, line: AttentionLine) -> None:
    """Append an attention line (HL7 V3 MCCI_MT000300UV01.AttentionLine)."""
    element = add(parent, "attentionLine")
    add(element, "keyWordText", code=line.key[0], codeSystem=line.key[1])
    add_value(element, line.value)


def add_value(parent: etree._Element, value: bool | tuple[str, str] | datetime | str) -> None:
    """Append a `value` of the data type that fits: BL, CV, TS or ST."""
    if isinstance(value, bool):
        kind, element = "BL", add(parent, "value", value=str(value).lower())
    elif isinstance(value, tuple):
        kind, element = "CV", add(parent, "value", code=value[0], codeSystem=value[1])
    elif isinstance(value, datetime):
        kind, element = "TS", add(parent, "value", value=time_text(value))
    else:
        kind, element = "ST", add(parent, "value", value)
    element.set(f"{{{XSI}}}type", kind)


def time_text(moment: datetime) -> str:
    """A time of HL7, UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")


def clean(text: str) -> str:
    """A text without the characters that XML 1.0 does not have."""
    return "".join(one if one.isprintable() and one < "\ufffe" else " " for one in text)


def _add_device(parent: etree._Element, name: str, code: str, identifier: Identifier) -> None:
    device = add(add(parent, name, typeCode=code), "device", classCode="DEV", determinerCode="INSTANCE")
    add_identifier(device, "id", identifier)
