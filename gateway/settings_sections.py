"""The settings by section: every key, its default, and its help, which is its documentation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

MIB = 1024 * 1024


def _key(default: Any, help_text: str) -> Any:
    return field(default=default, metadata={"help": help_text})


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorSettings:
    """Where a door listens and how much it accepts at once."""

    host: str = _key("127.0.0.1", "address the door listens on")
    port: int = _key(0, "port of the door; 0 lets the system choose")
    health_port: int = _key(0, "loopback port of its health endpoint; 0 lets the system choose")
    threads: int = _key(8, "requests served at once")
    certificate: str = _key("", "server certificate, PEM; empty: the test certificate of the data directory")
    key: str = _key("", "private key of the server certificate, PEM; empty: the test key of the data directory")
    trust: str = _key("", "directory with roots.pem, intermediates.pem and crls.pem; empty: the test authorities")


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSettings(DoorSettings):
    """The ingest door."""

    port: int = _key(8441, "port of the door; 0 lets the system choose")
    health_port: int = _key(9441, "loopback port of its health endpoint; 0 lets the system choose")
    professional_feeding: bool = _key(
        False, "admit CPS cards on the ingest door (direct feeding); it still cannot read"
    )
    refuse_invalid: bool = _key(True, "refuse what breaks its profile; false: only report it, as warnings")
    refused_profiles: str = _key(
        "vsm-1.4 vsm-2023.01 ips-fr-2024.01", "profiles whose errors refuse a document, separated by blanks"
    )
    reported_profiles: str = _key(
        "level1 ci_sis_header", "profiles whose errors are warnings in the answer, separated by blanks"
    )
    reported_rules: str = _key(
        "", "rules that never refuse, separated by blanks; HDR-* stands for every rule that starts with HDR-"
    )
    signature_max_age: int = _key(86_400, "oldest signing time of a lot, in seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultationSettings(DoorSettings):
    """The consultation door."""

    port: int = _key(8442, "port of the door; 0 lets the system choose")
    health_port: int = _key(9442, "loopback port of its health endpoint; 0 lets the system choose")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hl7v2Settings(DoorSettings):
    """The HL7 v2 listener of the domain dmp: MLLP over mutual TLS, for the establishments of the ingest door."""

    enabled: bool = _key(
        True, "whether ecluse serve opens it; in production only where certificate, key and trust are given"
    )
    port: int = _key(8444, "port of the door; 0 lets the system choose")
    health_port: int = _key(9444, "loopback port of its health endpoint; 0 lets the system choose")
    threads: int = _key(32, "connections served at once, half of them of one certificate at most")
    workers: int = _key(2, "messages treated at once")
    message: int = _key(100 * MIB, "largest message, in bytes")
    memory: int = _key(256 * MIB, "bytes of messages that are being received at once; beyond, connections are cut")
    inbox_messages: int = _key(10_000, "messages that wait at once; beyond, senders are told to come again (AR)")
    inbox_bytes: int = _key(4096 * MIB, "bytes of messages held, parked ones too; beyond, the same")
    control_ids: Literal["once", "reused"] = _key(
        "once", "whether a sender may use a control id (MSH-10) again for another message while it is remembered"
    )
    remember_days: int = _key(30, "days that control id, time and outcome of a message that is done are remembered")
    seals: str = _key(
        "", "directory of sealing keys, <Struct_IdNat>.pem: certificates and key; empty: hl7v2/seals of the data"
    )
    sector: str = _key("SA01", "sector of activity of those who feed through this door (TRE_R02), for their VIHF")
    software: str = _key("Ecluse", "name of this software in the VIHF that it makes (LPS_Nom)")
    homologation: str = _key("ECLUSE-TEST", "its authorisation number (LPS_ID_HOMOLOGATION_DMP)")
    source_id: str = _key("1.2.250.1.213.4.1.1.1.3", "sourceId of the lots that it makes, an OID")
    feed_when_unknown: bool = _key(
        True, "whether a record is fed when nobody collected what the patient says of it (ZFA-9 NA, or no ZFA)"
    )
    mss_matrix: Literal["warn", "strict"] = _key(
        "warn", "whether combinations of destinations outside the matrix of the volet are warned of, or refused"
    )
    destinations: str = _key(
        "", "where business acknowledgements (ZAM) go: application^facility=mllps://host:port, separated by blanks"
    )
    destination_ca: str = _key("", "authorities that those listeners are verified with, PEM; empty: the system's")
    client_certificate: str = _key(
        "", "certificate shown to those listeners, PEM; empty: that of the door (a test one is no client's)"
    )
    client_key: str = _key("", "its private key, PEM; empty: that of the door")
    timeout: int = _key(20, "longest time a ZAM may take, in seconds")
    attempts: int = _key(12, "times that a message or a ZAM is tried before it is parked for a person to look at")
    first_pause: int = _key(5, "seconds before the second attempt; each pause is twice the one before, a day at most")


@dataclass(frozen=True, slots=True, kw_only=True)
class MssanteSettings:
    """The MSSanté mailbox of the HL7 v2 door: letters that leave by SMTP, mail that comes by IMAP.

    Without a host letters are files, in the sandbox only: in production they need one.
    """

    mailbox: str = _key("ecluse@mssante.invalid", "address of the mailbox: letters come from it, answers come to it")
    smtp_host: str = _key(
        "", "SMTP server of the operator; empty: files in mssante/out of the data, and in production no letter"
    )
    smtp_port: int = _key(465, "its port")
    smtp_security: Literal["none", "starttls", "tls"] = _key(
        "tls", "TLS: none (sandbox only), after STARTTLS, or from the start"
    )
    smtp_ca: str = _key("", "authorities that its certificate is verified with, PEM; empty: those of the system")
    smtp_certificate: str = _key("", "certificate shown to it, PEM; empty: none")
    smtp_key: str = _key("", "its private key, PEM")
    smtp_user: str = _key("", "account, if it asks for one")
    smtp_password: str = _key("", "password of the account")
    timeout: int = _key(60, "longest silence of either server, in seconds")
    attempts: int = _key(12, "times that a letter is tried before it is parked for a person to look at")
    first_pause: int = _key(60, "seconds before the second attempt; each pause is twice the one before, a day at most")
    imap_host: str = _key("", "IMAP server of the operator; empty: files put in mssante/in of the data")
    imap_port: int = _key(993, "its port; TLS from the start")
    imap_ca: str = _key("", "authorities that its certificate is verified with, PEM; empty: those of the system")
    imap_certificate: str = _key("", "certificate shown to it, PEM; empty: none")
    imap_key: str = _key("", "its private key, PEM")
    imap_user: str = _key("", "account")
    imap_password: str = _key("", "password of the account")
    imap_folder: str = _key("INBOX", "folder that mail is taken from")
    imap_done: str = _key("", "folder that mail is moved to once it is here; empty: it stays, marked as read")
    imap_aside: str = _key("", "folder that mail is moved to which is not for this door; empty: it stays, not read")
    poll_seconds: int = _key(60, "seconds between two looks at the mailbox")
    feed: Literal["sandbox", "always", "never"] = _key(
        "sandbox", "where letters that come are fed to the DMP: in mode sandbox, always, or never"
    )
    reports: str = _key(
        "",
        "address that is told of a letter that cannot be fed, where its sender asked for no notification; empty: none",
    )
    structure: str = _key("", "structure that owns the mailbox, a Struct_IdNat: letters that come are fed in its name")


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """The page and the HTTP interface that judge documents. It speaks plain HTTP: a proxy gives it TLS."""

    enabled: bool = _key(True, "whether ecluse serve opens it; never in mode production")
    host: str = _key("127.0.0.1", "address it listens on; what it receives is not encrypted")
    port: int = _key(8440, "its port; another one is chosen when it is 0, or taken as ecluse serve starts")
    names: str = _key("", "host names it answers to besides its address, separated by blanks")
    threads: int = _key(4, "requests served at once")
    body: int = _key(64 * MIB, "largest body, in bytes")
    keep_days: int = _key(7, "days that a verdict stays which somebody asked to keep")
    pack: str = _key("", "an imported pack that may be asked for, by name or directory; empty: none")


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Limits of one request."""

    body: int = _key(128 * MIB, "largest body, in bytes")
    memory: int = _key(256 * MIB, "bytes of bodies that a door holds at once; beyond, it says that it is busy")
    idle: int = _key(15, "longest silence while a body is read, in seconds")
    total: int = _key(120, "longest time to read a whole body, in seconds")
    per_certificate: int = _key(16, "requests of one certificate served at once")


@dataclass(frozen=True, slots=True, kw_only=True)
class VihfSettings:
    """Reading of the VIHF assertion."""

    clock_skew: int = _key(300, "difference tolerated between clocks, in seconds")
    max_age: int = _key(3600, "oldest assertion without validity conditions, in seconds")
    replay: Literal["strict", "per_patient"] = _key(
        "per_patient", "whether one assertion may serve several calls for one patient"
    )
    direct_signature: Literal["required", "optional"] = _key("required", "whether a DIRECTE assertion must be signed")
    allow_sha1: bool = _key(False, "accept RSA-SHA1 signatures of assertions")
    attachment: Literal["required", "optional"] = _key(
        "required", "whether directory.csv of a door, where there is one, must know structure and professional (V-22)"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """The PostgreSQL server."""

    url: str = _key("", "connection string of an owner role; empty: a server embedded in the data directory")


@dataclass(frozen=True, slots=True, kw_only=True)
class IheSettings:
    """The generic affinity domain; nothing here counts in the DMP."""

    patients: Literal["feed", "accept_all"] = _key(
        "feed", "patients known: those of the identity feed (ITI-8, ITI-44), or whoever a submission names"
    )
    codes: str = _key(
        "any", "codes allowed: any, connectathon (the list that comes along), or a file, CSV or codes.xml"
    )
    authorities: str = _key(
        "", "assigning authorities of patient ids: OIDs separated by blanks; empty: those of the code file, else any"
    )
    assertion: Literal["optional", "required"] = _key(
        "optional", "whether every message carries a SAML assertion (XUA); one that comes is always verified"
    )
    audience: str = _key("", "the audience that names this house, if assertions are restricted; empty: any")
    roles: str = _key("", "roles that an assertion may claim, code^^codeSystem separated by blanks; empty: any")
    purposes: str = _key("", "purposes of use believed, code^^codeSystem separated by blanks; empty: any")
    authn_contexts: str = _key("", "authentication contexts believed, URIs separated by blanks; empty: any")
    lot_signature: Literal["ignored", "required"] = _key(
        "ignored", "whether a lot is signed by its establishment, as in the DMP"
    )
    home_community_id: str = _key("", "homeCommunityId returned with every object, urn:oid: and an OID; empty: none")
    feed_port: int = _key(8444, "port of the patient identity feed, ITI-8 over MLLP and TLS; 0 lets the system choose")


@dataclass(frozen=True, slots=True, kw_only=True)
class DmpSettings:
    """What the law of the DMP leaves open: `xds.dmp.parameters` has the same keys."""

    regime: Literal["mes2022", "dmp2018"] = _key(
        "mes2022", "mes2022: records opened by the national scheme; dmp2018: by professionals, with TD1.1"
    )
    authorisation_days: int = _key(365, "days that an authorisation of a professional lasts")
    mask_author_scope: Literal["ps", "structure"] = _key(
        "ps", "who still reads a masked document: its author alone, or his structure"
    )
    retrieve_deleted: bool = _key(True, "whether a deleted document, a status, is still read by who asks for it")
    mask_with_invisible: bool = _key(False, "whether MASQUE_PS and INVISIBLE_PATIENT may stand together")
    replacement_keeps_mask: bool = _key(True, "whether what replaces a masked document is masked, whatever was sent")
    restricted: Literal["accept", "warn", "refuse"] = _key("warn", "what becomes of a document of confidentiality R")
    very_restricted: Literal["accept", "warn", "refuse"] = _key(
        "refuse", "what becomes of a document of confidentiality V"
    )
    minor_choice: Literal["accept", "warn"] = _key(
        "warn", "what becomes of the document of a minor that is visible to those who represent him"
    )
    manage_minors: bool = _key(True, "whether minors and their legal representatives have rules of their own")
    majority_age: int = _key(18, "years after which nobody represents the holder any more")
    reminder_days: int = _key(14, "days after which the holder is told of a document that waits for an announcement")
    release_months: int = _key(1, "months after which such a document becomes visible by itself")
    archive_years: int = _key(10, "years that a closed record is kept")
    destruction_days: int = _key(30, "days between the holder's request and the destruction, 90 at most")
    suspension_weeks: int = _key(6, "weeks of silence after which a suspended record is closed")
    reason_shortest: int = _key(3, "fewest characters of the reason of an emergency access, 3 at least")
    reason_longest: int = _key(500, "most characters of the reason of an emergency access, 500 at most")
    reimbursement_months: int = _key(24, "months of reimbursements that a new record is fed with; 0: none")


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirSettings:
    """The FHIR interface of both doors, a draft of the DMP's guide; nothing here counts in a generic domain."""

    enabled: Literal["sandbox", "always", "never"] = _key(
        "sandbox", "whether the doors speak FHIR: in mode sandbox only, in production too, or never"
    )
    handling: Literal["strict", "lenient"] = _key(
        "strict", "how a client is taken that sends no Prefer: handling; lenient needs fhir.lenient"
    )
    lenient: bool = _key(
        True,
        "whether a client may prefer handling=lenient: what official examples leave out is taken, with warnings; "
        "never in mode production",
    )
    id_policy: Literal["lid", "entryuuid"] = _key(
        "lid", "id of a DocumentReference: its logicalId, which never changes, or the entryUUID of its version"
    )
    deletion: Literal["entered-in-error", "superseded"] = _key(
        "entered-in-error", "status that a PATCH deletes a document with"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class JobsSettings:
    """What time does to records, and the news of it."""

    interval: int = _key(60, "seconds between two looks at what is due while ecluse serve is open; 0: never")
    attempts: int = _key(12, "times that a notice is tried before it is parked for a person to look at")
    first_pause: int = _key(60, "seconds before the second attempt; each pause is twice the one before, a day at most")
    language: Literal["fr", "en"] = _key("fr", "language of notices")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The server that takes e-mails; without a host they are files of data/outgoing."""

    host: str = _key("", "SMTP server; empty: e-mails are written in data/outgoing")
    port: int = _key(587, "its port")
    security: Literal["none", "starttls", "tls"] = _key("starttls", "TLS: none, after STARTTLS, or from the start")
    ca: str = _key("", "authorities that its certificate is verified with, PEM; empty: those of the system")
    user: str = _key("", "account, if it asks for one")
    password: str = _key("", "password of the account")
    sender: str = _key("ne-pas-repondre@ecluse.invalid", "address that e-mails come from")
    timeout: int = _key(20, "longest silence of the server, in seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsSettings:
    """What sends short messages; without a command they are files of data/outgoing."""

    command: str = _key(
        "", "command run for each: the number is its last argument, the text its standard input; empty: files"
    )
    timeout: int = _key(20, "longest time it may take, in seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings."""

    mode: Literal["sandbox", "production"] = _key("sandbox", "sandbox accepts test identities only")
    domain: Literal["dmp", "ihe"] = _key(
        "dmp", "dmp: French codes, VIHF, signed lots, test INS; ihe: generic XDS.b affinity domain, section [ihe]"
    )
    data: str = _key("data", "data directory: database, documents, keys")
    repository_unique_id: str = _key("1.2.250.1.213.4.1.1.1.2", "repositoryUniqueId of this repository, an OID")
    database: DatabaseSettings = field(default_factory=DatabaseSettings)
    ingest: IngestSettings = field(default_factory=IngestSettings)
    consultation: ConsultationSettings = field(default_factory=ConsultationSettings)
    hl7v2: Hl7v2Settings = field(default_factory=Hl7v2Settings)
    mssante: MssanteSettings = field(default_factory=MssanteSettings)
    sandbox: SandboxSettings = field(default_factory=SandboxSettings)
    limits: LimitSettings = field(default_factory=LimitSettings)
    vihf: VihfSettings = field(default_factory=VihfSettings)
    dmp: DmpSettings = field(default_factory=DmpSettings)
    fhir: FhirSettings = field(default_factory=FhirSettings)
    jobs: JobsSettings = field(default_factory=JobsSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    sms: SmsSettings = field(default_factory=SmsSettings)
    ihe: IheSettings = field(default_factory=IheSettings)
