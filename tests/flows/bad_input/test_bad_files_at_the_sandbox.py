"""Bad files, bad requests and many at once at the sandbox: the verdicts of the command, and nobody else waits.

The sandbox is a real process; a request that hangs fails by its timeout.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from samples.documents.bad_files import LARGE, SMALL
from samples.documents.patients import CLAIRE
from samples.documents.vsm import vsm

MIB = 1024 * 1024
MEMORY = 600
"""Most memory of the sandbox, in MiB."""
GOOD = vsm(unique_id="2.25.7")
CASES = {**SMALL, **LARGE}
TIMEOUT = 60


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
    assert bad.disagreement(report) is None


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
    sandbox.ask(f"/validate?name={CLAIRE.family}", GOOD, Content_Type="text/xml")

    log = sandbox.log()
    assert "Traceback" not in log
    assert "incident" not in log
    for word in (CLAIRE.family, CLAIRE.ins, "ClinicalDocument", "templateId"):
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

    assert max(peaks) < MEMORY


def children(pid: int) -> list[str]:
    path = Path(f"/proc/{pid}/task/{pid}/children")
    return path.read_text().split() if path.exists() else []
