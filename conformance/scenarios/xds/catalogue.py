"""Every scenario of XDS.b, and the tests of the toolkit that have none, with the reason."""

from __future__ import annotations

from typing import Final

from conformance.scenarios.model import Scenario
from conformance.scenarios.xds import (
    asking,
    finding,
    folders,
    getting,
    lifecycle,
    merging,
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
)

TABLES: Final = (
    registering.TABLE,
    lifecycle.TABLE,
    folders.TABLE,
    refusing.TABLE,
    on_demand.TABLE,
    providing.TABLE,
    retrieving.TABLE,
    retrieving.REMOVAL,
    finding.TABLE,
    asking.TABLE,
    getting.TABLE,
    several_patients.TABLE,
    updating.TABLE,
    updating_folders.TABLE,
    updating_associations.TABLE,
    removing.TABLE,
    merging.TABLE,
)
SCENARIOS: Final[tuple[Scenario, ...]] = tuple(row for table in TABLES for row in table.rows)

_XUA = "the assertion is the subject; XUA has tests of its own on the doors"
_XAD = "moves single documents between local ids of one patient (Link Change), which no transaction of ours does"
_RMU = "Restricted Metadata Update (ITI-92) is not offered"
NOT_REPLAYED: Final[dict[str, str]] = {
    "11710": "registers an address at the toolkit itself",
    "11721": "empty",
    "11965": "empty",
    "12037 12038 12051 12083 12088 12089": "for a source that is its own repository",
    "12318 12342 12343 12344 12345 12346 12361 12374": "test data only; ours are in `shelf.py`",
    "12329 15817 15818 15819 15820 15821 15822 15823 15824 15825 15826 15827 15828 15833": (
        "allots patient ids; every scenario announces its own"
    ),
    "12331 12333 12334 12335 12336 12337": "asynchronous exchange is not offered: a reply address is refused",
    "12093 12300 12306 12307 12308 12309 12310 12311 12312 12313 12314 12315 12319(XCA) 12320 12327(XCA)": (
        "for gateways between communities (XCA)"
    ),
    "12371 12372 12373 12375 12376": "for a Document Recipient (XDR)",
    "15500 15807 15808 15809 15810 15811 15813 15829 15830 15831 15832": "for gateways and on-demand sources",
    "15812 15814 15815": "for a source of on-demand documents",
    "12319 40000 40000b 40000c 40000d 40000e 40001 40001b 40007": _RMU,
    "40030 40030b 40030c 40030d 40030e 40031 40037": _RMU,
    "16101 16101b 16102 16102b 16102c 16103 16103b 16103c": _XAD,
    "11897_* 11966_* 11990_* 12309_* 12312_* 12371_* 15808_* 15809_* 11990eval_valid": _XUA,
    "ids_* idc_* iig_* rig_* es_* rsnaedge-1001": "imaging (XDS-I, XCA-I)",
    "pdb_* MhdReplace MhdSubmit FhirTestClientCreate supporting_fhir_patients": "MHD and FHIR",
    "XdsDocAdminTest-1111 XdsDocSrc* XdsIsr* RecPIF ManualPif-Readme RgManualPif-Readme DirectHit": (
        "tests the sender, or is an instruction to an operator"
    ),
    "RMDInit1 RMDInit2 RG rg-bad-home registry repository": "test data, or for gateways",
}
"""Tests of the NIST XDS toolkit that no scenario replays, and why."""
