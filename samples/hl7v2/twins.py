"""Twins of the rules of HL7 v2: for each rule a message that breaks it, and nothing that it need not break."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from samples.documents.patients import ADELE
from samples.hl7v2.er7 import Er7
from samples.hl7v2.messages import mdm, oru, pam
from xds.hl7v2.terms import Terms

TERMS = Terms(today=date(2026, 3, 1))
"""How good messages and their twins are judged."""
_MAILBOX = "medecin@cabinet.mssante.fr"
_TO_PROFESSIONAL = {"DESTMSSANTEPS": "Y", "INVISIBLE_PATIENT": "Y"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """A good message and the one fault that breaks `rule`.

    `fault` changes its fields, `spelling` its bytes. `terms` are those it is judged by. `also` are the rules that
    nobody can help breaking with it.
    """

    rule: str
    message: Callable[[], Er7]
    fault: Callable[[Er7], Er7] = lambda good: good
    spelling: Callable[[bytes], bytes] = lambda good: good
    terms: Terms = TERMS
    also: frozenset[str] = frozenset()

    def content(self) -> bytes:
        """The broken message."""
        return self.spelling(self.fault(self.message()).bytes)


def _field(rule: str, place: str, value: str, message: Callable[[], Er7] = oru, *also: str) -> Twin:
    return Twin(rule=rule, message=message, fault=lambda good: good.with_field(place, value), also=frozenset(also))


def _component(rule: str, place: str, component: int, value: str, message: Callable[[], Er7] = oru) -> Twin:
    return Twin(rule=rule, message=message, fault=lambda good: good.with_component(place, component, value))


def _lines(good: Er7) -> Er7:
    """The base64 of the document broken into lines of 76 characters."""

    def broken(field: str) -> str:
        start, _, data = field.rpartition("^")
        return f"{start}^" + "\r\n".join(data[at : at + 76] for at in range(0, len(data), 76))

    return good.edited("OBX^1^5", broken)


def _unpadded(good: Er7) -> Er7:
    """The base64 of the document without its padding, of which there is some."""
    while not good.at("OBX^1^5").endswith("="):
        good = oru()
    return good.edited("OBX^1^5", lambda field: field.rstrip("="))


def _said(values: str) -> Callable[[], Er7]:
    """An ORU whose metadata OBX of these codes, separated by blanks, say Y."""
    return lambda: oru(said=dict.fromkeys(values.split(), "Y"))


def _mailed(**values: str) -> Callable[[], Er7]:
    return lambda: oru(said={**_TO_PROFESSIONAL, **values}, mailboxes=[_MAILBOX])


def _body(good: Er7) -> Er7:
    return good.after("OBX^11", "OBX|12|ED|CORPSMAIL_PS^Corps du mail^MetaDMPMSS||^TEXT^^Base64^x!||||||F")


def _without_metadata(good: Er7) -> Er7:
    return good.without(good.place_of("ACK_LECTURE_MSS"))


def _disordered(good: Er7) -> Er7:
    return good.moved(good.place_of("MASQUE_PS"), good.place_of("INVISIBLE_PATIENT"))


TWINS = (
    Twin(rule="HL7-HEADER", message=oru, spelling=lambda good: good[1:]),
    Twin(
        rule="HL7-LIMIT",
        message=oru,
        fault=lambda good: good.after("OBX^11", "NTE|1||" + "x" * (1 << 20)),
    ),
    Twin(rule="HL7-CONTROL", message=oru, spelling=lambda good: good.replace(b"CONSULT", b"CONS\x01LT")),
    _field("HL7-CHARSET", "MSH^1^18", "EBCDIC"),
    Twin(rule="HL7-ENCODING", message=oru, spelling=lambda good: good.replace(b"CONSULT", b"CONS\xe9LT")),
    Twin(rule="HL7-LINE", message=oru, spelling=lambda good: good.replace(b"CONSULT", b"CON\r\nsult")),
    Twin(rule="HL7-SEQUENCE", message=oru, fault=lambda good: good.after("OBR^1", "PD1|A")),
    Twin(rule="HL7-SEGMENT", message=oru, fault=lambda good: good.without("ORC^1")),
    _field("HL7-REQUIRED", "PID^1^5", "", lambda: oru(said={"DESTDMP": "N"})),
    _field("HL7-CARDINALITY", "PV1^1^2", "O~I"),
    _field("HL7-TYPE", "PV1^1^44", "hier"),
    _field("HL7-TABLE", "OBR^1^25", "?"),
    _component("HL7-MESSAGE", "MSH^1^9", 1, "ORM"),
    _component("HL7-EVENT", "MSH^1^9", 2, "R99"),
    _field("HL7-VERSION", "MSH^1^12", "2.4"),
    _field("HL7-PROCESSING", "MSH^1^11", "X"),
    _field("HL7-CONTROL-ID", "MSH^1^10", ""),
    _field("H-01", "ORC^1^1", "RO"),
    Twin(rule="H-02", message=oru, fault=lambda good: good.edited("OBX^1^5", lambda field: field[:-8] + "*" * 8)),
    Twin(rule="SBX_B64_PADDING", message=oru, fault=_unpadded),
    Twin(rule="SBX_B64_BREAKS", message=oru, fault=_lines),
    Twin(
        rule="H-05",
        message=mdm,
        fault=lambda good: good.after("PRT^1", "|".join(good.segments[-12])),
    ),
    _component("H-06", "OBX^1^5", 3, "PDF"),
    _component("H-07", "OBX^1^3", 1, "11488-4"),
    Twin(
        rule="H-08",
        message=oru,
        fault=lambda good: good.after("PRT^1", "OBX|2|RP|11502-2^CR^LN||http://exemple.fr/cr.pdf||||||F"),
    ),
    Twin(rule="H-09", message=oru, fault=lambda good: good.moved("PRT^1", "OBX^11")),
    _field("H-10-INS", "PID^1^3", "IPP-000042^^^HOPITAL^PI"),
    _field("H-10-QUALIFIED", "PID^1^32", "PROV"),
    _field("H-10-TRAITS", "PID^1^11", ""),
    Twin(
        rule="H-10-TYPE",
        message=oru,
        fault=lambda good: good.with_component("OBR^1^4", 1, "1-8").with_component("OBX^1^3", 1, "1-8"),
    ),
    _field("H-10-ID", "TXA^1^12", "58132^^1.2.250.1.213.99.3^ISO", mdm),
    Twin(rule="H-10-SENDER", message=oru, fault=lambda good: good.without("PRT^1")),
    Twin(rule="H-11", message=_said("MASQUE_PS INVISIBLE_PATIENT")),
    Twin(rule="H-12", message=lambda: oru(patient=ADELE, said={"CONNEXION_SECRETE": "Y"})),
    Twin(rule="H-12-ADULT", message=_said("CONNEXION_SECRETE")),
    Twin(rule="H-13", message=_said("MODIF_CONF_CODE")),
    Twin(
        rule="H-14",
        message=lambda: oru(said={"INVISIBLE_PATIENT": "Y", "DESTMSSANTEPAT": "Y"}, to_patient=True),
    ),
    Twin(rule="H-20", message=_mailed(INVISIBLE_PATIENT="N")),
    Twin(
        rule="H-21",
        message=oru,
        spelling=lambda good: good.replace(b"MSH|^~\\&|", b"MSH|^*\\&|").replace(b"~", b"*"),
    ),
    _field("H-22", "MSH^1^5", ""),
    _field("H-23", "MSH^1^17", "BEL"),
    _field("H-24", "MSH^1^18", ""),
    _field("H-25", "MSH^1^21", "2.0^CISIS_CDA_HL7_V2"),
    _component("H-26", "MSH^1^9", 3, ""),
    Twin(rule="H-27", message=oru, terms=Terms(production=True)),
    Twin(rule="H-28", message=oru, spelling=lambda good: good.replace(b"258076912301541", b"258076912301542")),
    _field("H-29", "PV1^1^19", ""),
    _field("H-30", "PV1^1^2", "P"),
    _field("H-31", "TXA^1^17", "DI", mdm),
    _field("H-32", "TXA^1^13", "", lambda: mdm(flow="replace")),
    Twin(rule="H-33", message=oru, fault=_without_metadata),
    Twin(rule="H-34", message=oru, fault=_disordered),
    Twin(
        rule="H-35",
        message=oru,
        fault=lambda good: good.after("OBX^11", "OBX|12|CE|DESTPARIS^^MetaDMPMSS||N||||||F"),
    ),
    Twin(rule="H-36", message=oru, fault=lambda good: good.metadata("MASQUE_PS", "n")),
    _field("H-37", "OBX^2^2", "ST"),
    _field("H-38", "OBX^2^11", "C"),
    Twin(rule="H-39", message=lambda: oru(said=_TO_PROFESSIONAL)),
    _field("H-40", "PRT^2^15", "^^X.400", _mailed()),
    _component("H-41", "PRT^2^4", 1, "XYZ", lambda: oru(mailboxes=[_MAILBOX])),
    Twin(rule="H-42", message=oru, fault=_body),
    _field("H-50", "ZFA^1^9", "OUI", lambda: pam("NA")),
    _field("H-51", "ZFA^1^10", "", pam),
    _field("H-52", "PID^1^3", "42^^^AUTRE^XX", pam),
    _field("H-53", "MSH^1^12", "2.5", pam),
)
"""One twin for each rule that a message alone can break."""
