"""Folder as a List, both ways (IHE MHD 4.2.4 §3:4.5.1.4; PDSm 3.1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xds.metadata.document_entry import AvailabilityStatus
from xds.metadata.folder import Folder
from xds.mhd import constants as c
from xds.mhd.document_reference import slot_extensions
from xds.mhd.document_reference_reader import read_slots
from xds.mhd.element import Element, Json
from xds.mhd.identifiers import write_cx, write_unique_id, write_uri
from xds.mhd.references import NOWHERE, References
from xds.mhd.subjects import read_subject
from xds.mhd.submission_list import (
    FOLDER,
    add_texts,
    finish_list,
    new_list,
    read_flag,
    read_ids,
    read_texts,
    with_items,
)
from xds.mhd.values import flag_extension, read_concept, read_time, text_extension, write_concept, write_time


def write_folder(folder: Folder, items: Iterable[str] = ()) -> Json:
    """The List of a Folder; `items` are literal references to its documents."""
    resource = new_list(FOLDER, c.COMPREHENSIVE_FOLDER, folder.entry_uuid)
    resource["meta"] = {"versionId": str(folder.version), **resource["meta"]}
    extensions = [{"url": c.DESIGNATION_TYPE, "valueCodeableConcept": write_concept(code)} for code in folder.codes]
    if folder.availability_status is AvailabilityStatus.ARCHIVED:
        extensions.append(flag_extension(c.IS_ARCHIVED))
    if folder.home_community_id is not None:
        extensions.append(text_extension(c.HOME, folder.home_community_id))
    if folder.limited_metadata:
        extensions.append(flag_extension(c.LIMITED))
    extensions += slot_extensions(folder.extra)
    resource["extension"] = extensions
    resource["identifier"] = [write_uri(folder.entry_uuid, "official")]
    if folder.logical_id:
        resource["identifier"].append(write_uri(folder.logical_id, "secondary"))
    if folder.unique_id:
        resource["identifier"].append({"use": "usual", **write_unique_id(folder.unique_id)})
    if folder.patient_id:
        resource["subject"] = {"identifier": write_cx(folder.patient_id)}
    write_time(resource, "date", folder.last_update_time)
    add_texts(resource, folder.title, folder.comments)
    status = {AvailabilityStatus.DEPRECATED: "retired", AvailabilityStatus.DELETED: "entered-in-error"}
    resource["status"] = status.get(folder.availability_status, "current")
    return with_items(resource, items)


def read_folder(resource: Element, *, entry_uuid: str = "", bundle: Mapping[str, Element] = NOWHERE) -> Folder:
    """Read a List that is a Folder."""
    references = References(resource, bundle)
    official, unique_id = read_ids(resource)
    logical = next((one.text("value") for one in resource.children("identifier") if one.text("use") == "secondary"), "")
    codes = [one.child("valueCodeableConcept") for one in resource.extensions(c.DESIGNATION_TYPE)]
    status = {"retired": AvailabilityStatus.DEPRECATED, "entered-in-error": AvailabilityStatus.DELETED}
    archived = read_flag(resource, c.IS_ARCHIVED)
    usual = AvailabilityStatus.ARCHIVED if archived else AvailabilityStatus.APPROVED
    title, comments = read_texts(resource)
    meta = resource.content.get("meta")
    version = str(meta.get("versionId", "1")) if isinstance(meta, dict) else "1"
    folder = Folder(
        entry_uuid=official or entry_uuid,
        logical_id=logical or None,
        unique_id=unique_id,
        patient_id=read_subject(resource, references),
        codes=tuple(code for code in (read_concept(one) for one in codes if one is not None) if code is not None),
        title=title,
        comments=comments,
        availability_status=status.get(resource.text("status"), usual),
        home_community_id=resource.extension_text(c.HOME) or None,
        last_update_time=read_time(resource, "date") or None,
        limited_metadata=read_flag(resource, c.LIMITED),
        version=int(version) if version.isascii() and version.isdigit() else 1,
        extra=read_slots(resource),
    )
    finish_list(resource, references)
    return folder
