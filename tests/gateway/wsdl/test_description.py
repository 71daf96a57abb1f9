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

from gateway.wire import description
from security import xml

FILES = Path(__file__).parents[3] / "gateway" / "wire" / "wsdl"
RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
OPERATIONS = {
    "ingest-repository": (
        "DocumentRepository_ProvideAndRegisterDocumentSet-b",
        "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b",
        "{urn:ihe:iti:xds-b:2007}ProvideAndRegisterDocumentSetRequest",
        "{urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0}RegistryResponse",
    ),
    "consultation-registry": (
        "DocumentRegistry_RegistryStoredQuery",
        "urn:ihe:iti:2007:RegistryStoredQuery",
        "{urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0}AdhocQueryRequest",
        "{urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0}AdhocQueryResponse",
    ),
    "consultation-repository": (
        "DocumentRepository_RetrieveDocumentSet",
        "urn:ihe:iti:2007:RetrieveDocumentSet",
        "{urn:ihe:iti:xds-b:2007}RetrieveDocumentSetRequest",
        "{urn:ihe:iti:xds-b:2007}RetrieveDocumentSetResponse",
    ),
}


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
def test_zeep_finds_the_operation_its_action_and_its_elements(name):
    assert operations_of(zeep.Client(str(FILES / f"{name}.wsdl"))) == [OPERATIONS[name]]


@pytest.mark.parametrize("name", sorted(description.DESCRIPTIONS))
def test_a_served_description_resolves_its_schemas_and_names_its_address(name, served):
    address = f"{served}/{name}"
    client = zeep.Client(f"{address}?wsdl")
    assert operations_of(client) == [OPERATIONS[name]]
    assert client.service._binding_options["address"] == address


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
