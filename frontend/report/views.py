"""The report of a session or of one of its grids: a page, one file, and a PDF."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import get_script_prefix
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from frontend.report.page import context
from frontend.report.pdf import NoRenderer, printed
from frontend.report.pictures import Source, by_address, inside_the_file
from smartscope.models import Grid, Session
from smartscope.queries.report.session_report import session_report
from smartscope.queries.visible import Reader, visible_sessions


@require_GET
@never_cache
@login_required
def report_page(request: HttpRequest, key: str) -> HttpResponse:
    """For reading in the browser; pictures are asked for one by one."""
    return HttpResponse(_render(request, key, by_address, single_file=False))


@require_GET
@never_cache
@login_required
def report_file(request: HttpRequest, key: str) -> HttpResponse:
    """Everything in one file, to send or to keep."""
    html = _render(request, key, inside_the_file, single_file=True)
    return HttpResponse(html, headers=_download(f"{key}-report.html"))


@require_GET
@never_cache
@login_required
def report_pdf(request: HttpRequest, key: str) -> HttpResponse:
    """On paper; 501 with a sentence where the host has no renderer."""
    html = _render(request, key, inside_the_file, single_file=True)
    try:
        content = printed(html)
    except NoRenderer as error:
        return HttpResponse(str(error), status=501, content_type="text/plain; charset=utf-8")
    return HttpResponse(
        content, content_type="application/pdf", headers=_download(f"{key}-report.pdf")
    )


def _render(request: HttpRequest, key: str, source: Source, *, single_file: bool) -> str:
    session = _session(request, key)
    grid = _grid(session, request.GET.get("grid", ""))
    report = session_report(session, only=None if grid is None else grid.pk)
    shown = context(report, source) | {
        "site": get_script_prefix(),
        "version": settings.VERSION,
        "single_file": single_file,
        "one_grid": grid is not None,
        "query": "" if grid is None else f"?grid={grid.slug}",
        "style": _style() if single_file else "",
    }
    return render_to_string("frontend/report.html", shown, request)


def _session(request: HttpRequest, key: str) -> Session:
    user = request.user
    reader = Reader(user.pk, sees_everything=user.is_staff or user.is_superuser)
    rows = visible_sessions(reader).select_related("group", "microscope", "detector")
    named = {"pk": UUID(key)} if _is_uuid(key) else {"name": key.replace("\0", "")}
    session = rows.filter(**named).first()
    if session is None:
        raise Http404("There is no such session among those that you may see.")
    return session


def _grid(session: Session, slug: str) -> Grid | None:
    if not slug:
        return None
    grid = Grid.objects.filter(session=session, slug=slug.replace("\0", "")).first()
    if grid is None:
        raise Http404(f"Session {session.name} has no such grid.")
    return grid


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _style() -> str:
    path = finders.find("frontend/report.css")
    if not isinstance(path, str):
        raise Http404("The report's style sheet is missing from this installation.")
    return Path(path).read_text(encoding="utf-8")


def _download(name: str) -> dict[str, str]:
    safe = "".join(c if c.isascii() and (c.isalnum() or c in "-_.") else "_" for c in name)
    return {"Content-Disposition": f'attachment; filename="{safe}"'}
