"""Messages about records on the wire: what is read of a good one, and of a spoiled one, every fault at once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.wire import dmp_services as services
from gateway.wire.addressing import RECORD_TRANSACTIONS, TD_0_2, TD_1_2, TD_1_3A, TD_1_3B, TD_1_4, find_transaction
from gateway.wire.dmp_existence import (
    RecordSaid,
    read_existence_query,
    write_existence_answer,
    write_existence_refusal,
)
from gateway.wire.dmp_interaction import AttentionLine
from gateway.wire.dmp_registration import (
    read_creation,
    read_revision,
    write_registration_refusal,
)
from gateway.wire.dmp_search import read_traits_query, write_traits_refusal
from samples.client import record_messages
from samples.client.record_messages import Person
from security import xml
from xds.dmp.holder import Address, Holder, Representative, Traits
from xds.errors import Refusal, RegistryError, XdsErrorCode

HL7 = "{urn:hl7-org:v3}"
CX = "258076912301541^^^&1.2.250.1.213.1.4.10&ISO^NH"
PERSON = Person(
    family="D'ÉTÉ",
    used_family="ÇÀ",
    given=("Zoë", "Anaïs"),
    born="20150203",
    birth_place="69123",
    lines=("1 rue A", "Bât. B"),
    postal_code="69001",
    city="Lyon",
    email="z@example.org",
    mobile="+33600000000",
)
MOTHER = Person(family="MERE", given=("Eve",), relationship="MTH", mobile="0600000000")
NAMES = ["id", "controlActProcess", "subject", "patient", "attentionLine", "value", "keyWordText", "reasonCode"]
CREATION = {"CONSENTEMENT_OUVERTURE_DMP": True, "OPPOSITION_BRIS_DE_GLACE": True}


def sent(message: etree._Element) -> etree._Element:
    """As the door gets it."""
    return xml.parse(etree.tostring(message))


def faults(read: Callable[[etree._Element], object], message: etree._Element) -> list[RegistryError]:
    with pytest.raises(Refusal) as refused:
        read(message)
    return list(refused.value.errors)


def test_a_question_is_read() -> None:
    query = read_existence_query(sent(record_messages.existence(CX, "CNSLT_DATA")))

    assert (query.patient_id, query.reason) == (CX, "CNSLT_DATA")
    assert query.query_id[0] == "1.2.250.1.999.8.1"


def test_a_creation_is_read_with_everything_it_says() -> None:
    message = record_messages.registration(
        "CREA_RD", CX, PERSON, representatives=[MOTHER], flags=CREATION, identity_source="CARTE_SESAM_VITALE"
    )

    read = read_creation(sent(message))

    assert read.holder == Holder(
        traits=Traits(
            family="D'ÉTÉ",
            given=("Zoë", "Anaïs"),
            used_family="ÇÀ",
            gender="F",
            birth_date="20150203",
            birth_place="69123",
            address=Address(lines=("1 rue A", "Bât. B"), postal_code="69001", city="Lyon"),
            identity_source="CARTE_SESAM_VITALE",
        ),
        email="z@example.org",
        mobile="+33600000000",
    )
    assert read.answers == CREATION
    assert read.representatives == (
        Representative(relationship="MTH", traits=Traits(family="MERE", given=("Eve",)), mobile="0600000000"),
    )


def test_traits_survive_the_database_spelling() -> None:
    traits = Traits(family="A", given=("B", "C"), birth_date="20000229", address=Address(city="X"))

    assert Traits.from_json(traits.as_json()) == traits
    assert Traits(family="A", birth_date="20000001").born is None


def test_a_search_is_read() -> None:
    query = read_traits_query(sent(record_messages.search(PERSON)))

    assert (query.traits.family, query.traits.given, query.traits.birth_date) == ("D'ÉTÉ", ("Zoë", "Anaïs"), "20150203")
    assert query.traits.address.city == "Lyon"


def test_a_closing_is_read() -> None:
    message = record_messages.registration("FERM", CX, motive="DECES", text="Décès\n le 3")

    read = read_revision(sent(message))

    assert (read.reason, read.motive, read.text, read.holder) == ("FERM", "DECES", "Décès le 3", None)


SPOILED: list[tuple[str, Callable[[etree._Element], None], str]] = [
    ("no root of the id", lambda m: m.find(f"{HL7}id").attrib.pop("root") and None, "/id/@root: found nothing"),
    ("two ids", lambda m: m.append(etree.fromstring(etree.tostring(m.find(f"{HL7}id")))), "/id: found 2 elements"),
    ("a time of words", lambda m: m.find(f"{HL7}creationTime").set("value", "hier"), "creationTime/@value: found hier"),
    ("another interaction", lambda m: m.find(f"{HL7}interactionId").set("extension", "X"), "found X, expected PRPA"),
    ("another mode", lambda m: m.find(f"{HL7}processingModeCode").set("code", "A"), "found A, expected T"),
    ("no control act", lambda m: m.remove(m.find(f"{HL7}controlActProcess")), "controlActProcess: found nothing"),
    (
        "another list of reasons",
        lambda m: m.find(f".//{HL7}reasonCode").set("codeSystem", "1.2"),
        "codeSystem: found 1.2",
    ),
    ("no patient", lambda m: _drop(m, "patient"), "subject1/patient: found nothing"),
    (
        "a status that is no status",
        lambda m: _set(m, "patient/statusCode", "code", "gone"),
        "found gone, expected active",
    ),
    ("an identifier of signs", lambda m: _set(m, "patient/id", "extension", "../x"), "found ../x"),
    ("a name too long", lambda m: _text(m, "patientPerson/name/family", "A" * 257), "found 257 characters"),
    ("a tab in a name", lambda m: _text(m, "patientPerson/name/family", "A\u0080B"), "a control character"),
    ("a month as day of birth", lambda m: _set(m, "patientPerson/birthTime", "value", "201502"), "a day: yyyymmdd"),
    ("a gender of ours", lambda m: _set(m, "administrativeGenderCode", "code", "Z"), "found Z, expected M, F or UN"),
    (
        "an address of the web",
        lambda m: _set(m, "telecom", "value", "http://x"),
        "found http:, expected mailto: or tel:",
    ),
    ("a flag of words", lambda m: _set(m, "attentionLine/value", "value", "oui"), "found oui, expected true or false"),
    ("twenty-one names", lambda m: _repeat(m, "patientPerson/name/given", 21), "expected at most 20"),
]


def _find(message: etree._Element, path: str) -> etree._Element:
    found = message.find(".//" + "/".join(f"{HL7}{step}" for step in path.split("/")))
    assert found is not None
    return found


def _set(message: etree._Element, path: str, name: str, value: str) -> None:
    _find(message, path).set(name, value)


def _text(message: etree._Element, path: str, value: str) -> None:
    _find(message, path).text = value


def _drop(message: etree._Element, path: str) -> None:
    found = _find(message, path)
    parent = found.getparent()
    assert parent is not None
    parent.remove(found)


def _repeat(message: etree._Element, path: str, times: int) -> None:
    found = _find(message, path)
    for _ in range(times):
        found.addnext(etree.fromstring(etree.tostring(found)))


@pytest.mark.parametrize(("spoil", "words"), [row[1:] for row in SPOILED], ids=[row[0] for row in SPOILED])
def test_each_fault_of_a_creation_is_told_where_it_is(spoil: Callable[[etree._Element], None], words: str) -> None:
    message = record_messages.registration("CREA_RD", CX, PERSON, flags=CREATION)
    spoil(message)

    errors = faults(read_creation, message)

    assert words in " | ".join(error.context for error in errors)
    assert {error.code for error in errors} == {XdsErrorCode.SBX_MESSAGE}
    assert all(error.location.startswith("PRPA_IN201311UV02/") for error in errors)


def test_faults_are_told_together() -> None:
    message = record_messages.registration("CREA_RD", CX, PERSON, flags=CREATION)
    for _, spoil, _ in SPOILED[:3]:
        spoil(message)

    assert len(faults(read_creation, message)) >= 3


@pytest.mark.parametrize(
    ("reason", "expected"), [("REAC", TD_1_2), ("MODIF_DATA", TD_1_3B), ("FERM", TD_1_4), ("AUTRE", TD_1_2)]
)
def test_the_reason_chooses_among_transactions_of_one_interaction(reason: str, expected: object) -> None:
    message = record_messages.registration(reason, CX, PERSON)

    assert find_transaction(TD_1_2.action, message, RECORD_TRANSACTIONS) is expected


def test_a_question_without_reason_is_for_the_first_to_refuse() -> None:
    message = record_messages.existence(CX)
    assert find_transaction(TD_0_2.action, message, RECORD_TRANSACTIONS) is TD_0_2
    message.find(f".//{HL7}reasonCode").set("code", "CNSLT_DATA")
    assert find_transaction(TD_0_2.action, message, RECORD_TRANSACTIONS) is TD_1_3A


def test_an_answer_goes_back_to_the_sender_and_names_his_message() -> None:
    message = record_messages.existence(CX)
    query = read_existence_query(message)
    said = RecordSaid(
        patient_id=CX,
        active=True,
        lines=(AttentionLine(("CLE", "1.2"), datetime(2026, 1, 2, tzinfo=UTC)), AttentionLine(("B", "1.2"), False)),
        holder=Holder(traits=Traits(family="<É&>\x00")),
    )

    root = xml.parse(write_existence_answer(query, said))

    assert root.find(f"{HL7}receiver/{HL7}device/{HL7}id").get("root") == "1.2.250.1.999.8"
    assert root.find(f"{HL7}acknowledgement/{HL7}targetMessage/{HL7}id").get("root") == query.wrapper.message_id[0]
    assert root.findtext(f".//{HL7}family") == "<É&> "
    values = [one.get("value") for one in root.iterfind(f"{HL7}attentionLine/{HL7}value")]
    assert values == ["20260102000000+0000", "false"]
    order = [etree.QName(child).localname for child in root]
    assert order[-4:] == ["attentionLine", "attentionLine", "acknowledgement", "controlActProcess"]


@given(
    st.recursive(
        st.just(()), lambda inner: st.lists(st.tuples(st.sampled_from(NAMES), inner), max_size=3), max_leaves=12
    )
)
@settings(max_examples=60, deadline=None)
def test_no_message_is_so_strange_that_reading_or_refusing_it_fails(tree: object) -> None:
    for name, read in (("PRPA_IN201307UV02", read_existence_query), ("PRPA_IN201311UV02", read_creation),
                       ("PRPA_IN201314UV02", read_revision), ("PRPA_IN201305UV02", read_traits_query)):  # fmt: skip
        message = _grow(etree.Element(f"{HL7}{name}"), tree)
        errors = faults(read, message)
        refuse = write_existence_refusal if name == "PRPA_IN201307UV02" else write_registration_refusal
        if name != "PRPA_IN201305UV02":
            assert xml.parse(refuse(message, errors)) is not None


def _grow(element: etree._Element, tree: object) -> etree._Element:
    if isinstance(tree, list):
        for name, inner in tree:
            _grow(etree.SubElement(element, f"{HL7}{name}", code="é", root="1.2.3", value="x"), inner)
    return element


def _request(name: str, namespace: str = "urn:si-dmp-habilitations", **values: str) -> etree._Element:
    root = etree.Element(f"{{{namespace}}}{name}")
    for key, value in values.items():
        etree.SubElement(root, f"{{{namespace}}}{key}").text = value
    return root


def test_requests_of_the_other_services_are_read() -> None:
    asked = services.read_set_authorisation(
        _request("setAuthorization", patientId=CX, action="AJOUT", role="MEDECIN_TRAITANT")
    )
    assert (asked.action, asked.medecin_traitant) == (services.Action.ADD, True)
    listed = services.read_list_records(
        _request("patientList", "urn:si-dmp-patients", mode="LASTDOC", since="2026-11-22T10:00:00Z")
    )
    assert listed.since == datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"mode": "LASTAUTHORIZATION", "since": "2026-11-22T10:00:00Z"}, "LASTAUTORIZATION or LASTDOC"),
        ({"mode": "LASTDOC", "since": "2026-11-22T10:00:00"}, "a time in UTC"),
        ({"mode": "LASTDOC", "since": "hier"}, "a time in UTC"),
        ({"mode": "LASTDOC"}, "since: found nothing"),
    ],
    ids=["the spelling of English", "no zone", "words", "nothing"],
)
def test_a_list_of_records_says_a_mode_and_an_instant(values: dict[str, str], words: str) -> None:
    errors = faults(services.read_list_records, _request("patientList", "urn:si-dmp-patients", **values))

    assert words in errors[0].context


@pytest.mark.parametrize(
    "values",
    [
        {"email": "a@example.org, b@example.org"},
        {"email": "a@example.org;b@example.org"},
        {"email": "@"},
        {"mobile": "٠٦٠٠٠٠٠٠٠٠"},
        {"mobile": "+"},
        {"mobile": "06"},
        {},
    ],
    ids=["two", "two again", "a sign", "other digits", "a plus", "too short", "none"],
)
def test_a_channel_is_one_address_or_one_number(values: dict[str, str]) -> None:
    request = _request("patientOTPUpdate", "urn:si-dmp-patients", patientId=CX, **values)

    (error,) = faults(lambda body: services.read_patient_access(body, channel=False, channels=True), request)

    assert not any(value in error.context for value in values.values() if len(value) > 2), "no address in an answer"


def test_an_empty_channel_removes_it() -> None:
    request = _request("patientOTPUpdate", "urn:si-dmp-patients", patientId=CX, email="", mobile="+33600000000")

    read = services.read_patient_access(request, channel=False, channels=True)

    assert (read.email, read.mobile) == ("", "+33600000000")


@pytest.mark.parametrize("refuse", [write_existence_refusal, write_traits_refusal], ids=["TD0.2", "TD0.5"])
def test_a_refusal_repeats_no_more_of_a_message_than_is_read(refuse: Callable[..., bytes]) -> None:
    message = record_messages.existence(CX)
    for name in ("root", "extension"):
        message.find(f".//{HL7}queryId").set(name, "9" * 100_000)

    said = refuse(message, [RegistryError(XdsErrorCode.SBX_MESSAGE, "no")])

    assert len(said) < 5_000


def test_a_service_refuses_with_every_error_and_its_place() -> None:
    request = _request("setAuthorization", action="X")

    root = xml.parse(services.write_service_refusal(request, faults(services.read_set_authorisation, request)))

    assert root.tag == "{urn:si-dmp-habilitations}setAuthorizationResponse"
    found = [(one.get("path"), one.get("found"), one.get("expected")) for one in root.iterfind("{*}error")]
    assert ("setAuthorization/action", "X", "AJOUT or SUPPRESSION") in found
    assert ("setAuthorization/patientId", "nothing", "one element") in found
