from __future__ import annotations

import re
from html.parser import HTMLParser

from conformance.reports.html import render
from conformance.reports.judged import Judged, Options

VOID = {"meta", "br"}


class Checker(HTMLParser):
    """Elements are closed as they were opened, ids are unique, links inside the page arrive."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if name == "href"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def page(*judged: Judged, **options) -> str:
    return b"".join(render(judged, Options(**{"language": "en", **options}))).decode()


def checked(text: str) -> Checker:
    checker = Checker()
    checker.feed(text)
    checker.close()
    assert checker.open == []
    assert len(set(checker.ids)) == len(checker.ids)
    assert all(link.removeprefix("#") in checker.ids for link in checker.links)
    return checker


def test_the_page_stands_alone(invalid, valid, unusable, hostile):
    checker = checked(page(invalid, valid, unusable, hostile))

    assert not checker.tags & {"script", "img", "link", "iframe", "object", "form", "base"}
    assert not {one for one in checker.attributes if one.startswith("on") or one == "src"}
    assert not re.search(r"url\(|@import|https?:", page(invalid))


def test_findings_stand_beside_the_lines_of_the_source(invalid):
    text = page(invalid)

    assert "<mark>     3   &lt;title&gt;Synthèse&lt;/title&gt;&lt;code code=&quot;34133-9&quot;" in text
    assert "<dt>found</dt><dd>34133-9</dd><dt>expected</dt><dd>SYNTH</dd>" in text
    assert "<dt>What to do</dt><dd>Write code=&#39;SYNTH&#39;.</dd>" in text


def test_the_source_can_be_left_out(invalid):
    text = page(invalid, source=False)

    assert "<pre>" not in text
    assert "Synthèse" not in text


def test_layers_and_the_clinical_summary_are_told(invalid):
    text = page(invalid, language="fr")

    assert '<html lang="fr">' in text
    assert '<th scope="row">Terminologies</th><td class="dim">non interrogée</td><td>no table</td>' in text
    assert "&lt;pollen&gt;" in text
    assert "over one page" in text


def test_totals_and_the_rules_broken_most_come_first(invalid, valid):
    text = page(invalid, invalid, valid)

    assert "3 files · 1 valid · 2 invalid · 0 cannot be judged · 2 errors, 2 warnings" in text
    assert text.index("Rules broken most often") < text.index("<section")
    assert "3 fichiers · 1 valide · 2 non valides · 0 ne peut être jugé" in page(invalid, invalid, valid, language="fr")
    assert "1 fichier · 1 valide · 0 non valide" in page(valid, language="fr")
    assert "1 file · 1 valid" in page(valid)
