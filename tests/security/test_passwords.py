"""Secrets of patients: random, hashed with a salt of their own, compared."""

from __future__ import annotations

import pytest

from security.passwords import hash_password, is_password, make_secret


def test_a_password_is_recognised_and_no_other_is() -> None:
    kept = hash_password("été-2026")

    assert is_password("été-2026", kept)
    assert not is_password("ete-2026", kept)
    assert "2026" not in kept
    assert hash_password("été-2026") != kept


def test_secrets_differ_and_have_no_letter_that_is_taken_for_another() -> None:
    made = {make_secret(14) for _ in range(200)}

    assert len(made) == 200
    assert not set("".join(made)) & set("0O1lIio")


def test_what_was_not_hashed_here_is_an_error() -> None:
    with pytest.raises(ValueError, match="not"):
        is_password("x", "plain")
    with pytest.raises(ValueError, match="scrypt"):
        is_password("x", "bcrypt$1$1$1$eA==$eA==")
