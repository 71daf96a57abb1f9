"""What must be there: elements that the profile requires, attributes that a registry cannot do without (O1)."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from profiles.fhir.elements import element_of
from profiles.fhir.requirements import requirements
from xds.errors import RegistryError, XdsErrorCode, disagreement
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.submission_set import SubmissionSet
from xds.mhd.element import Element

_STEP = re.compile(r"(\w+)(?:\[(\d+)\])?")


def check_profile(resource: Element, profile: str, without: Iterable[str] = ()) -> None:
    """Note each element that a resource of this profile lacks; `without`: paths that do not count this time."""
    kind = str(resource.content.get("resourceType", ""))
    for one in requirements(profile, kind):
        if one.path not in without and _at(resource.content, one.path) in (None, "", [], {}):
            expected = f"{one.path.rpartition('.')[2]}, which the profile ({profile}) requires"
            resource.notes.deviation(one.deviation, resource.at(one.path), "nothing", expected)


def missing(request: ProvideAndRegisterRequest, places: Mapping[str, str]) -> Iterator[RegistryError]:
    """What a registry requires of every submission and is not there (ITI TF-3 §4.3.1), at its FHIRPath."""
    told = sorted({error.location for error in request.errors})
    objects: list[tuple[str, str, Iterable[tuple[str, object]]]] = [
        ("ExtrinsicObject", entry.entry_uuid, _of_entry(entry)) for entry in request.entries
    ]
    if request.submission_set is not None:
        identifier = request.submission_set.entry_uuid
        objects.append(("RegistryPackage", identifier, _of_set(request.submission_set)))
    for kind, identifier, attributes in objects:
        base = places.get(identifier, "")
        for attribute, value in attributes:
            path = ".".join(part for part in (base, element_of(kind, attribute)) if part)
            if not value and not _has_prefix(told, path):
                yield disagreement("O1", path, "nothing", f"the required attribute {attribute}")
    if request.submission_set is None and not request.errors:
        code = XdsErrorCode.REGISTRY_METADATA
        yield disagreement("M2", "Bundle", "no List of a SubmissionSet", "exactly one", code)


def _has_prefix(texts: Sequence[str], prefix: str) -> bool:
    """Whether one of some sorted texts begins so."""
    first = bisect_left(texts, prefix)
    return first < len(texts) and texts[first].startswith(prefix)


def _of_entry(entry: DocumentEntry) -> Iterable[tuple[str, object]]:
    return (
        ("uniqueId", entry.unique_id),
        ("patientId", entry.patient_id),
        ("sourcePatientId", entry.source_patient_id),
        ("@mimeType", entry.mime_type),
        ("languageCode", entry.language_code),
        ("creationTime", entry.creation_time),
        ("classCode", entry.class_code),
        ("typeCode", entry.type_code),
        ("formatCode", entry.format_code),
        ("healthcareFacilityTypeCode", entry.healthcare_facility_type_code),
        ("practiceSettingCode", entry.practice_setting_code),
        ("confidentialityCode", entry.confidentiality_codes),
    )


def _of_set(submission_set: SubmissionSet) -> Iterable[tuple[str, object]]:
    return (
        ("uniqueId", submission_set.unique_id),
        ("patientId", submission_set.patient_id),
        ("sourceId", submission_set.source_id),
        ("submissionTime", submission_set.submission_time),
        ("contentTypeCode", submission_set.content_type_code),
    )


def _at(content: Any, path: str) -> Any:
    """The value at a path; None when there is none."""
    for name, rank in _STEP.findall(path):
        content = content.get(name) if isinstance(content, Mapping) else None
        if rank:
            content = content[int(rank)] if isinstance(content, list) and len(content) > int(rank) else None
    return content
