"""What became of the documents of a message, and whether letters may carry them (CI-SIS HL7 v2 2.1; DMP EX_2.1-1090).

A platform checks every document, wherever it goes: what the DMP did not judge is judged here as it would be (G-357).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cda.header import read_header
from cda.to_metadata import to_entry
from conformance.checks.content import ContentPolicy
from gateway.ingest import coherence
from gateway.ingest.hl7v2.lot import parsed
from xds.errors import Refusal, RegistryError, Severity, XdsErrorCode
from xds.hl7v2.document_message import DocumentMessage, Flow

_OF_THE_DOCUMENT = XdsErrorCode.INVALID_DOCUMENT_CONTENT
"""The refusal of a document itself, whoever was to have it: no letter carries it (G-351)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """Code and text of a refusal, empty when nothing was refused. `holds`: no letter leaves either.

    `faults` is what each error of the refusal says, and `broken` those among them that are of the document itself.
    """

    code: str = ""
    text: str = ""
    holds: bool = False
    faults: tuple[str, ...] = ()
    broken: tuple[str, ...] = ()

    @classmethod
    def refused(cls, errors: Iterable[RegistryError]) -> Fed:
        """What the errors of a refusal, never empty, say: its code is that of the first. Warnings are left out."""
        told = tuple(errors)
        faults = _errors(told) or told
        first = faults[0]
        return cls(
            code=first.code.value,
            text=first.context,
            holds=first.code is _OF_THE_DOCUMENT,
            faults=tuple(one.context for one in faults),
            broken=tuple(one.context for one in faults if one.code is _OF_THE_DOCUMENT),
        )

    @property
    def details(self) -> str:
        """Every fault, where there is more than the one that `text` says."""
        return "; ".join(self.faults) if len(self.faults) > 1 else ""


def judge_mailed(message: DocumentMessage, fed: Fed, policy: ContentPolicy) -> Fed:
    """What becomes of a message that asks for letters, once the documents are judged that the DMP did not take.

    A document that is refused is told of before everything else: whoever was to have it, it must be made anew.
    What is deleted is judged nowhere.
    """
    taken = message.instructions.destdmp and not fed.code
    if taken or fed.holds or message.flow is Flow.DELETE:
        return fed
    broken = fed.broken or tuple(one.context for one in check_documents(message, policy))
    if not broken:
        return fed
    others = fed.faults or ((f"{fed.code}: {fed.text}",) if fed.code else ())
    faults = tuple(dict.fromkeys((*broken, *others)))
    return Fed(code=_OF_THE_DOCUMENT.value, text=broken[0], holds=True, faults=faults, broken=broken)


def check_documents(message: DocumentMessage, policy: ContentPolicy) -> tuple[RegistryError, ...]:
    """Every error in the documents that a deposit would be refused for; what would only be reported is left out."""
    try:
        return _errors(_judged(message, policy))
    except Refusal as refusal:
        return refusal.errors


def _judged(message: DocumentMessage, policy: ContentPolicy) -> Iterator[RegistryError]:
    for carried, document in zip(message.documents, parsed(message), strict=True):
        entry = to_entry(read_header(document), carried.content, entry_uuid="")
        yield from coherence.with_profile(entry, document, policy)


def _errors(found: Iterable[RegistryError]) -> tuple[RegistryError, ...]:
    return tuple(one for one in found if one.severity is Severity.ERROR)
