"""The attributes of one element, and the value of an element that holds nothing else, against the tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from conformance.structure.faults import Fault, Proposals, Words, listed, name_of, same, short, shown, written_on
from conformance.structure.types import XSI
from conformance.structure.values import allowed_values, is_written, normalized
from profiles.cda_structure.tables import Attribute, load_tables

_ALWAYS = frozenset(XSI + name for name in ("type", "nil", "schemaLocation", "noNamespaceSchemaLocation"))


def attribute_faults(
    element: etree._Element, known: Mapping[str, Attribute], required: tuple[str, ...], proposals: Proposals
) -> Iterator[Fault]:
    """Attributes that are unknown, badly written or absent, in the order of the element, the absent ones last."""
    for name, value in written_on(element):
        attribute = known.get(name)
        if attribute is not None:
            yield from _value_faults(element, name, value, attribute, proposals)
        elif name not in _ALWAYS:
            local = name_of(name)
            words: Words = {"near": proposals.near(local, known)}
            yield _fault("CDA-ATTRIBUTE-UNKNOWN", element, name, local, listed(known) or None, words)
    for name in required:
        if element.get(name) is None:
            yield _fault("CDA-ATTRIBUTE-MISSING", element, name, None, known[name].fixed or f"@{name}", {})


def lax_faults(element: etree._Element, known: Mapping[str, Attribute], proposals: Proposals) -> Iterator[Fault]:
    """Values of the attributes that are known, on an element that may have any."""
    for name, value in written_on(element):
        if name in known:
            yield from _value_faults(element, name, value, known[name], proposals)


def text_faults(element: etree._Element, form: str, proposals: Proposals) -> Iterator[Fault]:
    """An element whose only content is a value of a form, and that has no attribute of its own."""
    yield from attribute_faults(element, {}, (), proposals)
    text = element.text or ""
    if not is_written(form, text):
        yield _form_fault(element, name_of(element.tag), form, shown(element, form, text))


def _value_faults(
    element: etree._Element, name: str, value: str, attribute: Attribute, proposals: Proposals
) -> Iterator[Fault]:
    form = attribute.form
    if attribute.fixed is not None:
        if normalized(load_tables().forms[form], value) != attribute.fixed:
            expected = attribute.fixed
            found = shown(element, form, value)
            yield _fault("CDA-FIXED", element, name, found, expected, {"expected": same(expected)})
        return
    if is_written(form, value):
        return
    allowed = allowed_values(form)
    if allowed:
        words: Words = {"near": proposals.near(value, allowed)}
        found = shown(element, form, value)
        yield _fault("CDA-VALUE-ENUMERATION", element, name, found, listed(allowed), words)
    else:
        yield _form_fault(element, name, form, shown(element, form, value))


def _form_fault(element: etree._Element, name: str, form: str, found: str) -> Fault:
    row = load_tables().forms[form]
    rule = "CDA-URI" if form == "url" else "CDA-VALUE-FORM"
    return _fault(rule, element, name, found, row.en, {"form": (row.fr, row.en)})


def _fault(
    rule: str, element: etree._Element, attribute: str, found: str | None, expected: str | None, words: Words
) -> Fault:
    named: Words = {"name": same(name_of(element.tag)), "attribute": same(name_of(attribute))}
    return Fault(
        rule=rule,
        element=element,
        found=None if found is None else short(found),
        expected=expected,
        words={**named, **words},
    )
