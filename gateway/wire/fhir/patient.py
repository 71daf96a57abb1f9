"""TD0.2 in FHIR: is there a record, is it open, may I read it (DMP TD0.2; DMP FHIR draft 0.1.0, TD0.2).

A record that exists is a `Patient`; a record that does not is an empty Bundle. Extensions of the draft keep its names;
what the draft leaves out, the authorisation of whoever asks, is a contained `Consent`, and ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from gateway.wire.fhir.outcome import FhirRefused, Issue
from gateway.wire.fhir.request import FhirRequest
from profiles.dmp.motives import motives
from xds.dmp.holder import Traits

IDENTIFIER: Final = "identifier"
AUTHORISATION: Final = "urn:ecluse:fhir:StructureDefinition:sbx-authorisation-status"
_DRAFT: Final = "https://interop.esante.gouv.fr/ig/fhir/dmp/StructureDefinition/"
_PERSONS: Final = "urn:oid:1.2.250.1.71.4.2.1"
_OID = "urn:oid:"
_TOKEN = re.compile(r"urn:oid:([0-2](?:\.(?:0|[1-9][0-9]*))+)\|([0-9A-Z]{13,22})")
_PERMITTED: Final = "VALIDE"
_GENDERS = {"M": "male", "F": "female", "UN": "unknown"}
_SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
_LOINC_PRIVACY = {"system": "http://loinc.org", "code": "59284-0"}
_RECIPIENT = {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """How a record was closed. `at` is law time; `motive` is a code of `profiles.dmp.motives`, or empty."""

    at: datetime
    motive: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorised:
    """Where whoever asks stands: `status` is VALIDE, EXPIRE, INTERDIT or NON_EXISTE, `until` its end, if any."""

    person_id: str
    status: str
    until: datetime | None
    medecin_traitant: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientSaid:
    """What is said of a record that exists. `patient_id` is a CX; without `traits` nobody is named."""

    patient_id: str
    active: bool
    attached: bool
    closed: Closed | None = None
    traits: Traits | None = None
    authorised: Authorised | None = None


def asked_patient(request: FhirRequest) -> str:
    """The patient (CX) that a search asks about: one `identifier`, an INS with its authority.

    Raises FhirRefused: 400.
    """
    values = request.values(IDENTIFIER)
    if len(values) != 1:
        raise _refused("required", f"{IDENTIFIER} is there {len(values)} times, expected once")
    found = _TOKEN.fullmatch(values[0])
    if found is None:
        raise _refused("value", f"{IDENTIFIER} is not {_OID}<authority of the INS>|<INS>")
    return f"{found[2]}^^^&{found[1]}&ISO^NH"


def write_found(request: FhirRequest, said: PatientSaid | None) -> dict[str, Any]:
    """The Bundle of the search: one Patient, or none."""
    query = "&".join(f"{name}={quote(value, safe=':')}" for name, value in request.parameters)
    entries = [{"resource": write_patient(said), "search": {"mode": "match"}}] if said is not None else []
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        "link": [{"relation": "self", "url": f"{request.base}/Patient?{query}"}],
    }
    return {**bundle, "entry": entries} if entries else bundle


def write_patient(said: PatientSaid) -> dict[str, Any]:
    """The resource."""
    value, _, _, authority, _ = said.patient_id.split("^")
    patient: dict[str, Any] = {"resourceType": "Patient"}
    if said.authorised is not None:
        patient["contained"] = [_consent(said.authorised)]
    patient["extension"] = list(_extensions(said))
    patient["identifier"] = [{"use": "official", "system": f"{_OID}{authority.split('&')[1]}", "value": value}]
    patient["active"] = said.active
    return patient | (_identity(said.traits) if said.traits is not None else {})


def _extensions(said: PatientSaid) -> Iterator[dict[str, Any]]:
    if said.closed is not None:
        yield {"url": f"{_DRAFT}dmp-fermeture", "extension": list(_closing(said.closed))}
    yield {"url": f"{_DRAFT}dmp-rattachement-mes", "valueBoolean": said.attached}
    if said.authorised is not None:
        yield {"url": f"{_DRAFT}dmp-medecin-traitant", "valueBoolean": said.authorised.medecin_traitant}


def _closing(closed: Closed) -> Iterator[dict[str, Any]]:
    yield {"url": "dateFermeture", "valueDate": closed.at.date().isoformat()}
    if closed.motive:
        known = motives().get(closed.motive)
        coding = {"code": closed.motive}
        if known is not None:
            coding = {"system": f"{_OID}{known.system}", "code": known.code, "display": known.label_fr}
        yield {"url": "motifFermeture", "valueCodeableConcept": {"coding": [coding]}}
    if closed.reason:
        yield {"url": "raisonFermeture", "valueString": closed.reason}


def _consent(authorised: Authorised) -> dict[str, Any]:
    actor = {"identifier": {"system": _PERSONS, "value": authorised.person_id}}
    provision: dict[str, Any] = {
        "type": "permit" if authorised.status == _PERMITTED else "deny",
        "actor": [{"role": {"coding": [_RECIPIENT]}, "reference": actor}],
    }
    if authorised.until is not None:
        provision["period"] = {"end": authorised.until.isoformat()}
    return {
        "resourceType": "Consent",
        "id": "authorisation",
        "extension": [{"url": AUTHORISATION, "valueCode": authorised.status}],
        "status": "active",
        "scope": {"coding": [{"system": _SCOPE, "code": "patient-privacy"}]},
        "category": [{"coding": [_LOINC_PRIVACY]}],
        "patient": {"reference": "#"},
        "provision": provision,
    }


def _identity(traits: Traits) -> dict[str, Any]:
    names: list[dict[str, Any]] = [{"use": "official", "family": traits.family}]
    if traits.given:
        names[0]["given"] = list(traits.given)
    if traits.used_family:
        names.append({"use": "usual", "family": traits.used_family})
    said: dict[str, Any] = {"name": names}
    if traits.gender in _GENDERS:
        said["gender"] = _GENDERS[traits.gender]
    if traits.birth_date:
        said["birthDate"] = _birth_date(traits.birth_date)
    return said


def _birth_date(text: str) -> str:
    """A day, or as much of it as is one: an INS may have month or day 00."""
    parts: Sequence[str] = (text[:4], text[4:6], text[6:8])
    known = [part for index, part in enumerate(parts) if all(int(one or 0) for one in parts[: index + 1])]
    return "-".join(known)


def _refused(code: str, text: str) -> FhirRefused:
    return FhirRefused(400, [Issue(code=code, reason="FHIR_STRUCTURE", diagnostics=text)])
