"""Documents that the DMP did not take are judged before letters carry them: by the policy of deposits, all of them."""

from __future__ import annotations

import pytest

from conformance.checks.content import ContentPolicy
from conformance.validate import LEVEL_1, VSM_2023
from gateway.ingest.hl7v2.fed import Fed, judge_mailed
from gateway.ingest.hl7v2.judging import taken
from samples.documents.laboratory_report import laboratory_report
from samples.documents.vsm import vsm
from samples.hl7v2.messages import FlowName, oru
from xds.errors import RegistryError, Severity, XdsErrorCode
from xds.hl7v2.document_message import DocumentMessage

BROKEN = "SEC-F29-CODE"
INVALID = XdsErrorCode.INVALID_DOCUMENT_CONTENT
UNKNOWN = RegistryError(XdsErrorCode.UNKNOWN_PATIENT_ID, "nobody knows this patient")
SUSPENDED = RegistryError(XdsErrorCode.RECORD_SUSPENDED, "a warning", severity=Severity.WARNING)
AT_FAULT = RegistryError(INVALID, "1.2.3: AGR-RPLC")


def message(*documents: bytes, flow: FlowName = "initial", dmp: str = "N") -> DocumentMessage:
    said = {"DESTDMP": dmp, "DESTMSSANTEPS": "Y", "INVISIBLE_PATIENT": "Y"}
    made = oru(*documents, flow=flow, said=said, mailboxes=["dr@hopital.mssante.fr"])
    found = taken(made.bytes)
    assert isinstance(found, DocumentMessage)
    return found


def test_a_document_that_a_deposit_would_take_may_leave() -> None:
    nothing = Fed()
    assert judge_mailed(message(vsm()), nothing, ContentPolicy()) is nothing


def test_a_document_that_a_deposit_would_refuse_holds_the_letters() -> None:
    fed = judge_mailed(message(vsm(breaking=BROKEN)), Fed(), ContentPolicy())

    assert (fed.code, fed.holds) == (INVALID, True)
    assert BROKEN in fed.text


def test_every_fault_of_every_document_is_listed() -> None:
    documents = [vsm(breaking=BROKEN), vsm(breaking="VSM-SEC-32")]

    fed = judge_mailed(message(*documents), Fed(), ContentPolicy())

    assert len(fed.faults) >= 2
    assert BROKEN in fed.details
    assert "VSM-SEC-32" in fed.details


POLICIES = {
    "refused": (ContentPolicy(refused=frozenset((VSM_2023,))), True),
    "reported": (ContentPolicy(refused=frozenset(), reported=frozenset((VSM_2023,))), False),
    "not judged": (ContentPolicy(refused=frozenset((LEVEL_1,))), False),
    "of a rule that is only reported": (ContentPolicy(only_reported=frozenset(("SEC-F29-*",))), False),
}


@pytest.mark.parametrize("case", POLICIES)
def test_the_policy_of_deposits_decides(case: str) -> None:
    policy, holds = POLICIES[case]
    assert judge_mailed(message(vsm(breaking=BROKEN)), Fed(), policy).holds is holds


def test_a_profile_whose_faults_are_reported_leaves_as_it_would_be_deposited() -> None:
    broken = message(laboratory_report().replace(b'<realmCode code="FR"/>', b'<realmCode code="US"/>'))
    assert not judge_mailed(broken, Fed(), ContentPolicy(reported=frozenset((LEVEL_1,)))).holds
    assert judge_mailed(broken, Fed(), ContentPolicy(refused=frozenset((LEVEL_1,)))).holds


def test_what_is_deleted_is_not_judged() -> None:
    assert not judge_mailed(message(vsm(breaking=BROKEN), flow="delete"), Fed(), ContentPolicy()).holds


def test_what_the_dmp_took_is_not_judged_again() -> None:
    assert not judge_mailed(message(vsm(breaking=BROKEN), dmp="Y"), Fed(), ContentPolicy()).holds


def test_a_document_that_the_dmp_was_not_asked_about_or_refused_for_its_record_is_judged() -> None:
    broken = message(vsm(breaking=BROKEN), dmp="Y")
    opposed = Fed(code="SBX_FEEDING_OPPOSED", text="his own word")

    for said, told in ((opposed, "SBX_FEEDING_OPPOSED: his own word"), (Fed.refused([UNKNOWN]), UNKNOWN.context)):
        fed = judge_mailed(broken, said, ContentPolicy())
        assert (fed.code, fed.holds) == (INVALID, True)
        assert BROKEN in fed.faults[0]
        assert fed.faults[-1] == told


def test_a_sound_document_leaves_whatever_the_record_says() -> None:
    refused = Fed.refused([UNKNOWN])
    assert judge_mailed(message(vsm(), dmp="Y"), refused, ContentPolicy()) is refused


def test_a_refusal_is_told_by_its_first_error_and_not_by_a_warning() -> None:
    fed = Fed.refused([SUSPENDED, AT_FAULT, UNKNOWN])

    assert (fed.code, fed.holds) == (INVALID, True)
    assert fed.details == f"{AT_FAULT.context}; {UNKNOWN.context}"
    assert Fed.refused([UNKNOWN]).details == ""


def test_a_fault_of_the_document_holds_letters_wherever_the_dmp_lists_it() -> None:
    fed = judge_mailed(message(vsm(), dmp="Y"), Fed.refused([UNKNOWN, AT_FAULT]), ContentPolicy())

    assert (fed.code, fed.text, fed.holds) == (INVALID, AT_FAULT.context, True)
    assert fed.faults == (AT_FAULT.context, UNKNOWN.context)
