import copy
from dataclasses import replace

import orjson
import pytest
from fhir.resources.R4B.documentreference import DocumentReference
from fhir.resources.R4B.list import List
from hypothesis import given, settings
from hypothesis import strategies as st

from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.datatypes import Cx, Xcn, Xon
from xds.metadata.document_entry import ON_DEMAND, STABLE, AvailabilityStatus, DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet
from xds.mhd.constants import AUTHOR, KEPT
from xds.mhd.document_reference import write_document_reference
from xds.mhd.document_reference_reader import read_document_reference
from xds.mhd.element import Element
from xds.mhd.folder_list import read_folder, write_folder
from xds.mhd.notes import Notes
from xds.mhd.submission_list import read_submission_set, write_submission_set

# What FHIR can hold in a string: no control, no blank at the ends (FHIR R4 §2.24.0.1).
CHARACTERS = st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp"), exclude_characters="\ufffe\uffff")
WORDS = st.text(CHARACTERS, min_size=1, max_size=12)
OIDS = st.sampled_from(
    ["1.2.250.1.71.4.2.1", "1.2.250.1.71.4.2.2", "1.2.250.1.213.1.4.10", "2.16.840.1.113883.6.1", "1.2.3"]
)
SCHEMES = OIDS | st.sampled_from(["URN", "ASTM", "urn:oid:1.2.3", "http://loinc.org", "urn:x:y"]) | WORDS
CODES = st.builds(Code, WORDS, SCHEMES, WORDS)
IDS = st.uuids().map(lambda value: f"urn:uuid:{value}") | WORDS
UNIQUE_IDS = OIDS | OIDS.map(lambda oid: f"{oid}^12") | WORDS
TIMES = (
    st.datetimes().map(lambda moment: moment.strftime("%Y%m%d%H%M%S").zfill(14))
    | st.sampled_from(
        ["2004", "200403", "20040305", "2004030510", "200403051015", "0000", "20041399", "20040305101561"]
    )
    | WORDS
)
CXS = st.builds(
    lambda identifier, authority, kind: Cx(identifier=identifier, authority=authority, type=kind).format(),
    WORDS,
    OIDS,
    st.sampled_from(["", "NH", "PI"]),
)
XCNS = st.builds(Xcn, identifier=WORDS, family=WORDS, given=WORDS, authority=OIDS).map(Xcn.format) | st.builds(
    Xcn,
    identifier=WORDS,
    family=WORDS,
    given=WORDS,
    middle=WORDS | st.just(""),
    suffix=WORDS | st.just(""),
    prefix=WORDS | st.just(""),
    degree=WORDS | st.just(""),
    authority=OIDS,
    name_type=st.sampled_from(["", "D", "U", "L"]),
    id_type=st.sampled_from(["", "IDNPS", "EI", "RI", "NH"]),
).map(Xcn.format)
XONS = st.builds(Xon, name=WORDS, identifier=WORDS, authority=OIDS, id_type=st.sampled_from(["", "IDNST"])).map(
    Xon.format
)
XTNS = st.sampled_from(
    ["^NET^Internet^a@b.fr", "^^PH^^^^^^^^^0102030405", "^WPN^PH^^33^1^02030405", "^PRN^Internet^x@y"]
)
SAID = WORDS | st.builds(lambda code, name, scheme: f"{code}^{name}^{scheme}", st.just("10"), st.just("Médecin"), OIDS)
AUTHORS = st.builds(
    Author,
    person=st.none() | XCNS | WORDS,
    institutions=st.lists(XONS | WORDS, max_size=2).map(tuple),
    roles=st.lists(SAID, max_size=2).map(tuple),
    specialties=st.lists(SAID, max_size=2).map(tuple),
    telecommunications=st.lists(XTNS | WORDS, max_size=2).map(tuple),
)
INFO = st.lists(
    st.sampled_from(
        [
            "PID-5|DUPONT^MARIE^MARIE ANNE^^^^L",
            "PID-5|MARTIN^^^^^^D",
            "PID-7|19620412",
            "PID-7|1962",
            "PID-8|F",
            "PID-8|A",
            "PID-11|^^^^^^BDL^^69123",
            "PID-11|1 rue^^LYON",
            "PID-3|12345^^^&1.2.3.4&ISO^PI",
            "PID-3|a~b",
            "nothing of PID",
        ]
    ),
    max_size=4,
).map(tuple)
REFERENCE_IDS = st.sampled_from(
    [
        "12^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order",
        "1.2.3^^^^urn:ihe:iti:xds:2013:uniqueId",
        "12^^^ward^local",
        "no reference",
    ]
)
EXTRA = st.dictionaries(
    WORDS.map(lambda name: f"urn:example:{name}"), st.lists(WORDS, max_size=2).map(tuple), max_size=2
)
ENTRIES = st.builds(
    DocumentEntry,
    entry_uuid=IDS,
    logical_id=st.none() | IDS,
    unique_id=UNIQUE_IDS,
    patient_id=CXS | WORDS,
    source_patient_id=CXS | WORDS,
    source_patient_info=INFO,
    mime_type=st.sampled_from(["text/xml", "application/xml", "application/pdf"]),
    language_code=st.sampled_from(["fr-FR", "art"]),
    creation_time=TIMES,
    class_code=CODES,
    type_code=CODES,
    format_code=CODES,
    healthcare_facility_type_code=CODES,
    practice_setting_code=CODES,
    confidentiality_codes=st.lists(CODES, min_size=1, max_size=3).map(tuple),
    object_type=st.sampled_from([STABLE, ON_DEMAND]),
    authors=st.lists(AUTHORS, max_size=2).map(tuple),
    event_codes=st.lists(CODES, max_size=2).map(tuple),
    availability_status=st.sampled_from(AvailabilityStatus),
    comments=st.none() | WORDS,
    document_availability=st.none() | WORDS,
    hash=st.none() | st.binary(min_size=20, max_size=20).map(bytes.hex) | WORDS | st.just("AB" * 20),
    size=st.none() | st.integers(min_value=0, max_value=2**31 - 1),
    home_community_id=st.none() | WORDS,
    legal_authenticator=st.none() | XCNS | WORDS,
    limited_metadata=st.booleans(),
    reference_ids=st.lists(REFERENCE_IDS, max_size=2).map(tuple),
    repository_unique_id=st.none() | OIDS,
    service_start_time=st.none() | TIMES,
    service_stop_time=st.none() | TIMES,
    title=st.none() | WORDS,
    uri=st.none() | WORDS,
    version=st.integers(min_value=1, max_value=9),
    extra=EXTRA.map(lambda slots: tuple(slots.items())),
)

SUBMISSION_SETS = st.builds(
    SubmissionSet,
    entry_uuid=IDS,
    unique_id=UNIQUE_IDS,
    patient_id=CXS | WORDS,
    source_id=OIDS,
    submission_time=TIMES,
    content_type_code=CODES,
    authors=st.lists(AUTHORS, max_size=2).map(tuple),
    comments=st.none() | WORDS,
    home_community_id=st.none() | WORDS,
    intended_recipients=st.lists(XCNS.map("|{}".format) | XONS | WORDS, max_size=2).map(tuple),
    limited_metadata=st.booleans(),
    title=st.none() | WORDS,
    extra=EXTRA.map(lambda slots: tuple(slots.items())),
)
FOLDERS = st.builds(
    Folder,
    entry_uuid=IDS,
    logical_id=st.none() | IDS,
    unique_id=UNIQUE_IDS,
    patient_id=CXS | WORDS,
    codes=st.lists(CODES, min_size=1, max_size=2).map(tuple),
    title=st.none() | WORDS,
    comments=st.none() | WORDS,
    availability_status=st.sampled_from(AvailabilityStatus),
    home_community_id=st.none() | WORDS,
    last_update_time=st.none() | TIMES,
    limited_metadata=st.booleans(),
    version=st.integers(min_value=1, max_value=9),
    extra=EXTRA.map(lambda slots: tuple(slots.items())),
)


def read_again(resource: dict[str, object]) -> tuple[DocumentEntry, Notes]:
    notes = Notes()
    return read_document_reference(Element(resource, "DocumentReference", notes)).entry, notes


@given(ENTRIES)
@settings(max_examples=120, deadline=None)
def test_the_spelling_in_fhir_loses_nothing_of_an_entry(entry):
    resource = write_document_reference(entry, url="Binary/1")
    assert read_again(orjson.loads(orjson.dumps(resource)))[0] == entry


@given(ENTRIES)
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_a_resource_of_fhir_r4(entry):
    # Codes of FHIR hold no blank but single ones, a resource id is short: what the DMP registers fits.
    entry = replace(entry, creation_time="20040305101500", entry_uuid="urn:uuid:4f2a8c1e-1d7b-4c55-9f0a-2b6f3c1d9e01")
    resource = orjson.loads(orjson.dumps(write_document_reference(entry, url="Binary/1")))
    assert DocumentReference.model_validate(copy.deepcopy(resource))


@given(SUBMISSION_SETS)
@settings(max_examples=100, deadline=None)
def test_the_spelling_in_fhir_loses_nothing_of_a_submission_set(submission_set):
    resource = orjson.loads(orjson.dumps(write_submission_set(submission_set, ["urn:uuid:1"])))
    notes = Notes()
    assert List.model_validate(copy.deepcopy(resource))
    assert read_submission_set(Element(resource, "List", notes)) == submission_set
    assert not notes.deviations


@given(FOLDERS)
@settings(max_examples=100, deadline=None)
def test_the_spelling_in_fhir_loses_nothing_of_a_folder(folder):
    resource = orjson.loads(orjson.dumps(write_folder(folder)))
    assert List.model_validate(copy.deepcopy(resource))
    assert read_folder(Element(resource, "List", Notes())) == folder


def an_entry(**changes: object) -> DocumentEntry:
    entry = DocumentEntry(
        entry_uuid="urn:uuid:4f2a8c1e-1d7b-4c55-9f0a-2b6f3c1d9e01",
        logical_id="urn:uuid:4f2a8c1e-1d7b-4c55-9f0a-2b6f3c1d9e01",
        unique_id="1.2.250.1.999.1",
        patient_id="279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH",
        source_patient_id="12345^^^&1.2.250.1.999.2&ISO^PI",
        source_patient_info=(
            "PID-5|DUPONT^MARIE^MARIE ANNE^^^^L",
            "PID-5|MARTIN^MARIE^^^^^D",
            "PID-7|19620412",
            "PID-8|F",
            "PID-11|^^^^^^BDL^^69123",
        ),
        mime_type="text/xml",
        language_code="fr-FR",
        creation_time="20240305101500",
        class_code=Code("10", "1.2.250.1.213.1.1.4.1", "Compte rendu"),
        type_code=Code("11488-4", "2.16.840.1.113883.6.1", "Consultation"),
        format_code=Code("urn:ihe:iti:xds-sd:pdf:2008", "1.3.6.1.4.1.19376.1.2.3", "PDF"),
        healthcare_facility_type_code=Code("SA07", "1.2.250.1.71.4.2.4", "Cabinet"),
        practice_setting_code=Code("AMBULATOIRE", "1.2.250.1.213.1.1.4.9", "Ambulatoire"),
        confidentiality_codes=(
            Code("N", "2.16.840.1.113883.5.25", "Normal"),
            Code("MASQUE_PS", "1.2.250.1.213.1.1.4.13", "Masqué aux professionnels de santé"),
        ),
        authors=(
            Author(
                person="801234567897^ESSAI^Jean^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
                institutions=("CHU Seine^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1750000001",),
                roles=("Médecin traitant",),
                specialties=("SM26^Médecine générale^1.2.250.1.213.1.1.4.5",),
                telecommunications=("^NET^Internet^essai@example.org",),
            ),
            Author(person="1.2.3.4^Automate X^^^^^^^&1.2.250.1.999.3&ISO^U^^^RI"),
        ),
        legal_authenticator="801234567897^ESSAI^Jean^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
        event_codes=(Code("MG", "1.2.250.1.213.1.1.4.5", "Médecin"),),
        reference_ids=("12^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order",),
        service_start_time="20240305",
        service_stop_time="20240305101500",
        hash="03f84c46bbfa635e418d233c90c2e276bcfe9877",
        size=80,
        title="Consultation",
        repository_unique_id="1.2.250.1.213.4.1.1.1.2",
    )
    return replace(entry, **changes)  # type: ignore[arg-type]  # any attribute


def test_what_a_french_deposit_holds_is_said_in_fhir_alone():
    # When an entry as the header of a CDA document gives it is written,
    resource = write_document_reference(an_entry())
    # then nothing of it needs a text beside it, and every system is the URI that is published.
    text = orjson.dumps(resource).decode()
    assert KEPT not in text
    assert AUTHOR not in text
    assert "urn:ecluse:scheme" not in text
    assert resource["content"][0]["attachment"]["hash"] == "A/hMRrv6Y15BjSM8kMLidrz+mHc="
    assert resource["content"][0]["attachment"]["contentType"] == "application/xml"
    assert [one["resourceType"] for one in resource["contained"]] == [
        "PractitionerRole",
        "Practitioner",
        "Organization",
        "Device",
        "Practitioner",
        "Organization",
        "Patient",
    ]
    assert resource["date"] == "2024-03-05T10:15:00Z"
    assert resource["context"]["period"] == {"start": "2024-03-05", "end": "2024-03-05T10:15:00Z"}


KEPT_AND_CHANGED = {
    "a time": ({"creation_time": "2010"}, lambda r: r.update(date="2011-01-01T00:00:00Z")),
    "a hash": (
        {"hash": "CD" * 20},
        lambda r: r["content"][0]["attachment"].update(hash="A/hMRrv6Y15BjSM8kMLidrz+mHc="),
    ),
    "a patient": ({"patient_id": "1^^^&1.2.9&ISO^NH^^"}, lambda r: r["subject"]["identifier"].update(value="2")),
    "an author": (
        {"authors": (Author(person="q^r^s^^^^^^&1.2.9&ISO^D", institutions=("a", "b")),)},
        lambda r: r["contained"][0].update(telecom=[{"system": "phone", "value": "0"}]),
    ),
    "a scheme": (
        {"type_code": Code("1", "urn:oid:1.2.3", "One")},
        lambda r: r["type"]["coding"][0].update(system="urn:oid:1.2.4"),
    ),
}


@pytest.mark.parametrize("case", KEPT_AND_CHANGED)
def test_a_text_kept_beside_another_element_is_a_fault(case):
    # Given an entry that FHIR cannot say alone,
    changes, change = KEPT_AND_CHANGED[case]
    resource = orjson.loads(orjson.dumps(write_document_reference(an_entry(**changes))))
    assert read_again(copy.deepcopy(resource))[1].faults == []
    # when the element says something else than the text beside it,
    change(resource)
    # then neither is believed.
    assert "FHIR-KEPT" in {one.rule for one in read_again(resource)[1].faults}
