"""Who keeps a door, whatever comes in at it: a listener or a web application."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.gate import Gate
from gateway.wire.mtom import MimeLimits
from gateway.witness import Witness
from security.audit.trail import AuditTrail


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Who admits, who writes it down, and how much may come in at once."""

    gate: Gate
    audit: AuditTrail
    witness: Witness
    limits: MimeLimits
