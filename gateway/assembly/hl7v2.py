"""Every object of the HL7 v2 door, built once: what whoever feeds the DMP holds, an inbox of its own, and its workers.

Two roles of the database: that of ingest deposits, that of the inbox keeps messages. Neither can do the other's work.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from gateway.assembly.dmp_feeding import content_policy, dmp_feeding
from gateway.assembly.mssante import fed_structure, incoming_mail, outgoing_mail
from gateway.database.pool import DoorPool, open_pool
from gateway.database.roles import DatabaseRole, read_url
from gateway.door import HL7V2, INBOX_KEY, SEALS, DoorFiles, door_files
from gateway.doorkeeper import Doorkeeper
from gateway.ingest.hl7v2.dispatch import Dispatch, read_destinations
from gateway.ingest.hl7v2.inbox import LETTER, Claimed, Ending, Inbox
from gateway.ingest.hl7v2.judging import judged
from gateway.ingest.hl7v2.reception import Bounds, Fullness, Reception
from gateway.ingest.hl7v2.references import References
from gateway.ingest.hl7v2.retrying import Retrying
from gateway.ingest.hl7v2.seals import Seals
from gateway.ingest.hl7v2.sender import Senders, Software
from gateway.ingest.hl7v2.treatment import Treatment
from gateway.ingest.hl7v2.workers import TreatInbox, Workers
from gateway.ingest.mssante.feeding import FeedLetters
from gateway.ingest.mssante.intake import Intake, LookAtMail
from gateway.ingest.mssante.letters import Letters
from gateway.ingest.mssante.sending import SendLetters
from gateway.server.health import Counters
from gateway.settings import Settings
from gateway.wire.mllp_client import MllpTrust
from security.at_rest.queue_key import QueueKey, load_queue_key
from xds.hl7v2.terms import Terms

_CONNECTIONS = 4
"""Of the inbox, for those who receive: a statement each, and several commits share one flush of the disk."""
_DISPATCHERS = 1
_POSTMEN = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Hl7v2Door:
    """A door ready to serve: what answers a message, who treats what waits, and what its health depends on."""

    reception: Reception
    workers: tuple[Workers, ...]
    keeper: Doorkeeper
    pools: tuple[DoorPool, ...]
    inbox: Inbox
    blobs: Path
    counters: Counters

    def reaches_database(self) -> bool:
        """Whether the database answers both roles now."""
        for pool in self.pools:
            with pool.connection() as connection:
                connection.execute("SELECT 1")
        return True

    def reaches_documents(self) -> bool:
        """Whether the directory of sealed documents is there."""
        return self.blobs.is_dir()

    def has_room(self) -> bool:
        """Whether the inbox takes messages."""
        bounds = self.reception.fullness.bounds
        messages, held = self.inbox.load()
        return messages < bounds.messages and held < bounds.bytes


def build(settings: Settings) -> Hl7v2Door:
    """Build the door. Raises QueueKeyError, SettingsError (see `outgoing_mail`), and what building any door raises."""
    section, files = settings.hl7v2, door_files(settings, HL7V2)
    inbox_url = read_url(files.data, DatabaseRole.INBOX)
    pool = open_pool(read_url(files.data, DatabaseRole.INGEST), size=section.workers + 1, name="ecluse-hl7v2")
    inbox_pool = open_pool(inbox_url, size=_CONNECTIONS + section.workers, name="ecluse-hl7v2-inbox")
    keeper, own = dmp_feeding(settings, HL7V2, pool)
    inbox, counters = Inbox(inbox_pool, load_queue_key(files.directory / INBOX_KEY)), Counters()
    letters, mail = Letters(inbox.key), outgoing_mail(settings)
    software = Software(
        name=section.software,
        version=version("ecluse"),
        homologation=section.homologation,
        sector=section.sector,
    )
    senders = Senders(keeper.gate, Seals(Path(section.seals or files.directory / SEALS)), software)
    retrying = Retrying(attempts=section.attempts, first_pause=float(section.first_pause))
    dispatchers = Workers(inbox_url, _dispatch(settings, files, retrying, inbox.key), _DISPATCHERS, "hl7v2-zam")
    references = References(own.search, own.receipts)
    treatment = Treatment(
        inbox=inbox,
        keeper=keeper,
        senders=senders,
        provide=own.provide,
        delete=own.delete,
        references=references,
        retrying=retrying,
        terms=lambda: _terms(settings),
        feed_when_unknown=section.feed_when_unknown,
        source_id=section.source_id,
        content=content_policy(settings.ingest),
        compose=mail.composer if mail is not None else None,
    )

    feeding = FeedLetters(
        inbox=inbox,
        keeper=keeper,
        senders=senders,
        provide=own.provide,
        delete=own.delete,
        references=references,
        retrying=retrying,
        feed_when_unknown=section.feed_when_unknown,
        source_id=section.source_id,
        mailbox=settings.mssante.mailbox,
        answers=mail is not None,
        reports=settings.mssante.reports,
        largest=section.message,
        counters=counters.add,
    )

    postmen: tuple[Workers, ...] = ()
    if mail is not None:
        sending = SendLetters(
            letters=letters,
            channel=mail.channel,
            retrying=mail.retrying,
            counters=counters,
            told=dispatchers.wake,
        )
        postmen = (Workers(inbox_url, sending, _POSTMEN, "mssante-out"),)

    def treated(ending: Ending) -> None:
        counters.add(f"treated.{ending.state}")
        if ending.acknowledgement is not None:
            dispatchers.wake()
        for workers in postmen if ending.letters else ():
            workers.wake()

    def treat(claimed: Claimed) -> Ending:
        return feeding(claimed) if claimed.kind == LETTER else treatment(claimed)

    treaters = Workers(inbox_url, TreatInbox(inbox, letters, treat, treated), section.workers, "hl7v2-inbox")
    bounds = Bounds(messages=section.inbox_messages, bytes=section.inbox_bytes)
    fullness = Fullness(inbox=inbox, bounds=bounds)
    source = incoming_mail(settings)
    lookers: tuple[Workers, ...] = ()
    if source is not None:
        intake = Intake(
            inbox=inbox,
            letters=letters,
            structure=fed_structure(settings),
            leaves_no_room=fullness.leaves_no_room,
            counters=counters.add,
            told=dispatchers.wake,
            arrived=treaters.wake,
        )
        look = LookAtMail(source=source, intake=intake, seconds=float(settings.mssante.poll_seconds))
        lookers = (Workers(inbox_url, look, 1, "mssante-in"),)
    reception = Reception(
        keeper=keeper,
        inbox=inbox,
        senders=senders,
        fullness=fullness,
        read=lambda data: judged(data, _terms(settings)),
        terms=lambda: _terms(settings),
        counters=counters,
        arrived=treaters.wake,
        again=section.control_ids == "reused",
        sends_mail=mail is not None,
    )
    return Hl7v2Door(
        reception=reception,
        workers=(treaters, dispatchers, *postmen, *lookers),
        keeper=keeper,
        pools=(pool, inbox_pool),
        inbox=inbox,
        blobs=files.data / "blobs",
        counters=counters,
    )


def _terms(settings: Settings) -> Terms:
    """How messages are judged today."""
    return Terms(
        mss_matrix=settings.hl7v2.mss_matrix,
        may_cumulate=settings.dmp.mask_with_invisible,
        majority_age=settings.dmp.majority_age,
        today=datetime.now(UTC).date(),
        production=settings.mode == "production",
    )


def _dispatch(settings: Settings, files: DoorFiles, retrying: Retrying, key: QueueKey) -> Dispatch:
    section = settings.hl7v2
    return Dispatch(
        key=key,
        destinations=read_destinations(section.destinations),
        trust=MllpTrust(
            authorities=Path(section.destination_ca) if section.destination_ca else None,
            certificate=Path(section.client_certificate) if section.client_certificate else files.certificate,
            key=Path(section.client_key) if section.client_key else files.key,
        ),
        timeout=float(section.timeout),
        retrying=retrying,
    )
