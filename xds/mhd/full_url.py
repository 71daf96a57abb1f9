"""The fullUrl of an entry of a Bundle, where it is a `urn:uuid:` (FHIR R4 §2.36.4; RFC 4122 §3)."""

from __future__ import annotations

import re
from typing import Final

from xds.metadata.symbolic import UUID_URN

A_UUID: Final = "a UUID (RFC 4122) after urn:uuid:"
"""What is expected of a fullUrl that holds none."""
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def lacks_uuid(url: str) -> bool:
    """Whether a fullUrl begins with `urn:uuid:` and no UUID follows; upper case is read as lower case."""
    url = url.lower()
    return url.startswith(UUID_URN) and _UUID.fullmatch(url, len(UUID_URN)) is None
