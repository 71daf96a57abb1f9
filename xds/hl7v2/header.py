"""MSH: who sends what to whom, and what an acknowledgement of it needs (HL7 v2.5 §2.15.9)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The header of a message; everything is empty when there was no MSH.

    `sender` and `receiver` are application and facility, as sent. `message_code`, `trigger` and `structure` are the
    components of MSH-9; `profile` is the first MSH-21. `encoding` is Python's name of the character set.
    """

    sender: tuple[str, str] = ("", "")
    receiver: tuple[str, str] = ("", "")
    time: str = ""
    message_code: str = ""
    trigger: str = ""
    structure: str = ""
    control_id: str = ""
    processing_id: str = ""
    version: str = ""
    profile: str = ""
    encoding: str = "utf-8"

    def key(self, data: bytes) -> tuple[str, str, str, str]:
        """What tells a message sent twice: its sender, its control id and the SHA-256 of its bytes.

        Senders use a control id again: alone it would take a new message for an old one.
        """
        return (*self.sender, self.control_id, hashlib.sha256(data).hexdigest())
