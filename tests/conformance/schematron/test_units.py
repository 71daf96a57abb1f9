from __future__ import annotations

import os
from pathlib import Path

import pytest

from conformance.schematron.units import is_unit
from security import xml

# What the published list spells with a blank at its end: the unit itself is meant, and known here.
_MISSPELT = {"g/kg ", "L/(min.m2) "}


@pytest.mark.parametrize(
    "unit", ["mg", "mg/dL", "10*9/L", "mm[Hg]", "kg/m2", "/min", "m[IU]/mL", "{tablet}", "{pack}/a", ""]
)
def test_a_unit_of_the_list_is_one(unit):
    assert is_unit(unit)


@pytest.mark.parametrize(
    "unit",
    ["MG", "kG", "mgg", "cc", "UI", "comprime", "mmHg", "mg/", "mg/{tablet}", "//d", "(mg", "mg)", "m-", "{DDJ}", "%%"],
)
def test_anything_else_is_none(unit):
    assert not is_unit(unit)


def test_a_text_without_end_costs_nothing():
    assert not is_unit("(" * 100_000)


def test_every_unit_of_the_published_list_passes():
    pack = os.environ.get("ECLUSE_PACK")
    if not pack:
        pytest.skip("needs the official pack: ECLUSE_PACK is not set")
    (path,) = Path(pack).rglob("2.16.840.1.113883.6.8.xml")
    units = [one.text or "" for one in xml.parse(path.read_bytes(), xml.DOCUMENT).iter("code")]

    assert len(units) > 700
    assert {one for one in units if not is_unit(one)} == _MISSPELT
