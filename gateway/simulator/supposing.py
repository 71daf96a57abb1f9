"""What if: a record, an authorisation, parameters other than those that are there. Nothing is written anywhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, get_type_hints
from uuid import UUID

from gateway.simulator.dossier import Dossier
from xds.dmp.consents import settled
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, AuthorisationStatus, Record, RecordStatus
from xds.dmp.requester import Requester

NON_EXISTE, MT, NONE = "NON_EXISTE", "MT", "NONE"
_CONSENTS = ("etreat", "btg", "masked")
_PERMIT = MappingProxyType({"permit": True, "deny": False})
_YES = MappingProxyType({"yes": True, "true": True, "no": False, "false": False})
VALUES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        **dict.fromkeys(_CONSENTS, ("permit", "deny")),
        "authorised": (*(one.value for one in AuthorisationStatus), NON_EXISTE, MT),
        "record": ("OPEN", "SUSPENDED", "CLOSED", NONE),
        "attached": ("yes", "no"),
        "minor": ("yes", "no"),
    }
)
"""What may be supposed, and its values; besides them, every key of the settings section [dmp]."""


class SuppositionError(ValueError):
    """What is supposed cannot be; the text says what can."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppositions:
    """What is taken for true. `said` are those of `VALUES`, `parameters` keys of the law's parameters."""

    said: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.said or self.parameters)

    def of_parameters(self, parameters: Parameters) -> Parameters:
        """The parameters of the house, but for those supposed."""
        return replace(parameters, **self.parameters)

    def of_dossier(self, dossier: Dossier, requester: Requester, law_time: datetime) -> Dossier:
        """The record and the authorisations, but for what is supposed of them."""
        record = self._record(dossier.record, dossier.ahead, law_time)
        return replace(dossier, record=record, authorisations=self._authorisations(dossier, requester))

    def _record(self, found: Record | None, ahead: timedelta, law_time: datetime) -> Record | None:
        status = self.said.get("record")
        if status == NONE or (found is None and status is None):
            return None
        record = found or Record(patient_key=UUID(int=0), status=RecordStatus.OPEN, key_id=UUID(int=0), ahead=ahead)
        if status is not None:
            record = replace(record, status=RecordStatus(status))
        consents = {name: _PERMIT[self.said[name]] for name in _CONSENTS if name in self.said}
        if consents:
            record = replace(record, emergency=settled(replace(record.emergency, **consents)))
        if "attached" in self.said:
            record = replace(record, attached_to_ens=_YES[self.said["attached"]])
        if "minor" in self.said:
            years = 10 if _YES[self.said["minor"]] else 40
            record = replace(record, birth_date=law_time.date().replace(year=law_time.year - years, day=1))
        return record

    def _authorisations(self, dossier: Dossier, requester: Requester) -> tuple[Authorisation, ...]:
        status = self.said.get("authorised")
        if status is None:
            return dossier.authorisations
        if status == NON_EXISTE:
            return ()
        supposed = Authorisation(
            professional_id=requester.national_id,
            status=AuthorisationStatus.VALIDE if status == MT else AuthorisationStatus(status),
            medecin_traitant=status == MT,
        )
        return (supposed,)


def read_suppositions(texts: Iterable[str]) -> Suppositions:
    """Read `masked=permit`, `authorised=VALIDE`, `mask_author_scope=structure`. Raises SuppositionError."""
    said: dict[str, str] = {}
    parameters: dict[str, Any] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if name in VALUES:
            said[name] = _one_of(VALUES[name], name, value)
        elif equals and name in _parameters():
            parameters[name] = _parameter(name, value)
        else:
            known = ", ".join((*VALUES, *_parameters()))
            raise SuppositionError(f"suppose one of {known}, as in masked=permit; found {text!r}")
    return Suppositions(said=said, parameters=parameters)


def _parameters() -> tuple[str, ...]:
    return tuple(one.name for one in fields(Parameters))


def _parameter(name: str, value: str) -> Any:
    kind = get_type_hints(Parameters)[name]
    if kind is bool:
        return _YES[_one_of(tuple(_YES), name, value)]
    if kind is int:
        if not value.isdecimal() or len(value) > 5:
            raise SuppositionError(f"{name} is a whole number of 5 digits at most; found {value!r}")
        return int(value)
    return _one_of(kind.__args__, name, value)


def _one_of(known: tuple[str, ...], name: str, value: str) -> str:
    found = next((one for one in known if one.lower() == value.lower()), None)
    if found is None:
        raise SuppositionError(f"{name} is one of {', '.join(known)}; found {value!r}")
    return found
