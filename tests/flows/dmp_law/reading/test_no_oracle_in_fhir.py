"""FHIR tells of what is hidden no more than of what never was: every search, page, reading and patch.

A record and its twin, which lacks what the reader may not see, get the same requests; whole HTTP answers are compared:
status, headers, bytes and their number.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.fhir.systems import uri_of
from samples.client.fhir import JSON, XML, FhirClient, FhirReply
from security.strict_json import write_json
from xds.metadata.codes import Code
from xds.mhd.constants import IS_ARCHIVED

from .conftest import File
from .twins import READERS, World

URN = "urn:uuid:"
NOWHERE = "00000000-0000-4000-8000-000000000000"
NEVER = "2.25.1"
VISIBILITY = uri_of("1.2.250.1.213.1.1.4.13")
MASK = {"coding": [{"system": VISIBILITY, "code": "MASQUE_PS"}]}
ARCHIVE = {"url": IS_ARCHIVED, "valueBoolean": True}
PREFIXES = ("", "eq", "ge", "gt", "le", "lt", "sa", "eb")
ACCEPTS = ("", "*/*", JSON, XML, "application/xml", "text/xml", "application/pdf", "application/*;q=0.5")
JSON_PATCH, XML_PATCH = "application/json-patch+json", "application/xml-patch+xml"
PATIENT = "patient.identifier"
_PAGE = re.compile(rb"_page=([A-Za-z0-9_\-=%]+)")
_OWN = frozenset(("Date", "X-Request-Id"))


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request. A parameter PATIENT gets the INS of the record that is asked."""

    method: str
    path: str
    parameters: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    form: bool = False

    def send(self, client: FhirClient, file: File) -> FhirReply:
        identifier, _, authority = file.cx.partition("^^^")
        token = f"urn:oid:{authority.split('&')[1]}|{identifier}"
        pairs = [(name, token if name == PATIENT else value) for name, value in self.parameters]
        if self.form:
            return client.search(self.path, pairs, **{k.replace("-", "_"): v for k, v in self.headers.items()})
        return client.request(self.method, self.path, parameters=pairs, body=self.body, headers=self.headers)


@dataclass(frozen=True, kw_only=True)
class Known:
    """What somebody who once saw the whole record could ask about."""

    ids: tuple[str, ...]
    """Of documents in any version, of lots, of associations, and one of nothing."""
    names: tuple[str, ...]
    """uniqueIds of documents and lots, and one of nothing."""
    moments: tuple[str, ...]
    codes: Mapping[str, tuple[str, ...]]
    people: tuple[str, ...]
    hidden: tuple[str, ...]
    """logicalIDs of documents that no reader sees, and one of nothing."""
    hidden_names: tuple[str, ...]


@pytest.fixture(scope="module")
def known(world: World) -> Known:
    documents = world.full.rows(
        "SELECT e.unique_id, e.logical_id::text, e.changed_at FROM ecluse.document_entries e"
        " JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s",
        world.full.cx,
    )
    lots = world.full.rows(
        "SELECT unique_id FROM ecluse.submission_sets JOIN ecluse.patients USING (patient_key) WHERE patient_id = %s",
        world.full.cx,
    )
    entries = tuple(world.entries.values())
    gone = frozenset.intersection(*world.hidden.values())
    times = {moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z" for _, _, moment in documents}
    created = {f"{t[:4]}-{t[4:6]}-{t[6:8]}" for one in entries if (t := one.creation_time)}
    return Known(
        ids=tuple(dict.fromkeys([one.removeprefix(URN) for one in (*world.uuids, world.former)] + [NOWHERE])),
        names=tuple(dict.fromkeys([*world.unique_ids, *(row[0] for row in lots), NEVER])),
        moments=tuple(sorted(times | created)),
        codes={
            "type": _spelled(one.type_code for one in entries),
            "category": _spelled(one.class_code for one in entries),
            "format": _spelled(one.format_code for one in entries),
            "facility": _spelled(one.healthcare_facility_type_code for one in entries),
            "setting": _spelled(one.practice_setting_code for one in entries),
            "event": _spelled(code for one in entries for code in one.event_codes),
            "security-label": _spelled(code for one in entries for code in one.confidentiality_codes),
        },
        people=("e", "d", "é", "m", "z"),
        hidden=(*sorted({one for name, one, _ in documents if name in gone}), NOWHERE),
        hidden_names=(*sorted(gone), NEVER),
    )


def _spelled(codes: Iterable[Code | None]) -> tuple[str, ...]:
    """Values of a token parameter: with the system, without it, of the system alone."""
    found = [code for code in dict.fromkeys(codes) if code is not None] or [Code("N", "2.16.840.1.113883.5.25")]
    return tuple(value for code in found for value in (f"{uri_of(code.scheme)}|{code.code}", code.code))


@st.composite
def asked(draw: st.DrawFn, known: Known) -> Asked:
    """One request about what is there, what is hidden, and what never was."""
    make = draw(st.sampled_from((_documents, _documents, _lists, _reading, _reading, _patch)))
    return make(draw, known)


def _searching(draw: st.DrawFn, resource: str, drawn: list[tuple[str, str]], include: str) -> Asked:
    """A search by one of its two methods, in one of two spellings."""
    pairs = [(PATIENT, ""), *drawn]
    if draw(st.booleans()):
        pairs.append(("_count", draw(st.sampled_from(("0", "1", "2", "5", "500")))))
    if draw(st.booleans()):
        pairs.append(("_include", include))
    headers = {"Accept": draw(st.sampled_from((JSON, JSON, XML)))}
    if draw(st.integers(0, 3)) == 0:
        headers["Prefer"] = draw(st.sampled_from(("handling=lenient", "handling=strict")))
    by_form = draw(st.booleans())
    return Asked(method="GET", path=resource, parameters=tuple(pairs), headers=headers, form=by_form)


def _documents(draw: st.DrawFn, known: Known) -> Asked:
    pairs = []
    if draw(st.integers(0, 5)):
        statuses = st.sampled_from(("current", "superseded", "entered-in-error", "current,superseded,entered-in-error"))
        pairs.append(("status", draw(statuses)))
    names = draw(st.lists(st.sampled_from(_of_documents(known)), max_size=2))
    pairs += [(name, draw(_value(name, known))) for name in names]
    return _searching(draw, "DocumentReference", pairs, "DocumentReference:relatesto")


def _of_documents(known: Known) -> tuple[str, ...]:
    dates = ("date", "creation", "period", "period-start", "period-end", "_lastUpdated", "_lastUpdated")
    others = ("identifier", "identifier", "_id", "relatesto", "relatesTo", "related", "isArchived")
    return (*known.codes, *dates, *others, "author.given", "author.family")


def _lists(draw: st.DrawFn, known: Known) -> Asked:
    pairs = [("code", "submissionset"), ("status", "current")]
    names = ("date", "designationType", "identifier", "sourceId", "authorOrg", "source.given", "source.family")
    chosen = draw(st.lists(st.sampled_from((*names, "title", "isArchived", "_id")), max_size=2))
    pairs += [(name, draw(_value(name, known))) for name in chosen]
    return _searching(draw, "List", pairs, "List:item")


def _value(name: str, known: Known) -> st.SearchStrategy[str]:
    """Values of a parameter, alternatives among them."""
    if name in known.codes:
        single = st.sampled_from(known.codes[name])
    elif name in ("date", "creation", "_lastUpdated") or name.startswith("period"):
        return st.builds(str.__add__, st.sampled_from(PREFIXES), st.sampled_from(known.moments))
    elif name == "isArchived":
        return st.sampled_from(("true", "false"))
    elif name in ("relatesto", "relatesTo"):
        single = st.sampled_from([f"DocumentReference/{one}" for one in known.ids])
    elif name == "_id":
        single = st.sampled_from(known.ids)
    elif name in ("identifier", "related", "sourceId", "authorOrg"):
        uuids = [f"urn:ietf:rfc:3986|{URN}{one}" for one in known.ids]
        single = st.sampled_from([*uuids, *(f"urn:oid:{one}" for one in known.names), *known.names])
    elif name == "designationType":
        single = st.sampled_from(("03", "07", "97"))
    else:
        single = st.sampled_from(known.people)
    return st.lists(single, min_size=1, max_size=3).map(",".join)


def _reading(draw: st.DrawFn, known: Known) -> Asked:
    kind = draw(st.sampled_from(("DocumentReference", "List", "Binary", "Binary", "Bundle")))
    one = draw(st.sampled_from((*known.ids, *known.names)))
    return Asked(method="GET", path=f"{kind}/{one}", headers={"Accept": draw(st.sampled_from(ACCEPTS))})


def _patch(draw: st.DrawFn, known: Known) -> Asked:
    """A change of something hidden or of nothing, by id or by identifier, in each spelling, right or wrong."""
    kind, body = draw(st.sampled_from(PATCHES))
    headers = {"Content-Type": kind}
    if draw(st.booleans()):
        headers["If-Match"] = draw(st.sampled_from(('W/"1"', 'W/"2"', '"9"')))
    if draw(st.booleans()):
        return Asked(
            method="PATCH", path=f"DocumentReference/{draw(st.sampled_from(known.hidden))}", headers=headers, body=body
        )
    names = [f"urn:oid:{one}" for one in known.hidden_names]
    names += [f"urn:ietf:rfc:3986|{URN}{one}" for one in known.hidden]
    chosen = draw(st.lists(st.sampled_from(names), min_size=1, max_size=2))
    pairs = tuple(("identifier", one) for one in chosen)
    return Asked(method="PATCH", path="DocumentReference", parameters=pairs, headers=headers, body=body)


def _fhirpath(kind: str, path: str, *parts: dict[str, Any]) -> bytes:
    said = [{"name": "type", "valueCode": kind}, {"name": "path", "valueString": path}, *parts]
    return write_json({"resourceType": "Parameters", "parameter": [{"name": "operation", "part": said}]})


_XML_MASK = (
    f'<add sel="f:DocumentReference"><securityLabel xmlns="http://hl7.org/fhir"><coding><system value="{VISIBILITY}"/>'
    '<code value="MASQUE_PS"/></coding></securityLabel></add>'
)
PATCHES: tuple[tuple[str, bytes], ...] = (
    (JSON_PATCH, write_json([{"op": "add", "path": "/securityLabel/-", "value": MASK}])),
    (JSON_PATCH, write_json([{"op": "remove", "path": "/securityLabel/1"}])),
    (JSON_PATCH, write_json([{"op": "replace", "path": "/securityLabel/0", "value": MASK}])),
    (JSON_PATCH, write_json([{"op": "replace", "path": "/status", "value": "entered-in-error"}])),
    (JSON_PATCH, write_json([{"op": "test", "path": "/status", "value": "current"}])),
    (JSON_PATCH, write_json([{"op": "replace", "path": "/content/0/attachment/title", "value": "x"}])),
    (JSON_PATCH, write_json([{"op": "add", "path": "/extension", "value": [ARCHIVE]}])),
    (JSON_PATCH, b"no patch"),
    (XML_PATCH, f"<diff xmlns:f='http://hl7.org/fhir'>{_XML_MASK}</diff>".encode()),
    (XML_PATCH, b"<diff xmlns:f='http://hl7.org/fhir'><remove sel='f:DocumentReference/f:securityLabel[2]'/></diff>"),
    (XML_PATCH, b"<diff"),
    (JSON, _fhirpath("replace", "DocumentReference.status", {"name": "value", "valueCode": "entered-in-error"})),
    (JSON, _fhirpath("delete", "DocumentReference.securityLabel.where(coding.code='MASQUE_PS')")),
    (JSON, _fhirpath("delete", "DocumentReference.securityLabel[1]")),
    (JSON, _fhirpath("replace", "DocumentReference.date", {"name": "value", "valueDateTime": "2020-01-01"})),
)  # fmt: skip


@dataclass
class Voices:
    """One client a reader and record, kept open, with one token."""

    clients: dict[tuple[str, str], FhirClient] = field(default_factory=dict)

    def of(self, reader: str, file: File) -> FhirClient:
        if (reader, file.cx) not in self.clients:
            who, vihf = READERS[reader]
            client = file.house.rehearsal.fhir(who, file.cx, **vihf)
            token = client.token() if client.token else ""
            client.token = lambda: token
            self.clients[reader, file.cx] = client
        return self.clients[reader, file.cx]


@pytest.fixture(scope="module")
def voices() -> Iterator[Voices]:
    opened = Voices()
    yield opened
    for client in opened.clients.values():
        client.close()


def said(reply: FhirReply, *files: File) -> tuple[int, dict[str, str], bytes]:
    """An answer without what differs by itself: dates, ids of requests, the patient, what is sealed in a link."""
    body = _PAGE.sub(lambda found: b"_page=%d" % len(found[1]), reply.content)
    for file in files:
        body = body.replace(file.patient.ins.encode(), b"<INS>")
    return reply.status, {name: value for name, value in reply.headers.items() if name not in _OWN}, body


def following(reply: FhirReply) -> str:
    """The address of the next page of a searchset in JSON, if there is one."""
    if reply.status != 200 or reply.content_type != JSON:
        return ""
    links = reply.resource.get("link", ())
    return next((link["url"] for link in links if link["relation"] == "next"), "")


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_no_sequence_of_requests_tells_what_is_hidden(
    world: World, known: Known, voices: Voices, data: st.DataObject
) -> None:
    reader = data.draw(st.sampled_from(sorted(READERS)))
    pair = (world.full, world.twins[reader])
    for _ in range(data.draw(st.integers(1, 5))):
        question = data.draw(asked(known))
        replies = [question.send(voices.of(reader, file), file) for file in pair]
        assert said(replies[0], *pair) == said(replies[1], *pair)
        while all(links := [following(reply) for reply in replies]):
            replies = [voices.of(reader, file).get(link) for file, link in zip(pair, links, strict=True)]
            assert said(replies[0], *pair) == said(replies[1], *pair)
