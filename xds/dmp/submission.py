"""Which visibility a document may be deposited with (DMP TD2.1, EX_2.1-1050), and what the patient adds to it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from xds.dmp.entries import HIDDEN_FROM_GUARDIANS, INVISIBLE, MASKED
from xds.dmp.parameters import Parameters
from xds.dmp.record import Record
from xds.dmp.requester import Requester
from xds.errors import RegistryError, Severity, disagreement

LEVELS = frozenset(("N", "R", "V"))
VISIBILITIES = frozenset((MASKED, INVISIBLE, HIDDEN_FROM_GUARDIANS))


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedDocument:
    """What the law looks at in a document that is deposited. `codes` without scheme; `path` is where they are."""

    codes: frozenset[str]
    path: str
    is_lot_signature: bool = False


def visibility_faults(
    document: SubmittedDocument, requester: Requester, record: Record, now: datetime, parameters: Parameters
) -> Iterator[RegistryError]:
    """What is wrong with the confidentialityCodes of a document, warnings included; `now` is a law time.

    The signature of a lot carries MASQUE_PS and INVISIBLE_PATIENT by construction, in a secret session too.
    """
    path, codes = document.path, document.codes
    levels = sorted(codes & LEVELS)
    if len(levels) != 1 or not codes <= LEVELS | VISIBILITIES:
        yield disagreement(
            "D-080", path, ", ".join(sorted(codes)) or "nothing", "one level, N, with the visibility codes beside it"
        )
    yield from visibility_faults_of_message(document, parameters)
    if not document.is_lot_signature:
        yield from _of_minors(document, requester, record, now, parameters)


def visibility_faults_of_message(document: SubmittedDocument, parameters: Parameters) -> Iterator[RegistryError]:
    """Those that the parameters of the house decide, whoever the patient is: D-081 and D-082, warnings included."""
    path, codes = document.path, document.codes
    if document.is_lot_signature:
        return
    for level, choice in (("R", parameters.restricted), ("V", parameters.very_restricted)):
        if level in codes and choice != "accept":
            severity = Severity.WARNING if choice == "warn" else Severity.ERROR
            expected = "N: such documents are not for the DMP"
            yield disagreement(f"D-081-{level}", path, level, expected, severity=severity)
    if {MASKED, INVISIBLE} <= codes and not parameters.mask_with_invisible:
        yield disagreement("D-082", path, f"{INVISIBLE} and {MASKED}", "one of the two: nobody could read the document")


def _of_minors(
    document: SubmittedDocument, requester: Requester, record: Record, now: datetime, parameters: Parameters
) -> Iterator[RegistryError]:
    """Whether the choice that the depositor of a minor's document makes (D-044) is one he may make.

    The code says that it is hidden. Nothing that is published says that it was chosen to be visible: a warning asks.
    """
    hidden = HIDDEN_FROM_GUARDIANS in document.codes
    minor = record.is_represented_minor(now, parameters)
    if hidden and not minor:
        yield disagreement(
            "D-083", document.path, f"{HIDDEN_FROM_GUARDIANS} for an adult", "this code for a minor only"
        )
    if minor and not hidden and not requester.secret and parameters.minor_choice == "warn":
        expected = f"{HIDDEN_FROM_GUARDIANS}, unless its author chose that those who represent the minor see it"
        found = ", ".join(sorted(document.codes))
        yield disagreement("D-044", document.path, found, expected, severity=Severity.WARNING)
    if requester.secret and not hidden:
        found = ", ".join(sorted(document.codes))
        yield disagreement("V-45", document.path, found, f"{HIDDEN_FROM_GUARDIANS}: the session is secret")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskedDeposit:
    """What a document is registered with. `mask_when_visible`: a mask waits until the patient may see the document."""

    codes: frozenset[str]
    mask_when_visible: bool


def with_default_masking(
    codes: Collection[str], record: Record, parameters: Parameters, *, is_lot_signature: bool = False
) -> MaskedDeposit:
    """The codes as the patient wants them for every new document (D-084); the answer to the depositor tells nothing."""
    if not record.default_masking or is_lot_signature:
        return MaskedDeposit(codes=frozenset(codes), mask_when_visible=False)
    return masked(codes, parameters)


def masked(codes: Collection[str], parameters: Parameters) -> MaskedDeposit:
    """The codes of a document that has to be masked: beside INVISIBLE_PATIENT the mask waits (D-082, D-084)."""
    sent = frozenset(codes)
    if MASKED in sent:
        return MaskedDeposit(codes=sent, mask_when_visible=False)
    if INVISIBLE in sent and not parameters.mask_with_invisible:
        return MaskedDeposit(codes=sent, mask_when_visible=True)
    return MaskedDeposit(codes=sent | {MASKED}, mask_when_visible=False)
