"""`ecluse validate` of every spelling: folders, the standard input, what is ours and what is not, each format."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from conformance.reports.formats import FORMATS
from gateway.cli.main import main
from gateway.cli.validate_files import sources
from gateway.cli.validate_watch import stamp_of
from gateway.wire.fhir.resource_xml import write_xml
from samples.documents.vsm import vsm
from samples.fhir.bundle import write_lot
from samples.hl7v2.messages import oru
from samples.hl7v2.plain import results
from samples.media import files_of, medium, zipped
from samples.submission import build_submission
from security import xml
from security.strict_json import write_json


@dataclass(frozen=True)
class Spelling:
    """A file that breaks one rule: what judges it, where the fault is told, the media type of the file."""

    name: str
    content: bytes
    profile: str
    rule: str
    path: str
    media_type: str


@pytest.fixture
def run():
    def run(*arguments, **options):
        return CliRunner().invoke(main, ["--lang", "en", "validate", *map(str, arguments)], **options)

    return run


@pytest.fixture(scope="module")
def submission(pki):
    return build_submission([vsm()], signer=pki.certificate("chu-seine.sign"), now=datetime.now(UTC))


@pytest.fixture(scope="module")
def good(submission):
    """A good file of every spelling, by a name that a folder is searched for."""
    bundle = write_lot(submission).resource
    return {
        "IHE_XDM.ZIP": medium(submission),
        "bundle.JSON": write_json(bundle),
        "bundle.xml": write_xml(bundle),
        "document.xml": vsm(),
        "message.er7": oru().bytes,
        "message.hl7": results().bytes,
        "message.txt": oru().bytes,
    }


PROFILES = {
    "IHE_XDM.ZIP": "xdm",
    "bundle.JSON": "fhir-provide-bundle",
    "bundle.xml": "fhir-provide-bundle",
    "document.xml": "vsm-2023.01",
    "message.er7": "hl7v2-oru",
    "message.hl7": "hl7v2-oru",
    "message.txt": "hl7v2-oru",
}
STRANGERS = {
    "archive.zip": b"PK\x03\x04",
    "notes.txt": b"MSH is where a message begins",
    "package.json": b'{"name": "package"}',
    "scan.pdf": b"%PDF-1.7",
}


@pytest.fixture
def folder(good, tmp_path):
    for name, content in (good | STRANGERS).items():
        (tmp_path / name).write_bytes(content)
    return tmp_path


def profiles_of(result) -> dict[str, str]:
    return {Path(one["file"]).name: one["profile"] for one in json.loads(result.stdout)}


def test_a_folder_is_judged_in_every_spelling_and_strangers_are_named(run, folder):
    result = run(folder, "--format", "json")

    assert result.exit_code == 0, result.stderr
    assert profiles_of(result) == PROFILES
    assert "7 valid, 0 invalid (0 errors), 0 unusable" in result.stderr
    assert "2 files not judged, neither a resource of FHIR nor a message of HL7 v2" in result.stderr
    assert f"{folder / 'notes.txt'}, {folder / 'package.json'}" in result.stderr
    assert "scan.pdf" not in result.stderr


def test_strangers_are_named_in_french_too(folder):
    result = CliRunner().invoke(main, ["--lang", "fr", "validate", str(folder)])

    assert "2 fichiers non jugés, ni ressource FHIR ni message HL7 v2 : " in result.stderr


@pytest.mark.parametrize(
    ("profile", "names"),
    [
        ("vsm", ["bundle.xml", "document.xml"]),
        ("hl7v2-oru", ["message.er7", "message.hl7", "message.txt"]),
        ("fhir-provide-bundle", ["bundle.JSON", "bundle.xml", "document.xml"]),
        ("xdm", ["IHE_XDM.ZIP"]),
    ],
)
def test_a_profile_takes_of_a_folder_what_it_may_judge(profile, names, folder):
    assert [Path(one.name).name for one in sources([str(folder)], "-", profile=profile)] == names


def test_a_folder_of_strangers_has_nothing_to_judge_and_names_them(run, tmp_path):
    (tmp_path / "notes.txt").write_text("no message")

    result = run(tmp_path)

    assert result.exit_code == 2
    assert "The folder holds no file to judge" in result.stderr
    assert f"1 file not judged, neither a resource of FHIR nor a message of HL7 v2: {tmp_path / 'notes.txt'}" in (
        result.stderr
    )


def test_a_file_that_is_named_is_judged_whatever_its_name(run, tmp_path):
    path = tmp_path / "package.json"
    path.write_bytes(b'{"name": "package"}')

    assert run(path).exit_code == 2


def test_who_watches_a_folder_sees_a_text_become_a_message(good, tmp_path):
    path = tmp_path / "message.txt"
    path.write_bytes(b"not yet")

    assert [one.fault is None for one in sources([str(tmp_path)], "-")] == [False]
    path.write_bytes(good["message.txt"])
    assert [one.name for one in sources([str(tmp_path)], "-")] == [str(path)]


@pytest.mark.parametrize("name", PROFILES)
def test_the_standard_input_is_judged_in_every_spelling(run, good, name):
    result = run("-", "--format", "json", input=good[name])

    assert result.exit_code == 0, result.stdout
    assert [one["profile"] for one in json.loads(result.stdout)] == [PROFILES[name]]


def test_results_without_a_document_are_judged_as_the_door_does(run, tmp_path):
    path = tmp_path / "results.hl7"
    path.write_bytes(results().with_field("OBX^1^6", "points").bytes)
    taken = run(path)
    path.write_bytes(results().with_field("OBX^1^5", "sept").bytes)
    refused = run(path)

    assert (taken.exit_code, refused.exit_code) == (0, 1)
    assert "`ecluse lab preview` shows it" in taken.stdout
    assert "RES-UNIT" in taken.stdout
    assert "→ Instead: the result is said in words." in taken.stdout
    assert "H-05" not in taken.stdout + refused.stdout
    assert "error RES-NUMBER" in refused.stdout


def test_a_remark_is_explained(run):
    result = run("--explain", "RES-UNIT")

    assert result.exit_code == 0
    assert "Not a unit of UCUM" in result.stdout


@pytest.fixture(scope="module")
def broken(submission):
    """A file of every spelling with one fault."""
    lot = write_lot(submission)
    lot.document()["category"][0]["coding"][0]["code"] = "42"
    category = "Bundle.entry[1].resource.category"
    files = files_of(submission)
    readme = zipped({name: content for name, content in files.items() if name != "README.TXT"})
    message = oru().with_field("PV1^1^2", "P").bytes
    found = (
        Spelling("b.json", write_json(lot.resource), "fhir-provide-bundle", "DMP-CLASS", category, "application/json"),
        Spelling("b.xml", write_xml(lot.resource), "fhir-provide-bundle", "DMP-CLASS", category, "application/xml"),
        Spelling("m.hl7", message, "hl7v2-oru", "H-30", "PV1^1^2", "application/edi-hl7"),
        Spelling("IHE_XDM.ZIP", readme, "xdm", "XDM-README", "README.TXT", "application/zip"),
    )
    return {one.name: one for one in found}


@pytest.mark.parametrize("form", [one for one in FORMATS if one != "patch"])
@pytest.mark.parametrize("name", ["b.json", "b.xml", "m.hl7", "IHE_XDM.ZIP"])
def test_every_format_tells_rule_and_place_in_every_spelling(run, broken, name, form, tmp_path):
    one = broken[name]
    path = tmp_path / name
    path.write_bytes(one.content)

    result = run(path, "--format", form)

    assert result.exit_code == 1, result.stderr
    _LOOKS[form](result.stdout, one)


def _as_json(printed: str, one: Spelling) -> None:
    (report,) = json.loads(printed)
    assert report["profile"] == one.profile
    assert (one.rule, one.path) in [(found["rule"], found["path"]) for found in report["findings"]]


def _as_sarif(printed: str, one: Spelling) -> None:
    (told,) = json.loads(printed)["runs"]
    assert [artifact["mimeType"] for artifact in told["artifacts"]] == [one.media_type]
    assert one.path in [
        found["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]
        for found in told["results"]
        if found["ruleId"] == one.rule
    ]


def _as_junit(printed: str, one: Spelling) -> None:
    root = xml.parse(printed.encode())
    (case,) = root.iterfind(f".//testcase[@name='{one.rule}']")
    assert one.path in "".join(map(str, case.itertext()))


def _as_svrl(printed: str, one: Spelling) -> None:
    root = xml.parse(printed.encode())
    (failed,) = root.iterfind(f".//{{*}}failed-assert[@id='{one.rule}']")
    place = failed.get("location", "")
    if one.name == "b.xml":
        assert place.startswith("/fhir:Bundle[1]/fhir:entry[2]/fhir:resource[1]/fhir:DocumentReference[1]/")
    else:
        assert place == one.path
    assert {found.get("context") for found in root.iterfind(".//{*}fired-rule")} >= {"/*"}


def _as_page(printed: str, one: Spelling) -> None:
    assert one.rule in printed
    assert one.path.replace("'", "&#39;") in printed


def _as_text(printed: str, one: Spelling) -> None:
    assert f"error {one.rule}" in printed
    assert one.path in printed
    if one.name == "m.hl7":
        # Segments end with CR: the line that is shown is the segment alone.
        (shown,) = (line for line in printed.splitlines() if " │ PV1|" in line)
        assert shown.strip().startswith("3 │")


_LOOKS = {
    "json": _as_json,
    "sarif": _as_sarif,
    "junit": _as_junit,
    "svrl": _as_svrl,
    "html": _as_page,
    "text": _as_text,
}


def test_no_repair_is_promised_of_what_is_no_document(run, broken, tmp_path):
    for one in broken.values():
        path = tmp_path / one.name
        path.write_bytes(one.content)
        assert run(path, "--fix").exit_code == 1
        assert path.read_bytes() == one.content
        assert run(path, "--format", "patch").stdout == ""


def unpack(submission, folder, *, without=(), changed=()):
    """The files of a medium in a folder, as somebody unpacked them."""
    for name, content in (files_of(submission) | dict(changed)).items():
        if name not in without:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return folder


@pytest.mark.parametrize("inside", [False, True], ids=["by its path", "in a folder"])
def test_a_medium_that_is_unpacked_is_one_medium(run, submission, tmp_path, inside):
    medium = unpack(submission, tmp_path / "disc")

    result = run(tmp_path if inside else medium, "--format", "json")

    assert result.exit_code == 0, result.stderr
    (report,) = json.loads(result.stdout)
    assert (report["file"], report["profile"], report["valid"]) == (str(medium), "xdm", True)
    assert {"medium", "agreement", "header"} <= {layer["name"] for layer in report["layers"] if layer["asked"]}
    assert result.stderr == ""


def test_a_medium_beside_documents_is_judged_with_them_in_one_or_several_processes(run, submission, tmp_path):
    (tmp_path / "a.xml").write_bytes(vsm())
    unpack(submission, tmp_path / "deeper" / "disc")
    (tmp_path / "z.hl7").write_bytes(oru().bytes)

    for jobs in ("1", "2"):
        result = run(tmp_path, "--format", "json", "--jobs", jobs)
        assert [one["profile"] for one in json.loads(result.stdout)] == ["vsm-2023.01", "hl7v2-oru", "xdm"]


@pytest.mark.parametrize(("profile", "found"), [("xdm", ["disc"]), ("vsm", ["a.xml"]), ("fhir-document", ["a.xml"])])
def test_a_profile_takes_an_unpacked_medium_when_it_judges_media(profile, found, submission, tmp_path):
    (tmp_path / "a.xml").write_bytes(vsm())
    unpack(submission, tmp_path / "disc")

    assert [Path(one.name).name for one in sources([str(tmp_path)], "-", profile=profile)] == found


@pytest.mark.parametrize("form", [one for one in FORMATS if one != "patch"])
def test_what_is_wrong_on_an_unpacked_medium_is_told_in_every_format(run, submission, tmp_path, form):
    medium = unpack(submission, tmp_path / "disc", without=("README.TXT",))

    result = run(medium, "--format", form)

    assert result.exit_code == 1, result.stderr
    assert "XDM-README" in result.stdout
    assert "application/xml" not in result.stdout


def test_a_document_of_an_unpacked_medium_is_told_by_its_name_on_it(run, submission, tmp_path):
    name = next(one for one, content in files_of(submission).items() if b"<ClinicalDocument" in content)
    medium = unpack(submission, tmp_path, changed={name: vsm().replace(b"34133-9", b"34133-8")}.items())

    (report,) = json.loads(run(medium, "--format", "json").stdout)

    found = {one["rule"]: one["path"] for one in report["findings"]}
    assert "XDM-HASH" in found
    assert any(path.startswith(f"{name}/ClinicalDocument") for path in found.values())


def test_a_medium_that_leads_elsewhere_cannot_be_judged(run, submission, tmp_path):
    medium = unpack(submission, tmp_path / "disc")
    (medium / "IHE_XDM" / "OUTSIDE.XML").symlink_to(tmp_path / "elsewhere.xml")

    result = run(medium)

    assert result.exit_code == 2
    assert "The medium cannot be read safely" in result.stderr
    assert "a symbolic link" in result.stderr


def test_who_watches_an_unpacked_medium_sees_its_files_change(submission, tmp_path):
    medium = unpack(submission, tmp_path / "disc")
    (source,) = sources([str(tmp_path)], "-")
    seen = [stamp_of(source)]
    (medium / "README.TXT").write_text("other words")
    seen.append(stamp_of(source))
    (medium / "IHE_XDM" / "NEW.TXT").write_text("")
    seen.append(stamp_of(source))
    (medium / "IHE_XDM" / "NEW.TXT").unlink()
    seen.append(stamp_of(source))

    assert len({*seen}) == len(seen)


def test_an_unpacked_medium_is_neither_mended_nor_patched(run, submission, tmp_path):
    medium = unpack(submission, tmp_path / "disc", without=("README.TXT",))
    before = {path: path.read_bytes() for path in sorted(medium.rglob("*")) if path.is_file()}

    assert run(medium, "--fix").exit_code == 1
    assert run(medium, "--format", "patch").stdout == ""
    assert {path: path.read_bytes() for path in sorted(medium.rglob("*")) if path.is_file()} == before


PUBLIC = Path(__file__).parents[3].parent / "shared" / "samples-fr"
CDA = {
    "BIO-CR-BIO_2024.01_TSH_1.xml": "ci_sis_header",
    "CNAM-HR_2021.01.xml": "ci_sis_header",
    "DLU-EHPAD-DLU_2022.01.xml": "ci_sis_header",
    "DOC_NON_STRUCTURE_CDA-R2-N1.xml": "level1",
    "IMG_CR_IMG_2024.01.xml": "ci_sis_header",
    "IMG_CR_IMG_2024.01_CDA-R2-Niveau-1.xml": "level1",
    "IPS-FR_2024.01.xml": "ips-fr-2024.01",
    "LDL-EES_2022.01.xml": "ci_sis_header",
    "LDL-SES_2022.01.xml": "ci_sis_header",
    "VAC_2023.01.xml": "ci_sis_header",
    "VSM_1.4_2022.01.xml": "vsm-1.4",
    "eP-MED-DM_2024.01_PosoNonStruct.xml": "ci_sis_header",
    "VSM_2023.01_own.xml": "vsm-2023.01",
    "VSM_2023.01_own_minimal.xml": "vsm-2023.01",
    "VSM_2023.01_own_negations.xml": "vsm-2023.01",
}
"""The official chain accepts them all."""
CODES = {"DMP-CLASS", "FHIR-CUSTODIAN", "O6"}
# The patient has an INS of production, which a sandbox refuses; the class is not that of the type; SNOMED CT.
LOT = {*CODES, "DMP-AUTHORITY", "FHIR-AUTHOR-ORG", "FHIR-EMPTY-DOCUMENT", "FHIR-LIST-IDENTIFIER", "FHIR-UNSIGNED"}
# The level 1 document of the three: qualifier SP of old headers, no setId, a PDF that is no PDF/A.
RADIOLOGY = {"HDR-setId-MIN", "R-NAM-2"}
OF_RADIOLOGY = {"H-12-ADULT", "H-20", "HDR-TIME-SECOND", "N1-PDFA"}
OTHERS = {
    "Bundle-example-annexe-searchset-documentreferences.json": (
        "fhir-searchset",
        # One of the two documents is of FHIR, which the DMP takes no document in.
        {*CODES, "DMP-AUTHORITY", "FHIR-CONDITIONAL", "O7"},
        set(),
    ),
    # The document that it replaces is not in the lot.
    "Bundle-example-td2-1-remplacement.json": ("fhir-provide-bundle", {*LOT, "A2"}, set()),
    "Bundle-example-td2-iti65-lot-soumission.json": ("fhir-provide-bundle", LOT, set()),
    # A CDA document without header, which could have said what the resource does not.
    "DocumentReference-example-td2-iti105-publication-simplifiee.json": (
        "fhir-document-reference",
        {"DMP-AUTHORITY", "FHIR-CONDITIONAL", "FHIR-EMPTY-DOCUMENT", "O1"},
        {"FHIR-UNSIGNED"},
    ),
    "mdm_t02_cr_radio_init_n1.er7": ("hl7v2-mdm", RADIOLOGY, OF_RADIOLOGY),
    "mdm_t04_cr_radio_del_n1.er7": ("hl7v2-mdm", RADIOLOGY, {*OF_RADIOLOGY, "SBX_B64_PADDING"}),
    "mdm_t10_cr_radio_rplc_n1.er7": ("hl7v2-mdm", RADIOLOGY, OF_RADIOLOGY),
    # The document is of another patient than the message, and a PDF that does not say so.
    "oru_r01_cr_bio_del_n3_segur.hl7": ("hl7v2-oru", {"H-60", "R-N1-2", "R-NAM-2"}, {"H-42"}),
    "oru_r01_cr_bio_init_n3_segur.hl7": ("hl7v2-oru", {"R-NAM-2"}, {"H-42"}),
    "oru_r01_cr_bio_rplc_n3_segur.hl7": ("hl7v2-oru", {"R-NAM-2"}, {"H-42", "SBX_B64_PADDING"}),
    "pam_a01_consentement_consultation_non_opposition.er7": ("hl7v2-pam", set(), set()),
    "pam_a01_non_consentement_opposition.er7": ("hl7v2-pam", set(), set()),
}


@pytest.mark.skipif(not PUBLIC.is_dir(), reason="the public examples are not on this machine")
def test_every_public_example_has_the_verdict_that_is_known_of_it(run):
    result = run(PUBLIC, "--format", "json")

    told = {Path(one["file"]).name: one for one in json.loads(result.stdout)}
    assert result.exit_code == 1
    assert told.keys() == CDA.keys() | OTHERS.keys()
    for name, profile in CDA.items():
        assert (told[name]["profile"], told[name]["valid"]) == (profile, True), name
    for name, (profile, errors, warnings) in OTHERS.items():
        found = {
            grade: {one["rule"] for one in told[name]["findings"] if one["severity"] == grade}
            for grade in ("error", "warning")
        }
        assert (told[name]["profile"], found) == (profile, {"error": errors, "warning": warnings}), name
