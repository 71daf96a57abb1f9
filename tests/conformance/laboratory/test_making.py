"""Results become a document, each type of OBX by its table; what is missing is told, and nothing is invented."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest
from lxml import etree

from conformance.laboratory.making import Made, make_document
from conformance.laboratory.remarks import Kind
from conformance.validate import validate
from gateway.ingest.hl7v2.judging import judged, taken
from samples.documents.patients import CLAIRE
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import oru
from samples.hl7v2.plain import results
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.reading import read_message
from xds.hl7v2.terms import Terms

NAME = "{urn:hl7-org:v3}"
TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def made_of(message: Er7 | bytes) -> Made:
    data = message if isinstance(message, bytes) else message.bytes
    reading = read_message(data)
    assert isinstance(reading.message, DocumentMessage)
    return make_document(reading.message, reading.segments, data)


def content_of(message: Er7) -> bytes:
    made = made_of(message)
    assert made.content is not None, made.remarks
    return made.content


def told(made: Made, kind: Kind) -> list[str]:
    return [one.location for one in made.remarks if one.kind is kind]


def flat(value: etree._Element) -> tuple[str | None, str]:
    """The type of a value, and what it says on one line."""
    parts: Iterable[str] = (
        f"{etree.QName(one).localname}={one.get('value') or one.get('code')}{one.get('unit') or ''}"
        f"{' open' if one.get('inclusive') else ''}"
        for one in (value, *value)
        if one.get("value") or one.get("code")
    )
    return value.get(TYPE), " ".join(parts) or (value.text or "")


@pytest.mark.parametrize(
    ("observation", "type_", "said", "shown"),
    [
        ("NM|4548-4^HbA1c^LN||7.2|%^^UCUM|||||F", "PQ", "value=7.2%", "7.2 %"),
        ("NM|4548-4^HbA1c^LN||+.5|%^^UCUM|||||F", "PQ", "value=0.5%", "+.5 %"),
        ("NM|6301-6^INR^LN||2.4||||||F", "PQ", "value=2.4", "2.4"),
        ("NM|4548-4^HbA1c^LN||7.2|points^^LABO|||||F", "ST", "7.2 points", "7.2 points"),
        ("SN|2160-0^Créatinine^LN||<^20|umol/L^^UCUM|||||F", "IVL_PQ", "high=20umol/L open", "<20 umol/L"),
        ("SN|2160-0^Créatinine^LN||>=^20|umol/L^^UCUM|||||F", "IVL_PQ", "low=20umol/L", ">=20 umol/L"),
        (
            "SN|2160-0^Créatinine^LN||^20^-^30|umol/L^^UCUM|||||F",
            "IVL_PQ",
            "low=20umol/L high=30umol/L",
            "20 - 30 umol/L",
        ),
        ("SN|5195-3^Titre^LN||^1^:^128||||||F", "ST", "1:128", "1:128"),
        ("SN|2160-0^Créatinine^LN||<^20^-^30|umol/L^^UCUM|||||F", "ST", "<20 - 30 umol/L", "<20 - 30 umol/L"),
        ("SN|2160-0^Créatinine^LN||^30^-^20|umol/L^^UCUM|||||F", "ST", "30 - 20 umol/L", "30 - 20 umol/L"),
        ("SN|5778-6^Nitrites^LN||^2^+||||||F", "ST", "2+", "2+"),
        ("SN|2160-0^Créatinine^LN||=^20|umol/L^^UCUM|||||F", "PQ", "value=20umol/L", "20 umol/L"),
        ("CE|883-9^ABO^LN||112144000^Groupe A^SCT||||||F", "CD", "value=112144000", "Groupe A"),
        ("CWE|883-9^ABO^LN||A^Groupe A^LABO^112144000^Groupe A^SCT||||||F", "CD", "value=112144000", "Groupe A"),
        ("CE|883-9^ABO^LN||A^Groupe A^LABO||||||F", "ST", "Groupe A", "Groupe A"),
        ("ST|5767-9^Aspect^LN||Limpide||||||F", "ST", "Limpide", "Limpide"),
        ("ST|5767-9^Aspect^LN||a\\F\\b\\S\\c||||||F", "ST", "a|b^c", "a|b^c"),
        ("TX|8251-1^Note^LN||un~deux||||||F", "ST", "un\ndeux", "undeux"),
        ("FT|8251-1^Note^LN||un\\.br\\deux\\.sp\\trois||||||F", "ST", "un\ndeux\ntrois", "undeuxtrois"),
        ("DT|8665-2^Règles^LN||20260201||||||F", "TS", "value=20260201", "01/02/2026"),
        ("TS|8665-2^Règles^LN||202602010830||||||F", "TS", "value=202602010830+0100", "01/02/2026 08:30"),
    ],
)
def test_each_type_of_obx_has_its_value(observation: str, type_: str, said: str, shown: str) -> None:
    content = content_of(results((observation,)))

    root = etree.fromstring(content)
    (value,) = (one for one in root.iter(f"{NAME}value"))
    assert flat(value) == (type_, said)
    cells = list(root.iter(f"{NAME}td"))
    assert "".join(map(str, cells[1].itertext())) == shown
    assert validate(content).valid


@pytest.mark.parametrize(
    ("status", "entry", "note"),
    [
        ("F", "completed", ""),
        ("C", "completed", "Résultat corrigé"),
        ("P", "active", "Résultat provisoire"),
        ("X", "aborted", "Résultat impossible à obtenir"),
    ],
)
def test_each_status_is_that_of_the_entry_and_is_said(status: str, entry: str, note: str) -> None:
    content = content_of(results((f"NM|4548-4^HbA1c^LN||7.2|%^^UCUM|||||{status}",)))

    (observation,) = etree.fromstring(content).iter(f"{NAME}observation")
    found = observation.find(f"{NAME}statusCode")
    assert found is not None
    assert found.get("code") == entry
    assert note.encode() in content
    assert validate(content).valid


@pytest.mark.parametrize(
    ("usual", "bounds"),
    [
        ("4.0-6.0", "low=4.0% high=6.0%"),
        ("4.0 – 6.0", "low=4.0% high=6.0%"),
        ("<6", "high=6% open"),
        (">= 4", "low=4%"),
        ("6-4", None),
        ("négatif", None),
    ],
)
def test_a_range_is_numbers_where_it_can_be_and_words_where_not(usual: str, bounds: str | None) -> None:
    content = content_of(results((f"NM|4548-4^HbA1c^LN||7.2|%^^UCUM|{usual}||||F",)))

    (found,) = etree.fromstring(content).iter(f"{NAME}observationRange")
    value = found.find(f"{NAME}value")
    assert (flat(value)[1] if value is not None else None) == bounds
    assert usual.replace("<", "&lt;").replace(">", "&gt;").encode() in content
    assert validate(content).valid


def test_the_good_sample_is_valid_and_the_same_each_time() -> None:
    message = results(control_id="L42")
    assert content_of(message) == content_of(results(control_id="L42"))
    assert content_of(message) != content_of(results(control_id="L43"))
    assert validate(content_of(message)).findings == ()
    reading = judged(message.bytes, Terms())
    assert reading.accepted
    assert taken(message.bytes) == reading.message


MISSING = [
    ("PID^1^3", "", "PID^1^3"),
    ("PID^1^5", "MODELE^^^^^^L", "PID^1^5"),
    ("PID^1^7", "", "PID^1^7"),
    ("PID^1^8", "", "PID^1^8"),
    ("PID^1^11", "", "PID^1^11"),
    ("OBR^1^32", "", "OBR^1^32"),
    ("OBX^1^23", "", "OBX^1^23"),
    ("OBX^1^23", "Labo^^^^^^^^^12", "OBX^1^23"),
    ("OBX^1^2", "CX", "OBX^1^2"),
    ("OBX^1^5", "7,2", "OBX^1^5"),
    ("OBX^1^5", "1~2", "OBX^1^5"),
    ("OBX^1^5", "9" * 40, "OBX^1^5"),
    ("OBX^1^11", "D", "OBX^1^11"),
    ("OBX^1^11", "W", "OBX^1^11"),
    ("OBX^1^14", "20261301", "OBX^1^14"),
    ("ORC^1^1", "RO", "ORC^1^1"),
    ("ORC^1^1", "CA", "ORC^1^1"),
    ("OBR^1^25", "C", "OBR^1^25"),
]


@pytest.mark.parametrize(("place", "value", "location"), MISSING)
def test_what_nobody_may_invent_is_an_error_at_its_place(place: str, value: str, location: str) -> None:
    made = made_of(results(("NM|4548-4^HbA1c^LN||7.2|%^^UCUM|||||F",)).with_field(place, value))

    assert made.content is None
    assert told(made, Kind.ERROR) == [location]


@pytest.mark.parametrize("value", ["^1^^128", "^1^x^128", "~^20", "^a", "^1^-^b", "^^-^2", "=>^2"])
def test_two_numbers_that_nothing_keeps_apart_are_an_error_and_not_one_number(value: str) -> None:
    made = made_of(results((f"SN|5195-3^Titre^LN||{value}||||||F",)))

    assert made.content is None
    assert [(one.rule, one.location) for one in made.remarks if one.kind is Kind.ERROR] == [
        ("RES-STRUCTURED", "OBX^1^5")
    ]
    assert "RES-EMPTY" not in {one.rule for one in made.remarks}


def test_a_time_without_offset_takes_that_of_the_message_and_none_is_guessed() -> None:
    message = results(("NM|4548-4^HbA1c^LN||7.2|%^^UCUM|||||F",)).with_field("OBX^1^14", "202603010955")
    assert b'<effectiveTime value="202603010955+0100"/>' in content_of(message)

    made = made_of(message.with_field("MSH^1^7", "20260301101500"))
    assert (made.content, told(made, Kind.ERROR)) == (None, ["MSH^1^7"])


@pytest.mark.parametrize(
    ("place", "value", "kind", "location"),
    [
        ("OBR^1^24", "", Kind.ASSUMED, "OBR^1^24"),
        ("OBR^1^4", "BILAN^Bilan^LABO", Kind.ASSUMED, "OBR^1^4"),
        ("OBR^1^22", "", Kind.ASSUMED, "OBR^1^22"),
        ("OBR^1^14", "", Kind.ASSUMED, ""),
        ("OBR^1^2", "P42", Kind.LEFT_OUT, "OBR^1^2"),
        ("OBR^1^16", "12^ESSAI^Anne", Kind.LEFT_OUT, "OBR^1^16"),
        ("OBR^1^16", "810009999995", Kind.LEFT_OUT, "OBR^1^16"),
        ("OBR^1^32", "810099998055&ETALON&Karim", Kind.ASSUMED, "OBR^1^32"),
        ("OBX^1^3", "HBA1C^HbA1c^LABO", Kind.ASSUMED, "OBX^1^3"),
        ("OBX^1^4", "1", Kind.ASSUMED, "OBX^1^4"),
        ("OBX^1^5", "", Kind.ASSUMED, "OBX^1^5"),
        ("OBX^1^6", "%", Kind.ASSUMED, "OBX^1^6"),
        ("OBX^1^6", "points", Kind.ASSUMED, "OBX^1^6"),
        ("OBX^1^8", "ZZ", Kind.LEFT_OUT, "OBX^1^8"),
        ("OBX^1^14", "", Kind.ASSUMED, "OBX^1^14"),
        ("PID^1^8", "O", Kind.ASSUMED, "PID^1^8"),
    ],
)
def test_what_stands_in_or_is_left_out_is_told_and_the_document_is_valid(
    place: str, value: str, kind: Kind, location: str
) -> None:
    made = made_of(results(("NM|4548-4^HbA1c^LN||7.2|%^^UCUM|||||F",)).with_field(place, value))

    assert made.content is not None, made.remarks
    assert not location or location in told(made, kind)
    assert validate(made.content).valid


def test_comments_go_to_what_they_are_of_and_one_that_is_of_nothing_is_told() -> None:
    message = results().after("OBX^1", "NTE|1|L|Contrôlé~Deux fois").after("PID^1", "NTE|1|L|Du patient")

    made = made_of(message)

    assert told(made, Kind.LEFT_OUT) == ["NTE^1^3"]
    assert made.content is not None
    root = etree.fromstring(made.content)
    (cell,) = (one for one in root.iter(f"{NAME}content") if one.get("ID") == "b1-1-r1-c1")
    assert "".join(map(str, cell.itertext())) == "ContrôléDeux fois"
    assert b"Du patient" not in made.content


def test_two_orders_of_two_chapters_are_two_sections_each_with_its_own() -> None:
    first = results(("NM|4548-4^HbA1c^LN||7.2|%^^UCUM|||||F",))
    lines = [line.replace("||CH|F|", "||HM|F|") for line in first.lines[3:]]
    both = Er7.of([*first.lines, *lines])

    content = content_of(both)

    sections = list(etree.fromstring(content).iter(f"{NAME}section"))
    assert len(sections) == 4
    assert validate(content).valid


HOSTILE = ("<x>&\"']]>", "\x01\x1b\u2028", "^^^^^^^^^^^^^^^", "~~~~", "&&&&&", "\\X00\\\\.zz\\", "9" * 5000, '""')
PLACES = [
    f"{name}^1^{number}"
    for name, most in (("PID", 33), ("PV1", 46), ("ORC", 20), ("OBR", 35), ("OBX", 24), ("NTE", 5), ("SPM", 20))
    for number in range(1, most)
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_no_field_makes_it_fail_or_a_document_that_is_not_valid(value: str) -> None:
    good = results(("NM|4548-4^HbA1c^LN||7.2|%^^UCUM|4-6|H|||F", "ST|5767-9^Aspect^LN||Limpide||||||F"))
    contents = {made_of(good.with_field(place, value)).content for place in PLACES}
    for content in contents - {None}:
        assert content is not None
        assert [one.rule for one in validate(content).findings if one.severity == "error"] == []


def test_no_segment_that_is_missing_or_twice_makes_it_fail() -> None:
    good = results()
    names = [f"{one[0]}^1" for one in good.segments[1:]]
    for place in dict.fromkeys(names):
        made_of(good.without(place))
    for one, other in itertools.permutations(dict.fromkeys(names), 2):
        made_of(good.moved(one, other))


def test_a_message_with_a_document_is_left_as_it_is() -> None:
    data = oru().bytes
    assert judged(data, Terms()).message == read_message(data).message


def test_results_obey_what_the_message_says_of_who_may_see_them() -> None:
    carrying = oru()
    metadata = [line for line in carrying.lines if "MetaDMPMSS" in line]
    said = Er7.of([*results(patient=CLAIRE).lines[:-1], *metadata]).metadata("MASQUE_PS", "Y").metadata("DESTDMP", "N")

    reading = judged(said.bytes, Terms())

    assert isinstance(reading.message, DocumentMessage)
    assert reading.message.instructions.masque_ps
    assert not reading.message.instructions.destdmp
    assert len(reading.message.documents) == 1


def test_results_for_the_dmp_need_a_qualified_patient() -> None:
    faults = judged(results().with_field("PID^1^32", "PROV").bytes, Terms()).faults
    assert [one.rule for one in faults if one.severity == "E"] == ["H-10-QUALIFIED"]


def test_results_with_a_fault_of_hl7_are_told_that_and_what_is_missing_at_once() -> None:
    faults = judged(results().without("PV1^1").with_field("OBX^1^5", "sept").bytes, Terms()).faults
    assert [one.location for one in faults if one.severity == "E"] == ["PV1^1", "OBX^1^5"]


@pytest.mark.parametrize(
    ("place", "value", "condition"),
    [
        ("OBX^1^5", "sept", "102"),
        ("OBX^1^2", "XPN", "102"),
        ("OBX^1^5", "7~8", "198"),
        ("OBX^1^11", "B", "103"),
        ("ORC^1^1", "RO", "199"),
        ("PID^1^8", "", "101"),
    ],
)
def test_what_hl7_calls_a_fault_of_results_is_what_is_wrong_with_them(place: str, value: str, condition: str) -> None:
    faults = judged(results().with_field(place, value).bytes, Terms()).faults
    assert condition in {one.condition for one in faults if one.location == place and one.severity == "E"}


@pytest.mark.parametrize(
    "message",
    [
        results(["NM|4548-4^HbA1c^LN||7.2|%^^UCUM|4-6|H|||F"] * 1_500),
        results(["FT|8251-1^Note^LN||" + "\\.br\\" * 150_000 + "||||||F"]),
        results(["NM|4548-4^HbA1c^LN||7.2|%^^UCUM|4-6|" + "H~L~" * 90 + "|||F"] * 100),
    ],
    ids=["results", "lines", "flags"],
)
def test_a_message_of_any_size_is_judged(message: Er7) -> None:
    reading = judged(message.bytes, Terms())
    assert reading.accepted or [one.location for one in reading.faults if one.severity == "E"]
