"""Versions of single objects: what a client last read, and whether it still holds."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from rest_framework.request import Request

from api.problems import Problem

ANY = "*"


def etag_of(version: int, body: dict[str, Any]) -> str:
    """The row's version, and a digest of all that is shown: counts change without an edit."""
    text = json.dumps(body, cls=DjangoJSONEncoder, sort_keys=True)
    return f'"{version}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"'


def is_unchanged(request: Request, etag: str) -> bool:
    """Whether the client's `If-None-Match` names what it would be sent again."""
    given = request.headers.get("If-None-Match", "")
    return etag in (part.strip().removeprefix("W/") for part in given.split(","))


def version_expected(request: Request) -> int | None:
    """The version in `If-Match`; None for `*`.

    Raises Problem `precondition_required` without the header and `stale` for what is no ETag.
    """
    given = request.headers.get("If-Match", "").strip()
    if not given:
        raise Problem(
            "precondition_required", "Send the ETag you last read as If-Match, then try again."
        )
    if given == ANY:
        return None
    version = given.strip('"').split("-")[0]
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise Problem("stale", "If-Match is no ETag of this object; read it again.")
    return int(version)
