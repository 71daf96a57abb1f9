"""An imported pack, asked: the layers of the official chain, none of which depends on another's answer."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cda.document import CdaDocument
from conformance.packs.layers import TITLES, layer_schema
from conformance.packs.manifest import Manifest
from conformance.packs.models import Choice, Model, choose
from conformance.packs.problems import UnusablePack
from conformance.packs.store import manifest_of, pack_directory
from conformance.packs.structure import structure_faults
from conformance.packs.subtree import alone
from conformance.positions import Paths, positions
from conformance.recognition import recognise
from conformance.report import Finding, LayerResult, Report, Severity
from conformance.schematron.engine import Schema
from conformance.schematron.findings import check
from conformance.schematron.model import SchemaFault

STRUCTURE, DOCUMENT = "structure", "document"
_UNCHECKED = "not checked"
_LONGEST = 200


class UnknownModel(KeyError):
    """The pack has no document model of that name, or several."""


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack of the store, ready to judge documents. Schemas are read when they are first asked."""

    directory: Path
    manifest: Manifest

    @classmethod
    def open(cls, path_or_name: str | Path, store: Path | None = None) -> Pack:
        """Open an imported pack by its directory, or by its name in the store.

        Raises UnknownPack: there is none; UnusablePack: its manifest cannot be read.
        """
        directory = pack_directory(path_or_name, store).resolve()
        return cls(directory, manifest_of(directory))

    def model(self, name: str) -> Model:
        """A document model by name, `VSM_2023.01` or `VSM` where one version is there. Raises UnknownModel."""
        found = [one for one in self.manifest.models if name in (f"{one.name}_{one.version}", one.name, one.path)]
        if len(found) != 1:
            raise UnknownModel(name)
        return found[0]

    def validate(self, document: CdaDocument, *, model: str | None = None, at_most: int | None = None) -> Report:
        """Ask every layer that the pack has, and the document model that the document names, or `model`.

        The report tells which layers were asked, and why the others were not. The search ends after `at_most` findings.
        Raises UnknownModel.
        """
        inside, relocate = alone(document)
        choice = self.choose(inside) if model is None else Choice(self.model(model))
        absent: dict[str, str] = {}
        notes: list[str] = []
        findings = [relocate(one) for one in self._structure(inside, at_most, absent)]
        schemas = list(self._schemas(choice, absent, notes))
        left = None if at_most is None else at_most - len(findings)
        if left is None or left > 0:
            checked = check(inside, schemas, left)
            findings += [relocate(replace(one, repair=())) for one in checked.findings]
            for layer, _ in schemas:
                notes += _unanswered(layer, [text for named, text in checked.notes if named == layer])
        if at_most is not None and len(findings) >= at_most:
            notes.append(f"the search ended after {at_most} findings")
        findings.sort(key=lambda one: (one.line, one.column))
        return Report(
            profile=self.manifest.name,
            findings=tuple(findings),
            document_type=recognise(document).title or None,
            layers=_layers(findings, absent, choice),
            notes=tuple(notes),
        )

    def choose(self, document: CdaDocument) -> Choice:
        """The document model; of several that are possible, the one that finds the least, the oldest of equals."""
        choice = choose(document, self.manifest.models)
        if choice.model is None or not choice.others:
            return choice
        least: dict[Model, int] = {}
        for model in (choice.model, *choice.others):
            schemas = list(self._schemas(Choice(model), {}, [], (DOCUMENT,)))
            if schemas:
                found = check(document, schemas).findings
                least[model] = sum(one.severity is Severity.ERROR for one in found)
        if not least:
            return choice
        best = min(least, key=lambda one: least[one])
        return replace(choice, model=best, note=f"{choice.note}; {best.version}, which finds the least, is asked")

    def _structure(self, document: CdaDocument, at_most: int | None, absent: dict[str, str]) -> list[Finding]:
        if self.manifest.structure is None:
            absent[STRUCTURE] = "the pack has no XSD"
            return []
        try:
            faults = list(structure_faults(document.root, self.directory / self.manifest.structure))[:at_most]
        except UnusablePack as error:
            absent[STRUCTURE] = str(error)
            return []
        if not faults:
            return []
        places, paths = positions(document.content, document.root), Paths()
        return [
            Finding(
                rule=f"XSD-{one.rule}",
                severity=Severity.ERROR,
                source="HL7 CDA R2 XSD",
                path=paths.of(one.place),
                line=places[one.place].line,
                column=places[one.place].column,
                found=None,
                expected=None,
                message=one.text,
                message_en=one.text,
                layer=STRUCTURE,
            )
            for one in faults
        ]

    def _schemas(
        self, choice: Choice, absent: dict[str, str], notes: list[str], layers: Iterable[str] = TITLES
    ) -> Iterator[tuple[str, Schema]]:
        """The schemas to ask, in the order of the chain; what keeps one from being asked goes to `absent`."""
        paths = dict(self.manifest.layers)
        if choice.model is None:
            absent[DOCUMENT] = choice.note
        elif choice.model.missing:
            absent[DOCUMENT] = f"{choice.model.path} includes {len(choice.model.missing)} files that the pack lacks"
        else:
            paths[DOCUMENT] = choice.model.path
        for layer in layers:
            if layer == STRUCTURE or layer in absent:
                continue
            if layer not in paths:
                absent[layer] = "the pack has no such schema"
                continue
            try:
                loaded = layer_schema(self.directory, paths[layer], self.manifest.imported)
            except SchemaFault as error:
                absent[layer] = str(error)
                continue
            notes += _unanswered(layer, [note for note in loaded.notes if _UNCHECKED in note])
            yield layer, loaded.schema


def _unanswered(layer: str, questions: list[str]) -> list[str]:
    """One line on the questions of a layer that have no answer: how many, and the first."""
    if not questions:
        return []
    more = f" and {len(questions) - 1} more" if len(questions) > 1 else ""
    return [f"{layer}: {textwrap.shorten(questions[0], _LONGEST, placeholder=' …')}{more}"]


def _layers(findings: list[Finding], absent: dict[str, str], choice: Choice) -> tuple[LayerResult, ...]:
    counted = Counter((one.layer, one.severity) for one in findings)
    results: list[LayerResult] = []
    for layer, (title, title_en) in TITLES.items():
        note, named = absent.get(layer, ""), ""
        if layer == DOCUMENT and choice.model is not None and not note:
            note, named = choice.note, f" {choice.model.name} {choice.model.version}"
        results.append(
            LayerResult(
                name=layer,
                title=title + named,
                title_en=title_en + named,
                asked=layer not in absent,
                errors=counted[layer, Severity.ERROR],
                warnings=counted[layer, Severity.WARNING],
                note=note,
            )
        )
    return tuple(results)
