"""Codes, times and hashes: one value of XDS, one element of FHIR, both ways without loss (IHE MHD 4.2.4 §3:4.5.1).

What an element cannot say stands beside it in the extension `KEPT`. A text kept that does not go with its element is a
fault: two readers would understand two things.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from profiles.fhir.systems import scheme_of, uri_of
from xds.metadata.codes import Code
from xds.metadata.datatypes import padded, parse_dtm
from xds.mhd.constants import KEPT
from xds.mhd.element import Element, Json

_DATETIME = re.compile(
    r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?"
)


def kept(text: str) -> Json:
    """The extension that keeps a text of XDS."""
    return {"url": KEPT, "valueString": text}


@lru_cache(maxsize=2048)
def write_coding(code: Code) -> Json:
    """A Coding; never change it."""
    coding: Json = {}
    if code.scheme:
        coding["system"] = uri_of(code.scheme)
    if code.code:
        coding["code"] = code.code
    if code.display:
        coding["display"] = code.display
    if code.scheme and scheme_of(coding["system"]) != code.scheme:
        coding["extension"] = [kept(code.scheme)]
    return coding


def write_concept(code: Code) -> Json:
    """A CodeableConcept of one Coding."""
    return {"coding": [write_coding(code)]}


def read_coding(element: Element) -> Code:
    """The code of a Coding; without display, the code is its name. O4: neither code nor system."""
    system, code, display = element.text("system"), element.text("code"), element.text("display")
    scheme = scheme_of(system)
    exact = element.kept()
    if exact:
        if uri_of(exact) == system:
            scheme = exact
        else:
            element.notes.fault("FHIR-KEPT", element.path, "a scheme kept that is another", "the scheme of the system")
    for name, value in (("code", code), ("system", system)):
        if not value:
            element.notes.fault("O4", element.at(name), "nothing", f"the {name} of the code")
    element.finish()
    return Code(code, scheme, display or code)


def read_concept(element: Element) -> Code | None:
    """The code of a CodeableConcept: its first Coding. None: it has none, which is noted (O4)."""
    codings = element.children("coding")
    text = element.text("text")
    if not codings:
        element.notes.fault("O4", element.at("coding"), "nothing", "one coding")
        element.finish()
        return None
    code = read_coding(codings[0])
    if text and not codings[0].content.get("display"):
        code = Code(code.code, code.scheme, text)
    for other in codings[1:]:
        found, expected = "a second coding", "one coding: the registry keeps one code"
        other.notes.deviation("FHIR-UNMAPPED", other.path, found, expected)
    element.finish()
    return code


def write_time(resource: Json, name: str, dtm: str | None, *, instant: bool = False) -> None:
    """Set a dateTime, or an `instant`, in UTC; what its precision cannot say is kept beside it."""
    if not dtm:
        return
    text = _instant_text(dtm) if instant else _datetime_text(dtm)
    if text:
        resource[name] = text
    if not text or dtm_of(text) != dtm:
        resource[f"_{name}"] = {"extension": [kept(dtm)]}


def read_time(element: Element, name: str) -> str:
    """The DTM, UTC, of a dateTime or an instant; fractions of a second are cut. O3: it is no time. Empty: absent."""
    text, exact = element.text(name), element.kept_of(name)
    if exact and text in ("", _instant_text(exact), _datetime_text(exact)):
        return exact
    if exact:
        element.notes.fault("FHIR-KEPT", element.at(name), "a time kept that is another", "the time of the element")
    if not text:
        return ""
    dtm = dtm_of(text)
    if not dtm:
        element.notes.fault("O3", element.at(name), text, "a time of the calendar, with its offset")
    return dtm


@lru_cache(maxsize=2048)
def dtm_of(text: str) -> str:
    """The DTM of a FHIR date, dateTime or instant; empty: it is none."""
    matched = _DATETIME.fullmatch(text)
    if matched is None:
        return ""
    year, month, day, hour = matched.group(1, 2, 3, 4)
    if hour is None:
        dtm = year + (month or "") + (day or "")
        return dtm if _is_time(dtm) else ""
    try:
        moment = datetime.fromisoformat(text[:19] + matched[7]).astimezone(UTC)
    except (ValueError, OverflowError):
        return ""
    return moment.strftime("%Y%m%d%H%M%S").zfill(14)


@lru_cache(maxsize=2048)
def _datetime_text(dtm: str) -> str:
    if not _is_time(dtm):
        return ""
    if len(dtm) > 8:
        return _instant_text(dtm)
    return "-".join(part for part in (dtm[:4], dtm[4:6], dtm[6:8]) if part)


@lru_cache(maxsize=2048)
def _instant_text(dtm: str) -> str:
    if not _is_time(dtm):
        return ""
    full = padded(dtm)
    return f"{full[:4]}-{full[4:6]}-{full[6:8]}T{full[8:10]}:{full[10:12]}:{full[12:14]}Z"


def _is_time(dtm: str) -> bool:
    try:
        parse_dtm(dtm)
    except ValueError:
        return False
    return True


def write_hash(attachment: Json, sha1: str | None) -> None:
    """Set `hash`: the SHA-1 in base64 of what XDS has in hexadecimal digits."""
    if sha1 is None:
        return
    text = _base64_of(sha1)
    if text:
        attachment["hash"] = text
    if not text or _hex_of(text) != sha1:
        attachment["_hash"] = {"extension": [kept(sha1)]}


def read_hash(attachment: Element) -> str | None:
    """The SHA-1 in hexadecimal digits. O3: `hash` is no SHA-1 in base64."""
    text, exact = attachment.text("hash"), attachment.kept_of("hash")
    if exact:
        if text == _base64_of(exact):
            return exact
        expected = "the hash of the element"
        attachment.notes.fault("FHIR-KEPT", attachment.at("hash"), "a hash kept that is another", expected)
    if not text:
        return None
    digits = _hex_of(text)
    if not digits:
        expected = "a SHA-1 (20 bytes) in base64, not in hexadecimal digits"
        attachment.notes.fault("O3", attachment.at("hash"), text, expected)
    return digits or None


def _base64_of(sha1: str) -> str:
    try:
        raw = bytes.fromhex(sha1)
    except ValueError:
        return ""
    return base64.b64encode(raw).decode("ascii") if len(raw) == 20 else ""


def _hex_of(text: str) -> str:
    try:
        raw = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return ""
    return raw.hex() if len(raw) == 20 else ""


def flag_extension(url: str) -> Json:
    """An extension that says yes."""
    return {"url": url, "valueBoolean": True}


def text_extension(url: str, text: Any) -> Json:
    """An extension that holds a string."""
    return {"url": url, "valueString": text}
