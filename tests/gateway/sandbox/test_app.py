from __future__ import annotations

import io
import os
import time
from datetime import date

import pytest

from gateway.sandbox.app import Sandbox, create_app
from gateway.sandbox.asked import TYPES
from gateway.sandbox.kept import KEPT_AT_MOST, Shelf, TooManyKept
from gateway.sandbox.page import page_of
from gateway.sandbox.sent import FILES_AT_MOST
from samples.documents.patients import CLAIRE
from samples.documents.vsm import vsm
from samples.hl7v2.plain import results
from xds.xdm.writer import write_archive

GOOD = vsm(unique_id="2.25.7")
BAD = vsm(unique_id="2.25.7", breaking="VSM-CODE")
MIB = 1024 * 1024


@pytest.fixture
def shelf(tmp_path) -> Shelf:
    return Shelf(tmp_path / "kept", 7)


@pytest.fixture
def client(shelf):
    sandbox = Sandbox(shelf=shelf, hosts=frozenset({"localhost"}), body=8 * MIB, today=lambda: date(2024, 7, 1))
    return create_app(sandbox).test_client()


def test_a_body_is_judged_whatever_its_type_says(client):
    for content_type in ("text/xml", "application/x-www-form-urlencoded", "application/octet-stream"):
        answer = client.post("/validate?lang=en&name=a.xml", data=BAD, content_type=content_type)

        (report,) = answer.json
        assert answer.status_code == 200
        assert answer.headers["Ecluse-Verdict"] == "invalid"
        assert (report["file"], report["profile"], report["valid"]) == ("a.xml", "vsm-2023.01", False)
        assert "VSM-CODE" in [one["rule"] for one in report["findings"]]


def test_a_medical_summary_is_shown_heading_by_heading(client):
    (alone,) = client.post("/validate", data=GOOD).json
    (report,) = client.post("/validate?summary=1", data=GOOD).json

    assert alone["summary"] is None
    assert report["valid"]
    assert [one["state"] for one in report["summary"]["headings"]] == ["present"] * 9


def test_several_files_of_a_form_are_judged_in_order(client):
    files = [(io.BytesIO(GOOD), "good.xml"), (io.BytesIO(BAD), "bad.xml"), (io.BytesIO(b"%PDF-1.4"), "x.pdf")]
    answer = client.post("/validate", data={"file": files})

    assert [(one["file"], one["valid"]) for one in answer.json] == [
        ("good.xml", True),
        ("bad.xml", False),
        ("x.pdf", False),
    ]
    assert answer.headers["Ecluse-Verdict"] == "unusable"


@pytest.mark.parametrize(
    ("content", "profile"),
    [
        (results().bytes, "hl7v2-oru"),
        (b'<Bundle xmlns="http://hl7.org/fhir"><type value="searchset"/></Bundle>', "fhir-searchset"),
        (b'{"resourceType": "Bundle", "type": "searchset"}', "fhir-searchset"),
        (write_archive({"README.TXT": b"a", "INDEX.HTM": b"b", "IHE_XDM/A.TXT": b"c"}, "20260601100000"), "xdm"),
    ],
    ids=["HL7 v2", "FHIR in XML", "FHIR in JSON", "XDM"],
)
def test_a_body_is_judged_in_every_spelling(client, content, profile):
    (report,) = client.post("/validate", data=content).json

    assert (report["profile"], report["valid"]) == (profile, profile != "xdm")


@pytest.mark.parametrize("form", TYPES)
def test_every_format_has_its_media_type(client, form):
    answer = client.post(f"/validate?format={form}", data=BAD)

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == TYPES[form]


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [("*/*", "application/json"), ("text/html", "text/html"), ("application/sarif+json", "application/sarif+json")],
)
def test_the_accept_header_chooses_where_nobody_else_does(client, accept, media_type):
    answer = client.post("/validate", data=GOOD, headers={"Accept": accept})

    assert answer.mimetype == media_type


@pytest.mark.parametrize(
    ("query", "says"),
    [("profile=nothing", "vsm-2023.01"), ("format=nothing", "sarif"), ("pack=1", "sandbox.pack")],
)
def test_what_is_asked_wrongly_is_told_with_what_is_right(client, query, says):
    answer = client.post(f"/validate?{query}", data=GOOD)

    assert answer.status_code == 400
    assert says in answer.text


@pytest.mark.parametrize("name", ["pack", "ours", "summary", "keep"])
def test_a_parameter_that_says_neither_yes_nor_no_is_refused_and_nothing_is_judged(client, name):
    answer = client.post(f"/validate?{name}=ans&lang=en", data=GOOD)

    assert (answer.status_code, answer.text) == (400, f"400 Bad Request: {name} is 1 or 0\n")
    assert client.post(f"/validate?{name}=0", data=GOOD).headers["Ecluse-Verdict"] == "valid"


def test_an_empty_form_is_told(client):
    answer = client.post("/validate", data={}, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 400


FORM = {"Content-Type": "multipart/form-data; boundary=X"}
PART = b'--X\r\nContent-Disposition: form-data; name="file"; filename="a.xml"\r\n\r\n<a/>'


@pytest.mark.parametrize(
    ("body", "english", "french"),
    [
        (PART, "cut short", "tronqué"),
        (b"--X\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--X--\r\n", "Content-Disposition", "Content-Disposition"),
        (PART.replace(b'"file"', b'"doc"') + b"\r\n--X--\r\n", "file (there are: doc)", "file (il y a : doc)"),
        (b"--X--\r\n", "no file in a field named file", "pas de fichier dans un champ nommé file"),
    ],
)
def test_a_form_that_cannot_be_taken_is_told_why(client, body, english, french):
    for language, says in (("en", english), ("fr", french)):
        answer = client.post(f"/validate?lang={language}", data=body, headers=FORM)
        assert answer.status_code == 400
        assert says in answer.text


@pytest.mark.parametrize("more", [1, 300])
def test_too_many_files_are_refused_with_how_many_may_be(client, more):
    files = [(io.BytesIO(b"<a/>"), "a.xml") for _ in range(FILES_AT_MOST + more)]
    answer = client.post("/validate?lang=en", data={"file": files})

    assert answer.status_code == 413
    assert f"at most {FILES_AT_MOST} " in answer.text


def test_as_many_files_as_may_be_are_judged_with_their_parameters(client):
    files = [(io.BytesIO(b"<a/>"), "a.xml") for _ in range(FILES_AT_MOST)]
    answer = client.post("/validate", data={"file": files, "lang": "en", "format": "json"})

    assert len(answer.json) == FILES_AT_MOST
    assert "root" in answer.json[0]["findings"][0]["message"]


def test_a_document_sent_as_a_long_field_is_told_to_come_as_a_file(client):
    answer = client.post("/validate?lang=en", data={"file": "x" * 100_000}, headers=FORM)

    assert answer.status_code == 413
    assert "-F file=@document.xml" in answer.text


def test_a_body_that_is_too_large_is_refused(client):
    assert client.post("/validate", data=b"x" * (8 * MIB + 1)).status_code == 413


def test_another_method_is_told_which_one_is_right(client):
    answer = client.get("/validate")

    assert answer.status_code == 405
    assert "POST" in answer.headers["Allow"]


def test_a_page_elsewhere_cannot_borrow_the_address(client):
    for host in ("evil.example", "evil.example:8440", "localhost.evil.example"):
        assert client.get("/", headers={"Host": host}).status_code == 421
    for host in ("localhost:8440", "LOCALHOST"):
        assert client.get("/", headers={"Host": host}).status_code == 200


def test_nothing_is_kept_unless_it_is_asked_for(client, tmp_path):
    client.post("/validate", data=GOOD)
    assert list(tmp_path.rglob("*")) == []

    place = client.post("/validate?keep=1", data=BAD).headers["Location"]
    page = client.get(place)

    assert page.status_code == 200
    assert "VSM-CODE" in page.text
    (kept,) = (tmp_path / "kept").iterdir()
    assert kept.stat().st_mode & 0o077 == 0
    assert client.delete(place).status_code == 204
    assert client.get(place).status_code == 404
    assert client.delete(place).status_code == 404


@pytest.mark.parametrize("name", ["x", "../../etc/passwd", "%2e%2e%2fpasswd", "A" * 32])
def test_a_name_that_nobody_was_given_opens_nothing(client, name):
    assert client.get(f"/reports/{name}").status_code == 404


def test_what_is_old_is_gone(shelf, tmp_path):
    name = shelf.keep(b"page")
    eight_days_ago = time.time() - 8 * 86_400
    os.utime(tmp_path / "kept" / name, (eight_days_ago, eight_days_ago))

    assert shelf.fetch(name) is None
    shelf.keep(b"another")
    assert not (tmp_path / "kept" / name).exists()


def test_a_full_shelf_keeps_no_more(shelf, tmp_path):
    (tmp_path / "kept").mkdir()
    for number in range(KEPT_AT_MOST):
        (tmp_path / "kept" / str(number)).touch()

    with pytest.raises(TooManyKept):
        shelf.keep(b"page")


def test_a_shelf_is_full_by_its_bytes_too(tmp_path):
    small = Shelf(tmp_path / "kept", 7, at_most=10)
    name = small.keep(b"12345678")

    with pytest.raises(TooManyKept):
        small.keep(b"9ab")
    small.forget(name)
    assert small.keep(b"9ab")


def test_every_answer_forbids_what_a_page_could_do(client):
    for answer in (client.get("/"), client.post("/validate?format=html", data=BAD), client.get("/nowhere")):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"


def test_a_hostile_file_name_is_only_text(client):
    name = "<script>alert(1)</script>.xml"
    page = client.post("/validate?format=html", data={"file": (io.BytesIO(BAD), name)}).text

    assert "<script>alert" not in page


def test_logs_never_hold_what_was_sent(client, caplog):
    with caplog.at_level("DEBUG"):
        client.post(f"/validate?name={CLAIRE.family}.xml", data=BAD)

    assert CLAIRE.ins not in caplog.text
    assert CLAIRE.family not in caplog.text


def test_both_languages_have_the_same_words():
    french, english = page_of("fr"), page_of("en")

    assert "Déposez des fichiers ici" in french
    assert "Drop files here" in english
    assert french.count("<option") == english.count("<option")


def test_every_rule_has_an_address(client):
    listed = client.get("/rules?lang=en").json
    one = client.get("/rules/VSM-CODE?lang=en").json

    assert one in listed
    assert one["message"].startswith("The document code is SYNTH")
    assert len(listed) > 1000


def test_rules_are_pages_for_a_browser(client):
    page = client.get("/rules/VSM-CODE?lang=fr", headers={"Accept": "text/html"})
    listed = client.get("/rules", headers={"Accept": "text/html"})

    assert page.mimetype == listed.mimetype == "text/html"
    assert "cda:ClinicalDocument" in page.text
    assert 'href="/rules/VSM-CODE?lang=fr"' in listed.text


def test_a_rule_nobody_knows_is_told_with_its_neighbours(client):
    answer = client.get("/rules/vsm-cod")
    page = client.get("/rules/<script>", headers={"Accept": "text/html"})

    assert answer.status_code == page.status_code == 404
    assert "VSM-CODE" in answer.json["near"]
    assert "<script>" not in page.text


@pytest.mark.parametrize(
    "origin", ["https://elsewhere.example", "null", "http://localhost.elsewhere.example", "http://[", ""]
)
def test_a_page_of_somebody_else_makes_no_browser_judge_or_keep(client, shelf, tmp_path, origin):
    answer = client.post("/validate?keep=1", data=GOOD, content_type="text/plain", headers={"Origin": origin})

    assert answer.status_code == 403
    assert "sandbox.names" in answer.text
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize("origin", ["http://localhost:8440", "https://localhost"])
def test_its_own_page_may_ask(client, origin):
    assert client.post("/validate", data=GOOD, headers={"Origin": origin}).status_code == 200
