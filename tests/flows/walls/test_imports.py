"""The first wall: what each door may import. The contracts hold, and each of them bites when it is broken."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PACKAGES = ("gateway", "conformance", "samples", "cda", "xds", "profiles", "security")
WALLS = {
    "ingest-cannot-read": "Ingest cannot read back",
    "consultation-cannot-deposit": "Consultation cannot deposit",
    "doors-are-strangers": "The doors do not know each other",
    "ingest-processes-are-alone": "A process of ingest holds nothing of consultation",
    "consultation-process-is-alone": "The process of consultation holds nothing of ingest",
}
BREACHES = {
    # module that breaks the wall: what it imports, and the contract that says no
    "gateway.ingest.lot_signature": ("xds.registry.reader", "ingest-cannot-read"),
    "gateway.ingest.coherence": ("xds.repository.reader", "ingest-cannot-read"),
    "gateway.ingest.iti41": ("security.at_rest.unsealing", "ingest-cannot-read"),
    "gateway.ingest.app": ("security.at_rest.record_keys", "ingest-cannot-read"),
    "gateway.consultation.app": ("xds.registry.writer", "consultation-cannot-deposit"),
    "gateway.consultation.iti18": ("xds.repository.writer", "consultation-cannot-deposit"),
    "gateway.consultation.iti43": ("security.at_rest.sealing", "consultation-cannot-deposit"),
    "gateway.assembly.dmp_feeding": ("gateway.consultation.iti18", "ingest-processes-are-alone"),
    "gateway.assembly.hl7v2": ("gateway.consultation.iti43", "ingest-processes-are-alone"),
    "gateway.assembly.record_transactions": ("gateway.ingest.iti41", "consultation-process-is-alone"),
}


def lint(directory: Path, *contracts: str) -> tuple[int, str]:
    """Run import-linter in a directory; its exit status and what it says."""
    program = Path(sys.executable).with_name("lint-imports")
    wanted = [word for name in contracts for word in ("--contract", name)]
    done = subprocess.run(
        [program, "--no-cache", "--no-logo", *wanted], cwd=directory, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their contracts, to be spoiled."""
    for name in PACKAGES:
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=lambda folder, names: {n for n in names if _is_no_module(folder, n)}
        )
    shutil.copy(ROOT / "setup.cfg", tmp_path)
    return tmp_path


def _is_no_module(folder: str, name: str) -> bool:
    return not name.endswith(".py") and not (Path(folder) / name).is_dir()


def break_wall(directory: Path, module: str, imported: str) -> None:
    file = directory / Path(*module.split(".")).with_suffix(".py")
    file.write_text(f"{file.read_text('utf-8')}\nimport {imported}\n", "utf-8")


def test_every_contract_is_kept() -> None:
    status, said = lint(ROOT)

    assert status == 0, said
    assert "0 broken" in said
    assert [name for name in WALLS.values() if f"{name} KEPT" not in said] == []


def test_each_forbidden_import_breaks_its_contract(copy: Path) -> None:
    for module, (imported, _) in BREACHES.items():
        break_wall(copy, module, imported)

    for contract, wall in WALLS.items():
        status, said = lint(copy, contract)
        expected = {f"{module} -> {imported}" for module, (imported, broken) in BREACHES.items() if broken == contract}
        assert (status == 1, f"{wall} BROKEN" in said) == (bool(expected), bool(expected)), said
        assert {line for line in expected if line not in said} == set(), said


def test_a_forbidden_import_through_an_innocent_module_breaks_the_contract_too(copy: Path) -> None:
    break_wall(copy, "gateway.gate", "security.at_rest.unsealing")
    break_wall(copy, "xds.messages", "security.at_rest.sealing")

    status, said = lint(copy, "ingest-cannot-read", "consultation-cannot-deposit")

    assert status == 1
    assert f"{WALLS['ingest-cannot-read']} BROKEN" in said
    assert f"{WALLS['consultation-cannot-deposit']} BROKEN" in said


def test_the_doors_may_not_import_each_other(copy: Path) -> None:
    break_wall(copy, "gateway.ingest.app", "gateway.consultation.iti18")

    status, said = lint(copy, "doors-are-strangers")

    assert status == 1
    assert "gateway.ingest.app -> gateway.consultation.iti18" in said


@pytest.mark.parametrize("own", ["ingest", "consultation", "hl7v2"])
def test_the_process_of_a_door_holds_no_module_of_another_door(own: str) -> None:
    """Nor the types of FHIR, before its settings say that the house speaks it."""
    web = f"import gateway.cli.web_door; gateway.cli.web_door.builder({own!r})"
    running = "import gateway.cli.hl7v2_door" if own == "hl7v2" else web
    program = f"import sys; import gateway.cli.door; {running}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)

    loaded = set(done.stdout.split())
    door, other = ("consultation", "ingest") if own == "consultation" else ("ingest", "consultation")
    foreign = {f"gateway.{other}", f"gateway.assembly.{other}", "gateway.administration", "samples", "zeep", "fhir"}
    if own == "hl7v2":
        foreign |= {"flask", "gunicorn", "gateway.soap_door", "gateway.fhir_door"}
    assert f"gateway.{door}" in loaded
    assert loaded & foreign == set()


def test_the_contracts_name_everything_that_opens_and_everything_that_seals() -> None:
    """A reader, an opener or a writer that is added later has its place in a contract."""
    text = (ROOT / "setup.cfg").read_text("utf-8")
    forbidden = {
        name: set(text.partition(f"[importlinter:contract:{name}]")[2].partition("\n\n")[0].split()) for name in WALLS
    }
    openers = {module for module in _modules() if _defines(module, "def unseal", "def unwrap", "class RegistryReader")}
    writers = {module for module in _modules() if _defines(module, "def seal(", "class RegistryWriter")}
    openers |= {module for module in _modules() if _defines(module, "class RepositoryReader")}
    writers |= {module for module in _modules() if _defines(module, "class RepositoryWriter")}

    assert openers - forbidden["ingest-cannot-read"] == set()
    assert writers - forbidden["consultation-cannot-deposit"] == set()
    assert len(openers) >= 4
    assert len(writers) >= 3


def _modules() -> list[str]:
    files = [file for name in ("xds", "security") for file in (ROOT / name).rglob("*.py")]
    return [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]


def _defines(module: str, *words: str) -> bool:
    text = (ROOT / Path(*module.split(".")).with_suffix(".py")).read_text("utf-8")
    return any(line.startswith(words) for line in text.splitlines())
