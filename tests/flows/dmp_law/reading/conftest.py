"""Records that are searched and read at the real doors, the cards of whoever asks, and what the house writes down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import orjson
import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.cli.rehearsal import Rehearsal
from gateway.cli.story import REPOSITORY
from samples.client.client import ConsultationClient, IngestClient
from samples.client.mtom import Message
from samples.client.raw import RawAnswer, RawClient
from samples.documents.patients import CLAIRE, SamplePatient
from samples.documents.vsm import vsm
from samples.pki.catalogue import Professional, read_catalogue
from samples.pki.credential import Credential, credential
from samples.pki.files import certificates
from samples.pki.making import make_certificate
from samples.sender import Sender
from samples.submission import Submission, build_submission
from samples.vihf import build_vihf
from security.xml import parse
from xds.ebrim.objects import read_entry
from xds.ebrim.writer import write_entry
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus, DocumentEntry
from xds.registry.rows import NewEntry, entry_row

APPROVED, ARCHIVED = AvailabilityStatus.APPROVED, AvailabilityStatus.ARCHIVED
DEPRECATED, DELETED = AvailabilityStatus.DEPRECATED, AvailabilityStatus.DELETED
EVERY = (APPROVED, DEPRECATED, ARCHIVED, DELETED)
VISIBILITY = "1.2.250.1.213.1.1.4.13"
NORMAL = Code("N", "2.16.840.1.113883.5.25", "Normal")
DENIED = "DMPAccessDeniedByRightsService"
REASON = "Patient inconscient"
EMERGENCY = {"purpose": "bris_de_glace", "reason": REASON}
REGULATION = {"purpose": "centre_15"}
FEEDING = {"ECLUSE_INGEST_PROFESSIONAL_FEEDING": "true", "ECLUSE_DMP_MASK_WITH_INVISIBLE": "true"}
AUTHOR, NURSE, DOCTOR, TREATING, OCCUPATIONAL = (
    "dr-essai",
    "inf-petit",
    "dr-blanc",
    "dr-martin",
    "dr-travail",
)
"""`AUTHOR` deposits what is masked; `DOCTOR` is another doctor; `TREATING` the médecin traitant where there is one."""
_OF_RECORD = "JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s"


@dataclass
class House:
    """A house, the cards that the test PKI lacks, and one client for each person, purpose and door."""

    rehearsal: Rehearsal
    _clients: dict[str, Any] = field(default_factory=dict)
    _about: dict[str, str | None] = field(default_factory=dict)
    _made: dict[str, Professional] = field(default_factory=dict)

    @cached_property
    def owner(self) -> psycopg.Connection[Any]:
        return self.rehearsal.owner()

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        return rsa.generate_private_key(65537, 2048)

    def engage(self, name: str, *, profession: int, specialties: Iterable[str] = (), section: str = "") -> str:
        """Give a professional his card, made now by the authority of all cards."""
        model = read_catalogue().professionals["dr-essai"]
        sections = (section,) if section else ()
        number = f"81009999{8500 + len(self._made)}"
        self._made[name] = replace(
            model, name=name, id=number, family=f"{name.upper()}-TEST", given="IRÈNE", title="Professionnel",
            profession=profession, specialties=tuple(specialties), sections=sections,
        )  # fmt: skip
        structure = read_catalogue().structures[model.activities[0]].id
        with (self.rehearsal.data / "consultation" / "directory.csv").open("a", encoding="utf-8") as directory:
            directory.write(f"{structure},{number}\n")
        return name

    def credential(self, name: str) -> Credential:
        """`<holder>.auth` or `<holder>.sign`, of the catalogue or engaged."""
        holder, _, use = name.partition(".")
        if holder not in self._made:
            return self.rehearsal.credential(name)
        catalogue = read_catalogue()
        entry = replace(catalogue.entries[f"dr-essai.{use}"], name=name, holder=holder)
        known = replace(
            catalogue,
            professionals={**catalogue.professionals, **self._made},
            entries={**catalogue.entries, name: entry},
        )
        directory = self.rehearsal.data / "pki"
        if not (certificates(directory) / name).is_dir():
            make_certificate(directory, known, entry, self._key, datetime.now(UTC))
        return credential(entry, known, certificates(directory) / name)

    def id_of(self, who: str) -> str:
        return self.credential(f"{who}.auth").national_id

    def client(
        self,
        door: str,
        who: str,
        patient_id: str | None,
        *,
        feeds: bool = False,
        tls: str = "",
        seal: str = "",
        **vihf: Any,
    ) -> Any:
        """Software at a door; its assertions are about a patient. `tls` and `seal` are names of other certificates."""
        tls, seal = tls or f"{who}.auth", seal or f"{who}.sign"
        key = f"{door} {feeds} {tls} {seal} {sorted(vihf.items())}"
        self._about[key] = patient_id
        if key not in self._clients:
            address, signer = self.rehearsal.doors[door], self.credential(seal)

            def voice() -> Any:
                return build_vihf(**{"signer": signer, "now": datetime.now(UTC), "patient": self._about[key], **vihf})

            make: Any = IngestClient if feeds else ConsultationClient
            self._clients[key] = make(address.url, self.credential(tls), address.ca, vihf=voice)
        return self._clients[key]

    def close(self) -> None:
        for client in self._clients.values():
            client.close()
        self.owner.close()


@dataclass(frozen=True)
class File:
    """One patient of a house and his record."""

    house: House
    patient: SamplePatient

    @property
    def cx(self) -> str:
        return self.patient.cx

    def open(self, *authorised: str, treating: str = "", **columns: Any) -> File:
        self.house.rehearsal.open_record(self.cx)
        for who in authorised:
            self.authorise(who)
        if treating:
            self.authorise(treating, medecin_traitant=True)
        if columns:
            self.set(**columns)
        return self

    def set(self, **columns: Any) -> None:
        names = ", ".join(f"{name} = %s" for name in columns)
        self.run(
            f"UPDATE ecluse.records SET {names}, revision = revision + 1"  # noqa: S608
            " WHERE patient_key = (SELECT patient_key FROM ecluse.patients WHERE patient_id = %s)",
            *columns.values(),
            self.cx,
        )

    def authorise(
        self, who: str, status: str = "VALIDE", *, until: datetime | None = None, medecin_traitant: bool = False
    ) -> None:
        self.run(
            "INSERT INTO ecluse.authorisations (patient_key, professional_id, status, valid_until, declared_at,"
            " medecin_traitant) SELECT patient_key, %s, %s, %s, now(), %s FROM ecluse.patients WHERE patient_id = %s"
            " ON CONFLICT (patient_key, professional_id) DO UPDATE SET status = excluded.status,"
            " valid_until = excluded.valid_until, medecin_traitant = excluded.medecin_traitant",
            *(self.house.id_of(who), status, until, medecin_traitant, self.cx),
        )

    def rows(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return list(self.house.owner.execute(statement, parameters).fetchall())

    def run(self, statement: str, *parameters: Any) -> None:
        self.house.owner.execute(statement, parameters)

    # what is there

    def lot(self, documents: list[Any], by: str = "chu-seine.sign", **changes: Any) -> Submission:
        """A lot that a certificate seals."""
        signer = self.house.credential(by)
        return build_submission(documents, signer=signer, now=datetime.now(UTC), patient_id=self.cx, **changes)

    def deposit(self, lot: Submission, by: str = "chu-seine", **vihf: Any) -> tuple[str, ...]:
        """Deposit a lot at the ingest door; the uniqueIds of its documents."""
        answer = self.at(by, "ingest", feeds=True, **vihf).provide_and_register(lot)
        assert answer.succeeded, answer.errors
        return lot.unique_ids

    def documents(self, *wanted: Mapping[str, Any], by: str = "chu-seine") -> tuple[str, ...]:
        """Deposit one signed lot, then make each of its documents what `become` says; their uniqueIds."""
        unique_ids = self.deposit(self.lot([vsm(self.patient) for _ in wanted], f"{by}.sign"), by)
        for unique_id, changes in zip(unique_ids, wanted, strict=True):
            self.become(unique_id, **changes)
        return unique_ids

    def become(
        self,
        unique_id: str,
        *,
        author: str = AUTHOR,
        status: AvailabilityStatus = APPROVED,
        confidentiality: Iterable[str] = (),
        kind: tuple[Code, Code] | None = None,
    ) -> None:
        """Give a registered document another author, other visibility codes, another status, another class and type."""
        entry = self.now(unique_id)
        class_code, type_code = kind or (entry.class_code, entry.type_code)
        changed = replace(
            entry,
            authors=(Sender.of(self.house.credential(f"{author}.sign")).author,),
            confidentiality_codes=(NORMAL, *(Code(code, VISIBILITY, code) for code in confidentiality)),
            class_code=class_code,
            type_code=type_code,
            availability_status=APPROVED,
        )
        row = entry_row(NewEntry(entry=changed, blob_address=None))
        self.run(
            "UPDATE ecluse.document_entries SET codes = %s::text::jsonb, author_person_ids = %s, author_persons = %s,"
            " author_structure_ids = %s, fragment = %b, status = %s WHERE unique_id = %s",
            orjson.dumps(row["codes"]).decode(),
            row["author_person_ids"],
            row["author_persons"],
            row["author_structure_ids"],
            write_entry(changed),
            status.name,
            unique_id,
        )

    def now(self, unique_id: str) -> DocumentEntry:
        """The last version of a document, as registered."""
        ((fragment, status),) = self.rows(
            "SELECT fragment, status FROM ecluse.document_entries WHERE unique_id = %s ORDER BY version DESC LIMIT 1",
            unique_id,
        )
        return replace(read_entry(parse(bytes(fragment))), availability_status=AvailabilityStatus[status])

    # who asks

    def at(self, who: str, door: str = "consultation", **vihf: Any) -> Any:
        """The software of somebody, at a door, about this patient."""
        return self.house.client(door, who, vihf.pop("about", self.cx), **vihf)

    def listed(self, who: str, *statuses: AvailabilityStatus, **vihf: Any) -> list[str]:
        """The uniqueIds that somebody finds, one for each version."""
        answer = self.at(who, **vihf).find_documents(self.cx, status=[str(one) for one in statuses or (APPROVED,)])
        assert answer.succeeded, (answer.errors, self.traces()[-1:])
        return sorted(answer.unique_ids)

    def read(self, who: str, *unique_ids: str, **vihf: Any) -> Any:
        return self.at(who, **vihf).retrieve([(REPOSITORY, unique_id) for unique_id in unique_ids])

    def raw(self, who: str, message: Message, service: str = "registry") -> RawAnswer:
        """Send a message as it is; the whole HTTP answer."""
        address = self.house.rehearsal.doors["consultation"]
        client = RawClient(address.url, self.house.credential(f"{who}.auth"), address.ca, service=service)
        kind, body = message.encode()
        return client.send(body, kind)

    # what is written down

    def traces(self, *columns: str) -> list[tuple[Any, ...]]:
        """Columns of every trace, oldest first: operation, outcome, code and rule when none is named."""
        names = ", ".join(columns or ("operation", "outcome", "code", "rule"))
        return self.rows(f"SELECT {names} FROM ecluse.traces {_OF_RECORD} ORDER BY at, trace_id", self.cx)  # noqa: S608

    def told(self, *kinds: str) -> list[tuple[str, str]]:
        """Kind and subject of what waits to be told."""
        found = self.rows(f"SELECT kind, subject FROM ecluse.outbox {_OF_RECORD} ORDER BY at, kind, subject", self.cx)  # noqa: S608
        return [row for row in found if not kinds or row[0] in kinds]

    def state(self) -> dict[str, list[str]]:
        """Everything of the record but its traces; of news, what they are: their delivery goes on meanwhile."""
        tables = dict.fromkeys(
            ("records", "authorisations", "document_entries", "submission_sets", "associations"), "to_jsonb(t)"
        )
        tables["outbox"] = "kind, subject"
        query = f"SELECT {{}} FROM ecluse.{{}} t {_OF_RECORD}"  # noqa: S608
        return {
            name: sorted(str(row) for row in self.rows(query.format(columns, name), self.cx))
            for name, columns in tables.items()
        }


@dataclass(frozen=True)
class Refused:
    """What is expected of a refusal: its code, the rule that decided, the operation that the trace names."""

    code: str
    rule: str
    operation: str

    def check(self, file: File, answer: Any, before: Mapping[str, list[str]], traced: int) -> None:
        assert (answer.succeeded, answer.error_codes) == (False, [self.code]), answer
        assert file.state() == before, "something changed"
        assert file.traces()[traced:] == [(self.operation, "refused", self.code, self.rule)]


_numbers = iter(range(100, 1000))


def someone(**changes: Any) -> SamplePatient:
    """A patient nobody has seen in this run."""
    return replace(CLAIRE, nir=f"2580769125{next(_numbers):03}", **changes)


@pytest.fixture(scope="session")
def reading_house() -> Iterator[House]:
    """A house where professionals feed with their own card too."""
    with Rehearsal(FEEDING) as rehearsal:
        house = House(rehearsal)
        yield house
        house.close()


@pytest.fixture(scope="session")
def world(reading_house: House) -> Any:
    """A record that much happened in, and its twins (`twins.World`)."""
    from .twins import world_of

    return world_of(reading_house)


@pytest.fixture
def file(reading_house: House) -> File:
    """An open record; AUTHOR, NURSE and DOCTOR are authorised, TREATING is the médecin traitant."""
    return File(reading_house, someone()).open(AUTHOR, NURSE, DOCTOR, OCCUPATIONAL, treating=TREATING)
