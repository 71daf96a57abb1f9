"""The reference implementation of ISO Schematron, run by Saxon: a second opinion on rules, for tests and the bench.

A schema becomes XSLT by the published stylesheets (ISO/IEC 19757-3 annex on implementation): those of XPath 1.0 that
lxml carries for our schemas, those of XPath 2.0 that an official package carries for its own. Functions that our rules
call are written a second time, in XSLT 3.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from conformance.reference.functions import with_functions
from conformance.reference.results import Verdict, read_results
from profiles.codes import value_set

_SET = re.compile(r"'(JDV_[^']+)'")
_STEPS_1 = ("iso_dsdl_include.xsl", "iso_abstract_expand.xsl", "iso_svrl_for_xslt1.xsl")
_STEPS_2 = ("iso_dsdl_include.xsl", "iso_abstract_expand.xsl", "iso_svrl_for_xslt2.xsl")


class ReferenceUnavailable(RuntimeError):
    """saxonche, the extra `reference`, is not installed."""


class ReferenceFault(ValueError):
    """The reference implementation could not read a schema, or gave up on a document: the text is its own."""


@dataclass(frozen=True, slots=True)
class CompiledSchema:
    """A schema compiled by Saxon, ready to judge documents. `stylesheet` is the XSLT, as text."""

    stylesheet: str
    _chain: ReferenceChain
    _executable: Any

    def judge(self, content: bytes) -> list[Verdict]:
        """Every assertion that does not hold, in the order of the report. Raises ReferenceFault."""
        return read_results(self.report(content))

    def report(self, content: bytes) -> bytes:
        """The report in SVRL. Raises ReferenceFault: a value set is not there, or a value has the wrong type."""
        return self.report_on(self._chain.parse(content))

    def report_on(self, document: Any) -> bytes:
        """The report in SVRL on a document that `ReferenceChain.parse` made. Raises ReferenceFault."""
        try:
            result = self._executable.transform_to_string(xdm_node=document)
        except Exception as error:
            raise ReferenceFault(str(error)) from error
        if result is None:
            raise ReferenceFault("no report")
        return str(result).encode()


class ReferenceChain:
    """Saxon, started once. Raises ReferenceUnavailable when it is not installed."""

    def __init__(self) -> None:
        try:
            saxon = importlib.import_module("saxonche")
        except ImportError as error:
            raise ReferenceUnavailable("the reference chain needs saxonche: pip install ecluse[reference]") from error
        self._processor = saxon.PySaxonProcessor(license=False)
        self._xslt = self._processor.new_xslt30_processor()
        self._steps: dict[Path, Any] = {}

    def compile_ours(self, schema: Path) -> CompiledSchema:
        """Compile a schema of ours, with the value sets that it names. Raises ReferenceFault."""
        names = frozenset(_SET.findall(schema.read_text("utf-8")))
        value_sets = {name: frozenset(value_set(name)) for name in names}
        resources = files("lxml.isoschematron").joinpath("resources", "xsl", "iso-schematron-xslt1")
        with as_file(resources) as directory:
            text = self._translate(schema, [directory / step for step in _STEPS_1])
        return self.compiled(with_functions(text, value_sets))

    def compile_official(self, schema: Path, tools: Path, base: Path | None = None) -> CompiledSchema:
        """Compile a schema of a package with the package's own stylesheets, which are in the directory `tools`.

        Documents that its rules ask for are relative to `base`, by default the directory of the schema.
        Raises ReferenceFault.
        """
        text = self._translate(schema, [tools / step for step in _STEPS_2])
        return self.compiled(_based(text, base or schema.parent))

    def compiled(self, stylesheet: str) -> CompiledSchema:
        """Compile a stylesheet that was made before. Raises ReferenceFault."""
        try:
            executable = self._xslt.compile_stylesheet(stylesheet_text=stylesheet)
        except Exception as error:
            raise ReferenceFault(str(error)) from error
        return CompiledSchema(stylesheet, self, executable)

    def parse(self, content: bytes) -> Any:
        """A document in the form of Saxon. Raises ReferenceFault."""
        try:
            return self._processor.parse_xml(xml_text=content.decode("utf-8-sig"))
        except Exception as error:
            raise ReferenceFault(str(error)) from error

    def _translate(self, schema: Path, steps: list[Path]) -> str:
        """The schema through the three stylesheets: includes, abstract patterns, XSLT."""
        text = self._step(steps[0]).transform_to_string(source_file=str(schema))
        for step in steps[1:]:
            try:
                document = self._processor.parse_xml(xml_text=text)
                text = self._step(step).transform_to_string(xdm_node=document)
            except Exception as error:
                raise ReferenceFault(f"{schema.name}: {error}") from error
        return str(text)

    def _step(self, path: Path) -> Any:
        if path not in self._steps:
            try:
                self._steps[path] = self._xslt.compile_stylesheet(stylesheet_file=str(path))
            except Exception as error:
                raise ReferenceFault(f"{path.name}: {error}") from error
        return self._steps[path]


def _based(stylesheet: str, base: Path) -> str:
    """The stylesheet with a base for relative references."""
    head, found, rest = stylesheet.partition("<xsl:stylesheet")
    return f'{head}{found} xml:base="{base.resolve().as_uri()}/"{rest}'
