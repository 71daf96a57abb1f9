"""The third wall: what each door's database role may do. Every object of the schema has a decision here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from gateway.database.opening import Database

CONSULTED = {
    "associations",
    "authorisations",
    "document_entries",
    "entry_resources",
    "folders",
    "holders",
    "house",
    "law_clock",
    "legal_representatives",
    "openings",
    "patients",
    "record_keys",
    "records",
    "submission_sets",
    "traces",
    "unique_ids",
}
FOR_FUNCTIONS = {
    "acknowledgements",
    "assertions_seen",
    "audit_chains",
    "audit_events",
    "deliveries",
    "destructions",
    "feeding_consents",
    "former_identifiers",
    "inbox",
    "law_terms",
    "letter_recipients",
    "letters",
    "outbox",
    "patient_accounts",
    "registered_objects",
    "remains",
    "schema_migrations",
}
TABLES: dict[str, dict[str, set[str]]] = {
    # table or view: privileges of each door
    **{name: {"ingest": set(), "consultation": {"SELECT"}} for name in CONSULTED},
    **{name: {"ingest": set(), "consultation": set()} for name in FOR_FUNCTIONS},
}
CALLED_BY: dict[str, dict[str, str]] = {
    # doors that may execute: function, and a call of it that is well typed
    "both": {
        "assertion_seen": "assertion_seen('', '', now())",
        "access_append": "access_append('{}', '[]')",
        "audit_append": "audit_append('{}')",
        "keep_resources": "keep_resources('{}', '{}', 1, '{}')",
    },
    "ingest": {
        "declare_structure": "declare_structure('', 0, '', 1, '{}', '')",
        "structure_records": "structure_records('', now(), '{}')",
        "delete_own_documents": "delete_own_documents('', 0, '', '', '{}', '{}', '[]', '{}', '{}', '{}')",
        "own_documents": "own_documents('', '', '', '{}', '{}')",
        "record_receipt": "record_receipt('')",
        "submission_facts": "submission_facts('', '', '{}', '{}')",
        "register_submission": "register_submission('', gen_random_uuid(), 0, false, '', '{}',"
        " '{}', '[]', '[]', '[]', '{}', '', '{}', '[]', '{}', '{}')",
        "patient_status": "patient_status('')",
        "open_patient": "open_patient('', gen_random_uuid(), '', '', '')",
        "merge_patients": "merge_patients('', '', '', '')",
    },
    "consultation": {
        "change_documents": "change_documents(gen_random_uuid(), 0, '', '{}', '[]', '[]', '[]', '{}', '[]', '')",
        "law_now": "law_now()",
        "record_file": "record_file('', '{}')",
        "create_record": "create_record('', gen_random_uuid(), '', '', '{}', '', '[]')",
        "reactivate_record": "reactivate_record(gen_random_uuid(), 0, '{}', '', '[]')",
        "change_record": "change_record(gen_random_uuid(), 0, '{}', '', '[]')",
        "close_record": "close_record(gen_random_uuid(), 0, '', '', '', '[]')",
        "set_authorisation": "set_authorisation(gen_random_uuid(), 0, '{}', '', '[]')",
        "remove_authorisation": "remove_authorisation(gen_random_uuid(), 0, '', '', '[]')",
        "set_patient_access": "set_patient_access(gen_random_uuid(), 0, '', '', '', '{}', '', '[]')",
        "compared_name": "compared_name('')",
        "remove_documents": "remove_documents('{}', '{}', '')",
        "remove_objects": "remove_objects('{}', '{}', '')",
        "update_objects": "update_objects('{}', gen_random_uuid(), '',"
        " '{}', '[]', '[]', '[]', '[]', '{}', '', '{}', '')",
    },
    "nobody": {
        "acknowledgement_claim": "acknowledgement_claim()",
        "acknowledgement_finish": "acknowledgement_finish(gen_random_uuid(), '', '', 0)",
        "consent_keep": "consent_keep('', '{}', '', now(), '', now())",
        "consent_of": "consent_of('', '{}')",
        "inbox_claim": "inbox_claim()",
        "inbox_finish": "inbox_finish(gen_random_uuid(), '', '', 0, '', '')",
        "inbox_forget": "inbox_forget(1)",
        "inbox_load": "inbox_load()",
        "inbox_receive": "inbox_receive(gen_random_uuid(), '', '', '', '', '', '', '', '', 0, false)",
        "letter_answered": "letter_answered(gen_random_uuid(), 0, '', '')",
        "letter_claim": "letter_claim()",
        "letter_finish": "letter_finish(gen_random_uuid(), '', '', 0)",
        "letter_put": "letter_put(gen_random_uuid(), gen_random_uuid(), '', '', 0, '{}', '{}', '', false, false)",
        "letter_recipient": "letter_recipient(gen_random_uuid(), '')",
        "letter_told": "letter_told(gen_random_uuid(), 0, '', false, gen_random_uuid(), '')",
        "act_trace": "act_trace(gen_random_uuid(), now(), '{}')",
        "act_trace_of_document": "act_trace_of_document(gen_random_uuid(), now(), '{}', gen_random_uuid())",
        "audit_head_only_grows": "audit_head_only_grows()",
        "audit_is_append_only": "audit_is_append_only()",
        "due_by_time": "due_by_time('{}', now(), NULL)",
        "due_items": "due_items('{}', now(), NULL)",
        "new_record_waits": "new_record_waits()",
        "only_own_traces": "only_own_traces('{}', '[]')",
        "only_proved_traces": "only_proved_traces('{}', '[]')",
        "only_traces_of_consultation": "only_traces_of_consultation('[]')",
        "own_trace": "own_trace('{}', '', '', '{}', '{}', '{}')",
        "keeper_feed": "keeper_feed(gen_random_uuid(), now(), gen_random_uuid(), false, '', '{}', '{}', '[]', '[]',"
        " '', '{}', '{}', '')",
        "keeper_insured": "keeper_insured(gen_random_uuid())",
        "deleted_with_its_versions": "deleted_with_its_versions()",
        "entry_changes": "entry_changes()",
        "resource_of_another_fragment": "resource_of_another_fragment()",
        "document_aspect": "document_aspect(gen_random_uuid(), '{}', '')",
        "document_hands": "document_hands(gen_random_uuid(), '{}', '{}', '')",
        "fragment_of_patient": "fragment_of_patient('', '', gen_random_uuid(), '')",
        "hold_record": "hold_record(gen_random_uuid(), 0)",
        "hold_records": "hold_records('{}')",
        "keeper_act": "keeper_act('', gen_random_uuid(), '', now())",
        "keeper_destroy": "keeper_destroy('', gen_random_uuid(), now())",
        "keeper_due": "keeper_due(now(), NULL, 1)",
        "keeper_notice": "keeper_notice()",
        "keeper_noticed": "keeper_noticed(gen_random_uuid(), '[]', NULL, 0, false)",
        "keeper_release": "keeper_release(gen_random_uuid(), 0, '{}', '[]', '[]', '[]', '{}')",
        "keeper_remains": "keeper_remains('BLOB', '', 1)",
        "keeper_removed": "keeper_removed('BLOB', '{}')",
        "law_clock_advance": "law_clock_advance(now())",
        "law_clock_only_advances": "law_clock_only_advances()",
        "law_time_after": "law_time_after(now(), '1 day')",
        "only_in_a_generic_domain": "only_in_a_generic_domain()",
        "only_in_the_dmp": "only_in_the_dmp()",
        "keep_authorisation": "keep_authorisation(gen_random_uuid(), now(), '{}')",
        "keep_facts": "keep_facts(gen_random_uuid(), '{}')",
        "forget_authorisation": "forget_authorisation(gen_random_uuid(), '')",
        "record_closes": "record_closes(gen_random_uuid(), now(), '', '')",
        "record_opens": "record_opens('', gen_random_uuid(), '', '', now(), false)",
        "record_reopens": "record_reopens(gen_random_uuid(), now())",
        "still_due": "still_due('', gen_random_uuid(), '', now())",
        "system_event": "system_event('', gen_random_uuid(), '{}')",
        "system_trace": "system_trace('', gen_random_uuid(), '', '[]')",
        "terms_of_the_law": "terms_of_the_law()",
        "trace_append": "trace_append('[]')",
        "version_keeps_its_times": "version_keeps_its_times()",
    },
}
MAY_CALL = {"both": {"ingest", "consultation"}, "ingest": {"ingest"}, "consultation": {"consultation"}, "nobody": set()}
FUNCTIONS = {name: MAY_CALL[doors] for doors, functions in CALLED_BY.items() for name in functions}
PRIVILEGES = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
DOORS = ("ingest", "consultation")


@pytest.fixture(scope="module")
def connect(database: Database) -> Callable[[str], Any]:
    urls = {
        "ingest": database.layout.ingest_url,
        "consultation": database.layout.consultation_url,
        "owner": database.layout.owner_url,
    }

    @contextmanager
    def opened(role: str) -> Iterator[psycopg.Connection[Any]]:
        with psycopg.connect(urls[role], autocommit=True, options="-c search_path=ecluse,pg_temp") as connection:
            yield connection

    return opened


def test_every_table_has_a_decision_and_keeps_to_it(connect: Callable[[str], Any]) -> None:
    with connect("owner") as owner:
        rows = owner.execute(
            "SELECT c.relname, door, privilege FROM pg_class c"
            " CROSS JOIN unnest(%s::text[]) AS door CROSS JOIN unnest(%s::text[]) AS privilege"
            " WHERE c.relnamespace = 'ecluse'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
            " AND (has_table_privilege('ecluse_' || door, c.oid, privilege)"
            "      OR (privilege IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES')"
            "          AND has_any_column_privilege('ecluse_' || door, c.oid, privilege)))",
            (list(DOORS), list(PRIVILEGES)),
        ).fetchall()
        known = owner.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'ecluse'::regnamespace"
            " AND relkind IN ('r', 'p', 'v', 'm', 'f')"
        ).fetchall()
    granted: dict[str, dict[str, set[str]]] = {name: {door: set() for door in DOORS} for (name,) in known}
    for name, door, privilege in rows:
        granted[name][door].add(privilege)
    assert granted == TABLES


def test_every_function_has_a_decision_and_keeps_to_it(connect: Callable[[str], Any]) -> None:
    with connect("owner") as owner:
        rows = owner.execute(
            "SELECT p.proname, p.proconfig @> ARRAY['search_path=ecluse, pg_temp'],"
            " ARRAY(SELECT door FROM unnest(%s::text[]) AS door"
            "       WHERE has_function_privilege('ecluse_' || door, p.oid, 'EXECUTE'))"
            " FROM pg_proc p WHERE p.pronamespace = 'ecluse'::regnamespace",
            (list(DOORS),),
        ).fetchall()
    assert {name: set(doors) for name, _, doors in rows} == FUNCTIONS
    assert len(rows) == len(FUNCTIONS)
    assert all(fixed_search_path for _, fixed_search_path, _ in rows)


def test_the_schema_holds_nothing_else(connect: Callable[[str], Any]) -> None:
    with connect("owner") as owner:
        sequences = owner.execute(
            "SELECT relname FROM pg_class WHERE relnamespace = 'ecluse'::regnamespace AND relkind = 'S'"
        ).fetchall()
        large_objects = owner.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone()
    assert sequences == []
    assert large_objects == (0,)


def test_the_public_has_nothing(connect: Callable[[str], Any]) -> None:
    with connect("owner") as owner:
        rows = owner.execute(
            "SELECT c.relname FROM pg_class c, aclexplode(c.relacl) a"
            " WHERE c.relnamespace = 'ecluse'::regnamespace AND a.grantee = 0"
            " UNION ALL SELECT p.proname FROM pg_proc p,"
            " aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) a"
            " WHERE p.pronamespace = 'ecluse'::regnamespace AND a.grantee = 0"
        ).fetchall()
    assert rows == []


def test_the_doors_own_nothing_and_are_members_of_nothing(connect: Callable[[str], Any]) -> None:
    with connect("owner") as owner:
        owned = owner.execute(
            "SELECT relname FROM pg_class WHERE relowner IN ('ecluse_ingest'::regrole, 'ecluse_consultation'::regrole)"
        ).fetchall()
        memberships = owner.execute(
            "SELECT roleid::regrole::text FROM pg_auth_members"
            " WHERE member IN ('ecluse_ingest'::regrole, 'ecluse_consultation'::regrole)"
        ).fetchall()
        powers = owner.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE 'ecluse_%'"
            " AND (rolsuper OR rolbypassrls OR rolreplication)"
        ).fetchall()
    assert (owned, memberships, powers) == ([], [], [])


ATTEMPTS = {
    "SELECT": "SELECT FROM {} LIMIT 1",
    "INSERT": "INSERT INTO {} DEFAULT VALUES",
    "UPDATE": "UPDATE {} SET {} = NULL WHERE false",
    "DELETE": "DELETE FROM {} WHERE false",
    "TRUNCATE": "TRUNCATE {}",
    "LOCK": "SELECT FROM {} LIMIT 1 FOR UPDATE",
}
VIEWS = {"registered_objects"}


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("table", sorted(set(TABLES) - VIEWS))
def test_each_door_really_tries_every_table(connect: Callable[[str], Any], door: str, table: str) -> None:
    with connect("owner") as owner:
        row = owner.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = ('ecluse.' || %s)::regclass AND attnum = 1", (table,)
        ).fetchone()
        assert row is not None
    with connect(door) as connection:
        for act, statement in ATTEMPTS.items():
            allowed = act in TABLES[table][door]
            try:
                connection.execute(statement.format(f"ecluse.{table}", row[0]))
                done = True
            except psycopg.errors.InsufficientPrivilege:
                done = False
            assert done is allowed, f"{door} {act} {table}"


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("view", sorted(VIEWS))
def test_no_door_reads_a_view_of_what_it_may_not_read(connect: Callable[[str], Any], door: str, view: str) -> None:
    with connect(door) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f"SELECT FROM {view} LIMIT 1")


FORBIDDEN = {
    door: [
        f"SELECT {call}"
        for doors, functions in CALLED_BY.items()
        if door not in MAY_CALL[doors]
        for call in functions.values()
    ]
    for door in DOORS
}
BOTH = [
    "CREATE TABLE ecluse.mine (a int)",
    "CREATE TEMPORARY TABLE patients (patient_key uuid, patient_id text)",
    "CREATE FUNCTION ecluse.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "SET ROLE ecluse_owner",
    "SET SESSION AUTHORIZATION ecluse_owner",
    "ALTER TABLE ecluse.audit_events DISABLE TRIGGER ALL",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('/etc/passwd')",
    "SELECT lo_import('/etc/passwd')",
]


@pytest.mark.parametrize(
    ("door", "statement"), [(door, statement) for door in DOORS for statement in (*FORBIDDEN[door], *BOTH)]
)
def test_what_a_door_may_not_do_is_denied(connect: Callable[[str], Any], door: str, statement: str) -> None:
    with connect(door) as connection, pytest.raises(psycopg.Error) as refusal:
        connection.execute(statement)
    assert isinstance(refusal.value, psycopg.errors.InsufficientPrivilege)
