"""WS-Addressing 1.0 headers of a request, and the transactions known by their action (ITI TF-2 §V.3.2.2)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lxml import etree

from gateway.wire.faults import EnvelopeRefused

WSA = "http://www.w3.org/2005/08/addressing"
ANONYMOUS = f"{WSA}/anonymous"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
SECURITY = f"{{{WSSE}}}Security"

_UNDERSTOOD = frozenset(
    [f"{{{WSA}}}{name}" for name in ("Action", "MessageID", "To", "From", "ReplyTo", "FaultTo", "RelatesTo")]
    + [SECURITY]
)
_HERE = frozenset((None, f"{SOAP12}/role/next", f"{SOAP12}/role/ultimateReceiver"))
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Transaction:
    """One transaction: request and reply actions, and the qualified name of the request (ITI TF-2 §V).

    `refusal_action`: the action of a reply that says no, where it is another. `reason`: the reason code that tells
    apart the transactions of one action (HL7 V3 controlActProcess/reasonCode).
    """

    name: str
    action: str
    reply_action: str
    body: str
    refusal_action: str = ""
    reason: str = ""


def _transaction(name: str, action: str, body: str) -> Transaction:
    return Transaction(name, f"urn:ihe:iti:{action}", f"urn:ihe:iti:{action}Response", body)


_QUERY = "{urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0}AdhocQueryRequest"
_SUBMIT = "{urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0}SubmitObjectsRequest"
_REMOVE = "{urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0}RemoveObjectsRequest"
_HL7 = "urn:hl7-org:v3"

ITI_18 = _transaction("ITI-18", "2007:RegistryStoredQuery", _QUERY)
ITI_41 = _transaction(
    "ITI-41", "2007:ProvideAndRegisterDocumentSet-b", "{urn:ihe:iti:xds-b:2007}ProvideAndRegisterDocumentSetRequest"
)
ITI_42 = _transaction("ITI-42", "2007:RegisterDocumentSet-b", _SUBMIT)
ITI_43 = _transaction("ITI-43", "2007:RetrieveDocumentSet", "{urn:ihe:iti:xds-b:2007}RetrieveDocumentSetRequest")
ITI_51 = _transaction("ITI-51", "2009:MultiPatientStoredQuery", _QUERY)
ITI_57 = _transaction("ITI-57", "2010:UpdateDocumentSet", _SUBMIT)
ITI_61 = _transaction("ITI-61", "2010:RegisterOnDemandDocumentEntry", _SUBMIT)
# Its action kept the name that the transaction had: Delete Document Set.
ITI_62 = _transaction("ITI-62", "2010:DeleteDocumentSet", _REMOVE)
ITI_86 = _transaction("ITI-86", "2017:RemoveDocuments", "{urn:ihe:iti:rmd:2017}RemoveDocumentsRequest")
ITI_44_ADD, ITI_44_REVISE, ITI_44_MERGE = (
    Transaction("ITI-44", f"{_HL7}:{name}", f"{_HL7}:MCCI_IN000002UV01", f"{{{_HL7}}}{name}")
    for name in ("PRPA_IN201301UV02", "PRPA_IN201302UV02", "PRPA_IN201304UV02")
)


def _interaction(name: str, request: str, reply: str, refusal: str = "", reason: str = "") -> Transaction:
    refused = f"{_HL7}:{refusal}" if refusal else ""
    return Transaction(name, f"{_HL7}:{request}", f"{_HL7}:{reply}", f"{{{_HL7}}}{request}", refused, reason)


def _service(name: str, namespace: str, operation: str) -> Transaction:
    # The guide that names these actions is not public: namespace and operation are (decision G-250).
    action = f"{namespace}:{operation}"
    return Transaction(name, action, f"{action}Response", f"{{{namespace}}}{operation}")


_QUERY_RECORD = ("PRPA_IN201307UV02", "PRPA_IN201308UV02", "")
_REVISE_RECORD = ("PRPA_IN201314UV02", "PRPA_IN201315UV02", "PRPA_IN201316UV02")
TD_0_2 = _interaction("TD0.2", *_QUERY_RECORD, reason="TEST_EXST")
TD_0_3 = _service("TD0.3", "urn:si-dmp-habilitations", "setAuthorization")
TD_0_4 = _service("TD0.4", "urn:si-dmp-patients", "patientList")
TD_0_5 = _interaction("TD0.5", "PRPA_IN201305UV02", "PRPA_IN201306UV02")
TD_1_1 = _interaction("TD1.1", "PRPA_IN201311UV02", "PRPA_IN201312UV02", "PRPA_IN201313UV02")
TD_1_2 = _interaction("TD1.2", *_REVISE_RECORD, reason="REAC")
TD_1_3A = _interaction("TD1.3a", *_QUERY_RECORD, reason="CNSLT_DATA")
TD_1_3B = _interaction("TD1.3b", *_REVISE_RECORD, reason="MODIF_DATA")
TD_1_4 = _interaction("TD1.4", *_REVISE_RECORD, reason="FERM")
TD_1_5A = _service("TD1.5a", "urn:si-dmp-patients", "createPatientAccess")
TD_1_5B = _service("TD1.5b", "urn:si-dmp-patients", "patientOTPUpdate")
TD_1_5D = _service("TD1.5d", "urn:si-dmp-patients", "updatePatientAccess")
TD_1_6 = _service("TD1.6", "urn:si-dmp-habilitations", "listAuthorizationByPatient")
RECORD_TRANSACTIONS = (
    *(TD_0_2, TD_0_3, TD_0_4, TD_0_5, TD_1_1, TD_1_2, TD_1_3A, TD_1_3B, TD_1_4),
    *(TD_1_5A, TD_1_5B, TD_1_5D, TD_1_6),
)
"""Those of the DMP alone (DMP TD0.2 to TD1.6)."""
TRANSACTIONS = (
    *(ITI_18, ITI_41, ITI_42, ITI_43, ITI_44_ADD, ITI_44_REVISE, ITI_44_MERGE),
    *(ITI_51, ITI_57, ITI_61, ITI_62, ITI_86),
    *RECORD_TRANSACTIONS,
)


@dataclass(frozen=True, slots=True)
class Addressing:
    """What the reply needs. `to` is as sent, and only informative: the socket says which door it is."""

    action: str
    message_id: str
    to: str | None


def message_id_of(header: etree._Element | None) -> str | None:
    """Return the MessageID when there is exactly one usable, to relate a fault to its request."""
    found = [] if header is None else header.findall(f"{{{WSA}}}MessageID")
    return found[0].text.strip() if len(found) == 1 and _is_usable(found[0]) and found[0].text else None


def read_addressing(header: etree._Element | None, http_actions: Collection[str]) -> Addressing:
    """Read and check the addressing headers. `http_actions` are the `action` parameters of the media types.

    Raises EnvelopeRefused: a header is missing, repeated or malformed, the actions differ, a block marked
    mustUnderstand is not understood, a reply is asked for elsewhere than in the HTTP response.
    Source: WS-Addressing 1.0 SOAP Binding §6.4, SOAP 1.2 Part 1 §2.4
    """
    if header is None:
        raise _required("Action")
    check_understood(header)
    action = _one(header, "Action")
    message_id = _one(header, "MessageID")
    to = _one(header, "To", required=False)
    if action is None or message_id is None:
        raise _required("Action" if action is None else "MessageID")
    if any(other != action for other in http_actions):
        raise _refused("ActionMismatch", "wsa:Action is not the action parameter of the Content-Type", "Action")
    for name in ("ReplyTo", "FaultTo"):
        _check_anonymous(header, name)
    return Addressing(action, message_id, to)


def find_transaction(action: str, body: etree._Element, accepted: Collection[Transaction]) -> Transaction:
    """Return the transaction that `action` names, among those that this place accepts.

    Where several have one action the reason of the message chooses; a message without a reason of theirs is for the
    first of them to refuse. Raises EnvelopeRefused: ActionNotSupported, or the body is not the one of that transaction.
    """
    named = [transaction for transaction in accepted if transaction.action == action]
    if not named:
        raise _refused("ActionNotSupported", "wsa:Action names no transaction that is available here", "Action")
    if body.tag != named[0].body:
        raise EnvelopeRefused(f"the child of Body is not the request of {named[0].name}")
    reason = _reason_of(body) if len(named) > 1 else ""
    return next((transaction for transaction in named if reason and transaction.reason == reason), named[0])


def _reason_of(body: etree._Element) -> str:
    found = body.findall(f"{{{_HL7}}}controlActProcess/{{{_HL7}}}reasonCode")
    return found[0].get("code", "").strip() if len(found) == 1 else ""


def check_understood(header: etree._Element) -> None:
    """Refuse a header block that is marked mustUnderstand, is meant for us, and is not one we know."""
    for block in header.iterchildren(tag=etree.Element):
        must = block.get(f"{{{SOAP12}}}mustUnderstand", "false").strip()
        if must not in ("0", "1", "true", "false"):
            raise EnvelopeRefused("mustUnderstand is not a boolean")
        if must in ("0", "false") or block.tag in _UNDERSTOOD or block.get(f"{{{SOAP12}}}role") not in _HERE:
            continue
        raise EnvelopeRefused(
            "a header block marked mustUnderstand is not understood", code="MustUnderstand", header=str(block.tag)
        )


def _one(header: etree._Element, name: str, *, required: bool = True) -> str | None:
    found = header.findall(f"{{{WSA}}}{name}")
    if len(found) > 1:
        raise _refused("InvalidCardinality", f"wsa:{name} occurs {len(found)} times", name)
    if not found:
        if required:
            raise _required(name)
        return None
    if not _is_usable(found[0]):
        raise _refused("InvalidAddressingHeader", f"wsa:{name} is not a URI", name)
    return (found[0].text or "").strip()


def _is_usable(element: etree._Element) -> bool:
    text = (element.text or "").strip()
    return len(element) == 0 and len(text) <= _LONGEST and len(text.split()) == 1


def _check_anonymous(header: etree._Element, name: str) -> None:
    found = header.findall(f"{{{WSA}}}{name}")
    if len(found) > 1:
        raise _refused("InvalidCardinality", f"wsa:{name} occurs {len(found)} times", name)
    for endpoint in found:
        addresses = endpoint.findall(f"{{{WSA}}}Address")
        if len(addresses) != 1:
            raise _refused("MissingAddressInEPR", f"wsa:{name} has no single wsa:Address", name)
        if (addresses[0].text or "").strip() != ANONYMOUS:
            raise _refused("OnlyAnonymousAddressSupported", f"wsa:{name} is not the anonymous address", name)


def _required(name: str) -> EnvelopeRefused:
    return _refused("MessageAddressingHeaderRequired", f"wsa:{name} is missing", name)


def _refused(code: str, text: str, name: str) -> EnvelopeRefused:
    return EnvelopeRefused(text, code=code, header=f"{{{WSA}}}{name}")
