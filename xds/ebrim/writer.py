"""Everything that ebRIM can write, under one name: `fragments` for objects, `responses` for answers."""

from __future__ import annotations

from xds.ebrim.fragments import (
    object_ref,
    with_home,
    with_last_update_time,
    with_status,
    write_association,
    write_entry,
    write_folder,
    write_submission_set,
    write_submit_objects,
)
from xds.ebrim.responses import write_adhoc_query_response, write_registry_response, write_retrieve_response

__all__ = (
    "object_ref",
    "with_home",
    "with_last_update_time",
    "with_status",
    "write_adhoc_query_response",
    "write_association",
    "write_entry",
    "write_folder",
    "write_registry_response",
    "write_retrieve_response",
    "write_submission_set",
    "write_submit_objects",
)
