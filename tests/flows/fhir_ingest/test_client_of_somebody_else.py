"""A FHIR client that is not ours deposits, and looks for what it deposited (fhirclient)."""

from contextlib import contextmanager
from datetime import UTC, datetime

from fhirclient.models.bundle import Bundle
from fhirclient.models.documentreference import DocumentReference
from fhirclient.server import FHIRServer

from samples.token import build_token


@contextmanager
def server(scene):
    """The interface of the ingest door, as that library speaks to it: a certificate and a token are all it is given."""
    house = scene.house
    door, holder = house.doors["ingest"], house.credential("chu-seine.auth")
    opened = FHIRServer(None, f"{door.url.rstrip('/')}/ingest/fhir")
    opened.session.cert = (str(holder.certificate_path), str(holder.key_path))
    opened.session.verify, opened.session.trust_env = str(door.ca), False
    token = build_token(
        signer=house.credential("chu-seine.sign"), connection=holder, patient=scene.patient.cx, now=datetime.now(UTC)
    )
    opened.session.headers["Authorization"] = f"Bearer {token}"
    with opened.session:
        yield opened


def test_a_client_of_somebody_else_deposits_and_finds_its_own_document(hospital, scene):
    # Given a lot, as that client has it,
    bundle = Bundle(hospital.lot().resource)
    with server(scene) as door:
        # when it sends it,
        answer = Bundle(door.post_json("", bundle.as_json()).json())
        # then it reads what became of each entry,
        assert answer.type == "transaction-response"
        assert [entry.response.status for entry in answer.entry] == ["201 Created"] * len(bundle.entry)
        # and finds the ids of its document.
        sent = bundle.entry[1].resource.masterIdentifier
        query = {"identifier": f"{sent.system}|{sent.value}"}
        found = Bundle(door.request_json(DocumentReference.where(query).construct()))
    assert found.total == 1
    assert found.entry[0].resource.id == answer.entry[1].response.location.partition("/")[2]
