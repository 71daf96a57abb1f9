"""The story of the demonstration: each step knocks at a real door and says what it expected and what it got."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import requests

from cda.document import parse_document
from cda.header import read_header
from cda.to_metadata import to_entry
from gateway.cli.rehearsal import Rehearsal
from gateway.cli.story_fhir import fhir_chapter
from gateway.cli.story_laboratory import laboratory_chapter
from gateway.cli.story_patient import patient_chapter
from gateway.cli.story_step import Step, Told, step_of
from gateway.database.roles import DatabaseRole, read_url
from samples.client.answers import RegistryAnswer, SoapFault
from samples.client.client import ConsultationClient
from samples.documents.discharge_letter import discharge_letter
from samples.documents.laboratory_report import laboratory_report
from samples.documents.patients import CLAIRE, PAUL
from samples.documents.vsm import vsm
from samples.submission import MASQUE_PS, Source, Submission, build_submission
from security.audit.verify import verify
from xds.metadata.codes import Code

REPOSITORY = "1.2.250.1.213.4.1.1.1.2"
PUBLIC_PATIENT = "279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH"
"""The invented patient of the public sample documents."""
ABSENT = "2.25.999999999"


class Story:
    """Tells the story in a house whose doors are open. `public` are CDA documents of the public samples, or none."""

    def __init__(self, house: Rehearsal, public: tuple[Path, ...] = ()) -> None:
        self._house = house
        self._public = public
        self._deposited: dict[str, bytes] = {}
        self._masked = ""

    def steps(self) -> Iterator[Step]:
        """Every step, in order; each is played when it is asked for."""
        doctor = self._house.credential("dr-essai.auth").national_id
        self._house.open_record(CLAIRE.cx, [doctor])
        if self._public:
            self._house.open_record(PUBLIC_PATIENT, [doctor])
        yield from self._deposits()
        yield from self._refused_deposits()
        yield from self._readings()
        yield from self._refused_readings()
        yield from patient_chapter(self._house, CLAIRE.cx)
        yield from fhir_chapter(self._house, CLAIRE)
        yield from laboratory_chapter(self._house, CLAIRE)
        yield from self._walls()

    def _deposits(self) -> Iterator[Step]:
        summary, identified = vsm(CLAIRE), f"urn:uuid:{uuid4()}"
        yield self._deposit(
            ("the hospital deposits a medical synthesis", "l'hôpital dépose un volet de synthèse médicale"),
            "chu-seine",
            [_named(summary, identified)],
        )
        yield self._deposit(
            ("the laboratory deposits a report", "le laboratoire dépose un compte rendu"),
            "labo-rhone",
            [laboratory_report(CLAIRE)],
        )
        masked = laboratory_report(CLAIRE)
        self._masked = read_header(parse_document(masked)).unique_id or ""
        yield self._deposit(
            ("the laboratory deposits a report, masked", "le laboratoire dépose un compte rendu masqué"),
            "labo-rhone",
            [masked],
            confidentiality=[MASQUE_PS],
        )
        old = read_header(parse_document(summary)).unique_id
        yield self._deposit(
            ("the hospital replaces its synthesis", "l'hôpital remplace sa synthèse"),
            "chu-seine",
            [vsm(CLAIRE, replaces=old, version=2)],
            replaces={0: identified},
        )
        if self._public:
            count = len(self._public)
            yield self._deposit(
                (
                    f"the hospital deposits {count} public sample documents in one lot",
                    f"l'hôpital dépose {count} documents d'exemple publics en un lot",
                ),
                "chu-seine",
                [path.read_bytes() for path in self._public],
                patient_id=PUBLIC_PATIENT,
            )

    def _refused_deposits(self) -> Iterator[Step]:
        letter = discharge_letter(CLAIRE)
        yield self._deposit(
            ("a wrong hash is refused", "une empreinte fausse est refusée"),
            "chu-seine",
            [letter],
            "XDSRepositoryMetadataError",
            spoil=lambda lot: lot.with_entry(0, hash="0" * 40),
        )
        yield self._deposit(
            ("a synthesis that breaks its profile is refused", "une synthèse non conforme est refusée"),
            "chu-seine",
            [vsm(CLAIRE, breaking="VSM-SEC-32")],
            "InvalidDocumentContent",
        )
        yield self._deposit(
            ("a patient without a record is refused", "un patient sans dossier est refusé"),
            "chu-seine",
            [vsm(PAUL)],
            "XDSUnknownPatientId",
            patient_id=PAUL.cx,
        )
        yield self._deposit(
            ("a lot signed by another hospital is refused", "un lot signé par un autre hôpital est refusé"),
            "chu-seine",
            [letter],
            "ASSERTION_IDENTITY",
            signer="ch-loire.sign",
        )
        for name, told in (
            ("bad.revoked", ("a revoked certificate is refused", "un certificat révoqué est refusé")),
            ("dr-essai.auth", ("a doctor's card cannot deposit", "une carte de médecin ne peut pas déposer")),
        ):
            yield self._deposit(told, "chu-seine", [letter], "TLS", tls=name)

    def _readings(self) -> Iterator[Step]:
        with closing(self._house.professional("dr-essai", CLAIRE.cx)) as doctor:
            found = doctor.find_documents(CLAIRE.cx)
            yield Step(
                ("the doctor finds the current documents", "le médecin trouve les documents en vigueur"),
                "2 documents",
                f"{len(found.unique_ids)} documents",
            )
            same = self._read(doctor, found.unique_ids)
            yield Step(
                ("the doctor reads them, byte for byte as deposited", "le médecin les lit, à l'octet près"),
                "2 documents",
                f"{same} documents",
            )
        if self._public:
            with closing(self._house.professional("dr-essai", PUBLIC_PATIENT)) as doctor:
                found = doctor.find_documents(PUBLIC_PATIENT)
                same = self._read(doctor, found.unique_ids)
            yield Step(
                ("the doctor reads the public samples too", "le médecin lit aussi les exemples publics"),
                f"{len(self._public)} documents",
                f"{same} documents",
            )

    def _refused_readings(self) -> Iterator[Step]:
        with closing(self._house.professional("dr-essai", CLAIRE.cx)) as doctor:
            answer = doctor.retrieve([(REPOSITORY, self._masked), (REPOSITORY, ABSENT)])
        texts = {error.context.replace(self._masked, ABSENT) for error in answer.errors}
        yield Step(
            ("a masked document and an absent one look the same", "un document masqué et un absent se ressemblent"),
            "XDSDocumentUniqueIdError",
            "".join(set(answer.error_codes)) if len(answer.errors) == 2 and len(texts) == 1 else "a difference",
            "".join(texts),
        )
        with closing(self._house.professional("dr-martin", CLAIRE.cx)) as stranger:
            yield step_of(
                ("a doctor without authorisation is refused", "un médecin sans autorisation est refusé"),
                "DMPAccessDeniedByRightsService",
                stranger.find_documents(CLAIRE.cx),
            )
        for name, told in (
            ("chu-seine.auth", ("the hospital cannot read", "l'hôpital ne peut pas lire")),
            ("chu-seine.cpe", ("an employee's card (CPE) cannot read", "une carte d'employé (CPE) ne peut pas lire")),
        ):
            with closing(self._house.professional("dr-essai", CLAIRE.cx, tls=name)) as intruder:
                yield _attempt(told, "TLS", lambda intruder=intruder: intruder.find_documents(CLAIRE.cx))  # type: ignore[misc]

    def _walls(self) -> Iterator[Step]:
        told = ("the ingest role asks the database for documents", "le rôle d'alimentation interroge la base")
        with closing(psycopg.connect(read_url(self._house.data, DatabaseRole.INGEST))) as connection:
            try:
                connection.execute("SELECT * FROM ecluse.document_entries")
                yield Step(told, "permission denied", "rows")
            except psycopg.errors.InsufficientPrivilege as error:
                yield Step(told, "permission denied", "permission denied", str(error).splitlines()[0])
        with closing(self._house.owner()) as connection:
            verdicts = verify(connection, ())
        sound = all(verdict.fault is None for verdict in verdicts)
        yield Step(
            ("the audit chain of every access is whole", "la chaîne de traces de tous les accès est entière"),
            "whole",
            "whole" if sound else "broken",
            f"{sum(verdict.size for verdict in verdicts)} events",
        )

    def _read(self, doctor: ConsultationClient, unique_ids: list[str]) -> int:
        """How many documents come back exactly as they were deposited."""
        if not unique_ids:
            return 0
        answer = doctor.retrieve((REPOSITORY, unique_id) for unique_id in unique_ids)
        return sum(self._deposited.get(item.unique_id) == item.content for item in answer.documents)

    def _deposit(
        self,
        told: Told,
        establishment: str,
        documents: list[Source],
        expected: str = "Success",
        *,
        signer: str | None = None,
        tls: str | None = None,
        patient_id: str = CLAIRE.cx,
        replaces: dict[int, str] | None = None,
        confidentiality: Iterable[Code] = (),
        spoil: Callable[[Submission], Submission] = lambda lot: lot,
    ) -> Step:
        own = self._house.credential(f"{establishment}.sign")
        lot = build_submission(
            documents,
            signer=own,
            now=datetime.now(UTC),
            patient_id=patient_id,
            replaces=replaces,
            confidentiality=confidentiality,
        )
        if signer is not None:
            other = build_submission(
                documents,
                signer=self._house.credential(signer),
                now=datetime.now(UTC),
                patient_id=patient_id,
                unique_id=lot.submission_set.unique_id,
            )
            lot = lot.with_content(-1, list(other.contents.values())[-1], declared=True)
        with closing(self._house.establishment(establishment, patient_id, tls=tls)) as client:
            step = _attempt(told, expected, lambda: client.provide_and_register(spoil(lot)))
        if step.got == "Success":
            self._deposited |= {entry.unique_id: lot.contents[entry.entry_uuid] for entry in lot.entries}
        return step


def _named(document: bytes, entry_uuid: str) -> Source:
    """A document whose entryUUID its sender chooses, to replace it later without having to ask."""
    return to_entry(read_header(parse_document(document)), document, entry_uuid=entry_uuid), document


def _attempt(told: Told, expected: str, knock: Callable[[], RegistryAnswer]) -> Step:
    try:
        return step_of(told, expected, knock())
    except SoapFault as fault:
        return Step(told, expected, fault.subcode or fault.code, fault.reason)
    except requests.exceptions.ConnectionError:
        return Step(told, expected, "TLS", "the handshake is refused")
