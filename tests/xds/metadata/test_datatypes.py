from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xds.metadata.datatypes import (
    Cx,
    ReferenceId,
    Xcn,
    Xon,
    Xtn,
    escape,
    format_dtm,
    is_after,
    padded,
    parse_dtm,
    parse_field,
    parse_identifier,
    parse_language,
    parse_mime_type,
    parse_oid,
    parse_recipient,
    parse_sha1,
    parse_urn,
    parse_uuid_urn,
    unescape,
)

GOOD: list[tuple[Callable[[str], object], str]] = [
    (parse_oid, "1.2"),
    (parse_oid, "0.0.10"),
    (parse_oid, "2." + "1" * 62),
    (parse_uuid_urn, "urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60"),
    (parse_sha1, "A9993E364706816ABA3E25717850C26C9CD0D89D"),
    (parse_language, "fr-FR"),
    (parse_language, "art"),
    (parse_mime_type, "application/xslt+xml"),
    (parse_identifier, "1.2.3^abc"),
    (parse_urn, "urn:example:a/b"),
    (parse_dtm, "2004"),
    (parse_dtm, "20240229235959"),
    (parse_field, "PID-5|A^B~C"),
    (Cx.parse, "1^^^&1.2.3&ISO"),
    (Cx.parse, "1^^^&1.2.3&ISO^NH"),
    (Cx.parse, "1^^^&1.2.3&ISO^^^"),
    (ReferenceId.parse, "1^^^&1.2.3&ISO^urn:ihe:iti:xds:2013:order"),
    (ReferenceId.parse, "1.2.840.1^^^^urn:ihe:iti:xds:2016:studyInstanceUID"),
    (Xcn.parse, "^Logiciel"),
    (Xcn.parse, "801^ESSAI^Jean^^^^^^&1.2.3&ISO^D^^^IDNPS"),
    (Xcn.parse, "801^ESSAI&ESSAI"),
    (Xon.parse, "CHU"),
    (Xon.parse, "CHU^^^^^^^^^1.2.3"),
    (Xon.parse, "CHU^^^^^&1.2.3&ISO^IDNST^^^1750"),
    (Xtn.parse, "^PRN^PH^^33^1^44534551"),
    (Xtn.parse, "^^Internet^a@example.org"),
    (Xtn.parse, "^NET^Internet^a@example.org"),
    (parse_recipient, "CHU^^^^^&1.2.3&ISO^^^^1|801^ESSAI|^^Internet^a@example.org"),
    (parse_recipient, "||^^Internet^a@example.org"),
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
    (parse_sha1, "a" * 39),
    (parse_sha1, "g" * 40),
    (parse_language, "fr_FR"),
    (parse_language, ""),
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
    (Xcn.parse, "^^Jean"),
    (Xcn.parse, "801^A^B^^^^^x"),
    (Xcn.parse, "801^A^B^^^^^^1.2.3"),
    (Xcn.parse, "801^A|B"),
    (Xcn.parse, r"801^A\H\B"),
    (Xcn.parse, "801^A\\B"),
    (Xon.parse, "^^^^^&1.2.3&ISO^^^^1"),
    (Xon.parse, "CHU^^^^^^^^^1750"),
    (Xon.parse, "CHU^x"),
    (Xtn.parse, "^PRN^PH"),
    (Xtn.parse, "0144534551"),
    (Xtn.parse, "^^Internet"),
    (parse_recipient, "||"),
    (parse_recipient, "CHU|801^A|^^Internet^a@b|x"),
]


@pytest.mark.parametrize(("parse", "text"), GOOD)
def test_a_value_of_its_type_is_accepted(parse: Callable[[str], object], text: str) -> None:
    parse(text)


@pytest.mark.parametrize(("parse", "text"), BAD)
def test_a_value_that_is_not_of_its_type_is_refused_with_a_reason(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        parse(text)
    assert not text.strip() or text not in str(caught.value)


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


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)


@given(TEXTS)
def test_escapes_lose_nothing(text: str) -> None:
    assert unescape(escape(text)) == text
    assert not set(escape(text)) & set("|^&~")


@given(st.builds(Cx, identifier=TEXTS, authority=st.just("1.2.3"), type=st.sampled_from(["", "NH"])))
def test_a_patient_id_is_written_as_it_is_read(cx: Cx) -> None:
    assert Cx.parse(cx.format()) == cx


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
