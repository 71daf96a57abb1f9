"""The page of refusals names every code that the doors may answer, and no other."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

from gateway.ingest.hl7v2.treatment import OPPOSED, UNKNOWN_CONSENT
from gateway.wire import hl7v2, hl7v3
from gateway.wire.faults import STANDARD_FORMS, NotAvailable, Overloaded
from gateway.wire.feed import FaultKind
from security.errors import ErrorKind
from security.vihf.policy import VihfCode
from xds.errors import XdsErrorCode

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "refusals.md").read_text("utf-8")
FAULTS, ERRORS = "Code", "errorCode"
OF_ZAM = {OPPOSED, UNKNOWN_CONSENT}
VOCABULARIES = {ROOT / "xds" / "errors.py", ROOT / "security" / "errors.py", ROOT / "gateway" / "wire" / "faults.py"}


def rows(heading: str) -> list[list[str]]:
    """The rows of every table whose second column has this heading."""
    found, inside = [], False
    for line in PAGE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            inside = False
        elif inside and not set(cells[0]) <= set("-: "):
            found.append([cell.strip("`") for cell in cells])
        elif len(cells) > 1 and cells[1] == heading:
            inside = True
    return found


def emitted(codes: type[StrEnum]) -> set[str]:
    """The codes that a source of the product names, by the name of the member or, in SQL, by its value."""
    packages = ("gateway", "conformance", "cda", "xds", "security")
    paths = [path for package in packages for path in (ROOT / package).rglob("*") if path.suffix in (".py", ".sql")]
    text = "\n".join(path.read_text("utf-8") for path in paths if path not in VOCABULARIES)
    return {
        str(code)
        for code in codes
        if re.search(rf"\b{codes.__name__}\.{code.name}\b", text) or f"'{code.value}'" in text
    }


def test_every_kind_of_fault_is_documented_and_every_documented_kind_exists() -> None:
    assert {row[2] for row in rows(FAULTS)} == {str(kind) for kind in ErrorKind}


def test_every_code_of_a_fault_is_documented_and_every_documented_code_exists() -> None:
    of_kinds = {row[2] for row in rows(FAULTS) if row[1] == row[2]}
    documented = {row[1] for row in rows(FAULTS)} - of_kinds
    assert documented == {str(code) for code in VihfCode} | set(STANDARD_FORMS)
    assert of_kinds <= {str(kind) for kind in ErrorKind}


def test_every_error_code_that_is_emitted_is_documented_and_every_documented_one_is_emitted() -> None:
    assert {row[1] for row in rows(ERRORS)} == emitted(XdsErrorCode)


def test_every_row_says_what_is_wrong_and_gives_an_example() -> None:
    for row in rows(FAULTS) + rows(ERRORS):
        assert row[0], row
        assert len(row[-1]) > 10, row


def test_codes_elsewhere_in_the_page_exist() -> None:
    known = {str(code) for codes in (ErrorKind, VihfCode, XdsErrorCode) for code in codes} | set(STANDARD_FORMS)
    known |= OF_ZAM
    known |= {"InternalError", "INTERNAL", "NOT_AVAILABLE", NotAvailable.code, Overloaded.code}
    named = set(re.findall(r"`((?:XDS|DMP|SBX_|SIG_|CERT_|XML_|MIME_|HTTP_|SOAP_|ASSERTION_)\w+)`", PAGE))
    assert named <= known


def test_codes_that_a_business_acknowledgement_alone_says_are_documented() -> None:
    assert {row[1] for row in rows("Code of ZAM")} == OF_ZAM


def test_the_acknowledgements_of_the_feed_are_those_of_both_wires() -> None:
    expected = {}
    for kind in FaultKind:
        v2 = ("AR" if kind in hl7v2.REJECTIONS else "AE", str(hl7v2.CONDITIONS[kind]))
        v3 = ("CE" if kind in hl7v3.OF_THE_MESSAGE else "AE", hl7v3.DETAIL_CODES.get(kind, "INTERR"))
        expected[str(kind)] = [" ".join(v2), " ".join(v3)]
    assert {row[1]: row[2:] for row in rows("Fault")} == expected
