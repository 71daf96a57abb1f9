"""The header of a CDA document as values (CI-SIS volet Structuration minimale des documents de santé)."""

from __future__ import annotations

from dataclasses import dataclass

from xds.metadata import ins
from xds.metadata.codes import Code

HL7_FRANCE_HEADER = "2.16.840.1.113883.2.8.2.1"
CI_SIS_HEADER = "1.2.250.1.213.1.1.1.1"
XDS_SD = "1.3.6.1.4.1.19376.1.2.20"
INS_ROOTS = ins.AUTHORITIES


@dataclass(frozen=True, slots=True)
class InstanceId:
    """An HL7 II: `root` is an OID or a UUID; `extension` is None when the root alone identifies."""

    root: str
    extension: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonName:
    """Name of a professional or of a relative, as displayed."""

    family: str | None = None
    given: str | None = None
    prefix: str | None = None
    suffix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """An organisation; `practice_setting` is its `standardIndustryClassCode`."""

    id: InstanceId | None = None
    name: str | None = None
    practice_setting: Code | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Participant:
    """A person or a device that takes part: author, legal authenticator, performer.

    `time` is the TS as written. A device has a `device` name (software, else model) and no `name`.
    """

    id: InstanceId | None = None
    name: PersonName | None = None
    device: str | None = None
    code: Code | None = None
    function: Code | None = None
    organization: Organization | None = None
    time: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """The patient and the traits of the INS; `birth_time` is the TS as written, `birth_place` a COG code."""

    ids: tuple[InstanceId, ...] = ()
    birth_family: str | None = None
    used_family: str | None = None
    first_given: str | None = None
    all_given: str | None = None
    used_given: str | None = None
    gender: str | None = None
    birth_time: str | None = None
    birth_place: str | None = None

    @property
    def ins(self) -> InstanceId | None:
        """The first identifier issued under an INS authority."""
        return next((one for one in self.ids if one.root in INS_ROOTS and one.extension), None)

    @property
    def local_id(self) -> InstanceId | None:
        """The first identifier that is not an INS (IPP)."""
        return next((one for one in self.ids if one.root not in INS_ROOTS and one.extension), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceEvent:
    """A documented act. Times are TS as written; `translations` are those of its code (modality, region)."""

    code: Code | None = None
    translations: tuple[Code, ...] = ()
    low: str | None = None
    high: str | None = None
    performer: Participant | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CdaHeader:
    """What the header says. None or empty: absent, carrying a nullFlavor, or without the attribute that matters.

    `templates` are (root, extension); `level` is 1 (`media_type` then says of what) or 3, None without body;
    `service_events` come in document order, the first is the main act; `replaces` is the id of the document that this
    one replaces (`relatedDocument[@typeCode='RPLC']`).
    """

    id: InstanceId | None = None
    code: Code | None = None
    title: str | None = None
    effective_time: str | None = None
    confidentiality: Code | None = None
    language: str | None = None
    set_id: InstanceId | None = None
    version: str | None = None
    templates: tuple[tuple[str, str | None], ...] = ()
    patient: Patient | None = None
    authors: tuple[Participant, ...] = ()
    custodian: Organization | None = None
    legal_authenticator: Participant | None = None
    service_events: tuple[ServiceEvent, ...] = ()
    orders: tuple[InstanceId, ...] = ()
    replaces: InstanceId | None = None
    encounter_start: str | None = None
    encounter_end: str | None = None
    facility_type: Code | None = None
    level: int | None = None
    media_type: str | None = None

    @property
    def unique_id(self) -> str | None:
        """The document's uniqueId in XDS: `root`, or `root^extension` (ITI TF-3 §4.2.3.2.26)."""
        return unique_id_of(self.id)

    @property
    def main_act(self) -> ServiceEvent | None:
        """The act documented first: its performer gives the practice setting, its dates the service times."""
        return self.service_events[0] if self.service_events else None

    @property
    def models(self) -> tuple[tuple[str, str | None], ...]:
        """The templates that name a document model: all but the two of the header."""
        return tuple(one for one in self.templates if one[0] not in (HL7_FRANCE_HEADER, CI_SIS_HEADER))


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentIdentity:
    """Which document it is and of whom: what `CdaHeader` says under the same names, and nothing else of it."""

    id: InstanceId | None = None
    code: Code | None = None
    confidentiality: Code | None = None
    patient: Patient | None = None
    replaces: InstanceId | None = None


def unique_id_of(identifier: InstanceId | None) -> str | None:
    """Spell an II as an XDS uniqueId (ITI TF-3 §4.2.3.2.26)."""
    if identifier is None:
        return None
    return f"{identifier.root}^{identifier.extension}" if identifier.extension else identifier.root
