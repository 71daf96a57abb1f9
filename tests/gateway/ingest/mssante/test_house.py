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
from samples.documents.patients import CLAIRE
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


def of_nobody(made: Er7) -> Er7:
    """The patient's RCT, INS and mailbox, is what no INS can be, as in a published example."""
    return made.edited("PRT^3^5", lambda person: f"27707{person}").edited(
        "PRT^3^15", lambda xtn: xtn.replace("X.400^", "X.400^27707")
    )


def to_another(made: Er7) -> Er7:
    """The patient's RCT has the mailbox of somebody else."""
    return made.edited("PRT^3^15", lambda xtn: xtn.replace("X.400^2", "X.400^1"))


def without_ins(made: Er7) -> Er7:
    """The patient is known by the number of the establishment alone."""
    return made.edited("PID^1^3", lambda ids: ids.split("~")[0])


def as_a_professional(made: Er7) -> Er7:
    """A mailbox of patients is that of the professional's RCT."""
    return made.edited("PRT^2^15", lambda _: made.at("PRT^3^15"))


ADULT, CHILD = date(2026, 3, 1), date(1970, 1, 1)
"""Days on which the patient of the samples, born in 1958, is one."""
IN_SANDBOX, IN_PRODUCTION = Terms(today=ADULT), Terms(production=True, today=ADULT)
HIDDEN = {"INVISIBLE_REP_LEGAUX": "Y"}
PERSON, MAILBOX = "E PRT^3^5", "E PRT^3^15"
REMARKS = ["W PRT^3^5", "W PRT^3^15"]


@pytest.mark.parametrize(
    ("change", "said", "terms", "found"),
    [
        pytest.param(lambda one: one, {}, IN_PRODUCTION, [], id="the patient"),
        pytest.param(lambda one: one, {}, IN_SANDBOX, [], id="the patient, in a sandbox"),
        pytest.param(of_another, {}, IN_PRODUCTION, [PERSON], id="another person"),
        pytest.param(of_another, {}, IN_SANDBOX, [PERSON], id="another person, in a sandbox"),
        pytest.param(to_another, {}, IN_PRODUCTION, [MAILBOX], id="another mailbox"),
        pytest.param(to_another, {}, IN_SANDBOX, [MAILBOX], id="another mailbox, in a sandbox"),
        pytest.param(without_ins, {}, IN_PRODUCTION, [PERSON, MAILBOX], id="a patient without INS"),
        pytest.param(without_ins, {}, IN_SANDBOX, [PERSON, MAILBOX], id="a patient without INS, in a sandbox"),
        pytest.param(of_nobody, {}, IN_PRODUCTION, [PERSON, MAILBOX], id="no INS"),
        pytest.param(of_nobody, {}, IN_SANDBOX, REMARKS, id="no INS in a sandbox, as in a published example"),
        pytest.param(of_another, {}, Terms(production=True), [PERSON], id="another person, of unknown age"),
        pytest.param(of_another, {}, Terms(production=True, today=CHILD), [], id="who represents a minor"),
        pytest.param(of_another, {}, Terms(today=CHILD), [], id="the same in a sandbox"),
        pytest.param(of_another, HIDDEN, Terms(production=True, today=CHILD), [PERSON], id="hidden from him"),
        pytest.param(of_another, HIDDEN, Terms(today=CHILD), [PERSON], id="hidden from him, in a sandbox"),
        pytest.param(of_nobody, HIDDEN, Terms(today=CHILD), [PERSON, MAILBOX], id="no INS, hidden, in a sandbox"),
    ],
)
def test_a_letter_to_the_patient_goes_to_nobody_else(
    change: Callable[[Er7], Er7], said: dict[str, str], terms: Terms, found: list[str]
) -> None:
    faults = tuple(check_mssante(message(change, DESTMSSANTEPAT="Y", **said), terms, is_served=True))
    assert [f"{fault.severity} {fault.location}" for fault in faults] == found
    assert all("(found " in fault.text and ", expected " in fault.text for fault in faults)
    assert not any(CLAIRE.ins in fault.text for fault in faults), "an INS is in no text"


@pytest.mark.parametrize("terms", [IN_PRODUCTION, IN_SANDBOX], ids=["production", "sandbox"])
def test_a_mailbox_of_patients_is_no_professional_s(terms: Terms) -> None:
    asked = message(as_a_professional, DESTMSSANTEPS="Y", INVISIBLE_PATIENT="Y")
    faults = tuple(check_mssante(asked, terms, is_served=True))
    assert [f"{fault.severity} {fault.location}" for fault in faults] == ["E PRT^2^15"]
