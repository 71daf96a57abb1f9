"""What a door accepts of an XUA assertion, and the words in which it refuses (WS-Security 1.1 §12)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import NoReturn

from security.errors import ErrorKind, NotAuthenticated


class XuaCode(StrEnum):
    """Subcodes of the fault, in the namespace of WS-Security."""

    INVALID_SECURITY = "InvalidSecurity"
    INVALID_TOKEN = "InvalidSecurityToken"  # noqa: S105 - the name of a fault
    FAILED_CHECK = "FailedCheck"
    FAILED_AUTHENTICATION = "FailedAuthentication"
    EXPIRED = "MessageExpired"


@dataclass(frozen=True, slots=True, kw_only=True)
class XuaPolicy:
    """Values that a door accepts; an empty set accepts any.

    `recipients` are the addresses that `SubjectConfirmationData/@Recipient` may name. `roles` and `purposes` are pairs
    (code, code system): every door that sets one demands that the assertion carries one of them. `max_age` bounds an
    assertion whose Conditions set no end; `max_session` is the longest life that Conditions may give.
    """

    authn_contexts: frozenset[str] = frozenset()
    roles: frozenset[tuple[str, str]] = frozenset()
    purposes: frozenset[tuple[str, str]] = frozenset()
    recipients: frozenset[str] = frozenset()
    max_age: timedelta = timedelta(hours=1)
    max_session: timedelta = timedelta(hours=24)


def refuse(code: XuaCode, text: str, kind: ErrorKind = ErrorKind.ASSERTION_CONTENT) -> NoReturn:
    """Refuse the assertion. `text` never repeats what the assertion says of a person."""
    raise NotAuthenticated(kind, text, code=code)
