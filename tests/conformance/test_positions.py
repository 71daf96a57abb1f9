from __future__ import annotations

from lxml import etree

from conformance.positions import Paths, Place, positions
from security import xml

SOURCE = """<?xml version="1.0" encoding="UTF-8"?>
<!-- <no> -->
<?pi <no> ?>
<a xmlns="urn:hl7-org:v3"><é>é<b
   c="1 > 0"/></é><![CDATA[<no/>]]><b/>
  <d><b/></d></a>
""".encode()


def test_each_element_has_its_line_and_its_column_in_characters():
    root = xml.parse(SOURCE)

    places = positions(SOURCE, root)

    assert [places[element][:2] for element in root.iter("*")] == [
        (4, 1),
        (4, 27),
        (4, 31),
        (5, 32 + 4),
        (6, 3),
        (6, 6),
    ]


def test_each_element_has_the_byte_where_it_starts():
    root = xml.parse(SOURCE)

    places = positions(SOURCE, root)

    for element in root.iter("*"):
        assert SOURCE[places[element].start :].startswith(b"<" + etree.QName(element).localname.encode())


def test_a_byte_order_mark_is_no_column():
    content = b"\xef\xbb\xbf<a><b/></a>"
    root = xml.parse(content)

    places = positions(content, root)

    assert [places[one] for one in root.iter("*")] == [Place(1, 1, 3), Place(1, 4, 6)]


def test_a_path_numbers_only_the_elements_that_have_a_namesake():
    content = (
        b'<s><ClinicalDocument xmlns="urn:hl7-org:v3"><id/><section/><section><code/></section></ClinicalDocument></s>'
    )
    root = xml.parse(content)

    paths = Paths()

    assert [paths.of(element) for element in root.iter("*")][1:] == [
        "/ClinicalDocument",
        "/ClinicalDocument/id",
        "/ClinicalDocument/section[1]",
        "/ClinicalDocument/section[2]",
        "/ClinicalDocument/section[2]/code",
    ]
