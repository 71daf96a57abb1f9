"""From the tree of files to a Media: metadata read, documents found by their URI (ITI TF-2 §3.32.4.1.2).

Reading never stops at a fault: what is wrong is a finding, and the rest is read. Only what makes the tree itself
unsafe or unreadable raises.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from security import xml
from security.errors import MalformedMessage
from xds.ebrim.reader import read_submit_objects
from xds.errors import RegistryError
from xds.messages import SubmitObjectsRequest
from xds.metadata.document_entry import DocumentEntry
from xds.xdm.archive import read_archive
from xds.xdm.directory import read_directory
from xds.xdm.media import Finding, Media, MediaDocument, MediaSubmission, Severity
from xds.xdm.tree import DEFAULT, Limits, Tree, UnusableMedium, refuse

IHE_XDM = "IHE_XDM"
METADATA_XML = "METADATA.XML"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_REPEATED = re.compile(r"/@(classifiedObject|registryObject)$|/ExternalIdentifier\[[^]/]*\]/Name$")


def read_medium(source: Path | bytes, limits: Limits = DEFAULT) -> Media:
    """Read a medium from a ZIP archive (its path or its bytes) or from a directory.

    Raises UnusableMedium: no such file, or nothing that can be read safely.
    """
    return read_tree(open_tree(source, limits))


def open_tree(source: Path | bytes, limits: Limits = DEFAULT) -> Tree:
    """List the files of a medium. Raises UnusableMedium."""
    if isinstance(source, bytes):
        return read_archive(source, limits)
    try:
        if source.is_dir():
            return read_directory(source, limits)
        # A named pipe without a writer would keep us waiting for ever.
        with os.fdopen(os.open(source, os.O_RDONLY | os.O_NONBLOCK), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                refuse("", "neither a regular file nor a directory")
            return read_archive(opened.read(limits.archive + 1), limits)
    except OSError as error:
        raise UnusableMedium(error.strerror or str(error)) from None


def read_tree(tree: Tree, *, complete: bool = False) -> Media:
    """Read the submission sets of a tree. Raises UnusableMedium: a file is not what the tree announces.

    `complete`: metadata have all that a registry requires, not only what a medium must say.
    """
    findings: list[Finding] = []
    root = _root(tree, findings)
    contents: dict[str, bytes] = {}
    submissions = []
    for directory in _subsets(tree, root):
        metadata = _named(tree, directory, METADATA_XML)
        if metadata is None:
            findings.append(_finding("XDM-SUBSET", directory, None, METADATA_XML, Severity.WARNING))
            continue
        request = _read_metadata(tree, metadata, findings, complete=complete)
        if request is None:
            continue
        documents = tuple(_document(tree, directory, root, entry, contents) for entry in request.entries)
        submissions.append(
            MediaSubmission(directory=directory, metadata=metadata, request=request, documents=documents)
        )
    return Media(
        files=tree.files,
        directories=tree.directories,
        root=root,
        submissions=tuple(submissions),
        findings=tuple(findings),
    )


def resolve_uri(uri: str, directory: str, root: str = "") -> str | None:
    """The name on the medium that a URI designates, relative to `directory`; None when it is none or leaves `root`."""
    if not uri or uri.startswith("/") or "\\" in uri or _SCHEME.match(uri):
        return None
    above = directory.removeprefix(root).split("/")
    for component in uri.split("/"):
        if component == "..":
            if not above:
                return None
            above.pop()
        elif component not in ("", "."):
            above.append(component)
    return root + "/".join(above)


def _root(tree: Tree, findings: list[Finding]) -> str:
    """Where the medium begins: at the root, or in the one directory that somebody zipped with what it held."""
    if IHE_XDM in tree.directories:
        return ""
    for directory in sorted(tree.directories):
        parent, _, own = directory.rpartition("/")
        if own == IHE_XDM and "/" not in parent:
            findings.append(_finding("XDM-ENCLOSED", parent, directory, IHE_XDM))
            return f"{parent}/"
    return ""


def _subsets(tree: Tree, root: str) -> Iterator[str]:
    above = f"{root}{IHE_XDM}/".casefold()
    for directory in sorted(tree.directories):
        if directory.casefold().startswith(above) and "/" not in directory[len(above) :]:
            yield directory


def _named(tree: Tree, directory: str, own: str) -> str | None:
    """A file of a directory, its letter case not counted: what is misspelled is told, and read all the same."""
    wanted = f"{directory}/{own}"
    if wanted in tree.files:
        return wanted
    return next((name for name in tree.files if name.casefold() == wanted.casefold()), None)


def _read_metadata(tree: Tree, name: str, findings: list[Finding], *, complete: bool) -> SubmitObjectsRequest | None:
    try:
        body = xml.parse(tree.read(name), xml.DOCUMENT)
        request = read_submit_objects(body, limited=not complete)
    except MalformedMessage as error:
        findings.append(_finding("XDM-XML", name, error.text, "a SubmitObjectsRequest"))
        return None
    findings.extend(_of_error(name, error) for error in request.errors)
    return request


def _document(tree: Tree, directory: str, root: str, entry: DocumentEntry, contents: dict[str, bytes]) -> MediaDocument:
    path = resolve_uri(entry.uri or "", directory, root)
    if path is None or path not in tree.files:
        return MediaDocument(entry=entry, path=None, content=None)
    if path not in contents:
        contents[path] = tree.read(path)
    return MediaDocument(entry=entry, path=path, content=contents[path])


def _of_error(name: str, error: RegistryError) -> Finding:
    """A fault of the ebRIM reader. What only repeats the place of an element leaves its value in no doubt."""
    found, _, expected = error.context.removeprefix(f"{error.location}: found ").rpartition(", expected ")
    where = f"{name}#{error.location}"
    if error.rule in ("O4", "O5") and _REPEATED.search(error.location):
        return _finding("XDM-REPEATED", where, found, expected, Severity.WARNING)
    return _finding(error.rule or str(error.code), where, found or error.context, expected)


def _finding(rule: str, where: str, found: str | None, expected: str, severity: Severity = Severity.ERROR) -> Finding:
    return Finding(rule=rule, where=where, found=found, expected=expected, severity=severity)
