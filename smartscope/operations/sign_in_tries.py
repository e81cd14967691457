"""A few tries a minute to sign in, per account and per address, counted where nothing is lost.

A try is counted before the password is looked at, so that many at once are no way around it; one
that succeeds is taken off again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F

from smartscope.models import SignInTries

WINDOW = timedelta(minutes=1)
TRIES = 5
#: what is older says nothing any more
FORGOTTEN_AFTER = timedelta(hours=1)

_COUNT = """
    INSERT INTO smartscope_signintries AS kept (key, tries, began_at) VALUES (%(key)s, 1, %(now)s)
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN kept.began_at <= %(since)s THEN 1 ELSE kept.tries + 1 END,
        began_at = CASE WHEN kept.began_at <= %(since)s THEN %(now)s ELSE kept.began_at END
    RETURNING tries
"""


@transaction.atomic
def may_try(names: Iterable[str], now: datetime) -> bool:
    """Count one more try under each name; False when any of them has had its tries."""
    SignInTries.objects.filter(began_at__lt=now - FORGOTTEN_AFTER).delete()
    counts: list[int] = []
    with connection.cursor() as cursor:
        # in one order, so that two who try at once never wait for each other
        for key in sorted(map(_digest, names)):
            cursor.execute(_COUNT, {"key": key, "now": now, "since": now - WINDOW})
            counts.append(cursor.fetchone()[0])
    return max(counts) <= TRIES


def are_spent(names: Iterable[str], now: datetime) -> bool:
    """Whether a try under one of the names was just refused."""
    return SignInTries.objects.filter(
        key__in=list(map(_digest, names)), tries__gt=TRIES, began_at__gt=now - WINDOW
    ).exists()


def forget_try(names: Iterable[str]) -> None:
    """It was the right password: it counts against nobody."""
    keys = sorted(map(_digest, names))
    SignInTries.objects.filter(key__in=keys, tries__gt=0).update(tries=F("tries") - 1)


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()
