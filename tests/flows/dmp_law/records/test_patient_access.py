"""TD1.5a, b and d at the real door (C15-01): secrets leave once, and are written nowhere."""

from __future__ import annotations

from contextlib import closing

from security.passwords import is_password

from .conftest import File


def kept(file: File) -> tuple[str, str, str]:
    ((login, password_hash, channel),) = file.house.rows(
        "SELECT login, password_hash, channel FROM ecluse.patient_accounts JOIN ecluse.patients USING (patient_key)"
        " WHERE patient_id = %s",
        file.cx,
    )
    return login, password_hash, channel


def everything(file: File) -> str:
    """Every text that the house keeps but the hash of the password: tables, logs of the doors."""
    with closing(file.house.rehearsal.owner()) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'ecluse'::regnamespace AND relkind = 'r'"
            ).fetchall()
        ]
        rows = [connection.execute(f"SELECT t::text FROM ecluse.{name} t").fetchall() for name in tables]  # noqa: S608
    log = (file.house.rehearsal.directory / "doors.log").read_text("utf-8", "replace")
    return log + "".join(str(row) for row in rows)


def test_an_account_gives_a_login_and_a_password_once_and_keeps_a_hash(record: File) -> None:
    answer = record.client().open_access(record.cx, email="claire@example.org")

    login, password = answer.values["login"], answer.values["password"]
    assert kept(record)[0] == login
    assert is_password(password, kept(record)[1])
    assert not is_password(password + "x", kept(record)[1])
    assert kept(record)[2] == "EMAIL"
    assert record.client().existence(record.cx).lines["COMPTE_INTERNET_OUVERT"] == "true"
    assert password not in everything(record)
    record.refused(lambda: record.client().open_access(record.cx), "SBX_PATIENT_ACCESS", operation="TD1.5")


def test_a_channel_must_reach_the_patient(record: File) -> None:
    record.refused(lambda: record.client().open_access(record.cx, "SMS"), "SBX_PATIENT_ACCESS")
    record.refused(lambda: record.client().renew_access(record.cx), "SBX_PATIENT_ACCESS")
    assert record.client().change_channels(record.cx, mobile="0600000000").values == {
        "email": "false",
        "mobile": "true",
    }
    assert record.client().open_access(record.cx, "SMS").accepted

    record.refused(lambda: record.client().change_channels(record.cx, mobile=""), "SBX_PATIENT_ACCESS")

    assert record.client().change_channels(record.cx, mobile="0611111111", email="c@example.org").accepted


def test_renewed_codes_end_the_old_ones(record: File) -> None:
    first = record.client().open_access(record.cx, email="claire@example.org").values

    second = record.client().renew_access(record.cx).values

    assert second["login"] == first["login"]
    assert is_password(second["password"], kept(record)[1])
    assert not is_password(first["password"], kept(record)[1])
    written = everything(record)
    assert first["password"] not in written
    assert second["password"] not in written


def test_malformed_channels_are_refused(record: File) -> None:
    record.refused(lambda: record.client().change_channels(record.cx), "SBX_MESSAGE")
    record.refused(lambda: record.client().change_channels(record.cx, email="nobody"), "SBX_MESSAGE")
    record.refused(lambda: record.client().change_channels(record.cx, mobile="call me"), "SBX_MESSAGE")
