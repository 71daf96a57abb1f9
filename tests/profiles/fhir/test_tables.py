import csv
import re
from pathlib import Path

import pytest

from conformance.checks.metadata import RULES
from profiles.codes import load_domain
from profiles.fhir.deviations import deviations, softened
from profiles.fhir.documents import kind_of
from profiles.fhir.elements import element_of
from profiles.fhir.requirements import profile_of, requirements
from profiles.fhir.systems import TABLE, scheme_of, uri_of

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "scheme", ["2.16.840.1.113883.6.1", "1.2.250.1.213.1.1.4.13", "1.2.3", "URN", "ASTM", "urn:x:y", "a b"]
)
def test_a_scheme_becomes_a_uri_and_comes_back(scheme):
    assert ":" in uri_of(scheme)
    assert scheme_of(uri_of(scheme)) == scheme


def test_every_address_of_a_code_system_is_read_and_the_first_is_written():
    with TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    first = {}
    for row in rows:
        first.setdefault(row["oid"], row["uri"])
        assert scheme_of(row["uri"]) == row["oid"]
    assert {oid: uri_of(oid) for oid in first} == first


def test_every_code_of_the_dmp_has_a_published_code_system():
    schemes = {scheme for keys in load_domain().codes.values() for _, scheme in keys}
    assert [scheme for scheme in sorted(schemes) if uri_of(scheme).startswith("urn:oid:")] == []


def test_the_page_on_fhir_lists_every_deviation_and_no_other():
    page = (ROOT / "docs" / "fhir.md").read_text("utf-8")
    rows = re.findall(r"^\| (`FHIR-.*?) \|", page, re.MULTILINE)
    assert {name for row in rows for name in re.findall(r"`([A-Z-]+)`", row)} == set(deviations())


def test_every_row_on_a_rule_names_one_and_a_place_of_it():
    rules = {rule.id for rule in RULES}
    for rule, attribute in softened():
        assert rule in rules
        assert element_of("ExtrinsicObject", attribute) or element_of("RegistryPackage", attribute)


def test_every_deviation_says_what_is_done_in_both_languages():
    for row in deviations().values():
        assert row.lenient_fr.endswith(".")
        assert row.lenient_en.endswith(".")


def test_every_requirement_names_a_deviation():
    for profile in ("comprehensive", "uncontained", "minimal", "simplified"):
        rows = [*requirements(profile, "DocumentReference"), *requirements(profile, "List")]
        assert rows
        assert {row.deviation for row in rows} <= set(deviations())


@pytest.mark.parametrize(
    ("name", "level"),
    [
        ("pdsm-comprehensive-provide-document-bundle", "comprehensive"),
        ("IHE.MHD.UnContained.Comprehensive.ProvideBundle", "uncontained"),
        ("IHE.MHD.Minimal.ProvideBundle", "minimal"),
        ("pdsm-simplified-publish", "simplified"),
        ("bundle", ""),
    ],
)
def test_a_profile_is_known_by_its_name(name, level):
    assert profile_of(["other", name]) == level


@pytest.mark.parametrize(
    ("profile", "code", "name"),
    [
        ("fr-bundle-document", "60591-5", "French patient summary in FHIR (IPS-FR)"),
        ("fr-bundle-document", "11488-4", "French document in FHIR"),
        ("Bundle-uv-ips", "60591-5", "International Patient Summary in FHIR"),
        ("other", "60591-5", "Patient summary in FHIR"),
        ("other", "1", "Document in FHIR"),
    ],
)
def test_a_document_in_fhir_is_recognised(profile, code, name):
    assert kind_of([profile], code).name_en == name
