"""Repairs change what the rule names and nothing else of the infoset; those that contradict each other do not mix."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.positions import positions
from conformance.repairs import RepairFault, edits, mend
from conformance.report import Edit, Finding, Severity
from security import xml

XSI = "http://www.w3.org/2001/XMLSchema-instance"


def finding(rule: str, *repair: Edit) -> Finding:
    return Finding(
        rule=rule,
        severity=Severity.ERROR,
        source="S",
        path="/",
        line=1,
        column=1,
        found=None,
        expected=None,
        message="m",
        message_en="m",
        repair=repair,
    )


def repaired(source: bytes, steps: str, name: str = "code") -> bytes:
    """`source` after the steps are taken on the first element of that local name."""
    root = xml.parse(source)
    element = next(one for one in root.iter("*") if etree.QName(one).localname == name)
    made = edits(steps, element, source, positions(source, root)[element].start)
    return mend(source, [finding("R", *made)]).content


@pytest.mark.parametrize(
    ("source", "steps", "expected"),
    [
        (b"<a><code code='x'/></a>", "@code='SYNTH'", b"<a><code code='SYNTH'/></a>"),
        (b'<a><code code="x" /></a>', "@code='SYNTH'", b'<a><code code="SYNTH" /></a>'),
        (b"<a><code\n  code = 'x'\n></code></a>", "@code='S'", b"<a><code\n  code = 'S'\n></code></a>"),
        (b"<a><code/></a>", "@code='SYNTH'", b'<a><code code="SYNTH"/></a>'),
        (b"<a><code></code></a>", '@code="SYNTH"', b'<a><code code="SYNTH"></code></a>'),
        (b'<a><code x="1"/></a>', "@code='a';@codeSystem='b'", b'<a><code x="1" code="a" codeSystem="b"/></a>'),
        (b"<a><code code='x'/></a>", """@code="l'eau & <b>" """, b"<a><code code='l&apos;eau &amp; &lt;b>'/></a>"),
        (b"<a><code code='x > y'/></a>", "@code='y;z'", b"<a><code code='y;z'/></a>"),
        (b"<a><code code='right'/></a>", "@code='right'", b"<a><code code='right'/></a>"),
        ("<a>é<code code='é'/></a>".encode(), "@code='à'", "<a>é<code code='à'/></a>".encode()),
        (
            b'<?xml version="1.0" encoding="us-ascii"?><a><code/></a>',
            "@code='\xe9'",
            b'<?xml version="1.0" encoding="us-ascii"?><a><code code="&#233;"/></a>',
        ),
        (b"\xef\xbb\xbf<a><code/></a>", "@code='x'", b'\xef\xbb\xbf<a><code code="x"/></a>'),
        (b"<a xmlns:code='u'><code:code/></a>", "@code='x'", b"<a xmlns:code='u'><code:code code=\"x\"/></a>"),
    ],
)
def test_an_attribute_is_set_where_it_is_or_added_after_the_others(source, steps, expected):
    assert repaired(source, steps) == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            f'<a xmlns:i="{XSI}"><value i:type="CD"/></a>',
            f'<a xmlns:i="{XSI}"><value i:type="CE"/></a>',
        ),
        (f'<a xmlns:i="{XSI}"><value/></a>', f'<a xmlns:i="{XSI}"><value i:type="CE"/></a>'),
        ("<a><value/></a>", f'<a><value xmlns:xsi="{XSI}" xsi:type="CE"/></a>'),
        ('<a xmlns:xsi="urn:other"><value/></a>', '<a xmlns:xsi="urn:other"><value/></a>'),
        (
            '<a xmlns:o="urn:o"><value o:type="x"/></a>',
            f'<a xmlns:o="urn:o"><value o:type="x" xmlns:xsi="{XSI}" xsi:type="CE"/></a>',
        ),
    ],
)
def test_xsi_type_is_known_by_its_namespace(source, expected):
    assert repaired(source.encode(), "@xsi:type='CE'", "value") == expected.encode()


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b"<a>\r\n  <code/>\r\n  <b/></a>", b"<a>\r\n  <b/></a>"),
        (b"<a>text  <code/> more</a>", b"<a>text   more</a>"),
        (b"<a><![CDATA[x]]>  <code/></a>", b"<a><![CDATA[x]]>  </a>"),
        (b"<a><b/> <code><code/><!-- </code> --><c d='/>'/></code></a>", b"<a><b/></a>"),
        (b"<a>\n<!-- of the code -->\n<code></code>\n</a>", b"<a>\n<!-- of the code -->\n</a>"),
    ],
)
def test_an_element_goes_with_the_white_space_before_it(source, expected):
    assert repaired(source, "remove") == expected


def test_the_root_is_never_removed():
    assert repaired(b"<code/>", "remove") == b"<code/>"


@pytest.mark.parametrize("steps", ["", ";", "@code", "code='x'", "@code='x' @b='y'", "@o:type='x'", "delete"])
def test_steps_that_are_none_are_a_fault_of_the_rule(steps):
    with pytest.raises(RepairFault):
        repaired(b"<a><code/></a>", steps)


def test_a_value_that_xml_cannot_hold_is_no_repair():
    assert repaired(b"<a><code/></a>", "@code='\x01'") == b"<a><code/></a>"


def test_of_two_repairs_that_contradict_each_other_the_first_goes_in():
    source = b"<a><code code='x'/><b/></a>"
    first = finding("FIRST", Edit(15, 16, b"y"))
    second = finding("SECOND", Edit(15, 16, b"z"), Edit(21, 21, b' c="d"'))
    third = finding("THIRD", Edit(15, 16, b"y"))

    mended = mend(source, [first, second, third])

    assert mended.content == b"<a><code code='y'/><b/></a>"
    assert [one.rule for one in mended.done] == ["FIRST", "THIRD"]
    assert mended.left == (second,)


def test_additions_at_one_place_both_go_in_unless_they_name_the_same_attribute():
    source = b"<a><b/></a>"
    one, two, again = (
        finding(rule, Edit(5, 5, text)) for rule, text in (("1", b' c="1"'), ("2", b' d="2"'), ("3", b' c="3"'))
    )

    mended = mend(source, [one, two, again])

    assert mended.content == b'<a><b c="1" d="2"/></a>'
    assert mended.left == (again,)


def test_what_is_inside_a_removed_element_is_mended_with_it():
    source = b"<a><b c='x'><d/></b><e/></a>"
    inside, nested, whole = (
        finding("IN", Edit(9, 10, b"y")),
        finding("NEST", Edit(12, 16, b"")),
        finding("OUT", Edit(3, 20, b"")),
    )

    mended = mend(source, [inside, nested, whole])

    assert mended.content == b"<a><e/></a>"
    assert mended.edits == (Edit(3, 20, b""),)
    assert len(mended.done) == 3


NAMES = st.sampled_from(["code", "codeSystem", "b", "xsi-like", "é"])
TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc", "Cn", "Co")), max_size=8)
VALUES = st.text(st.sampled_from("az é<>&\";/=\t\n'"), max_size=6)


@st.composite
def elements(draw, depth=3):
    made = etree.Element(draw(NAMES))
    for key, value in draw(st.dictionaries(NAMES, VALUES, max_size=3)).items():
        made.set(key, value)
    made.text = draw(TEXTS)
    for child in draw(st.lists(elements(depth - 1), max_size=3)) if depth else []:
        child.tail = draw(TEXTS)
        made.append(child)
        if draw(st.booleans()):
            made.append(etree.Comment(draw(st.sampled_from(["<b>", " x ", "</code>"]))))
    return made


def canonical(root) -> bytes:
    return etree.tostring(root, method="c14n2", with_comments=True)


@settings(deadline=None)
@given(elements(), st.data())
def test_setting_an_attribute_changes_nothing_else_of_the_infoset(tree, data):
    source = etree.tostring(tree, encoding="UTF-8", xml_declaration=data.draw(st.booleans()))
    if data.draw(st.booleans()):
        source = source.replace(b"/>", b"\n/>")
    root = xml.parse(source)
    chosen = data.draw(st.sampled_from(list(root.iter("*"))))
    name, value = data.draw(NAMES), data.draw(VALUES)
    quote = '"' if "'" in value else "'"
    value = value.replace(quote, "")
    place = positions(source, root)[chosen]

    mended = mend(source, [finding("R", *edits(f"@{name}={quote}{value}{quote}", chosen, source, place.start))])

    chosen.set(name, value)
    assert canonical(xml.parse(mended.content)) == canonical(root)
    assert mended.left == ()


@settings(deadline=None)
@given(elements(), st.data())
def test_removing_an_element_takes_away_its_subtree_and_white_space_only(tree, data):
    source = etree.tostring(tree, encoding="UTF-8")
    root = xml.parse(source)
    chosen = data.draw(st.sampled_from(list(root.iter("*"))))
    start = positions(source, root)[chosen].start

    made = edits("remove", chosen, source, start)

    if chosen is root:
        assert made == ()
        return
    after = xml.parse(mend(source, [finding("R", *made)]).content)
    gone = set(chosen.iter("*"))
    assert [one.tag for one in after.iter("*")] == [one.tag for one in root.iter("*") if one not in gone]
    removed_text = "".join(chosen.itertext())
    assert len("".join(after.itertext()).strip()) <= len("".join(root.itertext())) - len(removed_text)


@pytest.mark.parametrize(
    ("value", "typed"),
    [
        ('<value xmlns="urn:hl7-org:v3" {xsi} xsi:type="CE" code="I48.9"/>', True),
        ('<value xmlns="urn:hl7-org:v3" {xsi} code="I48.9"/>', True),
        ('<value xmlns="urn:hl7-org:v3" {xsi} xsi:type="ST">Fibrillation</value>', False),
        ('<value xmlns="urn:hl7-org:v3" {xsi} xsi:type="PQ" value="1" unit="g"/>', False),
        ('<c:value xmlns:c="urn:hl7-org:v3" {xsi} xsi:type="c:CE" code="I48.9"/>', False),
    ],
)
def test_a_data_type_is_written_only_where_it_admits_what_is_there(value, typed):
    source = value.format(xsi=f'xmlns:xsi="{XSI}"').encode()

    assert (b'xsi:type="CD"' in repaired(source, "@xsi:type='CD'", "value")) == typed
