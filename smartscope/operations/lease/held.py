"""What the holder of a microscope knows of its lease, and how long leases live."""

from __future__ import annotations

import time
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Held:
    """One holding of one microscope: one epoch is one instrument connection."""

    microscope: UUID
    epoch: int
    holder: UUID

    @property
    def lock_key(self) -> int:
        """The advisory lock's number, as PostgreSQL wants it."""
        return lock_key(self.microscope)


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """Seconds of real time; all follow from the time to live, so that tests can scale it."""

    ttl_s: float = 15.0

    @property
    def renew_every_s(self) -> float:
        """Three chances to renew before the lease is gone."""
        return self.ttl_s / 3

    @property
    def margin_s(self) -> float:
        """How long before the database's expiry we stop sending, whatever the clocks say."""
        return self.ttl_s / 5

    @property
    def statement_timeout_ms(self) -> int:
        """A renewal that takes longer has failed."""
        return max(250, int(self.ttl_s * 1000 * 2 / 15))

    @property
    def close_valves_below_s(self) -> float:
        """With less than this left and renewal failing, an idle bridge closes the valves."""
        return self.ttl_s * 2 / 5


def lease_times() -> LeaseTimes:
    """As the settings say."""
    return LeaseTimes(settings.LEASE_TTL_S)


def lock_key(microscope: UUID) -> int:
    """A signed 64-bit number of the id's random half; its time half may repeat."""
    return int.from_bytes(microscope.bytes[8:], "big", signed=True)


def boot_time_s() -> float:
    """Seconds since boot: it neither jumps with the wall clock nor stops in suspend."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
