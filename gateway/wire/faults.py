"""Refusals as SOAP 1.2 faults: one table from code and kind to what the other side reads (SOAP 1.2 Part 1 §5.4)."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from enum import StrEnum
from xml.sax.saxutils import escape, quoteattr

from security.errors import ErrorKind, MalformedMessage, SecurityError

FAULT_NAMESPACE = "urn:ecluse:fault:1"
SOAP_FAULT_ACTION = "http://www.w3.org/2005/08/addressing/soap/fault"
ADDRESSING_FAULT_ACTION = "http://www.w3.org/2005/08/addressing/fault"
_WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


class SoapCode(StrEnum):
    """Codes of a SOAP 1.2 fault (SOAP 1.2 Part 1 §5.4.6)."""

    SENDER = "Sender"
    RECEIVER = "Receiver"
    VERSION_MISMATCH = "VersionMismatch"
    MUST_UNDERSTAND = "MustUnderstand"


@dataclass(frozen=True, slots=True)
class FaultForm:
    """How one code is spelled: SOAP code, qualified subcodes (outermost first) and action of the fault."""

    code: SoapCode
    subcodes: tuple[str, ...] = ()
    action: str = SOAP_FAULT_ACTION


def _addressing(*subcodes: str) -> FaultForm:
    return FaultForm(SoapCode.SENDER, tuple(f"wsa:{subcode}" for subcode in subcodes), ADDRESSING_FAULT_ACTION)


def _security(subcode: str) -> FaultForm:
    return FaultForm(SoapCode.SENDER, (f"wsse:{subcode}",))


# Codes that SOAP, WS-Addressing and WS-Security (1.1 §12) define. Any other is a Sender fault, our code its subcode.
STANDARD_FORMS = {
    "VersionMismatch": FaultForm(SoapCode.VERSION_MISMATCH),
    "MustUnderstand": FaultForm(SoapCode.MUST_UNDERSTAND),
    "MessageAddressingHeaderRequired": _addressing("MessageAddressingHeaderRequired"),
    "ActionNotSupported": _addressing("ActionNotSupported"),
    "InvalidAddressingHeader": _addressing("InvalidAddressingHeader"),
    "InvalidCardinality": _addressing("InvalidAddressingHeader", "InvalidCardinality"),
    "MissingAddressInEPR": _addressing("InvalidAddressingHeader", "MissingAddressInEPR"),
    "ActionMismatch": _addressing("InvalidAddressingHeader", "ActionMismatch"),
    "OnlyAnonymousAddressSupported": _addressing("InvalidAddressingHeader", "OnlyAnonymousAddressSupported"),
    "InvalidSecurity": _security("InvalidSecurity"),
    "InvalidSecurityToken": _security("InvalidSecurityToken"),
    "FailedCheck": _security("FailedCheck"),
    "FailedAuthentication": _security("FailedAuthentication"),
    "MessageExpired": _security("MessageExpired"),
}

FRENCH = {
    ErrorKind.TLS_REJECTED: "La connexion TLS est refusée.",
    ErrorKind.CHANNEL_FORBIDDEN: "Ce certificat n'ouvre pas cette porte.",
    ErrorKind.CERT_UNTRUSTED: "L'autorité du certificat n'est pas reconnue.",
    ErrorKind.CERT_VALIDITY: "Le certificat n'est pas dans sa période de validité.",
    ErrorKind.CERT_REVOKED: "Le certificat est révoqué.",
    ErrorKind.CERT_USAGE: "L'usage du certificat ne permet pas cette opération.",
    ErrorKind.CERT_KIND: "La nature du certificat ne permet pas cette opération.",
    ErrorKind.REVOCATION_UNKNOWN: "L'état de révocation du certificat ne peut pas être établi.",
    ErrorKind.HTTP_MALFORMED: "La requête HTTP est mal formée.",
    ErrorKind.HTTP_LIMIT: "La requête HTTP dépasse une limite.",
    ErrorKind.MIME_MALFORMED: "Le message MIME est mal formé.",
    ErrorKind.MIME_LIMIT: "Le message MIME dépasse une limite.",
    ErrorKind.XML_MALFORMED: "Le XML est mal formé.",
    ErrorKind.XML_FORBIDDEN: "Le XML contient une construction interdite.",
    ErrorKind.XML_LIMIT: "Le XML dépasse une limite.",
    ErrorKind.XML_ENCODING: "L'encodage du XML n'est pas UTF-8.",
    ErrorKind.SOAP_STRUCTURE: "L'enveloppe SOAP ou son adressage n'est pas conforme.",
    ErrorKind.JSON_MALFORMED: "Le JSON est mal formé.",
    ErrorKind.JSON_LIMIT: "Le JSON dépasse une limite.",
    ErrorKind.FHIR_STRUCTURE: "Le contenu FHIR n'est pas conforme.",
    ErrorKind.FHIR_FORBIDDEN: "Cette demande FHIR n'est pas admise ici.",
    ErrorKind.SIG_MISSING: "La signature est absente.",
    ErrorKind.SIG_STRUCTURE: "La structure de la signature n'est pas conforme.",
    ErrorKind.SIG_ALGORITHM: "Un algorithme de la signature n'est pas admis.",
    ErrorKind.SIG_REFERENCE: "Une référence de la signature n'est pas admise.",
    ErrorKind.SIG_TRANSFORM: "Une transformation de la signature n'est pas admise.",
    ErrorKind.SIG_KEY: "La clé de la signature n'est pas admise.",
    ErrorKind.SIG_INVALID: "La signature est invalide.",
    ErrorKind.SIG_COVERAGE: "La signature ne couvre pas tout ce qu'elle doit couvrir.",
    ErrorKind.SIG_POLICY: "La signature ne respecte pas la politique de cette porte.",
    ErrorKind.ASSERTION_TIME: "L'assertion n'est pas dans sa période de validité.",
    ErrorKind.ASSERTION_AUDIENCE: "L'assertion est destinée à un autre service.",
    ErrorKind.ASSERTION_REPLAY: "L'assertion a déjà été présentée.",
    ErrorKind.ASSERTION_IDENTITY: "L'assertion et le certificat ne désignent pas la même identité.",
    ErrorKind.ASSERTION_CONTENT: "Le contenu de l'assertion n'est pas conforme.",
}


class EnvelopeRefused(MalformedMessage):
    """A rule of SOAP or WS-Addressing is broken; `code` is a key of `STANDARD_FORMS` or the kind.

    `header` is the qualified name, in Clark notation, of the header block at fault.
    """

    def __init__(self, text: str, *, code: str | None = None, header: str | None = None) -> None:
        super().__init__(ErrorKind.SOAP_STRUCTURE, text, code=code)
        self.header = header


class NotAvailable(Exception):
    """What the answer depends on is away: a Receiver fault that says to send again, with the standard's own code."""

    code = "XDSRegistryNotAvailable"
    english = "The registry does not answer: send again later."
    french = "Le registre ne répond pas : renvoyez plus tard."


class Overloaded(NotAvailable):
    """The door holds as many large bodies as it may."""

    code = "XDSRepositoryBusy"
    english = "The door holds too many large messages: send again later."
    french = "La porte traite trop de gros messages : renvoyez plus tard."


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault ready to be put into an envelope. `header_blocks` go into the Header, `body` into the Body."""

    status: int
    action: str
    header_blocks: str
    body: str
    incident: str


def write_fault(error: BaseException, request_id: str = "") -> Fault:
    """Spell any exception as a fault; whatever is not a SecurityError is a Receiver fault without its text.

    `incident` is `request_id`, or a new number when there is none: the log must carry it.
    """
    incident = request_id or uuid.uuid4().hex
    if isinstance(error, NotAvailable):
        form = FaultForm(SoapCode.RECEIVER)
        detail = _detail(error.code, "NOT_AVAILABLE", incident)
        return Fault(500, form.action, "", _body(form, error.code, error.english, error.french, detail), incident)
    if not isinstance(error, SecurityError):
        french = f"Erreur interne, incident {incident}."
        detail = _detail("InternalError", "INTERNAL", incident)
        form = FaultForm(SoapCode.RECEIVER)
        body = _body(form, "InternalError", f"Internal error, incident {incident}.", french, detail)
        return Fault(500, form.action, "", body, incident)
    form = STANDARD_FORMS.get(error.code, FaultForm(SoapCode.SENDER))
    header = error.header if isinstance(error, EnvelopeRefused) else None
    detail = _detail(error.code, str(error.kind), incident)
    if header is not None and form.action == ADDRESSING_FAULT_ACTION:
        detail = f"<wsa:ProblemHeaderQName {_declared(header)}</wsa:ProblemHeaderQName>{detail}"
    body = _body(form, error.code, error.text, FRENCH[error.kind], detail)
    status = 400 if form.code is SoapCode.SENDER else 500
    return Fault(status, form.action, _header_blocks(form, header), body, incident)


def _body(form: FaultForm, code: str, english: str, french: str, detail: str) -> str:
    subcodes = list(form.subcodes)
    if not subcodes and form.code in (SoapCode.SENDER, SoapCode.RECEIVER) and _NAME.fullmatch(code):
        subcodes = [f"f:{code}"]
    nested = ""
    for subcode in reversed(subcodes):
        nested = f"<env:Subcode><env:Value>{subcode}</env:Value>{nested}</env:Subcode>"
    declared = f' xmlns:wsse="{_WSSE}"' if any(subcode.startswith("wsse:") for subcode in subcodes) else ""
    return (
        f'<env:Fault xmlns:f="{FAULT_NAMESPACE}"{declared}>'
        f"<env:Code><env:Value>env:{form.code}</env:Value>{nested}</env:Code>"
        f'<env:Reason><env:Text xml:lang="en">{_text(english)}</env:Text>'
        f'<env:Text xml:lang="fr">{_text(french)}</env:Text></env:Reason>'
        f"<env:Detail>{detail}</env:Detail></env:Fault>"
    )


def _detail(code: str, kind: str, incident: str) -> str:
    return (
        f"<f:Refusal><f:Code>{_text(code)}</f:Code><f:Kind>{kind}</f:Kind>"
        f"<f:Request>{_text(incident)}</f:Request></f:Refusal>"
    )


def _header_blocks(form: FaultForm, header: str | None) -> str:
    if form.code is SoapCode.VERSION_MISMATCH:
        return '<env:Upgrade><env:SupportedEnvelope qname="env:Envelope"/></env:Upgrade>'
    if form.code is SoapCode.MUST_UNDERSTAND and header is not None:
        namespace, name = _split(header)
        return f'<env:NotUnderstood xmlns:p={quoteattr(namespace)} qname="p:{name}"/>'
    return ""


def _declared(header: str) -> str:
    namespace, name = _split(header)
    return f"xmlns:p={quoteattr(namespace)}>p:{name}"


def _split(clark: str) -> tuple[str, str]:
    namespace, _, name = clark.removeprefix("{").rpartition("}")
    return namespace, name


def _text(value: str) -> str:
    """Escape, without the characters that XML 1.0 does not have."""
    return escape("".join(c if c.isprintable() and c < "\ufffe" else " " for c in value))
