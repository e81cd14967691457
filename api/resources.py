"""The resources of the API, each said once: rows, form, filters and sorting."""

from __future__ import annotations

from api.filters import Filter, Kind
from api.resource import Resource
from api.serializers.alarms import AlarmSerializer
from api.serializers.alert_rules import AlertRuleSerializer
from api.serializers.decisions import DecisionSerializer
from api.serializers.places import DetectorSerializer, MicroscopeSerializer
from api.serializers.record import (
    ChangesetSerializer,
    CommandSerializer,
    RunSerializer,
    StepSerializer,
    WaitSerializer,
)
from api.serializers.session import GridSerializer, SessionSerializer
from api.serializers.shaping import GivenLabelSerializer
from api.serializers.share_links import ShareLinkSerializer
from api.serializers.targets import (
    AtlasSerializer,
    ExposureSerializer,
    GroupSerializer,
    HoleSerializer,
    ImageSerializer,
    SquareSerializer,
)
from api.serializers.webhooks import WebhookDeliverySerializer, WebhookSerializer
from smartscope.queries import visible
from smartscope.queries.alarms import visible_alarms
from smartscope.queries.alert_rules import visible_rules
from smartscope.queries.decisions import decisions
from smartscope.queries.exposures import exposures_shown
from smartscope.queries.groups import groups_shown
from smartscope.queries.journal import steps_shown
from smartscope.queries.labels import visible_labels
from smartscope.queries.sessions import grids_shown, microscopes_shown, sessions_shown
from smartscope.queries.share_links import visible_share_links
from smartscope.queries.webhooks import visible_deliveries, visible_webhooks

TIMES = {
    "created_at": Filter("created_at", Kind.TIME),
    "updated_at": Filter("updated_at", Kind.TIME),
}


def _text(path: str) -> Filter:
    return Filter(path)


def _number(path: str, *, nullable: bool = False) -> Filter:
    return Filter(path, Kind.NUMBER, nullable=nullable)


def _id(path: str, slug: str = "") -> Filter:
    return Filter(path, Kind.REFERENCE, slug)


MICROSCOPES = Resource(
    name="microscopes",
    serializer=MicroscopeSerializer,
    rows=microscopes_shown,
    filters={"state": _text("state")},
    sorts=("name", "created_at"),
    default_sort="name",
    slug="name",
)
DETECTORS = Resource(
    name="detectors",
    serializer=DetectorSerializer,
    rows=visible.visible_detectors,
    filters={"microscope": _id("microscope", "microscope__name")},
    sorts=("number", "created_at"),
    default_sort="number",
)
SESSIONS = Resource(
    name="sessions",
    serializer=SessionSerializer,
    rows=sessions_shown,
    filters={
        "name": _text("name"),
        "group": _text("group__name"),
        "microscope": _id("microscope", "microscope__name"),
        "state": _text("state"),
        "simulated": Filter("simulated", Kind.FLAG),
        "imported": Filter("imported", Kind.FLAG),
    },
    sorts=("created_at", "updated_at", "date", "name"),
    default_sort="-created_at",
    slug="name",
)
GRIDS = Resource(
    name="grids",
    serializer=GridSerializer,
    rows=grids_shown,
    filters={
        "session": _id("session", "session__name"),
        "status": _text("status"),
        "verdict": _text("verdict"),
        "tag": _text("tag"),
        "position": _number("position"),
        "expected_usable_holes": _number("expected_usable_holes", nullable=True),
    },
    sorts=("position", "turn", "created_at", "updated_at", "expected_usable_holes", "rank"),
    default_sort="position",
    slug="slug",
    session="session",
)
ATLASES = Resource(
    name="atlases",
    serializer=AtlasSerializer,
    rows=lambda reader: visible.visible_atlases(reader).select_related("grid"),
    filters={
        "grid": _id("grid", "grid__slug"),
        "session": _id("grid__session", "grid__session__name"),
    },
)
SQUARES = Resource(
    name="squares",
    serializer=SquareSerializer,
    rows=lambda reader: visible.visible_squares(reader).select_related("picture", "grid"),
    filters={
        "grid": _id("grid", "grid__slug"),
        "session": _id("grid__session", "grid__session__name"),
        "status": _text("status"),
        "label": _text("label"),
        "model_label": _text("model_label"),
        "probability": _number("probability", nullable=True),
        "score": _number("score", nullable=True),
        "area_um2": _number("area_um2", nullable=True),
        "queue_position": _number("queue_position", nullable=True),
        "external": Filter("external", Kind.FLAG),
        "queued_by_person": Filter("queued_by_person", Kind.FLAG),
        **TIMES,
    },
    sorts=("number", "created_at", "updated_at", "queue_position", "probability", "score"),
    default_sort="number",
    slug="slug",
    session="grid__session",
)
GROUPS = Resource(
    name="groups",
    serializer=GroupSerializer,
    rows=groups_shown,
    filters={
        "square": _id("square", "square__slug"),
        "grid": _id("square__grid", "square__grid__slug"),
        "session": _id("square__grid__session", "square__grid__session__name"),
        "status": _text("status"),
    },
    sorts=("number", "created_at", "updated_at", "queue_position"),
    default_sort="number",
    slug="slug",
    session="square__grid__session",
)
HOLES = Resource(
    name="holes",
    serializer=HoleSerializer,
    rows=visible.visible_holes,
    filters={
        "square": _id("square", "square__slug"),
        "group": _id("group", "group__slug"),
        "grid": _id("square__grid", "square__grid__slug"),
        "session": _id("square__grid__session", "square__grid__session__name"),
        "status": _text("status"),
        "label": _text("label"),
        "model_label": _text("model_label"),
        "ice_thickness_nm": _number("ice_thickness_nm", nullable=True),
        "intensity": _number("intensity", nullable=True),
        "score": _number("score", nullable=True),
        "cluster": _number("cluster", nullable=True),
        "predicted": Filter("predicted", Kind.FLAG),
        "queued_by_person": Filter("queued_by_person", Kind.FLAG),
        "dose_uncertain": Filter("dose_uncertain", Kind.FLAG),
        **TIMES,
    },
    sorts=("number", "created_at", "updated_at", "ice_thickness_nm", "score", "intensity"),
    default_sort="number",
    slug="slug",
    session="square__grid__session",
)
EXPOSURES = Resource(
    name="exposures",
    serializer=ExposureSerializer,
    rows=exposures_shown,
    filters={
        "hole": _id("hole", "hole__slug"),
        "square": _id("hole__square", "hole__square__slug"),
        "grid": _id("hole__square__grid", "hole__square__grid__slug"),
        "session": _id("hole__square__grid__session", "hole__square__grid__session__name"),
        "status": _text("status"),
        "label": _text("label"),
        "ctf_fit_angstrom": _number("ctf_fit_angstrom", nullable=True),
        "defocus_um": _number("defocus_um", nullable=True),
        "ice_thickness_nm": _number("ice_thickness_nm", nullable=True),
        "drift_total_angstrom": _number("drift_total_angstrom", nullable=True),
        "quality_class": _text("quality_class"),
        "quality_probability": _number("quality_probability", nullable=True),
        "contaminated_fraction": _number("contaminated_fraction", nullable=True),
        "particles": _number("particles", nullable=True),
        "exposed_at_s": _number("exposed_at_s"),
        **TIMES,
    },
    sorts=(
        "exposed_at_s",
        "created_at",
        "updated_at",
        "ctf_fit_angstrom",
        "defocus_um",
        "ice_thickness_nm",
        "drift_total_angstrom",
        "quality_probability",
        "contaminated_fraction",
        "particles",
    ),
    default_sort="exposed_at_s",
    slug="slug",
    session="hole__square__grid__session",
)
IMAGES = Resource(
    name="images",
    serializer=ImageSerializer,
    rows=visible.visible_images,
    filters={
        "grid": _id("grid", "grid__slug"),
        "session": _id("grid__session", "grid__session__name"),
        "kind": _text("kind"),
        "source": _id("source"),
        **TIMES,
    },
    sorts=("created_at", "taken_at_s"),
)
RUNS = Resource(
    name="runs",
    serializer=RunSerializer,
    rows=lambda reader: visible.visible_runs(reader).select_related("wished_by"),
    filters={
        "session": _id("session", "session__name"),
        "microscope": _id("microscope", "microscope__name"),
        "state": _text("state"),
    },
    default_sort="-created_at",
)
STEPS = Resource(
    name="steps",
    serializer=StepSerializer,
    rows=steps_shown,
    filters={
        "run": _id("run"),
        "session": _id("run__session", "run__session__name"),
        "grid": _id("grid", "grid__slug"),
        "kind": _text("kind"),
        "state": _text("state"),
        "number": _number("number"),
        "epoch": _number("epoch"),
        "subject": _id("subject"),
        "microscope": _id("microscope", "microscope__name"),
    },
    sorts=("number", "began_at_s", "created_at", "duration_s"),
    default_sort="number",
)
WAITS = Resource(
    name="waits",
    serializer=WaitSerializer,
    rows=visible.visible_waits,
    filters={
        "run": _id("run"),
        "session": _id("run__session", "run__session__name"),
        "cause": _text("cause"),
    },
    sorts=("began_at_s", "created_at"),
    default_sort="began_at_s",
)
COMMANDS = Resource(
    name="commands",
    serializer=CommandSerializer,
    rows=lambda reader: visible.visible_commands(reader).select_related("wished_by"),
    filters={
        "microscope": _id("microscope", "microscope__name"),
        "type": _text("type"),
        "state": _text("state"),
    },
    default_sort="-created_at",
)
ALARMS = Resource(
    name="alarms",
    serializer=AlarmSerializer,
    rows=lambda reader: visible_alarms(reader).prefetch_related("deliveries"),
    filters={
        "microscope": _id("microscope", "microscope__name"),
        "session": _id("session", "session__name"),
        "key": _text("key"),
        "level": _text("level"),
        "state": _text("state"),
        "raised_at": Filter("raised_at", Kind.TIME),
    },
    sorts=("raised_at", "created_at", "updated_at"),
    default_sort="-raised_at",
)
CHANGESETS = Resource(
    name="changesets",
    serializer=ChangesetSerializer,
    rows=lambda reader: visible.visible_changesets(reader).select_related("author"),
    filters={
        "session": _id("session", "session__name"),
        "source": _text("source"),
        "reverts": _id("reverts"),
    },
    default_sort="-created_at",
)
LABELS = Resource(
    name="labels",
    serializer=GivenLabelSerializer,
    rows=visible_labels,
    filters={
        "resource": _text("resource"),
        "object_id": _id("object_id"),
        "name": _text("name"),
        "author": _text("author__username"),
        **TIMES,
    },
    default_sort="-created_at",
)
ALERT_RULES = Resource(
    name="alert rules",
    serializer=AlertRuleSerializer,
    rows=visible_rules,
    filters={
        "microscope": _id("microscope", "microscope__name"),
        "session": _id("session", "session__name"),
        "kind": _text("kind"),
        "enabled": Filter("enabled", Kind.FLAG),
    },
    sorts=("name", "created_at", "updated_at"),
    default_sort="name",
)
SHARE_LINKS = Resource(
    name="share links",
    serializer=ShareLinkSerializer,
    rows=visible_share_links,
    filters={"session": _id("session", "session__name")},
    sorts=("created_at", "expires_at"),
    default_sort="-created_at",
)
DECISIONS = Resource(
    name="decisions",
    serializer=DecisionSerializer,
    rows=decisions,
    filters={
        "session": _id("square__grid__session", "square__grid__session__name"),
        "grid": _id("square__grid", "square__grid__slug"),
        "square": _id("square", "square__slug"),
        "status": _text("status"),
        "override": Filter("override", Kind.FLAG),
        "surprise": Filter("surprise", Kind.FLAG),
        **TIMES,
    },
    sorts=("updated_at", "created_at", "score"),
    default_sort="-updated_at",
)
WEBHOOKS = Resource(
    name="webhooks",
    serializer=WebhookSerializer,
    rows=visible_webhooks,
    filters={"name": _text("name"), "enabled": Filter("enabled", Kind.FLAG)},
    sorts=("name", "created_at"),
    default_sort="name",
)
WEBHOOK_DELIVERIES = Resource(
    name="webhook-deliveries",
    serializer=WebhookDeliverySerializer,
    rows=visible_deliveries,
    filters={
        "webhook": _id("webhook", "webhook__name"),
        "kind": _text("kind"),
        "state": _text("state"),
        "seq": _number("seq"),
    },
    sorts=("seq", "due_at"),
    default_sort="-seq",
)
