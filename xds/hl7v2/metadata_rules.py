"""The metadata OBX: which, in which order, with which values (CI-SIS HL7 v2 2.1, table MetaDMPMSS)."""

from __future__ import annotations

from collections.abc import Iterable

from profiles.hl7v2.tables import metadata
from xds.hl7v2.document_reading import Observations
from xds.hl7v2.faults import Fault
from xds.hl7v2.findings import broken

_CODED = {"ORU": "CE", "MDM": "CWE"}


def check_metadata(observations: Observations, message_code: str) -> Iterable[Fault]:
    """Everything wrong with the metadata OBX."""
    documents, said = observations.documents, observations.metadata
    known = {row.code: row for row in metadata()}
    highest, last_document = 0, documents[-1].number if documents else 0
    found = set()
    for obx in said:
        code = obx.text(3)
        found.add(code)
        row = known.get(code)
        if row is None:
            yield broken("H-35", obx.location(3), found=code)
            continue
        if row.position <= highest or obx.number < last_document:
            yield broken("H-34", obx.location(3), found=row.code)
        highest = max(highest, row.position)
        wanted = _CODED[message_code] if row.value_type == "coded" else row.value_type
        if obx.text(2) != wanted:
            yield broken("H-37", obx.location(2), found=obx.text(2), expected=wanted)
        if row.value_type == "coded" and obx.text(5) not in ("Y", "N"):
            yield broken("H-36", obx.location(5), found=obx.text(5), expected="Y, N")
        # An empty OBX-11 is missed by HL7 itself.
        if obx.text(11) not in ("", "F"):
            yield broken("H-38", obx.location(11), found=obx.text(11), expected="F")
    for row in metadata():
        if row.required and row.code not in found:
            yield broken("H-33", f"OBX^{max(len(documents), 1) + row.position}^3", expected=row.code)
