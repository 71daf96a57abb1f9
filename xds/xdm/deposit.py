"""A medium as the submission that a registry takes: its one set, its documents, and all that is wrong with it.

What a reader of media admits, a registry may not: metadata are complete, and hash, size and URI are said
(ITI TF-2 §3.32.4.1.2, §3.41.4.1.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from xds.errors import RegistryError, Severity, XdsErrorCode, disagreement
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.document_entry import DocumentEntry
from xds.xdm import media as xdm
from xds.xdm.media import Media, MediaSubmission
from xds.xdm.reader import IHE_XDM, read_tree
from xds.xdm.rules import RULES
from xds.xdm.tree import Tree
from xds.xdm.verify import verify

ONE_SET: Final = "XDM-SETS"
"""A medium that is deposited holds one submission set: all of it is taken, or nothing."""
_REPEATED: Final = "XDM-REPEATED"
_CODES: Final = MappingProxyType({"XDM-FILE": XdsErrorCode.MISSING_DOCUMENT, "XDM-URI": XdsErrorCode.MISSING_DOCUMENT})
_NOTHING: Final = ProvideAndRegisterRequest(submission_set=None, entries=(), associations=(), documents={})


@dataclass(frozen=True, slots=True)
class MediumDeposit:
    """`request.errors` are all that is wrong with the medium; `warnings` are told whatever becomes of it.

    An entry is as on the medium but for its URI, which says nothing elsewhere.
    """

    request: ProvideAndRegisterRequest
    warnings: tuple[RegistryError, ...]


def read_deposit(tree: Tree) -> MediumDeposit:
    """Read a medium to deposit it. Raises UnusableMedium: a file is not what the tree announces."""
    media = read_tree(tree, complete=True)
    findings = verify(media)
    if len(media.submissions) == 1:
        (submission,) = media.submissions
        errors = (*_errors(findings, media), *_of_reader(findings, submission), *_undescribed(submission))
        request = _request(submission)
    else:
        place, found = f"{media.root}{IHE_XDM}", f"{len(media.submissions)} submission sets"
        counted = disagreement(ONE_SET, place, found, "exactly one", XdsErrorCode.REPOSITORY_METADATA)
        errors, request = (*_errors(findings, media), counted), _NOTHING
    told = tuple(dict.fromkeys(errors))
    wrong = tuple(one for one in told if one.severity is Severity.ERROR)
    return MediumDeposit(replace(request, errors=wrong), tuple(one for one in told if one not in wrong))


def _request(submission: MediaSubmission) -> ProvideAndRegisterRequest:
    read = submission.request
    return ProvideAndRegisterRequest(
        submission_set=read.submission_set,
        entries=tuple(replace(entry, uri=None, repository_unique_id=None) for entry in read.entries),
        folders=read.folders,
        associations=read.associations,
        documents={one.entry.entry_uuid: one.content for one in submission.documents if one.content is not None},
    )


def _errors(findings: Iterable[xdm.Finding], media: Media) -> Iterator[RegistryError]:
    """The findings of the medium; those of the ebRIM reader on its one set are told in its own words."""
    for one in findings:
        if len(media.submissions) == 1 and one.rule not in RULES:
            continue
        severity = Severity.ERROR if one.severity is xdm.Severity.ERROR else Severity.WARNING
        code = _CODES.get(one.rule, XdsErrorCode.REPOSITORY_METADATA)
        yield disagreement(
            one.rule, one.where, one.found or "nothing", one.expected or "another", code, severity=severity
        )


def _of_reader(findings: Iterable[xdm.Finding], submission: MediaSubmission) -> Iterator[RegistryError]:
    told = {one.where.partition("#")[2] for one in findings if one.rule == _REPEATED}
    for error in submission.request.errors:
        if error.location not in told:
            yield error


def _undescribed(submission: MediaSubmission) -> Iterator[RegistryError]:
    """A medium says hash, size and URI, whatever a repository could work out (ITI TF-3 §4.3.1)."""
    for document in submission.documents:
        for name, value in _said(document.entry):
            if value is None:
                place = f"ExtrinsicObject[{document.entry.entry_uuid}]/Slot[{name}]"
                yield disagreement("O1", place, "nothing", f"the required attribute {name}")


def _said(entry: DocumentEntry) -> Iterable[tuple[str, object]]:
    return ("hash", entry.hash), ("size", entry.size), ("URI", entry.uri)
