"""How somebody is reached: what an e-mail address and a telephone number look like.

Stricter than RFC 5321 where looser would be dangerous: an address is one address, of one person, and no header.
"""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[^\x00-\x20\x7f-\xa0\u2028\u2029\ufeff\"(),:;<>@\[\\\]]+@[^\W_](?:[\w.-]*[^\W_])?")
_NUMBER = re.compile(r"\+?\d[\d .]{3,20}", re.ASCII)


def is_email(text: str) -> bool:
    """Whether a text is one e-mail address, without a name, a quotation or white space (RFC 5321 §4.5.3.1 lengths)."""
    local, _, domain = text.rpartition("@")
    return (
        _EMAIL.fullmatch(text) is not None
        and len(local.encode("utf-8", "replace")) <= 64
        and len(text.encode("utf-8", "replace")) <= 254
        and ".." not in domain
    )


def is_number(text: str) -> bool:
    """Whether a text is a telephone number: digits, points and spaces, maybe a plus before them."""
    return _NUMBER.fullmatch(text) is not None
