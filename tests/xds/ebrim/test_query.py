import pytest

from security.xml import parse
from xds.ebrim.query import FIND_DOCUMENTS, GET_ALL, GET_DOCUMENTS, read_query
from xds.ebrim.reader import read_adhoc_query
from xds.ebrim.values import parse_values
from xds.errors import Refusal
from xds.messages import AdhocQueryRequest
from xds.metadata.codes import Code
from xds.metadata.document_entry import ON_DEMAND, STABLE, AvailabilityStatus
from xds.queries import FindDocuments, GetAll, GetDocuments, ReturnType, TimeRange

PATIENT = "279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH"
APPROVED = "('urn:oasis:names:tc:ebxml-regrep:StatusType:Approved')"
REQUIRED = (("$XDSDocumentEntryPatientId", (f"'{PATIENT}'",)), ("$XDSDocumentEntryStatus", (APPROVED,)))
UUID = "urn:uuid:0f5d2a54-6a3c-4c6f-9f7e-2b1c3d4e5f60"

VALUES = [
    ("'a'", ("a",)),
    ("('a')", ("a",)),
    (" ( 'a' ,\n'b' ) ", ("a", "b")),
    ("'Children''s Hospital'", ("Children's Hospital",)),
    ("''''", ("'",)),
    ("''", ("",)),
    ("('a,b','c)','(d')", ("a,b", "c)", "(d")),
    ("('11^^1.2','a&b^c')", ("11^^1.2", "a&b^c")),
    ("20040101", ("20040101",)),
    ("(1,2)", ("1", "2")),
]
BROKEN = ["", "  ", "'a", "('a'", "('a' 'b')", "('a',)", "()", "'a' 'b'", "('a') x", "a b", ",", "('a''", "((1))"]


def find(*slots: tuple[str, tuple[str, ...]], return_type: str = "LeafClass") -> FindDocuments:
    query = read_query(AdhocQueryRequest(query_id=FIND_DOCUMENTS, return_type=return_type, slots=(*REQUIRED, *slots)))
    assert isinstance(query, FindDocuments)
    return query


def refusals(query_id: str, *slots: tuple[str, tuple[str, ...]], return_type: str = "LeafClass") -> list[str]:
    with pytest.raises(Refusal) as caught:
        read_query(AdhocQueryRequest(query_id=query_id, return_type=return_type, slots=slots))
    assert all(error.location.startswith(("AdhocQuery", "ResponseOption")) for error in caught.value.errors)
    return [str(error.code) for error in caught.value.errors]


@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_values_are_read_by_quotes_not_by_commas(text: str, expected: tuple[str, ...]) -> None:
    assert parse_values(text) == expected


@pytest.mark.parametrize("text", BROKEN)
def test_values_that_cannot_be_read_say_why(text: str) -> None:
    with pytest.raises(ValueError, match=r"character \d+|empty"):
        parse_values(text)


def test_a_hundred_thousand_quotes_are_read_in_one_pass() -> None:
    assert parse_values(f"'{'' * 2}{chr(39) * 200_000}'") == ("'" * 100_000,)


def test_a_bare_query_asks_for_stable_documents_of_one_patient() -> None:
    assert find() == FindDocuments(patient_id=PATIENT, statuses=(AvailabilityStatus.APPROVED,))
    assert find().object_types == (STABLE,)


def test_every_parameter_finds_its_attribute() -> None:
    def name(text: str) -> str:
        return f"$XDSDocumentEntry{text}"

    query = find(
        (name("ClassCode"), ("('10^^1.2','11^^1.2')",)),
        (name("TypeCode"), ("'t^^1'",)),
        (name("PracticeSettingCode"), ("('p^^1')",)),
        (name("HealthcareFacilityTypeCode"), ("('h^^1')",)),
        (name("FormatCode"), ("('urn:x:y^^1')", "('urn:x:z^^1')")),
        (name("EventCodeList"), ("('a^^1','b^^1')",)),
        (name("EventCodeList"), ("('c^^1')",)),
        (name("ConfidentialityCode"), ("('N^^2')",)),
        (name("CreationTimeFrom"), ("'2004'",)),
        (name("CreationTimeTo"), ("20050301",)),
        (name("ServiceStartTimeFrom"), ("'200401011230'",)),
        (name("ServiceStopTimeTo"), ("'20040101123059'",)),
        (name("AuthorPerson"), ("('%ESSAI%','801%')",)),
        (name("Type"), (f"('{STABLE}','{ON_DEMAND}')",)),
        return_type="ObjectRef",
    )
    assert query == FindDocuments(
        patient_id=PATIENT,
        statuses=(AvailabilityStatus.APPROVED,),
        class_codes=(Code("10", "1.2"), Code("11", "1.2")),
        type_codes=(Code("t", "1"),),
        practice_setting_codes=(Code("p", "1"),),
        healthcare_facility_type_codes=(Code("h", "1"),),
        format_codes=(Code("urn:x:y", "1"), Code("urn:x:z", "1")),
        event_codes=((Code("a", "1"), Code("b", "1")), (Code("c", "1"),)),
        confidentiality_codes=((Code("N", "2"),),),
        creation_time=TimeRange("20040101000000", "20050301000000"),
        service_start_time=TimeRange("20040101123000", None),
        service_stop_time=TimeRange(None, "20040101123059"),
        author_persons=("%ESSAI%", "801%"),
        object_types=(STABLE, ON_DEMAND),
        return_type=ReturnType.OBJECT_REF,
    )


def test_unknown_parameters_and_unknown_statuses_are_ignored() -> None:
    status = "('urn:x:Unknown','urn:oasis:names:tc:ebxml-regrep:StatusType:Deprecated')"
    query = read_query(
        AdhocQueryRequest(
            query_id=FIND_DOCUMENTS.upper().replace("URN:UUID", "urn:uuid"),
            return_type="LeafClass",
            slots=(
                REQUIRED[0],
                ("$XDSDocumentEntryStatus", (status,)),
                ("$XDSDocumentEntryClassCodeScheme", ("whatever",)),
                ("$XDSDocumentEntryClassCodeScheme", ()),
            ),
        )
    )
    assert query == FindDocuments(patient_id=PATIENT, statuses=(AvailabilityStatus.DEPRECATED,))


MISSING, NUMBER, OTHER = "XDSStoredQueryMissingParam", "XDSStoredQueryParamNumber", "XDSRegistryError"
FIND_FAULTS: list[tuple[str, tuple[tuple[str, tuple[str, ...]], ...], list[str]]] = [
    ("nothing", (), [MISSING, MISSING]),
    ("no status", (REQUIRED[0],), [MISSING]),
    ("an empty status", (REQUIRED[0], ("$XDSDocumentEntryStatus", ())), [MISSING]),
    ("no known status", (REQUIRED[0], ("$XDSDocumentEntryStatus", ("('urn:x')",))), [MISSING]),
    ("no patient", (REQUIRED[1],), [MISSING]),
    ("two patients", (("$XDSDocumentEntryPatientId", (f"('{PATIENT}','1{PATIENT}')",)), REQUIRED[1]), [NUMBER]),
    ("patient given twice", (REQUIRED[0], *REQUIRED), [NUMBER]),
    ("a patient that is none", (("$XDSDocumentEntryPatientId", ("'x'",)), REQUIRED[1]), [OTHER]),
    ("a patient without quotes", (("$XDSDocumentEntryPatientId", ("'x",)), REQUIRED[1]), [OTHER, MISSING]),
    ("a class twice", (*REQUIRED, *[("$XDSDocumentEntryClassCode", ("('a^^1')",))] * 2), [NUMBER]),
    ("a code without scheme", (*REQUIRED, ("$XDSDocumentEntryClassCode", ("('10')",))), [OTHER]),
    ("a code with a name", (*REQUIRED, ("$XDSDocumentEntryClassCode", ("('10^n^1')",))), [OTHER]),
    ("a code of another kind", (*REQUIRED, ("$XDSDocumentEntryEventCodeList", ("('10^^')",))), [OTHER]),
    ("two dates", (*REQUIRED, ("$XDSDocumentEntryCreationTimeFrom", ("('2004','2005')",))), [NUMBER]),
    ("no date of the calendar", (*REQUIRED, ("$XDSDocumentEntryCreationTimeFrom", ("'20040231'",))), [OTHER]),
    ("a zone", (*REQUIRED, ("$XDSDocumentEntryServiceStopTimeTo", ("'20040201+0100'",))), [OTHER]),
    ("an unknown kind", (*REQUIRED, ("$XDSDocumentEntryType", ("('urn:uuid:x')",))), [OTHER]),
    ("a list not closed", (*REQUIRED, ("$XDSDocumentEntryTypeCode", ("('a^^1'",))), [OTHER]),
]


@pytest.mark.parametrize(("slots", "codes"), [case[1:] for case in FIND_FAULTS], ids=[case[0] for case in FIND_FAULTS])
def test_a_wrong_find_documents_is_refused(slots: tuple[tuple[str, tuple[str, ...]], ...], codes: list[str]) -> None:
    assert refusals(FIND_DOCUMENTS, *slots) == codes


def test_get_documents_by_either_id() -> None:
    by_uuid = AdhocQueryRequest(
        query_id=GET_DOCUMENTS,
        return_type="LeafClass",
        slots=(("$XDSDocumentEntryEntryUUID", (f"('{UUID.upper()}')", f"('{UUID[9:]}')")),),
    )
    by_unique_id = AdhocQueryRequest(
        query_id=GET_DOCUMENTS, return_type="LeafClass", slots=(("$XDSDocumentEntryUniqueId", ("('1.2','1.3')",)),)
    )
    assert read_query(by_uuid) == GetDocuments(entry_uuids=(UUID,))
    assert read_query(by_unique_id) == GetDocuments(unique_ids=("1.2", "1.3"))


def test_get_documents_takes_exactly_one_kind_of_id() -> None:
    uuid, unique_id = ("$XDSDocumentEntryEntryUUID", (f"('{UUID}')",)), ("$XDSDocumentEntryUniqueId", ("('1.2')",))
    assert refusals(GET_DOCUMENTS) == [MISSING]
    assert refusals(GET_DOCUMENTS, uuid, unique_id) == [NUMBER]
    assert refusals(GET_DOCUMENTS, ("$XDSDocumentEntryEntryUUID", ("('Document01')",)))[0] == OTHER


def test_get_all_asks_for_three_statuses() -> None:
    statuses = [(f"${name}Status", (APPROVED,)) for name in ("XDSDocumentEntry", "XDSSubmissionSet", "XDSFolder")]
    request = AdhocQueryRequest(
        query_id=GET_ALL, return_type="LeafClass", slots=(("$patientId", (f"'{PATIENT}'",)), *statuses)
    )
    approved = (AvailabilityStatus.APPROVED,)
    assert read_query(request) == GetAll(
        patient_id=PATIENT, statuses=approved, submission_set_statuses=approved, folder_statuses=approved
    )
    assert refusals(GET_ALL, ("$patientId", (f"'{PATIENT}'",))) == [MISSING] * 3


@pytest.mark.parametrize("query_id", ["urn:uuid:0", "", FIND_DOCUMENTS[9:]])
def test_other_queries_are_unknown(query_id: str) -> None:
    assert refusals(query_id) == ["XDSUnknownStoredQuery"]


@pytest.mark.parametrize("return_type", ["", "leafclass", "RegistryObject", "LeafClassWithRepositoryItem"])
def test_other_return_types_are_refused(return_type: str) -> None:
    assert refusals(FIND_DOCUMENTS, *REQUIRED, return_type=return_type) == [OTHER]


def test_a_query_is_read_from_its_message() -> None:
    body = parse(
        b'<query:AdhocQueryRequest xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"'
        b' xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><query:ResponseOption returnType="LeafClass"'
        b' returnComposedObjects="true"/><rim:AdhocQuery id="urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4">'
        b"<rim:Slot name=\"$XDSDocumentEntryUniqueId\"><rim:ValueList><rim:Value>('1.2',</rim:Value>"
        b"<rim:Value>('1.3')</rim:Value></rim:ValueList></rim:Slot></rim:AdhocQuery></query:AdhocQueryRequest>"
    )
    request = read_adhoc_query(body)
    assert request == AdhocQueryRequest(
        query_id=GET_DOCUMENTS,
        return_type="LeafClass",
        slots=(("$XDSDocumentEntryUniqueId", ("('1.2',", "('1.3')")),),
    )
    with pytest.raises(Refusal, match="XDSRegistryError"):
        read_query(request)
