"""What keeps a message out that asks for MSSanté, besides its own rules: nobody sends here, or an address is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from xds.dmp.reach import is_email
from xds.hl7v2.document_message import DocumentMessage, Participation
from xds.hl7v2.faults import Condition, Fault, Severity
from xds.hl7v2.terms import Terms
from xds.hl7v2.visibility_rules import is_minor
from xds.metadata.ins import has_form

NOT_SERVED: Final = "this house sends no MSSanté mail: DESTMSSANTEPS and DESTMSSANTEPAT must be N"
_NO_ADDRESS: Final = "component 4 of PRT-15 is not one e-mail address, in ASCII"
_ANOTHER: Final = "this RCT is another person than the patient of PID-3"
_NOBODY: Final = "this RCT is nobody's INS, and not that of PID-3: production refuses it"
_NO_PATIENT: Final = "a mailbox of @patient.mssante.fr is a patient's: expected PRT-5 with an INS (component 13)"
_SPACE: Final = "@patient.mssante.fr"
"""Behind the INS of a patient, his mailbox (Mon espace santé)."""


def check_mssante(message: DocumentMessage, terms: Terms, *, is_served: bool) -> Iterable[Fault]:
    """What is wrong with a message that asks for letters, and what is warned of; `is_served`: this house sends some."""
    said = message.instructions
    if not (said.destmssanteps or said.destmssantepat):
        return
    if not is_served:
        yield Fault(condition=Condition.APPLICATION, location="OBX^1", text=NOT_SERVED)
        return
    for one in message.recipients:
        if one.address is not None and not is_address(one.address):
            yield Fault(condition=Condition.DATA_TYPE, location=f"PRT^{one.number}^15", text=_NO_ADDRESS)
    if said.destmssanteps:
        for one in message.recipients:
            if not one.is_patient and _patient_of(one) is not None:
                yield Fault(condition=Condition.VALUE, location=f"PRT^{one.number}^15", text=_NO_PATIENT)
    if said.destmssantepat:
        yield from _check_patient(message, terms)
    if message.reply_to and not is_address(message.reply_to):
        yield Fault(condition=Condition.DATA_TYPE, location="PRT^1", text=_NO_ADDRESS)


def _check_patient(message: DocumentMessage, terms: Terms) -> Iterable[Fault]:
    """Nobody else reads a letter to the patient but who may represent him, where he may see it (H-14, G-356)."""
    hidden = message.instructions.invisible_rep_legaux
    if is_minor(message.patient.birth_date, terms) is True and not hidden:
        return
    ins = message.patient.ins
    wanted = ins.value if ins is not None else None
    for one in message.recipients:
        if not one.is_patient:
            continue
        told = ((5, one.person.identifier if one.person is not None else ""), (15, _patient_of(one)))
        for number, found in told:
            if found is None or found == wanted:
                continue
            is_nobody = not has_form(found)
            is_warning = is_nobody and not hidden and not terms.production
            yield Fault(
                condition=Condition.VALUE,
                location=f"PRT^{one.number}^{number}",
                text=f"{_NOBODY if is_warning else _ANOTHER}{_told(is_nobody=is_nobody, has_ins=ins is not None)}",
                severity=Severity.WARNING if is_warning else Severity.ERROR,
            )


def _told(*, is_nobody: bool, has_ins: bool) -> str:
    """What was found and expected, without an INS: it is read in logs."""
    found = "what is no INS" if is_nobody else "another INS"
    return f" (found {found}, expected {'that of PID-3' if has_ins else 'an INS in PID-3, which has none'})"


def _patient_of(one: Participation) -> str | None:
    """The INS that names a mailbox of Mon espace santé; None where the address is of another space."""
    address = one.address or ""
    return address[: -len(_SPACE)].upper() if address.lower().endswith(_SPACE) else None


def is_address(text: str) -> bool:
    """Whether mail can be sent to it: one address, of ASCII, that no server reads as something else."""
    return text.isascii() and is_email(text)
