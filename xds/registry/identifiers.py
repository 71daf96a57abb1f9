"""Identifiers as messages spell them and as the registry keeps them."""

from __future__ import annotations

import re
from uuid import UUID

URN_UUID = "urn:uuid:"
_CANONICAL = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)


def canonical_patient_id(patient_id: str) -> str:
    """The one spelling of a patient's CX in the registry: `<id>^^^&<oid>&ISO^NH`.

    Senders of the DMP leave the identifier type out or add it; both name one patient (DMP: CX of an INS). A generic
    domain knows no type: the same spelling serves, and never leaves the registry. Blanks around an identifier are not
    part of it: the feed drops them, and one patient has one record.
    """
    parts = patient_id.split("^")
    authority = parts[3] if len(parts) > 3 else ""
    return f"{parts[0].strip()}^^^{authority}^NH"


def uuid_of(entry_uuid: str) -> UUID:
    """The UUID of `urn:uuid:…`. Raises ValueError: something else, such as a symbolic id."""
    if not entry_uuid.startswith(URN_UUID):
        raise ValueError("an id of the registry is a urn:uuid")
    return UUID(entry_uuid.removeprefix(URN_UUID))


def uuid_text(entry_uuid: str) -> str:
    """As `uuid_of`, in text: lower case, with hyphens. What is so already is not read and written again."""
    if _CANONICAL.fullmatch(entry_uuid):
        return entry_uuid[len(URN_UUID) :]
    return str(uuid_of(entry_uuid))


def urn_of(entry_uuid: UUID) -> str:
    """`urn:uuid:…`, lower case."""
    return f"{URN_UUID}{entry_uuid}"
