"""A message against the documents that it carries: do they speak of one thing? (CI-SIS HL7 v2 2.1)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xds.hl7v2.document_message import DocumentMessage, Flow
from xds.hl7v2.document_rules import is_oid
from xds.hl7v2.faults import Fault
from xds.hl7v2.findings import broken
from xds.metadata.codes import Code

_RESTRICTED = frozenset("RV")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFacts:
    """What the header of a document says; None for what it does not.

    `unique_id` and `replaces` are `root` or `root^extension`; `patient_ids` are (identifier, root) of recordTarget;
    `family` is the patient's at birth, `birth_date` begins with YYYYMMDD, `sex` is F, M or another code.
    """

    unique_id: str | None
    replaces: str | None
    type: Code | None
    confidentiality: str | None
    patient_ids: tuple[tuple[str, str], ...]
    family: str | None = None
    birth_date: str | None = None
    sex: str | None = None


def check_agreement(message: DocumentMessage, documents: Sequence[DocumentFacts]) -> Iterable[Fault]:
    """Everything in which message and documents differ; `documents` are in the order of the message's."""
    for carried, facts in zip(message.documents, documents, strict=True):
        yield from _of_one(message, facts, f"OBX^{carried.observation}^5")
    known = [facts.unique_id for facts in documents if facts.unique_id]
    if len(set(known)) < len(known):
        yield broken("H-65", f"OBX^{message.documents[-1].observation}^5")


def _of_one(message: DocumentMessage, facts: DocumentFacts, location: str) -> Iterable[Fault]:
    if _is_of_another(message, facts):
        yield broken("H-60", "PID^1^3", found="another id", expected="that of recordTarget")
    else:
        yield from _of_traits(message, facts)
    if message.document_id is not None and facts.unique_id != message.document_id:
        yield broken("H-61", "TXA^1^12", found=message.document_id, expected=facts.unique_id)
    # A deletion names the deleted document; what that one replaced is no part of the order.
    replacing = message.flow is Flow.REPLACE
    if replacing and message.parent_id is not None and facts.replaces != message.parent_id:
        yield broken("H-62", "TXA^1^13", found=message.parent_id, expected=facts.replaces)
    elif replacing and facts.replaces is None:
        yield broken("H-64", location)
    if message.type is not None and (facts.type is None or not message.type.same_concept(facts.type)):
        yield broken("H-63", "OBR^1^4", found=message.type.code, expected=facts.type.code if facts.type else None)
    if message.instructions.destdmp:
        if facts.confidentiality in _RESTRICTED:
            yield broken("H-15", location, found=facts.confidentiality)
        # What TXA-12 says, H-10-ID judges.
        if message.document_id is None and facts.unique_id is not None and not is_oid(facts.unique_id):
            yield broken("H-66", location)


def _is_of_another(message: DocumentMessage, facts: DocumentFacts) -> bool:
    """H-60: by the INS; where PID-3 has none, by every authority that numbered the patient of both."""
    ins = message.patient.ins
    if ins is not None:
        return (ins.value, ins.authority) not in facts.patient_ids
    said = {(one.value, one.authority) for one in message.patient.ids if one.authority}
    told = {(value, root) for value, root in facts.patient_ids if value}
    both = {authority for _, authority in said} & {root for _, root in told}
    return bool(both) and not said & told


def _of_traits(message: DocumentMessage, facts: DocumentFacts) -> Iterable[Fault]:
    """The traits that message and document both say; they are nobody's to read in a text."""
    said = message.patient
    family = said.birth_name.family if said.birth_name is not None else ""
    pairs = (
        ("PID^1^5", _folded(family), _folded(facts.family or "")),
        ("PID^1^7", said.birth_date[:8], (facts.birth_date or "")[:8]),
        ("PID^1^8", said.sex, facts.sex or ""),
    )
    for location, one, other in pairs:
        if one and other and one != other:
            yield broken("H-67", location)


def _folded(name: str) -> str:
    """A name without what spellings differ in: accents, case, hyphens, blanks."""
    return "".join(one for one in unicodedata.normalize("NFKD", name).upper() if one.isalnum())
