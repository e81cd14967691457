"""`?after_seq=`: what of the event log a client already knows."""

from __future__ import annotations

from rest_framework.request import Request

from api.problems import Problem


def after_seq_of(request: Request) -> int | None:
    """None when everything is asked for; raises Problem for what is no whole number."""
    text = request.query_params.get("after_seq")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Problem("validation_failed", "after_seq: must be a whole number.")
    return int(text)
