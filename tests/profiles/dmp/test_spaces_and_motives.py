"""Where documents are shown, and why records are closed."""

from __future__ import annotations

import pytest

from profiles.codes import load_domain
from profiles.dmp.motives import motives
from profiles.dmp.spaces import Place, Space, place_of


@pytest.mark.parametrize(
    ("type_code", "class_code", "roles", "space", "category"),
    [
        ("60591-5", "11", (), "SYNTHESES", "SYNTHESE"),
        ("DOCPAT08", "11", (), "SYNTHESES", "SYNTH_PML"),
        ("57833-6", "42", (), "CARE", "ORD_SOIN"),
        ("60593-1", "43", (), "CARE", "ORD_SOIN"),
        ("18776-5", "44", (), "CARE", "ORD_SOIN"),
        ("80565-5", "45", (), "CARE", "ORD_SOIN"),
        ("11490-0", "10", (), "REPORTS", "CPT_REND"),
        ("11502-2", "10", (), "BIOLOGY", "BIOLOGIE"),
        ("60568-3", "10", (), "BIOLOGY", "BIOLOGIE"),
        ("DOCPAT05", "10", (), "BIOLOGY", "BIOLOGIE"),
        ("18748-4", "31", (), "IMAGING", "RADIO_SC"),
        ("75492-9", "10", (), "PREVENTION", "DEPISTAG"),
        ("87273-9", "52", (), "PREVENTION", "CAR_VAC"),
        ("11369-6", "52", (), "PREVENTION", "CAR_VAC"),
        ("89601-9", "52", (), "CERTIFICATES", "CERT_MED"),
        ("REMB", "60", ("ALIM_AM",), "REIMBURSEMENTS", "REMB"),
        ("EXPPAT_1", "90", (), "PERSONAL", "VDP"),
        ("EXPPAT_2", "90", (), "PERSONAL", "AUTR_DOC"),
        ("EXPPAT_3", "90", ("EXP_PATIENT",), "PERSONAL", "DIR_ANT"),
        ("74465-6", "90", (), "PERSONAL", "QUEST_SANTE"),
        ("DOCPAT03", "10", ("EXP_PATIENT",), "PERSONAL", "AUTR_DOC"),
        ("ATTEST-RESID", "95", (), "ADMINISTRATIVE", "DOC_ADM"),
    ],
)
def test_a_document_is_shown_in_one_space(
    type_code: str, class_code: str, roles: tuple[str, ...], space: str, category: str
) -> None:
    place = place_of(type_code, class_code, roles)
    assert place is not None
    assert (place.space, place.category) == (space, category)


def test_every_known_type_has_a_space() -> None:
    places: set[Place | None] = set()
    for (code, _), of_class in load_domain().class_by_type.items():
        if code != "E1762":
            places.add(place_of(code, of_class[0]))
    assert None not in places
    assert {place.space for place in places if place is not None} == set(Space)


def test_the_signature_of_a_lot_is_shown_nowhere() -> None:
    assert place_of("E1762", "urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1") is None


def test_each_space_has_two_names_of_its_own() -> None:
    assert len({space.label for space in Space}) == len(Space)


def test_motives_go_to_fhir_and_back() -> None:
    for motive in motives().values():
        assert [one for one in motives().values() if one.fhir_code == motive.fhir_code] == [motive]
        assert motive.system == "1.2.250.1.213.4.1.2.4"
        assert motive.label_fr
        assert motive.label_en


def test_one_motive_is_published_the_others_are_of_the_sandbox() -> None:
    published = [motive.code for motive in motives().values() if motive.is_published]
    assert published == ["FERMETURE_DEMANDE_PATIENT"]
    assert set(motives()) == {"FERMETURE_DEMANDE_PATIENT", "DECES", "OPPOSITION_ENS", "DECISION_GESTIONNAIRE"}
