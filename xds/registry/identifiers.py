"""Identifiers as messages spell them and as the registry keeps them."""

from __future__ import annotations

from uuid import UUID

URN_UUID = "urn:uuid:"


def canonical_patient_id(patient_id: str) -> str:
    """The one spelling of a patient's CX in the registry: `<ins>^^^&<oid>&ISO^NH`.

    Senders leave the identifier type out or add it; both name one patient (DMP: CX of an INS).
    """
    parts = patient_id.split("^")
    authority = parts[3] if len(parts) > 3 else ""
    return f"{parts[0]}^^^{authority}^NH"


def uuid_of(entry_uuid: str) -> UUID:
    """The UUID of `urn:uuid:…`. Raises ValueError: something else, such as a symbolic id."""
    if not entry_uuid.startswith(URN_UUID):
        raise ValueError("an id of the registry is a urn:uuid")
    return UUID(entry_uuid.removeprefix(URN_UUID))


def urn_of(entry_uuid: UUID) -> str:
    """`urn:uuid:…`, lower case."""
    return f"{URN_UUID}{entry_uuid}"
