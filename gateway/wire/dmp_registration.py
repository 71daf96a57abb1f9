"""TD1.1, a record is created; TD1.2, TD1.3b, TD1.4, one is reactivated, changed, closed.

Source: HL7 V3 PRPA_IN201311UV02 to PRPA_IN201316UV02; DMP TD1.1, DMP TD1.2, DMP TD1.3b, DMP TD1.4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree

from gateway.wire import dmp_vocabulary as words
from gateway.wire.dmp_existence import RecordSaid, add_record
from gateway.wire.dmp_interaction import write_answer
from gateway.wire.dmp_person import read_holder, read_representatives
from gateway.wire.dmp_reading import Interaction, Node, read_flag, read_interaction, read_patient_id, read_wrapper
from gateway.wire.hl7v3 import Wrapper
from profiles.dmp.motives import motives
from xds.dmp.consents import NO_BREAK_GLASS, NO_REGULATION, OPENING, REACTIVATION
from xds.dmp.holder import Holder, Representative
from xds.errors import RegistryError

ANSWERS = {words.ADD: words.ADDED, words.REVISE: words.REVISED}
REFUSALS = {words.ADD: words.NOT_ADDED, words.REVISE: words.NOT_REVISED}
LONGEST_REASON = 1000
"""Characters of the free text of a closing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What is asked of one record. `patient_id` is a CX; `holder` None: nothing is said of the person.

    `answers` are consents and oppositions, by the keys of `xds.dmp.consents`; what the message is silent about is not
    among them. `motive` and `text` are those of a closing.
    """

    wrapper: Wrapper
    reason: str
    patient_id: str
    holder: Holder | None = None
    representatives: tuple[Representative, ...] = ()
    answers: Mapping[str, bool] = field(default_factory=dict)
    motive: str = ""
    text: str = ""


def read_creation(body: etree._Element) -> Registration:
    """Read TD1.1. Raises Refusal: every fault of the message."""
    root = Node.root(body)
    interaction = read_interaction(root, (words.CREATE,))
    patient = _patient(root, "active")
    found = _registration(root, interaction, patient, _holder(root, interaction, patient), OPENING)
    root.or_refuse()
    return found


def read_revision(body: etree._Element) -> Registration:
    """Read TD1.2, TD1.3b or TD1.4, which the reason tells apart. Raises Refusal: every fault of the message."""
    root = Node.root(body)
    interaction = read_interaction(root, (words.REACTIVATE, words.CHANGE_DATA, words.CLOSE))
    closing = interaction.reason == words.CLOSE
    patient = _patient(root, "terminated" if closing else "active")
    holder = None
    if interaction.reason == words.CHANGE_DATA or (not closing and patient.one("patientPerson", required=False)):
        holder = _holder(root, interaction, patient)
    motive, text = _closing(root) if closing else ("", "")
    found = _registration(root, interaction, patient, holder, REACTIVATION, motive, text)
    root.or_refuse()
    return found


def write_registration_answer(body: etree._Element, said: RecordSaid) -> bytes:
    """Say that it was done: AA, with the record as it is now."""
    name = etree.QName(body).localname
    root, control = write_answer(ANSWERS[name], read_wrapper(body), lines=said.lines)
    add_record(control, said)
    return etree.tostring(root)


def write_registration_refusal(body: etree._Element, errors: Sequence[RegistryError]) -> bytes:
    """Refuse: AE with every error."""
    name = etree.QName(body).localname
    root, _ = write_answer(REFUSALS[name], read_wrapper(body), errors=errors)
    return etree.tostring(root)


def _patient(root: Node, status: str) -> Node:
    patient = root.one("controlActProcess").one("subject").one("registrationRequest").one("subject1").one("patient")
    node = patient.one("statusCode")
    if (code := node.get("code")) and code != status:
        node.fault("@code", code, status)
    return patient


def _holder(root: Node, interaction: Interaction, patient: Node) -> Holder:
    source = interaction.lines.get(words.IDENTITY_SOURCE, "")
    return read_holder(patient.one("patientPerson"), source)


def _registration(
    root: Node,
    interaction: Interaction,
    patient: Node,
    holder: Holder | None,
    consent: str,
    motive: str = "",
    text: str = "",
) -> Registration:
    keys = (consent, NO_BREAK_GLASS, NO_REGULATION)
    said = {key: read_flag(root, interaction, (key, words.CONSENTS)) for key in keys}
    return Registration(
        wrapper=interaction.wrapper,
        reason=interaction.reason,
        patient_id=read_patient_id(patient.one("id")),
        holder=holder,
        representatives=read_representatives(patient.one("patientPerson", required=False)) if holder else (),
        answers={key: value for key, value in said.items() if value is not None},
        motive=motive,
        text=text,
    )


def _closing(root: Node) -> tuple[str, str]:
    """Motive and free text of a closing (HL7 V3 MFMI_MT700721UV01, reasonOf/detectedIssueEvent)."""
    event = root.one("controlActProcess").one("reasonOf").one("detectedIssueEvent")
    code = event.one("code")
    motive = code.get("code")
    if motive and motive not in motives():
        code.fault("@code", motive, " or ".join(motives()))
    if (system := code.get("codeSystem")) and system != words.CLOSING_MOTIVES:
        code.fault("@codeSystem", system, words.CLOSING_MOTIVES)
    return motive, event.one("text").text(longest=LONGEST_REASON)
