"""Media judged: the medium, the documents on it, and whether each agrees with its metadata."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from conformance.judging import Judge
from samples.documents.vsm import vsm
from samples.media import files_of, medium, zipped
from samples.submission import build_submission


@pytest.fixture(scope="module")
def lot(pki):
    return build_submission([vsm()], signer=pki.certificate("chu-seine.sign"), now=datetime.now(UTC))


def test_a_good_medium_is_valid_and_its_documents_are_judged(lot):
    report = Judge()(medium(lot))

    assert (report.profile, report.valid) == ("xdm", True)
    assert {layer.name for layer in report.layers if layer.asked} >= {"medium", "agreement", "structure", "header"}
    assert Judge(profile="xdm")(medium(lot)).valid


def test_a_broken_document_is_told_with_its_name_on_the_medium(lot):
    name, content = _document(lot)
    spoiled = content.replace(b"<title>", b"<titel>").replace(b"</title>", b"</titel>")
    report = Judge()(zipped(files_of(lot) | {name: spoiled}))

    assert not report.valid
    assert "XDM-HASH" in {one.rule for one in report.errors}
    inside = [one for one in report.errors if one.layer == "structure"]
    assert inside[0].path.startswith(f"{name}/ClinicalDocument")
    assert all((one.line, one.repair) == (0, ()) for one in report.findings)


def test_a_document_that_contradicts_its_metadata_disagrees(lot):
    name, content = _document(lot)
    spoiled = content.replace(b"34133-9", b"11488-4").replace(b'code="SYNTH"', b'code="11488-4"')
    report = Judge()(zipped(files_of(lot) | {name: spoiled}))

    assert "agreement" in {one.layer for one in report.errors}


def test_what_is_no_document_is_told_and_agreement_is_not_asked(lot):
    name, _ = _document(lot)
    report = Judge()(zipped(files_of(lot) | {name: b"hello"}))

    assert f"{name} (1:1)" in [one.path for one in report.errors]
    assert [layer.asked for layer in report.layers if layer.name == "agreement"] == [False]


def test_a_bomb_and_a_cut_archive_are_refused_unread(lot):
    whole = medium(lot)
    bomb = zipped({"IHE_XDM/A.TXT": b"a" * (65 * 1024 * 1024)})
    for content in (whole[: len(whole) // 2], bomb):
        report = Judge()(content)
        assert (report.profile, [one.rule for one in report.findings]) == (None, ["XDM-UNUSABLE"])


def test_an_archive_of_something_else_is_said_to_be_an_archive():
    report = Judge()(zipped({"word/document.xml": b"<a/>"}))

    assert (report.profile, report.findings[0].rule) == (None, "CDA-UNREADABLE")
    assert "archive ZIP" in report.findings[0].message


def _document(lot):
    """The name and the bytes of the document of the lot, which is not the one that signs."""
    (content,) = (one for one in lot.contents.values() if one.startswith(b"<?xml") and b"<ClinicalDocument" in one)
    return next((name, found) for name, found in files_of(lot).items() if found == content)
