"""Bad files at the command and at the sandbox: one table, one verdict each, in bounded memory, and nobody else waits.

Sizes and memory are of real processes; a process that hangs fails by its timeout.
"""

from __future__ import annotations

import http.client
import io
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from samples.documents.patients import CLAIRE
from samples.documents.vsm import vsm

MIB = 1024 * 1024
JUDGED, REFUSED = 300, 150
"""Most memory of the command, in MiB: for a document that is judged, for one that is refused by its size."""
GOOD = vsm(unique_id="2.25.7")
PATIENT = CLAIRE.family
TIMEOUT = 60
_WRAPPED = """
import sys
from pathlib import Path
from gateway.cli.main import main
told = Path(sys.argv.pop())
try:
    main()
finally:
    lines = Path("/proc/self/status").read_text().splitlines()
    told.write_text(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""
"""The command, which ends by telling the most memory it had, in KiB, to the file that its last argument names."""


def put(content: bytes) -> bytes:
    """The good document with this before its title: a place where the schema allows nothing."""
    return GOOD.replace(b"<title>", content + b"<title>", 1)


def titled(content: bytes) -> bytes:
    return GOOD.replace(b"<title>", b"<title>" + content, 1)


def with_dtd(dtd: bytes) -> bytes:
    return titled(b"&e;").replace(b"<ClinicalDocument", dtd + b"\n<ClinicalDocument", 1)


def laughing() -> bytes:
    names = [b"%c" % (97 + rank) for rank in range(12)]
    pairs = itertools.pairwise(names)
    entities = b"".join(b'<!ENTITY %s "%s">' % (name, b"&%s;" % before * 10) for before, name in pairs)
    return b'<!DOCTYPE l [<!ENTITY a "ha">' + entities + b'<!ENTITY e "&l;">]>'


def zipped() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("a.xml", GOOD)
    return content.getvalue()


def attributes(number: int) -> bytes:
    return b" ".join(b'a%d=""' % one for one in range(number))


@dataclass(frozen=True)
class Bad:
    """`verdict` is that of the sandbox; `said` is a word of the first finding, its rule or its message in English."""

    content: Callable[[], bytes]
    verdict: str
    said: str
    placed: bool = True


SMALL = {
    "no XML": Bad(lambda: b"hello", "unusable", "not XML"),
    "empty": Bad(lambda: b"", "unusable", "empty", placed=False),
    "blank": Bad(lambda: b" \r\n\t", "unusable", "empty", placed=False),
    "zeroes": Bad(lambda: bytes(1000), "unusable", "UTF-16 or UTF-32", placed=False),
    "a zero in a text": Bad(lambda: titled(b"\0"), "unusable", "not well-formed"),
    "a PDF": Bad(lambda: b"%PDF-1.7\n", "unusable", "a PDF", placed=False),
    "a ZIP": Bad(zipped, "unusable", "ZIP", placed=False),
    "a DTD": Bad(lambda: with_dtd(b"<!DOCTYPE ClinicalDocument>"), "unusable", "DTD"),
    "an external entity": Bad(
        lambda: with_dtd(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'), "unusable", "DTD"
    ),
    "a billion laughs": Bad(lambda: with_dtd(laughing()), "unusable", "DTD"),
    "UTF-16": Bad(lambda: GOOD.decode().encode("utf-16"), "unusable", "UTF-16", placed=False),
    "UTF-16 without mark": Bad(lambda: GOOD.decode().encode("utf-16-le"), "unusable", "UTF-16", placed=False),
    "a byte order mark": Bad(lambda: b"\xef\xbb\xbf" + GOOD, "valid", ""),
    "latin-1, declared": Bad(
        lambda: GOOD.decode().replace("UTF-8", "ISO-8859-1", 1).encode("latin-1", "replace"), "unusable", "ISO-8859-1"
    ),
    "latin-1, not declared": Bad(lambda: GOOD.decode().encode("latin-1", "replace"), "unusable", "is not UTF-8"),
    "another country": Bad(
        lambda: GOOD.replace(b'realmCode code="FR"', b'realmCode code="US"'), "invalid", "HDR-realmCode"
    ),
    "two documents": Bad(lambda: b"<a>" + GOOD[GOOD.index(b"<Clin") :] * 2 + b"</a>", "unusable", "no CDA document"),
    "an unknown type": Bad(lambda: GOOD.replace(b'xsi:type="CD"', b'xsi:type="no:CD"', 1), "invalid", "CDA-"),
    "cut": Bad(lambda: GOOD[: len(GOOD) // 2], "unusable", "cut"),
}
LARGE = {
    "100,000 levels": Bad(lambda: put(b"<a>" * 100_000 + b"</a>" * 100_000), "unusable", "exceeds"),
    "a text of 20 MB": Bad(lambda: titled(b"x" * 20_000_000), "unusable", "exceeds"),
    "20,000 faults on one line": Bad(lambda: put(b'<templateId root="x y"/>' * 20_000), "invalid", "CDA-"),
    "12,000 sections": Bad(
        lambda: GOOD.replace(
            b"</structuredBody>",
            b"<component><section><code code='11450-4'/></section></component>" * 12_000 + b"</structuredBody>",
        ),
        "valid",
        "",
    ),
    "a million attributes": Bad(
        lambda: put(b"<x " + attributes(1_000_000) + b"/>"), "unusable", "exceeds", placed=False
    ),
    "five million attributes": Bad(
        lambda: put((b"<x " + attributes(250) + b"/>") * 20_000), "unusable", "exceeds", placed=False
    ),
    "fifteen million elements": Bad(lambda: put(b"<a/>" * 15_000_000), "unusable", "exceeds", placed=False),
    "a name of 5 MB": Bad(lambda: put(b"<" + b"n" * 5_000_000 + b"/>"), "unusable", ""),
    "100,000 names": Bad(lambda: put(b"".join(b"<n%d/>" % one for one in range(100_000))), "invalid", "CDA-"),
    "50,000 namespaces": Bad(
        lambda: put(b"".join(b"<n:a xmlns:n='u%d'/>" % one for one in range(50_000))), "invalid", "CDA-"
    ),
    "a code of 1 MB": Bad(
        lambda: GOOD.replace(b'languageCode code="fr-FR"', b'languageCode code="' + b"a" * MIB + b'"'), "invalid", ""
    ),
}
CASES = {**SMALL, **LARGE}
EXIT = {"valid": 0, "invalid": 1, "unusable": 2}


def verdict_of(report: dict[str, object]) -> str:
    if report["profile"] is None:
        return "unusable"
    return "valid" if report["valid"] else "invalid"


def check(bad: Bad, report: dict[str, object]) -> None:
    """The verdict of the table, said with its place."""
    assert verdict_of(report) == bad.verdict
    if bad.verdict == "valid":
        return
    findings = report["findings"]
    finding = next(one for one in findings if bad.said in one["rule"] + one["message"] and one["severity"] == "error")
    assert bool(finding["line"]) == bad.placed
    assert finding["rule"] != "ECLUSE-INCIDENT"
    assert bad.verdict != "unusable" or finding["hint"]


@dataclass(frozen=True)
class Ended:
    code: int
    stdout: bytes
    stderr: str
    peak: int


@pytest.fixture
def command(tmp_path) -> Callable[..., Ended]:
    """The command in a process of its own, and the most memory it had, in MiB."""
    if not Path("/proc/self/status").exists():
        pytest.skip("memory is measured where there is /proc")

    def run(*arguments: object) -> Ended:
        told = tmp_path / "peak"
        words = ["--lang", "en", "validate", *map(str, arguments)]
        done = subprocess.run(
            [sys.executable, "-c", _WRAPPED, *words, str(told)], capture_output=True, check=False, timeout=TIMEOUT
        )
        return Ended(done.returncode, done.stdout, done.stderr.decode(), int(told.read_text()) // 1024)

    return run


def test_every_small_bad_file_has_its_verdict_and_none_harms_another(command, tmp_path):
    folder = tmp_path / "files"
    folder.mkdir()
    for number, bad in enumerate(SMALL.values()):
        (folder / f"{number:02}.xml").write_bytes(bad.content())

    ended = command("--format", "json", folder)

    assert ended.code == 2
    reports = json.loads(ended.stdout)
    for bad, report in zip(SMALL.values(), reports, strict=True):
        check(bad, report)
    assert "Traceback" not in ended.stderr
    assert PATIENT not in ended.stderr
    assert ended.peak < REFUSED


@pytest.mark.parametrize("name", LARGE)
def test_a_large_bad_file_has_its_verdict_in_bounded_memory(command, name, tmp_path):
    bad, path = LARGE[name], tmp_path / "a.xml"
    path.write_bytes(bad.content())

    ended = command("--format", "json", path)

    (report,) = json.loads(ended.stdout)
    check(bad, report)
    assert ended.code == EXIT[bad.verdict]
    assert "Traceback" not in ended.stderr
    assert ended.peak < (REFUSED if bad.verdict == "unusable" else JUDGED)


def test_a_file_of_200_megabytes_is_refused_before_it_is_read(command, tmp_path):
    path = tmp_path / "a.xml"
    with path.open("wb") as file:
        file.truncate(200 * MIB)

    ended = command(path)

    assert ended.code == 2
    assert "too large" in ended.stderr
    assert ended.peak < REFUSED


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory) -> Iterator[Sandbox]:
    """A sandbox with little patience, as a person starts it."""
    data = tmp_path_factory.mktemp("sandbox")
    settings = data / "settings.toml"
    settings.write_text("[limits]\nidle = 2\ntotal = 4\n", encoding="utf-8")
    read, write = os.pipe()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ECLUSE_")}
    with (data / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "gateway", "sandbox", "--port", "0", "--data", str(data), "--settings", settings],
            env={**environ, "ECLUSE_READY_FD": str(write)},
            pass_fds=(write,),
            stderr=log,
        )
    os.close(write)
    with os.fdopen(read) as pipe:
        facts = json.loads(pipe.readline())
    yield Sandbox(facts["host"], facts["port"], process.pid, data)
    process.terminate()
    assert process.wait(30) == 0


@dataclass(frozen=True)
class Sandbox:
    host: str
    port: int
    pid: int
    data: Path

    def ask(
        self, path: str, content: bytes | None = None, method: str = "POST", **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT)
        try:
            connection.request(method, path, content, {name.replace("_", "-"): one for name, one in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def raw(self, *pieces: bytes) -> bytes:
        """Send pieces as they are, as far as they are taken; what comes back."""
        with socket.create_connection((self.host, self.port), timeout=TIMEOUT) as opened:
            try:
                for piece in pieces:
                    opened.sendall(piece)
            except OSError:
                pass  # Refused while we were sending: the answer says why.
            answer = b""
            while chunk := opened.recv(65_536):
                answer += chunk
            return answer

    def head(self, *fields: str, path: str = "/validate?lang=en", method: str = "POST") -> bytes:
        lines = (f"{method} {path} HTTP/1.1", f"Host: {self.host}:{self.port}", "Connection: close", *fields, "", "")
        return "\r\n".join(lines).encode()

    def log(self) -> str:
        return (self.data / "log").read_text(encoding="utf-8")


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("name", CASES)
def test_the_sandbox_says_the_same(sandbox, name):
    bad = CASES[name]
    code, headers, body = sandbox.ask("/validate?lang=en&format=json", bad.content(), Content_Type="text/xml")

    (report,) = json.loads(body)
    assert code == 200
    assert headers["Ecluse-Verdict"] == bad.verdict
    check(bad, report)


def test_200_megabytes_are_refused_while_they_come(sandbox):
    piece = b"<a/>" * (MIB // 4)
    announced = sandbox.raw(sandbox.head(f"Content-Length: {200 * MIB}"), *[piece] * 200)
    chunks = [b"%x\r\n%s\r\n" % (len(piece), piece)] * 200
    chunked = sandbox.raw(sandbox.head("Transfer-Encoding: chunked"), *chunks)
    typed = sandbox.head("Transfer-Encoding: chunked", "Content-Type: multipart/form-data; boundary=x")
    opening = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.xml"\r\n\r\n'
    form = sandbox.raw(typed, b"%x\r\n%s\r\n" % (len(opening), opening), *chunks)

    assert [status(one) for one in (announced, chunked, form)] == [413, 413, 413]


def test_what_is_no_good_request_has_its_status(sandbox):
    def form(*parts: bytes, boundary: bytes = b"x") -> bytes:
        body = b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + b"--x--\r\n"
        fields = (f"Content-Type: multipart/form-data; boundary={boundary.decode()}", f"Content-Length: {len(body)}")
        return sandbox.head(*fields) + body

    file = b'Content-Disposition: form-data; name="file"; filename="a.xml"\r\n\r\n<a/>'
    field = b'Content-Disposition: form-data; name="a%d"\r\n\r\nb'
    cases = {
        "another boundary": (form(file, boundary=b"y"), 400),
        "no boundary": (sandbox.head("Content-Type: multipart/form-data", "Content-Length: 4") + b"<a/>", 400),
        "300 parts": (form(*[file] * 300), 413),
        "a field of 1 MB": (form(b'Content-Disposition: form-data; name="lang"\r\n\r\n' + b"a" * MIB), 413),
        "fields only": (form(*[field % one for one in range(100)]), 400),
        "an unknown method": (sandbox.head(method="BREW"), 405),
        "another method": (sandbox.head(path="/validate", method="PUT"), 405),
        "another host": (sandbox.head().replace(sandbox.host.encode(), b"evil.example"), 421),
        "no host": (b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
        "a path upwards": (sandbox.head(path="/static/../../app.py", method="GET"), 404),
        "an encoded path upwards": (sandbox.head(path="/static/%2e%2e/app.py", method="GET"), 404),
        "a kept report upwards": (sandbox.head(path="/reports/..%2f..%2flog", method="GET"), 404),
        "a compressed body": (sandbox.head("Content-Encoding: gzip", "Content-Length: 4") + b"<a/>", 400),
        "two lengths": (sandbox.head("Content-Length: 4", "Content-Length: 5") + b"<a/>", 400),
        "no HTTP": (b"hello\r\n\r\n", 400),
    }
    for name, (sent, expected) in cases.items():
        answer = sandbox.raw(sent)
        assert status(answer) == expected, name
        assert b"Traceback" not in answer, name


def test_a_body_without_length_is_empty(sandbox):
    answer = sandbox.raw(sandbox.head())

    assert status(answer) == 200
    assert b"Ecluse-Verdict: unusable" in answer


def test_a_slow_body_ends_and_others_are_served_meanwhile(sandbox):
    answers: list[bytes] = []
    slow = [
        threading.Thread(target=lambda: answers.append(sandbox.raw(sandbox.head("Content-Length: 100"), b"<a")))
        for _ in range(3)
    ]
    for one in slow:
        one.start()

    code, _, _ = sandbox.ask("/validate", GOOD, Content_Type="text/xml")
    for one in slow:
        one.join(TIMEOUT)

    assert code == 200
    assert [status(one) for one in answers] == [408, 408, 408]


def test_many_at_once_are_all_judged(sandbox):
    words: list[str | None] = []

    def ask(content: bytes) -> None:
        words.append(sandbox.ask("/validate", content, Content_Type="text/xml")[1]["Ecluse-Verdict"])

    threads = [threading.Thread(target=ask, args=(GOOD if one % 2 else b"%PDF",)) for one in range(40)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(TIMEOUT)

    assert sorted(map(str, words)) == ["unusable"] * 20 + ["valid"] * 20


@pytest.mark.parametrize("name", ["../../etc/passwd", "a" * 5000, "\x1b[31m.xml", "<script>.xml", "%00", "é\u202e.xml"])
def test_a_hostile_name_is_only_a_name(sandbox, name):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="'
        + name.encode()
        + b'"\r\n\r\n%PDF\r\n--x--\r\n'
    )
    for form in ("json", "html", "text", "junit"):
        code, _, answer = sandbox.ask(f"/validate?format={form}", body, Content_Type="multipart/form-data; boundary=x")
        assert code == 200
        assert form in ("json", "text") or b"<script>" not in answer
        assert b"\x1b" not in answer


def test_afterwards_the_log_names_nobody_and_nothing_is_kept(sandbox):
    sandbox.ask(f"/validate?name={PATIENT}", GOOD, Content_Type="text/xml")

    log = sandbox.log()
    assert "Traceback" not in log
    assert "incident" not in log
    for word in (PATIENT, CLAIRE.ins, "ClinicalDocument", "templateId"):
        assert word not in log
    assert sorted(one.name for one in sandbox.data.iterdir()) == ["log", "settings.toml"]


def test_afterwards_the_memory_of_the_sandbox_is_bounded(sandbox):
    status_files = [Path("/proc") / pid / "status" for pid in (str(sandbox.pid), *children(sandbox.pid))]
    if not status_files[0].exists():
        pytest.skip("memory is measured where there is /proc")

    peaks = [
        int(line.split()[1]) // 1024
        for one in status_files
        for line in one.read_text().splitlines()
        if line.startswith("VmHWM")
    ]

    assert max(peaks) < 2 * JUDGED


def children(pid: int) -> list[str]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return path.read_text().split() if path.exists() else []
