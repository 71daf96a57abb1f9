"""TD0.2, is there a record and may I read it; TD1.3a, its administrative data.

Source: HL7 V3 PRPA_IN201307UV02, PRPA_IN201308UV02; DMP TD0.2, DMP TD1.3a.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from gateway.wire.dmp_interaction import AttentionLine, add, add_identifier, add_patient_id, write_answer
from gateway.wire.dmp_person import add_channels, add_person, add_representatives
from gateway.wire.dmp_reading import Node, read_interaction, read_patient_id, read_query_id, read_wrapper
from gateway.wire.dmp_vocabulary import EXISTENCE_ANSWER, READ_DATA, REASONS, TEST_EXISTENCE
from gateway.wire.hl7v3 import Identifier, Wrapper
from xds.dmp.holder import Holder, Representative
from xds.errors import RegistryError


@dataclass(frozen=True, slots=True, kw_only=True)
class ExistenceQuery:
    """A question about one record. `reason` is TEST_EXST (TD0.2) or CNSLT_DATA (TD1.3a); `patient_id` is a CX."""

    wrapper: Wrapper
    reason: str
    query_id: Identifier
    patient_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSaid:
    """What is said of a record that exists. Without `holder` only its identifier; `full`: all that is kept of him."""

    patient_id: str
    active: bool
    lines: Sequence[AttentionLine]
    holder: Holder | None = None
    representatives: Sequence[Representative] = ()
    full: bool = False


def read_existence_query(body: etree._Element) -> ExistenceQuery:
    """Read the question. Raises Refusal: every fault of the message."""
    root = Node.root(body)
    interaction = read_interaction(root, (TEST_EXISTENCE, READ_DATA))
    query = root.one("controlActProcess").one("queryByParameter")
    query_id = query.one("queryId")
    patient_id = read_patient_id(query.one("parameterList").one("patientIdentifier").one("value"))
    found = ExistenceQuery(
        wrapper=interaction.wrapper,
        reason=interaction.reason,
        query_id=(query_id.get("root"), query_id.get("extension", required=False)),
        patient_id=patient_id,
    )
    root.or_refuse()
    return found


def write_existence_answer(query: ExistenceQuery, said: RecordSaid | None, now: datetime | None = None) -> bytes:
    """Answer OK with what is said of the record, or NF: there is none."""
    root, control = write_answer(EXISTENCE_ANSWER, query.wrapper, lines=said.lines if said else (), now=now)
    add(control, "reasonCode", code=query.reason, codeSystem=REASONS)
    if said is not None:
        add_record(control, said)
    acknowledgement = add(control, "queryAck")
    add_identifier(acknowledgement, "queryId", query.query_id)
    add(acknowledgement, "queryResponseCode", code="NF" if said is None else "OK")
    repeated = add(control, "queryByParameter")
    add_identifier(repeated, "queryId", query.query_id)
    add(repeated, "statusCode", code="executing")
    identifier = add(add(repeated, "parameterList"), "patientIdentifier")
    add_patient_id(identifier, "value", query.patient_id)
    add(identifier, "semanticsText", "Patient.id")
    return etree.tostring(root)


def add_record(control: etree._Element, said: RecordSaid) -> etree._Element:
    """Append the registration of a patient to a control act; returns its `patient`."""
    event = add(add(control, "subject", typeCode="SUBJ"), "registrationEvent", classCode="REG", moodCode="EVN")
    add(event, "id", nullFlavor="NA")
    add(event, "statusCode", code="active")
    patient = add(add(event, "subject1", typeCode="SBJ"), "patient", classCode="PAT")
    add_patient_id(patient, "id", said.patient_id)
    add(patient, "statusCode", code="active" if said.active else "terminated")
    if said.holder is not None:
        person = add_person(patient, "patientPerson", said.holder.traits, full=said.full)
        if said.full:
            add_channels(person, said.holder.email, said.holder.mobile)
            add_representatives(person, said.representatives)
    return patient


def write_existence_refusal(body: etree._Element, errors: Sequence[RegistryError]) -> bytes:
    """Refuse: AE with every error, queryResponseCode AE."""
    root, control = write_answer(EXISTENCE_ANSWER, read_wrapper(body), errors=errors)
    acknowledgement = add(control, "queryAck")
    add_identifier(acknowledgement, "queryId", read_query_id(body))
    add(acknowledgement, "queryResponseCode", code="AE")
    return etree.tostring(root)
