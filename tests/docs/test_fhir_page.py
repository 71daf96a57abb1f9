"""The page on FHIR names the claims, the header and the statuses that the doors know."""

from __future__ import annotations

import re
from pathlib import Path

from security.token.claims import CLAIMS
from security.token.compact import ALGORITHMS
from security.vihf import attributes

PAGE = (Path(__file__).parents[2] / "docs" / "fhir.md").read_text("utf-8")
_SHORT = {attributes.SUBJECT: "subject-id", attributes.ROLE: "role", attributes.PATIENT: "resource-id"} | {
    attributes.PURPOSE: "purposeofuse",
    attributes.CONFIDENTIALITY: "confidentiality-code",
}


def test_every_claim_is_told_with_its_attribute_and_every_one_told_exists() -> None:
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| `")
    ]
    told = {row[0].strip("`"): row[2] for row in rows if row[0].startswith("`extensions.")}

    assert told == {".".join(("extensions", *path)): _SHORT.get(name, name) for name, path in CLAIMS.items()}


def test_the_algorithms_are_those_that_are_admitted() -> None:
    (line,) = re.findall(r"`alg`: ([^.]+)\.", PAGE)

    assert tuple(re.findall(r"[A-Z]{2}256", line)) == ALGORITHMS


def test_the_example_runs_up_to_its_request() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    imports = "\n".join(line for line in example.splitlines() if line.startswith(("from", "import")))

    exec(compile(imports, "docs/fhir.md", "exec"), {})  # noqa: S102 - the lines of our own page
    compile(example, "docs/fhir.md", "exec")
