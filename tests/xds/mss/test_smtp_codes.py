"""Answers of mail servers as the codes that a ZAM may tell."""

from __future__ import annotations

import pytest

from profiles.hl7v2.tables import smtp_errors
from xds.mss.smtp_codes import nearest, of_status


@pytest.mark.parametrize("code", sorted(smtp_errors()))
def test_a_code_of_the_table_is_itself(code: str) -> None:
    assert nearest(code) == code


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("454", "451"),
        ("499", "451"),
        ("535", "530"),
        ("555", "501"),
        ("556", "550"),
        ("571", "550"),
        ("599", "554"),
        ("", "554"),
    ],
)
def test_another_code_is_told_by_the_nearest(code: str, told: str) -> None:
    assert nearest(code) == told


@pytest.mark.parametrize(
    ("status", "told"),
    [
        ("5.1.1", "550"),
        ("5.2.2", "552"),
        ("5.7.1", "550"),
        ("4.4.7", "441"),
        ("5.4.4", "512"),
        ("4.2.2", "451"),
        ("5", "554"),
        ("2.0.0", "554"),
    ],
)
def test_a_status_is_told_by_its_subject(status: str, told: str) -> None:
    assert of_status(status) == told


@pytest.mark.parametrize(
    "status", [f"{kind}.{subject}.{detail}" for kind in (4, 5) for subject in range(10) for detail in (0, 9)]
)
def test_every_status_has_a_code_of_the_table(status: str) -> None:
    assert of_status(status) in smtp_errors()
    assert of_status(status).startswith(status[0])
