"""One message of one notice to one person, and who those persons are: addresses in, messages out. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from gateway.notices.texts import Language, Wording, wording
from xds.dmp.holder import Traits
from xds.dmp.minority import may_be_represented
from xds.dmp.notices import NoticeFacts, Recipient, recipients
from xds.dmp.parameters import Parameters
from xds.dmp.reach import is_email, is_number
from xds.dmp.traces import NoticeKind


class Channel(StrEnum):
    """By what way a message goes."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    LETTER = "LETTER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is handed over. `recipient` names a person without an address: `HOLDER`, `PROFESSIONAL/810000000001`.

    `address` is an e-mail address, a mobile number, or the lines of a postal address. `message_id` is the same whenever
    this notice is sent to this person by this channel.
    """

    notice_id: str
    recipient: str
    channel: Channel
    address: str
    wording: Wording
    message_id: str


def messages_of(notice: Mapping[str, Any], language: Language, parameters: Parameters) -> tuple[Message, ...]:
    """Every message that a notice makes now, as the database tells of it (`keeper_notice`).

    None when nobody is to be told, or when nothing is known of the holder. Raises ValueError: an unknown kind.
    """
    kind = NoticeKind(notice["kind"])
    found = []
    told = recipients(kind, _facts(notice, parameters))
    for recipient, name, person in _people(notice):
        if recipient not in told:
            continue
        way = _way(person)
        if way is None:
            continue
        channel, address = way
        identity = hashlib.sha256(f"{notice['notice_id']} {name} {channel}".encode()).hexdigest()[:32]
        found.append(
            Message(
                notice_id=notice["notice_id"],
                recipient=name,
                channel=channel,
                address=address,
                wording=wording(kind, recipient, language),
                message_id=identity,
            )
        )
    return tuple(found)


def _facts(notice: Mapping[str, Any], parameters: Parameters) -> NoticeFacts:
    codes = {code.partition("^^")[0] for code in notice["confidentiality"] or ()}
    born, now = notice["birth_date"], datetime.fromisoformat(notice["law_now"])
    minor = may_be_represented(date.fromisoformat(born) if born else None, now, parameters)
    return NoticeFacts(
        minor=minor and bool(notice["representatives"]),
        secret=notice["secret"],
        hidden_from_patient="INVISIBLE_PATIENT" in codes,
        hidden_from_guardians="INVISIBLE_REPRESENTANTS_LEGAUX" in codes,
        wants_documents=(notice["holder"] or {}).get("notify_documents", True),
        deceased=bool(notice["deceased"]),
    )


def _people(notice: Mapping[str, Any]) -> Iterator[tuple[Recipient, str, Mapping[str, Any]]]:
    holder = notice["holder"] or notice["facts"]
    if holder:
        yield Recipient.PATIENT, "HOLDER", holder
    for one in notice["representatives"]:
        yield Recipient.LEGAL_REPRESENTATIVE, f"REPRESENTATIVE/{one['id']}", one
    for one in notice["medecins_traitants"]:
        # His address is not known here; by his public number a person finds it in the directory of professionals.
        known = {"family": one["name"], "address": {"lines": [f"PS_IdNat {one['id']}"]}}
        yield Recipient.MEDECIN_TRAITANT, f"PROFESSIONAL/{one['id']}", {"traits": known}


def _way(person: Mapping[str, Any]) -> tuple[Channel, str] | None:
    """By e-mail, else by short message, else by letter, what is no address left out; None: nothing is known."""
    email, mobile = str(person.get("email") or ""), str(person.get("mobile") or "")
    if is_email(email):
        return Channel.EMAIL, email
    if is_number(mobile):
        return Channel.SMS, mobile
    traits = Traits.from_json(person.get("traits") or {})
    place = traits.address
    lines = (
        " ".join((*traits.given[:1], traits.used_family or traits.family)),
        *place.lines,
        f"{place.postal_code} {place.city}",
        place.country,
    )
    # One line each, whatever was declared: no text of a stranger begins a line of ours.
    written = [line for line in (" ".join(one.split()) for one in lines) if line]
    return (Channel.LETTER, "\n".join(written)) if written else None
