"""Every requirement is verified by a test that exists, or says why not; every rule of the code is a requirement."""

from __future__ import annotations

import ast
import csv
import re
from functools import cache
from pathlib import Path

import pytest

from conformance.checks import metadata, registered, removal, update
from xds.xdm import rules as xdm

ROOT = Path(__file__).parents[2]
COLUMNS = ["id", "source", "requirement", "verified_by", "reason"]
CITATION = re.compile(
    r"ITI TF-[23] §(?:\d+|V)(?:\.\d+)*"
    r"|ebRIM 3\.0 §\d+(?:\.\d+)*"
    r"|RFC \d{4} §\d+(?:\.\d+)*"
    r"|SAML core §\d+(?:\.\d+)*"
    r"|SOAP 1\.2 Part [12] §\d+(?:\.\d+)*"
    r"|WS-Addressing 1\.0 §\d+(?:\.\d+)*"
    r"|XOP 1\.0 §\d+(?:\.\d+)*"
    r"|DICOM PS3\.12 Annex V"
    r"|DMP TD\d\.\d"
    r"|CI-SIS HL7 v2 2\.1"
    r"|PAM-FR 2\.11"
    r"|IHE MHD 4\.2\.4 §[23]:\d+(?:\.\d+)*"
)
RULE_ID = re.compile(
    r"[MOPAUR]\d+|O3-PID|V-4\d|D-0[14]\d|D-08\d(-[RV])?|(AGR|DMP|XDM|CDA)-[A-Z]+"
    r"|FHIR-(?:LABEL|STATUS|SEARCH)"
    r"|HASH|SIZE|URI|FOLDER|DOCUMENT|QUERY|REMOVE|REPOSITORY"
)
EMITTING = (
    "conformance/checks",
    "conformance/report.py",
    "gateway/ingest",
    "gateway/consultation",
    "gateway/wire",
    "xds",
)


def _rows() -> list[dict[str, str]]:
    with (ROOT / "conformance" / "requirements.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == COLUMNS
    return rows


ROWS = _rows()


@cache
def functions_of(path: Path) -> frozenset[str]:
    """The tests of a module; those of a class as `Class::test`."""
    if not path.is_file():
        return frozenset()
    found: set[str] = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{item.name}" for item in node.body if isinstance(item, ast.FunctionDef)}
    return frozenset(found)


def _constants(node: ast.Call) -> list[str]:
    """The texts of a call that may be the id of a rule: its first two arguments, `rule` and `id`."""
    named = [keyword.value for keyword in node.keywords if keyword.arg in ("rule", "id")]
    return [
        one.value for one in (*node.args[:2], *named) if isinstance(one, ast.Constant) and isinstance(one.value, str)
    ]


def emitted_rules() -> set[str]:
    """Every rule that can stand at the head of a codeContext, from the tables and from the source."""
    found: set[str] = set(xdm.RULES)
    for table in (metadata.RULES, registered.RULES, update.RULES, update.METADATA_RULES, removal.RULES):
        found |= {rule.id for rule in table}
    for place in EMITTING:
        for path in (ROOT / place).rglob("*.py") if (ROOT / place).is_dir() else [ROOT / place]:
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                texts = _constants(node) if isinstance(node, ast.Call) else []
                if isinstance(node, ast.Tuple) and node.elts and isinstance(node.elts[0], ast.Constant):
                    texts = [str(node.elts[0].value)] if str(node.elts[0].value).startswith("AGR-") else []
                found |= {text for text in texts if RULE_ID.fullmatch(text)}
    return found


def test_every_requirement_has_an_id_of_its_own() -> None:
    ids = [row["id"] for row in ROWS]
    assert len(ids) > 400
    assert sorted(ids) == sorted(set(ids))
    assert all(re.fullmatch(r"[A-Z][A-Za-z0-9]*(-[A-Za-z0-9]+)+", identifier) for identifier in ids)


def test_every_requirement_is_a_short_sentence() -> None:
    for row in ROWS:
        assert row["requirement"].endswith("."), row["id"]
        assert len(row["requirement"]) < 260, row["id"]


def test_citations_have_one_spelling() -> None:
    for row in ROWS:
        for citation in row["source"].split("; "):
            assert CITATION.fullmatch(citation), (row["id"], citation)


def test_every_requirement_is_verified_or_says_why_not() -> None:
    assert [row["id"] for row in ROWS if not row["verified_by"] and not row["reason"]] == []


@pytest.mark.parametrize("path", sorted({node.split("::")[0] for row in ROWS for node in row["verified_by"].split()}))
def test_tests_that_verify_exist(path: str) -> None:
    named = {node for row in ROWS for node in row["verified_by"].split() if node.split("::")[0] == path}
    known = {f"{path}::{name}" for name in functions_of(ROOT / path)}
    assert named - known == set()


def test_decisions_that_reasons_name_exist() -> None:
    pages = "\n".join(page.read_text("utf-8") for page in ROOT.rglob("DECISIONS.md") if ".venv" not in page.parts)
    for row in ROWS:
        for number in re.findall(r"decision ([A-Z]-\d+)", row["reason"]):
            assert f"\n## {number} · " in pages, (row["id"], number)


def test_every_deviation_is_a_requirement_with_its_reason() -> None:
    for row in ROWS:
        if row["reason"].startswith("Deviation"):
            assert row["verified_by"], row["id"]


def test_every_rule_of_the_code_is_a_requirement() -> None:
    ids = {row["id"] for row in ROWS}
    rules = emitted_rules()
    assert {"M5", "HASH", "U36", "R5", "QUERY", "REMOVE", "AGR-RPLC", "V-45", "XDM-URI"} <= rules
    assert {rule for rule in rules if not any(row == rule or row.endswith(f"-{rule}") for row in ids)} == set()


def test_every_error_code_is_a_requirement() -> None:
    from xds.errors import XdsErrorCode

    ids = {row["id"] for row in ROWS}
    standard = {str(code) for code in XdsErrorCode if not str(code).startswith(("DMP", "SBX_"))}
    assert {code for code in standard if f"XDS-10-{code}" not in ids} == set()


def test_rules_that_the_page_of_refusals_shows_are_rules_of_the_code() -> None:
    page = (ROOT / "docs" / "refusals.md").read_text("utf-8")
    shown = set(re.findall(r"\| (?:2\.25\.\S+ )?([A-Z][A-Z0-9-]*\d?): ", page))
    assert len(shown) > 20
    assert shown <= emitted_rules()
