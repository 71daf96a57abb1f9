"""The published descriptions: true to IHE, readable by a generator of clients, and the same when served."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import zeep
from lxml import etree

from gateway.wire import addressing, description
from security import xml

FILES = Path(__file__).parents[3] / "gateway" / "wire" / "wsdl"
RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
RESPONSE = "{urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0}RegistryResponse"
QUERY_RESPONSE = "{urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0}AdhocQueryResponse"
RETRIEVE_RESPONSE = "{urn:ihe:iti:xds-b:2007}RetrieveDocumentSetResponse"
TRANSACTIONS = {
    "ingest-repository": (("ProvideAndRegisterDocumentSet-b", addressing.ITI_41, RESPONSE),),
    "ingest-registry": (
        ("RegistryStoredQuery", addressing.ITI_18, QUERY_RESPONSE),
        ("UpdateDocumentSet", addressing.ITI_57, RESPONSE),
    ),
    "consultation-registry": (
        ("RegistryStoredQuery", addressing.ITI_18, QUERY_RESPONSE),
        ("UpdateDocumentSet", addressing.ITI_57, RESPONSE),
    ),
    "consultation-repository": (("RetrieveDocumentSet", addressing.ITI_43, RETRIEVE_RESPONSE),),
    "ihe-ingest-repository": (("ProvideAndRegisterDocumentSet-b", addressing.ITI_41, RESPONSE),),
    "ihe-ingest-registry": (
        ("RegisterDocumentSet-b", addressing.ITI_42, RESPONSE),
        ("RegisterOnDemandDocumentEntry", addressing.ITI_61, RESPONSE),
    ),
    "ihe-consultation-registry": (
        ("RegistryStoredQuery", addressing.ITI_18, QUERY_RESPONSE),
        ("MultiPatientStoredQuery", addressing.ITI_51, QUERY_RESPONSE),
        ("UpdateDocumentSet", addressing.ITI_57, RESPONSE),
        ("DeleteDocumentSet", addressing.ITI_62, RESPONSE),
    ),
    "ihe-consultation-repository": (
        ("RetrieveDocumentSet", addressing.ITI_43, RETRIEVE_RESPONSE),
        ("RemoveDocuments", addressing.ITI_86, RESPONSE),
    ),
}
ACKNOWLEDGEMENT = "MCCI_IN000002UV01"
OPERATIONS = {
    name: [
        (f"Document{name.rpartition('-')[2].capitalize()}_{operation}", each.action, each.body, reply)
        for operation, each, reply in transactions
    ]
    for name, transactions in TRANSACTIONS.items()
} | {
    "ihe-ingest-patients": [
        (
            f"PatientIdentityFeed_{interaction}",
            f"urn:hl7-org:v3:{interaction}",
            f"{{urn:hl7-org:v3}}{interaction}",
            f"{{urn:hl7-org:v3}}{ACKNOWLEDGEMENT}",
        )
        for interaction in ("PRPA_IN201301UV02", "PRPA_IN201302UV02", "PRPA_IN201304UV02")
    ]
}
RECORDS = {
    "ingest-patients": (("07", "08"),),
    "consultation-patients": (("07", "08"), ("05", "06"), ("11", "12"), ("14", "15")),
}
SERVICES = {
    "ingest-patientsSpecific": ("urn:si-dmp-patients", ("patientList",)),
    "ingest-habilitations": ("urn:si-dmp-habilitations", ("setAuthorization",)),
    "consultation-patientsSpecific": (
        "urn:si-dmp-patients",
        ("patientList", "createPatientAccess", "patientOTPUpdate", "updatePatientAccess"),
    ),
    "consultation-habilitations": ("urn:si-dmp-habilitations", ("setAuthorization", "listAuthorizationByPatient")),
}
OPERATIONS |= {
    name: [
        (
            f"Patients_PRPA_IN2013{asked}UV02",
            f"urn:hl7-org:v3:PRPA_IN2013{asked}UV02",
            f"{{urn:hl7-org:v3}}PRPA_IN2013{asked}UV02",
            f"{{urn:hl7-org:v3}}PRPA_IN2013{said}UV02",
        )
        for asked, said in pairs
    ]
    for name, pairs in RECORDS.items()
}
OPERATIONS |= {
    name: [(one, f"{namespace}:{one}", f"{{{namespace}}}{one}", f"{{{namespace}}}{one}Response") for one in operations]
    for name, (namespace, operations) in SERVICES.items()
}
"""By description: name, action, request and reply elements of each operation."""


@pytest.fixture
def served() -> Iterator[str]:
    """The address of a server that gives descriptions as a door does: `?wsdl` and `?xsd=NAME`."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            names = parse_qs(parts.query, keep_blank_values=True)
            address = f"http://127.0.0.1:{self.server.server_address[1]}{parts.path}"
            name = parts.path.rpartition("/")[2]
            content = description.wsdl(name, address) if "wsdl" in names else description.xsd(names["xsd"][0])
            self.send_response(200 if content else 404)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/si-dmp-server/v2/services"
    server.shutdown()
    thread.join()
    server.server_close()


def operations_of(client: zeep.Client) -> list[tuple[str, str, str, str]]:
    found = []
    for service in client.wsdl.services.values():
        for port in service.ports.values():
            assert type(port.binding).__name__ == "Soap12Binding"
            for name, operation in port.binding.all().items():
                parts = (operation.input.body.qname.text, operation.output.body.qname.text)
                found.append((name, operation.abstract.wsa_action, *parts))
                assert operation.soapaction == operation.abstract.wsa_action
    return found


@pytest.mark.parametrize("name", sorted(description.DESCRIPTIONS))
def test_zeep_finds_the_operations_their_actions_and_their_elements(name):
    assert operations_of(zeep.Client(str(FILES / f"{name}.wsdl"))) == OPERATIONS[name]


@pytest.mark.parametrize("name", sorted(description.DESCRIPTIONS))
def test_a_served_description_resolves_its_schemas_and_names_its_address(name, served):
    address = f"{served}/{name}"
    client = zeep.Client(f"{address}?wsdl")
    assert operations_of(client) == OPERATIONS[name]
    assert client.service._binding_options["address"] == address


@pytest.mark.parametrize("name", sorted(TRANSACTIONS))
def test_the_reply_action_of_each_operation_is_that_of_its_transaction(name):
    document = xml.parse((FILES / f"{name}.wsdl").read_bytes())
    outputs = document.findall("{*}portType/{*}operation/{*}output")
    actions = [output.get("{http://www.w3.org/2007/05/addressing/metadata}Action") for output in outputs]
    assert actions == [each.reply_action for _, each, _ in TRANSACTIONS[name]]


def test_every_transaction_is_described_at_one_place_of_a_generic_domain():
    described = [action for name in OPERATIONS if name.startswith("ihe-") for _, action, *_ in OPERATIONS[name]]
    assert len(described) == len(set(described))
    of_the_dmp = set(addressing.RECORD_TRANSACTIONS)
    assert {each.action for each in addressing.TRANSACTIONS if each not in of_the_dmp} <= set(described)


def test_every_transaction_on_records_is_described_at_one_place_of_the_consultation_door():
    described = [row[1] for name in OPERATIONS if name.startswith("consultation-") for row in OPERATIONS[name]]
    assert {each.action for each in addressing.RECORD_TRANSACTIONS} <= set(described)
    assert len(described) == len(set(described))


def test_an_address_is_escaped():
    document = xml.parse(description.wsdl("ingest-repository", 'https://h/?a="1"&b=<2>'))
    assert document.find(".//{*}port/{*}address").get("location") == 'https://h/?a="1"&b=<2>'


@pytest.mark.parametrize("name", ["../description.py", "rim", "", "ingest-repository.wsdl", "rim.xsd/../rim.xsd"])
def test_only_listed_schemas_are_given(name):
    assert description.xsd(name) is None


def test_only_listed_descriptions_are_given():
    with pytest.raises(KeyError):
        description.wsdl("rim.xsd", "https://h/")


def test_the_lists_and_the_files_agree():
    names = {path.name for path in FILES.iterdir() if path.suffix in {".wsdl", ".xsd"}}
    assert names == {f"{name}.wsdl" for name in description.DESCRIPTIONS} | description.SCHEMAS


def entry(*children: str) -> etree._Element:
    text = "".join(children)
    return xml.parse(f'<ExtrinsicObject xmlns="{RIM}" id="Document01">{text}</ExtrinsicObject>'.encode())


SLOT = '<Slot name="hash"><ValueList><Value>00</Value></ValueList></Slot>'
NAME = '<Name><LocalizedString value="x"/></Name>'
CLASSIFICATION = '<Classification id="c" classifiedObject="Document01"/>'
IDENTIFIER = '<ExternalIdentifier id="i" identificationScheme="urn:uuid:1" value="1.2"/>'


@pytest.mark.parametrize(
    ("children", "valid"),
    [
        ((SLOT, NAME, CLASSIFICATION, IDENTIFIER), True),
        ((), True),
        ((NAME, SLOT), False),
        ((IDENTIFIER, CLASSIFICATION), False),
        ((CLASSIFICATION, NAME), False),
        ((SLOT.replace(' name="hash"', ""),), False),
        ((SLOT.replace("00", "0" * 257),), False),
        ((IDENTIFIER.replace(' value="1.2"', ""),), False),
        ((CLASSIFICATION.replace(' classifiedObject="Document01"', ""),), False),
        (("<Title/>",), False),
    ],
    ids=["in order", "empty", "slot after name", "identifier first", "name after code", "slot without name",
         "value of 257", "identifier without value", "code of nothing", "unknown element"],
)  # fmt: skip
def test_the_schema_holds_the_order_and_the_bounds_of_ebrim(children, valid):
    schema = etree.XMLSchema(file=str(FILES / "rim.xsd"))
    assert schema.validate(entry(*children)) is valid
