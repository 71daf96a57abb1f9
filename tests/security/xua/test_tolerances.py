"""What a sender may add to an assertion that this service has no use for (ITI TF-2 §3.40.4.1.2)."""

import pytest
from lxml import etree

from samples.xua import NURSE, wrap_in_security
from security.saml import SAML

UTILITY = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
IGNORED = (
    "urn:ihe:iti:bppc:2007:docid",
    "urn:ihe:iti:xua:2012:acp",
    "urn:oasis:names:tc:xspa:1.0:environment:locality",
    "urn:example:anything",
)


@pytest.mark.parametrize("name", IGNORED)
def test_attributes_that_are_not_understood_are_ignored(name, door):
    """Among them the consent of the patient, which XUA lets a sender name."""

    def added(assertion):
        statement = assertion.find(f"{{{SAML}}}AttributeStatement")
        attribute = etree.SubElement(statement, f"{{{SAML}}}Attribute", Name=name)
        etree.SubElement(attribute, f"{{{SAML}}}AttributeValue").text = "urn:oid:1.2.3.4"

    assert door.believed(before_signing=added).roles == (NURSE,)


def test_a_timestamp_beside_the_assertion_says_nothing(door):
    header = wrap_in_security(door.build())
    etree.SubElement(header, f"{{{UTILITY}}}Timestamp")

    assert door.verify(header).roles == (NURSE,)
