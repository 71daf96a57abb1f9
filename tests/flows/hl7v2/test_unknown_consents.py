"""Nobody asked the patient, in a house that then feeds nothing: NA, and no ZFA at all (PAM-FR 2.11; G-13).

The laboratory's listener is that of another library (hl7apy), which reads every ZAM and acknowledges it.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hl7apy.core import Message
from hl7apy.mllp import AbstractHandler, MLLPServer
from hl7apy.parser import parse_message

from gateway.cli.rehearsal import Rehearsal
from samples.documents.laboratory_report import laboratory_report
from samples.hl7v2.messages import mdm, oru, pam

from .laboratory import Bench, Zam, environment, eventually, open_bench

OPPOSED, UNKNOWN = "SBX_FEEDING_OPPOSED", "SBX_FEEDING_UNKNOWN"


class Reading(AbstractHandler):
    """Reads a ZAM, and acknowledges it."""

    def __init__(self, message: str, received: list[Zam]) -> None:
        super().__init__(message)
        self.received = received

    def reply(self) -> str:
        zam = parse_message(self.incoming_message, find_groups=False)
        obx = zam.obx[0]
        err = zam.err[0].err_5.err_5_1.to_er7() if zam.err else ""
        self.received.append(Zam(of=obx.obx_4.to_er7(), verdict=obx.obx_5.to_er7().partition("^")[0], code=err))
        ack = Message("ACK", version="2.6")
        ack.msh.msh_9 = "ACK^Z01^ACK"
        ack.msh.msh_10 = "1"
        ack.msh.msh_11 = "T"
        ack.msa.msa_1 = "AA"
        ack.msa.msa_2 = zam.msh.msh_10.to_er7()
        return str(ack.to_mllp())


class Listener(MLLPServer):  # type: ignore[misc]
    """hl7apy's own listener, behind TLS."""

    daemon_threads = True
    context: ssl.SSLContext

    def __init__(self) -> None:
        self.received: list[Zam] = []
        super().__init__("127.0.0.1", 0, {"ZAM^Z01^ZAM_Z01": (Reading, self.received)})
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def get_request(self) -> Any:
        plain, address = super().get_request()
        return self.context.wrap_socket(plain, server_side=True), address

    def of(self, control_id: str) -> list[Zam]:
        return [one for one in self.received if one.of == control_id]

    def close(self) -> None:
        self.shutdown()
        self.server_close()


@pytest.fixture(scope="module")
def careful(tmp_path_factory: Any) -> Iterator[Bench]:
    """A house that feeds nothing of whom nobody asked."""
    listener: Any = Listener()
    directory = tmp_path_factory.mktemp("careful")
    said = {**environment(listener, directory / "data"), "ECLUSE_HL7V2_FEED_WHEN_UNKNOWN": "false"}
    house = Rehearsal(said, directory=directory)
    try:
        yield open_bench(house, listener)
    finally:
        house.stop()
        listener.close()
        from gateway.database.embedded import EmbeddedPostgres

        EmbeddedPostgres(house.data / "postgres").destroy()


@pytest.fixture
def asked(careful: Any, admit: Callable[[Any], Any]) -> Any:
    """A patient with an open record there."""
    return admit(careful)


def tell(bench: Any, message: Any) -> None:
    answer = bench.send(message)
    assert answer.code == "AA", answer.errors
    assert bench.settled(message) == ("DONE", "consent kept", False)


def feed(bench: Any, patient: Any, write: Callable[..., Any] = oru) -> tuple[str, str, int]:
    """What became of a report: state, what its sender is told, and how many documents there are."""
    message = write(laboratory_report(patient), patient=patient)
    assert bench.send(message).code == "AA"
    return bench.settled(message)[0], bench.told(message).code, len(bench.documents(patient))


@pytest.mark.parametrize("write", [oru, mdm])
def test_of_whom_nothing_was_heard_nothing_is_fed(careful: Any, asked: Any, write: Callable[..., Any]) -> None:
    assert feed(careful, asked, write) == ("PARKED", UNKNOWN, 0)


@pytest.mark.parametrize(
    ("feeding", "consultation", "expected"),
    [
        ("INO", "IC", ("DONE", "", 1)),
        ("INO", "INC", ("DONE", "", 1)),
        ("INO", "NA", ("DONE", "", 1)),
        ("IO", "INC", ("PARKED", OPPOSED, 0)),
        ("IO", "IC", ("PARKED", OPPOSED, 0)),
        ("NA", "NA", ("PARKED", UNKNOWN, 0)),
        ("NA", "IC", ("PARKED", UNKNOWN, 0)),
    ],
)
def test_no_opposition_alone_opens_the_way(
    careful: Any, asked: Any, feeding: str, consultation: str, expected: tuple[str, str, int]
) -> None:
    tell(careful, pam(feeding, consultation, patient=asked, date="20260306100000"))
    assert feed(careful, asked) == expected


def test_an_admission_that_says_nothing_of_consents_is_no_consent(careful: Any, asked: Any) -> None:
    assert careful.send(pam(patient=asked).without("ZFA^1")).code == "AA"
    assert feed(careful, asked) == ("PARKED", UNKNOWN, 0)


@pytest.mark.parametrize("event", ["A01", "A04", "A05", "A08", "A28", "A31"])
def test_every_event_of_the_volet_brings_the_consent(careful: Any, asked: Any, event: str) -> None:
    tell(careful, pam("INO", event=event, patient=asked))
    assert feed(careful, asked) == ("DONE", "", 1)


def test_a_word_in_another_library_is_the_word_that_was_sent(careful: Any, asked: Any) -> None:
    message = oru(laboratory_report(asked), patient=asked)
    assert careful.send(message).code == "AA"
    assert (careful.told(message).verdict, careful.told(message).code) == ("N", UNKNOWN)
    acknowledged = (
        "SELECT a.state FROM ecluse.acknowledgements a JOIN ecluse.inbox USING (message_id)"
        " WHERE control_id = %s AND a.attempts > 0"
    )
    eventually(lambda: careful.rows(acknowledged, message.at("MSH^1^10")) == [("DONE",)])
    assert len(careful.receiver.of(message.at("MSH^1^10"))) == 1


def test_what_was_parked_is_fed_once_the_patient_was_asked(careful: Any, asked: Any) -> None:
    message = oru(laboratory_report(asked), patient=asked)
    assert careful.send(message).code == "AA"
    assert careful.settled(message)[:2] == ("PARKED", UNKNOWN)

    tell(careful, pam("INO", patient=asked))
    again = "UPDATE ecluse.inbox SET state = 'WAITING', ended_at = NULL WHERE control_id = %s RETURNING 1"
    careful.rows(again, message.at("MSH^1^10"))

    assert careful.settled(message) == ("DONE", "done", False)
    assert len(careful.documents(asked)) == 1
