"""The page of the sandbox in a real browser, on a real process."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from lxml import etree

from samples.documents.vsm import vsm
from samples.submission import build_submission
from xds.ebrim.constants import XDS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """Where a sandbox listens, started as a person starts it."""
    data = tmp_path_factory.mktemp("sandbox")
    read, write = os.pipe()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ECLUSE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "sandbox", "--port", "0", "--data", str(data)],
        env={**environ, "ECLUSE_READY_FD": str(write)},
        pass_fds=(write,),
    )
    os.close(write)
    with os.fdopen(read) as pipe:
        facts = json.loads(pipe.readline())
    yield f"http://{facts['host']}:{facts['port']}"
    process.terminate()
    assert process.wait(30) == 0


@pytest.fixture
def page(address):
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        opened = browser.new_page()
        faults: list[str] = []
        opened.on("pageerror", lambda error: faults.append(str(error)))
        opened.on("console", lambda said: faults.append(said.text) if said.type == "error" else None)
        opened.goto(f"{address}/?lang=en")
        yield opened
        browser.close()
        assert faults == []


def drop(page, name: str, content: bytes) -> None:
    page.set_input_files("#files", {"name": name, "mimeType": "text/xml", "buffer": content})


def test_a_finding_stands_under_the_line_it_speaks_of(page):
    content = vsm(breaking="VSM-CODE")
    drop(page, "bad.xml", content)

    article = page.locator("article", has_text="bad.xml")
    finding = article.locator(".lines .finding", has_text="VSM-CODE")
    finding.wait_for()

    assert article.locator(".verdict").inner_text() == "invalid"
    row = finding.locator("xpath=preceding-sibling::div[contains(@class,'row')][1]")
    number = int(row.locator(".number").inner_text())
    assert row.locator("code").inner_text().strip() == content.decode().splitlines()[number - 1].strip()[:2000]
    assert "SYNTH" in finding.inner_text()


def test_a_finding_leads_to_its_rule(page):
    drop(page, "bad.xml", vsm(breaking="VSM-CODE"))
    page.locator(".lines .finding", has_text="VSM-CODE").get_by_role("link", name="VSM-CODE").click()
    page.get_by_role("heading", name="VSM-CODE").wait_for()

    assert "The document code is SYNTH" in page.locator("main").inner_text()
    page.get_by_role("link", name="All rules").click()
    page.get_by_role("heading", name="The rules").wait_for()
    assert page.locator("tr").count() > 1000


def test_a_message_of_metadata_is_judged_with_the_document_it_holds(page, pki):
    content = vsm(unique_id="2.25.7")
    lot = build_submission([content], signer=pki.certificate("chu-seine.sign"), now=datetime.now(UTC))
    root = etree.Element(f"{{{XDS}}}ProvideAndRegisterDocumentSetRequest")
    root.append(lot.xml)
    for name, document in lot.contents.items():
        etree.SubElement(root, f"{{{XDS}}}Document", id=name).text = b64encode(document).decode()
    message = etree.tostring(root)
    other = message.replace(b64encode(content), b64encode(content.replace(b'"SYNTH"', b'"34133-9"')))
    page.set_input_files(
        "#files",
        [
            {"name": "good.xml", "mimeType": "text/xml", "buffer": message},
            {"name": "other.xml", "mimeType": "text/xml", "buffer": other},
        ],
    )
    page.locator("article .verdict").nth(1).wait_for()

    good, bad = (page.locator("article", has_text=name) for name in ("good.xml", "other.xml"))
    assert good.locator(".verdict").inner_text() == "valid"
    assert bad.locator(".verdict").inner_text() == "invalid"
    finding = bad.locator(".finding", has_text="AGR-TYPECODE")
    assert "/ClinicalDocument/code (9:3)" in finding.inner_text()


def test_a_good_summary_is_valid_and_shown_heading_by_heading(page):
    drop(page, "good.xml", vsm())
    article = page.locator("article", has_text="good.xml")
    article.locator(".verdict").wait_for()

    assert article.locator(".verdict").inner_text() == "valid"
    assert (
        "Allergie médicamenteuse, Pénicilline" in article.locator("details", has_text="heading by heading").inner_text()
    )


def test_several_files_and_one_that_is_no_document(page):
    page.set_input_files(
        "#files",
        [
            {"name": "one.xml", "mimeType": "text/xml", "buffer": vsm()},
            {"name": "two.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4"},
        ],
    )
    page.locator("article .verdict").nth(1).wait_for()

    assert page.locator("article", has_text="two.pdf").locator(".verdict").inner_text() == "unusable"
    assert page.locator("article", has_text="one.xml").locator(".verdict").inner_text() == "valid"


def test_a_document_cannot_put_markup_into_the_page(page):
    attack = b"&lt;img src=x onerror=document.title='taken'&gt;"
    drop(page, "<img src=x onerror=alert(1)>.xml", vsm(breaking="VSM-CODE").replace(b"<title>", b"<title>" + attack, 1))
    page.locator("article .verdict").wait_for()
    page.get_by_role("button", name="Show the whole document").click()

    assert page.locator("article img").count() == 0
    assert page.title() == "Écluse: validate documents"


def test_a_verdict_is_kept_only_when_asked_and_can_be_erased(page, address):
    drop(page, "bad.xml", vsm(breaking="VSM-CODE"))
    article = page.locator("article")
    article.get_by_role("button", name="Keep this report").click()
    link = article.locator(".tools a")
    link.wait_for()
    kept = link.get_attribute("href")

    assert page.request.get(address + kept).ok
    article.get_by_role("button", name="Erase it").click()
    article.get_by_text("Report erased.").wait_for()
    assert page.request.get(address + kept).status == 404


def test_what_is_certain_is_repaired_in_the_browser(page, tmp_path):
    drop(page, "bad.xml", vsm(breaking="VSM-CODE"))
    page.locator("article .verdict").wait_for()
    button = page.get_by_role("button", name="Download the repaired document")
    if button.count() == 0:
        pytest.fail("the report offers no repair")
    with page.expect_download() as waiting:
        button.click()
    waiting.value.save_as(tmp_path / "mended.xml")
    drop(page, "mended.xml", (tmp_path / "mended.xml").read_bytes())
    mended = page.locator("article", has_text="mended.xml")
    mended.locator(".verdict").wait_for()

    assert mended.locator(".lines .finding", has_text="VSM-CODE").count() == 0


def test_the_page_speaks_french_and_works_without_script(address, page):
    page.goto(f"{address}/?lang=fr")

    assert page.locator("h1").inner_text() == "Écluse : valider des documents"
    assert page.locator("form").get_attribute("action") == "/validate?lang=fr&format=html&summary=1"
