"""Values have the form that CDA gives them, for the tables and for the schema made of them alike."""

from __future__ import annotations

from random import Random

import pytest
from lxml import etree

from conformance.structure.checking import schema
from conformance.structure.values import is_written
from profiles.cda_structure.tables import load_tables
from profiles.cda_structure.writing import FORMS, schemas

GOOD = {
    "ts": ["2024", "20240101", "202401011200+0100", "20240101120000.123-05", "1"],
    "uid": ["2", "1.2.0", "1.2.250.1.213", "F3F2A2C0-1111-2222-3333-444444444444", "abc-1"],
    "url": [
        "",
        "tel:+33123456789",
        "mailto:a@b.fr",
        "#pb1",
        "http://a.b/c?d=e#f",
        "tel:+33 1 23",
        "tel:?a",
        "//host/path",
        "a/b:c",
        "x:[a]",
        "http://[::1]:80/a",
        "x:/",
        "tel:é",
        "urn:oid:1.2",
    ],
    "real": ["12.5", "-1e5", ".5", "5.", "INF", "-INF", "NaN", "+3"],
    "int": ["12", "-3", "+4", " 5 "],
    "int_pos": ["1", "007"],
    "bl": ["true", "false", " true "],
    "boolean": ["1", "0", "true"],
    "cs": ["abc", " abc "],
    "st": ["a", " "],
    "oid": ["1.2.30"],
    "probability": ["0", "0.5", "1"],
    "bin": ["", "AAAA", "AA=="],
    "set_PostalAddressUse": ["", "HP", "HP WP"],
    "NMTOKENS": ["a b"],
    "ID": ["_a", "é"],
    "NullFlavor": ["UNK", " NA "],
}
BAD = {
    "ts": ["", "20240101 ", "2024-01-01", "20240101120000123", "2024010112+", "20240101.5"],
    "uid": ["", "urn:oid:1.2", "1.02", " 1.2", "3.1", "12345678"],
    "url": ["tel:", "mailto: ", "tel:#a", "a#b#c", "%zz", "a:b c%", ":x", "1tel:33", "x://", "//", "a[b]", "http://[x"],
    "real": ["", "12,5", "1e", ".", "+INF", "0x1"],
    "int": ["", "1.0", "a"],
    "int_pos": ["0", "-1"],
    "bl": ["", "1", "TRUE"],
    "boolean": ["vrai"],
    "cs": ["", "a b"],
    "st": [""],
    "oid": ["a"],
    "probability": ["1.5", "-1", "NaN", "x"],
    "bin": ["A", "é"],
    "set_PostalAddressUse": ["XX", "HP XX"],
    "NMTOKENS": ["", " "],
    "ID": ["1a", "a b", "a:b", ""],
    "NullFlavor": ["", "unk", "UNK NA"],
}


@pytest.mark.parametrize("form", GOOD)
def test_a_good_value_is_taken_and_a_bad_one_is_not(form: str) -> None:
    assert [value for value in GOOD[form] if not is_written(form, value)] == []
    assert [value for value in BAD[form] if is_written(form, value)] == []


NAME = f"{{{FORMS}}}a"


def forms_alone() -> etree.XMLSchema:
    """The forms of the schema, each on an attribute of its own."""
    text = schemas()["forms.xsd"]
    attributes = "".join(
        f'<xs:attribute name="{form.name}" type="{form.name}"/>'
        for form in load_tables().forms.values()
        if form.patterns or form.values or form.base in ("list", "double", "filled", "NMTOKENS")
    )
    element = f'<xs:element name="a"><xs:complexType>{attributes}</xs:complexType></xs:element></xs:schema>'
    return etree.XMLSchema(etree.fromstring(text.replace("</xs:schema>", element).encode()))


@pytest.mark.parametrize("form", sorted(set(GOOD) - {"ID", "bin"}))
def test_the_schema_takes_what_the_table_takes(form: str) -> None:
    """libxml2 and Python read the same patterns alike, on values spoiled at random."""
    alone, random = forms_alone(), Random(form)  # noqa: S311
    signs = "ab1:/?#[]%@.&+ é-" if form == "url" else "0123456789.+-eEaN "
    values = {*GOOD[form], *BAD[form]}
    for _ in range(300):
        value = random.choice([*GOOD[form], *BAD[form]])
        for _ in range(random.randrange(4)):
            at = random.randrange(len(value) + 1)
            value = value[:at] + random.choice([random.choice(signs), ""]) + value[at + random.randrange(2) :]
        values.add(value)
    differ = [
        one for one in sorted(values) if alone.validate(etree.Element(NAME, {form: one})) != is_written(form, one)
    ]
    assert differ == []


def test_the_schema_is_compiled_once() -> None:
    assert schema() is schema()
