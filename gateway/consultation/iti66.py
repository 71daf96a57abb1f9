"""ITI-66 Find Document Lists at the consultation door (IHE MHD 4.2.4 §2:3.66; PDSm 3.1.1 flux 05-a, 06-a)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from gateway.consultation.fhir_pages import Pages
from gateway.consultation.iti67 import (
    PAGING,
    PATIENT,
    DocumentReferenceWire,
    grouped,
    included,
    not_there,
    write_entry,
    write_searchset,
)
from gateway.consultation.iti67 import RESOURCE as DOCUMENT
from gateway.consultation.submission_lists import Lot, SubmissionLists
from gateway.fhir_routes import FhirOperation, SearchParameter, search_and_read
from gateway.gate import Caller
from gateway.wire.fhir.answer import FhirAnswer
from gateway.wire.fhir.request import FhirRequest
from xds.dmp.operations import Operation as LawOperation
from xds.metadata.symbolic import UUID_URN
from xds.mhd.constants import COMPREHENSIVE_LOT
from xds.mhd.list_search import read_list_search
from xds.mhd.submission_list import write_submission_set

RESOURCE: Final = "List"
TRANSACTION: Final = "ITI-66"
ITEMS: Final = "List:item"
_TOKENS: Final = {
    "code": "submissionset, or folder, of which there is none in the DMP; required",
    "status": "current; required",
    "designationType": "contentTypeCode",
    "identifier": "uniqueId or entryUUID",
    "sourceId": "OID of the source system",
    "authorOrg": "identifier of the structure of the author",
    "isArchived": "no submission set is",
    "_id": "",
}
PARAMETERS: Final = (
    *PATIENT,
    *(SearchParameter(name=name, type="token", documentation=text) for name, text in _TOKENS.items()),
    SearchParameter(name="date", type="date", documentation="submissionTime"),
    SearchParameter(name="source.given", type="string"),
    SearchParameter(name="source.family", type="string"),
    SearchParameter(name="title", type="string"),
    *PAGING,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWire:
    """Writes submission sets as resources, and the searches and reads that answer them."""

    lists: SubmissionLists
    documents: DocumentReferenceWire
    pages: Pages = field(default_factory=Pages)

    def operations(self) -> tuple[FhirOperation, ...]:
        """Search by both methods, and read."""
        return search_and_read(
            RESOURCE,
            find=self.find,
            read=self.read,
            parameters=PARAMETERS,
            documentation=f"The submission sets whose documents may be read, newest first. _include={ITEMS} is known.",
            includes=(ITEMS,),
            transaction=TRANSACTION,
            law=LawOperation.SEARCH,
            profiles=(COMPREHENSIVE_LOT,),
        )

    def find(self, asked: FhirRequest, caller: Caller) -> FhirAnswer:
        """A searchset of lists; their documents too where they are asked for."""
        page = self.pages.asked(asked.parameters, caller, RESOURCE)
        values = grouped(page.parameters)
        with_items = ITEMS in included(values, (ITEMS,))
        found = self.lists.search(read_list_search(values), caller)
        shown, bundle = self.pages.searchset(
            f"{asked.base}/{RESOURCE}", page, caller, found, resource_type=RESOURCE, id_of=_id_of
        )
        entries = [write_entry(asked.base, _resource(one)) for one in shown]
        if with_items:
            ids = dict.fromkeys(one for lot in shown for one in lot.documents)
            entries += self.documents.included(asked.base, ids, caller)
        return FhirAnswer(written=write_searchset(bundle, entries))

    def read(self, asked: FhirRequest, caller: Caller) -> FhirAnswer:
        """One list by its id; 404 when it is not there for whoever asks."""
        found = self.lists.by_id(asked.variables["id"], caller)
        return FhirAnswer(resource=_resource(found[0])) if found else not_there()


def _id_of(lot: Lot) -> str:
    return lot.submission_set.entry_uuid


def _resource(lot: Lot) -> dict[str, Any]:
    items = (f"{DOCUMENT}/{one.removeprefix(UUID_URN)}" for one in lot.documents)
    return write_submission_set(lot.submission_set, items)
