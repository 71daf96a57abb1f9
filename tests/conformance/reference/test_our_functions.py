"""Our functions against those of the reference chain, on values made to be almost right."""

from __future__ import annotations

import csv
import random
from base64 import b64encode
from collections.abc import Iterator
from importlib.resources import files
from xml.sax.saxutils import quoteattr

import pytest
from lxml import etree

from conformance.reference.chain import ReferenceChain, ReferenceUnavailable
from conformance.reference.results import path_of
from conformance.schematron.functions import EXTENSIONS
from conformance.schematron.index import DocumentIndex
from conformance.schematron.loading import load
from security import xml

SET = "JDV_J143_AdministrativeGender_CISIS"
CARRIED = (
    "%PDF-1.4 pdfaid:part>1<", "%PDF-1.4 <pdfaid:part> 2</", "x pdfaid:part = '3'", "%PDF-", "été",
    "\U0001f600 a", "a\0b",
)  # fmt: skip
FORMS = ("ts", "instant", "oid", "uid", "telecom", "language", "int", "cs", "uri", "rfc3066", "ucum")
ATTRIBUTES = ("code", "codeSystem", "extension", "mediaType", "unit", "use", "value", "root", "xsi:type", "partType")
GOOD = (
    "20240611093000+0200", "202406", "19991231235959.123-0500", "20240229", "2024061124", "20240611240000",
    "1.2.250.1.213.1.4.8", "0", "2.25.7", "0f0f0f0f-1111-2222-3333-444444444444", "A-b", "tel:+33102030405",
    "mailto:a@b.fr", "http://x y", "fr-FR", "i-klingon", "12", "-3", "0", "N", "F", "F M", "a/b?c=d#e", "é",
    "190066712345645", "255022A12345678", "mg/dL", "10*3/uL", "{tbl}", "mm[Hg]", "mol/(kg.s)", "cm2", "1", "a b",
)  # fmt: skip


def _values(seed: int, count: int) -> Iterator[str]:
    chance = random.Random(seed)  # noqa: S311
    rows = csv.DictReader(files("profiles.cda_values").joinpath("ucum_units.csv").read_text("utf-8").splitlines())
    units = [row["unit"] for row in rows]
    for _ in range(count):
        text = chance.choice(
            (*GOOD, *GOOD, *GOOD, chance.choice(units), f"{chance.choice(units)}/{chance.choice(units)}")
        )
        for _ in range(chance.choice((0, 1, 1, 2))):
            place = chance.randrange(len(text) + 1)
            change = chance.choice("019+-.:/{}() AFaz")
            text = text[:place] + change + text[place + chance.choice((0, 1, 1)) :]
        if chance.random() < 0.15:
            carried = chance.choice(CARRIED).encode("utf-8" if chance.random() < 0.8 else "latin-1", "replace")
            text = b64encode(carried).decode() if chance.random() < 0.9 else text
        yield text.strip() if chance.random() < 0.9 else text


def _elements(seed: int, count: int) -> str:
    """Elements beside one another whose attributes, uses and texts are often the same."""
    chance = random.Random(seed)  # noqa: S311
    made: list[str] = []
    pair = chance.choice((("use", "value"), ("code", "codeSystem"), ("root", "extension")))
    for _ in range(count):
        attributes = {
            name: chance.choice(("1", "text/plain", "CE", "c:CE", "x:CE"))
            for name in (*pair, *chance.sample(ATTRIBUTES, 2))
        }
        if chance.random() < 0.5:
            attributes["nullFlavor"] = chance.choice(("UNK", "OTH", "NA"))
        inside = chance.choice(("", "a", "<p>a</p>", '<p use="a"/>', "<!-- --> ", '<translation code="1"/>' * 2))
        inside += chance.choice(("", "", "<originalText/>", '<translation code="1" codeSystem="2"/>'))
        spelled = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
        made.append(f"<{(name := chance.choice(('n', 'o')))}{spelled}>{inside}</{name}>")
    return "".join(made)


def _asserts() -> str:
    tests = {f"is-{form}": f"ecluse:is('{form}', @v)" for form in FORMS}
    tests |= {
        f"carries-{what}": f"ecluse:carries('{what}', @v)" for what in ("base64", "pdf", "pdfa", "pdfa-1", "utf-8")
    }
    tests |= {
        "in-set": f"ecluse:in-set('{SET}', @v)",
        "in-set-system": f"ecluse:in-set('{SET}', @v, '2.16.840.1.113883.5.1')",
        "is-member": f"ecluse:is-member('{SET}', @v)",
        "in-list": "ecluse:in-list('F M N', @v)",
        "ins-key": "ecluse:ins-key(@v)",
        "is-timestamp": "ecluse:is-timestamp(@v)",
        "is-timestamp-interval": "ecluse:is-timestamp(@v, 'interval')",
        "ordered": "ecluse:ordered(@v, following-sibling::*[1]/@v)",
    }
    return _rule("cda:t", tests)


def _element_asserts() -> str:
    tests = {
        f"repeated-{kind}": f"not(ecluse:repeated(., '{kind}'))" for kind in ("II", "CD", "TEL", "AD", "translation")
    }
    tests |= {
        "half-null": "not(ecluse:half-null(.))",
        "beside-known": "not(ecluse:beside-known(.))",
        "type-is": "ecluse:type-is(., 'CE')",
    }
    return _rule("cda:n", tests) + _rule("cda:o", {f"o-{name}": test for name, test in tests.items()})


def _rule(context: str, tests: dict[str, str]) -> str:
    asserts = "".join(
        f'<assert id="{name}" see="x" diagnostics="{name}.en" test="{test}">{name}</assert>'
        for name, test in tests.items()
    )
    return f'<pattern><rule context="{context}">{asserts}</rule></pattern>'


def _schema() -> bytes:
    patterns = _asserts() + _element_asserts()
    identifiers = [one.partition('"')[0] for one in patterns.split('<assert id="')[1:]]
    diagnostics = "".join(f'<diagnostic id="{one}.en">{one}</diagnostic>' for one in identifiers)
    return (
        '<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt">'
        '<ns prefix="cda" uri="urn:hl7-org:v3"/>'
        '<ns prefix="xsi" uri="http://www.w3.org/2001/XMLSchema-instance"/>'
        f'<ns prefix="ecluse" uri="urn:ecluse:schematron"/>{patterns}<diagnostics>{diagnostics}</diagnostics></schema>'
    ).encode()


def _document() -> bytes:
    values = "".join(f"<g>{''.join(f'<t v={quoteattr(one)}/>' for one in _values(seed, 10))}</g>" for seed in range(50))
    groups = "".join(f"<g>{_elements(seed, 4)}</g>" for seed in range(200))
    return (
        '<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:c="urn:hl7-org:v3" xmlns:x="urn:x"'
        f' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{values}{groups}</ClinicalDocument>'
    ).encode()


def test_every_function_says_the_same_in_both_engines(tmp_path):
    try:
        chain = ReferenceChain()
    except ReferenceUnavailable as error:
        pytest.skip(str(error))
    schema = tmp_path / "functions.sch"
    schema.write_bytes(_schema())
    assert all(f"ecluse:{name}(" in _schema().decode() for _, name in EXTENSIONS)
    content = _document()
    root = xml.parse(content, xml.DOCUMENT)
    ours = load(schema, root=tmp_path, tolerant=False, strict=True, cache=None).schema

    mine = {(one.assertion.id, path_of(one.place)) for one in ours.check(DocumentIndex(root, ours.tags))}
    theirs = {(one.rule, one.path) for one in chain.compile_ours(schema).judge(content)}

    apart = [
        (name, "ours" if (name, path) in mine else "theirs", _shown(root, path)) for name, path in sorted(mine ^ theirs)
    ]
    assert apart == []
    held = {one.partition('"')[0] for one in _schema().decode().split('<assert id="')[1:]} - {name for name, _ in mine}
    assert held == set()


def _shown(root: etree._Element, path: str) -> str:
    steps = (one.partition("[") for one in path.split("/")[2:])
    found = root.xpath("/".join(f"*[local-name()='{name}'][{rest[:-1]}]" for name, _, rest in steps))
    return etree.tostring(found[0]).decode()[:400]
