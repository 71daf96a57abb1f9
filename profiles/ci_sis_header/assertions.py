"""The generated rules of the header, as values: what each shape and each datatype asks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from profiles.ci_sis_header import wording
from profiles.ci_sis_header.grammar import ROOT, Child, Shape, rows
from profiles.ci_sis_header.wording import Words

SOURCE = "CI-SIS Structuration minimale"
_DATATYPES_SOURCE = "HL7 v3 Data Types R1"
_DECLARED = {"INT.POS": "INT", "ADXP": "ST"}
_TEMPLATES = {
    "[@root='2.16.840.1.113883.2.8.2.1']": "FR",
    "[@root='1.2.250.1.213.1.1.1.1']": "CISIS",
}
_ATTRIBUTE = re.compile(r"\[(?:not\(|(cda:\w+)\[)?@(\w+)")
WHAT = {"required": "REQUIRED", "fixed-if-present": "FIXED", "form": "FORM", "set": "SET", "one-of": "SET"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One assertion to write; expressions are XPath from the context of its rule."""

    id: str
    test: str
    words: Words
    source: str = SOURCE
    role: str = "error"
    where: str = ""
    found: str = ""
    repair: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One pattern: the places of a kind of element and what is asserted there."""

    name: str
    places: tuple[str, ...]
    assertions: tuple[Written, ...]


def rule_of(shape: str, about: str, what: str) -> str:
    """The id of a rule on a child or an attribute of a shape."""
    subject = about if shape == ROOT else f"{shape}.{about}"
    return f"HDR-{subject.replace(':', '-')}-{what}"


def name_of(child: Child) -> str:
    """The name of a child in rule ids: templateId is told by its root."""
    if child.name == "templateId" and child.conditions:
        return f"templateId.{_TEMPLATES.get(child.conditions, 'model')}"
    return child.name.replace(":", ".")


def labels(shapes: Mapping[str, Shape], places: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, str]]:
    """How messages name a shape: by its path, or by its own name when it stands at several places."""
    named = {row["shape"]: (row["fr"], row["en"]) for row in rows("names")}
    found = {}
    for name in shapes:
        path = "/".join(step.split("[")[0].removeprefix("cda:") for step in places[name][0].split("/"))
        short = path.removeprefix("ClinicalDocument/")
        found[name] = named.get(name, (short, short))
    return found


def structural(shape: Shape, place: tuple[str, str]) -> Iterator[Written]:
    """What a shape asks of its children and attributes. `place` names it in French and in English."""
    for child in shape.children:
        if child.least:
            yield Written(
                id=rule_of(shape.name, name_of(child), "MIN"),
                test=child.step if child.least == 1 else f"count({child.step}) >= {child.least}",
                words=wording.too_few(place, child),
                where=child.element if child.conditions and child.name != "templateId" else "",
                found=_instead(child),
            )
        if child.most is not None:
            yield Written(
                id=rule_of(shape.name, name_of(child), "MAX"),
                test=f"not({child.step}[{child.most + 1}])",
                words=wording.too_many(place, child),
                where=f"{child.step}[{child.most + 1}]",
                found=f"count({child.step})",
            )
    if shape.childless:
        yield Written(
            id=f"HDR-{shape.name}-CHILDLESS", test="not(*)", words=wording.childless(place), where="*", found="name(*)"
        )
    for name, rule, value in shape.attributes:
        yield _attribute(shape, place, name, rule, value)


def _instead(child: Child) -> str:
    """What stands on a child that is not as it must be: the attributes that its conditions name, else their number."""
    counted = child.name == "templateId" or "[cda:" in _ATTRIBUTE.sub("", child.conditions)
    named = [] if counted else _ATTRIBUTE.findall(child.conditions)
    steps = (f"{child.element}/{f'{inner}/' if inner else ''}@{name}" for inner, name in named)
    return " | ".join(steps) or f"count({child.step})"


def _attribute(shape: Shape, place: tuple[str, str], name: str, rule: str, value: str) -> Written:
    words = wording.attribute(place, name, rule, value)
    what = WHAT[rule]
    # What the datatype asks of everybody is not told again: a code without system, a form that is no date at all.
    if rule == "required":
        excuse = {
            "root": " or not(@nullFlavor)",
            "extension": " or @nullFlavor",
            "value": " or not(@nullFlavor)",
            "code": " or not(@nullFlavor or cda:originalText[not(@nullFlavor)])",
            "displayName": " or not(@code)",
        }.get(name, "")
        return Written(id=rule_of(shape.name, name, what), test=f"@{name}{excuse}", words=words)
    if rule == "fixed-if-present":
        return Written(
            id=rule_of(shape.name, name, what),
            test=f"not(@{name}) or @{name} = '{value}'",
            words=words,
            found=f"@{name}",
            repair=f"@{name}='{value}'",
        )
    if rule == "set":
        member = " or ".join(f"ecluse:in-set('{one}', @{name})" for one in value.split())
    elif rule == "one-of":
        member = f"ecluse:in-list('{value}', @{name})"
    else:
        member = {
            "st": "string-length(@{0}) > 0",
            "ts": "ecluse:is('ts', @{0}) or not(ecluse:is-timestamp(@{0}))",
        }.get(value, f"ecluse:is('{value}', @{{0}})").format(name)
    empty = f"normalize-space(@{name}) = '' or " if what == "SET" else ""
    return Written(
        id=rule_of(shape.name, name, what),
        test=f"not(@{name}) or {empty}{member}",
        words=words,
        found="" if name == "extension" else f"@{name}",
    )


def unknown(shape: Shape, place: tuple[str, str]) -> Written:
    """The warning on a child that a shape does not know."""
    known = {child.step: None for child in shape.children}
    stranger = f"*[not(@xsi:nil = 'true') and not({' or '.join(f'self::{one}' for one in known)})]"
    return Written(
        id=f"HDR-UNKNOWN-{shape.name}",
        test=f"not({stranger})",
        words=wording.unknown(place, {child.name: None for child in shape.children}),
        role="warning",
        where=stranger,
        found=f"local-name({stranger})",
    )


def datatypes(shapes: Mapping[str, Shape], places: Mapping[str, tuple[str, ...]]) -> Iterator[Block]:
    """What the datatypes ask, wherever an element of the type stands."""
    table = list(rows("datatypes"))
    typed: dict[str, list[str]] = {}
    for name, shape in shapes.items():
        if shape.type:
            typed.setdefault(shape.type, []).extend(places[name])
        if shape.parts:
            typed.setdefault("ADXP", []).extend(places[name])
    everywhere = list(dict.fromkeys(one for found in typed.values() for one in found))
    outermost = [one for one in everywhere if not any(one.startswith(f"{other}/") for other in everywhere)]
    yield Block("null", tuple(outermost), (_half_null(),))
    for name, found in typed.items():
        asked = tuple(_datatype(row, name, shapes) for row in table if _concerns(row["types"].split(), name))
        if asked:
            yield Block(f"type-{name}", tuple(dict.fromkeys(found)), asked)


def _concerns(types: list[str], name: str) -> bool:
    return (name != "ANY" and "*" in types) or name in types or (name == "ADXP" and "ST" in types)


def _datatype(row: Mapping[str, str], name: str, shapes: Mapping[str, Shape]) -> Written:
    declared = _DECLARED.get(name, name)
    fault, where, found = row["fault"].replace("{declared}", declared), "", row["found"]
    if name == "ADXP":
        parts = dict.fromkeys(child.element for shape in shapes.values() if shape.parts for child in shape.children)
        where = f"*[{fault}][{' or '.join(f'self::{part}' for part in parts)}]"
        fault, found = where, f"{where}/{found}" if found else ""
    fr, en, hint_fr, hint_en = (_filled(row[column], declared) for column in ("fr", "en", "hint_fr", "hint_en"))
    words = Words(fr, en, hint_fr, hint_en, row["expected"].replace("{declared}", declared))
    return Written(
        id=row["id"] if row["id"].startswith("R-") else f"HDR-{name}-{row['id']}",
        test=f"not({fault})",
        words=words,
        source=SOURCE if row["id"].startswith("R-") else _DATATYPES_SOURCE,
        where=where,
        found=found,
        repair=row["repair"],
    )


def _filled(sentence: str, declared: str) -> str:
    text = sentence.replace("{declared}", declared)
    return text if text.endswith(".") else f"{text[0].upper()}{text[1:]}."


def _half_null() -> Written:
    wrong = "descendant-or-self::*[@nullFlavor][ecluse:half-null(.)]"
    return Written(
        id="HDR-NULLFLAVOR",
        test=f"not({wrong})",
        words=wording.half_null(),
        source=_DATATYPES_SOURCE,
        where=wrong,
        found=f"{wrong}/@nullFlavor",
    )
