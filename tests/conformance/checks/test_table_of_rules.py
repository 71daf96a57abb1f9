"""Every rule of the validation table of submissions is somewhere, and none is in no table (ITI TF-2 §3.42.4.1.3)."""

from pathlib import Path

import pytest

from conformance.checks import metadata, registered

ROOT = Path(__file__).parents[3]
TABLE = (
    *(f"M{number}" for number in range(1, 10)),
    *(f"O{number}" for number in range(1, 13)),
    *(f"P{number}" for number in range(1, 12)),
    *(f"A{number}" for number in range(1, 17)),
    "HASH",
    "SIZE",
)
READER = ("M1", "M2", "M3", "M4", "M7", "O1", "O2", "O4", "O5", "A1")
PERMISSIONS = {
    # What is allowed or ignored has no error: a test shows that it passes.
    "P5": "a reference to another patient's document",
    "P10": "the same bytes again",
    "O12": "what the registry sets",
}
IN_RULES = {rule.id for rule in (*metadata.RULES, *registered.RULES)}


@pytest.mark.parametrize("rule", TABLE)
def test_every_rule_of_the_table_is_produced(rule: str) -> None:
    read = "\n".join(path.read_text("utf-8") for path in (ROOT / "xds" / "ebrim").glob("*.py"))
    shown = "\n".join(path.read_text("utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    if rule in READER:
        assert f'"{rule}"' in read
    elif rule in PERMISSIONS:
        assert f'"{PERMISSIONS[rule]}":' in shown
    else:
        assert rule in IN_RULES


def test_no_rule_is_in_no_table() -> None:
    own = {rule for rule in IN_RULES if rule.startswith(("DMP-", "D-0"))} | {"FOLDER", "O3-PID"}
    assert set(TABLE) >= IN_RULES - own
