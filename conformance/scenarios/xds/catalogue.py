"""Every scenario of XDS.b, and the tests of the toolkit that have none, with the reason."""

from __future__ import annotations

from typing import Final

from conformance.scenarios.model import Scenario
from conformance.scenarios.xds import (
    asking,
    asserting,
    finding,
    folders,
    getting,
    getting_mixed,
    lifecycle,
    merging,
    mismatching,
    on_demand,
    providing,
    refusing,
    registering,
    removing,
    retrieving,
    several_patients,
    updating,
    updating_associations,
    updating_folders,
    updating_statuses,
)

TABLES: Final = (
    registering.TABLE,
    lifecycle.TABLE,
    folders.TABLE,
    refusing.TABLE,
    mismatching.TABLE,
    on_demand.TABLE,
    providing.TABLE,
    retrieving.TABLE,
    retrieving.REMOVAL,
    finding.TABLE,
    asking.TABLE,
    getting.TABLE,
    getting_mixed.TABLE,
    several_patients.TABLE,
    updating.TABLE,
    updating_statuses.TABLE,
    updating_folders.TABLE,
    updating_associations.TABLE,
    removing.TABLE,
    merging.TABLE,
    *asserting.TABLES,
)
SCENARIOS: Final[tuple[Scenario, ...]] = tuple(row for table in TABLES for row in table.rows)

NOT_REPLAYED: Final[tuple[tuple[str, str], ...]] = (
    ("11710 11721 11965", "registers an address at the toolkit, or is empty"),
    ("12029a 12037 12038 12051 12083 12088 12089", "for a source that is its own repository"),
    (
        "12318 12342 12343 12344 12345 12346 12361 12374 15807 15808 15809 15810 15812 15814 RMDInit1 RMDInit2",
        "test data only; ours are in `shelf.py`",
    ),
    (
        "12329 15817 15817b 15818 15819 15820 15821 15822 15823 15824 15825 15826 15827 15828 15833 RecPIF"
        " ManualPif-Readme RgManualPif-Readme",
        "allots or announces a patient id; every scenario announces its own",
    ),
    ("12331 12333 12334 12335 12336 12337", "asynchronous exchange is not offered: such a reply address is refused"),
    (
        "12093 12300 12306 12307 12308 12309 12310 12311 12312 12313 12315 12320 15500 15811 15813"
        " 15815 15829 15830 15831 15832",
        "for gateways between communities (XCA)",
    ),
    ("12371 12373 12375 12376", "for a Document Recipient (XDR)"),
    (
        "12319 40000 40000b 40000c 40000d 40000e 40001 40001b 40007 40030 40030b 40030c 40030d 40030e 40031 40037",
        "Restricted Metadata Update (ITI-92) is not offered",
    ),
    (
        "16101 16101b 16102 16102b 16102c 16103 16103b 16103c",
        "Link Change moves documents between local ids of one patient: no transaction offered here does",
    ),
    ("11990eval_valid", "looks at what the others left; each of ours looks itself"),
    ("12309_* 12312_* 12371_* 15808_* 15809_*", "assertions before gateways and Document Recipients"),
    ("ids-* ids_* idc_* iig_* rig_* es_* rsnaedge-1001", "imaging (XDS-I, XCA-I)"),
    ("pdb_* DirectHit supporting_fhir_patients", "MHD, Direct and FHIR"),
    ("XdsDocAdminTest-1111 XdsDocSrc* XdsIsr*", "tests the sender"),
)
"""Tests of the NIST XDS toolkit that no scenario replays, `*` for any ending, and why."""
