import pytest

from profiles.codes import load_domain, value_set

DOMAIN = load_domain()


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("JDV_J02_XdsHealthcareFacilityTypeCode_CISIS", 69),
        ("JDV_J04_XdsPracticeSettingCode_CISIS", 12),
        ("JDV_J07_XdsTypeCode_CISIS", 114),
        ("JDV_J08_XdsConfidentialityCode_CISIS", 6),
        ("JDV_J57_ClassCode_DMP", 11),
    ],
)
def test_a_value_set_has_the_published_number_of_codes(name: str, count: int) -> None:
    assert len(value_set(name)) == count


def test_a_value_set_that_is_not_there_is_said_so() -> None:
    with pytest.raises(FileNotFoundError):
        value_set("JDV_J00")


def test_the_domain_is_read_once() -> None:
    assert load_domain() is DOMAIN


def test_every_type_has_a_class_of_the_dmp() -> None:
    assert set(DOMAIN.class_by_type.values()) <= DOMAIN.codes["classCode"]
    assert set(DOMAIN.class_by_type) <= DOMAIN.codes["typeCode"]
    assert {code for code, _ in DOMAIN.codes["classCode"]} == set(DOMAIN.class_names)


@pytest.mark.parametrize(
    ("type_code", "scheme", "expected"),
    [
        ("SYNTH", "1.2.250.1.213.1.1.4.12", "11"),
        ("11502-2", "2.16.840.1.113883.6.1", "10"),
        ("18748-4", "2.16.840.1.113883.6.1", "31"),
        ("EXPPAT_3", "1.2.250.1.213.1.1.4.12", "90"),
        ("89235-6", "2.16.840.1.113883.6.1", "11"),
    ],
)
def test_a_class_is_derived_from_its_type(type_code: str, scheme: str, expected: str) -> None:
    assert DOMAIN.class_of(type_code, scheme) == (expected, "1.2.250.1.213.1.1.4.1")
    assert DOMAIN.class_of(type_code, "1.2.3") is None


def test_the_type_of_a_lot_signature_is_no_type_of_care() -> None:
    assert DOMAIN.lot_signature.is_type(("E1762", "ASTM"))
    assert not DOMAIN.allows("typeCode", "E1762", "ASTM")


def test_an_attribute_without_list_allows_everything() -> None:
    assert DOMAIN.allows("eventCodeList", "anything", "anywhere")


def test_only_test_identities_are_known() -> None:
    assert DOMAIN.patient_authorities == {"1.2.250.1.213.1.4.10", "1.2.250.1.213.1.4.11"}
