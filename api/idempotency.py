"""`Idempotency-Key`: a create or a command told twice happens once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import person_of_request
from api.problems import Problem
from smartscope.operations.answer_once import Asked, answer_once

LONGEST_KEY = 100


def once(request: Request, carry_out: Callable[[], Response]) -> Response:
    """Carry out, or answer as the first time. Raises Problem `idempotency_key_missing`."""
    key = request.headers.get("Idempotency-Key", "")
    if not key or len(key) > LONGEST_KEY or not key.isprintable():
        raise Problem(
            "idempotency_key_missing",
            "Send an Idempotency-Key header, up to 100 printable characters of your own, "
            "so that a repeated request is not carried out twice.",
        )
    # the bytes as they came; the parser has kept them
    asked = Asked(
        person_of_request(request).pk, key, f"{request.method} {request.path}"[:200], request.body
    )
    answered = answer_once(asked, lambda: _plain(carry_out()))
    headers = {"Idempotency-Replayed": "true"} if answered.again else {}
    return Response(answered.body, status=answered.status, headers=headers)


def _plain(response: Response) -> tuple[int, Any]:
    return response.status_code, json.loads(json.dumps(response.data, cls=DjangoJSONEncoder))
