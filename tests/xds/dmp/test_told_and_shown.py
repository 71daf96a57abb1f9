"""Who is told of what, and who reads which trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import product
from uuid import uuid4

import pytest

from xds.dmp.notices import ABOUT_DOCUMENTS, RECIPIENTS, NoticeFacts, Recipient, recipients
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, AuthorisationStatus, Record, RecordStatus
from xds.dmp.requester import Requester, RequesterKind
from xds.dmp.trace_rights import TracedAct, TraceSight, sight
from xds.dmp.traces import ActorKind, NoticeKind

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PATIENT, DOCTOR, PARENT = Recipient.PATIENT, Recipient.MEDECIN_TRAITANT, Recipient.LEGAL_REPRESENTATIVE
BOOLEANS = (False, True)


def test_every_event_has_its_recipients() -> None:
    assert set(RECIPIENTS) == set(NoticeKind)
    assert {kind for kind, told in RECIPIENTS.items() if DOCTOR in told} == {NoticeKind.EMERGENCY_ACCESS}


@pytest.mark.parametrize("kind", list(NoticeKind))
def test_who_is_told_depends_on_the_record_and_on_the_act(kind: NoticeKind) -> None:
    for minor, secret, hidden, from_guardians, wants, deceased in product(BOOLEANS, repeat=6):
        told = recipients(
            kind,
            NoticeFacts(
                minor=minor,
                secret=secret,
                hidden_from_patient=hidden,
                hidden_from_guardians=from_guardians,
                wants_documents=wants,
                deceased=deceased,
            ),
        )
        about_document = kind in ABOUT_DOCUMENTS
        of_document = about_document or kind.name.startswith("HIDDEN_DOCUMENT")
        assert (PATIENT in told) is not (deceased or (about_document and (hidden or not wants)))
        assert (DOCTOR in told) is (kind is NoticeKind.EMERGENCY_ACCESS and not deceased)
        assert (PARENT in told) is (PATIENT in told and minor and not secret and not (of_document and from_guardians))


MINOR = Record(patient_key=uuid4(), status=RecordStatus.OPEN, key_id=uuid4(), birth_date=date(2010, 3, 2))
ADULT = replace(MINOR, birth_date=date(1970, 1, 1))
WHOLE, PART, NOTHING = TraceSight.WHOLE, TraceSight.WITHOUT_HIDDEN, TraceSight.NOTHING
ACTOR = Requester(kind=RequesterKind.PROFESSIONAL, national_id="810000000007", profession="10")
READER = replace(ACTOR, national_id="810000000001")
VALID = Authorisation(professional_id=READER.national_id, status=AuthorisationStatus.VALIDE)
TREATING = replace(VALID, medecin_traitant=True)
PLAIN = TracedAct(actor_kind=ActorKind.PROFESSIONAL, actor_id=ACTOR.national_id, operation="TD3.2", documents=1)
ACTS = {
    "plain": PLAIN,
    "secret": replace(PLAIN, secret=True),
    "of a hidden document": replace(PLAIN, hidden=1),
    "of two, one hidden": replace(PLAIN, documents=2, hidden=1),
    "search that found a hidden one": replace(PLAIN, operation="TD3.1", hidden=1),
    "emergency on a hidden one": replace(PLAIN, mode="bris_de_glace", hidden=1),
}
READERS = {  # reader: what he reads of each act above
    "its author": (ACTOR, MINOR, None, (WHOLE,) * 6),
    "médecin traitant": (READER, MINOR, TREATING, (WHOLE,) * 6),
    "médecin traitant, blocked": (
        READER, MINOR, replace(TREATING, status=AuthorisationStatus.INTERDIT), (NOTHING,) * 6,
    ),
    "another professional": (READER, MINOR, VALID, (NOTHING,) * 6),
    "patient": (
        Requester(kind=RequesterKind.PATIENT, national_id="INS"), ADULT, None,
        (WHOLE, WHOLE, NOTHING, PART, PART, PART),
    ),
    "legal representative": (
        Requester(kind=RequesterKind.REPRESENTATIVE, national_id="MTH"), MINOR, None,
        (WHOLE, NOTHING, NOTHING, PART, PART, PART),
    ),
    "representative of an adult": (
        Requester(kind=RequesterKind.REPRESENTATIVE, national_id="MTH"), ADULT, None, (NOTHING,) * 6,
    ),
    "CPE": (Requester(kind=RequesterKind.STRUCTURE, national_id="1750000001"), MINOR, None, (NOTHING,) * 6),
    "certificate of a structure": (
        Requester(kind=RequesterKind.STRUCTURE, national_id="1750000001", mode="INDIRECTE"), MINOR, None,
        (NOTHING,) * 6,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("reader", "act"), list(product(READERS, ACTS)))
def test_each_reader_gets_the_traces_that_are_his_to_read(reader: str, act: str) -> None:
    requester, record, authorisation, expected = READERS[reader]
    found = sight(requester, record, authorisation, NOW, ACTS[act], Parameters())
    assert found is expected[list(ACTS).index(act)]


def test_a_professional_does_not_read_what_another_kind_of_actor_of_his_number_did() -> None:
    act = replace(PLAIN, actor_kind=ActorKind.FACILITY)
    assert sight(ACTOR, MINOR, None, NOW, act, Parameters()) is NOTHING
