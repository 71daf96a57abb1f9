"""A small PDF of one page, written by hand (ISO 32000-1 §7.5). Plain PDF 1.4: no embedded font, so not PDF/A."""

from __future__ import annotations

_A4 = "0 0 595 842"


def one_page(title: str, lines: tuple[str, ...]) -> bytes:
    """Make a PDF of one A4 page: the title in bold, one line of text under the other.

    Characters outside Windows-1252 become question marks.
    """
    drawn = "".join(f"0 -20 Td ({_escape(line)}) Tj\n" for line in lines)
    stream = f"BT\n/F2 16 Tf\n60 780 Td ({_escape(title)}) Tj\n/F1 11 Tf\n{drawn}ET\n".encode("cp1252", "replace")
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /{} /Encoding /WinAnsiEncoding >>"
    bodies = (
        b"<< /Type /Catalog /Pages 2 0 R /Lang (fr-FR) >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [{_A4}] /Contents 4 0 R "
            "/Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>"
        ).encode(),
        b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"endstream",
        font.format("Helvetica").encode(),
        font.format("Helvetica-Bold").encode(),
    )
    made = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(bodies, start=1):
        offsets.append(len(made))
        made += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1)
    made += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    made += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start)
    return bytes(made)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
