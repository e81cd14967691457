"""Register one finished image: file, target, event and analyses it calls for, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath
from uuid import UUID

from django.utils import timezone

from smartscope.domain.actor import BRIDGE
from smartscope.domain.status import ExposureStatus, ItemState, TargetStatus
from smartscope.models import (
    Analysis,
    Atlas,
    Exposure,
    Group,
    Hole,
    Image,
    Microscope,
    Square,
    Step,
    StepItem,
)
from smartscope.operations.event_log import Told, record_event
from smartscope.operations.hint_analysis import hint_analysis
from smartscope.operations.journal_values import NewImage, WantedAnalysis, wanted_on
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.step_rows import (
    grid_of,
    lock_items,
    lock_open_step,
    move_item,
    move_target,
    scope_of,
    subject_of,
)


@fenced
def record_item(
    held: Held,
    step: UUID,
    name: str,
    image: NewImage,
    wanted: Sequence[WantedAnalysis],
    *,
    now_s: float,
) -> UUID:
    """The image's id. The item must be issued; the hint to the workers follows the commit.

    On a simulated clock the analyses become visible their declared duration after `now_s`.
    """
    row = lock_open_step(held, step)
    item = lock_items(row)[name]
    move_item(item, ItemState.DONE)
    stored = _store(row, image)
    kind, subject = _tell_target(row, item, stored, image)
    analyses = _want(stored, wanted, now_s)
    Microscope.objects.filter(pk=row.microscope_id).update(last_image_at=timezone.now())
    told = Told(
        subjects=[subject, stored.pk],
        after={"image": str(stored.pk), "kind": image.kind, "step": row.number},
        epoch=held.epoch,
    )
    record_event(kind, BRIDGE, scope_of(row), told)
    for analysis in analyses:
        hint_analysis(analysis)
    return stored.pk


def _store(row: Step, image: NewImage) -> Image:
    return Image.objects.create(
        grid=grid_of(row),
        step=row,
        kind=image.kind,
        key=image.key,
        sha256=image.sha256,
        bytes=image.bytes,
        width_px=image.width_px,
        height_px=image.height_px,
        sections=image.sections,
        pixel_size_angstrom=image.pixel_size_angstrom,
        pixel_to_stage=image.pixel_to_stage,
        sections_to_stage=image.sections_to_stage,
        stage_x_um=image.stage_x_um,
        stage_y_um=image.stage_y_um,
        stage_z_um=image.stage_z_um,
        tilt_deg=image.tilt_deg,
        defocus_um=image.defocus_um,
        dose_e_per_angstrom2=image.dose_e_per_angstrom2,
        taken_at_s=image.taken_at_s,
        gain_key=image.gain_key,
    )


def _tell_target(row: Step, item: StepItem, stored: Image, image: NewImage) -> tuple[str, UUID]:
    """Move what was imaged; the kind of its event and its id."""
    if item.hole_id is not None:
        return "exposure.taken", _expose(item.hole_id, stored, image).pk
    if row.kind == "square":
        square = Square.objects.select_for_update(of=("self",), no_key=True).get(pk=subject_of(row))
        square.image = stored
        square.stage_z_um = image.stage_z_um
        move_target(square, TargetStatus.IMAGED)
        return "square.imaged", square.pk
    if row.kind == "expose":
        group = Group.objects.select_for_update(of=("self",), no_key=True).get(pk=subject_of(row))
        group.view_image = stored
        group.save(update_fields=["view_image", "updated_at"])
        return "group.viewed", group.pk
    return "atlas.imaged", Atlas.objects.create(grid=grid_of(row), tiles_image=stored).pk


def _expose(hole_id: UUID, stored: Image, image: NewImage) -> Exposure:
    hole = Hole.objects.select_for_update(of=("self",), no_key=True).get(pk=hole_id)
    move_target(hole, TargetStatus.IMAGED)
    return Exposure.objects.create(
        hole=hole,
        slug=hole.slug,
        movie=stored,
        status=ExposureStatus.TRANSFERRED,
        movie_name=PurePosixPath(image.key).name,
        frames=image.sections,
        pixel_size_angstrom=image.pixel_size_angstrom,
        dose_e_per_angstrom2=image.dose_e_per_angstrom2,
        tilt_deg=image.tilt_deg,
        target_defocus_um=image.defocus_um,
        exposed_at_s=image.taken_at_s,
        mean_counts=image.mean_counts,
    )


def _want(stored: Image, wanted: Sequence[WantedAnalysis], now_s: float) -> list[Analysis]:
    return Analysis.objects.bulk_create(
        [
            Analysis(
                image=stored,
                kind=each.kind,
                plugin=each.plugin,
                plugin_version=each.plugin_version,
                visible_at_s=now_s + each.declared_duration_s,
            )
            for each in wanted_on(wanted, stored.grid.hole_type)
        ]
    )
