"""Door 1: establishments feed, and delete what they fed. Nothing here reads back."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from flask import Flask

from gateway.doorkeeper import Doorkeeper
from gateway.soap_door import Offer, Operation, build, services
from gateway.wire.addressing import (
    ITI_18,
    ITI_41,
    ITI_42,
    ITI_44_ADD,
    ITI_44_MERGE,
    ITI_44_REVISE,
    ITI_57,
    ITI_61,
    TD_0_2,
    TD_0_3,
    TD_0_4,
)

NAME = "ingest"

OFFER: Final[Offer] = MappingProxyType(
    {
        "dmp": {
            "repository": (ITI_41,),
            "registry": (ITI_18, ITI_57),
            "patients": (TD_0_2,),
            "patientsSpecific": (TD_0_4,),
            "habilitations": (TD_0_3,),
        },
        "ihe": {
            "repository": (ITI_41,),
            "registry": (ITI_42, ITI_61),
            "patients": (ITI_44_ADD, ITI_44_REVISE, ITI_44_MERGE),
        },
    }
)


def create(keeper: Doorkeeper, domain: str, operations: Iterable[Operation]) -> Flask:
    """The WSGI application of the ingest door: what it offers in this domain, and nothing else."""
    return build(NAME, services(OFFER, domain, NAME, operations), keeper)
