"""The lot that a door makes itself where the wire has none: who sends, from the assertion.

Source: CI-SIS VIHF; DMP TD2.1 (V-40, V-41); IHE MHD 4.2.4 §2:3.105 (the recipient makes the SubmissionSet).
"""

from __future__ import annotations

import uuid
from typing import Final

from gateway.gate import Caller
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.datatypes import Xcn, Xon, format_dtm
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import fresh_uuid
from xds.mhd.identifiers import PERSONS, STRUCTURES

SOURCE_ID: Final = "1.2.250.1.213.99.2.2"
"""The sourceId of the lots that a door makes itself."""


def new_oid() -> str:
    """A new OID under 2.25, which needs no registration (ITU-T X.667)."""
    return f"2.25.{uuid.uuid4().int}"


def structure_of(caller: Caller) -> str:
    """The structure of the assertion (XON); it names itself."""
    identifier = caller.vihf.structure_id
    return Xon(name=identifier, identifier=identifier, authority=STRUCTURES, id_type="IDNST").format()


def author_of(caller: Caller) -> Author:
    """Who sends, as the author of a lot."""
    vihf = caller.vihf
    family, _, given = (vihf.subject_name or vihf.name_id).partition(" ")
    person = Xcn(
        identifier=vihf.name_id,
        family=family,
        given=given,
        authority=PERSONS,
        name_type="D",
        id_type="EI" if "/" in vihf.name_id else "IDNPS",
    )
    return Author(person=person.format(), institutions=(structure_of(caller),))


def submission_set_of(caller: Caller, patient_id: str, source_id: str = SOURCE_ID) -> SubmissionSet:
    """A lot of who sends; its content is the sector of the assertion."""
    code, _, scheme = caller.vihf.sector.partition("^")
    return SubmissionSet(
        entry_uuid=fresh_uuid(),
        unique_id=new_oid(),
        patient_id=patient_id,
        source_id=source_id,
        submission_time=format_dtm(caller.now),
        content_type_code=Code(code, scheme, code),
        authors=(author_of(caller),),
    )
