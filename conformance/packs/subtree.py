"""A document inside a style sheet or a signature, judged as if it stood alone (CI-SIS self-presentable documents)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from lxml import etree

from cda.document import CdaDocument
from conformance.positions import positions
from conformance.report import Finding
from security import xml

Relocate = Callable[[Finding], Finding]


def alone(document: CdaDocument) -> tuple[CdaDocument, Relocate]:
    """The document without what wraps it, and what puts a finding back where it is in the bytes received.

    Rules look from the top of the tree and everywhere below it: a wrapper would be seen by them.
    """
    if not document.is_wrapped:
        return document, lambda finding: finding
    content = etree.tostring(document.root, encoding="UTF-8", with_tail=False)
    inside = CdaDocument(content, xml.parse(content, xml.DOCUMENT))
    theirs, ours = positions(content, inside.root), positions(document.content, document.root)
    back = {
        theirs[copy][:2]: ours[original][:2]
        for copy, original in zip(inside.root.iter("*"), document.root.iter("*"), strict=True)
    }

    def relocate(finding: Finding) -> Finding:
        line, column = back.get((finding.line, finding.column), (finding.line, finding.column))
        return replace(finding, line=line, column=column, repair=())

    return inside, relocate
