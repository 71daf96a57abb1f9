"""What is known of the holder of a record, and what he wants: traits, representatives, consents, masking, his space."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg

from gateway.acts import Act
from gateway.administration.office import RecordsError, doing
from profiles.codes import load_domain
from xds.dmp.consents import settled
from xds.dmp.holder import Traits
from xds.dmp.minority import RELATIONSHIPS, is_minor
from xds.dmp.reach import is_email, is_number
from xds.dmp.record import EmergencyConsents
from xds.ebrim.escaping import escape
from xds.errors import XdsErrorCode
from xds.registry.identifiers import canonical_patient_id
from xds.registry.record_file import Facts

_OLDEST = 1850
_Connection = psycopg.Connection[Any]


def set_consents(
    connection: _Connection,
    patient_id: str,
    *,
    etreat: bool | None = None,
    btg: bool | None = None,
    masked: bool | None = None,
) -> None:
    """Set what the patient permits in an emergency; None leaves a consent as it is.

    Masked documents are not open in an emergency when neither access is: MASKED becomes deny with the last of them.
    Raises RecordsError: no open record, or MASKED asked for while both are denied.
    """
    with doing(connection, patient_id, Act.CONSENTS, reason=_spoken(etreat=etreat, btg=btg, masked=masked)) as record:
        record.must_be_open()
        row = connection.execute(
            "SELECT COALESCE(%s, etreat), COALESCE(%s, btg), COALESCE(%s, masked) FROM ecluse.records"
            " WHERE patient_key = %s",
            (etreat, btg, masked, record.patient_key),
        ).fetchone()
        if row is None:
            raise LookupError("the record is locked: it is there")
        wanted = EmergencyConsents(etreat=row[0], btg=row[1], masked=row[2])
        held = settled(wanted)
        if masked and not held.masked:
            raise RecordsError("MASKED is permitted only while ETREAT or BTG is", "SBX_CONSENTS")
        record.declare(Facts(emergency=held))


def set_default_masking(connection: _Connection, patient_id: str, *, on: bool) -> None:
    """Whether every new document is masked to professionals. Raises RecordsError: no open record."""
    with doing(connection, patient_id, Act.MASKING, reason="on" if on else "off") as record:
        record.must_be_open()
        record.change("default_masking = %(on)s", on=on)


def set_attachment(connection: _Connection, patient_id: str, *, attached: bool) -> None:
    """Attach the record to the national space of its holder, or detach it. Raises RecordsError: no open record."""
    with doing(connection, patient_id, Act.ENS, reason="attached" if attached else "detached") as record:
        record.must_be_open()
        record.change("attached_to_ens = %(attached)s", attached=attached)


def set_holder(
    connection: _Connection,
    patient_id: str,
    *,
    traits: Traits | None = None,
    birth_date: date | None = None,
    email: str | None = None,
    mobile: str | None = None,
    notify_documents: bool | None = None,
) -> None:
    """Set what is known of the holder; None leaves what is there, an empty text removes it.

    `birth_date` counts for the law; that of `traits` is taken when it is a day. Raises RecordsError: no open record,
    nobody is born that day, or neither an e-mail address nor a number.
    """
    with doing(connection, patient_id, Act.HOLDER) as record:
        record.must_be_open()
        _must_reach(email, mobile)
        born = birth_date or (traits.born if traits is not None else None)
        if born is not None and not date(_OLDEST, 1, 1) <= born <= record.at.date():
            raise RecordsError(f"nobody who is alive was born on {born}, by the law's clock")
        facts = Facts(
            traits=traits, birth_date=birth_date, email=email, mobile=mobile, notify_documents=notify_documents
        )
        record.declare(facts)


def set_protection(connection: _Connection, patient_id: str, *, on: bool, majority_age: int = 18) -> None:
    """Whether somebody represents an adult, who acts for him as for a minor; without it his representatives go.

    Raises RecordsError: no open record, or the holder is a minor.
    """
    said = "protected" if on else "not protected"
    with doing(connection, patient_id, Act.REPRESENTATIVE, reason=said) as record:
        record.must_be_open()
        if is_minor(record.birth_date, record.at, majority_age):
            raise RecordsError("the holder is a minor: he is represented without that")
        record.change("protected = %(on)s", on=on)
        if not on:
            query = "DELETE FROM ecluse.legal_representatives WHERE patient_key = %s"
            connection.execute(query, (record.patient_key,))


def add_representative(
    connection: _Connection,
    patient_id: str,
    *,
    relationship: str,
    traits: Traits,
    email: str = "",
    mobile: str = "",
    majority_age: int = 18,
) -> UUID:
    """Give a minor, or a protected adult, a legal representative; returns the id to remove him by.

    Raises RecordsError: no open record, an unknown relationship, a holder who is not known to be either, or neither an
    e-mail address nor a number.
    """
    with doing(connection, patient_id, Act.REPRESENTATIVE, reason=relationship) as record:
        record.must_be_open()
        _must_reach(email, mobile)
        if relationship not in RELATIONSHIPS:
            raise RecordsError(f"the relationship is one of {', '.join(RELATIONSHIPS)}", "SBX_RELATIONSHIP")
        if not (record.protected or is_minor(record.birth_date, record.at, majority_age)):
            text = "only a minor or a protected adult has legal representatives: set birth date or protection first"
            raise RecordsError(text, "SBX_NOT_A_MINOR")
        row = connection.execute(
            "INSERT INTO ecluse.legal_representatives (patient_key, relationship, traits, email, mobile)"
            " VALUES (%s, %s, %s::text::jsonb, NULLIF(%s, ''), NULLIF(%s, '')) RETURNING representative_id",
            (record.patient_key, relationship, orjson.dumps(traits.as_json()).decode(), email, mobile),
        ).fetchone()
        if row is None:
            raise LookupError("an insertion returns its row")
        representative_id: UUID = row[0]
        return representative_id


def remove_representative(connection: _Connection, patient_id: str, representative_id: UUID) -> None:
    """Remove a legal representative. Raises RecordsError: no open record, or there is none of this id."""
    with doing(connection, patient_id, Act.REPRESENTATIVE) as record:
        record.must_be_open()
        row = connection.execute(
            "DELETE FROM ecluse.legal_representatives WHERE patient_key = %s AND representative_id = %s RETURNING 1",
            (record.patient_key, representative_id),
        ).fetchone()
        if row is None:
            raise RecordsError("this record has no such representative", "SBX_NO_REPRESENTATIVE")


def change_identifier(
    connection: _Connection, patient_id: str, new_patient_id: str, *, at: datetime | None = None
) -> None:
    """Give the record the new INS of the same person: its objects bear it from now on, and the old one opens nothing.

    The history is kept: all the record holds, and the former identifier, which nobody else is ever given.
    Raises RecordsError: no record, the new INS has or had another record, or an authority not admitted here.
    """
    admit_authority(new_patient_id)
    new = canonical_patient_id(new_patient_id)
    with doing(connection, patient_id, Act.IDENTITY, at=at) as record:
        taken = connection.execute(
            "SELECT 1 FROM ecluse.patients WHERE patient_id = %(id)s"
            " UNION ALL SELECT 1 FROM ecluse.former_identifiers WHERE patient_id = %(id)s AND patient_key <> %(key)s",
            {"id": new, "key": record.patient_key},
        ).fetchone()
        if taken is not None:
            raise RecordsError("the new INS has a record already", XdsErrorCode.DMP_FOUND)
        connection.execute(
            "DELETE FROM ecluse.former_identifiers WHERE patient_id = %s AND patient_key = %s",
            (new, record.patient_key),
        )
        connection.execute(
            "INSERT INTO ecluse.former_identifiers (patient_key, patient_id, until)"
            " SELECT patient_key, patient_id, %s FROM ecluse.patients WHERE patient_key = %s",
            (record.at, record.patient_key),
        )
        connection.execute(
            "UPDATE ecluse.patients SET patient_id = %s WHERE patient_key = %s", (new, record.patient_key)
        )
        for table, scheme in _PATIENT_IDS.items():
            connection.execute(
                f"UPDATE ecluse.{table} SET fragment ="  # noqa: S608 - names of ours
                " ecluse.fragment_of_patient(fragment, %s, entry_uuid, %s) WHERE patient_key = %s".encode(),
                (scheme, escape(new_patient_id), record.patient_key),
            )


_PATIENT_IDS: Mapping[str, str] = {
    "document_entries": "urn:uuid:58a6f841-87b3-4a3e-92fd-a8ffeff98427",
    "submission_sets": "urn:uuid:6b5aea1a-874d-4603-a4bc-96a0a7b38446",
    "folders": "urn:uuid:f64ffdf0-4b97-4e06-b79f-a52b38ec2f8a",
}
"""Identification schemes of the patientId of each kind of object (ITI TF-3 §4.2.5.2)."""


def admit_authority(patient_id: str) -> None:
    """Refuse the INS of an authority that this house does not admit: a genuine patient is refused before anything."""
    authority = patient_id.split("^")[3:4]
    allowed = load_domain().patient_authorities
    if not any(f"&{oid}&" in part for oid in allowed for part in authority):
        raise RecordsError(f"the authority of the INS is one of {', '.join(sorted(allowed))}")


def _must_reach(email: str | None, mobile: str | None) -> None:
    if email and not is_email(email):
        raise RecordsError("an e-mail address is one name@domain")
    if mobile and not is_number(mobile):
        raise RecordsError("a mobile number is digits, maybe with a plus before them")


def _spoken(**consents: bool | None) -> str:
    return " ".join(
        f"{name.upper()}={'permit' if value else 'deny'}" for name, value in consents.items() if value is not None
    )
