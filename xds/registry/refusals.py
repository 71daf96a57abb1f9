"""What the registry answers of the past, in the same words whether a rule or the database found it."""

from __future__ import annotations

from xds.errors import RegistryError, XdsErrorCode


def duplicate_unique_id(unique_id: str) -> RegistryError:
    """A uniqueId is registered once, even for the same bytes sent again (DMP TD2.1; P6, P8-P11)."""
    return RegistryError(
        XdsErrorCode.DUPLICATE_UNIQUE_ID_IN_REGISTRY,
        f"uniqueId {unique_id} is already registered; every document and submission set has its own",
        rule="P6",
    )


def unresolved_reference(target: str) -> RegistryError:
    """The target is not a document that this structure deposited in this record (A2, A8)."""
    return RegistryError(
        XdsErrorCode.UNRESOLVED_REFERENCE,
        f"association target {target} is not a document of the sender in this record",
        rule="A2",
    )


def deprecated_document(target: str) -> RegistryError:
    """The target is no longer Approved (A10)."""
    return RegistryError(
        XdsErrorCode.DEPRECATED_DOCUMENT, f"association target {target} is not Approved any more", rule="A10"
    )


def non_identical_hash(unique_id: str) -> RegistryError:
    """The uniqueId names other bytes already (P8)."""
    return RegistryError(
        XdsErrorCode.NON_IDENTICAL_HASH, f"uniqueId {unique_id} is registered with another hash", rule="P8"
    )


def non_identical_size(unique_id: str) -> RegistryError:
    """The uniqueId names a document of another size already (P9)."""
    return RegistryError(
        XdsErrorCode.NON_IDENTICAL_SIZE, f"uniqueId {unique_id} is registered with another size", rule="P9"
    )


def registered_id(entry_uuid: str) -> RegistryError:
    """The id of an object of the submission is that of a registered object, of whatever kind (M6)."""
    return RegistryError(
        XdsErrorCode.REGISTRY_METADATA, f"id {entry_uuid} is already that of a registered object", rule="M6"
    )
