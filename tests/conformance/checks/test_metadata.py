"""Each rule on metadata catches its own fault and no other in the DMP, starting from one good lot."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from conformance.checks.metadata import RULES, check_metadata
from conformance.checks.metadata_rule import DMP
from profiles.codes import load_domain
from xds.errors import Severity
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

PATIENT = "279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH"
OTHER_PATIENT = "279035121518988^^^&1.2.250.1.213.1.4.10&ISO^NH"
REGISTERED = "urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60"
SHA1_OF_ABC = "a9993e364706816aba3e25717850c26c9cd0d89d"
N = Code("N", "2.16.840.1.113883.5.25", "Normal")
MASKED = Code("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "Masqué")
INVISIBLE = Code("INVISIBLE_PATIENT", "1.2.250.1.213.1.1.4.13", "Non visible")
GUARDIANS = Code("INVISIBLE_REPRESENTANTS_LEGAUX", "1.2.250.1.213.1.1.4.13", "Non visible")
AUTHOR = Author(
    person="801234567897^ESSAI^Jean^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
    institutions=("CHU Seine^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1750000001",),
)
VSM = DocumentEntry(
    entry_uuid="Document01",
    unique_id="1.2.250.1.999.1",
    patient_id=PATIENT,
    source_patient_id="12345^^^&1.2.250.1.999.9&ISO^PI",
    mime_type="text/xml",
    language_code="fr-FR",
    creation_time="20250110120000",
    class_code=Code("11", "1.2.250.1.213.1.1.4.1", "Synthèse"),
    type_code=Code("SYNTH", "1.2.250.1.213.1.1.4.12", "Synthèse"),
    format_code=Code("urn:asip:ci-sis:vsm:2012", "1.2.250.1.213.1.1.4.2.282", "VSM"),
    healthcare_facility_type_code=Code("SA01", "1.2.250.1.71.4.2.4", "Etablissement public de santé"),
    practice_setting_code=Code("ETABLISSEMENT", "1.2.250.1.213.1.1.4.9", "Etablissement de santé"),
    confidentiality_codes=(N,),
    authors=(AUTHOR,),
    service_start_time="20250110",
    service_stop_time="20250111",
    source_patient_info=("PID-7|19790312", "PID-8|F"),
    title="Synthèse médicale",
    hash=SHA1_OF_ABC.upper(),
    size=3,
)
REPORT = replace(VSM, entry_uuid="Document02", unique_id="1.2.250.1.999.2")
SIGNATURE = replace(
    VSM,
    entry_uuid="Signature01",
    unique_id="1.2.250.1.999.3",
    class_code=Code("urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1", "URN", "Digital Signature"),
    type_code=Code("E1762", "ASTM", "Full Document"),
    format_code=Code("http://www.w3.org/2000/09/xmldsig#", "URN", "Signature"),
    event_codes=(Code("1.2.840.10065.1.12.1.14", "1.2.840.10065.1.12", "Source"),),
    confidentiality_codes=(N, MASKED, INVISIBLE),
    language_code="art",
)
LOT = SubmissionSet(
    entry_uuid="SubmissionSet01",
    unique_id="1.2.250.1.999.100",
    patient_id=PATIENT,
    source_id="1.2.250.1.999",
    submission_time="20250110121500",
    content_type_code=Code("SA01", "1.2.250.1.71.4.2.4", "Etablissement public de santé"),
    authors=(AUTHOR,),
)


def link(identifier: str, kind: AssociationType, source: str, target: str) -> Association:
    status = "Original" if kind is AssociationType.HAS_MEMBER else None
    return Association(
        entry_uuid=identifier, association_type=kind, source=source, target=target, submission_set_status=status
    )


ENTRIES = (VSM, REPORT, SIGNATURE)
MEMBERS = tuple(
    link(f"m{number}", AssociationType.HAS_MEMBER, LOT.entry_uuid, entry.entry_uuid)
    for number, entry in enumerate(ENTRIES)
)
SIGNS = link("s", AssociationType.SIGNS, SIGNATURE.entry_uuid, LOT.entry_uuid)
GOOD = ProvideAndRegisterRequest(
    submission_set=LOT,
    entries=ENTRIES,
    associations=(*MEMBERS, SIGNS),
    documents={entry.entry_uuid: b"abc" for entry in ENTRIES},
)


def entry(**changes: object) -> ProvideAndRegisterRequest:
    return replace(GOOD, entries=(replace(VSM, **changes), REPORT, SIGNATURE))  # type: ignore[arg-type]


def signature(**changes: object) -> ProvideAndRegisterRequest:
    return replace(GOOD, entries=(VSM, REPORT, replace(SIGNATURE, **changes)))  # type: ignore[arg-type]


def lot(**changes: object) -> ProvideAndRegisterRequest:
    return replace(GOOD, submission_set=replace(LOT, **changes))  # type: ignore[arg-type]


def member(**changes: object) -> ProvideAndRegisterRequest:
    return replace(GOOD, associations=(replace(MEMBERS[0], **changes), *MEMBERS[1:], SIGNS))  # type: ignore[arg-type]


def plus(*associations: Association) -> ProvideAndRegisterRequest:
    return replace(GOOD, associations=(*GOOD.associations, *associations))


A = AssociationType
METADATA, UNRESOLVED = "XDSRegistryMetadataError", "UnresolvedReferenceException"
REPOSITORY, MISMATCH = "XDSRepositoryMetadataError", "XDSPatientIdDoesNotMatch"
TWICE = "XDSRegistryDuplicateUniqueIdInMessage"
UNKNOWN = Code("99", "1.2.3", "?")

TWINS: dict[str, tuple[ProvideAndRegisterRequest, str, str]] = {
    "two documents of one uniqueId": (entry(unique_id=REPORT.unique_id), "M5", TWICE),
    "a document of the uniqueId of the lot": (entry(unique_id=LOT.unique_id), "M5", TWICE),
    "a logical id": (entry(logical_id=REGISTERED), "M6", METADATA),
    "an extra slot that is no URN": (entry(extra=(("colour", ("red",)),)), "M8", METADATA),
    "an extra slot of IHE": (lot(extra=(("urn:ihe:x:y", ("1",)),)), "M8", METADATA),
    "an extra slot of a member": (member(extra=(("colour", ("red",)),)), "M8", METADATA),
    "a previous version": (member(previous_version="1"), "M9", METADATA),
    "a lot in itself": (plus(link("x", A.HAS_MEMBER, "SubmissionSet01", "SubmissionSet01")), "M9", METADATA),
    "another patient": (entry(patient_id=OTHER_PATIENT), "P2", MISMATCH),
    "another hash": (entry(hash="0" * 40), "HASH", REPOSITORY),
    "another size": (entry(size=4), "SIZE", REPOSITORY),
    "two birth dates": (entry(source_patient_info=("PID-7|1979", "PID-7|1980")), "O2", METADATA),
    "an id in upper case": (plus(link("urn:uuid:A", A.XFRM, "Document01", REGISTERED)), "O3", METADATA),
    "a target in upper case": (
        plus(link("x", A.RPLC, "Document01", "urn:uuid:" + REGISTERED[9:].upper())), "O3", METADATA),
    "a source that is no OID": (lot(source_id="1.02"), "O3", METADATA),
    "a time with a zone": (entry(creation_time="20250110+0100"), "O3", METADATA),
    "a day of no month": (lot(submission_time="20250230"), "O3", METADATA),
    "a source patient that is no CX": (entry(source_patient_id="12345"), "O3", METADATA),
    "a hash too short": (entry(hash="abc"), "O3", METADATA),
    "a repository that is no OID": (entry(repository_unique_id="ours"), "O3", METADATA),
    "an availability of our own": (entry(document_availability="Sometimes"), "O3", METADATA),
    "a reference without type": (entry(reference_ids=("123^^^&1.2.3&ISO",)), "O3", METADATA),
    "an authenticator without name": (entry(legal_authenticator="^^Jean"), "O3", METADATA),
    "patient info that is no field": (entry(source_patient_info=("DURAND",)), "O3", METADATA),
    "an author that is no XCN": (entry(authors=(replace(AUTHOR, person="^^Jean"),)), "O3", METADATA),
    "an institution that is no XON": (lot(authors=(replace(AUTHOR, institutions=("^x",)),)), "O3", METADATA),
    "a telephone without number": (
        entry(authors=(replace(AUTHOR, telecommunications=("^PRN^PH",)),)), "O3", METADATA),
    "a recipient of nothing": (lot(intended_recipients=("||",)), "O3", METADATA),
    "an on-demand document": (entry(object_type=ON_DEMAND), "O8", METADATA),
    "a service that ends before it begins": (entry(service_stop_time="20250109"), "O9", METADATA),
    "a long title": (entry(title="x" * 129), "O10", METADATA),
    "an author of roles only": (entry(authors=(Author(roles=("10",)),)), "O11", METADATA),
    "an unknown class": (entry(class_code=UNKNOWN), "O6", METADATA),
    "an unknown type": (entry(type_code=UNKNOWN), "O6", METADATA),
    "an unknown format": (entry(format_code=UNKNOWN), "O6", METADATA),
    "an unknown facility": (entry(healthcare_facility_type_code=UNKNOWN), "O6", METADATA),
    "an unknown practice": (entry(practice_setting_code=UNKNOWN), "O6", METADATA),
    "an unknown confidentiality": (entry(confidentiality_codes=(N, UNKNOWN)), "O6", METADATA),
    "an unknown content": (lot(content_type_code=UNKNOWN), "O6", METADATA),
    "a right code of a wrong scheme": (
        entry(practice_setting_code=Code("ETABLISSEMENT", "1.2.3", "x")), "O6", METADATA),
    "a signature of a clinical class": (signature(class_code=VSM.class_code), "O6", METADATA),
    "a signature for another purpose": (signature(event_codes=(UNKNOWN,)), "O6", METADATA),
    "a picture": (entry(mime_type="image/png"), "O7", METADATA),
    "English": (entry(language_code="en-GB"), "DMP-LANGUAGE", METADATA),
    "a signature in French": (signature(language_code="fr-FR"), "DMP-LANGUAGE", METADATA),
    "a class that is not the type's": (
        entry(class_code=Code("10", "1.2.250.1.213.1.1.4.1", "Compte rendu")), "DMP-CLASS", METADATA),
    "a uniqueId with extension": (entry(unique_id="1.2.3^4"), "DMP-UNIQUEID", METADATA),
    "five confidentialities": (
        entry(confidentiality_codes=(N, MASKED, GUARDIANS, MASKED, MASKED), source_patient_info=()), "D-080", METADATA),
    "no level": (entry(confidentiality_codes=(MASKED,)), "D-080", METADATA),
    "a very restricted document": (entry(confidentiality_codes=(replace(N, code="V"),)), "D-081-V", METADATA),
    "a document nobody reads": (entry(confidentiality_codes=(N, MASKED, INVISIBLE)), "D-082", METADATA),
    "an adult with guardians": (entry(confidentiality_codes=(N, GUARDIANS)), "D-083", METADATA),
    "an end that is nothing": (plus(link("x", A.XFRM, "Document01", "Document99")), "A9", UNRESOLVED),
    "a start that is nothing": (plus(link("x", A.HAS_MEMBER, "nobody", "m0")), "A2", UNRESOLVED),
    "a document outside the lot": (replace(GOOD, associations=GOOD.associations[1:]), "A3", METADATA),
    "a document twice in the lot": (plus(replace(MEMBERS[0], entry_uuid="x")), "A3", METADATA),
    "a member without status": (member(submission_set_status=None), "A4", METADATA),
    "a new document by reference": (member(submission_set_status="Reference"), "A4", METADATA),
    "an old document as original": (plus(link("x", A.HAS_MEMBER, "SubmissionSet01", REGISTERED)), "A4", METADATA),
    "a relationship of an old document": (plus(link("x", A.APND, REGISTERED, "Document01")), "A7", UNRESOLVED),
    "a replacement of a new document": (plus(link("x", A.RPLC, "Document01", "Document02")), "A8", UNRESOLVED),
    "an addendum to a transformation": (
        plus(link("x", A.XFRM, "Document01", REGISTERED), link("y", A.APND, "Document02", "Document01")),
        "A13", METADATA),
    "a documented member": (member(documentation=N), "A14", METADATA),
    "a folder": (
        replace(
            plus(link("x", A.HAS_MEMBER, "SubmissionSet01", "Folder01")),
            folders=(
                Folder(entry_uuid="Folder01", unique_id="1.2.3", patient_id=PATIENT, codes=(UNKNOWN,), title="x"),)),
        "FOLDER", "XDSRegistryError"),
    "a member of a registered folder": (
        plus(
            link("x", A.HAS_MEMBER, REGISTERED, "Document01"),
            link("y", A.HAS_MEMBER, "SubmissionSet01", "x")),
        "FOLDER", "XDSRegistryError"),
    "a member of a document": (plus(link("x", A.HAS_MEMBER, "Document01", "Document02")), "A15", METADATA),
    "a replacement of an association": (plus(link("x", A.RPLC, "Document01", "m0")), "A16", METADATA),
    "a relationship of the lot": (plus(link("x", A.APND, "SubmissionSet01", "Document01")), "A16", METADATA),
}  # fmt: skip
FINE: dict[str, ProvideAndRegisterRequest] = {
    "as it is": GOOD,
    "a replacement of an old document": plus(link("x", A.RPLC, "Document01", REGISTERED)),
    "an addendum to a new document": plus(link("x", A.APND, "Document01", "Document02")),
    "an old document by reference": plus(
        replace(link("x", A.HAS_MEMBER, "SubmissionSet01", REGISTERED), submission_set_status="Reference")),
    "an association in the lot": plus(link("x", A.HAS_MEMBER, "SubmissionSet01", "s")),
    "a signature of each document": plus(link("x", A.SIGNS, "Signature01", "Document01")),
    "extra metadata": entry(extra=(("urn:example:colour", ("red",)),)),
    "no hash and no size": entry(hash=None, size=None),
    "a first version": entry(logical_id="Document01"),
    "a child with guardians": entry(
        confidentiality_codes=(N, INVISIBLE, GUARDIANS), source_patient_info=("PID-7|20070111",)),
    "a hidden document": entry(confidentiality_codes=(N, INVISIBLE)),
    "a format in the other scheme": entry(
        format_code=Code("urn:asip:ci-sis:vsm:2012", "1.3.6.1.4.1.19376.1.2.3", "VSM")),
    "a name of one's own for a code": entry(confidentiality_codes=(replace(N, display="whatever"),)),
    "a type newer than the table of classes": entry(
        type_code=Code("101881-1", "2.16.840.1.113883.6.1", "Carte d'implant")),
    "no association of documents": replace(GOOD, entries=(), associations=()),
}  # fmt: skip


def found(request: ProvideAndRegisterRequest) -> set[tuple[str, str]]:
    return {(error.rule, str(error.code)) for error in check_metadata(request, load_domain())}


@pytest.mark.parametrize("name", TWINS)
def test_each_rule_catches_its_own_fault_and_no_other(name: str) -> None:
    request, rule, code = TWINS[name]
    assert found(request) == {(rule, code)}


@pytest.mark.parametrize("name", FINE)
def test_a_good_lot_breaks_no_rule(name: str) -> None:
    assert check_metadata(FINE[name], load_domain()) == ()


def test_every_rule_of_the_dmp_has_its_twin() -> None:
    tested = {rule for _, rule, _ in TWINS.values()} | {"D-081-R", "DMP-AUTHORITY"}
    assert {rule.id for rule in RULES if rule.domains == DMP} <= tested
    assert tested <= {rule.id for rule in RULES if "dmp" in rule.domains}
    assert all(rule.source for rule in RULES)


def test_a_restricted_document_is_a_warning() -> None:
    (error,) = check_metadata(entry(confidentiality_codes=(replace(N, code="R"),)), load_domain())
    assert (error.rule, error.severity) == ("D-081-R", Severity.WARNING)


def test_a_real_patient_is_refused_everywhere_by_authority() -> None:
    real = PATIENT.replace("1.4.10", "1.4.8")
    request = replace(
        GOOD,
        submission_set=replace(LOT, patient_id=real),
        entries=tuple(replace(one, patient_id=real) for one in ENTRIES),
    )
    errors = check_metadata(request, load_domain())
    assert {error.rule for error in errors} == {"DMP-AUTHORITY"}
    assert len(errors) == 4
    assert "279035121518989" not in "".join(error.context for error in errors)


def test_every_fault_is_found_at_once() -> None:
    request = entry(class_code=UNKNOWN, title="x" * 129, size=4, patient_id=OTHER_PATIENT)
    assert {rule for rule, _ in found(request)} == {"O6", "O10", "SIZE", "P2"}


def test_a_fault_says_where_what_and_what_instead() -> None:
    (error,) = check_metadata(entry(size=4), load_domain())
    assert error.location == "ExtrinsicObject[Document01]/size"
    assert error.context == "ExtrinsicObject[Document01]/size: found 4, expected 3, the bytes received"


@pytest.mark.parametrize(
    "request_",
    [
        entry(legal_authenticator="secret^^^^^^^x"),
        entry(authors=(Author(person="secret^^^^^^^x"),)),
        entry(source_patient_info=("secret",)),
        lot(intended_recipients=("|secret^^^^^^^x|",)),
    ],
)
def test_a_value_that_names_a_person_is_not_repeated(request_: ProvideAndRegisterRequest) -> None:
    (error,) = check_metadata(request_, load_domain())
    assert error.rule == "O3"
    assert "secret" not in error.context


def test_a_broken_lot_is_judged_without_falling() -> None:
    empty = replace(
        VSM, unique_id="", patient_id="", source_patient_id="", mime_type="", language_code="", creation_time="",
        class_code=None, type_code=None, format_code=None, healthcare_facility_type_code=None,
        practice_setting_code=None, confidentiality_codes=(), hash=None, size=None,
    )  # fmt: skip
    broken = replace(GOOD, submission_set=None, entries=(empty,), associations=(), documents={})
    assert check_metadata(broken, load_domain()) == ()


CHANGES: tuple[Callable[..., ProvideAndRegisterRequest], ...] = (entry, signature)


@pytest.mark.parametrize("change", CHANGES)
def test_ten_thousand_faults_are_ten_thousand_errors(change: Callable[..., ProvideAndRegisterRequest]) -> None:
    request = change(extra=tuple((f"colour{number}", ()) for number in range(10_000)))
    assert len(check_metadata(request, load_domain())) == 10_000
