"""What the generated rules of the header say, in French and in English: sentences made from names and values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from profiles.ci_sis_header.grammar import Child

_FORMS = {
    "st": ("n'est pas vide", "is not empty", "un texte", "a text"),
    "cs": ("est un code sans espace", "is a code without space", "un code sans espace", "a code without space"),
    "oid": ("est un OID", "is an OID", "un OID, sans zéro en tête", "an OID, without leading zero"),
    "ts": ("commence par quatre chiffres", "starts with four digits", "une date aaaammjj", "a date yyyymmdd"),
    "int": ("est un entier", "is an integer", "un nombre entier, sans signe plus", "an integer, without plus sign"),
}
_KNOWN_CODE = re.compile(r"\[ecluse:in-set\('(JDV_J\d+)[^\]]*\]")
_CODED_INNER = re.compile(r"\[cda:(\w+)\[@(\w+)='([^']+)'[^\]]*\]\]")


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one rule: message and hint in both languages, and what is expected."""

    fr: str
    en: str
    hint_fr: str
    hint_en: str
    expected: str


def too_few(place: tuple[str, str], child: Child) -> Words:
    """A child is missing, or none is what it must be."""
    some, any_of = _described(child)
    there, there_en = "", ""
    if child.conditions and child.name != "templateId":
        there, there_en = ", ou corrigez celui qui y est", ", or correct the one that is there"
    return Words(
        f"{place[0]} : l'élément {some} est obligatoire.",
        f"{place[1]}: the element {any_of} is required.",
        f"Ajoutez l'élément {some}, à la place que lui donne le schéma CDA{there}.",
        f"Add the element {any_of}, where the CDA schema puts it{there_en}.",
        f"{child.least} {any_of}",
    )


def too_many(place: tuple[str, str], child: Child) -> Words:
    """A child comes too often."""
    some, any_of = _described(child)
    once = child.most == 1
    return Words(
        f"{place[0]} : l'élément {some} figure au plus {'une fois' if once else f'{child.most} fois'}.",
        f"{place[1]}: the element {any_of} comes at most {'once' if once else f'{child.most} times'}.",
        f"Gardez {'un seul élément' if once else f'au plus {child.most} éléments'} {child.name} et retirez les autres.",
        f"Keep {'one element' if once else f'at most {child.most} elements'} {child.name} and remove the others.",
        f"0..{child.most}" if not child.least else f"{child.least}..{child.most}",
    )


def attribute(place: tuple[str, str], name: str, rule: str, value: str) -> Words:
    """An attribute is missing, or is not what it must be."""
    return _ATTRIBUTES[rule](place, name, value)


def childless(place: tuple[str, str]) -> Words:
    """An element has children and must not."""
    return Words(
        f"{place[0]} : la date est dans l'attribut value, sans élément enfant.",
        f"{place[1]}: the time is in the value attribute, without child element.",
        "Écrivez la date dans value et retirez low, high et les autres éléments enfants.",
        "Write the time in value and remove low, high and the other child elements.",
        "no child element",
    )


def unknown(place: tuple[str, str], known: Mapping[str, None]) -> Words:
    """An element of the header that the CI-SIS does not know."""
    return Words(
        f"{place[0]} : cet élément ne fait pas partie de l'en-tête du CI-SIS, ou pas sous cette forme.",
        f"{place[1]}: this element is no part of the CI-SIS header, or not in this form.",
        "Corrigez sa forme si une autre règle le demande ; sinon retirez-le : les lecteurs français peuvent l'ignorer.",
        "Correct its form if another rule asks for it; otherwise remove it: French readers may ignore it.",
        ", ".join(known),
    )


def half_null() -> Words:
    """An element has a nullFlavor and something else."""
    return Words(
        "Un élément de l'en-tête qui porte un nullFlavor ne porte rien d'autre.",
        "An element of the header that has a nullFlavor carries nothing else.",
        "Retirez nullFlavor si la valeur est connue ; sinon retirez les autres attributs, le texte et les enfants.",
        "Remove nullFlavor if the value is known; otherwise remove the other attributes, the text and the children.",
        "nullFlavor alone",
    )


def _required(place: tuple[str, str], name: str, _value: str) -> Words:
    return Words(
        f"{place[0]} : l'attribut {name} est obligatoire.",
        f"{place[1]}: the attribute {name} is required.",
        f"Ajoutez l'attribut {name} ; nullFlavor n'est pas admis ici.",
        f"Add the attribute {name}; nullFlavor is not allowed here.",
        f"@{name}",
    )


def _fixed(place: tuple[str, str], name: str, value: str) -> Words:
    return Words(
        f"{place[0]} : l'attribut {name}, s'il est écrit, vaut {value}.",
        f"{place[1]}: the attribute {name}, if written, is {value}.",
        f'Écrivez {name}="{value}", ou retirez l\'attribut.',
        f'Write {name}="{value}", or remove the attribute.',
        value,
    )


def _set(place: tuple[str, str], name: str, value: str) -> Words:
    short = " ou ".join(one.split("_")[1] if one.startswith("JDV_J") else one for one in value.split())
    english = short.replace(" ou ", " or ")
    return Words(
        f"{place[0]} : {name} appartient au jeu de valeurs {short}.",
        f"{place[1]}: {name} is in the value set {english}.",
        f"Choisissez un code du jeu de valeurs {short} ({', '.join(value.split())}).",
        f"Choose a code of the value set {english} ({', '.join(value.split())}).",
        ", ".join(value.split()),
    )


def _one_of(place: tuple[str, str], name: str, value: str) -> Words:
    *first, last = value.split()
    return Words(
        f"{place[0]} : {name} vaut {', '.join(first)} ou {last}.",
        f"{place[1]}: {name} is {', '.join(first)} or {last}.",
        f"Écrivez l'un de ces codes : {', '.join(value.split())}.",
        f"Write one of these codes: {', '.join(value.split())}.",
        f"{', '.join(first)} or {last}",
    )


def _form(place: tuple[str, str], name: str, value: str) -> Words:
    french, english, some, any_of = _FORMS[value]
    return Words(
        f"{place[0]} : l'attribut {name} {french}.",
        f"{place[1]}: the attribute {name} {english}.",
        f"Corrigez l'attribut {name} : {some}.",
        f"Correct the attribute {name}: {any_of}.",
        any_of,
    )


_ATTRIBUTES = {
    "required": _required,
    "fixed-if-present": _fixed,
    "set": _set,
    "one-of": _one_of,
    "form": _form,
}


def _described(child: Child) -> tuple[str, str]:
    """A child with the conditions that its occurrences meet, in both languages."""
    french, english = [child.name], [child.name]
    coded = _CODED_INNER.findall(child.conditions)
    text = _CODED_INNER.sub("", child.conditions)
    if "[not(@nullFlavor)]" in text:
        french.append("sans nullFlavor")
        english.append("without nullFlavor")
    if "not(@root=" in text:
        french.append("du modèle du document")
        english.append("of the document's model")
    else:
        given = re.findall(r"@(\w+)='([^']+)'", text)
        values = ", ".join(f'{name}="{value}"' for name, value in given)
        if values:
            french.append(f"({values})")
            english.append(f"({values})")
    for inner in re.findall(r"\[cda:(\w+)\]", text):
        french.append(f"avec {inner}")
        english.append(f"with {inner}")
    for inner, name, value in coded:
        french.append(f'avec {inner} ({name}="{value}")')
        english.append(f'with {inner} ({name}="{value}")')
    for inner in re.findall(r"\[@(\w+)\]", text):
        french.append(f"avec l'attribut {inner}")
        english.append(f"with the attribute {inner}")
    known = _KNOWN_CODE.search(text)
    if known:
        french.append(f"du jeu de valeurs {known[1]}")
        english.append(f"of the value set {known[1]}")
    return " ".join(french), " ".join(english)
