"""The page of the simulator in a real browser, on a real process, without script."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from samples.world.world import read_world

from .conftest import REASON, Stage

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DOC = {key: one.unique_id for key, one in read_world().documents.items()}


@pytest.fixture(scope="module")
def address(stage: Stage) -> Iterator[str]:
    """Where the page is, started as a person starts it."""
    read, write = os.pipe()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ECLUSE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "why", "--page", "--data", str(stage.house.data)],
        env={**environ, "ECLUSE_READY_FD": str(write)},
        pass_fds=(write,),
    )
    os.close(write)
    try:
        with os.fdopen(read) as pipe:
            url: str = json.loads(pipe.readline())["url"]
        yield url
    finally:
        process.terminate()
        status = process.wait(30)
    assert status == 0


@pytest.fixture
def page(address: str) -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(java_script_enabled=False, accept_downloads=True, locale="en-GB")
        opened = context.new_page()
        faults: list[str] = []
        opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        opened.goto(f"{address}?lang=en")
        yield opened
        assert context.cookies() == []
        browser.close()
        assert [fault for fault in faults if "400 (BAD REQUEST)" not in fault] == []


def ask(page: Any, patient: str, who: str, mode: str = "normal", reason: str = "", button: str = "Ask") -> None:
    page.select_option("[name=patient]", patient)
    page.select_option("[name=as]", who)
    page.select_option("[name=mode]", mode)
    page.fill("[name=reason]", reason)
    page.get_by_role("button", name=button).click()


def test_documents_stand_in_their_spaces_with_the_rule_that_decided(page: Any) -> None:
    ask(page, "P1", "I1")

    spaces = page.locator("th.space").all_inner_texts()
    assert spaces[:5] == ["Summaries", "Treatments and care", "Reports", "Laboratory", "Imaging"]
    assert len(spaces) == 10
    masked = page.locator(f"[data-document='{DOC['DOC-M']}']")
    assert masked.locator(".verdict").inner_text() == "absent"
    assert "10-DOCUMENT-MASKED" in masked.inner_text()
    assert page.locator(f"[data-document='{DOC['DOC-A']}'] .verdict").inner_text() == "read"


def test_an_emergency_and_what_if(page: Any) -> None:
    ask(page, "P6", "M2", "bris_de_glace", REASON)
    document = page.locator(f"[data-document='{DOC['DOC-6M']}'] .verdict")
    assert document.inner_text() == "read"

    page.locator("summary").click()
    page.select_option("[name='suppose.masked']", "deny")
    page.get_by_role("button", name="Ask").click()

    assert document.inner_text() == "absent"
    assert page.locator("[name=reason]").input_value() == REASON


def test_another_day_a_secret_session_and_how_many_documents_are_seen(page: Any) -> None:
    ask(page, "P5", "RL")
    assert "2 documents: 1 read, 0 listed and not read, 1 absent." in page.locator("main").inner_text()

    page.fill("[name=at]", "2030-01-01T00:00")
    page.check("[name=secret]")
    page.get_by_role("button", name="Ask").click()

    assert "law's clock 2030-01-01 00:00 UTC" in page.locator("main").inner_text()
    assert "2 documents: 0 read, 0 listed and not read, 2 absent." in page.locator("main").inner_text()
    assert page.locator("[name=at]").input_value() == "2030-01-01T00:00"
    assert page.locator("[name=secret]").is_checked()


def test_what_fits_a_telephone_is_not_wider_than_it(page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    ask(page, "P1", "I1")
    box = page.locator("form").bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390


def test_the_question_stays_when_the_language_changes(page: Any) -> None:
    ask(page, "P1", "M3")
    page.get_by_role("link", name="En français").click()

    assert "Écluse : qui voit quoi" in page.title()
    assert "le patient a bloqué ce professionnel" in page.locator("main").inner_text()
    assert page.locator("[name=as]").input_value() == "M3"


def test_the_table_and_the_test_cases_are_downloaded(page: Any) -> None:
    ask(page, "P1", "MW1")
    found = {}
    for name in ("Download the table (CSV)", "Download the test cases (CSV)"):
        with page.expect_download() as download:
            page.get_by_role("link", name=name).click()
        with Path(download.value.path()).open(encoding="utf-8", newline="") as file:
            found[name] = list(csv.DictReader(file))

    table, cases = found.values()
    assert {row["verdict"] for row in table if row["id"] == DOC["DOC-A"]} == {"listed"}
    assert {
        case["expected"] for case in cases if DOC["DOC-A"] in case["when"] and case["when"].startswith("TD3.2")
    } == {"DMPAccessDeniedByRightsService"}


def test_who_is_not_known_is_told_in_words(page: Any) -> None:
    page.fill("[name=ins]", "<script>")
    page.get_by_role("button", name="Ask").click()

    assert "15 characters" in page.get_by_role("alert").inner_text()
