"""When time acts on a record: instants of the law's clock, in UTC.

Months and years are those of the calendar: one month after 31 January is the last day of February (CSP R1111-53).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta

from xds.dmp.parameters import Parameters


def after_months(instant: datetime, months: int) -> datetime:
    """The same hour, months later; the last day of a month that is too short."""
    moment = instant.astimezone(UTC)
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1]))


def authorisation_ends(declared_at: datetime, parameters: Parameters) -> datetime:
    """When an authorisation that is declared now ends; that instant is excluded."""
    return declared_at + timedelta(days=parameters.authorisation_days)


def reminder_due(deposited_at: datetime, parameters: Parameters) -> datetime:
    """When the holder is told that something waits for him (CSP R1111-53)."""
    return deposited_at + timedelta(days=parameters.reminder_days)


def release_due(deposited_at: datetime, parameters: Parameters) -> datetime:
    """When a document that waited for its announcement becomes visible by itself (CSP R1111-53)."""
    return after_months(deposited_at, parameters.release_months)


def suspension_ends(suspended_at: datetime, parameters: Parameters) -> datetime:
    """When a suspended record of whose holder nothing was heard is closed (CSP R1111-36)."""
    return suspended_at + timedelta(weeks=parameters.suspension_weeks)


def archive_ends(closed_at: datetime, parameters: Parameters) -> datetime:
    """When a closed record is destroyed (CSP L1111-18)."""
    return after_months(closed_at, 12 * parameters.archive_years)


def destruction_due(requested_at: datetime, parameters: Parameters) -> datetime:
    """When a record whose destruction the holder asked for is destroyed, within three months (CSP R1111-36)."""
    return requested_at + timedelta(days=parameters.destruction_days)
