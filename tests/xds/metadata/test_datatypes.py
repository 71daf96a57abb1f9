from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xds.metadata.codes import Code
from xds.metadata.datatypes import (
    DISCOURAGED_FIELDS,
    RECOMMENDED_FIELDS,
    Cx,
    ReferenceId,
    Xcn,
    Xon,
    Xtn,
    escape,
    format_coded_string,
    format_dtm,
    is_after,
    padded,
    parse_coded_string,
    parse_cx,
    parse_dtm,
    parse_field,
    parse_identifier,
    parse_integer,
    parse_language,
    parse_mime_type,
    parse_oid,
    parse_oid_urn,
    parse_recipient,
    parse_sha1,
    parse_source_patient_info,
    parse_urn,
    parse_uuid_urn,
    unescape,
)

GOOD: list[tuple[Callable[[str], object], str]] = [
    (parse_oid, "1.2"),
    (parse_oid, "0.0.10"),
    (parse_oid, "2." + "1" * 62),
    (parse_uuid_urn, "urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60"),
    (parse_oid_urn, "urn:oid:1.2.3"),
    (parse_integer, "0"),
    (parse_integer, "-12"),
    (parse_integer, "+007"),
    (parse_sha1, "A9993E364706816ABA3E25717850C26C9CD0D89D"),
    (parse_language, "fr-FR"),
    (parse_language, "art"),
    (parse_language, "zh-Hant-TW"),
    (parse_language, "x-soignant"),
    (parse_mime_type, "application/xslt+xml"),
    (parse_identifier, "1.2.3^abc"),
    (parse_urn, "urn:example:a/b"),
    (parse_dtm, "2004"),
    (parse_dtm, "20240229235959"),
    (parse_field, "PID-5|A^B~C"),
    (parse_field, "PID-39|"),
    (parse_coded_string, "SM26^^^&1.2.250.1.213&ISO"),
    (parse_cx, "1^^^&1.2.3&ISO"),
    (parse_cx, r"A\T\B\S\C^^^&1.2.3&ISO"),
    (Cx.parse, "1^^^&1.2.3&ISO"),
    (Cx.parse, "1^^^&1.2.3&ISO^NH"),
    (Cx.parse, "1^^^&1.2.3&ISO^^^"),
    (ReferenceId.parse, "1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order"),
    (ReferenceId.parse, "1.2.840.1^^^^urn:ihe:iti:xds:2016:studyInstanceUID"),
    (ReferenceId.parse, "1.2.840.2^^^^urn:ihe:iti:xdw:2013:workflowInstanceId"),
    (ReferenceId.parse, "urn:oid:1.2.840.3^^^&1.2.3&ISO^urn:ihe:iti:xdw:2013:workflowInstanceId"),
    (ReferenceId.parse, "A12^^^HOSPITAL^urn:ihe:iti:xds:2013:accession"),
    (ReferenceId.parse, "E1^^^&1.2.3&ISO^urn:ihe:iti:xds:2015:encounterId"),
    (ReferenceId.parse, "urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60^^^^urn:ihe:iti:xds:2013:referral"),
    (ReferenceId.parse, "0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60^^^^urn:ihe:iti:xds:2013:order"),
    (ReferenceId.parse, r"1.2.3\S\7^^^^urn:ihe:iti:xds:2013:order"),
    (ReferenceId.parse, "anything^^^^urn:ihe:iti:xds:2013:uniqueId"),
    (ReferenceId.parse, "7^^^&1.2.3&ISO^local"),
    (ReferenceId.parse, "9" * 300 + "^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order^^"),
    (Xcn.parse, "^Logiciel"),
    (Xcn.parse, "801^ESSAI^Jean^^^^^^&1.2.3&ISO^D^^^IDNPS"),
    (Xcn.parse, "801^ESSAI&ESSAI"),
    (Xcn.parse, "801"),
    (Xcn.parse, "801^^^^^^^^^^^"),
    (Xcn.parse, "801^ESSAI^Jean^Luc^Jr^Dr^MD^^&1.2.3&ISO^L^^^RI^&1.2&ISO"),
    (Xon.parse, "CHU"),
    (Xon.parse, "CHU^^^^^^^^^1.2.3"),
    (Xon.parse, "CHU^^^^^&1.2.3&ISO^^^^1.2.4"),
    (Xon.parse, r"Soins \T\ Cie^^^^^^^^^"),
    (Xon.parse, "CHU^^^^^&1.2.3&ISO^IDNST^^^1750"),
    (Xtn.parse, "^PRN^PH^^33^1^44534551"),
    (Xtn.parse, "^^Internet^a@example.org"),
    (Xtn.parse, "^NET^Internet^a@example.org"),
    (parse_recipient, "CHU^^^^^&1.2.3&ISO^^^^1|801^ESSAI|^^Internet^a@example.org"),
    (parse_recipient, "||^^Internet^a@example.org"),
    (parse_recipient, "|^Logiciel"),
    (parse_recipient, "CHU"),
]
BAD: list[tuple[Callable[[str], object], str]] = [
    (parse_oid, "1"),
    (parse_oid, "1.02"),
    (parse_oid, "1..2"),
    (parse_oid, "1.2."),
    (parse_oid, "1.٣"),
    (parse_oid, "1.2\n"),
    (parse_oid, "2." + "1" * 63),
    (parse_uuid_urn, "urn:uuid:0F5D2A54-6A3C-4C6F-9F7E-2B1C3D4E5F60"),
    (parse_uuid_urn, "0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60"),
    (parse_uuid_urn, "urn:uuid:0f5d2a546a3c4c6f9f7e2b1c3d4e5f60"),
    (parse_uuid_urn, "urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f6g"),
    (parse_oid_urn, "1.2.3"),
    (parse_oid_urn, "urn:oid:1"),
    (parse_oid_urn, "URN:OID:1.2"),
    (parse_integer, ""),
    (parse_integer, "1.0"),
    (parse_integer, "0x1"),
    (parse_integer, "１"),
    (parse_integer, "1" * 19),
    (parse_sha1, "a" * 39),
    (parse_sha1, "g" * 40),
    (parse_language, "fr_FR"),
    (parse_language, ""),
    (parse_language, "x"),
    (parse_language, "fr-"),
    (parse_language, "françaises"),
    (parse_mime_type, "text"),
    (parse_mime_type, "text/xml; charset=utf-8"),
    (parse_identifier, ""),
    (parse_identifier, "a b"),
    (parse_identifier, "1" * 129),
    (parse_urn, "colour"),
    (parse_urn, "urn:x:"),
    (parse_dtm, ""),
    (parse_dtm, "200"),
    (parse_dtm, "0000"),
    (parse_dtm, "20230229"),
    (parse_dtm, "20231301"),
    (parse_dtm, "2023010124"),
    (parse_dtm, "20230101235960"),
    (parse_dtm, "20230101+0100"),
    (parse_dtm, "20230101120000.5"),
    (parse_dtm, "２０２３"),
    (parse_field, "PID-5"),
    (parse_field, "5|A"),
    (parse_field, "PID-0|A"),
    (parse_field, "PID-x|A"),
    (parse_field, "PID-40|A"),
    (parse_field, "PID-05|A"),
    (parse_field, "pid-5|A"),
    (parse_coded_string, "SM26"),
    (parse_coded_string, "^^^&1.2.3&ISO"),
    (parse_coded_string, "SM26^Médecine^^&1.2.3&ISO"),
    (parse_coded_string, "SM26^^^1.2.3"),
    (parse_coded_string, "SM26^^^&1.2.3&ISO^x"),
    (parse_coded_string, "a&b^^^&1.2.3&ISO"),
    (parse_cx, "1^^^&1.2.3&ISO^NH"),
    (parse_cx, "1^^^&1.2.3&OID"),
    (parse_cx, "1^^x^&1.2.3&ISO"),
    (parse_cx, "1^^^&1.2.3"),
    (parse_cx, "1|2^^^&1.2.3&ISO"),
    (parse_cx, r"1\N\^^^&1.2.3&ISO"),
    (parse_cx, r"1\Z01\^^^&1.2.3&ISO"),
    (Cx.parse, ""),
    (Cx.parse, "^^^&1.2.3&ISO"),
    (Cx.parse, "1"),
    (Cx.parse, "1^2^^&1.2.3&ISO"),
    (Cx.parse, "1^^^A&1.2.3&ISO"),
    (Cx.parse, "1^^^&1.2.3&iso"),
    (Cx.parse, "1^^^&x&ISO"),
    (Cx.parse, "1^^^&1.2.3&ISO^NH^x"),
    (Cx.parse, "1&2^^^&1.2.3&ISO"),
    (Cx.parse, "1^^^&1.2.3&ISO~2^^^&1.2.3&ISO"),
    (ReferenceId.parse, "1"),
    (ReferenceId.parse, "^^^^urn:x:y"),
    (ReferenceId.parse, "1^^^&x&ISO^urn:x:y"),
    (ReferenceId.parse, "1^^^^urn:ihe:iti:xds:2013:order"),
    (ReferenceId.parse, "1^^^A&1.2.3&ISO^urn:ihe:iti:xds:2013:order"),
    (ReferenceId.parse, "1^2^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order"),
    (ReferenceId.parse, "1^^3^&1.2.3&ISO^urn:ihe:iti:xds:2013:order"),
    (ReferenceId.parse, "1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order^6"),
    (ReferenceId.parse, "1&2^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order"),
    (ReferenceId.parse, "1^^^&1.2.3&ISO^a&b"),
    (ReferenceId.parse, "1.2.840.1^^^&1.2.3&ISO^urn:ihe:iti:xds:2016:studyInstanceUID"),
    (ReferenceId.parse, "1.2.840.1^^^HOSPITAL^urn:ihe:iti:xds:2016:studyInstanceUID"),
    (ReferenceId.parse, "1^^^&1.2.3&ISO^urn:x:y~2^^^&1.2.3&ISO^urn:x:y"),
    (Xcn.parse, "^^Jean"),
    (Xcn.parse, "801^A^B^^^^^x"),
    (Xcn.parse, "801^A^B^^^^^^1.2.3"),
    (Xcn.parse, "801^A^B^^^^^^HOSPITAL&1.2.3&ISO"),
    (Xcn.parse, "801&1^A"),
    (Xcn.parse, "801^A^B&C"),
    (Xcn.parse, r"801^A&\H\^B"),
    (Xcn.parse, r"801^A^^^^^^^^^^\H\x"),
    (Xcn.parse, "801^A|B"),
    (Xcn.parse, r"801^A\H\B"),
    (Xcn.parse, "801^A\\B"),
    (Xon.parse, "^^^^^&1.2.3&ISO^^^^1"),
    (Xon.parse, "CHU^^^^^^^^^1750"),
    (Xon.parse, "CHU^x"),
    (Xon.parse, "CHU^^^^^HOSPITAL&1.2.3&ISO^^^^1750"),
    (Xon.parse, "CHU^^^^^&1.2.3&UUID^^^^1750"),
    (Xon.parse, "CHU^^^^^^^^^^x"),
    (Xon.parse, "CHU&Seine"),
    (Xtn.parse, "^PRN^PH"),
    (Xtn.parse, "0144534551"),
    (Xtn.parse, "^^Internet"),
    (Xtn.parse, "^PRN^^^33^1^44534551"),
    (Xtn.parse, "^^Internet^a@b|c"),
    (parse_recipient, "||"),
    (parse_recipient, ""),
    (parse_recipient, "|^^Jean"),
    (parse_recipient, "CHU|801^A|^^Internet^a@b|x"),
]


@pytest.mark.parametrize(("parse", "text"), GOOD)
def test_a_value_of_its_type_is_accepted(parse: Callable[[str], object], text: str) -> None:
    parse(text)


@pytest.mark.parametrize(("parse", "text"), BAD)
def test_a_value_that_is_not_of_its_type_is_refused_with_a_reason(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(text)
    # A value may be a patient's: the reason never repeats it (one letter proves nothing).
    assert len(text) < 2 or text not in str(caught.value)


def test_a_patient_id_tells_its_parts() -> None:
    assert Cx.parse("279^^^&1.2.250.1.213.1.4.10&ISO^NH") == Cx(
        identifier="279", authority="1.2.250.1.213.1.4.10", type="NH"
    )


def test_a_professional_and_an_organisation_tell_their_parts() -> None:
    person = Xcn.parse(r"801^O\S\NEIL^Jean^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS")
    assert (person.identifier, person.family, person.given, person.authority) == (
        "801", "O^NEIL", "Jean", "1.2.250.1.71.4.2.1"
    )  # fmt: skip
    assert (person.name_type, person.id_type) == ("D", "IDNPS")
    organisation = Xon.parse("CHU^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1750")
    assert organisation == Xon(name="CHU", identifier="1750", authority="1.2.250.1.71.4.2.2", id_type="IDNST")


def test_the_source_tells_a_patient_field_by_field() -> None:
    values = ("PID-3|1^^^&1.2&ISO~2^^^&1.3&ISO", "PID-5|DURAND^Anne", "PID-5|PETIT^Anne", "PID-7|19790312", "PID-8|F")
    fields = parse_source_patient_info(values)
    assert [number for number, _ in fields] == [3, 3, 5, 5, 7, 8]
    assert fields[1] == (3, "2^^^&1.3&ISO")
    assert parse_source_patient_info(()) == ()
    assert not RECOMMENDED_FIELDS & DISCOURAGED_FIELDS


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (("PID-7|1979", "PID-7|1980"), "more than one value of PID-7"),
        (("PID-8|F~M",), "more than one value of PID-8"),
        (("DURAND",), "not of the form"),
    ],
)
def test_two_birth_dates_two_sexes_or_no_field_are_refused(values: tuple[str, ...], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_source_patient_info(values)


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(TEXTS)
def test_escapes_lose_nothing(text: str) -> None:
    assert unescape(escape(text)) == text
    assert not set(escape(text)) & set("|^&~")


@given(st.builds(Cx, identifier=TEXTS, authority=st.just("1.2.3"), type=st.sampled_from(["", "NH"])))
def test_a_patient_id_is_written_as_it_is_read(cx: Cx) -> None:
    assert Cx.parse(cx.format()) == cx


@given(st.builds(Code, TEXTS, st.just("1.2.3")))
def test_a_coded_string_is_written_as_read(code: Code) -> None:
    assert parse_coded_string(format_coded_string(code)) == code


@given(st.builds(ReferenceId, identifier=TEXTS, type=TEXTS, authority=st.sampled_from(["&1.2.3&ISO", "HOSPITAL"])))
def test_a_reference_is_written_as_read(reference: ReferenceId) -> None:
    assert ReferenceId.parse(reference.format()) == reference


OPTIONAL = st.just("") | TEXTS


@given(
    st.builds(
        Xcn, identifier=OPTIONAL, family=TEXTS, given=OPTIONAL, authority=st.sampled_from(["", "1.2"]), id_type=OPTIONAL
    )
)
def test_a_person_is_written_as_read(person: Xcn) -> None:
    assert Xcn.parse(person.format()) == person


@given(st.builds(Xon, name=TEXTS, identifier=OPTIONAL, authority=st.just("1.2"), id_type=OPTIONAL))
def test_an_organisation_is_written_as_read(organisation: Xon) -> None:
    assert Xon.parse(organisation.format()) == organisation


@given(st.datetimes(min_value=datetime(1, 1, 2), timezones=st.just(UTC)), st.sampled_from([4, 6, 8, 10, 12, 14]))
def test_a_time_is_padded_to_its_earliest_instant(moment: datetime, precision: int) -> None:
    text = format_dtm(moment)[:precision]
    assert padded(text)[:precision] == text
    assert parse_dtm(text) == parse_dtm(padded(text)) <= moment


def test_a_time_is_written_in_utc() -> None:
    paris = timezone(timedelta(hours=1))
    assert format_dtm(datetime(2020, 3, 12, 11, 17, tzinfo=paris)) == "20200312101700"
    with pytest.raises(ValueError, match="without zone"):
        format_dtm(datetime(2020, 3, 12))


@pytest.mark.parametrize(
    ("later", "earlier", "after"),
    [
        ("2005", "2004", True),
        ("2004", "20040601", False),
        ("20040602", "200406", False),
        ("200407", "20040630235959", True),
        ("2004", "2004", False),
    ],
)
def test_times_are_compared_at_their_common_precision(later: str, earlier: str, after: bool) -> None:
    assert is_after(later, earlier) is after
