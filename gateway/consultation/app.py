"""Door 2: professionals find, read and manage. Nothing here deposits."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from flask import Flask

from gateway.doorkeeper import Doorkeeper
from gateway.soap_door import Offer, Operation, build, services
from gateway.wire.addressing import (
    ITI_18,
    ITI_43,
    ITI_51,
    ITI_57,
    ITI_62,
    ITI_86,
    TD_0_2,
    TD_0_3,
    TD_0_4,
    TD_0_5,
    TD_1_1,
    TD_1_2,
    TD_1_3A,
    TD_1_3B,
    TD_1_4,
    TD_1_5A,
    TD_1_5B,
    TD_1_5D,
    TD_1_6,
)

NAME = "consultation"

OFFER: Final[Offer] = MappingProxyType(
    {
        "dmp": {
            "registry": (ITI_18, ITI_57),
            "repository": (ITI_43,),
            "patients": (TD_0_2, TD_0_5, TD_1_1, TD_1_2, TD_1_3A, TD_1_3B, TD_1_4),
            "patientsSpecific": (TD_0_4, TD_1_5A, TD_1_5B, TD_1_5D),
            "habilitations": (TD_0_3, TD_1_6),
        },
        "ihe": {"registry": (ITI_18, ITI_51, ITI_57, ITI_62), "repository": (ITI_43, ITI_86)},
    }
)


def create(keeper: Doorkeeper, domain: str, operations: Iterable[Operation]) -> Flask:
    """The WSGI application of the consultation door: what it offers in this domain, and nothing else."""
    return build(NAME, services(OFFER, domain, NAME, operations), keeper)
