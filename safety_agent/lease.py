"""The agent's only business with the database: is the lease alive, and may it be closed.

Each look is a connection of its own with short limits: a server that hangs must not hang us.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import Enum
from typing import Any

import psycopg

log = logging.getLogger(__name__)

_LOOK = """
SELECT epoch, beat, state, holder IS NOT NULL, coalesce(expires_at > clock_timestamp(), false)
  FROM smartscope_lease WHERE microscope_id = %s
"""
#: a person's stop, as the service's own: it stands, whoever drives, until a person starts again
_LATCH = """
UPDATE smartscope_lease SET stopped_at = coalesce(stopped_at, clock_timestamp())
 WHERE microscope_id = %s
"""
#: rows, counter, lease: the order of locks that everybody keeps
_SEQ = """
INSERT INTO smartscope_eventcounter (id, seq, log_id) VALUES (1, 1, gen_random_uuid())
ON CONFLICT (id) DO UPDATE SET seq = smartscope_eventcounter.seq + 1 RETURNING seq
"""
_EVENT = """
INSERT INTO smartscope_event (seq, kind, time, microscope, subjects, count, actor_type, actor_name,
                              epoch, after, reason)
VALUES (%(seq)s, 'lease.quarantined', clock_timestamp(), %(microscope)s::uuid,
        jsonb_build_array((%(microscope)s::uuid)::text), 1, 'service', 'safety agent', %(epoch)s,
        '{"state": "quarantined"}', %(why)s)
"""
_CLOSE = """
UPDATE smartscope_lease
   SET state = 'quarantined', epoch = epoch + 1, holder = NULL, expires_at = NULL,
       backend_pid = NULL, backend_start = NULL
 WHERE microscope_id = %(microscope)s::uuid AND state IN ('free', 'held')
   AND (%(at_once)s OR (epoch = %(seen_epoch)s AND (%(still)s AND beat = %(seen_beat)s
        OR state = 'free' OR expires_at IS NULL OR expires_at < clock_timestamp())))
"""


Connection = psycopg.Connection[tuple[Any, ...]]


class Look(Enum):
    """What was seen of the lease."""

    LIVE = "live"
    #: given back in order: nobody drives, and the instrument was made safe before
    FREE = "free"
    #: expired, not renewed, quarantined or in maintenance: nobody guards the instrument
    DEAD = "dead"
    UNREACHABLE = "unreachable"


class Closing(Enum):
    """What became of the wish to close the lease."""

    #: closed, by us or before us
    DONE = "done"
    #: somebody drives and renews it
    LIVE = "live"
    #: it could not be written down; it is to be tried again
    UNREACHABLE = "unreachable"


class Lease:
    """Of one microscope, through a database account that may do just this.

    A lease lives while it has not expired by the database's clock and, by ours, its epoch or beat
    has moved within `still_s`: a clock that was set back keeps no dead lease alive.
    """

    def __init__(
        self,
        database_url: str,
        microscope: str,
        *,
        limit_s: float,
        still_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._url = database_url
        self._microscope = microscope
        self._limit_s = limit_s
        self._still_s = still_s
        self._clock = clock
        self._seen: tuple[int, int] | None = None
        self._moved_s = 0.0

    def look(self) -> Look:
        """Never raises: what cannot be read is unreachable."""
        try:
            with self._connected() as connection:
                row = connection.execute(_LOOK, [self._microscope]).fetchone()
        except psycopg.Error as error:
            log.warning("the lease cannot be read: %s", error)
            return Look.UNREACHABLE
        return self._judged(row)

    def quarantine(self, *, epoch: int, at_once: bool, why: str) -> Closing:
        """Close the lease of this epoch or an older one, with its event. Never raises.

        A live lease is left alone, and a later epoch's always; epoch 0 means that none is known.
        `at_once` is a person's stop: it closes the lease of whatever epoch, and latches first.
        """
        given = {
            "microscope": self._microscope,
            "epoch": epoch,
            "at_once": at_once,
            "why": why[:300],
        }
        try:
            with self._connected() as connection:
                if at_once:
                    latched = connection.execute(_LATCH, [self._microscope]).rowcount == 1
                    connection.commit()
                    if not latched:
                        log.warning("there is no lease yet that the stop could be written to")
                        return Closing.UNREACHABLE
                closing = self._close(connection, given)
                if closing is not Closing.DONE:
                    connection.rollback()
        except psycopg.Error as error:
            log.warning("the lease cannot be closed: %s", error)
            return Closing.UNREACHABLE
        return closing

    def _close(self, connection: Connection, given: dict[str, Any]) -> Closing:
        """Inside the connection's transaction, which is committed when it is DONE."""
        row = connection.execute(_LOOK, [self._microscope]).fetchone()
        if row is None or row[2] not in ("free", "held"):
            return Closing.DONE
        epoch, beat = row[:2]
        live = self._judged(row) is Look.LIVE
        if not given["at_once"] and (live or 0 < given["epoch"] < epoch):
            return Closing.LIVE if live else Closing.DONE
        seq = connection.execute(_SEQ).fetchone()
        assert seq is not None
        seen = {"seen_epoch": epoch, "seen_beat": beat, "still": self._is_still()}
        connection.execute(_EVENT, given | {"seq": seq[0]})
        closed = connection.execute(_CLOSE, given | seen).rowcount == 1
        return Closing.DONE if closed else Closing.LIVE

    def _judged(self, row: tuple[Any, ...] | None) -> Look:
        """What a row of `_LOOK` tells, compared with the ones before it."""
        if row is None:
            return Look.FREE
        epoch, beat, state, held, unexpired = row
        if (epoch, beat) != self._seen:
            self._seen, self._moved_s = (epoch, beat), self._clock()
        if state == "held" and unexpired and not self._is_still():
            return Look.LIVE
        return Look.FREE if state == "free" and not held else Look.DEAD

    def _is_still(self) -> bool:
        """Whether nobody has renewed the lease for long; not known before the second look."""
        return self._clock() - self._moved_s >= self._still_s

    def _connected(self) -> Connection:
        limit_ms = int(self._limit_s * 1000)
        return psycopg.connect(
            self._url,
            connect_timeout=max(2, int(self._limit_s)),
            application_name="smartscope-safety-agent",
            options=f"-c statement_timeout={limit_ms} -c lock_timeout={limit_ms}",
            tcp_user_timeout=2 * limit_ms,
        )
