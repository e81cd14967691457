"""Sessions, grids and microscopes with what people ask of them, each list in one statement."""

from __future__ import annotations

from typing import Any

from django.db.models import (
    Case,
    CharField,
    Exists,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Now

from smartscope.domain.protocol import PARAMETER_NAMES
from smartscope.domain.ranking import SURE_ENOUGH, USABLE_CLASSES
from smartscope.domain.status import ExposureStatus, RunState, TargetStatus
from smartscope.models import (
    CollectionParameters,
    DriverLease,
    Exposure,
    Grid,
    Hole,
    Microscope,
    Run,
    Session,
    Square,
)
from smartscope.queries.visible import Reader, visible_grids, visible_microscopes, visible_sessions

#: a run in one of these occupies its microscope
LIVE = tuple(
    state
    for state in RunState
    if state not in (RunState.DONE, RunState.ABORTED, RunState.FAILED, RunState.INTERRUPTED)
)
IMAGED = (TargetStatus.IMAGED, TargetStatus.ANALYSED, TargetStatus.DONE)
AWAITING = (ExposureStatus.TAKEN, ExposureStatus.TRANSFERRED)


def sessions_shown(reader: Reader) -> QuerySet[Session]:
    """Sessions with `state`, `wish`, the newest run's id and the counts of what they hold."""
    runs = Run.objects.filter(session=OuterRef("pk"))
    newest = runs.order_by("-created_at", "-pk")
    in_session = {"square__grid__session": OuterRef("pk")}
    return (
        visible_sessions(reader)
        .select_related("group")
        .annotate(
            run=Subquery(newest.values("pk")[:1]),
            wish=Subquery(newest.values("wish")[:1]),
            state=Case(
                When(imported=True, then=Value("imported")),
                default=Coalesce(Subquery(newest.values("state")[:1]), Value("planned")),
                output_field=CharField(),
            ),
            started_at_s=Subquery(
                runs.order_by().values("session").annotate(m=Min("started_at_s")).values("m")
            ),
            last_ended_at_s=Subquery(newest.values("ended_at_s")[:1]),
            grid_count=_count(Grid.objects.filter(session=OuterRef("pk"))),
            square_count=_count(Square.objects.filter(grid__session=OuterRef("pk"))),
            hole_count=_count(Hole.objects.filter(**in_session)),
            exposure_count=_count(
                Exposure.objects.filter(hole__square__grid__session=OuterRef("pk"))
            ),
        )
    )


def grids_shown(reader: Reader) -> QuerySet[Grid]:
    """Grids with their counts, the CTF fits reached, the time spent and the rank in the session."""
    squares = Square.objects.filter(grid=OuterRef("pk"))
    exposures = Exposure.objects.filter(hole__square__grid=OuterRef("pk"))
    fits = exposures.order_by().filter(ctf_fit_angstrom__isnull=False)
    return (
        visible_grids(reader)
        .select_related("atlas")
        .annotate(
            square_count=_count(squares),
            squares_good=_count(
                squares.filter(
                    Q(label__in=USABLE_CLASSES) | Q(label="", model_label__in=USABLE_CLASSES),
                    external=False,
                )
            ),
            squares_imaged=_count(squares.filter(status__in=IMAGED)),
            hole_count=_count(Hole.objects.filter(square__grid=OuterRef("pk"))),
            exposure_count=_count(exposures),
            exposures_analysed=_count(exposures.filter(status=ExposureStatus.ANALYSED)),
            exposures_judged=_count(exposures.exclude(quality_class__in=("", "unknown"))),
            exposures_contaminated=_count(
                exposures.filter(
                    quality_class="contaminated",
                    quality_probability__gte=SURE_ENOUGH,
                    label="",
                )
            ),
            waiting_for_analysis=_count(exposures.filter(status__in=AWAITING)),
            particle_count=Subquery(
                exposures.order_by()
                .annotate(n=Func(F("particles"), function="SUM", output_field=IntegerField()))
                .values("n"),
                output_field=IntegerField(),
            ),
            ctf_fit_best_angstrom=_over(fits, "MIN(%(expressions)s)"),
            ctf_fit_median_angstrom=_over(
                fits, "PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
            ),
            minutes_spent=ExpressionWrapper(
                (Coalesce(F("ended_at_s"), F("session__microscope__clock_s")) - F("started_at_s"))
                / 60.0,
                output_field=FloatField(),
            ),
            rank=_count(_better_grids()) + 1,
        )
    )


def microscopes_shown(reader: Reader) -> QuerySet[Microscope]:
    """Microscopes with the live run and its session, where the reader may see that session.

    `told` says whether the reason of the state may be told: it may speak of another group's grids.
    """
    live = Run.objects.filter(microscope=OuterRef("pk"), state__in=LIVE)
    helm = DriverLease.objects.filter(microscope=OuterRef("pk"), expires_at__gt=Now())
    seen = live.filter(session__in=visible_sessions(reader).values("pk"))
    return visible_microscopes(reader).annotate(
        run=Subquery(seen.values("pk")[:1]),
        session=Subquery(seen.values("session")[:1]),
        driver=Subquery(helm.values("holder__username")[:1]),
        told=Case(
            When(Exists(seen), then=Value(True)),
            When(Exists(live), then=Value(False)),
            default=Value(True),
        ),
    )


def _better_grids() -> QuerySet[Grid]:
    """Grids of the same session that come before: more usable holes expected, then the slot."""
    ours, theirs = OuterRef("expected_usable_holes"), F("expected_usable_holes")
    before = OuterRef("position")
    return Grid.objects.annotate(ours=ExpressionWrapper(ours, output_field=FloatField())).filter(
        Q(ours__isnull=True, expected_usable_holes__isnull=False)
        | Q(expected_usable_holes__gt=F("ours"))
        | Q(ours__isnull=True, expected_usable_holes__isnull=True, position__lt=before)
        | Q(ours=theirs, position__lt=before),
        session=OuterRef("session"),
    )


def _count(rows: QuerySet[Any]) -> Subquery:
    """How many rows, as a column of the statement around it."""
    counted = rows.order_by().annotate(
        n=Func(F("pk"), function="COUNT", output_field=IntegerField())
    )
    return Subquery(counted.values("n"), output_field=IntegerField())


def _over(rows: QuerySet[Exposure], template: str) -> Subquery:
    """One figure over the CTF fits of the rows."""
    figure = Func(F("ctf_fit_angstrom"), template=template, output_field=FloatField())
    return Subquery(rows.annotate(figure=figure).values("figure"), output_field=FloatField())


def slots_taken(session: Session) -> dict[int, str]:
    """The names of the session's grids by their slots."""
    return dict(Grid.objects.filter(session=session).values_list("position", "name"))


def parameters_of(row: CollectionParameters) -> dict[str, Any]:
    """Every collection parameter by name."""
    return {name: getattr(row, name) for name in PARAMETER_NAMES}
