"""Is the medium right? Every rule of ITI-32 over a Media, all findings at once (ITI TF-2 §3.32; ITI TF-3 §4.3)."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from xds.metadata.association import AssociationType
from xds.metadata.symbolic import UUID_URN
from xds.xdm.media import Finding, Media, MediaDocument, MediaSubmission, Severity
from xds.xdm.reader import IHE_XDM, resolve_uri

_FILE = re.compile(r"[A-Z0-9_]{1,8}(\.[A-Z0-9_]{1,3})?")
_DIRECTORY = re.compile(r"[A-Z0-9_]{1,8}")
_LEVELS = 8
_ISO_9660 = "A-Z, 0-9 and _; at most 8 characters, for a file a dot and at most 3 more"
_PAGES = {"README.TXT": "XDM-README", "INDEX.HTM": "XDM-INDEX"}


def verify(media: Media) -> tuple[Finding, ...]:
    """Return everything wrong with the medium: what reading found, then its tree, then each submission set.

    Several patients on one medium, and files that no metadata speak of, are not wrong.
    """
    return (*media.findings, *_tree(media), *_times(media), *_sets(media))


def is_valid(findings: Iterable[Finding]) -> bool:
    """Whether no finding is an error."""
    return all(finding.severity is not Severity.ERROR for finding in findings)


def _tree(media: Media) -> Iterator[Finding]:
    for name, rule in _PAGES.items():
        if media.root + name not in media.files:
            yield Finding(rule=rule, where=media.root + name, found=None, expected=name)
    top = media.root + IHE_XDM
    if top not in media.directories:
        yield Finding(rule="XDM-DIRECTORY", where=media.root, found=None, expected=IHE_XDM)
    elif not media.submissions and not any(one.rule == "XDM-XML" for one in media.findings):
        yield Finding(rule="XDM-SUBSET", where=top, found=None, expected="a directory with its METADATA.XML")
    for name in (*sorted(media.directories), *media.files):
        yield from _name(name, media)


def _name(name: str, media: Media) -> Iterator[Finding]:
    """A name of the standard part of the medium is wrong; one that belongs to something else is only told."""
    relative = name.removeprefix(media.root)
    if name == media.root.rstrip("/"):
        return
    *above, own = relative.split("/")
    severity = Severity.ERROR if relative.casefold().startswith(f"{IHE_XDM}/".casefold()) else Severity.WARNING
    form = _DIRECTORY if name in media.directories else _FILE
    if not form.fullmatch(own):
        yield Finding(rule="XDM-NAME", where=name, found=own, expected=_ISO_9660, severity=severity)
    levels = len(above) + (2 if name in media.directories else 1)
    if levels > _LEVELS and name in media.directories:
        yield Finding(
            rule="XDM-DEPTH", where=name, found=f"{levels} levels", expected=f"at most {_LEVELS}", severity=severity
        )


def _times(media: Media) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for submission in media.submissions:
        submitted = submission.request.submission_set
        if submitted is None or not submitted.submission_time:
            continue
        other = first.setdefault(submitted.submission_time, submission.metadata)
        if other != submission.metadata:
            found, expected = submitted.submission_time, f"a time that is not that of {other}"
            yield Finding(rule="XDM-TIME", where=submission.metadata, found=found, expected=expected)


def _sets(media: Media) -> Iterator[Finding]:
    for submission in media.submissions:
        for document in submission.documents:
            where = f"{submission.metadata}#ExtrinsicObject[{document.entry.entry_uuid}]"
            yield from _file(document, submission, media, where)
        yield from _links(submission)


def _file(document: MediaDocument, submission: MediaSubmission, media: Media, where: str) -> Iterator[Finding]:
    entry, content = document.entry, document.content
    if entry.uri is None:
        return
    if content is None:
        yield _missing(entry.uri, resolve_uri(entry.uri, submission.directory, media.root), media, where)
        return
    computed = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    if entry.hash is not None and entry.hash.lower() != computed:
        yield Finding(rule="XDM-HASH", where=f"{where}/Slot[hash]", found=entry.hash, expected=computed)
    if entry.size is not None and entry.size != len(content):
        yield Finding(rule="XDM-SIZE", where=f"{where}/Slot[size]", found=str(entry.size), expected=str(len(content)))


def _missing(uri: str, path: str | None, media: Media, where: str) -> Finding:
    slot = f"{where}/Slot[URI]"
    if path is None:
        expected = "a relative path that stays on the medium"
        return Finding(rule="XDM-URI", where=slot, found=uri, expected=expected)
    if path in media.directories or path == media.root.rstrip("/"):
        return Finding(rule="XDM-URI", where=slot, found=f"{uri}, a directory", expected="a file")
    return Finding(rule="XDM-FILE", where=slot, found=f"no {path}", expected=uri)


def _links(submission: MediaSubmission) -> Iterator[Finding]:
    request = submission.request
    known = {one.entry_uuid for one in request.entries} | {one.entry_uuid for one in request.folders}
    known.update(one.entry_uuid for one in request.associations)
    members: Counter[str] = Counter()
    if request.submission_set is not None:
        known.add(request.submission_set.entry_uuid)
    for association in request.associations:
        where = f"{submission.metadata}#Association[{association.entry_uuid}]"
        for name, end in (("sourceObject", association.source), ("targetObject", association.target)):
            if end and end not in known and not end.startswith(UUID_URN):
                expected = "an object of this set, or a UUID"
                yield Finding(rule="XDM-LINK", where=f"{where}/@{name}", found=end, expected=expected)
        if (
            association.association_type is AssociationType.HAS_MEMBER
            and request.submission_set is not None
            and association.source == request.submission_set.entry_uuid
        ):
            members[association.target] += 1
    if request.submission_set is None:
        return
    for entry in request.entries:
        if members[entry.entry_uuid] != 1:
            yield Finding(
                rule="XDM-MEMBER",
                where=f"{submission.metadata}#ExtrinsicObject[{entry.entry_uuid}]",
                found=f"{members[entry.entry_uuid]} associations",
                expected="one HasMember from the submission set",
            )
