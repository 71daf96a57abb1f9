"""TD0.9, a link of a professional's software to the web site of professionals: the use case (DMP TD0.9).

The site is not ours. Whoever follows a link shows his card, and reads where it would have led and how he stands there:
what a site would have decided first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from gateway.consultation.record_desk import Case, RecordDesk
from gateway.consultation.record_existence import NOT_DECLARED
from security.audit.event import AuditEvent, Outcome
from security.pki.certificate import HolderCertificate
from xds.dmp.access import as_it_stands, effective
from xds.dmp.operations import Operation
from xds.dmp.requester import Requester, RequesterKind
from xds.dmp.rights import decide
from xds.dmp.traces import Actor, ActorKind, Trace
from xds.errors import XdsErrorCode
from xds.metadata import ins

NOBODY, SOMEBODY, EITHER = "NOBODY", "SOMEBODY", "EITHER"
PAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "TableauDeBord": EITHER,
        "DossierPatient": SOMEBODY,
        "GestionDMPPatient": SOMEBODY,
        "Documents": SOMEBODY,
        "ParcoursDeSoins": SOMEBODY,
        "HistoriqueAcces": SOMEBODY,
        "Parametrages": NOBODY,
        "VolontesEtDroits": SOMEBODY,
        "CarnetVaccination": SOMEBODY,
    }
)
"""The pages that a link may name, and of whom."""


class WrongLink(Exception):
    """A link that opens nothing: its HTTP status, a code, what is wrong."""

    def __init__(self, status: int, code: str, text: str) -> None:
        super().__init__(text)
        self.status, self.code, self.text = status, code, text


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who follows a link, with which card and when: a browser has no assertion."""

    certificate: HolderCertificate
    request_id: str
    now: datetime

    @property
    def requester(self) -> Requester:
        """Who he is to the law."""
        return Requester(
            kind=RequesterKind.PROFESSIONAL,
            national_id=self.certificate.national_id,
            profession=self.certificate.profession,
            specialties=self.certificate.specialties,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowLink:
    """(1) page and INS  (2) file, law  (3) trace, audit  (4) where the visitor stands.

    `authorities` are the OIDs of the INS that this house takes, in which the one of a link is looked for.
    """

    desk: RecordDesk
    authorities: tuple[str, ...]

    def __call__(self, page: str, number: str, visitor: Visitor) -> Mapping[str, str]:
        """The context of a link, by name. Raises WrongLink: no such page, no INS, or the law; Refusal: no registry."""
        check_link(page, number)  # (1)
        facts = {"page": page, "PS_IdNat": visitor.requester.national_id}
        if not number:
            self.desk.audit.append(self._event(Outcome.SUCCESS, visitor))
            return facts
        case = self._case(number, visitor)  # (2)
        self._write(Outcome.SUCCESS, case.file.patient_id, visitor, case.decision.rule.value)  # (3)
        law_time = case.file.law_time(visitor.now)
        held = as_it_stands(case.authorisation, law_time) if case.authorisation is not None else None  # (4)
        return {**facts, "INS": number, "AUTORISATION": str(held.status) if held is not None else NOT_DECLARED}

    def _case(self, number: str, visitor: Visitor) -> Case:
        requester = visitor.requester
        ids = [f"{number}^^^&{authority}&ISO^NH" for authority in self.authorities]
        files = [self.desk.office.file(patient_id, requester.national_id) for patient_id in ids]
        file = next((one for one in files if one.record is not None), files[0])
        law_time = file.law_time(visitor.now)
        authorisation = effective(requester, file.authorisations.values(), law_time)
        decision = decide(
            Operation.WEB, requester, file.record, authorisation, law_time, parameters=self.desk.parameters
        )
        if not decision:
            (error, *_) = decision.errors()
            self._write(Outcome.REFUSED, file.patient_id, visitor, decision.rule.value, error.code)
            raise WrongLink(403, error.code, error.context)
        return Case(file, authorisation, decision)

    def _write(self, outcome: Outcome, patient_id: str, visitor: Visitor, rule: str, code: str = "") -> None:
        certificate = visitor.certificate
        trace = Trace(
            patient_id=patient_id,
            operation=Operation.WEB,
            outcome=outcome,
            actor=Actor(
                kind=ActorKind.PROFESSIONAL,
                id=certificate.national_id,
                role=certificate.profession or "",
                auth_mode=visitor.requester.mode,
            ),
            request_id=visitor.request_id,
            rule=rule,
            code=code,
        )
        self.desk.audit.append(self._event(outcome, visitor, patient_id, code), trace.as_json())

    def _event(self, outcome: Outcome, visitor: Visitor, patient_id: str = "", code: str = "") -> AuditEvent:
        return self.desk.witness.event(
            Operation.WEB.value,
            outcome,
            request_id=visitor.request_id,
            now=visitor.now,
            certificate=visitor.certificate,
            patient_id=patient_id,
            code=code,
        )


def check_link(page: str, number: str) -> None:
    """Raise WrongLink: no such page, an INS where there is none or none where there is one, or one that is none."""
    if page not in PAGES:
        raise _wrong(f"the page is one of {', '.join(PAGES)}")
    if number and PAGES[page] == NOBODY:
        raise _wrong(f"{page} is about no patient: found one")
    if not number and PAGES[page] == SOMEBODY:
        raise _wrong(f"{page} is about a patient: found no INS after it")
    if number and not (ins.has_form(number) and ins.has_key(number)):
        raise _wrong("an INS is 15 characters, the last two the key of the others")


def _wrong(text: str) -> WrongLink:
    return WrongLink(404, XdsErrorCode.SBX_MESSAGE, text)
