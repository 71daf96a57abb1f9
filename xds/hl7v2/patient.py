"""PID and PV1: of whom a message speaks, and of which stay (HL7 v2.5 §3.4.2, §3.4.3; PAM-FR 2.11)."""

from __future__ import annotations

from dataclasses import dataclass

from xds.metadata.datatypes import Cx
from xds.metadata.ins import AUTHORITIES


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientId:
    """One repetition of PID-3, or PID-18: `authority` is an OID or empty, `namespace` its local name.

    `type` is `INS`, `PI`, `AN`… (HL7 table 0203); `since` the day from which it is so, YYYYMMDD.
    """

    value: str
    authority: str = ""
    namespace: str = ""
    type: str = ""
    since: str = ""

    @property
    def is_ins(self) -> bool:
        """Whether it is an INS: of that type, issued under an authority of the INS."""
        return self.type == "INS" and self.authority in AUTHORITIES


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientName:
    """One repetition of PID-5. `type`: `L` at birth, `D` used; `all_given` are the given names of birth."""

    family: str
    given: str = ""
    all_given: str = ""
    type: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """PID. `birth_date` is as sent; `birth_place` the INSEE code of the PID-11 of type BDL; `folder` is PID-18.

    `identity_status` is PID-32 (HL7 table 0445): VALI makes an INS a qualified one.
    """

    ids: tuple[PatientId, ...] = ()
    names: tuple[PatientName, ...] = ()
    birth_date: str = ""
    sex: str = ""
    birth_place: str = ""
    folder: PatientId | None = None
    identity_status: str = ""

    @property
    def ins(self) -> PatientId | None:
        """The first INS."""
        return next((one for one in self.ids if one.is_ins), None)

    @property
    def ipp(self) -> PatientId | None:
        """The first id that the structure gave."""
        return next((one for one in self.ids if one.type == "PI"), None)

    @property
    def birth_name(self) -> PatientName | None:
        """The name of birth, else the first without type."""
        names = [one for one in self.names if one.type in ("L", "")]
        return min(names, key=lambda one: one.type == "", default=None)

    @property
    def is_qualified(self) -> bool:
        """Whether there is an INS of a validated identity."""
        return self.ins is not None and self.identity_status == "VALI"

    @property
    def patient_id(self) -> str | None:
        """The INS as the patientId of XDS (CI-SIS Annexe XDS)."""
        ins = self.ins
        return Cx(identifier=ins.value, authority=ins.authority, type="NH").format() if ins is not None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """PV1: `patient_class` is I, O, E, R, N…; `number` is PV1-19, the times those of PV1-44 and PV1-45 as sent."""

    patient_class: str = ""
    unit: str = ""
    number: PatientId | None = None
    admitted: str = ""
    discharged: str = ""
