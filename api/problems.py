"""Errors as RFC 9457 problem documents: what happened, to what, and what to do next.

What the service refuses (`SmartscopeError`) is told in its own words; anything else is a defect,
logged with a request id, of which the client learns only that id.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from django.core.exceptions import PermissionDenied
from django.db.utils import OperationalError
from django.http import Http404, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

from smartscope.domain import errors

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
STATUS_OF_CODE: Mapping[str, int] = {
    "validation_failed": 400,
    "unknown_filter": 400,
    "idempotency_key_missing": 400,
    "not_signed_in": 401,
    "not_allowed": 403,
    "not_found": 404,
    "not_derived_yet": 404,
    "method_not_allowed": 405,
    "not_acceptable": 406,
    "conflict": 409,
    "busy": 409,
    "illegal_transition": 409,
    "already_exposed": 409,
    "not_capable": 409,
    "removed": 410,
    "stale": 412,
    "too_large": 413,
    "unsupported_media_type": 415,
    "idempotency_key_reused": 422,
    "precondition_required": 428,
    "rate_limited": 429,
    "internal_error": 500,
    "unavailable": 503,
}
TITLES: Mapping[int, str] = {
    400: "The request cannot be used",
    401: "Not signed in",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Not possible now",
    410: "Removed",
    412: "Changed meanwhile",
    413: "Too large",
    415: "Unsupported media type",
    422: "The key was used for another request",
    428: "A precondition is required",
    429: "Too many requests",
    500: "Defect in the service",
    503: "The service cannot answer now",
}


class Problem(errors.SmartscopeError):
    """A refusal that only HTTP knows, such as an unknown filter; `code` decides the status."""

    def __init__(self, code: str, detail: str, problems: Mapping[str, str] | None = None) -> None:
        self.code = code
        self.problems = dict(problems or {})
        super().__init__(detail)


def exception_handler(error: Exception, context: dict[str, Any]) -> Response:
    """Answer any exception of a view with a problem document."""
    request = context.get("request")
    code, detail, fields = _described(error)
    headers = {}
    if isinstance(error, exceptions.APIException):
        if auth_header := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = auth_header
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait) + 1)
    body = document(code, detail, fields, instance="" if request is None else request.path)
    if code == "internal_error":
        log.error("Request %s failed", body["request_id"], exc_info=error)
    response = Response(body, status=body["status"], headers=headers, content_type=CONTENT_TYPE)
    response.exception = True
    return response


def document(
    code: str, detail: str, fields: Mapping[str, str] | None = None, *, instance: str = ""
) -> dict[str, Any]:
    """The members of a problem document."""
    status = STATUS_OF_CODE[code]
    return {
        "type": "about:blank",
        "title": TITLES[status],
        "status": status,
        "detail": detail,
        "instance": instance,
        "code": code,
        "errors": [{"path": path, "message": text} for path, text in (fields or {}).items()],
        "request_id": uuid4().hex,
    }


def unknown_path(request: Any, path: str = "") -> JsonResponse:
    """What lies below the API and is nothing is told as JSON, never as the page."""
    body = document("not_found", "There is nothing at this address.", instance=request.path)
    return JsonResponse(body, status=404, content_type=CONTENT_TYPE)


def _described(error: Exception) -> tuple[str, str, Mapping[str, str]]:
    match error:
        case Problem():
            return error.code, str(error), error.problems
        case errors.InvalidInput():
            return "validation_failed", str(error), error.problems
        case errors.NotFound():
            return "not_found", str(error), {}
        case errors.NotAllowed():
            return "not_allowed", str(error), {}
        case errors.IllegalTransition():
            return "illegal_transition", str(error), {}
        case errors.Conflict():
            known = error.code if error.code in STATUS_OF_CODE else "conflict"
            return known, str(error), {}
        case errors.BadFile() | errors.StorageFull() | errors.LeaseLost():
            return "unavailable", str(error), {}
        case OperationalError():
            return _of_database(error)
        case _:
            return _of_framework(error)


def _of_database(error: OperationalError) -> tuple[str, str, Mapping[str, str]]:
    """A lock that did not come in time is a race, not a defect."""
    state = getattr(error.__cause__, "sqlstate", None)
    if state in ("55P03", "40P01", "40001"):
        return "busy", "Somebody else is changing the same rows; try again in a moment.", {}
    log.error("The database did not answer", exc_info=error)
    return "unavailable", "The database does not answer; try again in a few seconds.", {}


def _of_framework(error: Exception) -> tuple[str, str, Mapping[str, str]]:
    match error:
        case exceptions.ValidationError():
            fields = _flat(error.detail)
            return "validation_failed", "; ".join(f"{k}: {v}" for k, v in fields.items()), fields
        case exceptions.ParseError():
            return "validation_failed", "The body is not JSON; send application/json.", {}
        case exceptions.NotAuthenticated() | exceptions.AuthenticationFailed():
            return "not_signed_in", _text(error, "Sign in, or send a valid token."), {}
        case exceptions.PermissionDenied() | PermissionDenied():
            return "not_allowed", _text(error, "Your role does not reach this far."), {}
        case exceptions.NotFound() | Http404():
            return "not_found", "There is nothing at this address that you may see.", {}
        case exceptions.MethodNotAllowed():
            return "method_not_allowed", str(error.detail), {}
        case exceptions.NotAcceptable():
            return "not_acceptable", "This answers application/json only.", {}
        case exceptions.UnsupportedMediaType():
            return "unsupported_media_type", "Send the body as application/json.", {}
        case exceptions.Throttled():
            return "rate_limited", "Too many requests; wait as Retry-After says.", {}
        case _:
            return (
                "internal_error",
                "Something failed that should not. Tell the operator the request id.",
                {},
            )


def _text(error: Exception, otherwise: str) -> str:
    detail = getattr(error, "detail", None)
    return otherwise if detail is None else str(detail)


def _flat(detail: Any, path: str = "") -> dict[str, str]:
    """Nested validation errors as {"grids.0.name": sentence}."""
    if isinstance(detail, Mapping):
        parts = detail.items()
    elif isinstance(detail, list) and any(isinstance(item, Mapping) for item in detail):
        parts = ((str(i), item) for i, item in enumerate(detail))  # type: ignore[assignment]
    elif isinstance(detail, list):
        return {path or "body": " ".join(str(item) for item in detail)}
    else:
        return {path or "body": str(detail)}
    found: dict[str, str] = {}
    for name, inner in parts:
        if not inner:
            continue
        here = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
        found |= _flat(inner, here)
    return found
