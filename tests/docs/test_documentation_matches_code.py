"""What the documentation says is what the code does, both ways."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway import settings
from gateway.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]


def _rows(path: str) -> list[list[str]]:
    lines = (ROOT / path).read_text("utf-8").splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]
    return [row for row in rows if not set(row[0]) <= set("-: ")]


def test_every_setting_is_documented_with_its_default_and_variable() -> None:
    documented = {row[0].strip("`"): row[1:] for row in _rows("docs/settings.md")[1:]}
    expected = {}
    for section, key, field in settings.described():
        name = f"{section}.{key}" if section else key
        variable = "ECLUSE_" + name.replace(".", "_").upper()
        default = str(field.default).lower() if isinstance(field.default, bool) else str(field.default)
        expected[name] = [f"`{default}`" if default else "", f"`{variable}`", field.metadata["help"]]
    assert documented == expected


@pytest.mark.parametrize("page", ["README.md", "docs/test-suite.md"])
def test_a_page_names_only_commands_that_exist(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert set(re.findall(r"ecluse (\w[\w-]*)", text)) - {"serve", "toml"} <= set(COMMANDS)


@pytest.mark.parametrize("page", ["README.md", "README.fr.md", "gateway/README.md", "docs/test-suite.md"])
def test_links_of_a_page_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert ((ROOT / page).parent / target).exists(), target


def test_the_makefile_has_the_targets_of_the_readme() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    readme = (ROOT / "README.md").read_text("utf-8")
    for target in set(re.findall(r"make (\w+)", readme)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_every_decision_has_a_number_of_its_own() -> None:
    pages = [path for path in ROOT.rglob("*.md") if not set(path.parts) & {".venv", ".pytest_cache"}]
    numbers = [number for page in pages for number in re.findall(r"^## ([A-Z]-\w+) · ", page.read_text("utf-8"), re.M)]
    assert sorted(numbers) == sorted(set(numbers))
    assert len(numbers) > 20
