"""A document that presents itself holds no script and no external link, however they are written (DMP EX_2.1-1115)."""

from __future__ import annotations

import pytest

from cda.document import parse_document
from cda.header import read_header
from cda.to_metadata import to_entry
from conformance.checks.content import check_presentation
from conformance.checks.self_presented import LINK, MIME_TYPE, SCRIPT, check_self_presented, is_self_presented
from conformance.report import Severity
from conformance.validate import validate
from samples.documents.patients import CLAIRE
from samples.documents.vsm import vsm

XSL = "http://www.w3.org/1999/XSL/Transform"
GOOD = """<xsl:template match="/"><html><head><style>p { color: red; background: url(#a) }</style></head><body>
<a href="#x">in</a><a href="#{@ID}">in</a><img src="data:image/png;base64,AAAA" alt="{$x}"/>
<a href="mailto:a@b.fr">m</a><xsl:variable name="me" select="document('')/*"/>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:l="http://www.w3.org/1999/xlink"><use l:href="#y" fill="url(#z)"/></svg>
<xsl:attribute name="href">#<xsl:value-of select="@ID"/></xsl:attribute>
<p title="onset: metadata: a/b" class="once">On click of the word script: nothing</p></body></html></xsl:template>
<xsl:output method="html" doctype-system="http://www.w3.org/TR/html4/strict.dtd"/>"""
HOSTILE = {
    "script": ("<script>alert(1)</script>", SCRIPT),
    "script in capitals": ("<SCRIPT src='#a'/>", SCRIPT),
    "script of another namespace": ("<s:script xmlns:s='http://www.w3.org/2000/svg'/>", SCRIPT),
    "script of the style sheet": ("<m:script xmlns:m='urn:schemas-microsoft-com:xslt' language='JScript'/>", SCRIPT),
    "script that is made": ("<xsl:element name='script'/>", SCRIPT),
    "element of a computed name": ("<xsl:element name=\"{concat('scr','ipt')}\"/>", SCRIPT),
    "event": ("<body onload='x()'/>", SCRIPT),
    "event in capitals": ("<p ONCLICK='x()'/>", SCRIPT),
    "event of SVG": ("<svg xmlns='http://www.w3.org/2000/svg'><rect onbegin='x()'/></svg>", SCRIPT),
    "event that is made": ("<xsl:attribute name='onclick'>x()</xsl:attribute>", SCRIPT),
    "event that is animated": ("<set attributeName='onmouseover' to='x()'/>", SCRIPT),
    "javascript": ("<a href='javascript:alert(1)'/>", SCRIPT),
    "javascript with a tab": ("<a href='java&#9;script:alert(1)'/>", SCRIPT),
    "javascript in entities": ("<a href='&#106;avascript&#58;alert(1)'/>", SCRIPT),
    "javascript in mixed case, after a blank": ("<a href=' JaVaScRiPt:alert(1)'/>", SCRIPT),
    "vbscript": ("<a href='vbscript:x'/>", SCRIPT),
    "javascript in pieces": ("<a href=\"{concat('java', 'script:x')}\"/>", SCRIPT),
    "javascript as a text": ("<xsl:attribute name='href'>javascript:x</xsl:attribute>", SCRIPT),
    "javascript in a variable": ("<xsl:variable name='u' select=\"'javascript:x'\"/>", SCRIPT),
    "animation of a link": ("<animate attributeName='href' values='javascript:x'/>", SCRIPT),
    "data that is a page": ("<a href='data:text/html,&lt;script&gt;'/>", SCRIPT),
    "data that is SVG": ("<img src='data:image/svg+xml;base64,AAAA'/>", SCRIPT),
    "text that is not escaped": ("<xsl:text disable-output-escaping='yes'>&lt;script&gt;</xsl:text>", SCRIPT),
    "frame": ("<iframe srcdoc='x'/>", SCRIPT),
    "object": ("<object data='#a'/>", SCRIPT),
    "expression of CSS": ("<p style='width: expression(alert(1))'/>", SCRIPT),
    "binding of CSS": ("<style>p { -moz-binding: url(#x) }</style>", SCRIPT),
    "javascript of CSS, escaped": (r"<p style='background: url(\6a avascript:x)'/>", SCRIPT),
    "link": ("<a href='http://example.org/'/>", LINK),
    "link without scheme": ("<a href='//example.org/'/>", LINK),
    "link to a file beside": ("<a href='other.html'/>", LINK),
    "link of a later expression": ("<a href='https://example.org/{@ID}'/>", LINK),
    "image": ("<img src='HTTP://example.org/a.png'/>", LINK),
    "image of several sizes": ("<img srcset='a.png 2x'/>", LINK),
    "xlink": ("<use xmlns:x='http://www.w3.org/1999/xlink' x:href='http://example.org/#a'/>", LINK),
    "form": ("<form action='http://example.org/'/>", LINK),
    "ping": ("<a href='#a' ping='http://example.org/'/>", LINK),
    "base": ("<base href='http://example.org/'/>", LINK),
    "xml:base": ("<p xml:base='http://example.org/'/>", LINK),
    "refresh": ("<meta http-equiv='Refresh' content='0;url=http://example.org/'/>", LINK),
    "url of CSS": ("<p style='background: url(http://example.org/a)'/>", LINK),
    "url of CSS with an escape": (r"<p style='background: \75 rl(http://example.org/a)'/>", LINK),
    "url of CSS with a comment": ("<style>p { background: u/**/rl('http://example.org/a') }</style>", LINK),
    "import of CSS": ("<style>@import 'http://example.org/a.css';</style>", LINK),
    "import of CSS, escaped": (r"<style>@\69mport 'a.css';</style>", LINK),
    "url of an attribute": ("<rect fill='url(http://example.org/#a)'/>", LINK),
    "xsl:include": ("<xsl:include href='other.xsl'/>", LINK),
    "xsl:import": ("<xsl:import href='other.xsl'/>", LINK),
    "xsl:result-document": ("<xsl:result-document href='other.html'/>", LINK),
    "document()": ("<xsl:value-of select=\"document('http://example.org/a')\"/>", LINK),
    "document() with a comment": ("<xsl:value-of select=\"document(: a :)('a.xml')\"/>", LINK),
    "document() of a variable": ("<xsl:copy-of select='document( $u )'/>", LINK),
    "document() in a value": ("<p title=\"{document('a.xml')}\"/>", LINK),
    "document() in entities": ("<xsl:value-of select=\"&#100;ocument('a.xml')\"/>", LINK),
    "unparsed-text()": ("<xsl:value-of select=\"unparsed-text('a.txt')\"/>", LINK),
    "address in a variable": ("<xsl:variable name='u' select=\"'http://example.org/'\"/>", LINK),
    "address as a text": ("<xsl:attribute name='href'><xsl:text>https://example.org/</xsl:text></xsl:attribute>", LINK),
    "XInclude": ("<i:include xmlns:i='http://www.w3.org/2001/XInclude' href='a.xml'/>", LINK),
}
SHEETS = {
    "of elsewhere": ('type="text/xsl" href="http://example.org/a.xsl"', [LINK]),
    "of a file beside": ("href='cda.xsl'", [LINK]),
    "with entities": ('href="&#104;ttp&#58;//example.org/"', [LINK]),
    "that is a script": ('href="javascript:x"', [SCRIPT]),
    "of the document itself": ('type="text/xsl" href="#style"', []),
    "of the document, by nothing": ('type="text/xsl" href=""', []),
}


def wrapped(inside: str = "", before: str = "") -> bytes:
    """A summary inside a style sheet that says how it is shown."""
    declared, _, cda = vsm(CLAIRE).partition(b"?>")
    start = (
        f"{declared.decode()}?>\n{before}\n<xsl:stylesheet xmlns:xsl='{XSL}' version='1.0'>\n<xsl:template name='t'>\n"
    )
    return f"{start}{inside}\n</xsl:template>\n".encode() + cda.strip() + b"\n</xsl:stylesheet>"


def test_a_bare_document_presents_nothing() -> None:
    assert not is_self_presented(parse_document(vsm(CLAIRE)))
    assert check_self_presented(parse_document(vsm(CLAIRE))) == ()


def test_what_stays_inside_is_right() -> None:
    assert [(one.rule, one.found) for one in check_self_presented(parse_document(wrapped(GOOD)))] == []


@pytest.mark.parametrize(("inside", "rule"), HOSTILE.values(), ids=HOSTILE)
def test_each_way_to_run_or_to_lead_outside_is_found_where_it_is(inside: str, rule: str) -> None:
    content = wrapped(f"<p/>\n  {inside}")

    found = check_self_presented(parse_document(content))

    assert {one.rule for one in found} == {rule}, found
    line = content.decode().splitlines()[found[0].line - 1]
    assert line[found[0].column - 1] == "<"
    assert all((one.found, one.source, one.severity) != (None, "", Severity.ERROR) for one in found)


@pytest.mark.parametrize(("words", "rules"), SHEETS.values(), ids=SHEETS)
def test_a_style_sheet_that_is_named_is_inside(words: str, rules: list[str]) -> None:
    declared, _, cda = vsm(CLAIRE).partition(b"?>")
    content = declared + f"?>\n<?xml-stylesheet {words}?>".encode() + cda

    parsed = parse_document(content)

    assert is_self_presented(parsed) is (rules != [LINK])
    assert [(one.rule, one.line) for one in check_self_presented(parsed)] == [(rule, 2) for rule in rules]


def test_validation_tells_of_it_and_the_verdict_is_that_of_the_profile() -> None:
    report = validate(wrapped("<script/>"))

    assert [(one.rule, one.severity) for one in report.findings] == [(SCRIPT, Severity.WARNING)]
    assert report.valid


@pytest.mark.parametrize("spelled", [XSL, XSL.replace("/", "&#47;"), "http://www.w3.org/TR/WD-xsl", f"&#x68;{XSL[1:]}"])
def test_a_style_sheet_is_one_however_its_namespace_is_spelled(spelled: str) -> None:
    content = vsm(CLAIRE).replace(b"</ClinicalDocument>", f"<s:if xmlns:s='{spelled}'/></ClinicalDocument>".encode())

    assert is_self_presented(parse_document(content))


def test_a_document_that_only_names_a_style_sheet_of_elsewhere_presents_nothing_itself() -> None:
    declared, _, cda = vsm(CLAIRE).partition(b"?>")
    content = declared + b"?>\n<?xml-stylesheet type='text/xsl' href='../CDA-FO.xsl'?>" + cda

    assert validate(content).findings == ()
    assert refusals(content, "text/xml") == []
    assert refusals(content, MIME_TYPE) == ["InvalidDocumentContent"]


def refusals(content: bytes, mime_type: str) -> list[str]:
    """What the door says of a document that is deposited as of a type."""
    document = parse_document(content)
    entry = to_entry(read_header(document), content, entry_uuid="Document01", mime_type=mime_type)
    errors = check_presentation(entry, document)
    assert all(error.severity.name == "ERROR" and SCRIPT[:6] in error.context for error in errors)
    return [str(error.code) for error in errors]


@pytest.mark.parametrize(
    ("content", "mime_type", "codes"),
    [
        (wrapped("<script/>"), "text/xml", ["InvalidDocumentContent"]),
        (wrapped("<a href='http://example.org/'/>"), MIME_TYPE, ["InvalidDocumentContent"]),
        (wrapped(GOOD), MIME_TYPE, []),
        (vsm(CLAIRE), "text/xml", []),
    ],
    ids=["by what is in it", "by its type", "right", "bare"],
)
def test_the_door_refuses_it(content: bytes, mime_type: str, codes: list[str]) -> None:
    assert refusals(content, mime_type) == codes
