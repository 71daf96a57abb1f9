"""Who may see a document, and where it is sent: what does not go together (CI-SIS HL7 v2 2.1)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from profiles.hl7v2.tables import mss_matrix
from xds.hl7v2.document_message import DocumentMessage, Flow
from xds.hl7v2.document_reading import Observations
from xds.hl7v2.faults import Fault, Severity
from xds.hl7v2.findings import broken
from xds.hl7v2.terms import Terms


def check_visibility(message: DocumentMessage, observations: Observations, terms: Terms) -> Iterable[Fault]:
    """H-11 to H-14, H-20, H-39, H-40."""
    said = message.instructions
    places = {obx.text(3): obx.location(5) for obx in observations.metadata}
    if said.masque_ps and said.invisible_patient and not terms.may_cumulate:
        yield broken("H-11", places["INVISIBLE_PATIENT"], found="MASQUE_PS=Y, INVISIBLE_PATIENT=Y")
    if said.connexion_secrete and (minor := is_minor(message.patient.birth_date, terms)) is not None:
        if not minor:
            yield broken("H-12-ADULT", places["CONNEXION_SECRETE"], found="CONNEXION_SECRETE=Y")
        elif not said.invisible_rep_legaux:
            yield broken("H-12", places["CONNEXION_SECRETE"], found="INVISIBLE_REP_LEGAUX=N")
    if said.modif_conf_code and message.flow is not Flow.REPLACE:
        yield broken("H-13", places["MODIF_CONF_CODE"], found="MODIF_CONF_CODE=Y")
    if said.destmssantepat and said.invisible_patient:
        yield broken("H-14", places["DESTMSSANTEPAT"], found="INVISIBLE_PATIENT=Y, DESTMSSANTEPAT=Y")
    elif said.destmssanteps or said.destmssantepat:
        yield from _check_matrix(message, terms, next(iter(places.values())))
    yield from _check_recipients(message)


def combination(message: DocumentMessage) -> dict[str, str]:
    """The metadata that the matrix of MSSanté looks at, by code: `Y` or `N`."""
    return {code: "Y" if getattr(message.instructions, code.lower()) else "N" for code in mss_matrix()[0]}


def _check_matrix(message: DocumentMessage, terms: Terms, location: str) -> Iterable[Fault]:
    found = combination(message)
    if not any(all(found[code] in allowed for code, allowed in row.items()) for row in mss_matrix()):
        told = ", ".join(f"{code}={value}" for code, value in found.items())
        severity = Severity.ERROR if terms.mss_matrix == "strict" else Severity.WARNING
        yield broken("H-20", location, found=told, severity=severity)


def _check_recipients(message: DocumentMessage) -> Iterable[Fault]:
    said = message.instructions
    to_patient = any(one.is_patient for one in message.recipients)
    to_others = any(not one.is_patient for one in message.recipients)
    if said.destmssanteps and not to_others:
        yield broken("H-39", "PRT^1", expected="RCT of a professional, an organisation or an application")
    if said.destmssantepat and not to_patient:
        yield broken("H-39", "PRT^1", expected="RCT of the patient")
    for one in message.recipients:
        if one.address is None or "@" not in one.address:
            yield broken("H-40", f"PRT^{one.number}^15")


def is_minor(birth_date: str, terms: Terms) -> bool | None:
    """Whether the patient is a minor; None when nobody knows."""
    if terms.today is None or len(birth_date) < 8:
        return None
    try:
        born = date.fromisoformat(birth_date[:8])
    except ValueError:
        return None
    year = born.year + terms.majority_age
    try:
        comes_of_age = born.replace(year=year)
    except ValueError:
        comes_of_age = date(year, 2, 28) + timedelta(days=1)
    return terms.today < comes_of_age
