"""A medium as read: its submission sets, their documents, and what is wrong with them (ITI TF-2 §3.32)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from xds.messages import SubmitObjectsRequest
from xds.metadata.document_entry import DocumentEntry


class Severity(StrEnum):
    """An `error` makes the medium invalid; a `warning` does not."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One broken rule at one place.

    `where` is a name on the medium, followed for metadata by the path of the object. `found` is None when the thing
    is absent. `rule` is a key of `rules.RULES`, or a rule of the ebRIM reader (`O1`, `M7`).
    """

    rule: str
    where: str
    found: str | None
    expected: str | None
    severity: Severity = Severity.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaDocument:
    """One entry and the file its URI designates; `path` is its name on the medium. None without such a file."""

    entry: DocumentEntry
    path: str | None
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaSubmission:
    """One directory of `IHE_XDM`. `request.submission_set` is None when METADATA.XML does not hold exactly one."""

    directory: str
    metadata: str
    request: SubmitObjectsRequest
    documents: tuple[MediaDocument, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What is on a medium. `files` gives the size in bytes of every file; `findings` are those of reading.

    `root` is empty, or the directory around the whole that should not be there, `/` at its end: every other name
    begins with it.
    """

    files: dict[str, int]
    directories: frozenset[str]
    root: str
    submissions: tuple[MediaSubmission, ...]
    findings: tuple[Finding, ...]
