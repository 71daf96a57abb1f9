"""What a door says of itself: its WSDL and the schemas behind it (WSDL 1.1, SOAP 1.2 binding; ITI TF-2 Appendix V).

The files import one another by relative file name, so that they can be read from disk. Served, each import becomes
`?xsd=NAME`, which resolves against the address the description was asked at.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final
from xml.sax.saxutils import escape

DESCRIPTIONS: Final = frozenset(
    {
        "ingest-repository",
        "ingest-registry",
        "ingest-patients",
        "ingest-patientsSpecific",
        "ingest-habilitations",
        "consultation-registry",
        "consultation-repository",
        "consultation-patients",
        "consultation-patientsSpecific",
        "consultation-habilitations",
        "ihe-ingest-repository",
        "ihe-ingest-registry",
        "ihe-ingest-patients",
        "ihe-consultation-registry",
        "ihe-consultation-repository",
    }
)
"""By door and service: those of the DMP, then those of a generic domain, where more transactions are open."""
SCHEMAS: Final = frozenset(
    {
        "dmphabilitations.xsd",
        "dmppatients.xsd",
        "hl7v3.xsd",
        "lcm.xsd",
        "query.xsd",
        "rim.xsd",
        "rmd.xsd",
        "rs.xsd",
        "xds.xsd",
        "xml.xsd",
    }
)

_SCHEMA_LOCATION = re.compile(rb'schemaLocation="([a-z0-9]+\.xsd)"')
_ADDRESS = re.compile(rb'(<soap12:address location=")[^"]*(")')


def wsdl(name: str, location: str) -> bytes:
    """Return the description `name` (one of `DESCRIPTIONS`) of a door reached at the URL `location`.

    Raises KeyError: no such description.
    """
    if name not in DESCRIPTIONS:
        raise KeyError(name)
    address = escape(location, {'"': "&quot;"}).encode()
    return _ADDRESS.sub(lambda match: match[1] + address + match[2], _served(f"{name}.wsdl"))


def xsd(name: str) -> bytes | None:
    """Return the schema file `name`, or None when it is not one of `SCHEMAS`."""
    return _served(name) if name in SCHEMAS else None


@cache
def _served(file: str) -> bytes:
    content = (resources.files("gateway.wire.wsdl") / file).read_bytes()
    return _SCHEMA_LOCATION.sub(rb'schemaLocation="?xsd=\1"', content)
