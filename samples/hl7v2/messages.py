"""Good messages of HL7 v2: documents (ORU, MDM) and consents (PAM-FR), made around sample documents."""

from __future__ import annotations

import itertools
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from cda.document import parse_document
from cda.header import read_header
from cda.header_values import CdaHeader, unique_id_of
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import CLAIRE, IPP_ISSUER, SamplePatient
from samples.documents.professionals import BIOLOGIST, PERSON_ROOT, STRUCTURE_ROOT, SampleAuthor
from samples.hl7v2.er7 import Er7
from xds.hl7v2.document_reading import CODING_SYSTEMS

FlowName = Literal["initial", "replace", "delete"]
METADATA = (
    ("MASQUE_PS", "Masqué aux professionnels de santé"),
    ("INVISIBLE_PATIENT", "Non visible par le patient"),
    ("INVISIBLE_REP_LEGAUX", "Non visible par les représentants légaux"),
    ("CONNEXION_SECRETE", "Connexion secrète"),
    ("MODIF_CONF_CODE", "Modification Confidentiality Code"),
    ("DESTDMP", "Destinataire DMP"),
    ("DESTMSSANTEPS", "Destinataire professionnel de santé"),
    ("DESTMSSANTEPAT", "Destinataire patient"),
    ("ACK_RECEPTION", "Accusé de réception"),
    ("ACK_LECTURE_MSS", "Accusé de lecture"),
)
_FLOWS = {"initial": ("NW", "F", "T02"), "replace": ("RO", "C", "T10"), "delete": ("CA", "D", "T04")}
_NAMES_OF_SYSTEMS = {oid: name for name, oid in CODING_SYSTEMS.items()}
_numbers = itertools.count(1)


def oru(
    *documents: bytes,
    flow: FlowName = "initial",
    patient: SamplePatient = CLAIRE,
    author: SampleAuthor = BIOLOGIST,
    said: Mapping[str, str] | None = None,
    mailboxes: Sequence[str] = (),
    to_patient: bool = False,
    charset: str = "UNICODE UTF-8",
    control_id: str | None = None,
) -> Er7:
    """An ORU^R01 of one or two documents, by default a laboratory report for the DMP.

    `said` are values of metadata OBX by code, N by default but for DESTDMP and ACK_RECEPTION. `mailboxes` are
    addresses of professionals; `to_patient` adds the patient's. Raises UnreadableDocument: a document is none.
    """
    documents = documents or (laboratory_report(patient, author),)
    headers = [read_header(parse_document(one)) for one in documents]
    return Er7.of(
        [
            _msh("ORU^R01^ORU_R01", "2.5", charset, control_id),
            *_context(patient, flow, headers[0]),
            *_observations("ORU", documents, headers, flow, _participations(author, patient, mailboxes, to_patient)),
            *_metadata("CE", len(documents), said),
        ]
    )


def mdm(
    document: bytes | None = None,
    *,
    flow: FlowName = "initial",
    patient: SamplePatient = CLAIRE,
    author: SampleAuthor = BIOLOGIST,
    said: Mapping[str, str] | None = None,
    mailboxes: Sequence[str] = (),
    to_patient: bool = False,
    charset: str = "UNICODE UTF-8",
    control_id: str | None = None,
) -> Er7:
    """An MDM of one document, as `oru`. Its ids are those of the document; a deletion names the document deleted."""
    replaced = "1.2.250.1.213.99.3.1" if flow == "replace" else None
    document = document or laboratory_report(patient, author, replaces=replaced)
    header = read_header(parse_document(document))
    trigger = _FLOWS[flow][2]
    parent = unique_id_of(header.replaces) if flow == "replace" else None
    return Er7.of(
        [
            _msh(f"MDM^{trigger}^MDM_T02", "2.6", charset, control_id),
            "EVN||20260301101500+0100",
            *_context(patient, flow, header),
            f"TXA|1|{header.code.code if header.code else ''}|TEXT|20260301101500||||||||"
            f"{header.unique_id}|{parent or ''}||||AU",
            *_observations("MDM", (document,), [header], flow, _participations(author, patient, mailboxes, to_patient)),
            *_metadata("CWE", 1, said),
        ]
    )


def pam(
    feeding: str = "INO",
    consultation: str = "IC",
    *,
    event: str = "A01",
    patient: SamplePatient = CLAIRE,
    date: str = "20260301090000",
    charset: str = "UNICODE UTF-8",
    control_id: str | None = None,
) -> Er7:
    """An ADT of PAM-FR with ZFA: what the patient answers to feeding (INO, IO, NA) and consultation (IC, INC, NA)."""
    structure = "ADT_A05" if event in ("A05", "A28", "A31") else "ADT_A01"
    dates = [date if said != "NA" else "" for said in (feeding, consultation)]
    header = _msh(f"ADT^{event}^{structure}", "2.5^FRA^2.11", charset, control_id)
    return Er7.of(
        [
            header.replace("|2.1^CISIS_CDA_HL7_V2", "|2.11^IHE_FRANCE-2.11-PAM"),
            f"EVN||{date}",
            _pid(patient),
            f"PV1|1|I|^^^HOPITAL||||||||||||||||{_VISIT}",
            f"ZBE|1^HOPITAL^{IPP_ISSUER}^ISO|{date}||INSERT|N",
            f"ZFA|ACTIF|{date}|||||||{feeding}|{dates[0]}|{consultation}|{dates[1]}",
            "ZFD|||N|N|INSI|20260101",
        ]
    )


_VISIT = f"26000042^^^HOPITAL&{IPP_ISSUER}&ISO^VN"


def _msh(message_type: str, version: str, charset: str, control_id: str | None) -> str:
    control_id = control_id or f"ECLUSE-{next(_numbers)}"
    return (
        f"MSH|^~\\&|LABO|LABORATOIRE|ECLUSE|HOPITAL|20260301101500+0100||{message_type}|{control_id}|T|{version}"
        f"|||||FRA|{charset}|||2.1^CISIS_CDA_HL7_V2"
    )


def _pid(patient: SamplePatient) -> str:
    ids = (
        f"{patient.local_id}^^^HOPITAL&{IPP_ISSUER}&ISO^PI",
        f"{patient.ins}^^^ASIP-SANTE-INS-NIR&{patient.ins_root}&ISO^INS^^20260101",
    )
    names = [f"{patient.family}^{patient.given[0]}^{' '.join(patient.given)}^^^^L"]
    if patient.used_family:
        names.append(f"{patient.used_family}^{patient.given[0]}^^^^^D")
    return (
        f"PID|1||{'~'.join(ids)}||{'~'.join(names)}||{patient.born}|{patient.gender}"
        f"|||^^^^^^BDL^^{patient.birth_place}|||||||26000001^^^HOPITAL&{IPP_ISSUER}&ISO^AN||||||||||||||VALI"
    )


def _context(patient: SamplePatient, flow: FlowName, header: CdaHeader) -> Iterable[str]:
    yield _pid(patient)
    yield f"PV1|1|O|CONSULT||||||||||||||||{_VISIT}"
    yield f"ORC|{_FLOWS[flow][0]}"
    yield f"OBR|1|||{_type(header)}"


def _type(header: CdaHeader) -> str:
    code = header.code
    return f"{code.code}^{code.display}^{_NAMES_OF_SYSTEMS.get(code.scheme, code.scheme)}" if code else ""


def _observations(
    kind: str,
    documents: Sequence[bytes],
    headers: Sequence[CdaHeader],
    flow: FlowName,
    participations: Iterable[str],
) -> Iterable[str]:
    name = "TEXT" if kind == "ORU" else "text"
    for number, (document, header) in enumerate(zip(documents, headers, strict=True), 1):
        data = b64encode(document).decode()
        yield f"OBX|{number}|ED|{_type(header)}||^{name}^XML^Base64^{data}||||||{_FLOWS[flow][1]}"
        if number == 1:
            yield from participations


def _participations(
    author: SampleAuthor, patient: SamplePatient, mailboxes: Iterable[str], to_patient: bool
) -> Iterable[str]:
    person = f"{author.national_id}^{author.family}^{author.given}^^^^^^ASIP-SANTE-PS&{PERSON_ROOT}&ISO^D^^^IDNPS"
    structure = f"{author.structure_name}^^^^^ASIP-SANTE-ST&{STRUCTURE_ROOT}&ISO^IDNST^^^{author.structure_id}"
    yield f"PRT||UC||SB^^participation|{person}|||{structure}"
    for address in mailboxes:
        yield f"PRT||UC||RCT^^participation|{person}||||||||||^^X.400^{address}"
    if to_patient:
        ins = f"{patient.ins}^{patient.family}^{patient.given[0]}^^^^^^{patient.ins_root}^L^^^INS"
        yield f"PRT||UC||RCT^^participation|{ins}||||||||||^^X.400^{patient.ins}@patient.mssante.fr"


def _metadata(value_type: str, documents: int, said: Mapping[str, str] | None) -> Iterable[str]:
    values = {code: "N" for code, _ in METADATA} | {"DESTDMP": "Y", "ACK_RECEPTION": "Y"} | dict(said or {})
    for number, (code, label) in enumerate(METADATA, documents + 1):
        yield f"OBX|{number}|{value_type}|{code}^{label}^MetaDMPMSS||{values[code]}^^expandedYes-NoIndicator||||||F"
