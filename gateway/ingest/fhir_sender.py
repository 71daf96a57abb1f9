"""Who sends, from the token: the lot that the door makes itself, the author and the custodian that a lot leaves out.

Source: CI-SIS VIHF; DMP TD2.1 (V-40, V-41); IHE MHD 4.2.4 §2:3.105 (the recipient makes the SubmissionSet).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from gateway.gate import Caller
from xds.errors import RegistryError, disagreement
from xds.metadata.author import Author
from xds.metadata.codes import Code
from xds.metadata.datatypes import Xcn, Xon, format_dtm
from xds.metadata.submission_set import SubmissionSet
from xds.metadata.symbolic import fresh_uuid
from xds.mhd.identifiers import PERSONS, STRUCTURES

AUTHOR_ORG: Final = "FHIR-AUTHOR-ORG"


def new_oid() -> str:
    """A new OID under 2.25, which needs no registration (ITU-T X.667)."""
    return f"2.25.{uuid.uuid4().int}"


def structure_of(caller: Caller) -> str:
    """The structure of the token (XON); it names itself."""
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


def submission_set_of(caller: Caller, patient_id: str, source_id: str) -> SubmissionSet:
    """The lot that the door makes where none was sent; its content is the sector of the token."""
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


def with_author_org(submission_set: SubmissionSet, caller: Caller) -> SubmissionSet:
    """A lot whose authors name no structure, with that of the token added to the first."""
    first = submission_set.authors[0] if submission_set.authors else author_of(caller)
    named = replace(first, institutions=(structure_of(caller),))
    return replace(submission_set, authors=(named, *submission_set.authors[1:]))


def lacks_author_org(submission_set: SubmissionSet) -> bool:
    """Whether no author of the lot names a structure."""
    return not any(author.institutions for author in submission_set.authors)


def check_custodians(
    custodians: Mapping[str, str], places: Mapping[str, str], caller: Caller
) -> Iterator[RegistryError]:
    """A custodian is the structure of the token: the registry keeps who deposited, and nothing else of it."""
    for entry_uuid, text in custodians.items():
        try:
            found = Xon.parse(text).identifier
        except ValueError:
            found = ""
        if found != caller.vihf.structure_id:
            path = f"{places.get(entry_uuid, 'DocumentReference')}.custodian"
            yield disagreement("FHIR-KEEPER", path, found or "nobody", f"{caller.vihf.structure_id}, who deposits")
