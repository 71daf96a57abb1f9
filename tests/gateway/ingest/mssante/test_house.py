"""Which houses send letters: a sandbox always, production where a server is named and PDF can be made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gateway.assembly.mssante import outgoing_mail
from gateway.ingest.mssante.admission import NOT_SERVED, check_mssante
from gateway.ingest.mssante.channels import Files, Smtp
from gateway.settings import Settings, SettingsError, load
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import oru
from xds.hl7v2.document_message import DocumentMessage
from xds.hl7v2.reading import read_message
from xds.hl7v2.terms import Terms


def settings(tmp_path: Path, **mssante: Any) -> Settings:
    """A production house with its certificates, and what its section says."""
    doors = {
        f"ECLUSE_{door}_{name}": "given"
        for door in ("INGEST", "CONSULTATION", "HL7V2")
        for name in ("CERTIFICATE", "KEY", "TRUST")
    }
    said = {f"ECLUSE_MSSANTE_{name.upper()}": str(value) for name, value in mssante.items()}
    return load(environ={"ECLUSE_MODE": "production", **doors, **said}, data=str(tmp_path))


def message(change: Callable[[Er7], Er7] = lambda one: one, **said: str) -> DocumentMessage:
    made = oru(said={"DESTDMP": "N", **said}, mailboxes=["dr@hopital.mssante.fr"], to_patient=True)
    found = read_message(change(made).bytes, Terms()).message
    assert isinstance(found, DocumentMessage)
    return found


def test_a_sandbox_without_a_server_writes_files(tmp_path: Path) -> None:
    mail = outgoing_mail(load(environ={}, data=str(tmp_path)))
    assert mail is not None
    assert mail.channel == Files(tmp_path / "mssante/out")
    assert not mail.composer.needs_pdf


def test_production_sends_nothing_unless_a_server_is_named(tmp_path: Path) -> None:
    assert outgoing_mail(settings(tmp_path)) is None


def test_production_sends_to_its_server_and_needs_pdf(tmp_path: Path) -> None:
    pytest.importorskip("weasyprint")
    mail = outgoing_mail(settings(tmp_path, smtp_host="smtp.operateur.fr", mailbox="pfi@chu.mssante.fr"))
    assert mail is not None
    assert isinstance(mail.channel, Smtp)
    assert mail.composer.needs_pdf


def test_production_does_not_start_where_no_pdf_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "weasyprint", None)
    with pytest.raises(SettingsError, match="WeasyPrint"):
        outgoing_mail(settings(tmp_path, smtp_host="smtp.operateur.fr", mailbox="pfi@chu.mssante.fr"))


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"smtp_host": "smtp.operateur.fr"}, "mssante.mailbox"),
        (
            {"smtp_host": "smtp.operateur.fr", "mailbox": "pfi@chu.mssante.fr", "smtp_security": "none"},
            "mssante.smtp_security",
        ),
        ({"smtp_user": "pfi", "smtp_security": "none"}, "mssante.smtp_user"),
        ({"smtp_certificate": "client.pem"}, "mssante.smtp_certificate"),
        ({"mailbox": "PFI <pfi@chu.mssante.fr>"}, "mssante.mailbox"),
        ({"attempts": 0}, "mssante.attempts"),
    ],
)
def test_what_a_section_may_not_say_names_its_key(tmp_path: Path, said: dict[str, Any], found: str) -> None:
    with pytest.raises(SettingsError, match=found):
        settings(tmp_path, **said)


@pytest.mark.parametrize("asked", [{"DESTMSSANTEPS": "Y"}, {"DESTMSSANTEPAT": "Y"}])
def test_a_message_for_mssante_is_refused_where_nothing_is_sent(asked: dict[str, str]) -> None:
    assert [fault.text for fault in check_mssante(message(**asked), Terms(), is_served=False)] == [NOT_SERVED]
    assert list(check_mssante(message(**asked), Terms(), is_served=True)) == []


def test_a_message_for_the_dmp_alone_is_taken_where_nothing_is_sent() -> None:
    assert list(check_mssante(message(DESTDMP="Y"), Terms(), is_served=False)) == []


def of_another(made: Er7) -> Er7:
    """The patient's RCT has the INS of somebody else."""
    return made.edited("PRT^3^5", lambda person: f"1{person[1:]}")


def to_another(made: Er7) -> Er7:
    """The patient's RCT has the mailbox of somebody else."""
    return made.edited("PRT^3^15", lambda xtn: xtn.replace("X.400^2", "X.400^1"))


ADULT, CHILD = date(2026, 3, 1), date(1970, 1, 1)
"""Days on which the patient of the samples, born in 1958, is one."""


@pytest.mark.parametrize(
    ("change", "said", "terms", "is_refused"),
    [
        (lambda one: one, {}, Terms(production=True, today=ADULT), False),
        (of_another, {}, Terms(production=True, today=ADULT), True),
        (to_another, {}, Terms(production=True, today=ADULT), True),
        (of_another, {}, Terms(production=True), True),
        (of_another, {}, Terms(production=True, today=CHILD), False),
        (of_another, {"INVISIBLE_REP_LEGAUX": "Y"}, Terms(production=True, today=CHILD), True),
        (of_another, {"INVISIBLE_REP_LEGAUX": "Y"}, Terms(today=CHILD), True),
        (of_another, {}, Terms(today=ADULT), False),
    ],
    ids=[
        "the patient",
        "another person",
        "another mailbox",
        "another person, of a patient of unknown age",
        "who represents a minor",
        "who represents a minor, hidden from him",
        "the same in a sandbox",
        "another person in a sandbox, as in published examples",
    ],
)
def test_a_letter_to_the_patient_goes_to_nobody_else(
    change: Callable[[Er7], Er7], said: dict[str, str], terms: Terms, is_refused: bool
) -> None:
    asked = message(change, DESTMSSANTEPAT="Y", **said)
    assert bool(list(check_mssante(asked, terms, is_served=True))) is is_refused
