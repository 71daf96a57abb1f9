"""TD0.5, a record is searched by traits when the INS is not known (IHE PDQV3, ITI TF-2 §3.47).

Source: HL7 V3 PRPA_IN201305UV02, PRPA_IN201306UV02; DMP TD0.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from gateway.wire import dmp_vocabulary as words
from gateway.wire.dmp_existence import RecordSaid, add_record
from gateway.wire.dmp_interaction import add, add_identifier, add_value, write_answer
from gateway.wire.dmp_reading import Node, read_interaction, read_query_id, read_wrapper
from gateway.wire.hl7v3 import Identifier, Wrapper
from xds.dmp.consents import NO_REGULATION
from xds.dmp.holder import Address, Traits
from xds.errors import RegistryError

_MATCH = ("IHE_PDQ", "2.16.840.1.113883.1.11.19914")


@dataclass(frozen=True, slots=True, kw_only=True)
class TraitsQuery:
    """What is known of a person whose record is searched; what is not is empty."""

    wrapper: Wrapper
    query_id: Identifier
    traits: Traits


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One record found: `percentage` is how well it fits; `no_regulation`: the patient objects to centre 15."""

    said: RecordSaid
    percentage: int
    no_regulation: bool


def read_traits_query(body: etree._Element) -> TraitsQuery:
    """Read the question. Raises Refusal: every fault of the message, the lack of a name or a day of birth included."""
    root = Node.root(body)
    interaction = read_interaction(root, ())
    query = root.one("controlActProcess").one("queryByParameter")
    query_id = query.one("queryId")
    parameters = query.one("parameterList")
    name = parameters.one("livingSubjectName", required=False).one("value")
    address = parameters.one("patientAddress", required=False).one("value")
    born = parameters.one("livingSubjectBirthTime", required=False).one("value").time()[:8]
    gender = parameters.one("livingSubjectAdministrativeGender", required=False).one("value").get("code")
    traits = Traits(
        family=name.one("family", required=False).text(required=False),
        given=tuple(one.text(required=False) for one in name.all("given")),
        gender=gender,
        birth_date=born,
        address=Address(
            postal_code=address.one("postalCode", required=False).text(required=False),
            city=address.one("city", required=False).text(required=False),
        ),
    )
    if parameters and not traits.family and not born:
        parameters.fault("", "neither a name nor a day of birth", "livingSubjectName or livingSubjectBirthTime")
    found = TraitsQuery(
        wrapper=interaction.wrapper,
        query_id=(query_id.get("root"), query_id.get("extension", required=False)),
        traits=traits,
    )
    root.or_refuse()
    return found


def write_traits_answer(query: TraitsQuery, hits: Sequence[Hit]) -> bytes:
    """Answer with what was found, the best fit first; NF when nothing was."""
    root, control = write_answer(words.SEARCH_ANSWER, query.wrapper)
    for hit in hits:
        patient = add_record(control, hit.said)
        match = add(
            add(patient, "subjectOf1", typeCode="SBJ"), "queryMatchObservation", classCode="COND", moodCode="EVN"
        )
        add(match, "code", code=_MATCH[0], codeSystem=_MATCH[1])
        value = add(match, "value", value=str(hit.percentage))
        value.set(f"{{{words.XSI}}}type", "INT")
        opposition = add(
            add(patient, "subjectOf2", typeCode="SBJ"), "administrativeObservation", classCode="OBS", moodCode="EVN"
        )
        add(opposition, "code", code=NO_REGULATION, codeSystem=words.CONSENTS)
        add_value(opposition, hit.no_regulation)
    _acknowledge(control, query.query_id, "OK" if hits else "NF", len(hits))
    return etree.tostring(root)


def write_traits_refusal(body: etree._Element, errors: Sequence[RegistryError]) -> bytes:
    """Refuse: AE with every error."""
    root, control = write_answer(words.SEARCH_ANSWER, read_wrapper(body), errors=errors)
    _acknowledge(control, read_query_id(body), "AE", 0)
    return etree.tostring(root)


def _acknowledge(control: etree._Element, query_id: Identifier, code: str, count: int) -> None:
    acknowledgement = add(control, "queryAck")
    add_identifier(acknowledgement, "queryId", query_id)
    add(acknowledgement, "queryResponseCode", code=code)
    for name in ("resultTotalQuantity", "resultCurrentQuantity"):
        add(acknowledgement, name, value=str(count))
    add(acknowledgement, "resultRemainingQuantity", value="0")
