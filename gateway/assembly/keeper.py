"""Who admits and who writes it down, at any door; and the domain that the house is in."""

from __future__ import annotations

from typing import Final

from gateway import assertions
from gateway.database.pool import DoorPool
from gateway.door import DoorFiles
from gateway.doorkeeper import Doorkeeper
from gateway.gate import Gate
from gateway.settings import Settings, speaks_fhir
from gateway.wire.mtom import MimeLimits
from gateway.witness import Witness
from profiles.affinity import load_affinity_domain
from profiles.codes import Domain, load_domain
from security.audit.trail import AuditTrail
from security.directory import DirectoryFiles
from security.pki.trust import TrustStore, Usage
from security.replay import DatabaseReplayStore

ENVELOPE: Final = 4 * 1024 * 1024
GENERIC_ENVELOPE: Final = 16 * 1024 * 1024
"""Bytes of the largest envelope: in a generic domain documents may stand inside it, in base64."""


def doorkeeper(settings: Settings, files: DoorFiles, pool: DoorPool, trust: TrustStore, usage: Usage) -> Doorkeeper:
    """The doorkeeper of one door of one domain."""
    make = assertions.vihf if settings.domain == "dmp" else assertions.xua
    directory = DirectoryFiles(files.staff, files.sites)
    replay = DatabaseReplayStore(pool)
    bearer = assertions.token(settings, files.name, replay) if speaks_fhir(settings) else None
    gate = Gate(trust, usage, make(settings, files.name, replay), directory, bearer)
    generic = settings.domain == "ihe"
    limits = MimeLimits(
        body=settings.limits.body, root=GENERIC_ENVELOPE if generic else ENVELOPE, ignore_unnamed=generic
    )
    return Doorkeeper(gate, AuditTrail(pool), Witness(files.name, files.audit_key.read_bytes()), limits)


def domain_of(settings: Settings) -> Domain:
    """The codes and authorities of the house: those of the DMP, or those that its settings name."""
    if settings.domain == "dmp":
        return load_domain()
    return load_affinity_domain(settings.ihe.codes, settings.ihe.authorities)
