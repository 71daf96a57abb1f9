"""Pages of a search: the links to others are opaque, because a search names its patient (FHIR R4 §3.1.1.5.1).

A page holds the search, not its answer: it is asked again each time, under the rights of that moment. It goes on after
what was shown last, wherever that stands by now: what comes or goes meanwhile makes nobody miss what stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal
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
_ANCHORS: Final = 5
"""Matches by which a link finds its place again, should some of them be gone."""
Side = Literal["at", "after", "before"]


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown of an answer: the parameters it was asked by, from where, and how many at most; 0: the total.

    `anchors` are ids of matches, the nearest first, and `side` where the page is from them; `offset` is its place when
    none of them is there any more, and that of a first page.
    """

    parameters: tuple[tuple[str, str], ...]
    offset: int
    count: int
    side: Side = "at"
    anchors: tuple[str, ...] = ()

    def start(self, ids: Sequence[str]) -> int:
        """Where the page begins among matches of these ids."""
        places = {one: place for place, one in enumerate(ids)} if self.anchors else {}
        for anchor in self.anchors:
            if anchor in places:
                place = places[anchor]
                return {"at": place, "after": place + 1, "before": max(0, place - self.count)}[self.side]
        # None is there: what is shown twice is better than what is stepped over.
        return min(max(0, self.offset - (len(self.anchors) if self.side == "after" else 0)), len(ids))


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
        asked = tuple((name, value) for name, value in content["asked"])
        return Page(asked, content["from"], content["count"], content["side"], tuple(content["anchors"]))

    def searchset(
        self,
        address: str,
        page: Page,
        caller: Caller,
        matches: Sequence[Any],
        *,
        resource_type: str,
        id_of: Callable[[Any], str],
    ) -> tuple[Sequence[Any], dict[str, Any]]:
        """The matches of a page, and the Bundle they go into, its total and its links. `id_of` names a match."""
        start = page.start([id_of(one) for one in matches]) if page.anchors else page.offset
        shown = matches[start : start + page.count]

        def link(relation: str, offset: int, side: Side, near: Sequence[Any]) -> dict[str, str]:
            place = Page(page.parameters, offset, page.count, side, tuple(map(id_of, near)))
            return {"relation": relation, "url": self._link(address, place, caller, resource_type)}

        end, following = start + page.count, matches[start : start + _ANCHORS]
        # What was asked is told to whoever asked it, in the answer; the other links are there to be followed.
        links = [{"relation": "self", "url": f"{address}?{urlencode(page.parameters)}"}]
        if start:
            links = [link("self", start, "at", following)]
        if page.count and end < len(matches):
            links.append(link("next", end, "after", matches[max(0, end - _ANCHORS) : end][::-1]))
        if page.count and start:
            links.append(link("previous", max(0, start - page.count), "before", following))
        bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(matches), "link": links}
        return shown, bundle

    def _link(self, address: str, page: Page, caller: Caller, resource_type: str) -> str:
        content = {
            "who": _who(caller),
            "what": resource_type,
            "asked": page.parameters,
            "from": page.offset,
            "count": page.count,
            "side": page.side,
            "anchors": page.anchors,
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
