"""One judge for every face: documents, messages, what is neither, and a fault of ours."""

from __future__ import annotations

import logging
import pickle
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest
from lxml import etree

from cda.document import CdaDocument
from conformance.catalogue import METADATA_DMP, METADATA_IHE, VSM_1_4, VSM_2023
from conformance.judging import ASKED, Judge
from conformance.report import Report
from samples.documents.patients import CLAIRE
from samples.documents.vsm import vsm
from samples.submission import Submission, build_submission
from xds.ebrim.constants import XDS

GOOD = vsm(unique_id="2.25.7")
BAD = vsm(unique_id="2.25.7", breaking="VSM-CODE")


@dataclass(frozen=True)
class Faulty:
    """A chain with a fault that quotes the document."""

    def validate(self, document: CdaDocument, *, at_most: int | None = None) -> Report:
        raise LookupError(document.content.decode())


@pytest.fixture(scope="module")
def lot(pki) -> Submission:
    return build_submission([GOOD], signer=pki.certificate("chu-seine.sign"), now=datetime.now(UTC))


def message(lot: Submission, *, with_documents: bool = True) -> bytes:
    root = etree.Element(f"{{{XDS}}}ProvideAndRegisterDocumentSetRequest", nsmap={"x": XDS})
    root.append(lot.xml)
    for name, content in lot.contents.items() if with_documents else ():
        etree.SubElement(root, f"{{{XDS}}}Document", id=name).text = b64encode(content).decode()
    return etree.tostring(root)


def test_a_summary_that_declares_another_model_too_is_told_so():
    ips = b'<templateId root="1.2.250.1.213.1.1.1.51" extension="2024.01"/>'
    model = b'<templateId root="1.2.250.1.213.1.1.1.13" extension="2023.01"/>'
    assert GOOD.count(model) == 1

    (note,) = Judge(language="en")(GOOD.replace(model, model + ips)).notes
    assert "1.2.250.1.213.1.1.1.13 2023.01, 1.2.250.1.213.1.1.1.51 2024.01" in note
    assert note.endswith("it is judged as vsm-2023.01.")
    assert Judge()(GOOD).notes == ()


def test_a_document_judged_by_another_profile_than_its_own_is_told_so():
    assert Judge(profile="level1", language="en")(GOOD).notes == (
        "The document says that it is for vsm-2023.01; it is judged by level1, as was asked.",
    )
    assert Judge(profile="vsm")(GOOD).notes == Judge(profile="ci_sis_header")(GOOD).notes == ()


def test_a_document_and_a_message_are_told_apart_by_what_they_are(lot):
    assert Judge()(GOOD).profile == VSM_2023
    assert Judge()(message(lot)).profile == METADATA_DMP
    assert Judge(profile=METADATA_IHE)(message(lot)).profile == METADATA_IHE


def test_a_document_that_speaks_of_a_message_is_a_document():
    assert Judge()(GOOD.replace(b"<title>", b"<title>SubmitObjectsRequest ", 1)).profile == VSM_2023


def test_documents_at_hand_are_compared_with_the_metadata(lot):
    alone = message(lot, with_documents=False)
    other = vsm(unique_id="2.25.7").replace(b'code="SYNTH"', b'code="34133-9"')

    agreeing, disagreeing = (Judge(documents={"vsm.xml": one})(alone) for one in (GOOD, other))

    assert [one.rule for one in agreeing.findings if one.layer == "agreement"] == []
    (finding,) = (one for one in disagreeing.findings if one.layer == "agreement")
    assert (finding.rule, finding.line) == ("AGR-TYPECODE", 0)
    assert finding.path == "vsm.xml/ClinicalDocument/code (9:3)"


def test_a_document_where_metadata_are_wanted_is_told_so():
    for judge in (Judge(profile=METADATA_DMP), Judge(documents={"a.xml": GOOD})):
        report = judge(GOOD)

        assert report.profile is None
        assert "message of XDS metadata" in report.findings[0].text("en")


def test_any_judge_travels_between_processes():
    judge = Judge(profile="vsm", pack=Faulty(), language="en", view=date(2024, 7, 1), documents={"a.xml": GOOD})

    assert pickle.loads(pickle.dumps(judge)) == judge  # noqa: S301 -- our own bytes


def test_vsm_is_the_version_that_the_document_names():
    assert Judge(profile="vsm")(GOOD.replace(b'extension="2023.01"', b'extension="201310"')).profile == VSM_1_4
    assert "vsm" in ASKED


def test_the_clinical_view_is_for_summaries_that_it_is_asked_of():
    today = date(2024, 7, 1)

    assert Judge()(GOOD).summary is None
    assert Judge(view=today)(GOOD).summary is not None
    assert Judge(view=today)(GOOD).valid == Judge()(GOOD).valid
    assert Judge(view=today, profile="level1")(b"<a/>").summary is None


def test_a_fault_of_ours_is_a_report_that_quotes_nothing(caplog):
    with caplog.at_level(logging.DEBUG):
        report = Judge(pack=Faulty())(BAD)

    (finding,) = report.findings
    assert (report.profile, report.valid, finding.rule) == (None, False, "ECLUSE-INCIDENT")
    number = (finding.found or "").removeprefix("incident ")
    assert number in caplog.text
    assert "LookupError" in caplog.text
    assert "test_judging.py:" in caplog.text
    for word in (CLAIRE.family, CLAIRE.ins, "ClinicalDocument"):
        assert word not in caplog.text
        assert word not in str(report.as_data("a.xml"))
    assert "Traceback" not in caplog.text
