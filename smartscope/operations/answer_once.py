"""A request with a key is carried out once; told again, it is answered as the first time.

Key, change and answer are written in one transaction: a process that dies in between leaves none
of them, and the same key then simply works. A second request at the same time waits for the first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from smartscope.domain.errors import Conflict
from smartscope.models import IdempotencyKey

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked what under which key."""

    user_id: int
    key: str
    route: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Answered:
    """What was answered, and whether that was now or before."""

    status: int
    body: Any
    again: bool


@transaction.atomic
def answer_once(asked: Asked, carry_out: Callable[[], tuple[int, Any]]) -> Answered:
    """Raises Conflict `idempotency_key_reused` for another request, and what `carry_out` raises."""
    digest = hashlib.sha256(asked.body).hexdigest()
    mine = IdempotencyKey.objects.filter(user_id=asked.user_id)
    mine.filter(created_at__lt=timezone.now() - KEPT).delete()
    row, new = mine.get_or_create(
        key=asked.key,
        defaults={"user_id": asked.user_id, "route": asked.route, "body_sha256": digest},
    )
    if not new:
        if (row.route, row.body_sha256) != (asked.route, digest) or row.status_code is None:
            raise Conflict(
                "This Idempotency-Key was used for another request; choose a new one.",
                code="idempotency_key_reused",
            )
        return Answered(row.status_code, row.answer, again=True)
    status, body = carry_out()
    row.status_code, row.answer = status, body
    row.save(update_fields=["status_code", "answer"])
    return Answered(status, body, again=False)
