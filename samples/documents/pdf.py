"""A small PDF of one page, written by hand: PDF 1.4 that follows PDF/A-1b (ISO 32000-1 §7.5, ISO 19005-1 §6).

What that asks for is all here: an embedded font (drawn from `glyphs`), a colour that no device decides,
metadata that say PDF/A, an identifier of the file, and nothing compressed.
"""

from __future__ import annotations

import hashlib
from html import escape

from samples.documents.glyphs import DESCENT, HEIGHT, WIDTH, bars

_A4 = "0 0 595 842"
_METADATA = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:dc="http://purl.org/dc/elements/1.1/">
<pdfaid:part>1</pdfaid:part>
<pdfaid:conformance>B</pdfaid:conformance>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
</rdf:Description>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def one_page(title: str, lines: tuple[str, ...]) -> bytes:
    """Make a PDF of one A4 page: the title in large letters, one line of text under the other.

    Characters outside Windows-1252 become question marks.
    """
    drawn = "".join(f"0 -20 Td ({_written(line)}) Tj\n" for line in lines)
    page = f"/Black cs 0 sc\nBT\n/F1 14 Tf\n60 780 Td ({_written(title)}) Tj\n/F1 8 Tf\n{drawn}ET\n"
    codes = sorted({code for text in (title, *lines) for code in text.encode("cp1252", "replace")})
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R /Metadata 4 0 R /Lang (fr-FR) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{_A4}] /Contents 5 0 R /Resources << /Font << /F1 6 0 R >> "
            "/ColorSpace << /Black [/CalGray << /WhitePoint [0.9505 1 1.089] >>] >> >> >>"
        ).encode(),
        _stream(_METADATA.format(title=escape(title)).encode(), "/Type /Metadata /Subtype /XML "),
        _stream(page.encode("cp1252", "replace")),
        _font(codes, first=7),
        *(_stream(_drawing(bytes([code]).decode("cp1252")).encode()) for code in codes),
    ]
    return _file(bodies)


def _font(codes: list[int], first: int) -> bytes:
    """A font of type 3: its glyphs are drawings, objects `first` and those after it."""
    procedures = " ".join(f"/g{code} {first + number} 0 R" for number, code in enumerate(codes))
    names = " ".join(f"{code} /g{code}" for code in codes)
    widths = " ".join(str(WIDTH) if code in codes else "0" for code in range(codes[0], codes[-1] + 1))
    return (
        f"<< /Type /Font /Subtype /Type3 /FontBBox [0 {DESCENT} {WIDTH} {HEIGHT}] /FontMatrix [0.1 0 0 0.1 0 0] "
        f"/Resources << >> /CharProcs << {procedures} >> /Encoding << /Type /Encoding /Differences [{names}] >> "
        f"/FirstChar {codes[0]} /LastChar {codes[-1]} /Widths [{widths}] >>"
    ).encode()


def _drawing(character: str) -> str:
    strokes = "".join(f"{left} {bottom} 1 {height} re\n" for left, bottom, height in bars(character))
    return f"{WIDTH} 0 0 {DESCENT} {WIDTH} {HEIGHT} d1\n{strokes}{'f' if strokes else 'n'}\n"


def _stream(content: bytes, entries: str = "") -> bytes:
    return f"<< {entries}/Length {len(content)} >>\nstream\n".encode() + content + b"\nendstream"


def _file(bodies: list[bytes]) -> bytes:
    made = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(made))
        made += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    made += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    identifier = hashlib.sha256(made).hexdigest()[:32].encode()
    made += b"trailer\n<< /Size %d /Root 1 0 R /ID [<%s> <%s>] >>\n" % (len(bodies) + 1, identifier, identifier)
    made += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(made)


def _written(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
