"""A small package of our own, in the form of the agency's: every oddity that real ones have, and nothing of theirs."""

from __future__ import annotations

import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.packs.importing import import_pack
from conformance.packs.manifest import Manifest
from conformance.packs.store import manifest_of

LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
SCH = '<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2"{phase}>\
<ns prefix="cda" uri="urn:hl7-org:v3"/>\
<ns prefix="xsi" uri="http://www.w3.org/2001/XMLSchema-instance"/><ns prefix="svs" uri="urn:ihe:iti:svs:2008"/>\
<ns prefix="skos" uri="http://www.w3.org/2004/02/skos/core#"/>{body}</schema>'
RDF = (
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:skos="http://www.w3.org/2004/02/skos/core#">\
{}</rdf:RDF>'
)
SVS = (
    '<RetrieveValueSetResponse xmlns="urn:ihe:iti:svs:2008"><ValueSet id="{oid}"><ConceptList>{concepts}</ConceptList>\
</ValueSet></RetrieveValueSetResponse>'
)
XSD = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:hl7-org:v3" xmlns="urn:hl7-org:v3"\
 elementFormDefault="qualified"><xs:include schemaLocation="general/Voc.xsd"/><xs:element name="ClinicalDocument"\
 type="Anything"/></xs:schema>'
VOC = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:hl7-org:v3" xmlns="urn:hl7-org:v3">\
<xs:complexType name="Anything" mixed="true"><xs:sequence><xs:any minOccurs="2" maxOccurs="unbounded"\
 processContents="skip"/></xs:sequence><xs:anyAttribute processContents="skip"/></xs:complexType></xs:schema>'


def schema(body: str, phase: str = "") -> bytes:
    """A Schematron file."""
    return SCH.format(body=body, phase=f' defaultPhase="{phase}"' if phase else "").encode()


def rule(context: str, test: str, text: str = "It does not hold.") -> str:
    """A pattern of one rule and one assertion."""
    return f'<pattern><rule context="{context}"><assert test="{test}">{text}</assert></rule></pattern>'


FILES = {
    "schematrons/profils/structurationMinimale/ASIP-STRUCT-MIN-StrucMin.sch": schema(
        '<include href="include/Header.sch"/>'
    ),
    "schematrons/profils/structurationMinimale/include/header.sch": b'<pattern xmlns="http://purl.oclc.org/dsdl/schematron">\
<rule context="cda:ClinicalDocument"><let name="known" \
value="doc(\'include/voc-1.2.3.4.5-DYNAMIC.xml\')/*/valueSet/conceptList/concept/@code"/>\
<assert test="cda:code/@code = $known">The code <value-of select="cda:code/@code"/> is not of the \
value set.</assert></rule></pattern>',
    "schematrons/profils/IHE.sch": b"\xef\xbb\xbf"
    + schema(rule("cda:section", "cda:title", "A title.")).replace(b">", b">\r\n"),
    "schematrons/profils/CI-SIS_ModelesDeContenusCDA.sch": schema(
        '<include href="..\\abstract\\inSet.sch"/>'
        '<let name="moods" value="\'../../jeuxDeValeurs/JDV_Moods.xml\'"/>'
        '<pattern is-a="inSet"><param name="where" value="cda:act"/><param name="set" value="$moods"/></pattern>'
    ),
    "schematrons/abstract/inSet.sch": b'<pattern xmlns="http://purl.oclc.org/dsdl/schematron" abstract="true" \
id="inSet"><rule context="$where"><assert test="document($set)//svs:Concept[@code=current()/@moodCode]">\
Not in the set.</assert></rule>\
</pattern>',
    "schematrons/profils/CI-SIS_Modeles_ANS.sch": schema(rule("cda:act", "@classCode")),
    "schematrons/profils/terminologies/schematron/terminologie.sch": schema(
        '<let name="path" value="\'../terminologie/\'"/>'
        + rule(
            "//cda:code",
            "not(doc-available(concat($path, @codeSystem, '.rdf'))"
            " and not(exists(doc(concat($path, @codeSystem, '.rdf'))"
            "//skos:notation[text() = string(current()/@code)])))",
            "&lt;value-of select='@code'/&gt;",
        )
        .replace("&lt;", "<")
        .replace("&gt;", ">")
    ),
    "schematrons/profils/terminologies/terminologie/9.8.7.rdf": RDF.format(
        "".join(
            f"<skos:Concept><skos:notation>{one}</skos:notation></skos:Concept>"
            for one in ("SYNTH", "A00", "A00", "B1")
        )
    ).encode(),
    "schematrons/profils/terminologies/terminologie/9.8.6.rdf": LFS,
    "schematrons/CI-SIS_NOTE_2023.01.sch": schema(
        rule("cda:ClinicalDocument", "cda:templateId[@root='1.2.250.1.213.1.1.1.99']") + rule("cda:setId", "@root")
    ),
    "schematrons/CI-SIS_NOTE_2025.01.sch": schema(
        rule("cda:ClinicalDocument", "cda:templateId[@root='1.2.250.1.213.1.1.1.99']")
        + rule("cda:setId", "@extension"),
    ),
    "schematrons/CI-SIS_HOLE_2025.01.sch": schema(
        '<include href="include/absent.sch"/>'
        + rule("cda:ClinicalDocument", "cda:templateId[@root='1.2.250.1.213.1.1.1.98']")
    ),
    "schematrons/CI-SIS_NOTE_2025.01 - Copie.sch": b"a copy",
    "schematrons/moteur/verif.bat": b"@echo off",
    "schematrons/moteur/tool.jar": b"PK",
    "jeuxDeValeurs/JDV_moods.xml": SVS.format(oid="1.2.3.4", concepts='<Concept code="EVN"/>').encode("utf-16"),
    "jeuxDeValeurs/JDV_Types.xml": SVS.format(
        oid="1.2.3.4.5", concepts='<Concept code="SYNTH" codeSystem="9.8.7" displayName="Synthèse"/>'
    ).encode(),
    "infrastructure/cda/CDA_extended.xsd": XSD.encode(),
    "infrastructure/cda/general/voc.xsd": VOC.encode(),
    "ExemplesCDA/Médical.xml": b"<not a schema",
}


def write(files: dict[str, bytes], root: Path) -> Path:
    """Write files below a directory."""
    for name, content in files.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return root


def archive(files: dict[str, bytes], path: Path, below: str = "") -> Path:
    """Write files into a ZIP archive."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(below + name, content)
    return path


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The small package as a directory."""
    return write(FILES, tmp_path / "package")


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds the small package as `small`."""
    where = tmp_path_factory.mktemp("imported")
    import_pack(write(FILES, where / "package"), where / "store", NOW, name="small")
    return where / "store"


@pytest.fixture(scope="session")
def imported(store: Path) -> Manifest:
    """What the manifest of the small package says."""
    return manifest_of(store / "small")


@pytest.fixture(scope="session")
def official_package() -> Path:
    """The agency's own package, where the environment names one."""
    named = os.environ.get("ECLUSE_PACK")
    if not named:
        pytest.skip("ECLUSE_PACK does not name an official test package")
    return Path(named)
