"""`relatesTo` as associations (ITI TF-3 §4.2.2; IHE MHD 4.2.4 §3:4.5.1.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from xds.metadata.association import Association, AssociationType
from xds.metadata.symbolic import UUID_URN
from xds.mhd.constants import OID, RELATIONS
from xds.mhd.document_reference_reader import ReadDocument, Relation
from xds.mhd.notes import Notes

_TYPES: Final = {code: kind for kind, code in RELATIONS.items()}
_LITERAL = re.compile(r"(?:https?://[^?#]+/)?DocumentReference/([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})")


def read_associations(
    document: ReadDocument, ids: Mapping[str, str], notes: Notes, new_uuid: Callable[[], str]
) -> Iterator[tuple[Association, str]]:
    """The associations that start from a document, each with the FHIRPath it stands at.

    `ids` maps a fullUrl to the id of what it spells. What is not of the message stays a `urn:uuid:` or a `urn:oid:` (a
    uniqueId), for whoever knows what is registered. Replaces and transforms of one target are one association.
    """
    for codes, relation in _joined(document.relations):
        kind = AssociationType.XFRM_RPLC if len(codes) > 1 else _TYPES.get(codes[0])
        if kind is None:
            notes.fault("A1", f"{relation.path}.code", relation.code, " or ".join(_TYPES))
            continue
        association = Association(
            entry_uuid=new_uuid(),
            association_type=kind,
            source=document.entry.entry_uuid,
            target=ids.get(relation.target) or target_of(relation.target),
        )
        yield association, relation.path


def target_of(reference: str) -> str:
    """The `urn:uuid:` of a literal reference to a DocumentReference; anything else stays."""
    found = _LITERAL.fullmatch(reference)
    return f"{UUID_URN}{found[1].lower()}" if found is not None else reference


def is_registered(target: str) -> bool:
    """Whether a target may be one that is registered: by a UUID, or by a uniqueId."""
    return target.startswith((UUID_URN, OID))


def _joined(relations: Iterable[Relation]) -> Iterator[tuple[tuple[str, ...], Relation]]:
    both = {"replaces", "transforms"}
    codes: dict[str, list[str]] = {}
    for relation in relations:
        codes.setdefault(relation.target, []).append(relation.code)
    for relation in relations:
        if both <= set(codes[relation.target]) and relation.code in both:
            if relation.code == "replaces":
                yield ("replaces", "transforms"), relation
        else:
            yield (relation.code,), relation
