"""What the verdict on a medical summary costs: warm, from a cold command, and beside the reference chain.

Every figure has its floor measured in the same run. For `vsm_reference` the floor is our engine and the value the
reference implementation on the same rules: the ratio says how many times faster ours is.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

from cda.document import parse_document
from conformance.packs.importing import import_pack
from conformance.packs.pack import Pack
from conformance.packs.problems import UnusablePack
from conformance.reference.chain import CompiledSchema, ReferenceChain, ReferenceFault, ReferenceUnavailable
from conformance.schematron.findings import check, schema_of
from conformance.validate import PROFILES, VSM_2023, validate
from gateway.cli.budgets import budget_row
from gateway.cli.floors import measure
from samples.documents.vsm import vsm
from security import xml

PACK = "ECLUSE_PACK"
COMMAND = (sys.executable, "-c", "from gateway.cli.main import main; main()", "validate")
NOTHING = (sys.executable, "-c", "import lxml.etree")
_TOOL = "iso_svrl_for_xslt2.xsl"
_WARM = 40
"""Documents judged before a warm figure is measured: what is asked often is written as Python by then."""
_MOST = 20
"""Runs of what is slow: commands, and transformations of the reference chain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One figure and its floor in the same `unit` (`cpu_ms`, `wall_ms`); `note` is what else is worth knowing."""

    name: str
    value: float
    floor: float
    unit: str
    runs: int
    note: str = ""

    @property
    def ratio(self) -> float:
        """How many times the floor."""
        return self.value / self.floor

    def row(self) -> dict[str, object]:
        """The machine form, that of every figure of the bench."""
        return {
            "name": self.name,
            "value": round(self.value, 3),
            "floor": round(self.floor, 3),
            "ratio": round(self.ratio, 2),
            "unit": self.unit,
            "runs": self.runs,
            **budget_row(self.name, self.value, self.floor),
        }


def validation_figures(runs: int) -> Iterator[Measured]:
    """The figures that can be measured here: some need saxonche, those of an official package `ECLUSE_PACK`."""
    yield vsm_warm(runs)
    yield vsm_cold(min(runs, _MOST))
    try:
        chain = ReferenceChain()
    except ReferenceUnavailable:
        return
    yield vsm_reference(chain, min(runs, _MOST))
    named = os.environ.get(PACK)
    if named:
        try:
            yield pack_reference(chain, Path(named), min(runs, _MOST))
        except (UnusablePack, ReferenceFault, OSError) as error:
            sys.stderr.write(f"{named}: {error}\n")


def vsm_warm(runs: int) -> Measured:
    """CPU of one verdict, bytes to report, in a process that has judged before; floor: the parse and one walk."""
    content = vsm()
    floor = measure(lambda: sum(1 for _ in xml.parse(content, xml.DOCUMENT).iter()), runs)
    value = _warm(lambda: validate(content, VSM_2023), runs)
    return Measured(name="vsm_warm", value=value, floor=floor, unit="cpu_ms", runs=runs, note=f"{len(content)} bytes")


def vsm_cold(runs: int) -> Measured:
    """Wall time of the command on one document; floor: a Python that only loads the XML library."""
    with tempfile.TemporaryDirectory() as directory:
        document = Path(directory) / "vsm.xml"
        document.write_bytes(vsm())
        value, floor = _wall((*COMMAND, str(document)), runs), _wall(NOTHING, runs)
    return Measured(name="vsm_cold", value=value, floor=floor, unit="wall_ms", runs=runs, note="median")


def vsm_reference(chain: ReferenceChain, runs: int) -> Measured:
    """Our rules of the VSM asked by Saxon, stylesheets compiled beforehand and warm; floor: asked by our engine."""
    content = vsm()
    references = PROFILES[VSM_2023].schemas
    ours = [(one.layer, schema_of(one.package, one.name)) for one in references]
    theirs = [
        chain.compile_ours(Path(str(files(f"profiles.{one.package}").joinpath(f"{one.name}.sch"))))
        for one in references
    ]
    return _beside("vsm_reference", chain, content, theirs, lambda: check(parse_document(content), ours), runs)


def pack_reference(chain: ReferenceChain, package: Path, runs: int) -> Measured:
    """The official package: its schemas asked by Saxon with its own stylesheets; floor: the pack, its XSD included.

    Raises UnusablePack, ReferenceFault; OSError: the package is not there.
    """
    content = vsm()
    with tempfile.TemporaryDirectory() as directory:
        import_pack(package, Path(directory), datetime.now(UTC), name="bench")
        pack = Pack.open("bench", Path(directory))
        tools = next((one.parent for one in package.rglob(_TOOL)), None)
        if tools is None:
            raise UnusablePack(f"no {_TOOL} in it")
        chosen = pack.choose(parse_document(content)).model
        paths = [*pack.manifest.layers.values(), *([chosen.path] if chosen else [])]
        theirs: list[CompiledSchema] = []
        for path in paths:
            # Terminologies are whole in the package only; what the package lacks is in the pack only.
            original = next((one for one in package.rglob(Path(path).name) if path in one.as_posix()), None)
            whole = original is not None and "terminologie" in path
            base = original.parent if whole and original else (pack.directory / path).parent
            theirs.append(chain.compile_official(pack.directory / path, tools, base))
        return _beside(
            "pack_reference", chain, content, theirs, lambda: pack.validate(parse_document(content)), max(2, runs // 2)
        )


def _beside(
    name: str,
    chain: ReferenceChain,
    content: bytes,
    theirs: Iterable[CompiledSchema],
    ours: Callable[[], object],
    runs: int,
) -> Measured:
    schemas = list(theirs)

    def judge() -> None:
        document = chain.parse(content)
        for one in schemas:
            one.report_on(document)

    def compile_and_judge() -> None:
        document = chain.parse(content)
        for one in schemas:
            chain.compiled(one.stylesheet).report_on(document)

    floor = _warm(ours, runs * 5)
    value = measure(judge, runs)
    compiling = measure(compile_and_judge, 2)
    note = f"{compiling / floor:.0f} times with stylesheets compiled for each document, as the official tool does"
    return Measured(name=name, value=value, floor=floor, unit="cpu_ms", runs=runs, note=note)


def _warm(work: Callable[[], object], runs: int) -> float:
    """CPU milliseconds of one run in a process that has judged many."""
    for _ in range(_WARM):
        work()
    return measure(work, runs)


def _wall(command: tuple[str, ...], runs: int) -> float:
    """Median wall milliseconds of a command, after one that warms the disk."""
    times: list[float] = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times[1:])
