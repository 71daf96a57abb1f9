"""The life of a record: every state, every act, every party; consents; and when time acts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xds.dmp import timers
from xds.dmp.consents import (
    NO_BREAK_GLASS,
    NO_REGULATION,
    OPENING,
    REACTIVATION,
    of_oppositions,
    opening_fault,
    oppositions,
    reactivation_fault,
    settled,
)
from xds.dmp.minority import comes_of_age, is_minor, representation_fault
from xds.dmp.parameters import Parameters
from xds.dmp.record import EmergencyConsents, RecordStatus
from xds.dmp.record_lifecycle import TRANSITIONS, Illegal, Life, LifeAct, Party, RecordChange, change_of
from xds.dmp.traces import NoticeKind

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = datetime(2010, 1, 1, tzinfo=UTC)
LEGACY = Parameters(regime="dmp2018")
MOTIVE = "FERMETURE_DEMANDE_PATIENT"
LIVES = {
    None: Life(status=None),
    RecordStatus.OPEN: Life(status=RecordStatus.OPEN),
    RecordStatus.SUSPENDED: Life(status=RecordStatus.SUSPENDED, suspended_at=LONG_AGO),
    RecordStatus.CLOSED: Life(status=RecordStatus.CLOSED, closed_at=AT - timedelta(days=365)),
    RecordStatus.MERGED: Life(status=RecordStatus.MERGED),
}
CODES = {  # what refuses an act that makes no sense: no record, OPEN, SUSPENDED, CLOSED
    LifeAct.OPEN: (None, "DMPFound", "DMPFound", "DMPFound"),
    LifeAct.CREATE: (None, "DMPFound", "DMPFound", "DMPFound"),
    LifeAct.REACTIVATE: ("XDSUnknownPatientId", "DMPFound", "SBX_RECORD_SUSPENDED", None),
    LifeAct.CLOSE: ("XDSUnknownPatientId", None, None, "DMPClosed"),
    LifeAct.SUSPEND: ("XDSUnknownPatientId", None, "SBX_RECORD_SUSPENDED", "DMPClosed"),
    LifeAct.RESUME: ("XDSUnknownPatientId", "SBX_RECORD_NOT_SUSPENDED", None, "SBX_RECORD_NOT_SUSPENDED"),
    LifeAct.CLOSE_UNANSWERED: ("XDSUnknownPatientId", "SBX_RECORD_NOT_SUSPENDED", None, "SBX_RECORD_NOT_SUSPENDED"),
    LifeAct.RECORD_DEATH: ("XDSUnknownPatientId", None, None, None),
    LifeAct.REQUEST_DESTRUCTION: ("XDSUnknownPatientId", "SBX_RECORD_NOT_CLOSED", "SBX_RECORD_NOT_CLOSED", None),
    LifeAct.DESTROY_ARCHIVE: ("XDSUnknownPatientId", "SBX_RECORD_NOT_CLOSED", "SBX_RECORD_NOT_CLOSED", None),
    LifeAct.DESTROY_ON_REQUEST: ("XDSUnknownPatientId", "SBX_RECORD_NOT_CLOSED", "SBX_RECORD_NOT_CLOSED", None),
}
STATES = (None, RecordStatus.OPEN, RecordStatus.SUSPENDED, RecordStatus.CLOSED)
DUE = {
    LifeAct.DESTROY_ARCHIVE: {"closed_at": LONG_AGO},
    LifeAct.DESTROY_ON_REQUEST: {"destruction_requested_at": LONG_AGO},
}


def life_for(act: LifeAct, status: RecordStatus | None) -> Life:
    life = LIVES[status]
    return replace(life, **DUE[act]) if status is RecordStatus.CLOSED and act in DUE else life  # type: ignore[arg-type]


@pytest.mark.parametrize(("act", "status", "party"), list(product(LifeAct, STATES, Party)))
def test_each_act_in_each_state_by_each_party(act: LifeAct, status: RecordStatus | None, party: Party) -> None:
    code = CODES[act][STATES.index(status)]
    transition = TRANSITIONS.get((status, act))
    assert (transition is None) is (code is not None)
    found = change_of(act, life_for(act, status), party, AT, LEGACY, motive=MOTIVE)
    if transition is None:
        assert isinstance(found, Illegal)
        assert found.code == code
    elif party not in transition.by:
        assert isinstance(found, Illegal)
        assert found.code == "DMPAccessDeniedByRightsService"
    else:
        assert isinstance(found, RecordChange)
        assert (found.status, found.notice, found.at) == (transition.to, transition.notice, AT)


@pytest.mark.parametrize("act", list(LifeAct))
def test_a_merged_record_is_unknown(act: LifeAct) -> None:
    for party in Party:
        found = change_of(act, LIVES[RecordStatus.MERGED], party, AT, LEGACY, motive=MOTIVE)
        assert found == Illegal("XDSUnknownPatientId", "no record for this patient", "5-RECORD-UNKNOWN")


@pytest.mark.parametrize(
    ("act", "life", "party", "motive", "code"),
    [
        (LifeAct.CREATE, LIVES[None], Party.PROFESSIONAL, "", "DMPAccessDeniedByRightsService"),
        (LifeAct.CLOSE, LIVES[RecordStatus.OPEN], Party.PATIENT, "OTHER", "SBX_MOTIVE"),
        (LifeAct.CLOSE, LIVES[RecordStatus.OPEN], Party.PATIENT, "", "SBX_MOTIVE"),
        (LifeAct.REACTIVATE, replace(LIVES[RecordStatus.CLOSED], deceased_on=date(2025, 1, 1)), Party.PATIENT, "",
         "SBX_HOLDER_DECEASED"),
        (LifeAct.REACTIVATE, replace(LIVES[RecordStatus.CLOSED], closed_at=LONG_AGO), Party.PATIENT, "",
         "XDSUnknownPatientId"),
        (LifeAct.RECORD_DEATH, replace(LIVES[RecordStatus.OPEN], deceased_on=date(2025, 1, 1)), Party.OPERATOR, "",
         "SBX_HOLDER_DECEASED"),
        (LifeAct.REQUEST_DESTRUCTION, replace(LIVES[RecordStatus.CLOSED], destruction_requested_at=AT), Party.PATIENT,
         "", "SBX_DESTRUCTION_REQUESTED"),
        (LifeAct.CLOSE_UNANSWERED, replace(LIVES[RecordStatus.SUSPENDED], suspended_at=AT), Party.TIME, "",
         "SBX_TIME_TOO_EARLY"),
        (LifeAct.DESTROY_ARCHIVE, LIVES[RecordStatus.CLOSED], Party.TIME, "", "SBX_TIME_TOO_EARLY"),
        (LifeAct.DESTROY_ON_REQUEST, LIVES[RecordStatus.CLOSED], Party.TIME, "", "SBX_TIME_TOO_EARLY"),
        (LifeAct.DESTROY_ON_REQUEST, replace(LIVES[RecordStatus.CLOSED], destruction_requested_at=AT), Party.TIME, "",
         "SBX_TIME_TOO_EARLY"),
    ],
)  # fmt: skip
def test_what_else_must_hold(act: LifeAct, life: Life, party: Party, motive: str, code: str) -> None:
    found = change_of(act, life, party, AT, Parameters(), motive=motive)
    assert isinstance(found, Illegal)
    assert found.code == code


def test_what_is_written_with_each_change() -> None:
    def change(act: LifeAct, status: RecordStatus | None, party: Party) -> RecordChange:
        found = change_of(act, LIVES[status], party, AT, LEGACY, motive=MOTIVE)
        assert isinstance(found, RecordChange)
        return found

    assert change(LifeAct.OPEN, None, Party.OPERATOR).attached_to_ens is True
    assert change(LifeAct.CREATE, None, Party.STRUCTURE).attached_to_ens is False
    assert change(LifeAct.REACTIVATE, RecordStatus.CLOSED, Party.PATIENT).keeps_opening
    assert change(LifeAct.CLOSE, RecordStatus.OPEN, Party.PATIENT).closing_motive == MOTIVE
    assert change(LifeAct.RECORD_DEATH, RecordStatus.OPEN, Party.OPERATOR).closing_motive == "DECES"
    assert change(LifeAct.RECORD_DEATH, RecordStatus.CLOSED, Party.OPERATOR).closing_motive == ""
    unanswered = change(LifeAct.CLOSE_UNANSWERED, RecordStatus.SUSPENDED, Party.TIME)
    assert (unanswered.closing_motive, unanswered.notice) == ("DECISION_GESTIONNAIRE", NoticeKind.RECORD_CLOSED)


@pytest.mark.parametrize("age", [timedelta(days=3650), timedelta(days=3651)])
def test_a_record_is_reactivated_until_the_day_it_is_destroyed(age: timedelta) -> None:
    life = replace(LIVES[RecordStatus.CLOSED], closed_at=AT - age)
    due = timers.archive_ends(AT - age, LEGACY) <= AT
    reactivated = change_of(LifeAct.REACTIVATE, life, Party.PATIENT, AT, LEGACY)
    destroyed = change_of(LifeAct.DESTROY_ARCHIVE, life, Party.TIME, AT, LEGACY)
    assert isinstance(reactivated, Illegal) is due
    assert isinstance(destroyed, RecordChange) is due


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        ("2026-01-15T10:00", 1, "2026-02-15T10:00"),
        ("2026-01-31T10:00", 1, "2026-02-28T10:00"),
        ("2024-01-31T10:00", 1, "2024-02-29T10:00"),
        ("2026-12-31T23:59", 1, "2027-01-31T23:59"),
        ("2024-02-29T00:00", 120, "2034-02-28T00:00"),
        ("2026-03-01T00:00", 0, "2026-03-01T00:00"),
    ],
)
def test_months_are_those_of_the_calendar(start: str, months: int, end: str) -> None:
    assert timers.after_months(day(start), months) == day(end)


def test_every_instant_that_time_waits_for() -> None:
    start, parameters = day("2026-01-31T10:00"), Parameters()
    assert timers.authorisation_ends(start, parameters) == day("2027-01-31T10:00")
    assert timers.reminder_due(start, parameters) == day("2026-02-14T10:00")
    assert timers.release_due(start, parameters) == day("2026-02-28T10:00")
    assert timers.suspension_ends(start, parameters) == day("2026-03-14T10:00")
    assert timers.archive_ends(start, parameters) == day("2036-01-31T10:00")
    assert timers.destruction_due(start, parameters) == day("2026-03-02T10:00")
    assert comes_of_age(date(2008, 5, 4), 18) == day("2026-05-04T00:00")
    assert comes_of_age(date(2008, 2, 29), 18) == day("2026-03-01T00:00")
    assert comes_of_age(date(2008, 2, 29), 16) == day("2024-02-29T00:00")


@pytest.mark.parametrize(
    ("born", "representatives", "parameters", "code"),
    [
        (date(2010, 1, 1), 0, Parameters(), "SBX_CONSENT_MISSING"),
        (date(2010, 1, 1), 1, Parameters(), None),
        (date(2010, 1, 1), 0, Parameters(manage_minors=False), None),
        (date(2010, 1, 1), 1, Parameters(manage_minors=False), "SBX_NOT_A_MINOR"),
        (date(1980, 1, 1), 0, Parameters(), None),
        (date(1980, 1, 1), 1, Parameters(), "SBX_NOT_A_MINOR"),
        (None, 2, Parameters(), "SBX_NOT_A_MINOR"),
    ],
)
def test_a_minor_is_represented_and_nobody_else(
    born: date | None, representatives: int, parameters: Parameters, code: str | None
) -> None:
    fault = representation_fault(born, representatives, AT, parameters)
    assert (fault.code if fault is not None else None) == code


@pytest.mark.parametrize("born", [date(2008, 2, 29), date(2008, 3, 1), date(2008, 12, 31)], ids=str)
def test_the_law_and_time_agree_on_the_day_of_majority(born: date) -> None:
    day_of = comes_of_age(born, 18)
    assert is_minor(born, day_of - timedelta(microseconds=1), 18)
    assert not is_minor(born, day_of, 18)


@settings(deadline=None)
@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)),
       st.timedeltas(timedelta(), timedelta(days=800)), st.integers(0, 240))  # fmt: skip
def test_time_never_turns_back(start: datetime, later: timedelta, months: int) -> None:
    """What began later ends no earlier, and nothing ends before it began."""
    assert timers.after_months(start, months) >= start
    assert timers.after_months(start + later, months) >= timers.after_months(start, months)
    assert timers.after_months(start, months + 1) > timers.after_months(start, months)


FLAGS = [EmergencyConsents(etreat=e, btg=b, masked=m) for e, b, m in product((True, False), repeat=3)]


@pytest.mark.parametrize("consents", FLAGS, ids=str)
def test_masked_documents_are_open_only_while_an_emergency_is(consents: EmergencyConsents) -> None:
    found = settled(consents)
    assert (found.etreat, found.btg) == (consents.etreat, consents.btg)
    assert found.masked is (consents.masked and (consents.etreat or consents.btg))
    assert settled(found) == found


@pytest.mark.parametrize("consents", FLAGS, ids=str)
def test_oppositions_are_consents_the_other_way_round(consents: EmergencyConsents) -> None:
    assert of_oppositions(oppositions(consents), consents) == settled(consents)
    assert of_oppositions({}, consents) == settled(consents)


def test_a_new_record_permits_both_accesses_unless_one_is_opposed() -> None:
    assert of_oppositions({}) == EmergencyConsents(etreat=True, btg=True, masked=False)
    assert of_oppositions({NO_REGULATION: True}) == EmergencyConsents(etreat=False, btg=True)
    assert of_oppositions({NO_BREAK_GLASS: True, NO_REGULATION: False}) == EmergencyConsents(etreat=True, btg=False)


def test_without_consent_nothing_is_created_or_reactivated() -> None:
    for key, fault in ((OPENING, opening_fault), (REACTIVATION, reactivation_fault)):
        assert fault({key: True}) is None
        for answers in ({}, {key: False}):
            missing = fault(answers)
            assert missing is not None
            assert (missing.code, key in missing.context) == ("SBX_CONSENT_MISSING", True)
            assert missing.found == ("false" if answers else "nothing")
