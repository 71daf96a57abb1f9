"""What keeps a message out that asks for MSSanté, besides its own rules: nobody sends here, or an address is none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from xds.dmp.reach import is_email
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.faults import Condition, Fault

NOT_SERVED: Final = "this house sends no MSSanté mail: DESTMSSANTEPS and DESTMSSANTEPAT must be N"
_NO_ADDRESS: Final = "component 4 of PRT-15 is not one e-mail address, in ASCII"


def check_mssante(message: DocumentMessage, *, is_served: bool) -> Iterable[Fault]:
    """What is wrong with a message that asks for letters; `is_served`: this house sends some."""
    said = message.instructions
    if not (said.destmssanteps or said.destmssantepat):
        return
    if not is_served:
        yield Fault(condition=Condition.APPLICATION, location="OBX^1", text=NOT_SERVED)
        return
    for one in message.recipients:
        if one.address is not None and not is_address(one.address):
            yield Fault(condition=Condition.DATA_TYPE, location=f"PRT^{one.number}^15", text=_NO_ADDRESS)
    if message.reply_to and not is_address(message.reply_to):
        yield Fault(condition=Condition.DATA_TYPE, location="PRT^1", text=_NO_ADDRESS)


def is_address(text: str) -> bool:
    """Whether mail can be sent to it: one address, of ASCII, that no server reads as something else."""
    return text.isascii() and is_email(text)
