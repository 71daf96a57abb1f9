"""Lots in FHIR that lack something, contradict themselves or never arrive whole: told precisely, nothing half kept."""

import base64
import ssl
import time
from http.client import HTTPSConnection
from urllib.parse import urlsplit

import pytest

from samples.documents.vsm import vsm
from samples.fhir.bundle import write_lot
from security.strict_json import write_json

from .test_iti65 import told, unique_ids

PLACE = "Bundle.entry[1].resource.content[0].attachment"


def attachment(lot):
    return lot.document()["content"][0]["attachment"]


def without_binary(lot):
    del lot.resource["entry"][lot.resource["entry"].index(lot.entries("Binary")[0])]


def without_url(lot):
    del attachment(lot)["url"]


def another_hash(lot):
    attachment(lot)["hash"] = "A/hMRrv6Y15BjSM8kMLidrz+mHc="


def hash_in_hexadecimal(lot):
    attachment(lot)["hash"] = base64.b64decode(attachment(lot)["hash"]).hex()


def another_size(lot):
    attachment(lot)["size"] += 1


def other_bytes(lot):
    binary = lot.entries("Binary")[0]["resource"]
    binary["data"] = base64.b64encode(base64.b64decode(binary["data"]) + b"\n").decode()


def no_base64(lot):
    lot.entries("Binary")[0]["resource"]["data"] = "####"


def unpadded(lot):
    binary = lot.entries("Binary")[0]["resource"]
    data = base64.b64decode(binary["data"])
    binary["data"] = base64.b64encode(data[: len(data) - (len(data) + 2) % 3]).decode().rstrip("=")
    assert len(binary["data"]) % 4


CASES = {
    "no Binary": (without_binary, "XDSMissingDocument", PLACE),
    "no address": (without_url, "XDSMissingDocument", PLACE),
    "another hash": (another_hash, "XDSRepositoryMetadataError", f"{PLACE}.hash"),
    "a hash in hexadecimal": (hash_in_hexadecimal, "", f"{PLACE}.hash"),
    "another size": (another_size, "XDSRepositoryMetadataError", f"{PLACE}.size"),
    "other bytes": (other_bytes, "SIG_INVALID", ""),
    "no base64": (no_base64, "", ""),
    "unpadded base64": (unpadded, "", ""),
}


@pytest.mark.parametrize("case", CASES)
def test_a_lot_that_contradicts_its_bytes_is_refused(hospital, scene, case):
    change, code, place = CASES[case]
    lot = hospital.lot()
    change(lot)
    before = scene.kept()
    for lenient in (False, True):
        reply = hospital.send(lot, lenient=lenient)
        assert reply.status in (400, 422), reply.content
        assert reply.issues
        assert not code or code in reply.codes, (told(reply), reply.codes)
        places = [expression for issue in reply.issues for expression in issue.get("expression", ())]
        assert any(one.startswith(place) for one in places) or not place, places
    assert scene.kept() == before


def opened(scene):
    """A connection of the hospital, as no library of FHIR would use it."""
    door, holder = scene.house.doors["ingest"], scene.house.credential("chu-seine.auth")
    url, context = urlsplit(door.url), ssl.create_default_context(cafile=str(door.ca))
    context.load_cert_chain(holder.chain_path, holder.key_path)
    return HTTPSConnection(url.hostname, url.port, context=context, timeout=30)


def begin(connection, hospital, body):
    connection.putrequest("POST", "/ingest/fhir")
    connection.putheader("Content-Type", "application/fhir+json")
    connection.putheader("Authorization", f"Bearer {hospital.client.token()}")
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders()


@pytest.mark.parametrize("part", [0.0, 0.5, 0.99])
def test_half_a_lot_leaves_nothing(hospital, scene, part):
    body = write_json(hospital.lot().resource)
    before = scene.kept()
    connection = opened(scene)
    begin(connection, hospital, body)
    connection.send(body[: int(len(body) * part)])
    connection.close()
    # The door is there for the next one, and has nothing of this one.
    other = hospital.lot()
    assert hospital.send(other).status == 200
    assert scene.found() == unique_ids(other)
    assert scene.kept()[0] - before[0] == 3


def test_who_leaves_before_the_answer_has_deposited_all_of_it_once(hospital, scene):
    submission = scene.lot([vsm(scene.patient), vsm(scene.patient)])
    lot = write_lot(submission)
    body = write_json(lot.resource)
    connection = opened(scene)
    begin(connection, hospital, body)
    connection.send(body)
    connection.close()

    deadline = time.monotonic() + 60
    while not scene.found():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert scene.found() == unique_ids(lot)
    again = hospital.send(lot)
    assert again.status == 409
    assert scene.found() == unique_ids(lot)
