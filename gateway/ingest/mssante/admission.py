"""What keeps a message out that asks for MSSanté, besides its own rules: nobody sends here, or an address is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from xds.dmp.reach import is_email
from xds.hl7v2.document_message import DocumentMessage, Participation
from xds.hl7v2.faults import Condition, Fault
from xds.hl7v2.terms import Terms
from xds.hl7v2.visibility_rules import is_minor

NOT_SERVED: Final = "this house sends no MSSanté mail: DESTMSSANTEPS and DESTMSSANTEPAT must be N"
_NO_ADDRESS: Final = "component 4 of PRT-15 is not one e-mail address, in ASCII"
_ANOTHER: Final = "this RCT is another person than the patient of PID-3"
_SPACE: Final = "@patient.mssante.fr"
"""Behind the INS of a patient, his mailbox (Mon espace santé)."""


def check_mssante(message: DocumentMessage, terms: Terms, *, is_served: bool) -> Iterable[Fault]:
    """What is wrong with a message that asks for letters; `is_served`: this house sends some (G-356)."""
    said = message.instructions
    if not (said.destmssanteps or said.destmssantepat):
        return
    if not is_served:
        yield Fault(condition=Condition.APPLICATION, location="OBX^1", text=NOT_SERVED)
        return
    for one in message.recipients:
        if one.address is not None and not is_address(one.address):
            yield Fault(condition=Condition.DATA_TYPE, location=f"PRT^{one.number}^15", text=_NO_ADDRESS)
    if said.destmssantepat:
        yield from _check_patient(message, terms)
    if message.reply_to and not is_address(message.reply_to):
        yield Fault(condition=Condition.DATA_TYPE, location="PRT^1", text=_NO_ADDRESS)


def _check_patient(message: DocumentMessage, terms: Terms) -> Iterable[Fault]:
    """Nobody else reads a letter to the patient but who may represent him, where he may see it (H-14)."""
    represented = is_minor(message.patient.birth_date, terms) is True
    for one in message.recipients:
        if not one.is_patient or _is_the_patient(one, message):
            continue
        hidden = message.instructions.invisible_rep_legaux
        if hidden or (terms.production and not represented):
            yield Fault(condition=Condition.VALUE, location=f"PRT^{one.number}^5", text=_ANOTHER)


def _is_the_patient(one: Participation, message: DocumentMessage) -> bool:
    ins = message.patient.ins
    if ins is None or one.person is None or one.person.identifier != ins.value:
        return False
    address = (one.address or "").lower()
    return not address.endswith(_SPACE) or address == f"{ins.value}{_SPACE}".lower()


def is_address(text: str) -> bool:
    """Whether mail can be sent to it: one address, of ASCII, that no server reads as something else."""
    return text.isascii() and is_email(text)
