"""The codes that are known are those that the page of refusals names."""

from __future__ import annotations

import re
from pathlib import Path

from profiles.dmp.errors import errors

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "refusals.md").read_text("utf-8")


def documented() -> set[str]:
    """The codes of the page that are of the DMP, of XDS or ours: not those of SOAP, of TLS or of a signature."""
    cells = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("|")]
    found = {cell[1].strip().strip("`") for cell in cells if len(cell) > 2}
    return {code for code in found if re.match(r"(?:XDS|DMP|SBX_)[A-Za-z_]+$|[A-Z][A-Za-z]*Exception$", code)} | (
        found & {"InvalidDocumentContent"}
    )


def test_what_the_page_of_refusals_names_is_in_the_table_and_the_reverse() -> None:
    refusals = {code for code, line in errors().items() if line.is_answered and line.is_error}
    assert documented() == refusals


def test_codes_of_ours_say_so_and_those_of_others_do_not() -> None:
    for code, line in errors().items():
        assert (line.origin == "sandbox") is code.startswith("SBX_")
        assert line.label_fr != line.label_en
        assert line.layer in {"fault", "registry", "hl7v2", "hl7v3", "service", "administration"}
        assert line.layer != "administration" or not line.is_answered


def test_every_code_of_ours_that_the_house_says_is_in_the_table_and_the_reverse() -> None:
    sources = [path for place in ("gateway", "security", "xds") for path in (ROOT / place).rglob("*.py")]
    said = {code for path in sources for code in re.findall(r"\"(SBX_[A-Z_]*[A-Z])\"", path.read_text("utf-8"))}
    assert said == {code for code, line in errors().items() if line.origin == "sandbox"}
