"""From a CDA header to the metadata of the document (CI-SIS volet Partage de documents de santé; ITI TF-3 §4.2.3.2).

Attributes that the header does not give stay empty, as after reading a message that lacks them: checking the metadata
then says so.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from cda.document_codes import class_code, format_code
from cda.header_values import INS_ROOTS, CdaHeader, InstanceId, Organization, Participant, Patient, ServiceEvent
from cda.times import to_utc
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.datatypes import Cx, Xcn, Xon, escape
from xds.metadata.document_entry import DocumentEntry

CDA_MIME_TYPE = "text/xml"


def to_entry(
    header: CdaHeader,
    content: bytes,
    *,
    entry_uuid: str,
    mime_type: str = CDA_MIME_TYPE,
    confidentiality: Iterable[Code] = (),
) -> DocumentEntry:
    """Derive the entry of the document whose header is `header` and whose bytes are `content`.

    Times become UTC. The first confidentiality code is the header's; `confidentiality` adds those of the submission
    (MASQUE_PS, INVISIBLE_PATIENT, INVISIBLE_REPRESENTANTS_LEGAUX). Hash and size are those of `content`.
    """
    patient = header.patient or Patient()
    act = header.main_act or ServiceEvent()
    own = (header.confidentiality,) if header.confidentiality else ()
    return DocumentEntry(
        entry_uuid=entry_uuid,
        unique_id=header.unique_id or "",
        patient_id=_cx(patient.ins, "NH") or "",
        source_patient_id=_cx(patient.local_id, "PI") or _cx(patient.ins, "NH") or "",
        source_patient_info=tuple(_patient_info(patient)),
        mime_type=mime_type,
        language_code=header.language or "",
        creation_time=to_utc(header.effective_time) or "",
        class_code=class_code(header),
        type_code=header.code,
        format_code=format_code(header),
        healthcare_facility_type_code=header.facility_type,
        practice_setting_code=practice_setting(header),
        confidentiality_codes=(*own, *confidentiality),
        authors=tuple(author_of(one) for one in header.authors),
        event_codes=tuple(_event_codes(header)),
        legal_authenticator=xcn(header.legal_authenticator) if header.legal_authenticator else None,
        reference_ids=tuple(
            f"{escape(one.extension or '')}^^^&{one.root}&ISO^urn:ihe:iti:xds:2013:order" for one in header.orders
        ),
        service_start_time=to_utc(act.low),
        service_stop_time=to_utc(act.high),
        title=header.title,
        hash=hashlib.sha1(content, usedforsecurity=False).hexdigest(),
        size=len(content),
    )


def practice_setting(header: CdaHeader) -> Code | None:
    """The practice setting of the main act: that of its performer's organisation."""
    performer = header.main_act.performer if header.main_act else None
    return performer.organization.practice_setting if performer and performer.organization else None


def author_of(participant: Participant) -> Author:
    """Spell an author of the header as an XDS author (ITI TF-3 §4.2.3.1.4)."""
    institution = xon(participant.organization) if participant.organization else None
    return Author(
        person=xcn(participant),
        institutions=(institution,) if institution else (),
        roles=(participant.function.display,) if participant.function and participant.function.display else (),
        specialties=(_coded_string(participant.code),) if participant.code else (),
    )


def xcn(participant: Participant) -> str | None:
    """Spell a person or a device as an XCN: a professional (`IDNPS`), a patient (`NH`) or a device (`U`, `RI`)."""
    if participant.id is None:
        return None
    identifier, name = participant.id, participant.name
    if name is None and participant.device is not None:
        family, given, name_type, kind = participant.device, "", "U", "RI"
    else:
        family, given = (name.family or "", name.given or "") if name else ("", "")
        name_type, kind = "D", "NH" if identifier.root in INS_ROOTS else "IDNPS"
    return Xcn(
        identifier=identifier.extension or "",
        family=family,
        given=given,
        authority=identifier.root,
        name_type=name_type,
        id_type=kind,
    ).format()


def xon(organization: Organization) -> str | None:
    """Spell an organisation as an XON. None when it has neither a name nor an identifier."""
    name, identifier = organization.name or "", organization.id
    if identifier is None:
        return Xon(name=name).format() if name else None
    return Xon(name=name, identifier=identifier.extension or "", authority=identifier.root, id_type="IDNST").format()


def _cx(identifier: InstanceId | None, kind: str) -> str | None:
    return (
        Cx(identifier=identifier.extension or "", authority=identifier.root, type=kind).format() if identifier else None
    )


def _patient_info(patient: Patient) -> Iterable[str]:
    if patient.birth_family:
        names = (patient.birth_family, patient.first_given or "", patient.all_given or "")
        yield f"PID-5|{'^'.join(map(escape, names))}^^^^L"
    if patient.used_family:
        yield f"PID-5|{escape(patient.used_family)}^{escape(patient.used_given or '')}^^^^^D"
    if patient.birth_time:
        yield f"PID-7|{patient.birth_time[:8]}"
    if patient.gender:
        yield f"PID-8|{patient.gender}"
    if patient.birth_place:
        yield f"PID-11|^^^^^^BDL^^{patient.birth_place}"


def _event_codes(header: CdaHeader) -> Iterable[Code]:
    for event in header.service_events:
        if event.code is not None:
            yield event.code
        yield from event.translations


def _coded_string(code: Code) -> str:
    return f"{escape(code.code)}^{escape(code.display)}^{code.scheme}"
