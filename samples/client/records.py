"""Client of the record transactions at a door of the DMP: existence, authorisations, life of records (TD0.2 to TD1.6).

The services `habilitations` and `patientsSpecific` are spoken by zeep alone, from their descriptions; what stands
inside an interaction of HL7 V3 is in no description, and is put into the envelope that zeep makes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from lxml import etree

from samples.client import record_messages
from samples.client.answers import body_of
from samples.client.description import DIRECTORY, Service, service_url
from samples.client.exchange import DoorClient, MakeVihf, put_in_body
from samples.client.record_messages import Person
from samples.client.transport import Credential

_HL7: Final = f"{{{record_messages.HL7}}}"
_ANSWERS: Final = {
    "PRPA_IN201307UV02": ("PRPA_IN201308UV02",),
    "PRPA_IN201305UV02": ("PRPA_IN201306UV02",),
    "PRPA_IN201311UV02": ("PRPA_IN201312UV02", "PRPA_IN201313UV02"),
    "PRPA_IN201314UV02": ("PRPA_IN201315UV02", "PRPA_IN201316UV02"),
}


@dataclass(frozen=True, slots=True)
class Detail:
    """One fault that an answer tells: its code, its sentence, and the place in the message."""

    code: str
    text: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One patient in an answer. `match` is the percentage of a search, `opposition` that to centre 15."""

    patient_id: str
    status: str
    family: str
    given: tuple[str, ...]
    match: int | None = None
    opposition: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAnswer:
    """Answer to an interaction. `code` is AA or AE; `response` OK, NF or AE, of a question; `lines` by key."""

    name: str
    code: str
    response: str
    details: tuple[Detail, ...]
    lines: Mapping[str, str]
    found: tuple[Found, ...]
    root: etree._Element
    assumed: str

    @property
    def accepted(self) -> bool:
        return self.code == "AA"

    @property
    def error_codes(self) -> list[str]:
        return [detail.code for detail in self.details]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAnswer:
    """Answer of a service that is not HL7. `values` are its simple elements, `rows` those that repeat."""

    code: str
    errors: tuple[Detail, ...]
    values: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...]

    @property
    def accepted(self) -> bool:
        return self.code == "DMPOk"

    @property
    def error_codes(self) -> list[str]:
        return [error.code for error in self.errors]


class RecordsClient(DoorClient):
    """Client of the services `patients`, `patientsSpecific` and `habilitations`; arguments as in `ConsultationClient`.

    `door` is the door whose description is used. Every call raises SoapFault, NotSoap, UnexpectedAnswer and
    requests.RequestException.
    """

    def __init__(
        self,
        url: str,
        credential: Credential | None,
        ca: Path | None,
        *,
        vihf: MakeVihf | None = None,
        door: str = "consultation",
        published: bool = False,
        timeout: float = 30.0,
    ) -> None:
        super().__init__(credential, ca, vihf, timeout)
        self._url, self._door, self._published = url, door, published

    @cached_property
    def patients(self) -> Service:
        """Interactions of HL7 V3."""
        return self._named("patients")

    @cached_property
    def patients_specific(self) -> Service:
        """My records, access of the patient."""
        return self._named("patientsSpecific")

    @cached_property
    def habilitations(self) -> Service:
        """Authorisations."""
        return self._named("habilitations")

    def interact(self, interaction: etree._Element) -> RecordAnswer:
        """Send one interaction, true or spoiled, and read the answer."""
        name = etree.QName(interaction).localname
        envelope = self.patients.envelope(f"Patients_{name}")
        put_in_body(envelope, interaction)
        reply = self._exchange(self.patients, self.transport.pack(envelope))
        body = reply.root.find("{*}Body/*")
        said = "" if body is None else etree.QName(body).localname
        expected = said if said in _ANSWERS[name] else _ANSWERS[name][0]
        return _read(body_of(reply, f"{_HL7}{expected}"), str(reply.headers.get("X-Sandbox-Assumed", "")))

    def existence(self, patient_id: str) -> RecordAnswer:
        """TD0.2."""
        return self.interact(record_messages.existence(patient_id))

    def administrative(self, patient_id: str) -> RecordAnswer:
        """TD1.3a."""
        return self.interact(record_messages.existence(patient_id, "CNSLT_DATA"))

    def search(self, person: Person) -> RecordAnswer:
        """TD0.5."""
        return self.interact(record_messages.search(person))

    def create(self, patient_id: str, person: Person, **said: Any) -> RecordAnswer:
        """TD1.1, with consent unless `flags` say otherwise; `said` as in `record_messages.registration`."""
        said.setdefault("flags", {"CONSENTEMENT_OUVERTURE_DMP": True})
        return self.interact(record_messages.registration("CREA_RD", patient_id, person, **said))

    def reactivate(self, patient_id: str, person: Person | None = None, **said: Any) -> RecordAnswer:
        """TD1.2, with consent unless `flags` say otherwise."""
        said.setdefault("flags", {"CONSENTEMENT_REACTIVATION_DMP": True})
        return self.interact(record_messages.registration("REAC", patient_id, person, **said))

    def change(self, patient_id: str, person: Person, **said: Any) -> RecordAnswer:
        """TD1.3b."""
        return self.interact(record_messages.registration("MODIF_DATA", patient_id, person, **said))

    def close_record(
        self, patient_id: str, motive: str = "FERMETURE_DEMANDE_PATIENT", text: str = "À la demande du patient"
    ) -> RecordAnswer:
        """TD1.4."""
        return self.interact(record_messages.registration("FERM", patient_id, motive=motive, text=text))

    def authorise(self, patient_id: str, action: str = "AJOUT", role: str | None = None) -> ServiceAnswer:
        """TD0.3."""
        values = {"patientId": patient_id, "action": action, **({"role": role} if role else {})}
        return self.call(self.habilitations, "setAuthorization", **values)

    def professionals(self, patient_id: str, mode: str = "TOUTE") -> ServiceAnswer:
        """TD1.6."""
        return self.call(self.habilitations, "listAuthorizationByPatient", patientId=patient_id, mode=mode)

    def my_records(self, mode: str = "LASTAUTORIZATION", since: datetime | None = None) -> ServiceAnswer:
        """TD0.4."""
        moment = since or datetime(2020, 1, 1, tzinfo=UTC)
        return self.call(self.patients_specific, "patientList", mode=mode, since=moment)

    def open_access(self, patient_id: str, channel: str = "EMAIL", **channels: str) -> ServiceAnswer:
        """TD1.5a."""
        values = {"patientId": patient_id, "channel": channel, **channels}
        return self.call(self.patients_specific, "createPatientAccess", **values)

    def change_channels(self, patient_id: str, **channels: str) -> ServiceAnswer:
        """TD1.5b."""
        return self.call(self.patients_specific, "patientOTPUpdate", patientId=patient_id, **channels)

    def renew_access(self, patient_id: str, **channel: str) -> ServiceAnswer:
        """TD1.5d."""
        return self.call(self.patients_specific, "updatePatientAccess", patientId=patient_id, **channel)

    def call(self, service: Service, operation: str, **values: Any) -> ServiceAnswer:
        """Send what zeep makes of `values`, and read the answer."""
        return self.send(service, service.envelope(operation, **values))

    def send(self, service: Service, envelope: Any) -> ServiceAnswer:
        """Send an envelope, true or spoiled, of a service that is not HL7."""
        name = etree.QName(envelope.find("{*}Body/*"))
        reply = self._exchange(service, self.transport.pack(envelope))
        return _read_service(body_of(reply, f"{{{name.namespace}}}{name.localname}Response"))

    def _named(self, name: str) -> Service:
        address = service_url(self._url, name)
        wsdl = f"{address}?wsdl" if self._published else str(DIRECTORY / f"{self._door}-{name}.wsdl")
        return self._service(wsdl, address)


def _read(root: etree._Element, assumed: str) -> RecordAnswer:
    act = f"{_HL7}controlActProcess"
    details = [
        Detail(
            _attribute(one, "code", "code"),
            one.findtext(f"{_HL7}text", ""),
            one.findtext(f"{_HL7}location", ""),
        )
        for one in root.iterfind(f"{_HL7}acknowledgement/{_HL7}acknowledgementDetail")
    ]
    patients = root.iterfind(f"{act}/{_HL7}subject/{_HL7}registrationEvent/{_HL7}subject1/{_HL7}patient")
    return RecordAnswer(
        name=etree.QName(root).localname,
        code=_attribute(root, "acknowledgement/typeCode", "code"),
        response=_attribute(root, "controlActProcess/queryAck/queryResponseCode", "code"),
        details=tuple(details),
        lines=dict(_line(one) for one in root.iterfind(f"{_HL7}attentionLine")),
        found=tuple(_found(one) for one in patients),
        root=root,
        assumed=assumed,
    )


def _found(patient: etree._Element) -> Found:
    identifier = patient.find(f"{_HL7}id")
    root, extension = ("", "") if identifier is None else (identifier.get("root", ""), identifier.get("extension", ""))
    match = _attribute(patient, "subjectOf1/queryMatchObservation/value", "value")
    opposition = _attribute(patient, "subjectOf2/administrativeObservation/value", "value")
    names = f"{_HL7}patientPerson/{_HL7}name"
    return Found(
        patient_id=f"{extension}^^^&{root}&ISO^NH",
        status=_attribute(patient, "statusCode", "code"),
        family=patient.findtext(f"{names}/{_HL7}family", ""),
        given=tuple(one.text or "" for one in patient.iterfind(f"{names}/{_HL7}given")),
        match=int(match) if match else None,
        opposition=opposition == "true" if opposition else None,
    )


def _line(line: etree._Element) -> tuple[str, str]:
    value = line.find(f"{_HL7}value")
    said = "" if value is None else value.get("code") or value.get("value") or value.text or ""
    return _attribute(line, "keyWordText", "code"), said


def _attribute(parent: etree._Element, path: str, name: str) -> str:
    found = parent.find("/".join(f"{_HL7}{step}" for step in path.split("/")))
    return "" if found is None else found.get(name, "")


def _read_service(root: etree._Element) -> ServiceAnswer:
    values: dict[str, str] = {}
    errors, rows = [], []
    for child in root.iterchildren("*"):
        name = etree.QName(child).localname
        if name == "error":
            errors.append(Detail(child.get("code", ""), child.text or "", child.get("path", "")))
        elif len(child):
            rows.append({etree.QName(one).localname: one.text or "" for one in child})
        else:
            values[name] = child.text or ""
    return ServiceAnswer(code=values.pop("code", ""), errors=tuple(errors), values=values, rows=tuple(rows))
