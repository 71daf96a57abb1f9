"""`ecluse diff-faces`: the documents of a record as SOAP and as FHIR show them, side by side."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click
import requests

from gateway.administration.office import RecordsError
from gateway.cli.administration import existing_house, house_options
from gateway.cli.record_house import oid_option
from gateway.cli.rehearsal import Rehearsal, RehearsalError
from gateway.cli.speech import counted, text
from gateway.cli.why import patient_id
from gateway.cli.why_people import NobodyError, person
from gateway.cli.world import open_environment, refuse_other_houses
from gateway.settings import SettingsError, load
from samples.client.answers import SoapFault
from samples.client.client import ConsultationClient
from samples.client.fhir import FhirClient
from samples.world.world import read_world
from xds.metadata.datatypes import Cx
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.mhd.constants import OID
from xds.mhd.document_reference_reader import read_document_reference
from xds.mhd.element import Element
from xds.mhd.notes import Notes

_BYTES = "document"
_STATUSES = (AvailabilityStatus.APPROVED, AvailabilityStatus.DEPRECATED)


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute that the two faces do not tell alike."""

    unique_id: str
    attribute: str
    soap: str
    fhir: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """What both wires show of a record, by uniqueId; `same_bytes` of the documents that both have."""

    soap: dict[str, DocumentEntry]
    fhir: dict[str, DocumentEntry]
    same_bytes: dict[str, bool]

    def differences(self) -> Iterator[Difference]:
        """Every difference, document by document."""
        for unique_id in sorted(self.soap.keys() | self.fhir.keys()):
            one, other = self.soap.get(unique_id), self.fhir.get(unique_id)
            if one is None or other is None:
                yield Difference(unique_id, _BYTES, _there(one), _there(other))
                continue
            for item in fields(DocumentEntry):
                left, right = getattr(one, item.name), getattr(other, item.name)
                # ebRIM tells the lid when it is not the id; FHIR tells it always.
                if item.name == "logical_id":
                    left = left or one.entry_uuid
                if left != right:
                    yield Difference(unique_id, item.name, str(left), str(right))
            if not self.same_bytes.get(unique_id, True):
                yield Difference(unique_id, _BYTES, "ITI-43", "ITI-68")


@click.command("diff-faces", short_help="A record as SOAP and as FHIR show it.")
@click.argument("patient")
@click.option("--as", "who", default="M1", show_default=True, help="Who reads: an actor, or a name of ecluse pki list.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of differences.")
@oid_option
@house_options
def diff_faces(patient: str, who: str, oid: str, *, as_json: bool, file: Path | None, data: str | None) -> None:
    """Read the record of PATIENT, an INS or a patient of the test world, by SOAP and by FHIR, and compare.

    Every attribute of every document that WHO may read, and its bytes. The doors open once more, on other ports.
    Exits with 0 when both faces agree, 1 when they do not.
    """
    try:
        settings = load(file, data=data)
        refuse_other_houses(settings)
        holder = _holder(person(who).key)
        with Rehearsal(open_environment(), data=existing_house(settings), settings=file) as house:
            faces = read_faces(house, patient_id(patient, oid), holder)
    except (SettingsError, RehearsalError, RecordsError, NobodyError, SoapFault, requests.RequestException) as error:
        raise click.ClickException(str(error)) from None
    found = list(faces.differences())
    if as_json:
        rows = [{item.name: getattr(one, item.name) for item in fields(Difference)} for one in found]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        _tell(faces, found)
    raise SystemExit(1 if found else 0)


def read_faces(house: Rehearsal, cx: str, name: str) -> Faces:
    """What the holder of a card reads of a record (CX) at both wires of the consultation door.

    Raises RecordsError: he may not; SoapFault, requests.RequestException.
    """
    with closing(house.professional(name, cx)) as soap, closing(house.fhir(name, cx)) as fhir:
        answer = soap.find_documents(cx, status=[str(status) for status in _STATUSES])
        if not answer.succeeded:
            raise RecordsError(answer.errors[0].context, answer.errors[0].code)
        asked = [("patient.identifier", _token(cx)), ("status", "current,superseded"), ("_count", "500")]
        bundle = fhir.search("DocumentReference", asked).resource
        resources = {_entry(one["resource"]).unique_id: one["resource"] for one in bundle.get("entry", [])}
        by_soap = _last_versions(answer.document_entries)
        same = {
            unique_id: _bytes(fhir, resource) == _retrieved(soap, by_soap[unique_id])
            for unique_id, resource in resources.items()
            if unique_id in by_soap
        }
    return Faces(soap=by_soap, fhir={name: _entry(one) for name, one in resources.items()}, same_bytes=same)


def _last_versions(entries: Iterable[DocumentEntry]) -> dict[str, DocumentEntry]:
    """By uniqueId: ITI-18 answers former versions too, FHIR the last alone."""
    found: dict[str, DocumentEntry] = {}
    for entry in sorted(entries, key=lambda one: one.version):
        found[entry.unique_id] = entry
    return found


def _entry(resource: dict[str, Any]) -> DocumentEntry:
    return read_document_reference(Element(resource, "DocumentReference", Notes())).entry


def _retrieved(soap: ConsultationClient, entry: DocumentEntry) -> bytes:
    documents = soap.retrieve([(entry.repository_unique_id or "", entry.unique_id)]).documents
    return documents[0].content if documents else b""


def _bytes(fhir: FhirClient, resource: dict[str, Any]) -> bytes:
    return fhir.get(resource["content"][0]["attachment"]["url"], Accept="*/*").content


def _holder(who: str) -> str:
    """The name of a card: that of an actor of the world, or the one said."""
    actor = read_world().actors.get(who)
    return actor.holder if actor is not None and actor.holder else who


def _token(cx: str) -> str:
    """The value of `patient.identifier` for a patient id (CX)."""
    found = Cx.parse(cx)
    return f"{OID}{found.authority}|{found.identifier}"


def _there(entry: DocumentEntry | None) -> str:
    return text(en="absent", fr="absent") if entry is None else text(en="there", fr="présent")


def _tell(faces: Faces, found: list[Difference]) -> None:
    differing = {one.unique_id for one in found}
    for unique_id in sorted(faces.soap.keys() | faces.fhir.keys()):
        entry = faces.soap.get(unique_id) or faces.fhir[unique_id]
        mark = "✗" if unique_id in differing else "✓"
        click.echo(f"{mark} {unique_id}  {entry.type_code.code if entry.type_code else '-'}  {entry.title or ''}")
        for one in (one for one in found if one.unique_id == unique_id):
            click.echo(f"    {one.attribute}\n        SOAP  {one.soap}\n        FHIR  {one.fhir}")
    count = len(faces.soap.keys() | faces.fhir.keys())
    documents = counted(count, en=("document", "documents"), fr=("document", "documents"))
    differences = counted(len(found), en=("difference", "differences"), fr=("différence", "différences"))
    click.echo(f"{documents}, {differences}")
