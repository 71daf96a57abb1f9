"""A document sent by HL7 v2, ORU or MDM: what it says, typed (CI-SIS, CDA documents in HL7 v2, 2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from xds.hl7v2.header import Header
from xds.hl7v2.patient import Patient, Visit
from xds.metadata.codes import Code
from xds.metadata.persons import Xcn, Xon


class Flow(StrEnum):
    """What is asked with the document; the value is its OBX-11."""

    INITIAL = "F"
    REPLACE = "C"
    DELETE = "D"


class Role(StrEnum):
    """PRT-4.1."""

    SENDER = "SB"
    RECIPIENT = "RCT"
    REPLY = "REPLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """PRT: somebody's part in the sending. `number` is which PRT it is, from 1.

    `person` and `organization` are as sent, but that blanks around values are gone; a patient is a `person` of
    `id_type` INS. `device` is PRT-10.1. `address` is the component 4 of the XTN whose component 3 is X.400.
    """

    role: Role
    number: int
    person: Xcn | None = None
    organization: Xon | None = None
    device: str | None = None
    address: str | None = None

    @property
    def is_patient(self) -> bool:
        """Whether it is a patient who takes part."""
        return self.person is not None and self.person.id_type == "INS"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedDocument:
    """One document of the message: its bytes, its type (OBX-3), what OBX-11 says. `observation`: which OBX, from 1."""

    content: bytes
    type: Code | None
    status: str
    observation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """The metadata OBX, under the names of table MetaDMPMSS; what is not said is N.

    `fin`: NTE-4 of DESTMSSANTEPAT says FIN, the patient may not answer. `corpsmail_ps` and `corpsmail_patient` are
    bodies of mails.
    """

    masque_ps: bool = False
    invisible_patient: bool = False
    invisible_rep_legaux: bool = False
    connexion_secrete: bool = False
    modif_conf_code: bool = False
    destdmp: bool = False
    destmssanteps: bool = False
    destmssantepat: bool = False
    ack_reception: bool = False
    ack_lecture_mss: bool = False
    corpsmail_ps: str | None = None
    corpsmail_patient: str | None = None
    fin: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentMessage:
    """ORU^R01, MDM^T02, T04 or T10. `flow` is what OBX-11 of the first document says, else ORC-1, else the trigger.

    `type` is OBR-4, its scheme an OID. `document_id` and `parent_id` are TXA-12 and TXA-13 (MDM only), `root` or
    `root^extension` (ITI TF-3 §4.2.3.2.26). `sender` is the PRT SB, `reply_to` an address.
    """

    header: Header
    flow: Flow
    patient: Patient
    visit: Visit
    type: Code | None
    documents: tuple[CarriedDocument, ...]
    instructions: Instructions
    document_id: str | None = None
    parent_id: str | None = None
    sender: Participation | None = None
    recipients: tuple[Participation, ...] = ()
    reply_to: str | None = None
