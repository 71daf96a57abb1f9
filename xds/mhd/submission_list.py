"""SubmissionSet as a List, both ways (IHE MHD 4.2.4 §3:4.5.1.3; PDSm 3.1.1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from xds.metadata.author import Author
from xds.metadata.datatypes import parse_recipient
from xds.metadata.submission_set import SubmissionSet
from xds.mhd import constants as c
from xds.mhd.authors import read_author, read_structure, write_author
from xds.mhd.document_reference import slot_extensions
from xds.mhd.document_reference_reader import read_slots
from xds.mhd.element import Element, Json
from xds.mhd.identifiers import read_unique_id, write_cx, write_unique_id, write_uri
from xds.mhd.people import read_organization, read_person
from xds.mhd.references import NOWHERE, References
from xds.mhd.subjects import read_source_patient_id, read_subject
from xds.mhd.values import flag_extension, kept, read_concept, read_time, text_extension, write_concept, write_time

SUBMISSION_SET = "submissionset"
FOLDER = "folder"


def list_type(resource: Element) -> str:
    """What a List is: `submissionset`, `folder`, else empty. Both spellings of the code system count."""
    code = resource.child("code")
    codings = code.children("coding") if code is not None else []
    return next((one.text("code") for one in codings if one.text("system") in c.LIST_TYPES_READ), "")


def write_submission_set(submission_set: SubmissionSet, items: Iterable[str] = ()) -> Json:
    """The List of a SubmissionSet; `items` are literal references to its documents and folders."""
    contained: list[Json] = []
    resource = new_list(SUBMISSION_SET, c.COMPREHENSIVE_LOT, submission_set.entry_uuid)
    resource |= {"contained": contained}
    extensions: list[Json] = []
    if submission_set.content_type_code:
        concept = write_concept(submission_set.content_type_code)
        extensions.append({"url": c.DESIGNATION_TYPE, "valueCodeableConcept": concept})
    if submission_set.source_id:
        source = write_unique_id(submission_set.source_id)
        extensions.append({"url": c.SOURCE_ID, "valueIdentifier": source})
    extensions += map(_write_recipient, submission_set.intended_recipients)
    if submission_set.home_community_id is not None:
        extensions.append(text_extension(c.HOME, submission_set.home_community_id))
    if submission_set.limited_metadata:
        extensions.append(flag_extension(c.LIMITED))
    extensions += slot_extensions(submission_set.extra)
    for rank, author in enumerate(submission_set.authors[1:], start=2):
        resources, reference = write_author(author, f"author-{rank}")
        contained += resources
        extensions.append({"url": c.AUTHOR, "valueReference": reference})
    if extensions:
        resource["extension"] = extensions
    resource["identifier"] = [write_uri(submission_set.entry_uuid, "official")]
    if submission_set.unique_id:
        resource["identifier"].append({"use": "usual", **write_unique_id(submission_set.unique_id)})
    if submission_set.patient_id:
        resource["subject"] = {"identifier": write_cx(submission_set.patient_id)}
    write_time(resource, "date", submission_set.submission_time)
    if submission_set.authors:
        resources, reference = _source(submission_set.authors[0])
        contained += resources
        resource["source"] = reference
    add_texts(resource, submission_set.title, submission_set.comments)
    return with_items(resource, items)


def read_submission_set(
    resource: Element, *, entry_uuid: str = "", bundle: Mapping[str, Element] = NOWHERE
) -> SubmissionSet:
    """Read a List that is a SubmissionSet; what it does not say is empty or None."""
    references = References(resource, bundle)
    designation, source_id = resource.extension(c.DESIGNATION_TYPE), resource.extension(c.SOURCE_ID)
    concept = designation.child("valueCodeableConcept") if designation is not None else None
    identifier = source_id.child("valueIdentifier") if source_id is not None else None
    official, unique_id = read_ids(resource)
    read_source_patient_id(resource, references)
    title, comments = read_texts(resource)
    submission_set = SubmissionSet(
        entry_uuid=official or entry_uuid,
        unique_id=unique_id,
        patient_id=read_subject(resource, references),
        source_id=read_unique_id(identifier) if identifier is not None else "",
        submission_time=read_time(resource, "date"),
        content_type_code=read_concept(concept) if concept is not None else None,
        authors=tuple(_read_authors(resource, references)),
        intended_recipients=tuple(_read_recipients(resource, references)),
        home_community_id=resource.extension_text(c.HOME) or None,
        limited_metadata=read_flag(resource, c.LIMITED),
        title=title,
        comments=comments,
        extra=read_slots(resource),
    )
    finish_list(resource, references)
    return submission_set


def new_list(kind: str, profile: str, entry_uuid: str) -> Json:
    """A List of a kind, of a profile, without content."""
    identifier = entry_uuid.removeprefix("urn:uuid:")
    resource: Json = {"resourceType": "List", **({"id": identifier} if identifier != entry_uuid else {})}
    coding = {"system": c.LIST_TYPES, "code": kind}
    return {
        **resource,
        "meta": {"profile": [profile]},
        "status": "current",
        "mode": "working",
        "code": {"coding": [coding]},
    }


def with_items(resource: Json, items: Iterable[str]) -> Json:
    """Add the items of a List."""
    if not resource.get("contained", True):
        del resource["contained"]
    entries = [{"item": {"reference": reference}} for reference in items]
    return {**resource, "entry": entries} if entries else resource


def add_texts(resource: Json, title: str | None, comments: str | None) -> None:
    """Set title and comments."""
    if title is not None:
        resource["title"] = title
    if comments is not None:
        resource["note"] = [{"text": comments}]


def read_texts(resource: Element) -> tuple[str | None, str | None]:
    """Title and comments."""
    notes = resource.children("note")
    for other in notes[1:]:
        other.notes.deviation("FHIR-UNMAPPED", other.path, "a second note", "one: it is the comments")
    return resource.text("title") or None, (notes[0].text("text") or None) if notes else None


def read_ids(resource: Element) -> tuple[str, str]:
    """The entryUUID (use official, a URN) and the uniqueId, each empty when it is not told."""
    official = unique_id = ""
    for one in resource.children("identifier"):
        use, value = one.text("use"), str(one.content.get("value", ""))
        if use == "official" and one.content.get("system") == c.URI and not value.startswith(c.OID):
            official = official or value
        elif use != "secondary":
            unique_id = unique_id or read_unique_id(one)
    return official, unique_id


def _source(author: Author) -> tuple[tuple[Json, ...], Json]:
    """The source of a List is a person or a device; a structure alone stands in an extension of it (MHD authorOrg)."""
    resources, reference = write_author(author, "author-1")
    if resources[0]["resourceType"] != "Organization":
        return resources, reference
    return resources, {"extension": [{"url": c.AUTHOR_ORG, "valueReference": reference}]}


def _read_authors(resource: Element, references: References) -> Iterable[Author]:
    source = resource.child("source")
    if source is not None:
        organization = source.extension(c.AUTHOR_ORG)
        reference = organization.child("valueReference") if organization is not None else None
        alone = "reference" not in source.content and "identifier" not in source.content
        if reference is not None and alone:
            source.finish()
            author = read_author(reference, references)
        else:
            author = read_author(source, references)
            institution = read_structure(reference, references) if reference is not None else ""
            if author is not None and institution and institution not in author.institutions:
                author = Author(
                    person=author.person,
                    institutions=(*author.institutions, institution),
                    roles=author.roles,
                    specialties=author.specialties,
                    telecommunications=author.telecommunications,
                )
        if author is not None:
            yield author
    for one in resource.extensions(c.AUTHOR):
        reference = one.child("valueReference")
        author = read_author(reference, references) if reference is not None else None
        if author is not None:
            yield author


def _write_recipient(text: str) -> Json:
    """A recipient keeps its text: XON, XCN and XTN of one recipient are three resources in FHIR."""
    try:
        organization, person, _ = parse_recipient(text)
    except ValueError:
        organization = person = None
    name = person.family if person is not None else organization.name if organization is not None else ""
    reference: Json = {"display": name} if name else {}
    return {"url": c.INTENDED_RECIPIENT, "valueReference": {"extension": [kept(text)], **reference}}


def _read_recipients(resource: Element, references: References) -> Iterable[str]:
    for one in resource.extensions(c.INTENDED_RECIPIENT, c.PDSM_INTENDED_RECIPIENT):
        reference = one.child("valueReference")
        if reference is None:
            continue
        exact = reference.kept()
        if exact:
            if _write_recipient(exact)["valueReference"] != reference.content:
                reference.notes.fault("FHIR-KEPT", reference.path, "a recipient kept that is another", "its display")
            reference.ignore("display")
            yield exact
            continue
        found = references.resolve(reference)
        if found is not None:
            structure = found.content.get("resourceType") == "Organization"
            yield read_organization(found) if structure else f"|{read_person(found)}"


def read_flag(resource: Element, url: str) -> bool:
    """Whether an extension says yes."""
    found = resource.extension(url)
    return found is not None and found.flag("valueBoolean")


def finish_list(resource: Element, references: References) -> None:
    """Note what nobody read of a List, and a status or a mode that is not that of a List that is registered."""
    for name, expected in (("status", "current"), ("mode", "working")):
        said = resource.text(name)
        if said != expected:
            resource.notes.fault("O3", resource.at(name), said or "nothing", expected)
    resource.ignore("code", "entry", "title", "orderedBy")
    resource.finish()
    references.finish()
