"""validate_medium(medium) -> Report: is a medium right, does it agree with its documents, are they valid?

The rules of media (IHE XDM) are those of `xds.xdm`; documents are judged by their own profiles (ITI TF-2 §3.32).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from cda.to_metadata import CDA_MIME_TYPE
from conformance.carried import AGREEMENT, judge_carried, placed
from conformance.catalogue import LAYERS, XDM
from conformance.report import Finding, Report, Severity, layer_results
from profiles.rule_texts import text_of
from xds.metadata.association import AssociationType
from xds.xdm import media as xdm
from xds.xdm.reader import read_medium
from xds.xdm.rules import Rule, rule_of
from xds.xdm.tree import DEFAULT, Limits, UnusableMedium
from xds.xdm.verify import verify

MEDIUM: Final = "medium"
UNPACKED: Final = Limits(archive=64 * 1024 * 1024, file=64 * 1024 * 1024, total=128 * 1024 * 1024)
"""What is unpacked to judge an archive with its documents."""
_TITLES = {
    MEDIUM: ("Support XDM", "XDM medium"),
    AGREEMENT: ("Accord avec les documents", "Agreement with the documents"),
    **LAYERS,
}
_UNUSABLE = Rule("ITI TF-2 §3.32", "Le support ne peut pas être lu sans risque.", "The medium cannot be read safely.")


def verify_medium(source: Path | bytes, limits: Limits = DEFAULT) -> Report:
    """Judge a medium, not its documents. One that cannot be read safely has a report without profile."""
    try:
        findings = list(map(_of_medium, verify(read_medium(source, limits))))
    except UnusableMedium as error:
        return _unusable(str(error))
    return Report(XDM, tuple(findings), layers=layer_results(findings, {MEDIUM: True}, _TITLES))


def validate_medium(source: Path | bytes) -> Report:
    """Judge an archive, by its bytes, or a directory; each CDA document on it, and whether each agrees with its entry.

    Findings on a document have its name on the medium before their path, and no line: their path says where. What
    signs a set is no document that a profile judges.
    """
    try:
        medium = read_medium(source, UNPACKED)
        findings = [_of_medium(one) for one in verify(medium)]
    except UnusableMedium as error:
        return _unusable(str(error))
    asked = {MEDIUM: True}
    for submission in medium.submissions:
        signing = {
            one.source for one in submission.request.associations if one.association_type is AssociationType.SIGNS
        }
        for one in submission.documents:
            is_cda = one.entry.mime_type == CDA_MIME_TYPE and one.entry.entry_uuid not in signing
            if one.content is not None and one.path is not None and is_cda:
                told = judge_carried(one.content, one.entry, asked)
                findings += (placed(finding, one.path) for finding in told)
    return Report(XDM, tuple(findings), layers=layer_results(findings, asked, _TITLES))


def _of_medium(one: xdm.Finding) -> Finding:
    told = _finding(one.rule, rule_of(one.rule), Severity(one.severity), one.where, one.found, one.expected)
    text = text_of("xds_metadata", one.rule)
    return told if not text.message else replace(
        told, source=text.source, message=text.message, message_en=text.message_en, hint=text.hint,
        hint_en=text.hint_en,
    )  # fmt: skip


def _unusable(reason: str) -> Report:
    return Report(None, (_finding("XDM-UNUSABLE", _UNUSABLE, Severity.ERROR, "", reason, None),))


def _finding(
    identifier: str, rule: Rule, severity: Severity, path: str, found: str | None, expected: str | None
) -> Finding:
    return Finding(
        rule=identifier,
        severity=severity,
        source=rule.source,
        path=path,
        line=0,
        column=0,
        found=found,
        expected=expected,
        message=rule.fr,
        message_en=rule.en,
        layer=MEDIUM,
    )
