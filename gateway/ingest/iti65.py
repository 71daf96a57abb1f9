"""ITI-65 Provide Document Bundle on the wire of the ingest door (IHE MHD 4.2.4 §2:3.65; PDSm 3.1.1 flux 01, 02)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any, Final

from conformance.fhir.completion import completed
from gateway.fhir_routes import FhirOperation
from gateway.gate import Caller
from gateway.ingest.feeding import operation_of
from gateway.ingest.fhir_deposit import FhirDeposit
from gateway.sent_lot import new_oid
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.request import FhirRequest
from profiles.fhir.requirements import MINIMAL
from security.strict_json import write_json
from xds.errors import Refusal, RegistryError, disagreement
from xds.messages import ProvideAndRegisterRequest
from xds.metadata.symbolic import UUID_URN
from xds.mhd.constants import COMPREHENSIVE_BUNDLE
from xds.mhd.lot import Lot, read_lot
from xds.mhd.outcome import write_outcome
from xds.mhd.transaction import BundleEntry, EntryKind

TRANSACTION: Final = "ITI-65"
_CREATED: Final = "201 Created"


def operation(deposit: FhirDeposit) -> FhirOperation:
    """The transaction of the ingest door."""

    def handle(asked: FhirRequest, caller: Caller) -> FhirAnswer:
        resource = asked.resource or {}
        if resource.get("resourceType") != "Bundle":
            found = str(resource.get("resourceType", "nothing"))
            raise Refusal([disagreement("FHIR-BUNDLE", "resourceType", found, "a Bundle of type transaction")])
        lot = read_lot(resource, spell=write_json, new_oid=new_oid)
        request = _complete(lot.request) if lot.profile == MINIMAL else lot.request
        warnings = deposit(request, lot.deviations, lot.places, lot.custodians, caller, lenient=asked.lenient)
        return FhirAnswer(resource=write_response(lot, warnings))

    return FhirOperation(
        method="POST",
        route="",
        transaction=TRANSACTION,
        interaction="transaction",
        body="resource",
        handle=handle,
        law=operation_of,
        profiles=(COMPREHENSIVE_BUNDLE,),
        documentation="A lot of documents: a List, its DocumentReferences, their Binaries; all of it or nothing.",
    )


def write_response(lot: Lot, warnings: Iterable[RegistryError]) -> dict[str, Any]:
    """The transaction-response: an entry for each one sent, in order; warnings stand with the entry they are about."""
    told = tuple(warnings)
    entries = lot.transaction.entries
    about = [_index(warning, entries) for warning in told]
    written = []
    for rank, (entry, identifier) in enumerate(zip(entries, lot.ids, strict=True)):
        response = _response(entry, identifier)
        own = [warning for warning, where in zip(told, about, strict=True) if where == rank]
        written.append({"response": {**response, "outcome": write_outcome(own)} if own else response})
    return {"resourceType": "Bundle", "type": "transaction-response", "entry": written}


def _response(entry: BundleEntry, identifier: str) -> dict[str, Any]:
    if entry.kind is EntryKind.PATCH:
        return {"status": "200 OK"}
    kind = "List" if entry.kind in (EntryKind.SUBMISSION_SET, EntryKind.FOLDER) else str(entry.kind)
    response = {"status": _CREATED, "location": f"{kind}/{identifier.removeprefix(UUID_URN)}"}
    return {**response, "etag": 'W/"1"'} if entry.kind is EntryKind.DOCUMENT else response


def _index(warning: RegistryError, entries: tuple[BundleEntry, ...]) -> int:
    """The entry that a warning is about; the first for what is about the whole."""
    return next((rank for rank in range(len(entries)) if warning.location.startswith(f"Bundle.entry[{rank}]")), 0)


def _complete(request: ProvideAndRegisterRequest) -> ProvideAndRegisterRequest:
    """A Minimal bundle may leave to the document what it says itself."""
    return replace(request, entries=tuple(_completed(request)))


def _completed(request: ProvideAndRegisterRequest) -> Iterator[Any]:
    for entry in request.entries:
        content = request.documents.get(entry.entry_uuid)
        yield entry if content is None else completed(entry, content)
