"""HTTP as an attacker or a bad network speaks it, against the real server."""

from __future__ import annotations

import json
import socket
import time

import pytest

HEAD = b"POST /echo HTTP/1.1\r\nHost: x\r\n"
REFUSED_BEFORE_THE_APPLICATION = {
    "both lengths": (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
    "signed length": (HEAD + b"Content-Length: +5\r\n\r\nhello", 400),
    "length with underscore": (HEAD + b"Content-Length: 1_0\r\n\r\nhellohello", 400),
    "unknown coding": (HEAD + b"Transfer-Encoding: cow\r\n\r\n", 501),
    "chunked twice": (HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 400),
    "space before colon": (HEAD + b"Content-Length : 5\r\n\r\nhello", 400),
    "folded field": (HEAD + b"X: a\r\n b\r\n\r\n", 400),
    "NUL in a field": (HEAD + b"X: a\x00b\r\n\r\n", 400),
    "underscore in a name": (HEAD + b"X_Client_Cert: forged\r\n\r\n", 400),
    "two Content-Type": (HEAD + b"Content-Type: a/b\r\nContent-Type: c/d\r\n\r\n", 400),
    "bare LF": (b"POST /echo HTTP/1.1\nHost: x\n\n", 400),
    "not HTTP": (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "long line": (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n\r\n", 414),
    "many fields": (HEAD + b"".join(b"X-%d: y\r\n" % n for n in range(101)) + b"\r\n", 431),
    "large field": (HEAD + b"X: " + b"y" * 9000 + b"\r\n\r\n", 431),
    "large head": (HEAD + b"".join(b"X-%d: %s\r\n" % (n, b"y" * 4000) for n in range(30)) + b"\r\n", 431),
    "no Host": (b"POST /echo HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 400),
    "two Hosts": (HEAD + b"Host: y\r\nContent-Length: 0\r\n\r\n", 400),
    "odd expectation": (HEAD + b"Expect: miracles\r\n\r\n", 417),
}


@pytest.mark.parametrize("case", REFUSED_BEFORE_THE_APPLICATION)
def test_a_bad_head_is_refused_in_one_plain_line(plain_door, case):
    request, status = REFUSED_BEFORE_THE_APPLICATION[case]
    answer = plain_door.raw(request)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1") == 1
    assert b"text/plain" in answer
    assert not any(word in answer.lower() for word in (b"<html", b"gunicorn", b"python", b"traceback", b"forged"))


BAD_BODIES = {
    "bad chunk size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n", "HTTP_MALFORMED"),
    "signed chunk size": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n+5\r\nhello\r\n0\r\n\r\n", "HTTP_MALFORMED"),
    "chunk without its end": (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhelloXX\r\n0\r\n\r\n", "HTTP_MALFORMED"),
    "too large, announced": (HEAD + b"Content-Length: 100001\r\n\r\n" + b"x" * 100_001, "HTTP_LIMIT"),
    "too large, in chunks": (
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + (b"8000\r\n" + b"x" * 0x8000 + b"\r\n") * 4,
        "HTTP_LIMIT",
    ),
    "compressed": (HEAD + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello", "HTTP_MALFORMED"),
    "silence": (HEAD + b"Content-Length: 10\r\n\r\nhello", "HTTP_LIMIT"),
}


def test_http_1_0_needs_no_host(plain_door):
    answer = plain_door.raw(b"POST /echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello")
    assert b" 200 OK\r\n" in answer


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_is_a_soap_fault(plain_door, case):
    request, code = BAD_BODIES[case]
    answer = plain_door.raw(request)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert f"<f:Code>{code}</f:Code>".encode() in answer


@pytest.mark.parametrize(
    "request_", [HEAD + b"Content-Length: 10\r\n\r\nhello", HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel"]
)
def test_a_body_that_is_cut_is_a_soap_fault_and_never_a_500(plain_door, request_):
    answer = plain_door.raw(request_, finish=True)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"<f:Code>HTTP_MALFORMED</f:Code>" in answer


def test_a_client_that_vanishes_inside_a_body_leaves_the_door_standing(plain_door):
    for _ in range(20):
        with plain_door.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            client.sendall(HEAD + b"Content-Length: 1000\r\n\r\nhello")
    assert plain_door.post()[0] == 200


def test_a_body_that_trickles_is_refused_when_its_time_is_over(plain_door):
    with plain_door.socket() as client:
        client.sendall(HEAD + b"Content-Length: 1000\r\n\r\n")
        start = time.monotonic()
        client.settimeout(0.3)
        answer = b""
        while not answer and time.monotonic() - start < 5:
            client.sendall(b"x")
            try:
                answer = client.recv(4096)
            except TimeoutError:
                continue
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert time.monotonic() - start > 1.0


def test_a_head_that_trickles_is_refused_when_its_time_is_over(plain_door):
    answer = plain_door.raw(b"POST /echo HTTP/1.1\r\nHo")
    assert answer.startswith(b"HTTP/1.1 408 ")


def test_slow_clients_do_not_keep_others_waiting_for_their_first_byte(plain_door):
    idle = [plain_door.socket() for _ in range(30)]
    start = time.monotonic()
    assert plain_door.post()[0] == 200
    assert time.monotonic() - start < 2, "those before must have been waited for"
    for client in idle:
        client.close()


def test_a_connection_serves_several_requests_even_sent_together(plain_door):
    one = HEAD + b"Content-Length: 5\r\n\r\nhello"
    last = HEAD + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello"
    answer = plain_door.raw(one + one + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b'"size": 5') == 3


def test_a_body_that_nobody_read_does_not_become_a_request(plain_door):
    hidden = b"GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n"
    request = b"POST /unread HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(hidden) + hidden
    answer = plain_door.raw(request + HEAD + b"Connection: close\r\nContent-Length: 0\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 2


def test_a_large_unread_body_still_lets_the_client_read_the_answer(plain_door):
    status, body = plain_door.post(b"x" * 3_000_000)
    assert (status, b"HTTP_LIMIT" in body) == (400, True)


def test_an_error_of_the_application_is_one_line_with_an_incident_number(plain_door):
    status, body = plain_door.post(path="/crash")
    assert status == 500
    assert body.startswith(b"Internal error, incident ")
    assert b"secret" not in body


def test_the_application_sees_no_secret_and_believes_no_proxy(plain_door):
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "X-Client-Cert": "forged"}
    status, body = plain_door.post(**headers)
    seen = json.loads(body)
    assert status == 200
    assert (seen["secrets"], seen["scheme"], seen["address"], seen["certificate"]) == (False, "http", "127.0.0.1", None)


def test_a_large_answer_arrives_whole_and_the_server_names_no_version(plain_door):
    answer = plain_door.raw(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    head, _, body = answer.partition(b"\r\n\r\n")
    assert len(body) == 3_000_000
    assert b"Server: ecluse\r\n" in head + b"\r\n"


def test_health_tells_checks_and_counters(start_door, tmp_path):
    unready = tmp_path / "unready"
    door = start_door(unready=str(unready))
    assert door.health("/health/live") == (200, {"live": True, "door": "test"})
    assert door.health("/health/ready") == (
        200,
        {"ready": True, "door": "test", "checks": {"file": True, "odd": True}},
    )
    unready.touch()
    assert door.health("/health/ready")[0] == 503
    door.post()
    deadline = time.monotonic() + 2
    while "responses_2xx" not in (counters := door.health("/health/metrics")[1]) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert counters["responses_2xx"] == 1
    assert door.health("/etc/passwd")[0] == 404
