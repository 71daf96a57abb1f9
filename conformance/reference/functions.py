"""The functions of our rules for the reference chain: written in XSLT 3, apart from those of the engine."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from xml.sax.saxutils import quoteattr

_END = "</xsl:stylesheet>"


def with_functions(stylesheet: str, value_sets: Mapping[str, frozenset[tuple[str, str]]], namespace: str) -> str:
    """The stylesheet of a schema with our functions, and the value sets as a document inside it."""
    functions = files("conformance.reference").joinpath("functions.xsl").read_text("utf-8")
    inside = functions.partition("<!-- functions -->")[2].rpartition(_END)[0]
    body, end, _ = stylesheet.rpartition(_END)
    head, start, rest = body.partition("<xsl:stylesheet")
    names = (
        f' xmlns:ecluse="{namespace}" xmlns:xs="http://www.w3.org/2001/XMLSchema"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:cda="urn:hl7-org:v3"'
    )
    missing = " ".join(one for one in names.split() if f"{one.partition('=')[0]}=" not in rest.partition(">")[0])
    return f"{head}{start} {missing}{rest}{_sets(value_sets)}{inside}{end}"


def _sets(value_sets: Mapping[str, frozenset[tuple[str, str]]]) -> str:
    sets = "".join(
        f"<set name={quoteattr(name)}>"
        + "".join(f"<c code={quoteattr(code)} system={quoteattr(system)}/>" for code, system in sorted(members))
        + "</set>"
        for name, members in sorted(value_sets.items())
    )
    return f'<xsl:variable name="ecluse:sets"><sets>{sets}</sets></xsl:variable>'
