"""One good submission, as objects and as a message, for the tests of the ebRIM spelling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from lxml import etree

from security.xml import parse
from xds.ebrim.writer import write_submit_objects
from xds.metadata.association import Association, AssociationType
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.document_entry import DocumentEntry
from xds.metadata.folder import Folder
from xds.metadata.submission_set import SubmissionSet

PATIENT = "279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH"
AUTHOR = Author(
    person="801234567897^ESSAI^Jean^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
    institutions=("CHU Seine^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1750000001",),
    roles=("10",),
    specialties=("SM26^Médecine générale^1.2.250.1.213.1.1.4.5",),
    telecommunications=("^^Internet^essai@example.org",),
)


def an_entry(identifier: str = "Document01", unique_id: str = "1.2.250.1.999.1") -> DocumentEntry:
    return DocumentEntry(
        entry_uuid=identifier,
        unique_id=unique_id,
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
        confidentiality_codes=(Code("N", "2.16.840.1.113883.5.25", "Normal"),),
        event_codes=(Code("K35", "2.16.840.1.113883.6.3", "Appendicite"),),
        authors=(AUTHOR,),
        legal_authenticator=AUTHOR.person,
        service_start_time="20250110",
        service_stop_time="20250111",
        source_patient_info=("PID-5|DURAND^Anne^Anne^^^^L", "PID-7|19790312", "PID-8|F"),
        title="Synthèse médicale",
        comments="Une remarque",
        hash="a9993e364706816aba3e25717850c26c9cd0d89d",
        size=3,
        uri="DOC0001.XML",
    )


def a_submission_set() -> SubmissionSet:
    return SubmissionSet(
        entry_uuid="SubmissionSet01",
        unique_id="1.2.250.1.999.100",
        patient_id=PATIENT,
        source_id="1.2.250.1.999",
        submission_time="20250110121500",
        content_type_code=Code("SA01", "1.2.250.1.71.4.2.4", "Etablissement public de santé"),
        authors=(AUTHOR,),
        title="Lot",
        intended_recipients=("|801234567897^ESSAI^Jean^^^^^^&1.2.250.1.71.4.2.1&ISO",),
    )


def a_folder() -> Folder:
    return Folder(
        entry_uuid="Folder01",
        unique_id="1.2.250.1.999.200",
        patient_id=PATIENT,
        codes=(Code("GRO", "1.2.250.1.999.7", "Grossesse"), Code("CHIR", "1.2.250.1.999.7", "Chirurgie")),
        title="Grossesse",
        comments="Tout son suivi",
    )


def a_member(target: str, identifier: str) -> Association:
    return Association(
        entry_uuid=identifier,
        association_type=AssociationType.HAS_MEMBER,
        source="SubmissionSet01",
        target=target,
        submission_set_status="Original",
    )


@dataclass
class Message:
    """A Provide and Register message of two documents that a test may damage; its parts beside it."""

    body: etree._Element
    parts: dict[str, bytes]

    def one(self, xpath: str) -> etree._Element:
        found = self.body.xpath(
            xpath,
            namespaces={
                "rim": "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0",
                "xds": "urn:ihe:iti:xds-b:2007",
                "xop": "http://www.w3.org/2004/08/xop/include",
            },
        )
        assert isinstance(found, list)
        assert found, xpath
        element = found[0]
        assert isinstance(element, etree._Element)
        return element

    def remove(self, xpath: str) -> None:
        element = self.one(xpath)
        parent = element.getparent()
        assert parent is not None
        parent.remove(element)


@pytest.fixture
def entry() -> DocumentEntry:
    return an_entry()


@pytest.fixture
def submission_set() -> SubmissionSet:
    return a_submission_set()


@pytest.fixture
def folder() -> Folder:
    return a_folder()


@pytest.fixture
def new_message() -> Callable[[], Message]:
    entries = (an_entry(), an_entry("urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60", "1.2.250.1.999.2"))
    members = [a_member(entry.entry_uuid, f"as{number}") for number, entry in enumerate(entries)]
    documents = "".join(
        f'<xds:Document id="{entry.entry_uuid}"><xop:Include href="cid:part{number}%40example.org"/></xds:Document>'
        for number, entry in enumerate(entries)
    )
    text = (
        b'<xds:ProvideAndRegisterDocumentSetRequest xmlns:xds="urn:ihe:iti:xds-b:2007"'
        b' xmlns:xop="http://www.w3.org/2004/08/xop/include">'
        + write_submit_objects(a_submission_set(), entries, members)
        + documents.encode()
        + b"</xds:ProvideAndRegisterDocumentSetRequest>"
    )
    return lambda: Message(parse(text), {"part0@example.org": b"abc", "part1@example.org": b"abc"})


@pytest.fixture
def message(new_message: Callable[[], Message]) -> Message:
    return new_message()
