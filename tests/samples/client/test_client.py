"""The clients, over real sockets, against a server that says what the test tells it to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import zeep
from lxml import etree

from samples.client import queries
from samples.client.addressing import Addressing
from samples.client.answers import SoapFault, UnexpectedAnswer
from samples.client.client import ConsultationClient, IngestClient
from samples.client.mtom import Packaging, Part, decode
from samples.client.objects import Kind
from samples.client.raw import RawClient
from samples.client.transport import MtomTransport, NotSoap, open_session
from security import xml
from xds.metadata.codes import Code

WSDL = Path(__file__).parents[3] / "gateway" / "wire" / "wsdl"
NAMES = {
    "s": "http://www.w3.org/2003/05/soap-envelope",
    "wsa": "http://www.w3.org/2005/08/addressing",
    "wsse": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd",
    "xds": "urn:ihe:iti:xds-b:2007",
    "xop": "http://www.w3.org/2004/08/xop/include",
    "query": "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0",
    "rim": "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0",
}
SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
ITI_41 = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
ITI_18 = "urn:ihe:iti:2007:RegistryStoredQuery"
ITI_43 = "urn:ihe:iti:2007:RetrieveDocumentSet"
RS = 'xmlns:rs="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"'
AWKWARD = b"\xef\xbb\xbf<?xml?>\r\n\r\n--ecluse\r\n\x00\xff\n\r"
REPOSITORY = "1.2.250.1.213.4.1.1.1.2"


@dataclass(frozen=True)
class TwoDocuments:
    """The least that can be sent: the metadata are not looked at here."""

    xml: etree._Element
    documents: dict[str, tuple[str, str, bytes]]


@pytest.fixture
def lot():
    text = (
        b'<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" '
        b'xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><rim:RegistryObjectList><!-- kept -->'
        b'<rim:ExtrinsicObject  id="Document01" mimeType="text/xml"/></rim:RegistryObjectList>'
        b"</lcm:SubmitObjectsRequest>"
    )
    documents = {"Document01": ("un deux@x", "text/xml", AWKWARD), "Document02": ("2@x", "text/plain", b"")}
    return TwoDocuments(xml.parse(text), documents)


def succeed(scripted, action=ITI_41, **options):
    scripted.says(f'<rs:RegistryResponse {RS} status="{SUCCESS}"/>', action=f"{action}Response", mtom=True, **options)


def assertion():
    return etree.fromstring('<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1"/>')


def test_a_deposit_travels_as_mtom_with_its_bytes_untouched(scripted, lot):
    succeed(scripted)
    with IngestClient(scripted.url, None, None) as client:
        answer = client.provide_and_register(lot)
    assert (answer.succeeded, answer.errors, answer.http_status) == (True, (), 200)
    assert answer.packaging is Packaging.MTOM
    path, headers, body = scripted.requests[0]
    assert path == "/si-dmp-server/v2/services/repository"
    root, parts = decode(headers["Content-Type"], body)
    assert [part.content for part in parts.values()] == [AWKWARD, b""]
    envelope = xml.parse(root.content)
    hrefs = envelope.xpath("//xds:Document/xop:Include/@href", namespaces=NAMES)
    assert hrefs == ["cid:un%20deux%40x", "cid:2%40x"]
    assert envelope.xpath("//xds:Document/@id", namespaces=NAMES) == ["Document01", "Document02"]


def test_metadata_travel_exactly_as_they_were_written(scripted, lot):
    succeed(scripted)
    with IngestClient(scripted.url, None, None) as client:
        client.provide_and_register(lot)
        assert client.provide_and_register(lot).succeeded
    root, _ = decode(scripted.requests[1][1]["Content-Type"], scripted.requests[1][2])
    sent = next(xml.parse(root.content).iter("{*}SubmitObjectsRequest"))
    exclusive = {"method": "c14n", "exclusive": True, "with_comments": True}
    assert etree.tostring(sent, **exclusive) == etree.tostring(lot.xml, **exclusive)


def test_addressing_names_the_action_the_service_and_the_message(scripted, lot):
    succeed(scripted)
    with IngestClient(scripted.url, None, None) as client:
        client.provide_and_register(lot)
    root, _ = decode(scripted.requests[0][1]["Content-Type"], scripted.requests[0][2])
    header = xml.parse(root.content).find("s:Header", NAMES)
    assert [etree.QName(block).localname for block in header] == ["Action", "MessageID", "ReplyTo", "To"]
    assert header.findtext("wsa:Action", None, NAMES) == ITI_41
    assert header.findtext("wsa:To", None, NAMES) == f"{scripted.url}/si-dmp-server/v2/services/repository"
    assert header.findtext("wsa:ReplyTo/wsa:Address", None, NAMES).endswith("/anonymous")
    assert len(header.xpath("*[@s:mustUnderstand='1']", namespaces=NAMES)) == 2


def test_the_assertion_stands_in_the_security_header(scripted, lot):
    succeed(scripted)
    with IngestClient(scripted.url, None, None, vihf=assertion) as client:
        client.provide_and_register(lot)
    root, _ = decode(scripted.requests[0][1]["Content-Type"], scripted.requests[0][2])
    security = xml.parse(root.content).find("s:Header/wsse:Security", NAMES)
    assert [child.get("ID") for child in security] == ["_1"]
    assert security.get(f"{{{NAMES['s']}}}mustUnderstand") == "1"


def test_errors_of_the_registry_are_values(scripted, lot):
    scripted.says(
        f'<rs:RegistryResponse {RS} status="{FAILURE}"><rs:RegistryErrorList>'
        '<rs:RegistryError errorCode="XDSRepositoryMetadataError" codeContext="hash" location="Document01" '
        'severity="urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Error"/>'
        '<rs:RegistryError errorCode="XDSExtraMetadataNotSaved" codeContext="slot" '
        'severity="urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"/>'
        "</rs:RegistryErrorList></rs:RegistryResponse>",
        action=f"{ITI_41}Response",
        mtom=True,
    )
    with IngestClient(scripted.url, None, None) as client:
        answer = client.provide_and_register(lot)
    assert not answer.succeeded
    assert answer.error_codes == ["XDSRepositoryMetadataError", "XDSExtraMetadataNotSaved"]
    assert [error.severity for error in answer.errors] == ["Error", "Warning"]
    assert (answer.errors[0].context, answer.errors[0].location) == ("hash", "Document01")


def test_a_fault_is_an_exception_with_its_codes(scripted, lot):
    scripted.says(
        '<s:Fault xmlns:f="urn:ecluse:fault:1"><s:Code><s:Value>s:Sender</s:Value><s:Subcode>'
        "<s:Value>f:SBX_VIHF_TIME</s:Value></s:Subcode></s:Code>"
        '<s:Reason><s:Text xml:lang="en">too old</s:Text><s:Text xml:lang="fr">trop vieux</s:Text></s:Reason>'
        "<s:Detail><f:Refusal><f:Code>SBX_VIHF_TIME</f:Code><f:Kind>ASSERTION_TIME</f:Kind></f:Refusal></s:Detail>"
        "</s:Fault>",
        action="http://www.w3.org/2005/08/addressing/soap/fault",
        mtom=False,
        status=400,
    )
    with IngestClient(scripted.url, None, None) as client, pytest.raises(SoapFault) as caught:
        client.provide_and_register(lot)
    fault = caught.value
    assert (fault.http_status, fault.code, fault.subcode, fault.kind) == (
        400, "Sender", "SBX_VIHF_TIME", "ASSERTION_TIME",
    )  # fmt: skip
    assert fault.reason == "too old"


def test_a_spoiled_message_is_sent_as_it_is(scripted, lot):
    succeed(scripted)
    with IngestClient(scripted.url, None, None) as client:
        message = client.message(lot)
        client.send(message.without_part("2@x").with_part(Part("3@x", "text/plain", b"extra")))
    _, headers, body = scripted.requests[0]
    assert sorted(decode(headers["Content-Type"], body)[1]) == ["3@x", "un deux@x"]


def test_a_find_documents_is_spelled_as_the_standard_wants(scripted):
    empty = (
        f'<q:AdhocQueryResponse xmlns:q="{NAMES["query"]}" xmlns:rim="{NAMES["rim"]}" status="{SUCCESS}">'
        "<rim:RegistryObjectList/></q:AdhocQueryResponse>"
    )
    scripted.says(empty, action=f"{ITI_18}Response", mtom=False)
    with ConsultationClient(scripted.url, None, None) as client:
        answer = client.find_documents(
            "1^^^&1.2&ISO^NH",
            type_code=[Code("11502-2", "2.16.840.1.113883.6.1"), "60591-5^^2.16.840.1.113883.6.1"],
            author_person="%D'ESSAI%",
            creation_time_from="2024",
        )
    assert (answer.succeeded, answer.ids, answer.packaging) == (True, [], Packaging.SIMPLE)
    path, headers, body = scripted.requests[0]
    assert path.endswith("/services/registry")
    assert headers["Content-Type"] == f'application/soap+xml; charset=UTF-8; action="{ITI_18}"'
    request = xml.parse(body).find("s:Body/query:AdhocQueryRequest", NAMES)
    etree.XMLSchema(file=str(WSDL / "query.xsd")).assertValid(request)
    assert {
        slot.get("name"): slot.xpath("*/rim:Value/text()", namespaces=NAMES) for slot in request.iter("{*}Slot")
    } == {
        "$XDSDocumentEntryPatientId": ["'1^^^&1.2&ISO^NH'"],
        "$XDSDocumentEntryStatus": ["('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"],
        "$XDSDocumentEntryTypeCode": ["('11502-2^^2.16.840.1.113883.6.1','60591-5^^2.16.840.1.113883.6.1')"],
        "$XDSDocumentEntryAuthorPerson": ["('%D''ESSAI%')"],
        "$XDSDocumentEntryCreationTimeFrom": ["'2024'"],
    }


def test_an_unknown_filter_is_a_programming_error():
    with pytest.raises(TypeError, match="colour"):
        queries.find_documents("1^^^&1.2&ISO", colour="red")


def test_query_results_are_elements_with_their_identifiers(scripted):
    unique_id = "urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab"
    scripted.says(
        f'<q:AdhocQueryResponse xmlns:q="{NAMES["query"]}" xmlns="{NAMES["rim"]}" status="{SUCCESS}">'
        '<RegistryObjectList><ExtrinsicObject id="urn:uuid:1"><ExternalIdentifier id="x" registryObject="urn:uuid:1" '
        f'identificationScheme="{unique_id}" value="1.2.3"/></ExtrinsicObject><ObjectRef id="urn:uuid:2"/>'
        "</RegistryObjectList></q:AdhocQueryResponse>",
        action=f"{ITI_18}Response",
        mtom=False,
    )
    with ConsultationClient(scripted.url, None, None) as client:
        answer = client.get_documents(unique_ids=["1.2.3"])
    assert answer.ids == ["urn:uuid:1", "urn:uuid:2"]
    assert answer.unique_ids == ["1.2.3"]


def retrieve_answers(scripted):
    item = (
        f"<RepositoryUniqueId>{REPOSITORY}</RepositoryUniqueId><DocumentUniqueId>1.2.3</DocumentUniqueId>"
        '<mimeType>text/xml</mimeType><Document><xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" '
        'href="cid:a%2Fb@x"/></Document>'
    )
    scripted.says(
        f'<RetrieveDocumentSetResponse xmlns="urn:ihe:iti:xds-b:2007"><rs:RegistryResponse {RS} status="{SUCCESS}"/>'
        f"<DocumentResponse>{item}</DocumentResponse></RetrieveDocumentSetResponse>",
        action=f"{ITI_43}Response",
        mtom=True,
        parts=(Part("a/b@x", "text/xml", AWKWARD),),
    )


def test_retrieved_documents_keep_their_bytes(scripted):
    retrieve_answers(scripted)
    with ConsultationClient(scripted.url, None, None) as client:
        answer = client.retrieve([(REPOSITORY, "1.2.3")])
    document = answer.documents[0]
    assert (document.unique_id, document.mime_type, document.content) == ("1.2.3", "text/xml", AWKWARD)
    _, headers, body = scripted.requests[0]
    assert headers["Content-Type"].startswith("multipart/related;")
    request = xml.parse(decode(headers["Content-Type"], body)[0].content).find("s:Body", NAMES)[0]
    etree.XMLSchema(file=str(WSDL / "xds.xsd")).assertValid(request)


def test_plain_zeep_with_our_transport_and_addressing_gets_the_same_bytes(scripted):
    retrieve_answers(scripted)
    address = f"{scripted.url}/si-dmp-server/v2/services/repository"
    with open_session(None, None) as session:
        client = zeep.Client(
            str(WSDL / "consultation-repository.wsdl"),
            transport=MtomTransport(session),
            plugins=[Addressing(address)],
        )
        service = client.create_service("{urn:ihe:iti:xds-b:2007}DocumentRepository_Binding_Soap12", address)
        wanted = [{"RepositoryUniqueId": REPOSITORY, "DocumentUniqueId": "1.2.3"}]
        answer = service.DocumentRepository_RetrieveDocumentSet(DocumentRequest=wanted)
    assert answer.RegistryResponse.status == SUCCESS
    assert hashlib.sha256(answer.DocumentResponse[0].Document).digest() == hashlib.sha256(AWKWARD).digest()


def test_an_answer_to_another_message_is_not_believed(scripted, lot):
    succeed(scripted)
    status, content_type, body = scripted.answer
    scripted.answer = status, content_type, body.replace(b"{message_id}", b"urn:uuid:another")
    with IngestClient(scripted.url, None, None) as client, pytest.raises(UnexpectedAnswer, match="another"):
        client.provide_and_register(lot)


def test_an_answer_that_is_no_soap_is_said_so(scripted, lot):
    scripted.answer = 413, "text/html", b"<html/>"
    with IngestClient(scripted.url, None, None) as client, pytest.raises(NotSoap, match="HTTP 413"):
        client.provide_and_register(lot)


def test_a_connection_serves_many_calls(scripted, lot):
    succeed(scripted)
    with IngestClient(scripted.url, None, None) as client:
        for _ in range(3):
            client.provide_and_register(lot)
    assert len(scripted.connections) == 1


def test_a_closed_door_is_a_connection_error(lot):
    with IngestClient("http://127.0.0.1:9", None, None) as client, pytest.raises(requests.ConnectionError):
        client.provide_and_register(lot)


def test_raw_bytes_arrive_as_they_are_and_the_answer_is_read(scripted, lot):
    succeed(scripted)
    with IngestClient(scripted.url, None, None) as client:
        content_type, body = client.message(lot).encode()
    answer = RawClient(scripted.url, None, None).send(body, content_type, {"X-Note": "1"})
    assert (answer.status, answer.reply().packaging) == (200, Packaging.MTOM)
    assert scripted.requests[0][2] == body
    assert scripted.requests[0][1]["X-Note"] == "1"


def test_a_request_can_be_cut_in_the_middle(scripted):
    RawClient(scripted.url, None, None).cut(b"x" * 1000, "text/plain", after=400)
    assert RawClient(scripted.url, None, None).send_bytes(b"GET /none HTTP/1.0\r\n\r\n").status == 404


QUERY_ANSWER = (
    f'<q:AdhocQueryResponse xmlns:q="{NAMES["query"]}" xmlns:rim="{NAMES["rim"]}" status="{SUCCESS}">'
    "<rim:RegistryObjectList/></q:AdhocQueryResponse>"
)
REGISTRY_ANSWER = f'<rs:RegistryResponse {RS} status="{SUCCESS}"/>'
CALLS = {
    "ITI-42": ("2007:RegisterDocumentSet-b", "registry", "lcm.xsd", lambda feed, _, lot: feed.register(lot)),
    "ITI-61": (
        "2010:RegisterOnDemandDocumentEntry",
        "registry",
        "lcm.xsd",
        lambda feed, _, lot: feed.register_on_demand(lot),
    ),
    "ITI-51": (
        "2009:MultiPatientStoredQuery",
        "registry",
        "query.xsd",
        lambda _, read, __: read.query(
            queries.QueryId.FIND_FOLDERS_FOR_MULTIPLE_PATIENTS, patient_id=["1^^^&1.2&ISO"], status=queries.APPROVED
        ),
    ),
    "ITI-57": ("2010:UpdateDocumentSet", "registry", "lcm.xsd", lambda _, read, lot: read.update(lot)),
    "ITI-62": (
        "2010:DeleteDocumentSet",
        "registry",
        "lcm.xsd",
        lambda _, read, __: read.remove_metadata(["urn:uuid:1", "urn:uuid:2"]),
    ),
    "ITI-86": (
        "2017:RemoveDocuments",
        "repository",
        "rmd.xsd",
        lambda _, read, __: read.remove_documents([(REPOSITORY, "1.2.3"), (REPOSITORY, "1.2.4")]),
    ),
}
"""By transaction: its action, the service that takes it, the schema of its request, the call that sends it."""


@dataclass(frozen=True)
class Metadata:
    """A submission that fits the schema."""

    xml: etree._Element


@pytest.mark.parametrize("transaction", CALLS)
def test_a_transaction_travels_as_simple_soap_to_its_service_and_fits_its_schema(transaction, scripted):
    action, service, schema, call = CALLS[transaction]
    content = QUERY_ANSWER if schema == "query.xsd" else REGISTRY_ANSWER
    scripted.says(content, action=f"urn:ihe:iti:{action}Response", mtom=False)
    text = (
        b'<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" '
        b'xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><rim:RegistryObjectList>'
        b'<rim:ExtrinsicObject id="Document01"/></rim:RegistryObjectList></lcm:SubmitObjectsRequest>'
    )
    with IngestClient(scripted.url, None, None) as feed, ConsultationClient(scripted.url, None, None) as read:
        answer = call(feed, read, Metadata(xml.parse(text)))
    assert (answer.succeeded, answer.packaging) == (True, Packaging.SIMPLE)
    path, headers, body = scripted.requests[0]
    assert path == f"/si-dmp-server/v2/services/{service}"
    assert headers["Content-Type"] == f'application/soap+xml; charset=UTF-8; action="urn:ihe:iti:{action}"'
    envelope = xml.parse(body)
    assert envelope.findtext("s:Header/wsa:Action", None, NAMES) == f"urn:ihe:iti:{action}"
    etree.XMLSchema(file=str(WSDL / schema)).assertValid(envelope.find("s:Body", NAMES)[0])


@pytest.mark.parametrize(("code", "accepted"), [("AA", True), ("CA", True), ("AE", False), ("", False)])
def test_a_patient_is_announced_and_the_acknowledgement_read(code, accepted, scripted):
    v3 = 'xmlns="urn:hl7-org:v3"'
    scripted.says(
        f'<MCCI_IN000002UV01 {v3}><acknowledgement><typeCode code="{code}"/><acknowledgementDetail>'
        "<text>no such authority</text></acknowledgementDetail></acknowledgement></MCCI_IN000002UV01>",
        action="urn:hl7-org:v3:MCCI_IN000002UV01",
        mtom=False,
    )
    interaction = xml.parse(f'<PRPA_IN201301UV02 {v3} ITSVersion="XML_1.0"><id root="1"/></PRPA_IN201301UV02>'.encode())
    with IngestClient(scripted.url, None, None) as client:
        answer = client.announce(interaction)
    assert (answer.accepted, answer.details) == (accepted, ("no such authority",))
    path, _, body = scripted.requests[0]
    envelope = xml.parse(body)
    assert path.endswith("/services/patients")
    assert envelope.findtext("s:Header/wsa:Action", None, NAMES) == "urn:hl7-org:v3:PRPA_IN201301UV02"
    assert [child.tag for child in envelope.find("s:Body", NAMES)] == ["{urn:hl7-org:v3}PRPA_IN201301UV02"]


@pytest.mark.parametrize("query_id", queries.QueryId)
def test_each_parameter_of_the_catalogue_is_spelled_by_its_name_and_number(query_id):
    single, multiple = queries.CATALOGUE[query_id]
    slots = queries.build(query_id, **dict.fromkeys(single, "x"), **dict.fromkeys(multiple, ("a", "b'c")))
    assert slots == (
        *((name, ("'x'",)) for name in single.values()),
        *((name, ("('a','b''c')",)) for name in multiple.values()),
    )


def test_groups_repeat_the_slot_and_numbers_have_no_quotes():
    code = Code("N", "1.2")
    slots = queries.build(
        queries.QueryId.FIND_FOLDERS, code_list=queries.AllOf((code, ("a^^1", "b^^1"))), metadata_level=2
    )
    assert slots == (
        ("$XDSFolderCodeList", ("('N^^1.2')",)),
        ("$XDSFolderCodeList", ("('a^^1','b^^1')",)),
        ("$MetadataLevel", ("2",)),
    )


@pytest.mark.parametrize("parameters", [{"colour": "red"}, {"patient_id": ["a", "b"]}, {"status": 2}], ids=str)
def test_a_parameter_that_a_query_does_not_take_is_a_programming_error(parameters):
    with pytest.raises(TypeError, match="FIND_FOLDERS"):
        queries.build(queries.QueryId.FIND_FOLDERS, **parameters)


def test_objects_of_an_answer_are_values_with_kind_version_status_and_ends(scripted):
    label = '<Classification id="l" classifiedObject="{}" classificationNode="urn:uuid:{}"/>'
    folder, submission = "d9d542f3-6cc4-48b6-8870-ea235fbc94c2", "a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
    scripted.says(
        f'<q:AdhocQueryResponse xmlns:q="{NAMES["query"]}" xmlns="{NAMES["rim"]}" status="{SUCCESS}">'
        '<RegistryObjectList><ExtrinsicObject id="urn:uuid:1" lid="urn:uuid:0" status="urn:Approved" '
        'home="urn:oid:1.2">'
        '<Slot name="hash"><ValueList><Value>00</Value></ValueList></Slot><Name><LocalizedString value="Title"/></Name>'
        '<VersionInfo versionName="2"/><Classification id="c" classifiedObject="urn:uuid:1" nodeRepresentation="N" '
        'classificationScheme="urn:uuid:s"/></ExtrinsicObject>'
        f'<RegistryPackage id="urn:uuid:2">{label.format("urn:uuid:2", folder)}</RegistryPackage>'
        f'<RegistryPackage id="urn:uuid:3">{label.format("urn:uuid:3", submission)}</RegistryPackage>'
        '<Association id="urn:uuid:4" associationType="urn:x" sourceObject="urn:uuid:3" targetObject="urn:uuid:1"/>'
        '<ObjectRef id="urn:uuid:5"/></RegistryObjectList></q:AdhocQueryResponse>',
        action=f"{ITI_18}Response",
        mtom=False,
    )
    with ConsultationClient(scripted.url, None, None) as client:
        answer = client.get_all("1^^^&1.2&ISO")
    assert dict(answer.counts) == dict.fromkeys(Kind, 1)
    entry, association = answer.of_kind(Kind.ENTRY)[0], answer.of_kind(Kind.ASSOCIATION)[0]
    assert (entry.logical_id, entry.version, entry.status, entry.home) == (
        "urn:uuid:0",
        "2",
        "urn:Approved",
        "urn:oid:1.2",
    )
    assert (entry.slot("hash"), entry.slot("size"), entry.text("Name")) == (("00",), (), "Title")
    assert entry.codes("urn:uuid:s") == ("N",)
    assert (association.source, association.target, association.association_type) == (
        "urn:uuid:3",
        "urn:uuid:1",
        "urn:x",
    )
