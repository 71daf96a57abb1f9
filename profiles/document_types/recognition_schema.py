"""The Schematron of document types, made from `models.csv`.

    python -m profiles.document_types.recognition_schema

writes `recognition.sch` beside this module; running it again changes nothing. One pattern for each model, found by its
templateId: version, code, code system, display name, companions. What the schematron of the model compares is an error,
the rest a warning. Models that have a profile of their own are only counted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from profiles.document_types.types import XDS_SD, DocumentType, types_by_companion, types_by_template

OWN_PROFILES = ("1.2.250.1.213.1.1.1.13", "1.2.250.1.213.1.1.1.51")
_SOURCE = "CI-SIS Structuration minimale"
_HEADERS = ("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    id: str
    role: str
    see: str
    test: str
    french: str
    english: str
    hint: str
    hint_en: str
    where: str | None = None
    found: str | None = None
    expected: str | None = None
    repair: str | None = None


def schema() -> str:
    """The schema as text."""
    patterns = [("document-type", "cda:ClinicalDocument", tuple(_general()))]
    for template, types in types_by_template().items():
        rows = tuple(_rows(template, types))
        if rows and template not in OWN_PROFILES:
            patterns.append((types[0].model, f"cda:ClinicalDocument[cda:templateId/@root='{template}']", rows))
    return "\n".join(_spelled(patterns))


def _general() -> Iterator[_Row]:
    models = tuple(types_by_template())
    known = (*models, *types_by_companion(), XDS_SD)
    yield _Row(
        id="DOC-UNKNOWN-MODEL",
        role="warning",
        see=_SOURCE,
        test="not(cda:component/cda:structuredBody) or "
        f"not(cda:templateId[not({_among(_HEADERS)})]) or cda:templateId[{_among(known)}]",
        where=f"cda:templateId[not({_among(_HEADERS)})]",
        found=f"cda:templateId[not({_among(_HEADERS)})]/@root",
        expected="the model of a published document type",
        french="Le modèle du document est un modèle publié : il ne l'est pas, seul l'en-tête a été jugé.",
        english="The model of the document is a published one: it is not, the header alone was judged.",
        hint="Vérifier l'OID du troisième templateId, celui du volet du CI-SIS ; pour un PDF ou un texte, c'est "
        f"{XDS_SD}.",
        hint_en="Check the OID of the third templateId, that of the CI-SIS volume; for a PDF or a text it is "
        f"{XDS_SD}.",
    )
    yield _Row(
        id="DOC-TWO-MODELS",
        role="warning",
        see=_SOURCE,
        test=f"count(cda:templateId[{_among((*models, XDS_SD))}]) &lt;= 1",
        where=f"cda:templateId[{_among((*models, XDS_SD))}][2]",
        found=f"cda:templateId[{_among((*models, XDS_SD))}]/@root",
        expected="one model",
        french="Le document déclare un seul modèle.",
        english="The document declares one model.",
        hint="Garder le templateId du volet que le document suit, enlever les autres modèles de document.",
        hint_en="Keep the templateId of the volume that the document follows, take the other document models away.",
    )
    structured = tuple(template for template, types in types_by_template().items() if types[0].level == "3")
    yield _Row(
        id="DOC-LEVEL-3",
        role="warning",
        see=_SOURCE,
        test=f"not(cda:component/cda:nonXMLBody) or not(cda:templateId[{_among(structured)}])",
        where="cda:component",
        found="name(cda:component/*)",
        expected="structuredBody",
        french="Le modèle déclaré est structuré : le corps est un structuredBody.",
        english="The model declared is a structured one: the body is a structuredBody.",
        hint=f"Pour un PDF ou un texte, remplacer le templateId du modèle par {XDS_SD} ; sinon écrire des sections.",
        hint_en=f"For a PDF or a text put {XDS_SD} in the place of the model's templateId; else write sections.",
    )


def _rows(template: str, types: Sequence[DocumentType]) -> Iterator[_Row]:
    """The rules of one model. A type whose code is unknown has none."""
    first = types[0]
    if not first.code:
        return
    name, see = f"DOC-{first.model.replace(' ', '-')}", f"CI-SIS {first.model}"
    checked = frozenset[str]().union(*(one.checked for one in types))

    def role(what: str) -> str:
        return "error" if what in checked else "warning"

    versions = _values(one.extension for one in types)
    declared = f"cda:templateId[@root='{template}']"
    if any(versions):
        known = [f"@extension='{version}'" if version else "not(@extension)" for version in versions]
        said = ", ".join(version or "none" for version in versions)
        yield _Row(
            id=f"{name}-VERSION",
            role=role("extension"),
            see=see,
            test=f"{declared}[{' or '.join(known)}]",
            where=declared,
            found=f"{declared}/@extension",
            expected=said,
            french=f"La version du modèle {first.model} est publiée.",
            english=f"The version of the model {first.model} is a published one.",
            hint=f"Donner à l'attribut extension du templateId une version publiée : {said.replace('none', 'aucune')}.",
            hint_en=f"Give the extension of the templateId a published version: {said}.",
        )
    codes, systems = _values(one.code for one in types), _values(one.code_system for one in types)
    certain = f"@code='{codes[0]}';@codeSystem='{systems[0]}'" if len(codes) == 1 else None
    yield _Row(
        id=f"{name}-CODE",
        role=role("code"),
        see=see,
        test=f"cda:code[{_any('@code', codes)}]",
        where="cda:code",
        found="cda:code/@code",
        expected=" or ".join(codes),
        french=f"Le code du document est celui du modèle {first.model} : {' ou '.join(codes)}.",
        english=f"The document code is that of the model {first.model}: {' or '.join(codes)}.",
        hint=f"Écrire code/@code={' ou '.join(codes)}, ou déclarer le modèle qui correspond au code.",
        hint_en=f"Write code/@code={' or '.join(codes)}, or declare the model that the code belongs to.",
        repair=certain,
    )
    yield _Row(
        id=f"{name}-SYSTEM",
        role=role("system"),
        see=see,
        test=f"cda:code[{_any('@codeSystem', systems)}]",
        where="cda:code",
        found="cda:code/@codeSystem",
        expected=" or ".join(systems),
        french=f"Le code du document {first.model} est pris dans {' ou '.join(systems)}.",
        english=f"The document code of {first.model} is from {' or '.join(systems)}.",
        hint=f"Écrire code/@codeSystem={' ou '.join(systems)}.",
        hint_en=f"Write code/@codeSystem={' or '.join(systems)}.",
        repair=f"@codeSystem='{systems[0]}'" if len(systems) == 1 else None,
    )
    if "display" in checked:
        display = first.code_display
        # The published name, asked only of the versions whose schematron compares it.
        free = [one.extension for one in types if "display" not in one.checked]
        exempt = "".join(f"{declared}[@extension='{version}'] or " for version in free)
        yield _Row(
            id=f"{name}-DISPLAY",
            role="error",
            see=see,
            test=f'{exempt}cda:code/@displayName="{display}"',
            where="cda:code",
            found="cda:code/@displayName",
            expected=display,
            french=f"Le libellé du code est exactement « {display} ».",
            english=f"The display name of the code is exactly “{display}”.",
            hint=f"Écrire code/@displayName tel que publié, accents et apostrophe droite compris : {display}.",
            hint_en=f"Write code/@displayName as published, accents and straight apostrophe included: {display}.",
            repair=f'@displayName="{display}"',
        )
    for number, companion in enumerate(_values(root for one in types for root in one.companions), start=1):
        yield _Row(
            id=f"{name}-WITH-{number}",
            role="error",
            see=see,
            test=f"cda:templateId[@root='{companion}']",
            where=declared,
            found="cda:templateId/@root",
            expected=companion,
            french=f"Le modèle {first.model} s'accompagne du templateId {companion}.",
            english=f"The model {first.model} comes with the templateId {companion}.",
            hint=f'Ajouter <templateId root="{companion}"/> avant celui du modèle.',
            hint_en=f'Add <templateId root="{companion}"/> before that of the model.',
        )


def _values(found: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(found))


def _any(attribute: str, values: Sequence[str]) -> str:
    return " or ".join(f"{attribute}='{value}'" for value in values)


def _among(roots: Iterable[str]) -> str:
    return f"contains(' {' '.join(roots)} ', concat(' ', @root, ' '))"


def _spelled(patterns: Sequence[tuple[str, str, Sequence[_Row]]]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<!-- Made from models.csv by: python -m profiles.document_types.recognition_schema -->"
    yield (
        '<schema xmlns="http://purl.oclc.org/dsdl/schematron" xmlns:ecluse="urn:ecluse:schematron" queryBinding="xslt">'
    )
    yield "  <title>Types de documents : modèle, version, code</title>"
    yield '  <ns prefix="cda" uri="urn:hl7-org:v3"/>'
    yield '  <ns prefix="ecluse" uri="urn:ecluse:schematron"/>'
    for name, context, rows in patterns:
        yield f'\n  <pattern id="{escape(name.replace(" ", "-"))}">'
        yield f'    <rule context="{context}">'
        for row in rows:
            yield from _assertion(row)
        yield "    </rule>"
        yield "  </pattern>"
    yield "\n  <diagnostics>"
    for _, _, rows in patterns:
        for row in rows:
            for suffix, text in (("en", row.english), ("hint", row.hint), ("hint.en", row.hint_en)):
                yield f'    <diagnostic id="{row.id}.{suffix}">{escape(text, quote=False)}</diagnostic>'
    yield "  </diagnostics>"
    yield "</schema>\n"


def _assertion(row: _Row) -> Iterator[str]:
    yield (
        f'      <assert id="{row.id}" role="{row.role}" see="{row.see}" '
        f'diagnostics="{row.id}.en {row.id}.hint {row.id}.hint.en"'
    )
    yield f'              test="{row.test.replace(chr(34), "&quot;")}"'
    shown = [
        f'ecluse:{name}="{escape(value)}"'.replace("&#x27;", "'")
        for name, value in (
            ("where", row.where),
            ("found", row.found),
            ("expected", row.expected),
            ("repair", row.repair),
        )
        if value is not None
    ]
    yield f"              {' '.join(shown)}"
    yield f"        >{escape(row.french, quote=False)}</assert>"


if __name__ == "__main__":
    Path(__file__).with_name("recognition.sch").write_text(schema(), encoding="utf-8")
