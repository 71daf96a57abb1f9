"""Which document models a package knows, and which a document follows: its templateIds say, root and extension."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree

from cda.document import CDA_NAMESPACE, CdaDocument
from conformance.packs.layout import model_name
from profiles.document_types.types import document_types

_SCH = "{http://purl.oclc.org/dsdl/schematron}"
_HEADERS = frozenset({"2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1"})
_FRENCH = "1.2.250.1.213.1.1.1."
_UNSTRUCTURED = "1.3.6.1.4.1.19376.1.2.20"
_VERSION = re.compile(r"20\d\d\.\d\d")
_TEMPLATE = re.compile(
    r"""(?:^|[^/\w:])(?:\./)?cda:templateId\s*(?:/@root\s*=\s*|\[\s*@root\s*=\s*)(['"])(?P<root>[0-9.]+)\1"""
    r"""(?:\s*and\s*@extension\s*=\s*(['"])(?P<extension>[^'"]+)\3)?"""
)
_CODE = re.compile(r"""^\s*(?:\./)?cda:code\s*\[(?P<tests>.*)\]\s*$""", re.DOTALL)
_CODES = re.compile(r"""@code\s*=\s*(['"])([^'"]+)\1""")

_NOT_PUBLISHED = {("1.2.250.1.213.1.1.1.13", "60591-5"): "IPS-FR 2022.01"}
"""Models that share the templateId of another and have no schema of their own: found by the code of the document."""

_SURE = frozenset({("1.2.250.1.213.1.1.1.13", "2023.01")})
"""Extensions that one model alone has: its documents follow it whatever their code, which is then a fault of theirs."""

_OLDER = {("1.2.250.1.213.1.1.1.13", "201310"): "2022.01"}
"""Extensions of before versions had numbers, and the version that they are today (CI-SIS VSM 1.4)."""


@dataclass(frozen=True, slots=True)
class Model:
    """One document model: the schema, its version, the templateId that names it, the codes that its documents may have.

    `template` is empty when nothing says which it is: such a model is asked by its name only. `extension` is what the
    schema itself wants, else the version. `missing` are the includes that are not in the package: a model that lacks
    some cannot be asked, its silence would say nothing.
    """

    name: str
    version: str
    path: str
    template: str
    extension: str
    codes: tuple[str, ...]
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """The model of a document, or None and why; `note` also tells that a doubt is left.

    `others` are models of the same template that the document may follow as well: its templateId does not say which.
    """

    model: Model | None
    note: str = ""
    others: tuple[Model, ...] = ()


def read_model(path: str, trees: Iterable[etree._Element], missing: Iterable[str] = ()) -> Model:
    """Read what a model's schema and those it includes say of the documents it is for."""
    known = model_name(path)
    name, version = known or (path, "")
    templates: dict[str, str | None] = {}
    codes: list[str] = []
    for tree in trees:
        for rule in tree.iter(f"{_SCH}rule"):
            context = rule.get("context", "").strip()
            if not context.endswith("ClinicalDocument"):
                continue
            for one in rule.iter(f"{_SCH}assert"):
                test = one.get("test", "")
                for found in _TEMPLATE.finditer(test):
                    templates.setdefault(found["root"], found["extension"])
                code = _CODE.match(test)
                codes += [value for _, value in _CODES.findall(code["tests"])] if code else []
    template = _named_by(templates, name)
    extension = templates.get(template) or version
    return Model(name, version, path, template, extension, tuple(dict.fromkeys(codes)), tuple(missing))


def _named_by(templates: Iterable[str], name: str) -> str:
    """The templateId that tells a model from the others: the published one, else the most precise French one tested."""
    published = {one.template for one in document_types() if one.model == name and one.level != "1"}
    if len(published) == 1:
        return published.pop()
    own = [one for one in templates if one not in _HEADERS]
    french = [one for one in own if one.startswith(_FRENCH)]
    return max(french or own, key=len, default="")


def choose(document: CdaDocument, models: Iterable[Model]) -> Choice:
    """Choose the model of a document.

    An extension that is a version must be that of the model. An older form, or none, leaves every version possible, the
    oldest first.
    """
    templates = {
        one.get("root", ""): one.get("extension")
        for one in document.root.iterchildren(f"{{{CDA_NAMESPACE}}}templateId")
    }
    found = document.root.find(f"{{{CDA_NAMESPACE}}}code")
    code = "" if found is None else found.get("code", "")
    for (root, other), name in _NOT_PUBLISHED.items():
        if root in templates and code == other and (root, templates[root]) not in _SURE:
            return Choice(None, f"{root} with the code {code} is {name}, for which there is no schema")
    named = [one for one in models if one.template in templates]
    named = [one for one in named if one.template != _UNSTRUCTURED or code in one.codes]
    if not named:
        if _UNSTRUCTURED in templates:
            return Choice(None, "an unstructured document follows no model")
        return Choice(
            None, f"no model of the pack for {', '.join(sorted(set(templates) - _HEADERS)) or 'no templateId'}"
        )
    precise = max(len(one.template) for one in named)
    named = [one for one in named if len(one.template) == precise]
    return _of_version(named, templates[named[0].template])


def _of_version(named: list[Model], extension: str | None) -> Choice:
    extension = _OLDER.get((named[0].template, extension or ""), extension)
    exact = [one for one in named if extension is not None and extension in (one.extension, one.version)]
    if len(exact) == 1:
        return Choice(exact[0])
    if exact:
        return Choice(None, f"several models of version {extension}: {', '.join(one.path for one in exact)}")
    versions = sorted(one.version for one in named)
    if extension is not None and _VERSION.fullmatch(extension):
        return Choice(
            None, f"version {extension} of {named[0].name} is not in the pack, which has {', '.join(versions)}"
        )
    if len(named) == 1:
        return Choice(named[0])
    oldest, *others = sorted(named, key=lambda one: (one.version, one.path))
    said = f"the extension {extension}" if extension else "no extension"
    return Choice(oldest, f"{said}: it may be of {', '.join(versions)}", tuple(others))
