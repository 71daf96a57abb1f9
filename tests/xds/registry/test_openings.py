"""What is read of a record is what the law shows, no more: a verdict on each aspect is the verdict on each document."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, AuthorisationStatus, EmergencyConsents, Record, RecordStatus
from xds.dmp.requester import Requester, RequesterKind
from xds.dmp.rights import may_read
from xds.metadata.codes import Code
from xds.metadata.document_entry import STABLE
from xds.metadata.document_entry import AvailabilityStatus as Status
from xds.queries import FindDocuments, GetAll, GetDocuments, ReturnType
from xds.registry.conditions import Conditions
from xds.registry.openings import ASPECTS, bounds_of, openings
from xds.registry.rows import code_text
from xds.registry.scope import Scope
from xds.registry.statements import SEEN
from xds.registry.visibility import OutlinedEntry

from .conftest import NOON, Registry

KEY = UUID(int=7)
PERSONS = ("810000000011", "810000000012")
STRUCTURES = ("1750000011", "1750000012")
VISIBILITY = "1.2.250.1.213.1.1.4.13"
EVERY = tuple(Status)


def some(values: tuple[str, ...]) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True).map(tuple)


ENTRIES = st.builds(
    OutlinedEntry,
    class_code=st.sampled_from(("10", "11", "52", "90", "95")).map(lambda code: Code(code, "class")),
    type_code=st.sampled_from(("11490-0", "75496-0", "ATTEST-RESID", "EXPPAT_2", "new")).map(lambda c: Code(c, "type"))
    | st.just(Code("E1762", "ASTM")),
    confidentiality_codes=some(("MASQUE_PS", "INVISIBLE_PATIENT", "INVISIBLE_REPRESENTANTS_LEGAUX")).map(
        lambda codes: ("N", *codes)
    ),
    status=st.sampled_from(EVERY),
    author_person_ids=some((*PERSONS, *STRUCTURES)),
    author_structure_ids=some(STRUCTURES),
    depositor_id=st.sampled_from((*STRUCTURES, "SYSTEM")),
)
REQUESTERS = st.builds(
    Requester,
    kind=st.sampled_from(RequesterKind),
    national_id=st.sampled_from((*PERSONS, *STRUCTURES)),
    structure_id=st.none() | st.sampled_from(("", *STRUCTURES)),
    profession=st.none() | st.sampled_from(("10", "60", "70", "99")),
    specialties=st.sampled_from(((), ("SM26",), ("SM25",))),
    mode=st.sampled_from(("DIRECTE", "INDIRECTE", "INDIRECTE_RENFORCEE")),
    purpose=st.sampled_from(("normal", "centre_15", "bris_de_glace")),
    is_linked=st.booleans(),
)
RECORDS = st.builds(
    Record,
    patient_key=st.just(KEY),
    status=st.just(RecordStatus.OPEN),
    key_id=st.just(KEY),
    emergency=st.builds(EmergencyConsents, masked=st.booleans()),
)
AUTHORISATIONS = st.none() | st.builds(
    Authorisation,
    professional_id=st.sampled_from((*PERSONS, *STRUCTURES)),
    status=st.sampled_from(AuthorisationStatus),
    valid_until=st.none() | st.sampled_from((NOON - timedelta(days=1), NOON + timedelta(days=1))),
    medecin_traitant=st.booleans(),
)
PARAMETERS = st.builds(
    Parameters, mask_author_scope=st.sampled_from(("ps", "structure")), retrieve_deleted=st.booleans()
)


def codes_of(entry: OutlinedEntry) -> str:
    return orjson.dumps(
        {
            "classCode": [code_text(entry.class_code)],
            "typeCode": [code_text(entry.type_code)],
            "confidentialityCode": [f"{code}^^{VISIBILITY}" for code in entry.confidentiality_codes],
        }
    ).decode()


@settings(deadline=None, max_examples=2000)
@given(ENTRIES, REQUESTERS, RECORDS, AUTHORISATIONS, PARAMETERS)
def test_the_verdict_on_an_aspect_is_the_verdict_on_each_of_its_documents(
    entry: OutlinedEntry, requester: Requester, record: Record, authorisation: Authorisation | None, law: Parameters
) -> None:
    scope = Scope(patient_id="1", requester=requester, now=NOON, parameters=law)
    sees = scope.sight(record, authorisation)
    found = openings(sees, requester, KEY, [(b"aspect", codes_of(entry), entry.status.name)])
    hands = {f"{KEY} P {one}" for one in entry.author_person_ids}
    hands |= {f"{KEY} S {one}" for one in (*entry.author_structure_ids, entry.depositor_id)}
    is_read = bool(found.aspects) or bool(found.own and hands.intersection(found.hands))
    allowed = may_read(requester, entry, record, authorisation, NOON, law).allowed
    assert is_read >= allowed, "what may be seen is not read"
    if len(found.hands) < 2:  # with two, what one of them alone would not be shown is read, then left out
        assert is_read == allowed, "what is hidden is read"


def insert(registry: Registry, entries: list[OutlinedEntry]) -> tuple[str, Record, dict[str, OutlinedEntry]]:
    """A record that holds these documents, by their uniqueIds."""
    patient_id, record = registry.a_record()
    named: dict[str, OutlinedEntry] = {}
    for entry in entries:
        identifier = uuid4()
        named[f"2.25.{identifier.int}"] = entry
        registry.owner.execute(
            "INSERT INTO ecluse.document_entries (patient_key, entry_uuid, logical_id, version, unique_id, status,"
            " object_type, mime_type, creation_time, depositor_id, author_structure_ids, author_person_ids,"
            " author_persons, reference_ids, codes, fragment) VALUES (%s, %s, %s, 1, %s, %s, %s, 'text/xml',"
            " '20260101000000', %s, %s, %s, '{}', '{}', %s, '')",
            (record.patient_key, identifier, identifier, f"2.25.{identifier.int}", entry.status.name,
             STABLE.split(":")[-1], entry.depositor_id, list(entry.author_structure_ids),
             list(entry.author_person_ids), codes_of(entry)),
        )  # fmt: skip
    return patient_id, record, named


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.lists(ENTRIES, max_size=24), st.lists(REQUESTERS, min_size=1, max_size=6), PARAMETERS)
def test_every_question_finds_what_the_law_shows_of_each_document(
    registry: Registry, entries: list[OutlinedEntry], requesters: list[Requester], law: Parameters
) -> None:
    patient_id, record, named = insert(registry, entries)
    for requester in requesters:
        scope = Scope(patient_id=patient_id, requester=requester, now=NOON, parameters=law)
        shown = {name for name, one in named.items() if may_read(requester, one, record, None, NOON, law)}
        how: dict[str, Any] = {"return_type": ReturnType.LEAF_CLASS}
        for query in (
            FindDocuments(patient_id=patient_id, statuses=EVERY, **how),
            GetDocuments(unique_ids=tuple(named), **how),
            GetAll(patient_id=patient_id, statuses=EVERY, submission_set_statuses=EVERY, folder_statuses=EVERY, **how),
        ):
            assert {one.unique_id for one in registry.reader.answer(query, scope).entries} == shown, query
        read = registry.reader.documents_by_unique_id(tuple(named), scope)
        assert {one.unique_id for one in read.entries} == shown


@pytest.mark.parametrize("hidden", ["MASQUE_PS", "INVISIBLE_PATIENT"])
def test_a_search_reads_as_many_pages_whatever_is_hidden(registry: Registry, hidden: str) -> None:
    seen = OutlinedEntry(
        class_code=Code("10", "class"), type_code=Code("11490-0", "type"), confidentiality_codes=("N",),
        status=Status.APPROVED, author_person_ids=PERSONS[:1], author_structure_ids=STRUCTURES[:1], depositor_id="X",
    )  # fmt: skip
    veiled = seen._replace(confidentiality_codes=("N", hidden))
    patient_id, record, _ = insert(registry, [seen, *[veiled] * 2])
    stranger = Requester(kind=RequesterKind.PATIENT, national_id="1") if hidden != "MASQUE_PS" else Requester(
        kind=RequesterKind.PROFESSIONAL, national_id=PERSONS[1], profession="10"
    )  # fmt: skip
    scope = Scope(patient_id=patient_id, requester=stranger, now=NOON)
    few = pages(registry, scope, record)
    for _ in range(10):
        insert_more(registry, record, 30)
    assert pages(registry, scope, record) <= few + 6, "an index that grew deeper, no more"


def insert_more(registry: Registry, record: Record, number: int) -> None:
    """As many copies of the newest hidden document."""
    registry.owner.execute(
        "INSERT INTO ecluse.document_entries (patient_key, entry_uuid, logical_id, version, unique_id, status,"
        " object_type, mime_type, creation_time, depositor_id, author_structure_ids, author_person_ids,"
        " author_persons, reference_ids, codes, fragment) SELECT patient_key, gen_random_uuid(), gen_random_uuid(), 1,"
        " unique_id || '.' || n, status, object_type, mime_type, creation_time, depositor_id, author_structure_ids,"
        " author_person_ids, author_persons, reference_ids, codes, repeat('x', 6000)::bytea"
        " FROM (SELECT * FROM ecluse.document_entries WHERE patient_key = %s"
        "       ORDER BY jsonb_array_length(codes -> 'confidentialityCode') DESC LIMIT 1) AS one,"
        " generate_series(1, %s) AS n",
        (record.patient_key, number),
    )


def pages(registry: Registry, scope: Scope, record: Record) -> int:
    """Pages that the statements of a search touch, as the server counts them."""
    touched = 0
    with registry.owner.transaction():
        registry.owner.execute("SET LOCAL search_path = ecluse, pg_temp")
        registry.owner.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        rows = registry.owner.execute(ASPECTS, bounds_of(record.patient_key)).fetchall()
        opened = openings(scope.sight(record, None), scope.requester, record.patient_key, rows)
        wanted = opened.narrow(Conditions())
        asked: list[tuple[LiteralString, Any]] = [(ASPECTS, bounds_of(record.patient_key))]
        asked.append((SEEN.replace("CONDITIONS", wanted.sql), wanted.values))
        for sql, values in asked:
            ((plan,),) = registry.owner.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + sql, values).fetchall()
            touched += plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]
    return touched
