"""Routes of the API, version 1; no trailing slashes."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.permissions import IsAuthenticated

from api import resources
from api.problems import unknown_path
from api.views import (
    commanding,
    dose,
    driving,
    editing,
    events,
    journal,
    outlook,
    overlays,
    pictures,
    planning,
    report,
    runs,
    service,
    timeline,
    tokens,
)
from api.views.reading import list_view, single_view

urlpatterns: list[URLPattern | URLResolver] = [
    path("me", service.Me.as_view()),
    path("vocabulary", service.Vocabulary.as_view()),
    path("version", service.Version.as_view()),
    path("capabilities", service.Capabilities.as_view()),
    path("health/live", service.Live.as_view()),
    path("health/ready", service.Ready.as_view()),
    path("microscopes", list_view(resources.MICROSCOPES, "microscopes").as_view()),
    path("microscopes/<str:key>", single_view(resources.MICROSCOPES, "microscope").as_view()),
    path("microscopes/<str:key>/commands", commanding.Commands.as_view()),
    path("microscopes/<str:key>/commands/<str:command>", commanding.OneCommand.as_view()),
    path("microscopes/<str:key>/emergency-stop", commanding.EmergencyStop.as_view()),
    path("microscopes/<str:key>/outlook", outlook.MicroscopeOutlook.as_view()),
    path("microscopes/<str:key>/driver-lease", driving.DriverLease.as_view()),
    path("microscopes/<str:key>/driver-lease/request", driving.DriverLeaseRequest.as_view()),
    path("microscopes/<str:key>/driver-lease/answer", driving.DriverLeaseAnswer.as_view()),
    path("detectors", list_view(resources.DETECTORS, "detectors").as_view()),
    path("detectors/<str:key>", single_view(resources.DETECTORS, "detector").as_view()),
    path("sessions", planning.Sessions.as_view()),
    path("sessions/<str:key>", planning.OneSession.as_view()),
    path("sessions/<str:key>/timeline", timeline.SessionTimeline.as_view()),
    path("sessions/<str:key>/timeline.csv", timeline.SessionTimelineTable.as_view()),
    path("sessions/<str:key>/report", report.SessionReport.as_view()),
    path("sessions/<str:key>/report.csv", report.SessionReportTable.as_view()),
    path("grids", list_view(resources.GRIDS, "grids").as_view()),
    path("grids/bulk", editing.GridsBulk.as_view()),
    path("grids/<str:key>/dose", dose.GridDose.as_view()),
    path("grids/<str:key>", planning.OneGrid.as_view()),
    path("atlases", list_view(resources.ATLASES, "atlases").as_view()),
    path("atlases/<str:key>", single_view(resources.ATLASES, "atlas").as_view()),
    path("atlases/<str:key>/overlay", overlays.AtlasOverlay.as_view()),
    path("squares", list_view(resources.SQUARES, "squares").as_view()),
    path("squares/bulk", editing.SquaresBulk.as_view()),
    path("squares/<str:key>", single_view(resources.SQUARES, "square").as_view()),
    path("squares/<str:key>/dose", dose.SquareDose.as_view()),
    path("squares/<str:key>/overlay", overlays.SquareOverlay.as_view()),
    path("groups", list_view(resources.GROUPS, "groups").as_view()),
    path("groups/<str:key>", single_view(resources.GROUPS, "group").as_view()),
    path("holes", list_view(resources.HOLES, "holes").as_view()),
    path("holes/bulk", editing.HolesBulk.as_view()),
    path("holes/<str:key>/dose", dose.HoleDose.as_view()),
    path("holes/<str:key>", single_view(resources.HOLES, "hole").as_view()),
    path("exposures", list_view(resources.EXPOSURES, "exposures").as_view()),
    path("exposures/bulk", editing.ExposuresBulk.as_view()),
    path("exposures/<str:key>", single_view(resources.EXPOSURES, "exposure").as_view()),
    path("images", list_view(resources.IMAGES, "images").as_view()),
    path("images/<str:key>", single_view(resources.IMAGES, "image").as_view()),
    path("images/<str:key>/preview", pictures.Preview.as_view()),
    path("images/<str:key>/info.json", pictures.TilesInfo.as_view(), name="image-tiles-info"),
    path("images/<str:key>/<str:region>/<str:size>/0/default.jpg", pictures.Tile.as_view()),
    path("runs", list_view(resources.RUNS, "runs").as_view()),
    path("runs/<str:key>", runs.RunSingle.as_view()),
    path("steps.csv", journal.JournalTable.as_view()),
    path("steps", list_view(resources.STEPS, "steps").as_view()),
    path("waits", list_view(resources.WAITS, "waits").as_view()),
    path("changesets", list_view(resources.CHANGESETS, "changesets").as_view()),
    path("changesets/<str:key>/revert", editing.Revert.as_view()),
    path("tokens", tokens.Tokens.as_view()),
    path("tokens/<str:key>", tokens.OneToken.as_view()),
    path("events", events.Events.as_view()),
    path("events/<int:seq>", events.Event.as_view()),
    path(
        "schema",
        SpectacularAPIView.as_view(permission_classes=[IsAuthenticated]),
        name="schema",
    ),
    path(
        "docs",
        # its script is served apart: the page's policy allows none inside the page
        SpectacularSwaggerSplitView.as_view(
            url_name="schema", permission_classes=[IsAuthenticated]
        ),
    ),
    re_path(r"^(?P<path>.*)$", unknown_path),
]
