"""Every route with something of one group in it, and every act with a body that a member may send.

A route or an act that nobody thought of is not in these tables, and the matrix fails by its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from api.urls import urlpatterns
from smartscope.models import (
    Alarm,
    AlertRule,
    Analysis,
    Clearing,
    Export,
    Exposure,
    Image,
    ParticleStudy,
    Picking,
    Preset,
    Retention,
    Run,
    Session,
    ShareLink,
    Webhook,
    WebhookDelivery,
)
from smartscope.queries.picks import packed
from tests.api.world import Scene, World

API = "/api/v1/"
METHODS = ("POST", "PUT", "PATCH", "DELETE")
#: not our views: the description and its page, and what lies nowhere
FOREIGN = {"schema", "docs", r"^(?P<path>.*)$"}

#: what tells of the facility or of the caller alone, and so answers everybody who is signed in
FACILITY: Mapping[str, str] = {
    "me": "who one is",
    "vocabulary": "words and limits",
    "version": "the release",
    "capabilities": "what this server can do",
    "health/live": "a supervisor asks, without signing in",
    "health/ready": "a supervisor asks, without signing in",
    "health/details": "how the house stands; no group's data",
    "storage": "free room of the image store; no group's data",
    "metrics": "a collector asks, by address or token; no group's data",
    "microscopes": "microscopes are the facility's; their run is told by test_matrix",
    "microscopes/<str:key>": "as the list",
    "microscopes/<str:key>/outlook": "tells a stranger no more than that something runs",
    "microscopes/<str:key>/driver-lease": "who is at the helm",
    "microscopes/<str:key>/inventory": "occupancy; names are for those who drive",
    "microscopes/<str:key>/commands": "a list of what one may see",
    "detectors": "cameras are the facility's",
    "detectors/<str:key>": "as the list",
    "protocols": "named protocols are the facility's",
    "alarms/ladder": "who is told when; no addresses",
    "tokens": "one's own",
    "people": "one's own account; all for staff",
    "backups/last": "when it was made; no group's data",
    "retention": "how long files are kept; what would go of one's own sessions",
    "clearings": "removals of files, for staff; a lead reads what was asked for the group",
    "events/stream": "needs an ASGI process; its topics and events are tested with the other doors",
}


@dataclass(frozen=True, slots=True)
class Scenery:
    """The world with what hangs on a session besides: an alarm, a rule, a link, a preset."""

    world: World
    alarm: Alarm
    rule: AlertRule
    link: ShareLink
    preset: Preset
    delivery: WebhookDelivery
    export: Export
    study: ParticleStudy
    clearing: Clearing

    def fill(self, route: str) -> str:
        """The route with the ids of what belongs to `ours`."""
        ours = self.world.ours
        ids: dict[str, Any] = {
            "microscopes": self.world.microscope,
            "detectors": self.world.detector,
            "sessions": ours.session,
            "grids": ours.grid,
            "atlases": ours.atlas,
            "squares": ours.squares[0],
            "groups": ours.group,
            "holes": ours.holes[4],
            "exposures": ours.exposure,
            "images": ours.image,
            "exports": self.export,
            "jobs": Analysis.objects.get(image=ours.image, kind="pick"),
            "particle-studies": self.study,
            "runs": ours.run,
            "changesets": ours.changeset,
            "alarms": self.alarm,
            "alert-rules": self.rule,
            "share-links": self.link,
            "protocols": self.preset,
            "webhooks": self.delivery.webhook,
            "webhook-deliveries": self.delivery,
            "clearings": self.clearing,
            "people": self.world.people["viewer"],
            # nobody has such a token
            "tokens": ours.session,
        }
        path = route.replace("<int:seq>", str(ours.event.seq))
        path = path.replace("<str:command>", str(ours.command.pk))
        path = path.replace("<str:region>", "0,0,512,512").replace("<str:size>", "512,512")
        if "<str:key>" in path:
            path = path.replace("<str:key>", str(ids[route.partition("/")[0]].pk))
        return API + path


def scenery(world: World) -> Scenery:
    """Call it inside a database test."""
    ours = world.ours
    Image.objects.filter(pk=ours.image.pk).update(pixel_to_stage=[0.1, 0, -50.0, 0, 0.1, -50.0])
    picked(ours)
    return Scenery(
        world,
        Alarm.objects.create(
            key="run.waits_for_person", session=ours.session, microscope=world.microscope,
            level="MAJOR", text="waits for ours", raised_at=timezone.now(),
            escalates_from=timezone.now(),
        ),
        AlertRule.objects.create(
            name="rule of ours", kind="idle", minutes=10, session=ours.session,
            microscope=world.microscope,
        ),
        ShareLink.objects.create(
            session=ours.session, sha256="0" * 64, expires_at=timezone.now() + timedelta(days=1)
        ),
        Preset.objects.create(name="kept", parameters={"tilt_deg": 10.0}),
        WebhookDelivery.objects.create(
            webhook=Webhook.objects.create(name="hook", url="https://example.org/"), seq=1,
            kind="grid.done", due_at=timezone.now(),
        ),
        Export.objects.create(grid=ours.grid, format="relion-star"),
        learnt(ours),
        Clearing.objects.create(
            not_before=timezone.now() + timedelta(days=30), files_expected=1, bytes_expected=10
        ),
    )  # fmt: skip


def picked(scene: Scene) -> Picking:
    """Three particles in the scene's exposure, found by a picker and counted."""
    analysis = Analysis.objects.create(
        image=scene.image, kind="pick", plugin="matched-picker", plugin_version="1", state="done",
        visible_at_s=2_010.0,
    )  # fmt: skip
    Exposure.objects.filter(pk=scene.exposure.pk).update(particles=2)
    return Picking.objects.create(
        exposure=scene.exposure, analysis=analysis, method="matched-picker", method_version="1",
        diameter_angstrom=100.0, threshold=0.5,
        packed=packed(
            np.array([[100.0, 100.0], [500.0, 400.0], [300.0, 800.0]]), np.array([0.9, 0.8, 0.2])
        ),
    )  # fmt: skip


def learnt(scene: Scene) -> ParticleStudy:
    """A picker that learnt from clicks on the scene's grid."""
    return ParticleStudy.objects.get_or_create(
        grid=scene.grid, kind="learnt-picker", number=1,
        defaults={"state": "done", "diameter_angstrom": 100.0, "key": "ours/g01/studies/p.json"},
    )[0]  # fmt: skip


def routes() -> Iterator[tuple[str, Any]]:
    """Every route of ours with its view."""
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        if route not in FOREIGN:
            yield route, pattern.callback.cls  # type: ignore[union-attr]


READS = [route for route, view in routes() if "GET" in view.docs]
ACTS = [(route, method) for route, view in routes() for method in METHODS if method in view.docs]
OBJECTS = [route for route in READS if route not in FACILITY and "<" in route]
LISTS = [route for route in READS if route not in FACILITY and "<" not in route]

Body = Callable[[Scene, World], Any]


@dataclass(frozen=True, slots=True)
class Act:
    """A body that is right, who may send it, and how many events it leaves."""

    body: Body
    may: tuple[str, ...]
    events: int = 1
    #: what those answer who see the session but may not act, or do not see it
    outside: tuple[int, ...] = (404,)


EDITORS = ("member", "granted", "lead", "operator", "staff", "admin")
DRIVERS = ("granted", "operator", "staff", "admin")
STAFF = ("staff", "admin")
SHARERS = ("lead", "operator", "staff", "admin")
EVERYBODY = ("viewer", *EDITORS, "stranger", "nobody")


def _bulk(rows: str, wanted: dict[str, Any]) -> Body:
    def body(ours: Scene, _world: World) -> Any:
        found = getattr(ours, rows)
        row = found[4] if rows == "holes" else found[1] if isinstance(found, list) else found
        return {"ids": [str(row.pk)], "set": wanted}

    return body


def _table(_ours: Scene, _world: World) -> Any:
    return {"text": "slot\tname\n9\tnew"}


def _old_files(ours: Scene, _world: World) -> Any:
    """The session ended long ago, and nobody keeps its images; the one that waits is cancelled."""
    long_ago = timezone.now() - timedelta(days=400)
    Session.objects.filter(pk=ours.session.pk).update(created_at=long_ago)
    Run.objects.filter(pk=ours.run.pk).update(state="done", updated_at=long_ago)
    Image.objects.filter(pk=ours.image.pk).update(created_at=long_ago)
    Retention.objects.create(images_days=30, without_backup=True)
    Export.objects.filter(grid=ours.grid).update(state="dead")
    Clearing.objects.update(state="cancelled")
    return {}


def _asked_for(_ours: Scene, _world: World) -> Any:
    """A lead asks for what is there; nobody has answered yet."""
    Clearing.objects.update(state="asked")
    return {}


WRITES: Mapping[tuple[str, str], Act] = {
    ("microscopes/<str:key>/commands", "POST"): Act(
        lambda s, w: {"type": "pause", "arguments": {"session": str(s.session.pk)}}, DRIVERS
    ),
    ("microscopes/<str:key>/emergency-stop", "POST"): Act(
        lambda s, w: {}, (*EVERYBODY[:-1],), events=2, outside=(403,)
    ),
    ("microscopes/<str:key>/driver-lease", "PUT"): Act(
        lambda s, w: {}, DRIVERS, outside=(403,)
    ),
    ("protocols", "PUT"): Act(lambda s, w: {"name": "new"}, STAFF, outside=(403,)),
    ("protocols/<str:key>", "DELETE"): Act(lambda s, w: None, STAFF, outside=(403,)),
    ("people", "POST"): Act(lambda s, w: {"username": "new"}, STAFF, outside=(403,)),
    ("people/<str:key>", "PUT"): Act(
        lambda s, w: {"groups": [{"name": "ours"}]}, STAFF, outside=(403,)
    ),
    ("people/<str:key>/login-link", "POST"): Act(lambda s, w: {}, STAFF, outside=(403,)),
    ("members", "PUT"): Act(
        lambda s, w: {"group": "ours", "username": "nobody", "role": "viewer"}, SHARERS[:1] + STAFF
    ),
    ("webhooks/<str:key>", "PUT"): Act(lambda s, w: {"enabled": False}, STAFF, outside=(403,)),
    ("webhooks/<str:key>", "DELETE"): Act(lambda s, w: None, STAFF, outside=(403,)),
    ("webhook-deliveries/<str:key>/replay", "POST"): Act(lambda s, w: {}, STAFF, outside=(403,)),
    ("retention", "PUT"): Act(
        lambda s, w: {"movies_days": 90, "images_days": None, "without_backup": False},
        ("admin",),
        outside=(403,),
    ),
    ("clearings", "POST"): Act(_old_files, STAFF, outside=(403,)),
    ("clearings/<str:key>/approve", "POST"): Act(_asked_for, STAFF, outside=(403,)),
    ("clearings/<str:key>/cancel", "POST"): Act(lambda s, w: {}, STAFF, outside=(403,)),
    ("support-bundle", "POST"): Act(lambda s, w: {}, STAFF, events=0, outside=(403,)),
    ("sessions", "POST"): Act(
        lambda s, w: {
            "name": "new", "group": "ours", "microscope": str(w.microscope.pk),
            "detector": str(w.detector.pk), "grids": [{"name": "A", "position": 1}],
        },
        EDITORS,
        outside=(400,),
    ),
    ("sessions/<str:key>", "PATCH"): Act(lambda s, w: {"notes": "seen"}, EDITORS),
    ("sessions/<str:key>/manifest", "POST"): Act(_table, EDITORS),
    ("sessions/<str:key>/order", "PUT"): Act(
        lambda s, w: {"grids": [str(s.session.grids.get(slug="g02").pk)]}, EDITORS
    ),
    ("sessions/<str:key>/share-links", "POST"): Act(lambda s, w: {}, SHARERS),
    ("grids/bulk", "POST"): Act(_bulk("grid", {"tag": "apo"}), EDITORS),
    ("grids/<str:key>", "PATCH"): Act(lambda s, w: {"notes": "seen"}, EDITORS),
    ("squares/bulk", "POST"): Act(_bulk("squares", {"skip": True}), EDITORS),
    ("squares/<str:key>/holes", "POST"): Act(
        lambda s, w: {"holes": [{"x_px": 500, "y_px": 500}]}, EDITORS
    ),
    ("holes/bulk", "POST"): Act(_bulk("holes", {"label": "bad"}), EDITORS),
    ("holes/<str:key>", "PATCH"): Act(lambda s, w: {"x_px": 300, "y_px": 300}, EDITORS),
    ("exposures/<str:key>/picks", "PATCH"): Act(
        lambda s, w: {"add": [{"x_px": 900, "y_px": 900}]}, EDITORS
    ),
    ("grids/<str:key>/picker", "PUT"): Act(
        lambda s, w: {"study": str(learnt(s).pk)}, EDITORS
    ),
    ("exposures/bulk", "POST"): Act(_bulk("exposure", {"label": "bad"}), EDITORS),
    # an empty changeset has nothing to take back
    ("changesets/<str:key>/revert", "POST"): Act(lambda s, w: {}, EDITORS, events=0),
    ("alarms/test", "POST"): Act(
        lambda s, w: {}, ("operator", "staff", "admin"), outside=(403,)
    ),
    ("alarms/<str:key>/acknowledge", "POST"): Act(lambda s, w: {}, EDITORS),
    ("alarms/<str:key>/shelve", "POST"): Act(
        lambda s, w: {"hours": 1, "reason": "known"}, EDITORS
    ),
    ("alert-rules", "POST"): Act(
        lambda s, w: {
            "name": "new", "kind": "idle", "minutes": 5, "session": str(s.session.pk),
        },
        EDITORS,
        outside=(400,),
    ),
    ("alert-rules/<str:key>", "PATCH"): Act(lambda s, w: {"minutes": 20}, EDITORS),
    ("alert-rules/<str:key>", "DELETE"): Act(lambda s, w: None, EDITORS),
    ("share-links/<str:key>", "DELETE"): Act(lambda s, w: None, SHARERS),
    ("tokens", "POST"): Act(
        lambda s, w: {"name": "mine", "scopes": ["read"], "hours": 1}, EVERYBODY, outside=()
    ),
}  # fmt: skip

#: acts whose effect depends on more than a body; each with the test that proves it
PROVEN_ELSEWHERE: Mapping[tuple[str, str], str] = {
    ("microscopes/<str:key>/driver-lease", "DELETE"): "tests/api/test_driving.py",
    ("microscopes/<str:key>/driver-lease/request", "POST"): "tests/api/test_driving.py",
    ("microscopes/<str:key>/driver-lease/answer", "POST"): "tests/api/test_driving.py",
    ("webhooks", "POST"): "tests/api/test_webhooks.py: needs a host that is allowed",
    ("manifests/read", "POST"): "tests/api/test_preparing.py: writes nothing",
    ("squares/<str:key>/lattice", "POST"): "tests/api/test_shaping.py",
    ("squares/<str:key>/regroup", "POST"): "tests/api/test_regrouping.py",
    ("tokens/<str:key>", "DELETE"): "tests/api/test_tokens.py",
    ("exposures/<str:key>/fine-sum", "POST"): "tests/api/test_fine_sum.py",
    ("exposures/<str:key>/picks", "POST"): "tests/api/test_picks.py",
    ("exposures/<str:key>/picks/preview", "POST"): "tests/api/test_picking_steps.py: only looks",
    ("exposures/<str:key>/denoised", "POST"): "tests/api/test_picks.py",
    ("squares/<str:key>/picks", "POST"): "tests/api/test_picks.py",
    ("squares/<str:key>/denoised", "POST"): "tests/api/test_picks.py",
    ("grids/<str:key>/picks", "POST"): "tests/api/test_picks.py",
    ("grids/<str:key>/exports", "POST"): "tests/api/test_exports.py",
    ("jobs/<str:key>/retry", "POST"): "tests/api/test_jobs.py",
    ("grids/<str:key>/particle-studies", "POST"): "tests/api/test_particle_studies.py",
    ("grids/<str:key>/denoised", "POST"): "tests/api/test_picks.py",
}
