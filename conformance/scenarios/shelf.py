"""What stands in the registry for the scenarios of queries: objects that differ in what queries tell apart.

One patient has six documents in five submissions, two folders, fifteen associations:

- `D1` alone in `S1`;
- `D2` in folder `F1`, both in `S2`;
- `D3`, `D4` in folder `F2`, all in `S3`;
- `D5` in `S4`, replaced by `D6` in `S5`: `D5` is deprecated.

Another patient has `X1` in folder `XF`, both in `XS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from samples.xds import codes
from samples.xds.entries import HEALER
from samples.xds.patients import DomainPatient
from samples.xds.submission import XdsSubmission, folder_of, new_submission, one_document
from xds.metadata.association import AssociationType
from xds.metadata.author import Author

REFERENCE_ID = "ORDER-1^^^&1.3.6.1.4.1.21367.13.20.9995&ISO^urn:ihe:iti:xds:2013:order"
OTHER_REFERENCE_ID = "ORDER-2^^^&1.3.6.1.4.1.21367.13.20.9995&ISO^urn:ihe:iti:xds:2013:order"
WRITER = Author(person="D-13^Writer^Kim^^^Dr^^^&1.3.6.1.4.1.21367.13.20.9998&ISO")
SOURCE_SENT = "20050601120000"


@dataclass(frozen=True, slots=True)
class Shelf:
    """`ids` and `unique_ids` are by name; an association is named `source>target`."""

    patient: DomainPatient
    other: DomainPatient
    lots: tuple[XdsSubmission, ...]
    ids: Mapping[str, str]
    unique_ids: Mapping[str, str]

    def name_of(self, identifier: str) -> str:
        """The name of an object, or its id when it is none of the shelf."""
        return next((name for name, known in self.ids.items() if known == identifier), identifier)


def build_shelf(patient: DomainPatient, other: DomainPatient) -> Shelf:
    """Make the submissions, in the order in which they are registered, every id assigned beforehand."""
    sent = {"submission_time": SOURCE_SENT}
    s1 = new_submission(patient, **sent).add_document(
        patient,
        creation_time="20040101093000",
        service_start_time="20031231",
        service_stop_time="20040101",
        event_codes=(codes.FIRST_EVENT, codes.SECOND_EVENT),
        reference_ids=(REFERENCE_ID, OTHER_REFERENCE_ID),
        authors=(HEALER, WRITER),
    )
    s2 = (
        folder_of(patient)
        .with_submission_set(**sent)
        .with_entry(
            0,
            class_code=codes.SUMMARIES,
            type_code=codes.DISCHARGE_SUMMARY,
            practice_setting_code=codes.GENERAL_MEDICINE,
            healthcare_facility_type_code=codes.NURSING_HOME,
            confidentiality_codes=(codes.RESTRICTED,),
            format_code=codes.SUMMARY,
            event_codes=(codes.FIRST_EVENT,),
            creation_time="20050101085600",
            service_start_time=None,
            service_stop_time=None,
            reference_ids=(REFERENCE_ID,),
        )
    )
    s3 = (
        folder_of(patient, 2)
        .with_submission_set(**sent)
        .with_folder(0, codes=(codes.ALLERGY_TREATMENTS,))
        .with_entry(0, class_code=codes.IMAGES, creation_time="20060101", event_codes=(codes.SECOND_EVENT,))
        .with_entry(1, confidentiality_codes=(codes.VERY_RESTRICTED,), format_code=codes.PDF, creation_time="2007")
    )
    s4 = one_document(patient, creation_time="20080101").with_submission_set(**sent).assigned()
    s5 = one_document(patient, creation_time="20080102").with_submission_set(**sent)
    s5 = s5.relate(AssociationType.RPLC, "Document01", s4.entries[0].entry_uuid)
    xs = folder_of(other).with_submission_set(**sent)
    lots = (s1.assigned(), s2.assigned(), s3.assigned(), s4, s5.assigned(), xs.assigned())
    names = (("S1", "D1"), ("S2", "D2", "F1"), ("S3", "D3", "D4", "F2"), ("S4", "D5"), ("S5", "D6"), ("XS", "X1", "XF"))
    ids: dict[str, str] = {}
    unique_ids: dict[str, str] = {}
    for lot, given in zip(lots, names, strict=True):
        objects: tuple[Any, ...] = (lot.submission_set, *lot.entries, *lot.folders)
        for name, item in zip(given, objects, strict=True):
            ids[name], unique_ids[name] = item.entry_uuid, item.unique_id
    for lot in lots:
        for item in lot.associations:
            ends = [
                next((name for name, known in ids.items() if known == end), end) for end in (item.source, item.target)
            ]
            ids[">".join(ends)] = item.entry_uuid
    return Shelf(patient, other, lots, ids, unique_ids)
