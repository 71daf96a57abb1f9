"""Update Document Set: new versions of documents (ITI TF-2 §3.57.4.1.3.3.1)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lxml import etree

from conformance.scenarios.bench import ELSEWHERE, Bench
from conformance.scenarios.model import Play, Step, Table
from conformance.scenarios.steps import accepted, counted, refused, same
from conformance.scenarios.xds.lifecycle import status_is
from samples.client.queries import APPROVED, DEPRECATED, QueryId
from samples.xds import codes
from samples.xds.documents import text_document
from samples.xds.entries import HEALER
from samples.xds.patients import DomainPatient
from samples.xds.submission import XdsSubmission, new_submission, one_document
from samples.xds.updates import update_entry
from xds.metadata.author import Author

TABLE = Table("Document Registry", "ITI-57")
VERSION = "XDSMetadataVersionError"


def registered(bench: Bench, patient: DomainPatient, **changes: Any) -> tuple[XdsSubmission, Step]:
    """One document, registered by ITI-42 with an id assigned beforehand."""
    lot = one_document(patient, **changes).assigned().in_repository(ELSEWHERE)
    return lot, accepted("register", bench.register(lot))


def versions(bench: Bench, lot: XdsSubmission, expected: tuple[str, ...]) -> Step:
    """The versions of the document of a lot, each with its status."""
    answer = bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids)
    got = sorted(f"{item.version} {item.status.rpartition(':')[2]}" for item in answer.found)
    return same("its versions", expected, tuple(got))


@TABLE.row("U.01", "An entry is updated: a new version, Approved, the old one Deprecated", "15800")
def update(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot, step = registered(bench, patient)
    yield step
    yield accepted("update", bench.update(update_entry(new_submission(patient), lot.entries[0], title="Corrected")))
    answer = bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids)
    yield counted("both versions are found", answer, entries=2)
    old, new = sorted(answer.found, key=lambda item: item.version)
    first = lot.entries[0].entry_uuid
    yield same("logicalId of both", (first, first), (old.logical_id, new.logical_id))
    yield same("the old one: id, version, status", (first, "1", DEPRECATED), (old.id, old.version, old.status))
    yield same("the new one: version, status", ("2", APPROVED), (new.version, new.status))
    yield same("another id", True, new.id not in ("", first))
    yield same("its title", "Corrected", new.text("Name"))


ATTRIBUTES: Mapping[str, Mapping[str, Any]] = {
    "author": {"authors": (HEALER, Author(person="^Second^Opinion"))},
    "extra metadata": {"extra": (("urn:example:ward", ("7",)),)},
    "classCode": {"class_code": codes.SUMMARIES},
    "comments": {"comments": "Read twice"},
    "confidentialityCode": {"confidentiality_codes": (codes.RESTRICTED,)},
    "creationTime": {"creation_time": "20200101"},
    "eventCodeList": {"event_codes": (codes.FIRST_EVENT,)},
    "formatCode": {"format_code": codes.PDF},
    "hash": {"hash": "0123456789abcdef0123456789abcdef01234567"},
    "healthcareFacilityTypeCode": {"healthcare_facility_type_code": codes.NURSING_HOME},
    "languageCode": {"language_code": "fr-FR"},
    "legalAuthenticator": {"legal_authenticator": "D-14^Signer^Sam"},
    "mimeType": {"mime_type": "application/pdf"},
    "practiceSettingCode": {"practice_setting_code": codes.GENERAL_MEDICINE},
    "serviceStartTime": {"service_start_time": "20240101"},
    "serviceStopTime": {"service_stop_time": "20250101"},
    "size": {"size": 12345},
    "sourcePatientInfo": {"source_patient_info": ("PID-5|Other^Name^^^",)},
    "title": {"title": "Another title"},
    "typeCode": {"type_code": codes.DISCHARGE_SUMMARY},
    "URI": {"uri": "other.txt"},
    "referenceIdList": {"reference_ids": ("A-2^^^&1.3.6.1.4.1.21367.13.20.9995&ISO^urn:ihe:iti:xds:2013:order",)},
}


def _attribute(changes: Mapping[str, Any]) -> Play:
    def play(bench: Bench) -> Iterator[Step]:
        patient = bench.patient()
        lot, step = registered(bench, patient)
        yield step
        yield accepted("update", bench.update(update_entry(new_submission(patient), lot.entries[0], **changes)))
        found = bench.query(QueryId.FIND_DOCUMENTS, patient_id=patient.cx, status=APPROVED)
        yield counted("the new version is found", found, entries=1)
        read = found.document_entries[0]
        for name, value in changes.items():
            got = getattr(read, name)
            yield same("its value", repr(value), repr(got.lower() if name == "hash" else got))

    return play


for _rank, (_name, _changes) in enumerate(ATTRIBUTES.items(), start=1):
    TABLE.add(f"U.A{_rank:02}", f"An update changes {_name}", ("15801",), _attribute(_changes))


def refusal(spoil: Callable[[XdsSubmission, DomainPatient], XdsSubmission], *expected: str) -> Play:
    """Play an update of one registered document that is refused and leaves it as it was."""

    def play(bench: Bench) -> Iterator[Step]:
        patient = bench.patient()
        lot, step = registered(bench, patient)
        yield step
        yield refused("update", bench.update(spoil(lot, patient)), *expected)
        yield versions(bench, lot, ("1 Approved",))

    return play


def slots(name: str, value: str | None, *, target: str = "Association01") -> Callable[[etree._Element], None]:
    """Put a slot in an association, in the place of the one of its name; None takes it away."""

    def rewrite(root: etree._Element) -> None:
        for association in root.iterfind(f".//{{*}}Association[@id='{target}']"):
            for slot in association.findall(f"{{*}}Slot[@name='{name}']"):
                association.remove(slot)
            if value is not None:
                space = etree.QName(association).namespace
                slot = etree.Element(f"{{{space}}}Slot", name=name)
                values = etree.SubElement(slot, f"{{{space}}}ValueList")
                etree.SubElement(values, f"{{{space}}}Value").text = value
                association.insert(0, slot)

    return rewrite


def updated(lot: XdsSubmission, patient: DomainPatient, **changes: Any) -> XdsSubmission:
    """An update of the document of a lot."""
    return update_entry(new_submission(patient), lot.entries[0], **changes)


def _twice(lot: XdsSubmission, patient: DomainPatient) -> XdsSubmission:
    return update_entry(updated(lot, patient, title="One"), lot.entries[0], title="Two")


def _unheard_of(lot: XdsSubmission, patient: DomainPatient) -> XdsSubmission:
    return updated(lot, patient, logical_id="urn:uuid:00000000-0000-4000-8000-000000000001")


REFUSED: tuple[tuple[str, str, tuple[str, ...], Callable[[XdsSubmission, DomainPatient], XdsSubmission]], ...] = (
    ("of a logicalId that nobody registered", "15800b", (VERSION,), _unheard_of),
    ("that is a first version", "15800c", (), lambda _, patient: one_document(patient)),
    (
        "that is not a whole entry",
        "15800d",
        ("XDSRegistryMetadataError",),
        lambda lot, patient: updated(lot, patient, class_code=None),
    ),
    (
        "of a version that is not the last",
        "15800e",
        (VERSION,),
        lambda lot, patient: updated(lot, patient, previous_version="2"),
    ),
    (
        "whose PreviousVersion is no number",
        "20002b",
        (),
        lambda lot, patient: updated(lot, patient, previous_version="no"),
    ),
    (
        "without PreviousVersion",
        "20002b",
        (),
        lambda lot, patient: updated(lot, patient).rewritten(slots("PreviousVersion", None)),
    ),
    (
        "without SubmissionSetStatus",
        "20002b",
        (),
        lambda lot, patient: updated(lot, patient).rewritten(slots("SubmissionSetStatus", None)),
    ),
    (
        "whose SubmissionSetStatus is Reference",
        "20002b",
        (),
        lambda lot, patient: updated(lot, patient).rewritten(slots("SubmissionSetStatus", "Reference")),
    ),
    (
        "whose AssociationPropagation is neither yes nor no",
        "20002b",
        (),
        lambda lot, patient: updated(lot, patient, association_propagation="maybe"),
    ),
    (
        "with a slot that belongs to a status, instead of PreviousVersion",
        "20002b",
        (),
        lambda lot, patient: (
            updated(lot, patient).rewritten(slots("PreviousVersion", None)).rewritten(slots("OriginalStatus", APPROVED))
        ),
    ),
    ("twice of one document", "20007", (), _twice),
    ("that gives another uniqueId", "", (), lambda lot, patient: updated(lot, patient, unique_id="2.25.99")),
)
for _rank, (_title, _test, _codes, _spoil) in enumerate(REFUSED, start=1):
    TABLE.add(f"U.R{_rank:02}", f"An update is refused: {_title}", (_test,) if _test else (), refusal(_spoil, *_codes))


@TABLE.row("U.05", "A document changes patient; both versions together only as references", "21002")
def other_patient(bench: Bench) -> Iterator[Step]:
    patient, other = bench.patient(), bench.patient()
    lot, step = registered(bench, patient)
    yield step
    moved = update_entry(new_submission(other), lot.entries[0], patient_id=other.cx, association_propagation="no")
    yield accepted("update, of another patient", bench.update(moved))
    lid = lot.entries[0].entry_uuid
    everything: dict[str, Any] = {"logical_id": lid, "metadata_level": 2}
    yield refused("both as objects", bench.query(QueryId.GET_DOCUMENTS, **everything), "XDSResultNotSinglePatient")
    references = bench.query(QueryId.GET_DOCUMENTS, return_type="ObjectRef", **everything)
    yield counted("both as references", references, refs=2)
    yield status_is(bench, "the first", lid, DEPRECATED)
    found = bench.query(QueryId.FIND_DOCUMENTS, patient_id=other.cx, status=APPROVED)
    yield same("the other patient's", ((lid, "2"),), tuple((item.logical_id, item.version) for item in found.found))


@TABLE.row("U.06", "A third version follows the second, and retrieval by uniqueId gives the document")
def third(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient, text_document()).assigned()
    yield accepted("provide", bench.provide(lot))
    held = lot.in_repository(bench.repository_unique_id)
    for version in ("1", "2"):
        order = updated(held, patient, title=f"After {version}", previous_version=version)
        yield accepted(f"update version {version}", bench.update(order))
    yield versions(bench, lot, ("1 Deprecated", "2 Deprecated", "3 Approved"))
    answer = bench.retrieve(*lot.unique_ids)
    yield same("its bytes", tuple(lot.contents.values()), tuple(item.content for item in answer.documents))


@TABLE.row("U.08", "A document goes offline, and is found as such")
def offline(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot, step = registered(bench, patient)
    yield step
    states = {name: f"urn:ihe:iti:2010:DocumentAvailability:{name}" for name in ("Online", "Offline")}
    order = updated(lot, patient, document_availability=states["Offline"])
    yield accepted("update", bench.update(order))
    for name, count in (("Online", 0), ("Offline", 1)):
        found = bench.query(
            QueryId.FIND_DOCUMENTS, patient_id=patient.cx, status=APPROVED, document_availability=states[name]
        )
        yield counted(f"those that are {name}", found, entries=count)
