"""Routes of the page: signing in and out, and the shell that draws every other path itself."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path

from frontend import share, views
from frontend.report import views as report

#: Paths the dashboard draws; the same list is `src/core/permalinks.ts`.
OF_SESSION = "decisions|journal|timeline|triage|compare|live|plan"
PAGES = (
    r"^(?:now|alerts|plan|dev|facility/(?:health|admin)|m/[^/]+(?:/timeline)?"
    rf"|s/[^/]+(?:/g/[^/]+|/(?:{OF_SESSION}))?)?$"
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("login", views.SignIn.as_view(), name="login"),
    path("login/<str:token>", views.LoginByLink.as_view(), name="login-link"),
    path("logout", views.sign_out, name="logout"),
    path("share", share.share, name="share"),
    path("shared", share.shared, name="shared"),
    path("s/<str:key>/report", report.report_page, name="report"),
    path("s/<str:key>/report.html", report.report_file, name="report-file"),
    path("s/<str:key>/report.pdf", report.report_pdf, name="report-pdf"),
    re_path(PAGES, views.shell, name="shell"),
]
