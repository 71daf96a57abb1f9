"""What registry objects are made of: slots, texts, codes, authors, identifiers (ITI TF-3 §4.2.3.1).

Each function returns XML text, empty when there is nothing to tell.
"""

from __future__ import annotations

import hashlib

from xds.ebrim import constants as c
from xds.ebrim.escaping import escape
from xds.metadata.author import Author
from xds.metadata.codes import Code

_EMPTY = '<rim:Slot name="{}"><rim:ValueList/></rim:Slot>'
_CLASSIFICATION_TYPE = f'objectType="{c.OBJECT_TYPE}Classification"'
_IDENTIFIER_TYPE = f'objectType="{c.OBJECT_TYPE}ExternalIdentifier"'


class Ids:
    """Ids of the parts of one object, in the order they are written: the same object gives the same ids."""

    __slots__ = ("_count", "_real", "_seed", "parent")

    def __init__(self, parent: str) -> None:
        self.parent = escape(parent)
        self._real = parent.startswith("urn:uuid:")
        self._seed = hashlib.sha1(parent.encode("utf-8", "replace"), usedforsecurity=False)
        self._count = 0

    def next(self) -> str:
        self._count += 1
        if not self._real:
            return f"{self.parent}.part{self._count}"
        digest = self._seed.copy()
        digest.update(b"#%d" % self._count)
        text = digest.hexdigest()
        # Name-based UUID, version 5, variant 10x (RFC 4122 §4.3).
        variant = "89ab"[int(text[16], 16) & 3]
        return f"urn:uuid:{text[:8]}-{text[8:12]}-5{text[13:16]}-{variant}{text[17:20]}-{text[20:32]}"


def home_attribute(community: str | None) -> str:
    return f' home="{escape(community)}"' if community else ""


def slot(name: str, value: str | None) -> str:
    if not value:
        return ""
    return f'<rim:Slot name="{name}"><rim:ValueList><rim:Value>{escape(value)}</rim:Value></rim:ValueList></rim:Slot>'


def slots(name: str, values: tuple[str, ...]) -> str:
    if not values:
        return ""
    texts = "</rim:Value><rim:Value>".join([escape(value) for value in values])
    return f'<rim:Slot name="{name}"><rim:ValueList><rim:Value>{texts}</rim:Value></rim:ValueList></rim:Slot>'


def extra_slots(extra: tuple[tuple[str, tuple[str, ...]], ...]) -> str:
    return "".join([slots(escape(name), values) or _EMPTY.format(escape(name)) for name, values in extra])


def text(element: str, value: str | None) -> str:
    return f'<rim:{element}><rim:LocalizedString value="{escape(value)}"/></rim:{element}>' if value else ""


def code_part(ids: Ids, scheme: str, code: Code | None) -> str:
    if code is None:
        return ""
    return (
        f'<rim:Classification id="{ids.next()}" classificationScheme="{scheme}" classifiedObject="{ids.parent}"'
        f' nodeRepresentation="{escape(code.code)}" {_CLASSIFICATION_TYPE}>{slot("codingScheme", code.scheme)}'
        f"{text('Name', code.display)}</rim:Classification>"
    )


def code_parts(ids: Ids, scheme: str, codes: tuple[Code, ...]) -> str:
    return "".join([code_part(ids, scheme, code) for code in codes])


def author_parts(ids: Ids, scheme: str, authors: tuple[Author, ...]) -> str:
    return "".join(
        [
            f'<rim:Classification id="{ids.next()}" classificationScheme="{scheme}" classifiedObject="{ids.parent}"'
            f' nodeRepresentation="" {_CLASSIFICATION_TYPE}>{slot("authorPerson", author.person)}'
            f"{slots('authorInstitution', author.institutions)}{slots('authorRole', author.roles)}"
            f"{slots('authorSpecialty', author.specialties)}"
            f"{slots('authorTelecommunication', author.telecommunications)}</rim:Classification>"
            for author in authors
        ]
    )


def mark(ids: Ids, node: str) -> str:
    return (
        f'<rim:Classification id="{ids.next()}" classifiedObject="{ids.parent}"'
        f' classificationNode="{node}" {_CLASSIFICATION_TYPE}/>'
    )


def identifier_part(ids: Ids, scheme: str, value: str) -> str:
    if not value:
        return ""
    return (
        f'<rim:ExternalIdentifier id="{ids.next()}" identificationScheme="{scheme}" registryObject="{ids.parent}"'
        f' value="{escape(value)}" {_IDENTIFIER_TYPE}>{text("Name", c.IDENTIFIER_NAMES[scheme])}'
        "</rim:ExternalIdentifier>"
    )
