"""A record that is created is fed with the reimbursements of its holder, once, by time (CSP R1111-33)."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from click.testing import CliRunner

from gateway.cli.main import main
from gateway.cli.rehearsal import Rehearsal
from gateway.cli.story import REPOSITORY
from gateway.database.roles import DatabaseRole, read_url
from gateway.jobs.house import Keeping, declare_terms, keeping
from gateway.settings import load
from profiles.dmp.spaces import Space, place_of
from samples.client.record_messages import Person
from samples.client.records import RecordsClient
from samples.documents.patients import CLAIRE, SamplePatient
from security import xml
from xds.registry.due import DueKind

DOCTOR = "dr-essai"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Newcomer:
    """A patient of the house of 2018 who has no record yet."""

    house: Rehearsal
    patient: SamplePatient

    def client(self) -> RecordsClient:
        door = self.house.doors["consultation"]
        voice = self.house.voice(DOCTOR, self.patient.cx)
        return RecordsClient(door.url, self.house.credential(f"{DOCTOR}.auth"), door.ca, vihf=voice)

    def create(self) -> None:
        patient = self.patient
        person = Person(family=patient.family, given=patient.given, gender=patient.gender, born=patient.born)
        with closing(self.client()) as doctor:
            answer = doctor.create(patient.cx, person)
            assert answer.accepted, answer
            assert doctor.authorise(patient.cx).accepted

    @contextmanager
    def keeper(self, **parameters: Any) -> Iterator[Keeping]:
        usual = load(data=str(self.house.data), environ={})
        settings = replace(usual, dmp=replace(usual.dmp, **parameters))
        owner_url = read_url(self.house.data, DatabaseRole.OWNER)
        declare_terms(owner_url, settings)
        with keeping(settings) as opened:
            yield opened
        declare_terms(owner_url, usual)

    def keep(self, **parameters: Any) -> None:
        with self.keeper(**parameters) as kept:
            work = kept.keeper.run()
        assert work.failed == []

    def entries(self) -> list[Any]:
        with closing(self.house.professional(DOCTOR, self.patient.cx)) as doctor:
            answer = doctor.find_documents(self.patient.cx)
        assert answer.succeeded, answer.errors
        return list(answer.document_entries)

    def contents(self) -> list[bytes]:
        wanted = [(REPOSITORY, entry.unique_id) for entry in self.entries()]
        with closing(self.house.professional(DOCTOR, self.patient.cx)) as doctor:
            answer = doctor.retrieve(wanted)
        assert answer.succeeded, answer.errors
        return [document.content for document in answer.documents]

    def one(self, query: str) -> Any:
        """The only row of a query about this patient."""
        with closing(self.house.owner()) as owner:
            (row,) = owner.execute(
                f"SELECT {query} JOIN ecluse.patients p USING (patient_key) WHERE p.patient_id = %s",
                (self.patient.cx,),
            ).fetchall()
        return row

    def blobs(self) -> int:
        return sum(1 for path in (self.house.data / "blobs").rglob("*") if path.is_file())

    def waits(self) -> bool:
        return bool(self.one("r.reimbursements_due_at IS NOT NULL FROM ecluse.records r")[0])


@pytest.fixture(scope="module")
def legacy() -> Iterator[Rehearsal]:
    with Rehearsal({"ECLUSE_DMP_REGIME": "dmp2018", "ECLUSE_JOBS_INTERVAL": "0"}) as opened:
        yield opened


@pytest.fixture
def newcomer(legacy: Rehearsal) -> Newcomer:
    return Newcomer(legacy, replace(CLAIRE, nir=f"2580769125{next(_numbers):03}"))


def test_a_created_record_is_fed_once_where_reimbursements_are_shown(newcomer: Newcomer) -> None:
    newcomer.create()
    assert (newcomer.entries(), newcomer.waits()) == ([], True)

    newcomer.keep()

    entries = newcomer.entries()
    assert len(entries) in (23, 24)
    places = {place_of(entry.type_code.code, entry.class_code.code) for entry in entries}
    assert [place.space for place in places if place] == [Space.REIMBURSEMENTS]
    assert CLAIRE.family.encode() in newcomer.contents()[0]
    assert not newcomer.waits()
    newcomer.keep()
    assert len(newcomer.entries()) == len(entries)
    kind, role, operation = newcomer.one(
        "t.actor_kind, t.actor_role, t.operation FROM (SELECT * FROM ecluse.traces WHERE actor_kind = 'SYSTEM') t"
    )
    assert (kind, role, operation) == ("SYSTEM", "ALIM_AM", "TD2.1")
    assert newcomer.one("count(*) FROM (SELECT * FROM ecluse.outbox WHERE kind LIKE 'DOCUMENT%%') o") == (0,)


def test_what_a_minor_refused_to_show_is_not_fed(newcomer: Newcomer) -> None:
    newcomer.create()
    with closing(newcomer.house.owner()) as owner:
        owner.execute(
            "UPDATE ecluse.records SET birth_date = now() - interval '15 years' WHERE patient_key ="
            " (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
            (newcomer.patient.cx,),
        )

    newcomer.keep()

    texts = [_text(content) for content in newcomer.contents()]
    assert len(texts) in (23, 24)
    assert not any("Contraception" in text for text in texts)


def test_an_adult_has_every_act(newcomer: Newcomer) -> None:
    newcomer.create()

    newcomer.keep()

    assert any("Contraception" in _text(content) for content in newcomer.contents())


def test_two_keepers_at_once_feed_once(newcomer: Newcomer) -> None:
    newcomer.create()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: newcomer.keep(), range(2)))

    assert len(newcomer.entries()) in (23, 24)
    assert newcomer.one("count(*) FROM (SELECT * FROM ecluse.traces WHERE actor_kind = 'SYSTEM') t") == (1,)


def test_a_feeding_that_does_not_get_through_leaves_a_record_that_waits_and_no_file(newcomer: Newcomer) -> None:
    newcomer.create()
    before = newcomer.blobs()
    with closing(newcomer.house.owner()) as owner, owner.transaction():
        owner.execute(
            "SELECT FROM ecluse.records JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s FOR UPDATE",
            (newcomer.patient.cx,),
        )
        with newcomer.keeper() as kept:
            work = kept.keeper.run()
    assert [(item.kind, error) for item, error in work.failed] == [(DueKind.REIMBURSEMENTS, "LockNotAvailable")]
    assert (newcomer.entries(), newcomer.waits(), newcomer.blobs()) == ([], True, before)

    newcomer.keep()

    assert len(newcomer.entries()) == newcomer.blobs() - before > 20


def test_the_setting_switches_it_off_and_on_again(newcomer: Newcomer) -> None:
    newcomer.create()

    newcomer.keep(reimbursement_months=0)
    assert (newcomer.entries(), newcomer.waits()) == ([], True)
    newcomer.keep(reimbursement_months=3)

    assert 2 <= len(newcomer.entries()) <= 3


def test_a_record_that_is_closed_waits_until_it_is_open_again(newcomer: Newcomer) -> None:
    newcomer.create()
    with closing(newcomer.client()) as doctor:
        assert doctor.close_record(newcomer.patient.cx).accepted
    newcomer.keep()
    assert newcomer.waits()
    with closing(newcomer.client()) as doctor:
        assert doctor.reactivate(newcomer.patient.cx).accepted

    newcomer.keep()

    assert len(newcomer.entries()) in (23, 24)


@pytest.mark.parametrize("asked", [True, False])
def test_the_administrator_opens_a_record_that_waits_for_them_or_not(newcomer: Newcomer, asked: bool) -> None:
    words = ["--lang", "en", "records", "open", newcomer.patient.ins, "--data", str(newcomer.house.data)]
    opened = CliRunner().invoke(main, words + ["--reimbursements"] * asked)
    assert opened.exit_code == 0, opened.output
    listed = CliRunner().invoke(main, ["--lang", "en", "jobs", "list", "--data", str(newcomer.house.data)])
    assert ("new record fed with reimbursements" in listed.output) is asked

    newcomer.keep()

    (count,) = newcomer.one("count(*) FROM (SELECT * FROM ecluse.document_entries) e")
    assert (count in (23, 24)) is asked


def _text(content: bytes) -> str:
    """The body of a document of level 1."""
    (body,) = xml.parse(content).iterfind(".//{urn:hl7-org:v3}nonXMLBody/{urn:hl7-org:v3}text")
    return base64.b64decode(body.text or "").decode()
