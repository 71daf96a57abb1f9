"""A package is imported whole or not at all; what Windows forgave is forgiven, and told."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from pathlib import Path

import pytest

from conformance.packs import manifest as manifests
from conformance.packs.importing import import_pack
from conformance.packs.problems import UnknownPack, UnusablePack
from conformance.packs.source import Limits
from conformance.packs.store import default_store, manifest_of, pack_directory, packs, remove_pack

from .conftest import FILES, NOW, archive, rule, schema, write


def test_a_package_is_imported_with_its_parts_and_without_the_rest(package, tmp_path):
    manifest = import_pack(package, tmp_path / "store", NOW)

    kept = {one.path for one in manifest.files}
    assert manifest.name == manifest.origin == "package"
    assert set(manifest.layers) == {"header", "ihe", "content", "ans", "terminology"}
    assert manifest.structure == "infrastructure/cda/CDA_extended.xsd"
    assert [(one.name, one.version) for one in manifest.models] == [
        ("HOLE", "2025.01"), ("NOTE", "2023.01"), ("NOTE", "2025.01")
    ]  # fmt: skip
    assert not any(name.endswith((".bat", ".jar", "Copie.sch")) or name.startswith("Exemples") for name in kept)


NOTES = {
    "case of an include": "ASIP-STRUCT-MIN-StrucMin.sch: include/Header.sch is written include/header.sch in the copy",
    "case of an XSD": "CDA_extended.xsd: general/Voc.xsd is written general/voc.xsd in the copy",
    "case of a value set": "../../jeuxDeValeurs/JDV_Moods.xml is written ../../jeuxDeValeurs/JDV_moods.xml in the copy",
    "backslashes": r"..\abstract\inSet.sch is written ../abstract/inSet.sch in the copy",
    "encoding": "jeuxDeValeurs/JDV_moods.xml: kept as UTF-8, it was UTF-16",
    "missing value set": "voc-1.2.3.4.5-DYNAMIC.xml is missing; jeuxDeValeurs/JDV_Types.xml, published under",
    "Git LFS": "9.8.6.rdf: a pointer of Git LFS, the terminology was not fetched",
    "missing include": "CI-SIS_HOLE_2025.01.sch: the include include/absent.sch is missing",
    "copy": "CI-SIS_NOTE_2025.01 - Copie.sch: not named as a document model, not read",
}


@pytest.mark.parametrize("name", NOTES)
def test_what_windows_forgave_is_forgiven_and_told(imported, name):
    assert sum(NOTES[name] in one for one in imported.notes) == 1


def test_nothing_else_is_told(imported):
    assert len(imported.notes) == len(NOTES)


def test_the_manifest_is_read_back_as_it_was_written(imported):
    assert manifests.read_manifest(manifests.write_manifest(imported)) == imported


def test_every_file_has_the_digest_that_the_manifest_tells(package, tmp_path):
    manifest = import_pack(package, tmp_path / "store", NOW)

    for one in manifest.files:
        content = (tmp_path / "store" / "package" / one.path).read_bytes()
        assert hashlib.sha256(content).hexdigest() == one.sha256
        assert one.origin in FILES


@pytest.mark.parametrize("below", ["", "TestContenuCDA-main/", "a/b/TestContenuCDA/"])
def test_the_root_is_found_wherever_it_is_nested(tmp_path, below):
    source = archive(FILES, tmp_path / "Test contenu (1).zip", below)

    manifest = import_pack(source, tmp_path / "store", NOW)

    assert manifest.name == "Test-contenu-1"
    assert manifest.layers["ihe"] == "schematrons/profils/IHE.sch"


def test_of_two_copies_the_fuller_is_read_and_the_other_told(tmp_path):
    files = {**FILES, "old/schematrons/profils/IHE.sch": schema("")}

    manifest = import_pack(archive(files, tmp_path / "two.zip"), tmp_path / "store", NOW)

    assert manifest.layers["ihe"] == "schematrons/profils/IHE.sch"
    assert "old/schematrons: a second copy of the schemas, not read" in manifest.notes


def test_names_written_by_windows_are_read_and_told(tmp_path):
    path = tmp_path / "windows.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, content in FILES.items():
            info = zipfile.ZipInfo("x")
            info.filename = name.replace("/", "\\")
            made.writestr(info, content)

    manifest = import_pack(path, tmp_path / "store", NOW)

    assert manifest.layers["ihe"] == "schematrons/profils/IHE.sch"
    assert any("backslashes" in note for note in manifest.notes)


def _linked(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as made:
        info = zipfile.ZipInfo("schematrons/profils/IHE.sch")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        made.writestr(info, "/etc/passwd")


def _bomb(path: Path) -> None:
    archive({**FILES, "zeros.rdf": b"\0" * 3_000_000}, path)


def _text(path: Path) -> None:
    path.write_text("hello")


HOSTILE = {
    "a name that leaves": (
        lambda path: archive({"../../x.sch": b""}, path),
        "../../x.sch: a name that leaves the archive",
    ),
    "an absolute name": (lambda path: archive({"/etc/x.sch": b""}, path), "a name that leaves the archive"),
    "a drive": (lambda path: archive({"c:/x.sch": b""}, path), "a name that leaves the archive"),
    "a link": (_linked, "a link or a special file"),
    "a bomb": (_bomb, "zeros.rdf: 3000000 bytes out of"),
    "no archive": (_text, "not a directory, nor a ZIP archive"),
    "no Schematron": (lambda path: archive({"readme.txt": b""}, path), "no Schematron of the CI-SIS"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_safe_or_no_package_is_refused_and_nothing_is_kept(tmp_path, name):
    make, said = HOSTILE[name]
    make(tmp_path / "hostile.zip")

    with pytest.raises(UnusablePack) as refused:
        import_pack(tmp_path / "hostile.zip", tmp_path / "store", NOW)

    assert said in str(refused.value)
    assert not list((tmp_path / "store").glob("*"))


def test_limits_of_count_and_bytes_hold(package, tmp_path):
    with pytest.raises(UnusablePack, match="at most 3 are read"):
        import_pack(package, tmp_path / "store", NOW, limits=Limits(files=3))
    with pytest.raises(UnusablePack, match="bytes in all, at most 100"):
        import_pack(package, tmp_path / "store", NOW, limits=Limits(total=100))


def test_everything_that_is_wrong_is_told_at_once_and_nothing_is_kept(tmp_path):
    files = {
        **FILES,
        "schematrons/profils/IHE.sch": schema('<include href="../include/a.sch"/>'),
        "schematrons/include/a.sch": b'<include xmlns="http://purl.oclc.org/dsdl/schematron" href="b.sch"/>',
        "schematrons/include/b.sch": b'<include xmlns="http://purl.oclc.org/dsdl/schematron" href="a.sch"/>',
        "schematrons/CI-SIS_NOTE_2023.01.sch": b"<schema>",
        "infrastructure/cda/general/voc.xsd": b"version https://git-lfs.github.com/spec/v1\n",
    }

    with pytest.raises(UnusablePack) as refused:
        import_pack(write(files, tmp_path / "package"), tmp_path / "store", NOW)

    cycle, broken, pointer = refused.value.problems
    assert cycle.endswith("schematrons/include/a.sch > schematrons/include/b.sch > schematrons/include/a.sch")
    assert broken.startswith("schematrons/CI-SIS_NOTE_2023.01.sch: not well-formed")
    assert pointer.startswith("infrastructure/cda/general/voc.xsd: a pointer of Git LFS")
    assert not list((tmp_path / "store").glob("*"))


def test_a_pack_that_fails_leaves_the_one_of_that_name(package, tmp_path):
    store = tmp_path / "store"
    import_pack(package, store, NOW)
    (package / "schematrons/profils/IHE.sch").write_bytes(b"<")

    with pytest.raises(UnusablePack):
        import_pack(package, store, NOW)

    assert [one.name for one in packs(store)] == ["package"]
    assert [one.name for one in store.iterdir()] == ["package"]


def test_importing_again_replaces(package, tmp_path):
    store = tmp_path / "store"
    import_pack(package, store, NOW)
    (package / "schematrons/CI-SIS_NOTE_2023.01.sch").unlink()

    import_pack(package, store, NOW)

    assert len(manifest_of(store / "package").models) == 2
    assert [one.name for one in store.iterdir()] == ["package"]


def test_a_broken_terminology_is_told_and_its_codes_are_not_checked(package, tmp_path):
    (package / "schematrons/profils/terminologies/terminologie/9.8.7.rdf").write_bytes(b"<!DOCTYPE a><a/>")

    manifest = import_pack(package, tmp_path / "store", NOW)

    assert manifest.terminologies == ()
    assert any("9.8.7.rdf: a DTD is not allowed; its codes are not checked" in one for one in manifest.notes)


def test_links_of_a_directory_are_not_followed(package, tmp_path):
    target = package / "schematrons/profils/IHE.sch"
    (tmp_path / "elsewhere.sch").write_bytes(target.read_bytes())
    target.unlink()
    target.symlink_to(tmp_path / "elsewhere.sch")

    manifest = import_pack(package, tmp_path / "store", NOW)

    assert "ihe" not in manifest.layers
    assert "schematrons/profils/IHE.sch: a link or a special file, not read" in manifest.notes


@pytest.mark.parametrize("name", ["", "..", "a/b", ".hidden", "x" * 65])
def test_a_name_that_is_none_is_refused(package, tmp_path, name):
    with pytest.raises(UnusablePack, match="is no name for a pack"):
        import_pack(package, tmp_path / "store", NOW, name=name)


def test_packs_are_found_by_name_or_by_directory_and_removed(package, tmp_path):
    store = tmp_path / "store"
    import_pack(package, store, NOW)

    assert pack_directory("package", store) == pack_directory(store / "package") == store / "package"
    remove_pack("package", store)
    assert packs(store) == []
    for name in ("package", "../store", "."):
        with pytest.raises(UnknownPack):
            remove_pack(name, store)
        with pytest.raises(UnknownPack):
            pack_directory(name, store)


def test_the_store_is_where_the_desktop_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    assert default_store() == tmp_path / "ecluse" / "packs"


def test_the_official_package_is_imported(official_package, tmp_path):
    manifest = import_pack(official_package, tmp_path / "store", NOW, name="official")

    assert set(manifest.layers) == {"header", "ihe", "content", "ans", "terminology"}
    assert manifest.structure is not None
    assert len(manifest.models) > 50
    assert all(one.template for one in manifest.models)
    assert all(one.notations > 1000 for one in manifest.terminologies)
    assert any("E_directiveanticipee_int.sch in the copy" in one for one in manifest.notes)
    assert any("voc-1.2.250.1.213.1.1.5.471-DYNAMIC.xml is missing; jeuxDeValeurs" in one for one in manifest.notes)


def _doubled(depth: int) -> dict[str, bytes]:
    """Schemas that include the next one twice each: as many ways to the last as 2 to the power of `depth`."""
    includes = "".join(f'<include href="../include/{rank}.sch"/>' for rank in (1, 1))
    files = {"schematrons/profils/IHE.sch": schema(includes)}
    for rank in range(1, depth):
        twice = f'<include href="{rank + 1}.sch"/>' * 2
        files[f"schematrons/include/{rank}.sch"] = schema(twice)
    return {**files, f"schematrons/include/{depth}.sch": schema("")}


SLOW = {
    "includes that double": _doubled(30),
    "a path without end": {"schematrons/profils/IHE.sch": schema(rule("cda:a", "'" + "../" * 60 + "x"))},
    "document types in a comment": {
        "schematrons/profils/IHE.sch": b"<!--" + b"<!DOCTYPE [" * 300_000 + b"-->" + schema("")
    },
}


@pytest.mark.parametrize("name", SLOW)
def test_what_is_made_to_take_for_ever_is_imported_at_once(tmp_path, name):
    package = write({**FILES, **SLOW[name]}, tmp_path / "package")

    manifest = import_pack(package, tmp_path / "store", NOW)

    kept = {one.path: one.sha256 for one in manifest.files}
    written = (package / "schematrons/profils/IHE.sch").read_bytes()
    assert kept["schematrons/profils/IHE.sch"] == hashlib.sha256(written).hexdigest()


def test_includes_in_one_another_without_number_are_refused(tmp_path):
    files = {f"schematrons/include/{rank}.sch": schema(f'<include href="{rank + 1}.sch"/>') for rank in range(2000)}
    first = {"schematrons/profils/IHE.sch": schema('<include href="../include/0.sch"/>')}

    with pytest.raises(UnusablePack, match="more than 32 includes in one another"):
        import_pack(write({**FILES, **files, **first}, tmp_path / "package"), tmp_path / "store", NOW)
