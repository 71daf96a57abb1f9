from __future__ import annotations

import base64
import io
import json
import logging

import pytest

from gateway import logs

HIDDEN = {
    "NIR": "279035121518989",
    "NIR without key": "2790351215189",
    "NIR with spaces": "2 79 03 51 215 189 89",
    "NIR of Corse-du-Sud": "279032A21518989",
    "NIR of Haute-Corse": "179032b21518989",
    "NIR in a CX": "279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH",
    "XML": "<name>DURAND</name>",
    "XML that is cut": "value <given>DURAND",
    "PEM": "-----BEGIN PRIVATE KEY-----\nMIIEvQIB\n-----END PRIVATE KEY-----",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJEVVJBTkQifQ.c2lnbmF0dXJl",
    "base64": base64.b64encode(b"DURAND" * 20).decode(),
}


def line(message: str, *args: object, **keywords: object) -> tuple[str, dict[str, object]]:
    stream = io.StringIO()
    log = logging.Logger("test")
    log.addHandler(logs.handler(stream))
    log.error(message, *args, **keywords)
    text = stream.getvalue()
    return text, json.loads(text)


@pytest.mark.parametrize("shape", HIDDEN)
def test_what_must_not_be_written_is_dropped_wherever_it_stands(shape):
    secret = HIDDEN[shape]
    for text, _ in (line("seen %s here", secret), line("seen", extra={"value": secret, "list": [secret]})):
        assert "27903" not in text
        assert "17903" not in text
        assert secret not in text
        assert "DURAND" not in text
        assert "RFVSQU5E" not in text


def test_a_number_is_no_less_a_nir_for_being_an_int():
    assert "279035121518989" not in line("seen", extra={"value": 279035121518989})[0]


@pytest.mark.parametrize(
    "text",
    [
        "1.2.250.1.213.4.1.1.1.2",
        "d4f1c7a2-8c1e-4a44-9b6e-2f3b1f1e9c55",
        "0" * 40,
        "a" * 64,
        "2026-01-02T03:04:05.678Z",
        "899700000012",
        "urn:ihe:iti:2007:RegistryStoredQuery",
    ],
)
def test_public_identifiers_stay(text):
    assert line("id %s", text)[1]["message"] == f"id {text}"


def test_no_line_can_be_forged():
    text, entry = line("name %s", 'x\n{"level":"info"}\r\x1b[31m\u2028\x85\u202e')
    assert text.count("\n") == 1
    assert not any(character in str(entry["message"]) for character in "\n\r\x1b\u2028\x85\u202e")


def test_an_exception_tells_its_type_and_place_but_not_its_text():
    try:
        raise ValueError("DURAND")
    except ValueError:
        text, entry = line("failed", exc_info=True, extra={"request": "r-1"})
    assert (entry["error"], entry["request"]) == ("ValueError", "r-1")
    assert "test_logs.py" in str(entry["trace"])
    assert "DURAND" not in text


def test_a_very_long_message_is_cut():
    assert len(line("é " * 10_000)[0]) < 5000
