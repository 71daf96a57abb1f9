"""One element of a resource while it is read: its members by name, and in the end those that nobody read.

The message was validated against FHIR R4 where it came in; what has another type all the same is as if absent,
and is noted in the end with the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from xds.mhd.constants import KEPT
from xds.mhd.notes import Notes

Json = dict[str, Any]
_SILENT: Final = frozenset(("resourceType", "id", "meta", "text", "fhir_comments"))
"""Members that say nothing of a document: ids of the sender's own, profiles, the narrative of the same."""


class Element:
    """A JSON object and its FHIRPath. Whatever is asked for counts as read."""

    __slots__ = ("_extensions_read", "_read", "content", "notes", "path")

    def __init__(self, content: Mapping[str, Any], path: str, notes: Notes) -> None:
        self.content = content
        self.path = path
        self.notes = notes
        self._read: set[str] = set()
        self._extensions_read: set[int] = set()

    def at(self, name: str) -> str:
        """The FHIRPath of a member."""
        return f"{self.path}.{name}"

    def text(self, name: str) -> str:
        """A string, or another primitive as its text; empty when it is absent."""
        self._read.add(name)
        value = self.content.get(name)
        if isinstance(value, bool):
            return "true" if value else "false"
        return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of strings."""
        self._read.add(name)
        values = self.content.get(name)
        return tuple(one for one in values if isinstance(one, str)) if isinstance(values, list) else ()

    def number(self, name: str) -> int | None:
        """An integer."""
        self._read.add(name)
        value = self.content.get(name)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    def flag(self, name: str) -> bool:
        """A boolean; false when it is absent."""
        self._read.add(name)
        return self.content.get(name) is True

    def child(self, name: str) -> Element | None:
        """An object."""
        self._read.add(name)
        value = self.content.get(name)
        return Element(value, self.at(name), self.notes) if isinstance(value, dict) else None

    def children(self, name: str) -> list[Element]:
        """A list of objects, in order."""
        self._read.add(name)
        values = self.content.get(name)
        if not isinstance(values, list):
            return []
        return [
            Element(one, f"{self.at(name)}[{rank}]", self.notes)
            for rank, one in enumerate(values)
            if isinstance(one, dict)
        ]

    def extensions(self, *urls: str) -> list[Element]:
        """The extensions of these addresses, in order."""
        found = []
        for rank, one in enumerate(self._all_extensions()):
            if isinstance(one, dict) and one.get("url") in urls:
                self._extensions_read.add(rank)
                found.append(Element(one, f"{self.at('extension')}[{rank}]", self.notes))
        return found

    def extension(self, *urls: str) -> Element | None:
        """The extension of one of these addresses. Several: O2, and the first is kept."""
        found = self.extensions(*urls)
        if len(found) > 1:
            self.notes.fault("O2", self.at("extension"), f"{len(found)} extensions {urls[0]}", "one")
        return found[0] if found else None

    def extension_text(self, *urls: str) -> str:
        """The string of an extension, empty when it is absent."""
        found = self.extension(*urls)
        if found is None:
            return ""
        return found.text("valueString") or found.text("valueUri") or found.text("valueCode")

    def kept(self) -> str:
        """The text of XDS that stands beside what was written of it."""
        return self.extension_text(KEPT)

    def kept_of(self, name: str) -> str:
        """The text of XDS that stands beside a primitive."""
        self._read.add(f"_{name}")
        beside = self.content.get(f"_{name}")
        if not isinstance(beside, dict):
            return ""
        element = Element(beside, self.at(name), self.notes)
        text = element.kept()
        element.finish()
        return text

    def ignore(self, *names: str) -> None:
        """Count members as read that repeat what stands elsewhere."""
        self._read.update(names)

    def finish(self) -> None:
        """Note what nobody read: members, and extensions by their address."""
        self._read.add("extension")
        for rank, one in enumerate(self._all_extensions()):
            if rank not in self._extensions_read:
                url = str(one.get("url", "")) if isinstance(one, dict) else "no extension"
                expected = "an extension that this registry keeps"
                self.notes.deviation("FHIR-EXTENSION", f"{self.at('extension')}[{rank}]", url, expected)
        if self.content.get("modifierExtension"):
            self._read.add("modifierExtension")
            expected = "no modifierExtension: it changes what the rest means"
            self.notes.fault("FHIR-EXTENSION", self.at("modifierExtension"), "an extension", expected)
        if self.content.get("implicitRules"):
            self._read.add("implicitRules")
            expected = "no implicitRules: they change what the rest means"
            self.notes.fault("FHIR-UNMAPPED", self.at("implicitRules"), self.text("implicitRules"), expected)
        for name in self.content:
            if name not in self._read and name not in _SILENT:
                found = "an element that no metadata of the registry holds"
                self.notes.deviation("FHIR-UNMAPPED", self.at(name), found, "nothing here")

    def _all_extensions(self) -> list[Any]:
        self._read.add("extension")
        values = self.content.get("extension")
        return values if isinstance(values, list) else []
