"""The wall of grants, as far as the roles themselves go: what a table without a decision gives to a door is nothing."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from gateway.database.opening import Database
from gateway.database.roles import DatabaseRole

DOORS = (DatabaseRole.INGEST, DatabaseRole.CONSULTATION)


@pytest.fixture(params=DOORS, ids=str)
def door(request: pytest.FixtureRequest, database: Database) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database.layout.url(request.param), autocommit=True) as connection:
        yield connection


@pytest.fixture
def undecided(database: Database) -> Iterator[None]:
    """A table, a function, a type and a sequence that no GRANT mentions."""
    with psycopg.connect(database.layout.owner_url, autocommit=True) as owner:
        owner.execute(
            "CREATE TABLE undecided (id integer); CREATE SEQUENCE undecided_numbers; "
            "CREATE FUNCTION undecided_answer() RETURNS integer LANGUAGE sql AS 'SELECT 42'; "
            "CREATE TYPE undecided_kind AS ENUM ('a')"
        )
        yield
        owner.execute(
            "DROP TABLE undecided; DROP SEQUENCE undecided_numbers; DROP FUNCTION undecided_answer(); "
            "DROP TYPE undecided_kind"
        )


@pytest.mark.usefixtures("undecided")
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM undecided",
        "INSERT INTO undecided VALUES (1)",
        "UPDATE undecided SET id = 1",
        "DELETE FROM undecided",
        "TRUNCATE undecided",
        "SELECT nextval('undecided_numbers')",
        "SELECT undecided_answer()",
        "CREATE TABLE mine (id integer)",
        "CREATE TEMPORARY TABLE mine (id integer)",
        "CREATE TABLE public.mine (id integer)",
        "CREATE SCHEMA mine",
        "CREATE ROLE mine",
        "CREATE DATABASE mine",
        "SET ROLE ecluse_owner",
        "SELECT * FROM schema_migrations",
        "SELECT pg_read_file('PG_VERSION')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
        "SELECT passwd FROM pg_shadow",
    ],
)
def test_a_door_may_do_nothing_that_was_not_granted(door: psycopg.Connection, statement: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        door.execute(statement.encode())


@pytest.mark.usefixtures("undecided")
def test_a_type_without_a_grant_cannot_be_used_in_a_definition(door: psycopg.Connection) -> None:
    row = door.execute("SELECT has_type_privilege('undecided_kind', 'USAGE')").fetchone()
    assert row == (False,)


def test_doors_enter_no_other_database_and_belong_to_no_other_role(door: psycopg.Connection) -> None:
    others = door.execute(
        # Copies that other tests made of the house on this server are houses too, with the same grants.
        "SELECT datname FROM pg_database WHERE has_database_privilege(datname, 'CONNECT') AND datallowconn"
        " AND datname <> 'pristine' AND datname !~ '^house_[0-9]+$'"
    ).fetchall()
    assert others == [("ecluse",)]
    assert door.execute("SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole").fetchone() == (0,)
    attributes = door.execute(
        "SELECT rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles "
        "WHERE rolname = current_user"
    ).fetchone()
    assert attributes == (False,) * 6


def test_doors_own_nothing(door: psycopg.Connection) -> None:
    owned = door.execute(
        "SELECT (SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole) + "
        "(SELECT count(*) FROM pg_proc WHERE proowner = current_user::regrole) + "
        "(SELECT count(*) FROM pg_namespace WHERE nspowner = current_user::regrole)"
    ).fetchone()
    assert owned == (0,)


def test_the_owner_is_no_superuser_and_the_public_has_nothing(database: Database) -> None:
    with psycopg.connect(database.layout.owner_url) as owner:
        row = owner.execute("SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user").fetchone()
        assert row == (False,)
        open_to_all = owner.execute(
            "SELECT relname FROM pg_class, aclexplode(relacl) "
            "WHERE grantee = 0 AND relnamespace = 'ecluse'::regnamespace "
            "UNION ALL SELECT proname FROM pg_proc, aclexplode(coalesce(proacl, acldefault('f', proowner))) "
            "WHERE grantee = 0 AND pronamespace = 'ecluse'::regnamespace"
        ).fetchall()
        assert open_to_all == []
