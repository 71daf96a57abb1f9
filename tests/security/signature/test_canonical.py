from __future__ import annotations

import base64

import pytest
import xmlsec
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from security.signature.algorithms import EXCLUSIVE, digest
from security.signature.canonical import canonicalise

INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
DEFAULT_ABOVE = "<root xmlns='urn:above'><sub><child><grandchild/></child></sub></root>"


def test_lxml_alone_is_wrong_on_a_sub_element_and_we_are_right():
    """The defect this module exists for: when lxml no longer has it, parsing again can go."""
    sub = etree.fromstring(DEFAULT_ABOVE)[0]
    right = b'<sub xmlns="urn:above"><child><grandchild></grandchild></child></sub>'
    assert canonicalise(sub, INCLUSIVE) == right
    assert etree.tostring(sub, method="c14n") != right


@pytest.mark.parametrize(
    "document",
    [
        DEFAULT_ABOVE,
        "<root xmlns='urn:above' xmlns:a='urn:a'><sub a:b='1'><a:child xmlns=''><other/></a:child> tail</sub></root>",
        "<a:root xmlns:a='urn:a' xmlns='urn:d'><sub><x xmlns='urn:e'><y xmlns=''/></x></sub></a:root>",
    ],
)
@pytest.mark.parametrize(
    ("algorithm", "transform"), [(INCLUSIVE, xmlsec.Transform.C14N), (EXCLUSIVE, xmlsec.Transform.EXCL_C14N)]
)
def test_digests_of_sub_elements_are_those_of_xmlsec(document, algorithm, transform):
    root = etree.fromstring(document)
    root[0].set("Id", "here")
    ours = digest("http://www.w3.org/2001/04/xmlenc#sha256", canonicalise(root[0], algorithm))
    xmlsec.tree.add_ids(root, ["Id"])
    xmlsec.tree.add_ids(root[0], ["Id"])
    node = xmlsec.template.create(root, xmlsec.Transform.EXCL_C14N, xmlsec.Transform.RSA_SHA256)
    root.append(node)
    reference = xmlsec.template.add_reference(node, xmlsec.Transform.SHA256, uri="#here")
    xmlsec.template.add_transform(reference, transform)
    context = xmlsec.SignatureContext()
    key = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    context.key = xmlsec.Key.from_memory(key, xmlsec.constants.KeyDataFormatPem)
    context.sign(node)
    assert base64.b64decode(node.findtext("{*}SignedInfo/{*}Reference/{*}DigestValue")) == ours


def test_comments_are_kept_only_when_asked_for():
    root = etree.fromstring("<a><b><!--c-->d</b></a>")
    assert canonicalise(root[0], EXCLUSIVE) == b"<b>d</b>"
    assert canonicalise(root[0], EXCLUSIVE + "WithComments") == b"<b><!--c-->d</b>"


def test_prefixes_that_are_listed_are_canonicalised_inclusively():
    root = etree.fromstring("<a xmlns='urn:d' xmlns:x='urn:x' xmlns:y='urn:y'><x:b/></a>")
    assert canonicalise(root[0], EXCLUSIVE) == b'<x:b xmlns:x="urn:x"></x:b>'
    assert canonicalise(root[0], EXCLUSIVE, ["y"]) == b'<x:b xmlns:x="urn:x" xmlns:y="urn:y"></x:b>'
    assert canonicalise(root[0], EXCLUSIVE, ["z"]) == b'<x:b xmlns:x="urn:x"></x:b>'


NAMES = st.sampled_from(["a", "b", "x:c", "y:d"])
TREES = st.recursive(
    st.tuples(NAMES, st.sampled_from(["", " xmlns='urn:1'", " xmlns=''", " xmlns:x='urn:3'", " x:k='v'"])),
    lambda below: st.tuples(NAMES, st.just(""), st.lists(below, max_size=3)),
    max_leaves=8,
)


def _write(tree):
    name, attributes, *below = tree
    return f"<{name}{attributes}>{''.join(_write(each) for each in (below[0] if below else []))}</{name}>"


@given(TREES)
def test_what_is_canonical_stays_so(tree):
    root = etree.fromstring(f"<root xmlns='urn:0' xmlns:x='urn:x' xmlns:y='urn:y'>{_write(tree)}</root>")
    for algorithm in (INCLUSIVE, EXCLUSIVE):
        once = canonicalise(root[0], algorithm)
        assert canonicalise(etree.fromstring(once), algorithm) == once
