"""What a share link opens: the secret comes in the address's fragment, which no log sees.

The page posts it once for a cookie that names the link; each look asks whether it still holds.
"""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core.signing import BadSignature
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from frontend.report.page import context
from frontend.report.pictures import inside_the_file
from smartscope.operations.share_links import open_share_link
from smartscope.queries.share_links import report_for_outsiders, valid_link

COOKIE = "__Host-smartscope-share" if settings.HTTPS else "smartscope-share"
SALT = "share"
#: the link's own end comes first, or the browser's
KEPT_S = 12 * 3600


@never_cache
@require_http_methods(["GET", "POST"])
def share(request: HttpRequest) -> HttpResponse:
    """The page that hands the fragment over; posted, it opens the report."""
    page = {"site": get_script_prefix(), "version": settings.VERSION}
    if request.method == "GET":
        # without any referrer a browser posts the form without its origin, and is refused
        return _private(render(request, "frontend/share.html", page), "same-origin")
    # 256 random bits are not guessed, so nobody is locked out for trying
    link = open_share_link(request.POST.get("secret", "")[:100])
    if link is None:
        answer = render(request, "frontend/share.html", page | {"spent": True}, status=410)
        return _private(answer)
    response = redirect("shared")
    response.set_signed_cookie(
        COOKIE,
        str(link.pk),
        salt=SALT,
        max_age=KEPT_S,
        secure=settings.HTTPS,
        httponly=True,
        samesite="Strict",
    )
    return _private(response)


@never_cache
@require_GET
def shared(request: HttpRequest) -> HttpResponse:
    """The report, pictures inside, without names of people; 404 once the link has ended."""
    try:
        named = request.get_signed_cookie(COOKIE, salt=SALT, max_age=KEPT_S)
    except (KeyError, BadSignature):
        raise Http404("Open the link again.") from None
    link = valid_link(UUID(named))
    if link is None:
        raise Http404("This link has expired, or was taken back.")
    shown = context(report_for_outsiders(link.session), inside_the_file) | {
        "site": get_script_prefix(),
        "version": settings.VERSION,
        "single_file": False,
        "shared": True,
        "one_grid": False,
        "query": "",
        "style": "",
    }
    return _private(HttpResponse(render_to_string("frontend/report.html", shown, request)))


def _private(response: HttpResponse, referrer: str = "no-referrer") -> HttpResponse:
    response.headers["Referrer-Policy"] = referrer
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
