"""Files that are no good documents, or hostile: one table, the verdict on each."""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from samples.documents.vsm import vsm

_GOOD = vsm(unique_id="2.25.7")


@dataclass(frozen=True, slots=True)
class Bad:
    """`verdict` is `valid`, `invalid` or `unusable`; `said` is in the first error, its rule or its English message.

    `placed`: that error has a line.
    """

    content: Callable[[], bytes]
    verdict: str
    said: str
    placed: bool = True

    def disagreement(self, report: Mapping[str, Any]) -> str | None:
        """What a report, as JSON has it, tells otherwise than this table; None when nothing."""
        usable = report["profile"] is not None
        verdict = "unusable" if not usable else "valid" if report["valid"] else "invalid"
        if verdict != self.verdict:
            return f"the verdict is {verdict}"
        if verdict == "valid":
            return None
        errors = [one for one in report["findings"] if one["severity"] == "error"]
        told = next((one for one in errors if self.said in one["rule"] + one["message"]), None)
        if told is None:
            return f"no error says {self.said!r}"
        if bool(told["line"]) != self.placed:
            return f"its line is {told['line']}"
        if told["rule"] == "ECLUSE-INCIDENT" or not (usable or told["hint"]):
            return "it says no way out"
        return None


def _put(content: bytes) -> bytes:
    """The good document with this before its title: a place where the schema allows nothing."""
    return _GOOD.replace(b"<title>", content + b"<title>", 1)


def _titled(content: bytes) -> bytes:
    return _GOOD.replace(b"<title>", b"<title>" + content, 1)


def _with_dtd(dtd: bytes) -> bytes:
    return _titled(b"&e;").replace(b"<ClinicalDocument", dtd + b"\n<ClinicalDocument", 1)


def _laughing() -> bytes:
    names = [b"%c" % (97 + rank) for rank in range(12)]
    pairs = itertools.pairwise(names)
    entities = b"".join(b'<!ENTITY %s "%s">' % (name, b"&%s;" % before * 10) for before, name in pairs)
    return b'<!DOCTYPE l [<!ENTITY a "ha">' + entities + b'<!ENTITY e "&l;">]>'


def _zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.xml", _GOOD)
    return content.getvalue()


def _attributes(number: int) -> bytes:
    return b" ".join(b'a%d=""' % one for one in range(number))


SMALL: Mapping[str, Bad] = {
    "no XML": Bad(lambda: b"hello", "unusable", "not XML"),
    "empty": Bad(lambda: b"", "unusable", "empty", placed=False),
    "blank": Bad(lambda: b" \r\n\t", "unusable", "empty", placed=False),
    "zeroes": Bad(lambda: bytes(1000), "unusable", "UTF-16 or UTF-32", placed=False),
    "a zero in a text": Bad(lambda: _titled(b"\0"), "unusable", "not well-formed"),
    "a PDF": Bad(lambda: b"%PDF-1.7\n", "unusable", "a PDF", placed=False),
    "a ZIP": Bad(_zipped, "unusable", "ZIP", placed=False),
    "a DTD": Bad(lambda: _with_dtd(b"<!DOCTYPE ClinicalDocument>"), "unusable", "DTD"),
    "an external entity": Bad(
        lambda: _with_dtd(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), "unusable", "DTD"
    ),
    "a billion laughs": Bad(lambda: _with_dtd(_laughing()), "unusable", "DTD"),
    "UTF-16": Bad(lambda: _GOOD.decode().encode("utf-16"), "unusable", "UTF-16", placed=False),
    "UTF-16 without mark": Bad(lambda: _GOOD.decode().encode("utf-16-le"), "unusable", "UTF-16", placed=False),
    "a byte order mark": Bad(lambda: b"\xef\xbb\xbf" + _GOOD, "valid", ""),
    "latin-1, declared": Bad(
        lambda: _GOOD.decode().replace("UTF-8", "ISO-8859-1", 1).encode("latin-1", "replace"), "unusable", "ISO-8859-1"
    ),
    "latin-1, not declared": Bad(lambda: _GOOD.decode().encode("latin-1", "replace"), "unusable", "is not UTF-8"),
    "another country": Bad(
        lambda: _GOOD.replace(b'realmCode code="FR"', b'realmCode code="US"'), "invalid", "HDR-realmCode"
    ),
    "two documents": Bad(lambda: b"<a>" + _GOOD[_GOOD.index(b"<Clin") :] * 2 + b"</a>", "unusable", "no CDA document"),
    "an unknown type": Bad(lambda: _GOOD.replace(b'xsi:type="CD"', b'xsi:type="no:CD"', 1), "invalid", "CDA-"),
    "cut": Bad(lambda: _GOOD[: len(_GOOD) // 2], "unusable", "cut"),
}
LARGE: Mapping[str, Bad] = {
    "100,000 levels": Bad(lambda: _put(b"<a>" * 100_000 + b"</a>" * 100_000), "unusable", "exceeds"),
    "a text of 20 MB": Bad(lambda: _titled(b"x" * 20_000_000), "unusable", "exceeds"),
    "20,000 faults on one line": Bad(lambda: _put(b'<templateId root="x y"/>' * 20_000), "invalid", "CDA-"),
    "12,000 sections": Bad(
        lambda: _GOOD.replace(
            b"</structuredBody>",
            b"<component><section><code code='11450-4'/></section></component>" * 12_000 + b"</structuredBody>",
        ),
        "valid",
        "",
    ),
    "a million attributes": Bad(
        lambda: _put(b"<x " + _attributes(1_000_000) + b"/>"), "unusable", "exceeds", placed=False
    ),
    "five million attributes": Bad(
        lambda: _put((b"<x " + _attributes(250) + b"/>") * 20_000), "unusable", "exceeds", placed=False
    ),
    "fifteen million elements": Bad(lambda: _put(b"<a/>" * 15_000_000), "unusable", "exceeds", placed=False),
    "a name of 5 MB": Bad(lambda: _put(b"<" + b"n" * 5_000_000 + b"/>"), "unusable", ""),
    "100,000 names": Bad(lambda: _put(b"".join(b"<n%d/>" % one for one in range(100_000))), "invalid", "CDA-"),
    "50,000 namespaces": Bad(
        lambda: _put(b"".join(b"<n:a xmlns:n='u%d'/>" % one for one in range(50_000))), "invalid", "CDA-"
    ),
    "a code of 1 MB": Bad(
        lambda: _GOOD.replace(b'languageCode code="fr-FR"', b'languageCode code="' + b"a" * 1_048_576 + b'"'),
        "invalid",
        "",
    ),
}
