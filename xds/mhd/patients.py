"""sourcePatientId and sourcePatientInfo as a contained Patient (ITI TF-3 §4.2.3.2.22, §4.2.3.2.23; FR Core)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from xds.metadata import ins
from xds.metadata.datatypes import Cx, escape, parse_source_patient_info, unescape
from xds.mhd.element import Element, Json
from xds.mhd.identifiers import read_cx, write_cx
from xds.mhd.notes import Notes
from xds.mhd.values import dtm_of, kept

_BIRTH_PLACE = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace"
_TOWN = "https://hl7.fr/ig/fhir/core/StructureDefinition/fr-core-address-insee-code"
_TOWNS = "https://mos.esante.gouv.fr/NOS/TRE_R13-Commune/FHIR/TRE-R13-Commune"
_GENDERS = {"M": "male", "F": "female", "O": "other", "U": "unknown"}
_SEXES = {gender: sex for sex, gender in _GENDERS.items()}
_USES = {"L": "official", "D": "usual"}
_NAME_TYPES = {use: kind for kind, use in _USES.items()}
_ID = "sourcePatientId"


@lru_cache(maxsize=1024)
def write_source_patient(source_patient_id: str, info: tuple[str, ...]) -> Json:
    """The Patient, without id; what it cannot say of these texts is kept in it, line by line. Never change it."""
    written = _patient(source_patient_id, info)
    read = _read(Element(written, "", Notes()))
    if read == (source_patient_id, info):
        return written
    lines = [f"{_ID}|{source_patient_id}", *info]
    return {**written, "extension": [*written.get("extension", ()), *map(kept, lines)]}


def read_source_patient(resource: Element) -> tuple[str, tuple[str, ...]]:
    """The sourcePatientId (CX, empty without identifier) and the sourcePatientInfo of a Patient."""
    lines = [one.text("valueString") for one in resource.extensions(_kept_url())]
    if lines and lines[0].startswith(f"{_ID}|"):
        exact = (lines[0].removeprefix(f"{_ID}|"), tuple(lines[1:]))
        expected = write_source_patient(*exact)
        if expected == {name: value for name, value in resource.content.items() if name != "id"}:
            return exact
    if lines:
        found, wanted = "a patient kept that is another", "the patient of the resource"
        resource.notes.fault("FHIR-KEPT", resource.path, found, wanted)
    read = _read(resource)
    resource.finish()
    return read


def _kept_url() -> str:
    url: str = kept("")["url"]
    return url


def _patient(source_patient_id: str, info: Sequence[str]) -> Json:
    written: Json = {"resourceType": "Patient"}
    identifiers = [write_cx(source_patient_id)] if source_patient_id else []
    names: list[Json] = []
    try:
        fields = parse_source_patient_info(info)
    except ValueError:
        fields = ()
    for number, text in fields:
        if number == 3 and text:
            identifiers.append(write_cx(text))
        elif number == 5:
            name = _write_name(text)
            if name:
                names.append(name)
        elif number == 7 and len(text) == 8 and dtm_of(f"{text[:4]}-{text[4:6]}-{text[6:]}"):
            written["birthDate"] = f"{text[:4]}-{text[4:6]}-{text[6:]}"
        elif number == 8 and text in _GENDERS:
            written["gender"] = _GENDERS[text]
        elif number == 11 and _birth_town(text):
            coded = {"url": _TOWN, "valueCoding": {"system": _TOWNS, "code": _birth_town(text)}}
            written["extension"] = [{"url": _BIRTH_PLACE, "valueAddress": {"extension": [coded]}}]
    if identifiers:
        written["identifier"] = identifiers
    return {**written, "name": names} if names else written


def _write_name(text: str) -> Json:
    """The HumanName of an XPN: family, first given name, other names, and its type."""
    try:
        parts = [unescape(part) for part in text.split("^")] + [""] * 7
    except ValueError:
        return {}
    written: Json = {}
    if parts[6] in _USES:
        written["use"] = _USES[parts[6]]
    if parts[0]:
        written["family"] = parts[0]
    given = [part for part in (parts[1], parts[2]) if part]
    return {**written, "given": given} if given else written


def _birth_town(text: str) -> str:
    """The COG code of a birth place: `^^^^^^BDL^^code`."""
    parts = text.split("^")
    return parts[8] if len(parts) == 9 and parts[6] == "BDL" and not any(parts[:6]) and not parts[7] else ""


def _read(resource: Element) -> tuple[str, tuple[str, ...]]:
    ids = [cx for cx in map(read_cx, resource.children("identifier")) if cx]
    local = next((cx for cx in ids if not _is_ins(cx)), ids[0] if ids else "")
    info = [f"PID-3|{cx}" for cx in ids if cx != local]
    for name in resource.children("name"):
        use, family, given = name.text("use"), name.text("family"), name.texts("given")
        parts = [family or name.text("text"), given[0] if given else "", " ".join(given[1:])]
        name.ignore("period", "prefix", "suffix", "text")
        name.finish()
        kind = _NAME_TYPES.get(use, "L")
        # How the header of a CDA document gives them (CI-SIS Annexe XDS): the birth name has three parts.
        shown = parts if kind == "L" else parts[:2]
        info.append(f"PID-5|{'^'.join(map(escape, shown))}{'^' * (7 - len(shown))}{kind}")
    birth = resource.text("birthDate").replace("-", "")
    if birth:
        info.append(f"PID-7|{birth}")
    gender = resource.text("gender")
    if gender:
        info.append(f"PID-8|{_SEXES.get(gender, 'U')}")
    town = _read_town(resource.extension(_BIRTH_PLACE))
    if town:
        info.append(f"PID-11|^^^^^^BDL^^{town}")
    resource.ignore("active")
    return local, tuple(info)


def _read_town(extension: Element | None) -> str:
    address = extension.child("valueAddress") if extension is not None else None
    coded = address.extension(_TOWN) if address is not None else None
    coding = coded.child("valueCoding") if coded is not None else None
    return coding.text("code") if coding is not None else ""


def _is_ins(cx: str) -> bool:
    try:
        return Cx.parse(cx).authority in ins.AUTHORITIES
    except ValueError:
        return False
