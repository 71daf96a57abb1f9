"""The functions of our rules for the reference chain: written in XSLT 3, apart from those of the engine."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from xml.sax.saxutils import escape, quoteattr

from conformance.schematron.model import ECLUSE

_END = "</xsl:stylesheet>"
_NAMES = {
    "ecluse": ECLUSE,
    "xs": "http://www.w3.org/2001/XMLSchema",
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "map": "http://www.w3.org/2005/xpath-functions/map",
    "cda": "urn:hl7-org:v3",
}


def with_functions(stylesheet: str, value_sets: Mapping[str, frozenset[tuple[str, str]]]) -> str:
    """The stylesheet of a schema with our functions, and the value sets as a document inside it."""
    functions = files("conformance.reference").joinpath("functions.xsl").read_text("utf-8")
    inside = functions.partition("<!-- functions -->")[2].rpartition(_END)[0]
    body, end, _ = stylesheet.rpartition(_END)
    head, start, rest = body.partition("<xsl:stylesheet")
    declared = rest.partition(">")[0]
    names = "".join(
        f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in _NAMES.items() if f"xmlns:{prefix}=" not in declared
    )
    return f"{head}{start}{names}{rest}{_sets(value_sets)}{_units()}{inside}{end}"


def _sets(value_sets: Mapping[str, frozenset[tuple[str, str]]]) -> str:
    sets = "".join(
        f"<set name={quoteattr(name)}>"
        + "".join(f"<c code={quoteattr(code)} system={quoteattr(system)}/>" for code, system in sorted(members))
        + "</set>"
        for name, members in sorted(value_sets.items())
    )
    return f'<xsl:variable name="ecluse:sets"><sets>{sets}</sets></xsl:variable>'


@cache
def _units() -> str:
    """The units of measure, as strings."""
    text = files("profiles.cda_values").joinpath("ucum_units.csv").read_text("utf-8")
    made = "".join(f"<unit>{escape(row['unit'])}</unit>" for row in csv.DictReader(text.splitlines()))
    return f'<xsl:variable name="ecluse:units" as="element()*">{made}</xsl:variable>'
