"""The few pages that Django renders itself: the shell of the dashboard, signing in and out."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import get_script_prefix
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from frontend.bundle import built_bundle
from smartscope.operations.login_links import use_login_link
from smartscope.operations.sign_in_tries import WINDOW, are_spent
from smartscope.sign_ins import tried_as


@require_GET
@never_cache
def shell(request: HttpRequest) -> HttpResponse:
    """The page that carries the application, whatever path below it was asked for."""
    bundle = built_bundle(settings.DASHBOARD_DIST)
    if bundle is None:
        return render(request, "frontend/not_built.html", _page(), status=503)
    return _shell(request, bundle=bundle)


@login_required
def _shell(request: HttpRequest, **context: Any) -> HttpResponse:
    return render(request, "frontend/shell.html", _page() | context)


@never_cache
def form_refused(request: HttpRequest, reason: str = "") -> HttpResponse:
    """What a person reads whose form came without its token; the log says why."""
    return render(request, "frontend/form_refused.html", _page(), status=403)


@method_decorator(never_cache, name="dispatch")
class SignIn(LoginView):
    """Name and password; after too many failures one waits a minute."""

    template_name = "frontend/login.html"
    redirect_authenticated_user = True

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        names = tried_as(self.request, self.request.POST.get("username", ""))
        if not are_spent(names, timezone.now()):
            return super().form_invalid(form)
        context = self.get_context_data(form=form, too_many=True)
        response = self.render_to_response(context, status=429)
        response.headers["Retry-After"] = f"{WINDOW.total_seconds():.0f}"
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | _page()


@method_decorator(never_cache, name="dispatch")
class LoginByLink(View):
    """A one-time link: reading it shows a button, only pressing that uses it up.

    Mail scanners and link previews read addresses; they must not spend a person's link.
    """

    http_method_names = ("get", "post")

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        return render(request, "frontend/login_link.html", _page())

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        user = use_login_link(token)
        if user is None:
            spent = _page() | {"spent": True}
            return render(request, "frontend/login_link.html", spent, status=410)
        login(request, user)
        return redirect("shell")


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("login")


def _page() -> dict[str, Any]:
    """What every template needs: where the site begins, and which version serves it."""
    return {"site": get_script_prefix(), "version": settings.VERSION}
