"""Reading interactions of HL7 V3, and the other messages of the DMP, to the end: every fault is told in one answer.

A message is read through nodes that know where they stand: what is missing or wrong is gathered with its path, what was
found and what was expected (HL7 V3 MCCI_MT000100UV01).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, Self

from lxml import etree

from gateway.wire.dmp_vocabulary import REASONS
from gateway.wire.hl7v3 import Identifier, Wrapper
from xds.ebrim.faults import Faults
from xds.errors import Refusal, XdsErrorCode

LONGEST: Final = 256
"""Characters of a text or an attribute that is read."""
MOST: Final = 20
"""Elements of one name beside one another that are read."""
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9]\d*))+", re.ASCII)
_TIME = re.compile(r"\d{4}(?:\d\d){0,5}(?:[+-]\d{4})?", re.ASCII)


class Node:
    """An element of a message, or the place where one should be: asking a missing node for more adds no fault."""

    __slots__ = ("element", "faults", "path")

    def __init__(self, element: etree._Element | None, path: str, faults: Faults) -> None:
        self.element, self.path, self.faults = element, path, faults

    @classmethod
    def root(cls, element: etree._Element) -> Self:
        """The root of a message, with no fault yet."""
        return cls(element, etree.QName(element).localname, Faults())

    def __bool__(self) -> bool:
        return self.element is not None

    def all(self, path: str) -> tuple[Node, ...]:
        """Every element at a path, numbered from 1 when there are several; at most `MOST` of them."""
        if self.element is None:
            return ()
        namespace = etree.QName(self.element).namespace
        found = self.element.findall("/".join(f"{{{namespace}}}{step}" for step in path.split("/")))
        if len(found) > MOST:
            self.fault(path, f"{len(found)} elements", f"at most {MOST}")
            found = found[:MOST]
        places = [f"[{rank}]" if len(found) > 1 else "" for rank in range(1, len(found) + 1)]
        return tuple(
            Node(one, f"{self.path}/{path}{place}", self.faults) for one, place in zip(found, places, strict=True)
        )

    def one(self, path: str, *, required: bool = True) -> Node:
        """The element at a path; none, where one is required, and several are faults."""
        found = self.all(path)
        if len(found) > 1:
            self.fault(path, f"{len(found)} elements", "one")
        if self and not found and required:
            self.fault(path, "nothing", "one element")
        return found[0] if found else Node(None, f"{self.path}/{path}", self.faults)

    def get(self, name: str, *, required: bool = True, longest: int = LONGEST) -> str:
        """An attribute without blanks around it; empty when it is missing, which is a fault where it is required."""
        value = "" if self.element is None else self.element.get(name, "").strip()
        if self and not value and required:
            self.fault(f"@{name}", "nothing", "a value")
        return self._usable(value, f"@{name}", longest)

    def text(self, *, required: bool = True, longest: int = LONGEST) -> str:
        """The text of the element itself without blanks around it."""
        value = "" if self.element is None else " ".join("".join(str(part) for part in self._texts()).split())
        if self and not value and required:
            self.fault("", "nothing", "a text")
        return self._usable(value, "", longest)

    def time(self, name: str = "value", *, required: bool = True) -> str:
        """An attribute that is a time of HL7 (`yyyy[mm[dd…]]`)."""
        value = self.get(name, required=required)
        if value and not _TIME.fullmatch(value):
            self.fault(f"@{name}", value, "a time: yyyymmddhhmmss, or a part of it from the left")
            return ""
        return value

    def fault(self, path: str, found: str, expected: str, code: XdsErrorCode = XdsErrorCode.SBX_MESSAGE) -> None:
        """Write a fault down."""
        place = f"{self.path}/{path}" if path else self.path
        self.faults.add("DMP-MESSAGE", place, found, expected, code)

    def or_refuse(self) -> None:
        """Raise Refusal with every fault of the message, if there is one."""
        if self.faults.found:
            raise Refusal(self.faults.found)

    def _texts(self) -> Iterator[str]:
        if self.element is not None:
            yield self.element.text or ""
            yield from (child.tail or "" for child in self.element)

    def _usable(self, value: str, path: str, longest: int) -> str:
        if len(value) > longest:
            self.fault(path, f"{len(value)} characters", f"at most {longest}")
            return ""
        if not value.isprintable():
            self.fault(path, "a control character", "printable characters")
            return ""
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Interaction:
    """What every message says of itself. `lines` are its attention lines, the value of each as a text."""

    wrapper: Wrapper
    reason: str
    lines: dict[tuple[str, str], str] = field(default_factory=dict)


def read_wrapper(body: etree._Element) -> Wrapper:
    """What an acknowledgement needs of a message, true or spoiled. Never raises."""
    root = Node(body, "", Faults())
    return Wrapper(
        message_id=_identifier(root.one("id")),
        sender=_identifier(root.one("sender/device/id")),
        receiver=_identifier(root.one("receiver/device/id")),
        processing_code=root.one("processingCode").get("code") or "P",
    )


def read_query_id(body: etree._Element) -> Identifier:
    """The id of the query that a message holds, true or spoiled; empty when it cannot be used. Never raises."""
    return _identifier(Node(body, "", Faults()).one("controlActProcess").one("queryByParameter").one("queryId"))


def read_interaction(root: Node, reasons: Iterable[str]) -> Interaction:
    """Read the wrapper and the reason of a message; its faults are left in `root`."""
    name, known = root.path, tuple(reasons)
    root.one("id").get("root")
    root.one("creationTime").time()
    interaction = root.one("interactionId")
    if (said := interaction.get("extension")) and said != name:
        interaction.fault("@extension", said, name)
    processing = root.one("processingCode")
    if (code := processing.get("code")) and code not in ("P", "T", "D"):
        processing.fault("@code", code, "P, T or D")
    mode = root.one("processingModeCode")
    if (code := mode.get("code")) and code != "T":
        mode.fault("@code", code, "T")
    reason = ""
    if known:
        node = root.one("controlActProcess").one("reasonCode")
        reason = node.get("code")
        if reason and reason not in known:
            node.fault("@code", reason, " or ".join(known))
        if (system := node.get("codeSystem")) and system != REASONS:
            node.fault("@codeSystem", system, REASONS)
    return Interaction(wrapper=read_wrapper(_element(root)), reason=reason, lines=_lines(root))


def read_patient_id(node: Node) -> str:
    """The CX of an identifier element (`@root`, `@extension`); empty when it cannot be used."""
    root, extension = node.get("root", longest=64), node.get("extension", longest=64)
    if root and not _OID.fullmatch(root):
        node.fault("@root", root, "the OID of an assigning authority")
        return ""
    if not extension.isalnum() and extension:
        node.fault("@extension", extension, "an identifier of letters and digits")
        return ""
    return f"{extension}^^^&{root}&ISO^NH" if root and extension else ""


def read_flag(root: Node, interaction: Interaction, key: tuple[str, str]) -> bool | None:
    """The value of a boolean attention line, None when there is none."""
    value = interaction.lines.get(key)
    if value is None:
        return None
    if value not in ("true", "false"):
        root.fault(f"attentionLine[{key[0]}]/value", value or "nothing", "true or false")
        return None
    return value == "true"


def _lines(root: Node) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for line in root.all("attentionLine"):
        word, value = line.one("keyWordText"), line.one("value")
        key = (word.get("code"), word.get("codeSystem"))
        if key in found:
            line.fault("keyWordText", key[0], "each key once")
        found[key] = (
            value.get("value", required=False) or value.get("code", required=False) or value.text(required=False)
        )
    return found


def _identifier(node: Node) -> Identifier:
    return (node.get("root", required=False), node.get("extension", required=False))


def _element(root: Node) -> etree._Element:
    if root.element is None:
        raise LookupError("a message has a root")
    return root.element
