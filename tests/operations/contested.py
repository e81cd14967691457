"""A microscope with a running session whose targets steps can be planned on, as plain rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from uuid import UUID, uuid4

from django.contrib.auth.models import Group as PeopleGroup
from django.db import transaction

from smartscope.domain.geometry import Point
from smartscope.domain.status import GRID_ENDS, TargetStatus
from smartscope.domain.steps import ExposeGroup, ImageSquare, LoadGrid, MakeSafe, Shot
from smartscope.models import (
    Detector,
    Exposure,
    Grid,
    Group,
    Hole,
    Image,
    Microscope,
    Run,
    Session,
    Square,
    Step,
    StepItem,
)
from smartscope.operations.journal_values import NewImage, PlannedItem, StepPlan

T = TargetStatus
HOLES_OF_A_GROUP = 2


@dataclass(frozen=True, slots=True)
class Contested:
    """The grid on the stage has one square to image and one with groups; another grid waits."""

    microscope: Microscope
    run: Run
    grid: Grid
    waiting: Grid
    square: Square
    to_image: Square

    def plan(self, kind: str, which: int) -> tuple[StepPlan, bool]:
        """A step of that kind, and whether the rows allow it now."""
        match kind:
            case "expose":
                return self._expose(which)
            case "square":
                return self._image_square()
            case "load_grid":
                self.waiting.refresh_from_db()
                step = LoadGrid(self.waiting.pk, self.waiting.position)
                return StepPlan(run=self.run.pk, step=step), self.waiting.status not in GRID_ENDS
            case _:
                return StepPlan(run=self.run.pk, step=MakeSafe("asked to")), True

    def _expose(self, which: int) -> tuple[StepPlan, bool]:
        groups = list(self.square.groups.order_by("number"))
        group = groups[which % len(groups)]
        every = list(group.holes.order_by("number"))
        holes = [hole for hole in every if hole.status == T.QUEUED] or every
        step = ExposeGroup(
            grid=self.grid.pk,
            square=self.square.pk,
            group=group.pk,
            centre=Point(group.stage_x_um, group.stage_y_um),
            stage_z_um=0.0,
            shots=tuple(Shot(hole.pk, hole.number, Point(hole.x_px, hole.y_px)) for hole in holes),
            defocus_um=1.0,
            dose_e_per_angstrom2=40.0,
            drift_limit_angstrom_per_s=None,
            tilt_deg=0.0,
            save_frames=True,
        )
        shots = [PlannedItem(name=f"h{h.number:04d}", hole=h.pk) for h in holes]
        items = (PlannedItem(name="view"), *shots)
        self.square.refresh_from_db()
        possible = (
            self._wanted()
            and self.square.status != T.SKIPPED
            and group.status == T.QUEUED
            and all(hole.status == T.QUEUED for hole in holes)
        )
        return StepPlan(run=self.run.pk, step=step, items=items), possible

    def _image_square(self) -> tuple[StepPlan, bool]:
        self.to_image.refresh_from_db()
        step = ImageSquare(
            grid=self.grid.pk,
            square=self.to_image.pk,
            stage=Point(0.0, 0.0),
            tiles_x=1,
            tiles_y=1,
            tilt_deg=0.0,
        )
        plan = StepPlan(run=self.run.pk, step=step, items=(PlannedItem(name="square"),))
        return plan, self._wanted() and self.to_image.status == T.QUEUED

    def _wanted(self) -> bool:
        self.grid.refresh_from_db()
        return self.grid.status not in GRID_ENDS

    def queue_again(self, spared: Collection[UUID]) -> None:
        """Every target waits again, except these holes; nothing of them may be in an open step."""
        Grid.objects.filter(pk=self.grid.pk).update(status="working")
        Grid.objects.filter(pk=self.waiting.pk).update(status="waiting")
        Square.objects.filter(pk=self.square.pk).update(status=T.ANALYSED)
        Square.objects.filter(pk=self.to_image.pk).update(status=T.QUEUED, image=None)
        Group.objects.filter(square=self.square).update(status=T.QUEUED)
        Hole.objects.filter(square=self.square).exclude(pk__in=spared).update(status=T.QUEUED)

    def rows(self) -> list[object]:
        """Every row a step may change."""
        grids = (self.grid.pk, self.waiting.pk)
        return [
            list(each.order_by("pk").values_list())
            for each in (
                Run.objects.filter(pk=self.run.pk),
                Step.objects.filter(run=self.run),
                StepItem.objects.filter(step__run=self.run),
                Grid.objects.filter(pk__in=grids),
                Square.objects.filter(grid__in=grids),
                Group.objects.filter(square=self.square),
                Hole.objects.filter(square=self.square),
                Exposure.objects.filter(hole__square=self.square),
                Image.objects.filter(grid__in=grids),
                Microscope.objects.filter(pk=self.microscope.pk),
            )
        ]


@transaction.atomic
def contested(groups: int) -> Contested:
    """The rows, beside whatever there was before."""
    name = uuid4().hex[:12]
    microscope = Microscope.objects.create(name=name)
    detector = Detector.objects.create(
        microscope=microscope,
        number=int(name[:7], 16),
        name="camera",
        model="mini",
        width_px=512,
        height_px=512,
        physical_pixel_um=5.0,
    )
    session = Session.objects.create(
        name=name,
        date=date(2026, 11, 21),
        group=PeopleGroup.objects.create(name=name),
        microscope=microscope,
        detector=detector,
    )
    run = Run.objects.create(session=session, microscope=microscope, state="running")
    grid = Grid.objects.create(
        session=session, slug="g01", position=1, name="one", status="working", started_at_s=1.0
    )
    waiting = Grid.objects.create(session=session, slug="g02", position=2, name="two")
    square, to_image = (
        Square.objects.create(
            grid=grid,
            number=number,
            slug=f"g01-s{number}",
            status=status,
            stage_x_um=0.0,
            stage_y_um=0.0,
            x_px=0.0,
            y_px=0.0,
        )
        for number, status in ((1, T.ANALYSED), (2, T.QUEUED))
    )
    for number in range(1, groups + 1):
        _group(square, number)
    return Contested(microscope, run, grid, waiting, square, to_image)


def _group(square: Square, number: int) -> None:
    group = Group.objects.create(
        square=square,
        number=number,
        slug=f"{square.slug}-p{number}",
        status=T.QUEUED,
        stage_x_um=float(number),
        stage_y_um=0.0,
    )
    for place in range(HOLES_OF_A_GROUP):
        hole = (number - 1) * HOLES_OF_A_GROUP + place + 1
        Hole.objects.create(
            square=square,
            group=group,
            number=hole,
            slug=f"{square.slug}-h{hole}",
            status=T.QUEUED,
            stage_x_um=float(number),
            stage_y_um=0.0,
            x_px=0.0,
            y_px=0.0,
            radius_um=0.6,
        )


def image_of(kind: str, key: str, taken_at_s: float) -> NewImage:
    """The description of a whole file; the file itself is nobody's business here."""
    return NewImage(
        kind="square" if kind == "square" else "movie",
        key=key,
        sha256="0" * 64,
        bytes=10,
        width_px=512,
        height_px=512,
        pixel_size_angstrom=1.0,
        taken_at_s=taken_at_s,
    )
