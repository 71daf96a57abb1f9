"""What a message says for the VIHF of its deposit; whoever holds the seal adds the rest (CI-SIS HL7 v2 2.1, VIHF)."""

from __future__ import annotations

from dataclasses import dataclass

from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.national_ids import person_id, staff_id, structure_id
from xds.hl7v2.terms import Terms
from xds.hl7v2.visibility_rules import is_minor

HIDDEN_FROM_GUARDIANS = "INVISIBLE_REPRESENTANTS_LEGAUX^1.2.250.1.213.1.1.4.13"


@dataclass(frozen=True, slots=True, kw_only=True)
class VihfClaims:
    """Attributes of a VIHF in mode INDIRECTE, purpose `normal`, by what they say.

    `structure_id` is Struct_IdNat, `name_id` PS_IdNat or `<structure>/<id>`, `patient` a CX; `confidentiality` is set
    for a secret connection. Sector, roles (else AUTOMATE), the authentication context and the software are the
    platform's to know. `is_device`: nobody but a device is named.
    """

    structure_id: str
    name_id: str
    subject_name: str
    patient: str | None
    confidentiality: str | None
    is_device: bool = False


def vihf_claims(message: DocumentMessage, terms: Terms | None = None) -> VihfClaims | None:
    """What the PRT SB, the INS and CONNEXION_SECRETE say; None when nobody asks, or for no structure.

    A secret connection concerns legal representatives: it says nothing of a patient who is no minor.
    """
    sender = message.sender
    if sender is None or sender.organization is None:
        return None
    structure = structure_id(sender.organization)
    person = sender.person
    if person is not None:
        name_id, name = person_id(person, structure), " ".join(filter(None, (person.family, person.given)))
    elif sender.device is not None:
        name_id, name = staff_id(sender.device, structure), sender.device
    else:
        return None
    secret = message.instructions.connexion_secrete
    adult = is_minor(message.patient.birth_date, terms or Terms()) is False
    return VihfClaims(
        structure_id=structure,
        name_id=name_id,
        subject_name=name,
        patient=message.patient.patient_id,
        confidentiality=HIDDEN_FROM_GUARDIANS if secret and not adult else None,
        is_device=person is None,
    )
