"""Pages of a search: the links to others are opaque, because a search names its patient (FHIR R4 §3.1.1.5.1).

A page holds the search, not its answer: it is asked again each time, under the rights of that moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import orjson
from cryptography.fernet import Fernet, InvalidToken

from gateway.gate import Caller
from gateway.wire.fhir.outcome import FhirRefused, Issue

PAGE: Final = "_page"
COUNT: Final = "_count"
_LASTS: Final = 3600
_MOST: Final = 500
_USUAL: Final = 50


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown of an answer: the parameters it was asked by, from where, and how many at most; 0: the total."""

    parameters: tuple[tuple[str, str], ...]
    offset: int
    count: int


@dataclass(frozen=True, slots=True)
class Pages:
    """Makes and opens links. They end with the process, or after an hour, and serve who was given them alone."""

    _box: Fernet = field(default_factory=lambda: Fernet(Fernet.generate_key()), repr=False)

    def asked(self, parameters: tuple[tuple[str, str], ...], caller: Caller, resource_type: str) -> Page:
        """The page asked for. Raises FhirRefused: 400 a count that is none, 404 a link that is no more."""
        links = [value for name, value in parameters if name == PAGE]
        if not links:
            return Page(parameters, 0, _count(parameters))
        try:
            (link,) = links
            content = orjson.loads(self._box.decrypt(link.encode("ascii"), ttl=_LASTS))
        except (ValueError, InvalidToken):
            raise _gone() from None
        if content["who"] != _who(caller) or content["what"] != resource_type:
            raise _gone()
        return Page(tuple((name, value) for name, value in content["asked"]), content["from"], content["count"])

    def searchset(
        self, address: str, page: Page, caller: Caller, matches: Sequence[Any], *, resource_type: str
    ) -> tuple[Sequence[Any], dict[str, Any]]:
        """The matches of a page, and the Bundle they go into, its total and its links."""
        shown = matches[page.offset : page.offset + page.count]
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(matches)}
        # What was asked is told to whoever asked it, in the answer; the other links are there to be followed.
        links = [{"relation": "self", "url": f"{address}?{urlencode(page.parameters)}"}]
        if page.offset:
            links = [{"relation": "self", "url": self._link(address, page, page.offset, caller, resource_type)}]
        if page.count and page.offset + page.count < len(matches):
            following = page.offset + page.count
            links.append({"relation": "next", "url": self._link(address, page, following, caller, resource_type)})
        if page.count and page.offset:
            former = max(0, page.offset - page.count)
            links.append({"relation": "previous", "url": self._link(address, page, former, caller, resource_type)})
        return shown, {**bundle, "link": links}

    def _link(self, address: str, page: Page, offset: int, caller: Caller, resource_type: str) -> str:
        content = {
            "who": _who(caller),
            "what": resource_type,
            "asked": page.parameters,
            "from": offset,
            "count": page.count,
        }
        return f"{address}?{urlencode({PAGE: self._box.encrypt(orjson.dumps(content)).decode('ascii')})}"


def _who(caller: Caller) -> list[str]:
    return [caller.requester.national_id, caller.structure_id, caller.vihf.patient or ""]


def _count(parameters: tuple[tuple[str, str], ...]) -> int:
    values = [value for name, value in parameters if name == COUNT]
    if not values:
        return _USUAL
    if len(values) > 1 or not values[0].isascii() or not values[0].isdigit() or len(values[0]) > 9:
        issue = Issue(code="value", reason="FHIR_FORBIDDEN", diagnostics="_count is not one whole number")
        raise FhirRefused(400, [issue])
    return min(int(values[0]), _MOST)


def _gone() -> FhirRefused:
    return FhirRefused(404, [Issue(code="not-found", diagnostics="this page is no more: search again")])
