"""The traces of a record as somebody may read them, with titles of the documents that he may see, and their proofs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, LiteralString

import psycopg

from gateway.simulator.dossier import Document, Dossier, read_dossier
from xds.dmp import rights
from xds.dmp.columns import EMERGENCIES
from xds.dmp.parameters import Parameters
from xds.dmp.record import Authorisation, Record
from xds.dmp.requester import Requester
from xds.dmp.trace_rights import TracedAct, TraceSight, sight
from xds.dmp.traces import ActorKind
from xds.registry.scope import Scope

_TRACES: Final[LiteralString] = (
    "SELECT trace_id::text, at, operation, outcome, actor_kind, actor_id, actor_name, actor_structure, actor_role,"
    " auth_mode, lps, request_id, mode, reason, secret, documents, code, rule FROM ecluse.traces WHERE patient_key = %s"
    " ORDER BY at DESC, trace_id"
)
_PROOFS: Final[LiteralString] = (
    "SELECT event::jsonb ->> 'request', door, sequence, encode(hash, 'hex') FROM ecluse.audit_events"
    " WHERE event::jsonb ->> 'request' = ANY (%s) ORDER BY door, sequence"
)
_MEDECIN_TRAITANT: Final[LiteralString] = (
    "SELECT professional_id FROM ecluse.authorisations WHERE patient_key = %s AND medecin_traitant"
    " AND status = 'VALIDE' AND (valid_until IS NULL OR valid_until > ecluse.law_now()) ORDER BY professional_id"
    " LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Proof:
    """An event of the audit trail: its chain, its place in it, its hash (hexadecimal)."""

    door: str
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class NamedDocument:
    """A document of a trace; `type` (typeCode) and `title` are empty when its reader may not see it, or it is gone."""

    unique_id: str
    type: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTrace:
    """One act, as its reader is shown it; `at` is law time, UTC; `trace_id` names it for good."""

    trace_id: str
    at: datetime
    operation: str
    outcome: str
    actor_kind: str
    actor_id: str
    actor_name: str
    actor_structure: str
    actor_role: str
    auth_mode: str
    lps: str
    request_id: str
    mode: str
    reason: str
    secret: bool
    code: str
    rule: str
    documents: tuple[NamedDocument, ...]

    @property
    def is_emergency(self) -> bool:
        """Whether it was done in an emergency mode."""
        return self.mode in EMERGENCIES


class TraceBook:
    """The traces of one record before one reader. `connection` is the owner's; nothing is written."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        patient_id: str,
        requester: Requester,
        parameters: Parameters,
        now: datetime,
    ) -> None:
        """`now` is real time. Raises LookupError: the patient has no record."""
        scope = Scope(patient_id=patient_id, requester=requester, now=now, parameters=parameters)
        dossier: Dossier = read_dossier(connection, patient_id, scope.holders)
        if dossier.record is None:
            raise LookupError("this patient has no record")
        self._connection = connection
        self._record: Record = dossier.record
        self._requester = requester
        self._parameters = parameters
        self._law_time = dossier.record.law_time(now)
        self._authorisation: Authorisation | None = scope.effective(dossier.record, dossier.authorisations)
        self._documents: Mapping[str, Document] = {one.unique_id: one for one in dossier.documents}

    def read(
        self, *, since: datetime | None = None, emergency: bool = False, most: int | None = None
    ) -> Iterator[ShownTrace]:
        """The traces that the reader may read, newest first, `most` of them or all. `since` is law time."""
        shown = 0
        for row in self._connection.execute(_TRACES, (self._record.patient_key,)):
            trace = self._shown(*row)
            if trace is None or (emergency and not trace.is_emergency):
                continue
            if shown == most or (since is not None and trace.at < since):
                return
            shown += 1
            yield trace

    def proofs(self, traces: Sequence[ShownTrace]) -> Mapping[str, tuple[Proof, ...]]:
        """The events of the audit trail that prove traces, by their request_id."""
        found: dict[str, tuple[Proof, ...]] = {}
        for request_id, door, sequence, digest in self._connection.execute(
            _PROOFS, ([trace.request_id for trace in traces],)
        ):
            found[request_id] = (*found.get(request_id, ()), Proof(door, sequence, digest))
        return found

    def _shown(self, trace_id: str, at: datetime, operation: str, *row: Any) -> ShownTrace | None:
        outcome, kind, actor_id, name, structure, role, auth_mode, lps = row[:8]
        request_id, mode, reason, secret, documents, code, rule = row[8:]
        hidden = {unique_id for unique_id in documents if not self._sees(unique_id)}
        act = TracedAct(
            actor_kind=ActorKind(kind),
            actor_id=actor_id,
            operation=operation,
            mode=mode,
            secret=secret,
            documents=len(documents),
            hidden=len(hidden),
        )
        seen = sight(self._requester, self._record, self._authorisation, self._law_time, act, self._parameters)
        if seen is TraceSight.NOTHING:
            return None
        named = [one for one in documents if seen is TraceSight.WHOLE or one not in hidden]
        return ShownTrace(
            trace_id=trace_id,
            at=at.astimezone(UTC),
            operation=operation,
            outcome=outcome,
            actor_kind=kind,
            actor_id=actor_id,
            actor_name=name,
            actor_structure=structure,
            actor_role=role,
            auth_mode=auth_mode,
            lps=lps,
            request_id=request_id,
            mode=mode,
            reason=reason,
            secret=secret,
            code=code,
            rule=rule,
            documents=tuple(self._named(one, hidden=one in hidden) for one in named),
        )

    def _sees(self, unique_id: str) -> bool:
        """Whether the reader sees a document; one that is not in the record hides nothing."""
        document = self._documents.get(unique_id)
        if document is None or document.is_signature:
            return True
        return rights.may_read(
            self._requester, document, self._record, self._authorisation, self._law_time, self._parameters
        ).allowed

    def _named(self, unique_id: str, *, hidden: bool) -> NamedDocument:
        document = None if hidden else self._documents.get(unique_id)
        if document is None:
            return NamedDocument(unique_id, "", "")
        return NamedDocument(unique_id, document.type_code.code, document.title)


def medecin_traitant_of(connection: psycopg.Connection[Any], patient_id: str) -> str | None:
    """The PS_IdNat of the médecin traitant of a record, the first of several; None: there is none."""
    record = read_dossier(connection, patient_id, ()).record
    row = connection.execute(_MEDECIN_TRAITANT, (record.patient_key,)).fetchone() if record is not None else None
    return str(row[0]) if row is not None else None
