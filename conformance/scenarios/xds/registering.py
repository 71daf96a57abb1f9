"""Register Document Set-b: what a registry accepts, and that it is found again (ITI TF-2 §3.42)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

from lxml import etree

from conformance.scenarios.bench import ELSEWHERE, Bench
from conformance.scenarios.model import Step, Table
from conformance.scenarios.steps import WARNED, accepted, counted, refused, same
from samples.client.objects import Kind
from samples.client.queries import APPROVED, DEPRECATED, QueryId
from samples.xds.codes import ADDITIONAL_INFORMATION
from samples.xds.documents import text_document
from samples.xds.entries import new_entry
from samples.xds.submission import new_submission, one_document
from xds.metadata.association import AssociationType

TABLE = Table("Document Registry", "ITI-42")
EXTRA = ("urn:example:ward", ("Ward 7", "Ward 8"))


@TABLE.row("R.01", "One document is registered and found, Approved", "11990")
def one(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient())
    yield accepted("register", bench.register(lot))
    answer = bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids)
    yield counted("find by uniqueId", answer, entries=1)
    entry = answer.found[0]
    yield same("its status", APPROVED, entry.status)
    yield same(
        "its id is a UUID, and its logicalID", (True, entry.id), (entry.id.startswith("urn:uuid:"), entry.logical_id)
    )
    yield same("its version", "1", entry.version)


@TABLE.row("R.02", "Two documents of one submission are registered", "11991")
def two(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient).add_document(patient)
    yield accepted("register", bench.register(lot))
    yield counted("find by uniqueId", bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids), entries=2)
    contents = bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, unique_id=lot.submission_set.unique_id)
    yield counted("the submission and its contents", contents, sets=1, entries=2, associations=2)


@TABLE.row("R.03", "Every attribute that was sent comes back")
def attributes(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient(), comments="Said aloud", uri="report.txt", legal_authenticator="D-12^Healer^Alex")
    lot = lot.with_entry(0, reference_ids=("A-1^^^&1.3.6.1.4.1.21367.13.20.9995&ISO^urn:ihe:iti:xds:2013:order",))
    yield accepted("register", bench.register(lot))
    answer = bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids)
    yield counted("find", answer, entries=1)
    sent, read = lot.entries[0], answer.document_entries[0]
    differing = [each.name for each in fields(sent) if getattr(sent, each.name) != getattr(read, each.name)]
    given = {"entry_uuid", "logical_id", "repository_unique_id", "home_community_id", "document_availability"}
    yield same("what differs from what was sent", (), tuple(name for name in differing if name not in given))


@TABLE.row("R.04", "A document is submitted again under the same uniqueId, with the same bytes", "12004")
def again(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient)
    yield accepted("register", bench.register(lot))
    yield accepted("register the same document again", bench.register(lot.again()))
    other = lot.again().with_entry(0, hash="0123456789abcdef0123456789abcdef01234567")
    yield refused("register other bytes under its uniqueId", bench.register(other), "XDSNonIdenticalHash")
    size = lot.again().with_entry(0, size=(lot.entries[0].size or 0) + 1)
    yield refused("register another size under its uniqueId", bench.register(size), "XDSNonIdenticalSize")
    yield counted("both are found", bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids), entries=2)


@TABLE.row("R.05", "A hash is the same in upper case", "11981")
def upper_case(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient())
    yield accepted("register", bench.register(lot))
    same_bytes = lot.again().with_entry(0, hash=(lot.entries[0].hash or "").upper())
    yield accepted("register again, hash in upper case", bench.register(same_bytes))


@TABLE.row("R.06", "A submission with a fault in one document leaves nothing of the other", "12084")
def all_or_nothing(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = one_document(patient).add_document(patient).in_repository(ELSEWHERE)
    answer = bench.ingest.register(lot.with_entry(1, repository_unique_id=None))
    yield refused("register with a fault in the second", answer, "XDSRegistryMetadataError")
    yield counted("nothing is found", bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids))
    sets = bench.query(QueryId.FIND_SUBMISSION_SETS, patient_id=patient.cx, status=(APPROVED, DEPRECATED))
    yield counted("no submission either", sets)


@TABLE.row("R.07", "Objects with UUIDs are not registered twice", "15806")
def resubmitted(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient()).assigned()
    yield accepted("register", bench.register(lot))
    yield counted("the UUID that was sent is its id", bench.documents(lot.entries[0].entry_uuid), entries=1)
    yield refused("register the same UUIDs again", bench.register(lot.again()), "XDSRegistryMetadataError")
    answer = bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids)
    yield counted("one is found", answer, entries=1)
    yield same("and is as it was", APPROVED, answer.found[0].status)


@TABLE.row("R.08", "Slots of its own are kept, or their loss is said, on every kind of object", "12379")
def extra_metadata(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient()).with_entry(0, extra=(EXTRA,)).with_submission_set(extra=(EXTRA,))
    lot = lot.with_association(0, extra=(EXTRA,))
    answer = bench.register(lot)
    yield accepted("register", answer)
    if "XDSExtraMetadataNotSaved" in answer.error_codes:
        yield same("their loss is a warning", WARNED, WARNED)
        return
    contents = bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, unique_id=lot.submission_set.unique_id)
    yield counted("the submission and its contents", contents, sets=1, entries=1, associations=1)
    for item in contents.found:
        yield same(f"the slot of the {item.kind}", EXTRA[1], item.slot(EXTRA[0]))


@TABLE.row("R.09", "A slot of its own may not use a name of IHE, nor a plain name")
def badly_named_slots(bench: Bench) -> Iterator[Step]:
    for name in ("urn:ihe:iti:xds:2099:ward", "ward"):
        lot = one_document(bench.patient(), extra=((name, ("7",)),))
        yield refused(f"register with the slot {name}", bench.register(lot), "XDSRegistryMetadataError")


@TABLE.row("R.10", "A submission may name a document that is registered already, even another patient's", "12326")
def by_reference(bench: Bench) -> Iterator[Step]:
    patient, other = bench.patient(), bench.patient()
    known = one_document(other).assigned()
    yield accepted("register a document", bench.register(known))
    lot = new_submission(patient).refer_to(known.entries[0].entry_uuid)
    yield accepted("register a submission that refers to it", bench.register(lot))
    sets = bench.query(QueryId.GET_SUBMISSION_SETS, uuid=known.entries[0].entry_uuid, return_type="ObjectRef")
    yield counted("both submissions and their memberships", sets, refs=4)


@TABLE.row("R.11", "The status of a submission is ignored, not refused")
def status_ignored(bench: Bench) -> Iterator[Step]:
    def deprecate(root: etree._Element) -> None:
        for entry in root.iter("{*}ExtrinsicObject"):
            entry.set("status", DEPRECATED)

    lot = one_document(bench.patient()).rewritten(deprecate)
    yield accepted("register an entry that calls itself Deprecated", bench.register(lot))
    answer = bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids)
    yield same("its status", (APPROVED,), tuple(item.status for item in answer.found))


@TABLE.row("R.12", "A document of no bytes is registered, to be assembled later")
def delayed_assembly(bench: Bench) -> Iterator[Step]:
    lot = one_document(bench.patient(), text_document(""))
    yield same("the hash of nothing", "da39a3ee5e6b4b0d3255bfef95601890afd80709", lot.entries[0].hash)
    yield accepted("register", bench.register(lot))
    yield counted("find", bench.query(QueryId.GET_DOCUMENTS, unique_id=lot.unique_ids), entries=1)


@TABLE.row("R.13", "The reason of a relationship is a code of the domain, and is kept", "12370")
def association_documentation(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    first = one_document(patient).assigned()
    yield accepted("register", bench.register(first))
    target = first.entries[0].entry_uuid
    unknown = replace(ADDITIONAL_INFORMATION, code="Because")
    lot = one_document(patient)
    bad = lot.relate(AssociationType.RPLC, "Document01", target, unknown)
    yield refused("replace it for a reason nobody knows", bench.register(bad), "XDSRegistryMetadataError")
    good = lot.relate(AssociationType.RPLC, "Document01", target, ADDITIONAL_INFORMATION).assigned()
    yield accepted("replace it for a reason of the domain", bench.register(good))
    found = bench.query(QueryId.GET_ASSOCIATIONS, uuid=target).of_kind(Kind.ASSOCIATION)
    reasons = tuple(code for item in found for code in item.codes("urn:uuid:abd807a3-4432-4053-87b4-fd82c643d1f3"))
    yield same("the reason comes back", (ADDITIONAL_INFORMATION.code,), reasons)


@TABLE.row("R.14", "Labels of packages may stand beside them; names of code lists are ignored")
def top_level_labels(bench: Bench) -> Iterator[Step]:
    def move_out(root: etree._Element) -> None:
        for package in root.findall("{*}RegistryObjectList/{*}RegistryPackage"):
            label = next(item for item in package.iterfind("{*}Classification") if item.get("classificationNode"))
            root[0].append(label)

    lot = one_document(bench.patient()).rewritten(move_out)
    yield accepted("register", bench.register(lot))
    contents = bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, unique_id=lot.submission_set.unique_id)
    yield counted("the submission has its label inside", contents, sets=1, entries=1, associations=1)


@TABLE.row("R.15", "Symbolic ids are any text, and become UUIDs everywhere")
def symbolic_ids(bench: Bench) -> Iterator[Step]:
    patient = bench.patient()
    lot = new_submission(patient).add_entry(new_entry(patient))
    lot = lot.with_entry(0, entry_uuid="id_1").with_association(0, target="id_1", entry_uuid="the one")
    yield accepted("register", bench.register(lot))
    contents = bench.query(QueryId.GET_SUBMISSION_SET_AND_CONTENTS, unique_id=lot.submission_set.unique_id)
    yield counted("found", contents, sets=1, entries=1, associations=1)
    link = contents.of_kind(Kind.ASSOCIATION)[0]
    ends = (contents.of_kind(Kind.SUBMISSION_SET)[0].id, contents.of_kind(Kind.ENTRY)[0].id)
    yield same("the association joins their UUIDs", ends, (link.source, link.target))
