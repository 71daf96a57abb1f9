"""The body of a PATCH, in any of its three spellings, as the operations of a JSON Patch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gateway.wire.fhir.media_types import JSON_PATCH, XML_PATCH
from gateway.wire.fhir.request import FhirRequest
from security import xml
from security.strict_json import read_json
from xds.mhd import resource_patch


def read_patch(asked: FhirRequest, resource: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The operations; `resource` is what they are about, which some paths are read against.

    Raises MalformedMessage: neither JSON nor XML, whichever it says to be; BadPatch, ForeignPath (`resource_patch`).
    """
    if asked.media_type == JSON_PATCH:
        return resource_patch.of_json(read_json(asked.content), resource, lenient=asked.lenient)
    if asked.media_type == XML_PATCH:
        return resource_patch.of_xml(list(xml.parse(asked.content)))
    return resource_patch.of_fhirpath(asked.resource or {}, resource)
