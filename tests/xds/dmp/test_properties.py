"""What holds of the law whatever it is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from xds.dmp.decision import Rule
from xds.dmp.operations import DISCREET, READING, Operation
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, AuthorisationStatus, EmergencyConsents, Record, RecordStatus
from xds.dmp.requester import Requester, RequesterKind
from xds.dmp.rights import decide, may_read
from xds.metadata.codes import Code
from xds.metadata.document_entry import AvailabilityStatus

MASKED, INVISIBLE, GUARDIANS = "MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX"
PERSONS = ("810000000001", "810000000002")
STRUCTURES = ("1750000001", "1750000002")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = UUID(int=1)


@dataclass(frozen=True, kw_only=True)
class Document:
    class_code: Code
    type_code: Code
    confidentiality_codes: tuple[str, ...]
    author_person_ids: tuple[str, ...]
    author_structure_ids: tuple[str, ...]
    status: AvailabilityStatus
    depositor_id: str


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(values)).map(sorted).map(tuple)


documents = st.builds(
    Document,
    class_code=st.sampled_from(("10", "11", "52", "90", "95")).map(lambda code: Code(code, "class")),
    type_code=st.sampled_from(("11490-0", "75496-0", "ATTEST-RESID", "EXPPAT_2", "new")).map(lambda c: Code(c, "type"))
    | st.just(Code("E1762", "ASTM")),
    confidentiality_codes=some((MASKED, INVISIBLE, GUARDIANS)).map(lambda codes: ("N", *codes)),
    author_person_ids=some(PERSONS),
    author_structure_ids=some(STRUCTURES),
    status=st.sampled_from(AvailabilityStatus),
    depositor_id=st.sampled_from(STRUCTURES),
)
requesters = st.builds(
    Requester,
    kind=st.sampled_from(RequesterKind),
    national_id=st.sampled_from((*PERSONS, *STRUCTURES)),
    structure_id=st.none() | st.sampled_from(STRUCTURES),
    profession=st.none() | st.sampled_from(("10", "60", "70", "99")),
    specialties=st.sampled_from(((), ("SM26",), ("SM25",))),
    mode=st.sampled_from(("DIRECTE", "INDIRECTE", "INDIRECTE_RENFORCEE", "OTHER")),
    purpose=st.sampled_from(("normal", "centre_15", "bris_de_glace", "other")),
    reason=st.sampled_from(("", "unconscious")),
    secret=st.booleans(),
)
consents = st.builds(EmergencyConsents, etreat=st.booleans(), btg=st.booleans(), masked=st.booleans())
records = st.builds(
    Record,
    patient_key=st.just(KEY),
    status=st.sampled_from(RecordStatus),
    key_id=st.just(KEY),
    attached_to_ens=st.booleans(),
    birth_date=st.none() | st.dates(date(1930, 1, 1), date(2026, 1, 1)),
    emergency=consents,
    default_masking=st.booleans(),
)
authorisations = st.builds(
    Authorisation,
    professional_id=st.sampled_from((*PERSONS, *STRUCTURES)),
    status=st.sampled_from(AuthorisationStatus),
    valid_until=st.none() | st.timedeltas(timedelta(days=-900), timedelta(days=900)).map(lambda span: NOW + span),
    medecin_traitant=st.booleans(),
)
parameters = st.builds(
    Parameters,
    regime=st.sampled_from(("mes2022", "dmp2018")),
    mask_author_scope=st.sampled_from(("ps", "structure")),
    retrieve_deleted=st.booleans(),
    mask_with_invisible=st.booleans(),
)
operations = st.sampled_from(Operation)
professionals = requesters.filter(lambda one: one.kind in {RequesterKind.PROFESSIONAL, RequesterKind.STRUCTURE})


@settings(deadline=None)
@given(st.sampled_from(sorted(READING)), requesters, records, authorisations, parameters, st.none() | documents)
def test_whom_the_patient_blocked_never_reads(
    operation: Operation,
    requester: Requester,
    record: Record,
    authorisation: Authorisation,
    rules: Parameters,
    entry: Document | None,
) -> None:
    requester = replace(requester, kind=RequesterKind.PROFESSIONAL)
    blocked = replace(authorisation, professional_id=requester.national_id, status=AuthorisationStatus.INTERDIT)
    assert not decide(operation, requester, record, blocked, NOW, parameters=rules, entry=entry)


@settings(deadline=None)
@given(professionals, records, parameters)
def test_a_block_takes_no_feeding_away(requester: Requester, record: Record, rules: Parameters) -> None:
    blocked = Authorisation(professional_id=requester.national_id, status=AuthorisationStatus.INTERDIT)
    for operation in (Operation.FEED, Operation.FEED_BY_CPE):
        without = decide(operation, requester, record, None, NOW, parameters=rules)
        assert decide(operation, requester, record, blocked, NOW, parameters=rules) == without


@settings(deadline=None)
@given(
    requesters,
    records,
    st.none() | authorisations,
    parameters,
    documents,
    st.sampled_from((MASKED, INVISIBLE, GUARDIANS)),
)
def test_one_more_hiding_code_never_shows_a_document(
    requester: Requester,
    record: Record,
    authorisation: Authorisation | None,
    rules: Parameters,
    document: Document,
    code: str,
) -> None:
    hidden = replace(document, confidentiality_codes=tuple({*document.confidentiality_codes, code}))
    if may_read(requester, hidden, record, authorisation, NOW, rules):
        assert may_read(requester, document, record, authorisation, NOW, rules)


@settings(deadline=None)
@given(st.sampled_from(sorted(DISCREET)), requesters, st.none() | records, st.none() | authorisations, parameters)
def test_a_refusal_says_nothing_of_the_record(
    operation: Operation,
    requester: Requester,
    record: Record | None,
    authorisation: Authorisation | None,
    rules: Parameters,
) -> None:
    """What is refused of a record is refused in the words used where there is none."""
    decision = decide(operation, requester, record, authorisation, NOW, parameters=rules)
    if not decision:
        nothing = decide(operation, requester, None, None, NOW, parameters=rules)
        assert decision.errors() == nothing.errors()
        assert decision.assumed == nothing.assumed


@settings(deadline=None)
@given(operations, professionals, records, st.none() | authorisations, parameters, documents)
def test_what_is_not_seen_is_refused_as_what_is_not_there(
    operation: Operation,
    requester: Requester,
    record: Record,
    authorisation: Authorisation | None,
    rules: Parameters,
    document: Document,
) -> None:
    """A document that may not be seen gives either the refusal given without it, or one that hides it."""
    if requester.national_id in document.author_person_ids or operation in {
        Operation.DELETE,
        Operation.REFERENCE_SEARCH,
    }:
        return
    if may_read(requester, document, record, authorisation, NOW, rules):
        return
    seen = decide(operation, requester, record, authorisation, NOW, parameters=rules, entry=document)
    absent = decide(operation, requester, record, authorisation, NOW, parameters=rules)
    assert seen.hides or seen.errors() == absent.errors()


@settings(deadline=None)
@given(operations, requesters, st.none() | records, st.none() | authorisations, parameters, st.none() | documents)
def test_every_question_has_one_answer_with_its_rule(
    operation: Operation,
    requester: Requester,
    record: Record | None,
    authorisation: Authorisation | None,
    rules: Parameters,
    entry: Document | None,
) -> None:
    decision = decide(operation, requester, record, authorisation, NOW, parameters=rules, entry=entry)
    assert decision.allowed is (decision.rule is Rule.GRANTED)
    assert bool(decision.errors()) is not decision.allowed
    assert decision == decide(operation, requester, record, authorisation, NOW, parameters=rules, entry=entry)


@settings(deadline=None)
@given(professionals, records, authorisations, parameters, st.timedeltas(timedelta(), timedelta(days=2000)))
def test_time_alone_never_opens_a_record(
    requester: Requester, record: Record, authorisation: Authorisation, rules: Parameters, later: timedelta
) -> None:
    if decide(Operation.READ, requester, record, authorisation, NOW + later, parameters=rules):
        assert decide(Operation.READ, requester, record, authorisation, NOW, parameters=rules)


@settings(deadline=None)
@given(st.dates(date(1930, 1, 1), date(2030, 1, 1)), st.timedeltas(timedelta(), timedelta(days=20000)))
def test_who_came_of_age_is_no_minor_again(born: date, later: timedelta) -> None:
    record = Record(patient_key=KEY, status=RecordStatus.OPEN, key_id=KEY, birth_date=born)
    assert record.is_minor(NOW) or not record.is_minor(NOW + later)
