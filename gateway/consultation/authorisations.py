"""TD0.3, a professional declares or removes himself; TD1.6, who may read a record and who may not: the use cases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from gateway.consultation.record_desk import Case, RecordDesk, refused
from gateway.consultation.record_existence import NOT_DECLARED
from gateway.gate import Caller
from gateway.wire.dmp_services import Action, ListMode, SetAuthorisation
from xds.dmp.access import as_it_stands
from xds.dmp.columns import is_doctor, is_medecin_traitant
from xds.dmp.operations import Operation
from xds.dmp.record import Authorisation, AuthorisationStatus
from xds.dmp.requester import RequesterKind
from xds.dmp.timers import authorisation_ends
from xds.errors import XdsErrorCode
from xds.registry.amendments import until_unchanged
from xds.registry.record_file import HeldAuthorisation

_LISTED: Mapping[ListMode, Callable[[AuthorisationStatus], bool]] = MappingProxyType(
    {
        ListMode.ACTIVE: lambda status: status is AuthorisationStatus.VALIDE,
        ListMode.FORBIDDEN: lambda status: status is AuthorisationStatus.INTERDIT,
        ListMode.ALL: lambda status: True,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclareAuthorisation:
    """(1) what is asked  (2) patient, file, law  (3) who may be médecin traitant  (4) write, trace, audit.

    Again when the record changed meanwhile. An authorisation is never inferred: only this use case and the
    administration make one (DMP D-060).
    """

    desk: RecordDesk

    def __call__(self, request: SetAuthorisation, caller: Caller) -> Authorisation | None:
        """Change the caller's own authorisation; returns it as it is now, None once removed.

        Raises Refusal: another patient, no right to this, blocked by the patient, nothing to remove, not a doctor.
        """
        return until_unchanged(lambda: self._attempt(request, caller))

    def _attempt(self, request: SetAuthorisation, caller: Caller) -> Authorisation | None:
        if request.action is Action.REMOVE:  # (1)
            self._remove(request.patient_id, caller)
            return None
        file = self.desk.file(request.patient_id, caller)  # (2)
        requester, now = caller.requester, file.law_time(caller.now)
        was = is_medecin_traitant(requester, file.authorisations.get(requester.national_id), now)
        stops = was and not request.medecin_traitant
        operation = Operation.STOP_BEING_MT if stops else Operation.AUTHORISE_SELF
        case = self.desk.decide(operation, file, caller)
        if request.medecin_traitant and not is_doctor(requester):  # (3)
            text = "only a doctor may be médecin traitant"
            raise refused(XdsErrorCode.DMP_ACCESS_DENIED, text, "6-MEDECIN-TRAITANT")
        declared = Authorisation(
            professional_id=requester.national_id,
            status=AuthorisationStatus.VALIDE,
            valid_until=authorisation_ends(now, self.desk.parameters),
            medecin_traitant=request.medecin_traitant,
        )
        act = self.desk.act("TD0.3", operation, caller, case)
        self.desk.office.authorise(case.record, held(declared, caller), act)  # (4)
        return declared

    def _remove(self, patient_id: str, caller: Caller) -> None:
        case = self.desk.open(Operation.REMOVE_SELF, patient_id, caller)
        own = caller.requester.national_id
        if own not in case.file.authorisations:
            raise refused(XdsErrorCode.SBX_AUTHORISATION, "there is no authorisation to remove", "8-NOT-AUTHORISED")
        self.desk.office.forget(case.record, own, self.desk.act("TD0.3", Operation.REMOVE_SELF, caller, case))


@dataclass(frozen=True, slots=True, kw_only=True)
class ListProfessionals:
    """(1) patient, file, law  (2) who holds what, at the time of the law  (3) trace, audit."""

    desk: RecordDesk

    def __call__(self, patient_id: str, mode: ListMode, caller: Caller) -> tuple[HeldAuthorisation, ...]:
        """List. Raises Refusal: another patient, no right to this."""
        case = self.desk.open(Operation.LIST_PROFESSIONALS, patient_id, caller)  # (1)
        found = self._standing(case, caller)  # (2)
        self.desk.tell("TD1.6", Operation.LIST_PROFESSIONALS, caller, case)  # (3)
        return tuple(one for one in found if _LISTED[mode](one.authorisation.status))

    def _standing(self, case: Case, caller: Caller) -> tuple[HeldAuthorisation, ...]:
        now = case.file.law_time(caller.now)
        rows = self.desk.office.holders(case.record)
        return tuple(replace(row, authorisation=as_it_stands(row.authorisation, now)) for row in rows)


def held(authorisation: Authorisation, caller: Caller) -> HeldAuthorisation:
    """An authorisation with what the assertion says of its holder."""
    vihf = caller.vihf
    return HeldAuthorisation(
        authorisation=authorisation,
        structure=caller.requester.kind is RequesterKind.STRUCTURE,
        name=vihf.subject_name or "",
        profession=vihf.profession.code,
        structure_id=vihf.structure_id,
    )


def status_of(authorisation: Authorisation | None) -> str:
    """The status as TD0.2 says it."""
    return NOT_DECLARED if authorisation is None else str(authorisation.status)
