"""Documents of a generic domain: plain text, PDF, CDA (ITI TF-3 §5.2 for the formats)."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from samples.documents.elements import new_oid
from samples.documents.pdf import one_page
from samples.xds import codes
from samples.xds.patients import DomainPatient
from xds.metadata.codes import Code

_CDA = "urn:hl7-org:v3"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleDocument:
    """Bytes, and what an entry says of them. `unique_id` is the document's own when it has one inside."""

    unique_id: str
    mime_type: str
    format_code: Code
    content: bytes = field(repr=False)


def text_document(text: str = "Nothing to report.") -> SampleDocument:
    """A plain text, in UTF-8."""
    return SampleDocument(
        unique_id=new_oid(), mime_type="text/plain", format_code=codes.TEXT, content=text.encode("utf-8")
    )


def pdf_document(title: str = "Report", *lines: str) -> SampleDocument:
    """A PDF of one page."""
    content = one_page(title, lines or ("Nothing to report.",))
    return SampleDocument(unique_id=new_oid(), mime_type="application/pdf", format_code=codes.PDF, content=content)


def cda_document(patient: DomainPatient, text: str = "Nothing to report.") -> SampleDocument:
    """A CDA R2 document of level 2: a header that names the patient, one section of text."""
    unique_id = new_oid()
    root = etree.Element(f"{{{_CDA}}}ClinicalDocument", nsmap={None: _CDA})  # type: ignore[dict-item]  # the default namespace
    _add(root, "typeId", root="2.16.840.1.113883.1.3", extension="POCD_HD000040")
    _add(root, "id", root=unique_id)
    _add(root, "code", code=codes.CONSULTATION_NOTE.code, codeSystem=codes.LOINC)
    _add(root, "title").text = "Consultation note"
    _add(root, "effectiveTime", value="20240305101500+0000")
    _add(root, "confidentialityCode", code="N", codeSystem="2.16.840.1.113883.5.25")
    _add(root, "languageCode", code="en-US")
    role = _add(_add(root, "recordTarget"), "patientRole")
    _add(role, "id", root=patient.authority, extension=patient.identifier)
    person = _add(role, "patient")
    name = _add(person, "name")
    _add(name, "given").text = patient.given
    _add(name, "family").text = patient.family
    _add(person, "administrativeGenderCode", code=patient.gender, codeSystem="2.16.840.1.113883.5.1")
    _add(person, "birthTime", value=patient.born)
    author = _add(root, "author")
    _add(author, "time", value="20240305101500+0000")
    assigned = _add(author, "assignedAuthor")
    _add(assigned, "id", root="1.3.6.1.4.1.21367.13.20.9998", extension="D-12")
    named = _add(_add(assigned, "assignedPerson"), "name")
    _add(named, "family").text = "Healer"
    keeper = _add(_add(_add(root, "custodian"), "assignedCustodian"), "representedCustodianOrganization")
    _add(keeper, "id", root="1.3.6.1.4.1.21367.13.20.9997")
    section = _add(_add(_add(_add(root, "component"), "structuredBody"), "component"), "section")
    _add(section, "title").text = "Conclusion"
    _add(section, "text").text = text
    content = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return SampleDocument(unique_id=unique_id, mime_type="text/xml", format_code=codes.SUMMARY, content=content)


def _add(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_CDA}}}{name}", attributes)
