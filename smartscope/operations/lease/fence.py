"""The fence at the end of every transaction of a bridge: rows, event counter, then the lease.

It comes last because an open fence blocks the renewal of the very lease it checks.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction

from smartscope.domain.errors import LeaseLost
from smartscope.operations.lease.held import Held

P = ParamSpec("P")
T = TypeVar("T")

TRIES = 4
#: deadlock, serialization failure, lock not had in time: all was undone, trying again is safe
_UNDONE = frozenset({"40P01", "40001", "55P03"})


def fenced(operation: Callable[Concatenate[Held, P], T]) -> Callable[Concatenate[Held, P], T]:
    """Run `operation(held, …)` as one transaction that commits only while the lease is ours.

    Raises LeaseLost, with everything rolled back, when it is not.
    """

    @wraps(operation)
    def run(held: Held, /, *args: P.args, **kwargs: P.kwargs) -> T:
        for attempt in range(TRIES):
            try:
                with transaction.atomic(durable=True):
                    answer = operation(held, *args, **kwargs)
                    hold_fence(held)
                return answer
            except OperationalError as error:
                if _sqlstate(error) not in _UNDONE or attempt == TRIES - 1:
                    raise
                time.sleep(random.uniform(0.01, 0.05) * (attempt + 1))
        raise AssertionError("unreachable: the last attempt returns or raises")

    return run


def hold_fence(held: Held) -> None:
    """Lock the lease row under our epoch until commit. Raises LeaseLost when it is not ours."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM smartscope_lease WHERE microscope_id = %s AND epoch = %s"
            " AND holder = %s AND state = 'held' AND expires_at > clock_timestamp() FOR UPDATE",
            [held.microscope, held.epoch, held.holder],
        )
        if cursor.fetchone() is None:
            raise LeaseLost(
                f"Epoch {held.epoch} no longer holds microscope {held.microscope}: nothing was "
                "written. Stop this process; its successor goes on."
            )


def _sqlstate(error: OperationalError) -> str | None:
    return getattr(error.__cause__, "sqlstate", None)
