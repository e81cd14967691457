"""Which files of ended sessions may go, and why others stay; the dry run of a removal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest

from smartscope.domain.retention import Keeping
from smartscope.domain.status import AnalysisState, RunState
from smartscope.models import (
    Analysis,
    Clearing,
    ClearingState,
    Export,
    Image,
    ImageKind,
    Membership,
    ParticleStudy,
    Retention,
    Role,
    Run,
    Session,
)
from smartscope.queries.backups import last_backup
from smartscope.queries.visible import Reader, visible_sessions

#: a run in one of these goes on no more; an interrupted one may be taken up again
_ENDED_RUNS = (RunState.DONE, RunState.ABORTED, RunState.FAILED)
_BEING_READ = (AnalysisState.WANTED, AnalysisState.RUNNING)
OPEN_CLEARINGS = (ClearingState.WAITING, ClearingState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What a removal is about: sessions that ended before these times; None is none of them.

    `group` is the one whose sessions they are, by its number; None is any.
    """

    movies_before: datetime | None
    images_before: datetime | None
    without_backup: bool
    group: int | None = None

    @classmethod
    def now(cls, keeping: Keeping, now: datetime, group: int | None = None) -> Chosen:
        """As the site keeps files, at this moment."""
        return cls(
            movies_before=keeping.movies_before(now),
            images_before=keeping.images_before(now),
            without_backup=keeping.without_backup,
            group=group,
        )

    @classmethod
    def of(cls, clearing: Clearing) -> Chosen:
        """As it was when that was ordered."""
        return cls(
            movies_before=clearing.movies_before,
            images_before=clearing.images_before,
            without_backup=clearing.without_backup,
            group=clearing.group_id,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionGoes:
    """What would go of one session; bytes are those of the files, tiles come on top."""

    session: UUID
    name: str
    group: str
    ended_at: datetime
    movies: int
    images: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """`kept_unlisted` are files that would go, were they in the list of the last backup."""

    sessions: tuple[SessionGoes, ...]
    files: int
    bytes: int
    kept_unlisted: int
    last_backup_at: datetime | None


def keeping() -> Keeping:
    """As the site chose; everything for ever where it did not."""
    row = Retention.objects.first()
    if row is None:
        return Keeping()
    return Keeping(
        movies_days=row.movies_days,
        images_days=row.images_days,
        without_backup=row.without_backup,
    )


def removable(chosen: Chosen) -> QuerySet[Image]:
    """Images whose files may go now: nothing reads them, and no run of their session goes on."""
    backup = last_backup()
    listed = Q() if chosen.without_backup else _listed(None if backup is None else backup.at)
    return _old(chosen).filter(listed)


def dry_run(
    keeping: Keeping, now: datetime, reader: Reader | None = None, *, group: int | None = None
) -> DryRun:
    """Four queries, whatever there is; with a `reader` only of sessions that one may see."""
    chosen = Chosen.now(keeping, now, group)
    seen = Q() if reader is None else Q(grid__session__in=visible_sessions(reader))
    backup = last_backup()
    at = None if backup is None else backup.at
    listed = Q() if chosen.without_backup else _listed(at)
    movie = Q(kind=ImageKind.MOVIE)
    rows = (
        _old(chosen)
        .filter(listed, seen)
        .values("grid__session", "grid__session__name", "grid__session__group__name")
        .annotate(
            movies=Count("pk", filter=movie),
            images=Count("pk", filter=~movie),
            size=Sum("bytes"),
        )
        .order_by("grid__session__name")
    )
    found = list(rows)
    ended = dict(
        _with_end(
            Session.objects.filter(pk__in=[row["grid__session"] for row in found])
        ).values_list("pk", "end")
    )
    unlisted = Q(pk__in=[]) if chosen.without_backup else ~listed
    sessions = tuple(
        SessionGoes(
            session=row["grid__session"],
            name=row["grid__session__name"],
            group=row["grid__session__group__name"],
            ended_at=ended[row["grid__session"]],
            movies=row["movies"],
            images=row["images"],
            bytes=row["size"],
        )
        for row in found
    )
    return DryRun(
        sessions=sessions,
        files=sum(one.movies + one.images for one in sessions),
        bytes=sum(one.bytes for one in sessions),
        kept_unlisted=_old(chosen).filter(unlisted, seen).count(),
        last_backup_at=at,
    )


def clearings(reader: Reader) -> QuerySet[Clearing]:
    """Every removal that was asked for or ordered, newest first; a lead sees the group's own."""
    rows = Clearing.objects.select_related("author", "asked_by", "group")
    if not reader.sees_everything:
        led = Membership.objects.filter(user=reader.user_id or 0, role=Role.LEAD)
        rows = rows.filter(group__in=led.values("group"))
    return rows.order_by("-created_at", "-pk")


def _old(chosen: Chosen) -> QuerySet[Image]:
    movie = Q(kind=ImageKind.MOVIE)
    wanted = Q(pk__in=[])
    if chosen.movies_before is not None:
        wanted |= movie & _of_sessions_before(chosen.movies_before)
    if chosen.images_before is not None:
        wanted |= ~movie & _of_sessions_before(chosen.images_before)
    read = Analysis.objects.filter(image=OuterRef("pk"), state__in=_BEING_READ)
    asked = [
        ~Exists(kind.objects.filter(grid=OuterRef("grid"), state__in=_BEING_READ))
        for kind in (Export, ParticleStudy)
    ]
    ours = Q() if chosen.group is None else Q(grid__session__group=chosen.group)
    return Image.objects.filter(wanted, ours, ~Exists(read), *asked, removed_at__isnull=True)


def _of_sessions_before(moment: datetime) -> Q:
    """An image that was added after its session ended counts from then."""
    ended = _with_end(Session.objects.all()).filter(goes_on=False, end__lt=moment)
    return Q(grid__session__in=ended.values("pk"), created_at__lt=moment)


def _with_end(sessions: QuerySet[Session]) -> QuerySet[Any]:
    """`end` is when the last run was last heard of, or the session was made; `goes_on` says that
    a run of it is not over.
    """
    runs = Run.objects.filter(session=OuterRef("pk"))
    last = runs.order_by().values("session").annotate(at=Max("updated_at")).values("at")
    return sessions.annotate(
        goes_on=Exists(runs.exclude(state__in=_ENDED_RUNS)),
        end=Greatest(Coalesce(Subquery(last), F("created_at")), F("created_at")),
    )


def _listed(at: datetime | None) -> Q:
    """Registered before the last backup wrote its list; without a backup nothing is listed."""
    return Q(pk__in=[]) if at is None else Q(created_at__lt=at)
