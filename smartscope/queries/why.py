"""Why a square or hole is as it is: what was measured, by what, which rule, and who changed it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User

from smartscope.domain.status import TargetStatus
from smartscope.models import Analysis, Change, Grid, Hole, Label, Square

T = TargetStatus
MOST_CHANGES = 50
#: reason codes in the words of the rule that gave them
_RULES = {
    "ice_thin": "its ice of {ice} nm is thinner than the protocol's {low:g} nm",
    "ice_thick": "its ice of {ice} nm is thicker than the protocol's {high:g} nm",
    "empty": "there is no ice in it",
    "contaminated": "too much of it is covered by dirt",
    "off_lattice": "it does not lie on the film's lattice",
    "not_chosen": "others were chosen: the protocol asks for {holes} per square",
    "person": "a person took it out",
    "deleted": "a person deleted it",
    "dark": "its ice cluster is the darkest of the grid",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What found or classified it: a plug-in, its version and how its analysis stands."""

    kind: str
    plugin: str
    version: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A person's label; "" is one that was taken away."""

    name: str
    author: str | None
    time: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """One edit of the target, with what it held before and after."""

    changeset: UUID
    author: str | None
    time: datetime
    summary: str
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """`words` is one sentence; `scores` are what was measured, null where it was not."""

    subject: UUID
    slug: str
    status: str
    reason: str
    words: str
    chosen_because: str
    label: str
    model_label: str
    scores: dict[str, float | None]
    seen_by: list[Seen]
    labels: list[Said]
    changes: list[Changed]
    limits: dict[str, float | int | None] = field(default_factory=dict)


def why_hole(hole: Hole) -> Why:
    """A constant number of queries."""
    square, grid = hole.square, hole.square.grid
    scores = {
        "score": hole.score,
        "intensity": hole.intensity,
        "ice_thickness_nm": hole.ice_thickness_nm,
        "ice_thickness_error_nm": hole.ice_thickness_error_nm,
        "cluster": None if hole.cluster is None else float(hole.cluster),
    }
    return _why("hole", hole, grid, scores, _seen(square.image_id))


def why_square(square: Square) -> Why:
    """As `why_hole`."""
    scores = {
        "probability": square.probability,
        "score": square.score,
        "area_um2": square.area_um2,
        "mean_intensity": square.mean_intensity,
    }
    atlas = getattr(square.grid, "atlas", None)
    return _why("square", square, square.grid, scores, _seen(atlas and atlas.tiles_image_id))


def _why(
    resource: str,
    target: Square | Hole,
    grid: Grid,
    scores: dict[str, float | None],
    seen_by: list[Seen],
) -> Why:
    return Why(
        subject=target.pk,
        slug=target.slug,
        status=target.status,
        reason=target.reason,
        words=_words(target, grid, scores),
        chosen_because=target.chosen_because,
        label=target.label,
        model_label=target.model_label,
        scores=scores,
        seen_by=seen_by,
        labels=_labels(resource, target.pk),
        changes=_changes(resource, target.pk),
        limits={
            "ice_min_nm": grid.ice_min_nm,
            "ice_max_nm": grid.ice_max_nm,
            "squares_per_grid": grid.squares_per_grid,
            "holes_per_square": grid.holes_per_square,
        },
    )


def _words(target: Square | Hole, grid: Grid, scores: dict[str, float | None]) -> str:
    if target.reason:
        ice = scores.get("ice_thickness_nm")
        rule = _RULES.get(target.reason, target.reason.replace("_", " "))
        said = rule.format(
            ice="unknown" if ice is None else f"{ice:.0f}",
            low=grid.ice_min_nm,
            high=grid.ice_max_nm,
            holes=grid.holes_per_square or "all",
        )
        return f"{target.slug} is {target.status}: {said}."
    if target.queued_by_person:
        return f"{target.slug} is {target.status}: a person queued it."
    if target.chosen_because:
        return f"{target.slug} is {target.status}: {target.chosen_because}."
    return f"{target.slug} is {target.status}; nothing was decided about it."


def _seen(image: UUID | None) -> list[Seen]:
    if image is None:
        return []
    rows = Analysis.objects.filter(image=image).order_by("created_at")
    return [
        Seen(kind=row.kind, plugin=row.plugin, version=row.plugin_version, state=row.state)
        for row in rows
    ]


def _labels(resource: str, pk: UUID) -> list[Said]:
    rows = Label.objects.filter(resource=resource, object_id=pk).select_related("author")
    return [
        Said(
            name=row.name,
            author=_name(row.author),
            time=row.created_at,
        )
        for row in rows.order_by("-created_at")[:MOST_CHANGES]
    ]


def _changes(resource: str, pk: UUID) -> list[Changed]:
    rows = Change.objects.filter(resource=resource, object_id=pk)
    rows = rows.select_related("changeset__author").order_by("-changeset__created_at")
    return [
        Changed(
            changeset=row.changeset_id,
            author=_name(row.changeset.author),
            time=row.changeset.created_at,
            summary=row.changeset.summary,
            before=row.before,
            after=row.after,
        )
        for row in rows[:MOST_CHANGES]
    ]


def _name(person: User | None) -> str | None:
    return None if person is None else person.get_username()
