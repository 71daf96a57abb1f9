"""A lot as a transaction of FHIR: what a vendor's software sends by ITI-65 (IHE MHD 4.2.4; PDSm 3.1.1).

The same `Submission` goes by SOAP and by FHIR: one lot, two spellings. Methods change one thing and put nothing right.
"""

from __future__ import annotations

import base64
import copy
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from samples.submission import Submission
from security.strict_json import read_json, write_json
from xds.metadata.association import RELATIONSHIPS, Association, AssociationType
from xds.metadata.document_entry import DocumentEntry
from xds.mhd.constants import COMPREHENSIVE_BUNDLE, OID, URI
from xds.mhd.document_reference import write_document_reference
from xds.mhd.moving import relation_codes
from xds.mhd.submission_list import write_submission_set

Json = dict[str, Any]
SUPERSEDED: Final[Json] = {
    "resourceType": "Parameters",
    "parameter": [
        {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "replace"},
                {"name": "path", "valueString": "DocumentReference.status"},
                {"name": "value", "valueCode": "superseded"},
            ],
        }
    ],
}
"""The patch of a document that is replaced."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirLot:
    """A Bundle to send; `addresses` maps the id of each object of the lot to its fullUrl."""

    resource: Json = field(repr=False)
    addresses: Mapping[str, str] = field(repr=False)

    def entries(self, kind: str) -> list[Json]:
        """The entries whose resource is of this type."""
        return [one for one in self.resource["entry"] if one["resource"]["resourceType"] == kind]

    def document(self, rank: int = 0) -> Json:
        """The DocumentReference at `rank`."""
        found: Json = self.entries("DocumentReference")[rank]["resource"]
        return found

    def changed(self, change: Callable[[FhirLot], object]) -> FhirLot:
        """Another lot, in which `change` changed something."""
        other = replace(self, resource=copy.deepcopy(self.resource))
        change(other)
        return other

    def without(self, kind: str, rank: int = 0) -> FhirLot:
        """Leave out the entry of this type at `rank`."""
        entry = self.entries(kind)[rank]
        kept = [one for one in self.resource["entry"] if one is not entry]
        return replace(self, resource={**self.resource, "entry": kept})


def write_lot(submission: Submission, *, profile: str = COMPREHENSIVE_BUNDLE, patches: bool = True) -> FhirLot:
    """The Bundle of a lot: the List, then each DocumentReference with its Binary, then a PATCH for what it replaces.

    `patches`: with the PATCH entries. The signature of the lot is one more document, which signs all others.
    """
    names = (submission.submission_set.entry_uuid, *(entry.entry_uuid for entry in submission.entries))
    addresses = {name: f"urn:uuid:{uuid.uuid4()}" for name in names}
    keeper = next(iter(submission.submission_set.authors), None)
    custodian = keeper.institutions[0] if keeper is not None and keeper.institutions else None
    items = [addresses[entry.entry_uuid] for entry in submission.entries]
    the_list = _without_ids(write_submission_set(submission.submission_set, items))
    written = [_entry(addresses[names[0]], the_list)]
    for entry in submission.entries:
        binary = f"urn:uuid:{uuid.uuid4()}"
        related = [(item.association_type, target) for item, target in _related(submission, entry, addresses)]
        resource = write_document_reference(entry, url=binary, relates_to=related, custodian=custodian)
        written.append(_entry(addresses[entry.entry_uuid], _without_ids(resource)))
        content = submission.contents.get(entry.entry_uuid)
        if content is not None:
            written.append(_entry(binary, _binary(resource, content)))
    replaced = [
        item.target
        for item in submission.associations
        if item.association_type in (AssociationType.RPLC, AssociationType.XFRM_RPLC)
    ]
    for target in replaced if patches else ():
        request = {"method": "PATCH", "url": f"DocumentReference/{target.removeprefix('urn:uuid:')}"}
        written.append({"fullUrl": f"urn:uuid:{uuid.uuid4()}", "resource": SUPERSEDED, "request": request})
    bundle = {
        "resourceType": "Bundle",
        "meta": {"profile": [profile]},
        "type": "transaction",
        "entry": written,
    }
    # What the writer shares between resources is no longer shared: a change changes one thing.
    return FhirLot(resource=read_json(write_json(bundle)), addresses=addresses)


def naming_by_unique_id(lot: FhirLot, unique_id: str) -> FhirLot:
    """The same lot, which names what it replaces by its uniqueId: its id is known to whoever read an answer only."""
    name = {"system": URI, "value": f"{OID}{unique_id}"}

    def rename(other: FhirLot) -> None:
        for entry in other.entries("DocumentReference"):
            for one in entry["resource"].get("relatesTo", ()):
                if one["code"] == "replaces":
                    one["target"] = {"identifier": name}
        for entry in other.entries("Parameters"):
            entry["request"]["url"] = f"DocumentReference?identifier={name['system']}|{name['value']}"

    return lot.changed(rename)


def simplified(entry: DocumentEntry, content: bytes) -> Json:
    """One document inside its resource, with nothing that its header says too: what ITI-105 takes."""
    whole = write_document_reference(entry)
    attachment = whole["content"][0]["attachment"]
    kept = {name: attachment[name] for name in ("contentType", "title") if name in attachment}
    kept["data"] = base64.b64encode(content).decode("ascii")
    profile = COMPREHENSIVE_BUNDLE.replace("pdsm-comprehensive-provide-document-bundle", "pdsm-simplified-publish")
    resource = {name: whole[name] for name in ("resourceType", "masterIdentifier", "status", "type", "subject", "date")}
    return {**resource, "meta": {"profile": [profile]}, "content": [{"attachment": kept}]}


def _related(
    submission: Submission, entry: DocumentEntry, addresses: Mapping[str, str]
) -> list[tuple[Association, str]]:
    """What starts from a document. A signature of the lot signs every other document: a List is no document."""
    found: list[tuple[Association, str]] = []
    for item in submission.associations:
        if item.source != entry.entry_uuid or item.association_type not in RELATIONSHIPS:
            continue
        if not relation_codes(item.association_type):
            continue
        if item.association_type is AssociationType.SIGNS:
            others = [one.entry_uuid for one in submission.entries if one is not entry]
            found += [(item, addresses[name]) for name in others]
        else:
            target = addresses.get(item.target) or f"DocumentReference/{item.target.removeprefix('urn:uuid:')}"
            found.append((item, target))
    return found


def _entry(full_url: str, resource: Json) -> Json:
    request = {"method": "POST", "url": resource["resourceType"]}
    return {"fullUrl": full_url, "resource": resource, "request": request}


def _binary(document: Json, content: bytes) -> Json:
    media_type = document["content"][0]["attachment"]["contentType"]
    return {
        "resourceType": "Binary",
        "contentType": media_type,
        "data": base64.b64encode(content).decode("ascii"),
    }


def _without_ids(resource: Json) -> Json:
    """Symbolic ids of a lot that is not sent by SOAP name nothing: the registry gives its own."""
    kept = [one for one in resource.get("identifier", ()) if one.get("use") != "official" or _is_urn(one["value"])]
    resource = {name: value for name, value in resource.items() if name not in ("identifier", "id")}
    return {**resource, "identifier": kept} if kept else resource


def _is_urn(value: str) -> bool:
    return value.startswith("urn:uuid:")
