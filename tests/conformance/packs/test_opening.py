from __future__ import annotations

import os

import pytest

from conformance.packs.opening import open_pack
from conformance.packs.problems import UnknownPack, UnusablePack


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ECLUSE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "cache" / "packs"


def test_a_package_is_opened_as_it_is_and_imported_once(package, cache):
    opened = open_pack(package)
    made = opened.directory.stat().st_ino

    assert opened.manifest.models
    assert opened.directory.parent == cache.resolve()
    assert open_pack(package).directory.stat().st_ino == made


def test_a_package_that_changed_is_imported_again(package):
    before = open_pack(package).directory
    (script,) = list(package.rglob("*.bat"))[:1]
    os.utime(script, ns=(1, 1))

    assert open_pack(package).directory != before


def test_releases_do_not_pile_up(package, cache):
    (script,) = list(package.rglob("*.bat"))[:1]
    for moment in range(6):
        os.utime(script, ns=(moment, moment))
        open_pack(package)

    assert len([one for one in cache.iterdir() if not one.name.startswith(".")]) == 4


def test_what_is_not_there_is_unknown_and_what_is_no_package_unusable(tmp_path):
    with pytest.raises(UnknownPack):
        open_pack(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnusablePack):
        open_pack(tmp_path / "empty")
