"""What moves in a DocumentReference while its metadata stay, put to what lasts (IHE MHD 4.2.4 §3:4.5.1.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from xds.metadata.association import AssociationType
from xds.metadata.document_entry import AvailabilityStatus
from xds.mhd import constants as c
from xds.mhd.identifiers import write_uri
from xds.mhd.values import flag_extension

Json = dict[str, Any]
_UUID: Final = "urn:uuid:"


class IdPolicy(StrEnum):
    """What `DocumentReference.id` is: the logicalID, which never changes, or the entryUUID of the current version."""

    LID = "lid"
    ENTRY_UUID = "entryuuid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """What a resource says that moves while the metadata of its entry stay as they are.

    `url` is where its document is fetched. `relates_to` are associations that start from it, each with a literal
    reference. `last_updated` needs a zone.
    """

    entry_uuid: str
    logical_id: str | None
    version: int
    status: AvailabilityStatus
    url: str | None = None
    relates_to: Iterable[tuple[AssociationType, str]] = ()
    last_updated: datetime | None = None
    id_policy: IdPolicy = IdPolicy.LID

    @property
    def resource_id(self) -> str:
        """The id of the resource: a UUID without its urn; a symbolic id gives none."""
        chosen = self.entry_uuid if self.id_policy is IdPolicy.ENTRY_UUID else self.logical_id or self.entry_uuid
        return chosen.removeprefix(_UUID) if chosen.startswith(_UUID) else ""


def complete(lasting: Json, moving: Moving) -> Json:
    """The whole resource; what lasts is used up by it."""
    identifier = moving.resource_id
    resource: Json = {"resourceType": "DocumentReference", **({"id": identifier} if identifier else {})}
    resource["meta"] = _meta(moving)
    resource |= lasting
    resource["identifier"] = [write_uri(moving.entry_uuid, "official")]
    if moving.logical_id:
        resource["identifier"].append(write_uri(moving.logical_id, "secondary"))
    resource["status"] = c.STATUS_TO_FHIR[moving.status]
    if moving.status is AvailabilityStatus.ARCHIVED:
        resource["extension"] = [flag_extension(c.IS_ARCHIVED), *resource.get("extension", ())]
    related = list(_relations(moving.relates_to))
    if related:
        resource["relatesTo"] = related
    if moving.url:
        resource["content"][0]["attachment"]["url"] = moving.url
    return resource


def relation_codes(association_type: AssociationType) -> tuple[str, ...]:
    """The codes of `relatesTo` for an association; empty: FHIR R4 has none for it."""
    if association_type is AssociationType.XFRM_RPLC:
        return ("replaces", "transforms")
    code = c.RELATIONS.get(association_type)
    return (code,) if code is not None else ()


def _meta(moving: Moving) -> Json:
    meta: Json = {"versionId": str(moving.version)}
    if moving.last_updated is not None:
        changed = moving.last_updated.astimezone(UTC).isoformat(timespec="milliseconds")
        meta["lastUpdated"] = changed.replace("+00:00", "Z")
    meta["profile"] = [c.COMPREHENSIVE_DOCUMENT]
    return meta


def _relations(relates_to: Iterable[tuple[AssociationType, str]]) -> Iterable[Json]:
    for kind, target in relates_to:
        for code in relation_codes(kind):
            yield {"code": code, "target": {"reference": target}}
