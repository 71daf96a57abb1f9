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
    "patients",
    "record_keys",
    "records",
    "submission_sets",
    "unique_ids",
}
TABLES: dict[str, dict[str, set[str]]] = {
    # table: privileges of each door
    **{name: {"ingest": set(), "consultation": {"SELECT"}} for name in CONSULTED},
    "assertions_seen": {"ingest": set(), "consultation": set()},
    "audit_chains": {"ingest": set(), "consultation": set()},
    "audit_events": {"ingest": set(), "consultation": set()},
    "schema_migrations": {"ingest": set(), "consultation": set()},
}
FUNCTIONS: dict[str, set[str]] = {
    # function: doors that may execute it
    "assertion_seen": {"ingest", "consultation"},
    "audit_append": {"ingest", "consultation"},
    "audit_head_only_grows": set(),
    "audit_is_append_only": set(),
    "deposit_receipt": {"ingest"},
    "register_submission": {"ingest"},
}
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


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("table", sorted(TABLES))
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


FORBIDDEN = {
    "consultation": [
        "SELECT deposit_receipt('', '', '{}', '{}')",
        "SELECT register_submission('', gen_random_uuid(), '', '{}', '[]', '[]', '{}', '{}')",
        "SELECT audit_is_append_only()",
    ],
    "ingest": ["SELECT audit_is_append_only()", "SELECT audit_head_only_grows()"],
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
