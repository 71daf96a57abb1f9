"""TD1.5, the internet account of the patient: opened, its channels, its codes renewed: the use cases.

A password leaves once, in the answer; what is kept is its hash. Neither is ever written to a log, a trace or the trail.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.consultation.record_desk import Case, RecordDesk, refused
from gateway.gate import Caller
from gateway.wire.dmp_services import Channel, PatientAccess
from security.passwords import hash_password, make_secret
from xds.dmp.operations import Operation
from xds.errors import Refusal, XdsErrorCode
from xds.registry.amendments import until_unchanged
from xds.registry.record_file import Facts

_LOGIN, _PASSWORD = 10, 14
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Secrets:
    """What the patient is given, once."""

    login: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccess:
    """(1) patient, file, law  (2) no account yet, a channel that reaches the patient  (3) secrets  (4) write, trace."""

    desk: RecordDesk

    def __call__(self, request: PatientAccess, caller: Caller) -> Secrets:
        """TD1.5a. Raises Refusal: another patient, no right, attached to the national space, an account already."""
        return until_unchanged(lambda: self._attempt(request, caller))

    def _attempt(self, request: PatientAccess, caller: Caller) -> Secrets:
        case = self.desk.open(Operation.PATIENT_ACCESS, request.patient_id, caller)  # (1)
        if case.file.account_login:  # (2)
            raise _not("the patient has an internet account: its codes can be renewed")
        email, mobile = _channels(request, case)
        channel = request.channel or Channel.EMAIL
        if not (email if channel is Channel.EMAIL else mobile):
            raise _not(f"the patient has no channel {channel}: say it in the message")
        password = make_secret(_PASSWORD)  # (3)
        kept = hash_password(password)
        act = self.desk.act("TD1.5a", Operation.PATIENT_ACCESS, caller, case)
        for _ in range(_ATTEMPTS):
            login = make_secret(_LOGIN)
            if self.desk.office.give_access(  # (4)
                case.record, login=login, password_hash=kept, channel=channel, facts=_facts(request), act=act
            ):
                return Secrets(login, password)
        raise LookupError("no login was free")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeChannels:
    """(1) patient, file, law  (2) the account keeps its channel  (3) write, trace, audit."""

    desk: RecordDesk

    def __call__(self, request: PatientAccess, caller: Caller) -> tuple[bool, bool]:
        """TD1.5b; returns whether there is an e-mail address and a mobile number now. Raises Refusal."""
        return until_unchanged(lambda: self._attempt(request, caller))

    def _attempt(self, request: PatientAccess, caller: Caller) -> tuple[bool, bool]:
        case = self.desk.open(Operation.PATIENT_ACCESS, request.patient_id, caller)  # (1)
        email, mobile = _channels(request, case)
        used = {"EMAIL": email, "SMS": mobile}
        if not used.get(case.file.account_channel, "none needed"):  # (2)
            raise _not(f"the internet account of the patient uses {case.file.account_channel}")
        act = self.desk.act("TD1.5b", Operation.PATIENT_ACCESS, caller, case)
        self.desk.office.change(case.record, _facts(request), act)  # (3)
        return bool(email), bool(mobile)


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewAccess:
    """(1) patient, file, law  (2) there is an account, and a channel  (3) new secret  (4) write, trace, audit."""

    desk: RecordDesk

    def __call__(self, request: PatientAccess, caller: Caller) -> Secrets:
        """TD1.5d: the old password opens nothing any more. Raises Refusal."""
        return until_unchanged(lambda: self._attempt(request, caller))

    def _attempt(self, request: PatientAccess, caller: Caller) -> Secrets:
        case = self.desk.open(Operation.PATIENT_ACCESS, request.patient_id, caller)  # (1)
        if not case.file.account_login:  # (2)
            raise _not("the patient has no internet account")
        email, mobile = _channels(request, case)
        channel = request.channel or ""
        if channel and not (email if channel == Channel.EMAIL else mobile):
            raise _not(f"the patient has no channel {channel}")
        password = make_secret(_PASSWORD)  # (3)
        kept, facts = hash_password(password), _facts(request)
        act = self.desk.act("TD1.5d", Operation.PATIENT_ACCESS, caller, case)
        self.desk.office.give_access(  # (4)
            case.record, login="", password_hash=kept, channel=channel, facts=facts, act=act
        )
        return Secrets(case.file.account_login, password)


def _channels(request: PatientAccess, case: Case) -> tuple[str, str]:
    """E-mail and mobile as they will be."""
    holder = case.file.holder
    email = request.email if request.email is not None else (holder.email if holder else "")
    mobile = request.mobile if request.mobile is not None else (holder.mobile if holder else "")
    return email, mobile


def _facts(request: PatientAccess) -> Facts:
    return Facts(email=request.email, mobile=request.mobile)


def _not(text: str) -> Refusal:
    return refused(XdsErrorCode.SBX_PATIENT_ACCESS, text, "TD1.5-ACCOUNT")
