"""Who sends, from the token: author and custodian that a lot leaves out (CI-SIS VIHF; DMP TD2.1, V-40, V-41)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from gateway.gate import Caller
from gateway.sent_lot import author_of, structure_of
from xds.errors import RegistryError, disagreement
from xds.metadata.datatypes import Xon
from xds.metadata.submission_set import SubmissionSet

AUTHOR_ORG: Final = "FHIR-AUTHOR-ORG"


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
