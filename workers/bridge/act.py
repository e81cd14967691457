"""From a decided step to the procedure that carries it out: items, parameters and request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from smartscope.domain.geometry import Point
from smartscope.domain.steps import (
    CheckBeam,
    ConfirmStage,
    ExposeGroup,
    FinishGrid,
    FlashGun,
    ImageAtlas,
    ImageSquare,
    LoadGrid,
    MakeSafe,
    OpenValves,
    RefineZeroLoss,
    Step,
    TuneBeam,
    UpdateDarkReference,
)
from smartscope.microscope.base import Microscope
from smartscope.microscope.procedures.atlas import atlas
from smartscope.microscope.procedures.exchange import confirm_stage, load_grid, open_valves
from smartscope.microscope.procedures.group import expose_group
from smartscope.microscope.procedures.happenings import Procedure, Produced
from smartscope.microscope.procedures.requests import (
    AtlasRequest,
    GroupMember,
    GroupRequest,
    LoadRequest,
    SquareRequest,
)
from smartscope.microscope.procedures.second_look import look_again
from smartscope.microscope.procedures.square import square
from smartscope.microscope.procedures.upkeep import (
    flash_gun,
    refine_zero_loss,
    safe_stop,
    tune_beam,
    update_dark_reference,
)
from smartscope.microscope.values import Area, HeightMode, RoutineCost
from smartscope.models.image import ImageKind
from smartscope.operations.journal_values import PlannedItem
from smartscope.queries.earlier_group import leaned_before
from workers.bridge.errors import ValvesStayOpen
from workers.bridge.focusing import focus_policy
from workers.bridge.helm import Helm
from workers.bridge.landmarks import centre_locator, lattice_reach_um, square_reference
from workers.bridge.look import look_at_again
from workers.bridge.names import MOVIE, FileNames, camera_folder

VIEW = "view"
#: the action of a safe state without which it is none
CLOSE_VALVES = "close_valves"
#: dose in each frame of a movie; enough frames to follow the drift, few enough to store
DOSE_PER_FRAME_E_PER_A2 = 2.0
MOST_FRAMES = 100

Begin = Callable[[Microscope, FileNames, str], Procedure]


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What the journal is told before, and how to begin once the step has its number."""

    #: given the instrument, the file names and the error that ended the last attempt
    begin: Begin
    items: tuple[PlannedItem, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


def act_for(helm: Helm, step: Step) -> Act:
    """The act of any step that moves something; FinishGrid moves nothing and has none."""
    match step:
        case LoadGrid():
            return _load(helm, step)
        case ConfirmStage():
            return Act(
                begin=lambda scope, *_: confirm_stage(scope, step.position),
                parameters={"slot": step.position},
            )
        case OpenValves():
            return Act(begin=lambda scope, *_: open_valves(scope))
        case ImageAtlas():
            return _atlas(helm, step)
        case ImageSquare():
            return _square(helm, step)
        case ExposeGroup():
            return _group(helm, step)
        case CheckBeam():
            return _beam(helm, step)
        case RefineZeroLoss() | FlashGun() | UpdateDarkReference() | TuneBeam():
            return _upkeep(step)
        case MakeSafe():
            return Act(begin=lambda scope, *_: _safe(scope), parameters={"reason": step.reason})
        case FinishGrid():
            raise AssertionError("finishing a grid is an operation, not an act")


def _safe(scope: Microscope) -> Procedure:
    """Sought, then read back: a safe state whose valves are not surely closed has failed."""
    trouble, confirmed = "", False
    for happening in safe_stop(scope):
        if isinstance(happening, Produced):
            done = happening.measurements
            trouble = "; ".join(f"{name}: {text}" for name, text in done.items() if text != "done")
            confirmed = done.get(CLOSE_VALVES) == "done"
        yield happening
    if not confirmed or not scope.column.status().valves_closed:
        raise ValvesStayOpen(
            f"The valves are not surely closed ({trouble or 'no action failed'}); close them at "
            "the console now."
        )


def _upkeep(step: RefineZeroLoss | FlashGun | UpdateDarkReference | TuneBeam) -> Act:
    match step:
        case RefineZeroLoss():
            return Act(begin=lambda scope, *_: refine_zero_loss(scope))
        case FlashGun():
            return Act(begin=lambda scope, *_: flash_gun(scope))
        case UpdateDarkReference():
            return Act(
                begin=lambda scope, *_: update_dark_reference(scope, max_age_h=step.max_age_h),
                parameters={"max_age_h": step.max_age_h},
            )
        case TuneBeam():
            return Act(
                begin=lambda scope, *_: tune_beam(scope, step.place, beside_um=step.beside_um),
                parameters={"stage_x_um": step.place.x_um, "stage_y_um": step.place.y_um},
            )


def item_of_hole(number: int) -> str:
    """The item's name, as it stands in the file's."""
    return f"h{number:04d}"


def kind_of_item(step_kind: str, item: str) -> ImageKind:
    """Which kind of image an item of a step is."""
    if step_kind == "expose":
        return ImageKind.HOLE if item == VIEW else ImageKind.MOVIE
    return {"atlas": ImageKind.ATLAS_TILES, "square": ImageKind.SQUARE}[step_kind]


def _load(helm: Helm, step: LoadGrid) -> Act:
    by_hand = not helm.identity().has_autoloader

    def begin(scope: Microscope, *_: object) -> Procedure:
        if by_hand:
            # planned only after a person said that this grid is in
            scope.autoloader.confirm_exchange(step.position)
        helm.watch.images = helm.watch.images.on_another_grid()
        return load_grid(scope, LoadRequest(slot=step.position))

    return Act(
        begin=begin,
        parameters={
            "slot": step.position,
            "loaded_before": helm.microscope.autoloader.loaded(),
        },
    )


def _atlas(helm: Helm, step: ImageAtlas) -> Act:
    dose = helm.area(Area.ATLAS).dose_e_per_a2

    def begin(scope: Microscope, names: FileNames, _: str) -> Procedure:
        request = AtlasRequest(item=names.stem("atlas"), columns=step.tiles_x, rows=step.tiles_y)
        return atlas(scope, request)

    return Act(
        begin=begin,
        items=(PlannedItem(name="atlas", dose_e_per_angstrom2=dose),),
        parameters={"tiles_x": step.tiles_x, "tiles_y": step.tiles_y},
    )


def _square(helm: Helm, step: ImageSquare) -> Act:
    dose = helm.area(Area.SQUARE).dose_e_per_a2

    def begin(scope: Microscope, names: FileNames, last_error: str) -> Procedure:
        # A tilted specimen off its height is seen beside its place, by as much at 45 degrees.
        height: HeightMode | None = HeightMode.FINE if step.tilt_deg else HeightMode.ROUGH
        # A square whose height could not be found is still worth its image at the last height.
        if last_error == "HeightFailed":
            height = None
        request = SquareRequest(
            item=names.stem("square"),
            target=step.stage,
            reference=square_reference(step.square),
            height=height,
            columns=step.tiles_x,
            rows=step.tiles_y,
        )
        return square(scope, request)

    return Act(
        begin=begin,
        items=(PlannedItem(name="square", dose_e_per_angstrom2=dose),),
        parameters={
            "tiles_x": step.tiles_x,
            "tiles_y": step.tiles_y,
            "stage_x_um": step.stage.x_um,
            "stage_y_um": step.stage.y_um,
            "why": step.why,
        },
    )


def _beam(helm: Helm, step: CheckBeam) -> Act:
    place, area = step.place, Area(step.place.area)
    cost = RoutineCost(area=area, images=1, dose_e_per_a2=helm.area(area).dose_e_per_a2)

    def begin(scope: Microscope, *_: object) -> Procedure:
        for happening in look_again(
            scope, cost, Point(place.x_um, place.y_um), tilt_deg=place.tilt_deg
        ):
            if isinstance(happening, Produced) and happening.image is not None:
                look_at_again(helm, happening.image)
                continue
            yield happening

    return Act(
        begin=begin,
        parameters={
            "area": str(area),
            "stage_x_um": place.x_um,
            "stage_y_um": place.y_um,
            "dose_e_per_angstrom2": cost.dose_e_per_a2,
        },
    )


def _group(helm: Helm, step: ExposeGroup) -> Act:
    record = helm.area(Area.RECORD)
    members = {item_of_hole(shot.number): shot for shot in step.shots}
    frames = round(step.dose_e_per_angstrom2 / DOSE_PER_FRAME_E_PER_A2)

    def begin(scope: Microscope, names: FileNames, last_error: str) -> Procedure:
        key = names.key(VIEW, ImageKind.MOVIE)
        folder = camera_folder(helm.store, helm.spool, key)
        folder.mkdir(parents=True, exist_ok=True)
        request = GroupRequest(
            view_item=names.stem(VIEW),
            centre=step.centre,
            members=tuple(
                GroupMember(item=names.stem(item), target=shot.target, defocus_um=step.defocus_um)
                for item, shot in members.items()
            ),
            folder=folder,
            dose_e_per_a2=step.dose_e_per_angstrom2,
            frames=min(max(frames, 1), MOST_FRAMES),
            save_frames=step.save_frames,
            file_format=MOVIE,
            focus=focus_policy(helm.held.microscope, step, last_error),
            drift_limit_angstrom_per_s=step.drift_limit_angstrom_per_s,
            tilt_deg=step.tilt_deg,
            z_um=step.stage_z_um,
            locate=centre_locator(step.group),
            leaned=leaned_before(helm.held.microscope, step.square, step.tilt_deg),
            lattice_reach_um=lattice_reach_um(step.group),
        )
        return expose_group(scope, request)

    return Act(
        begin=begin,
        items=(
            PlannedItem(name=VIEW, dose_e_per_angstrom2=helm.area(Area.HOLE).dose_e_per_a2),
            *(
                PlannedItem(
                    name=item, hole=shot.hole, dose_e_per_angstrom2=step.dose_e_per_angstrom2
                )
                for item, shot in members.items()
            ),
        ),
        parameters={
            "stage_x_um": step.centre.x_um,
            "stage_y_um": step.centre.y_um,
            "why": step.why,
            "defocus_um": step.defocus_um,
            "tilt_deg": step.tilt_deg,
            "pixel_size_angstrom": record.pixel_size_angstrom,
            "targets": {
                item: [shot.target.x_um, shot.target.y_um] for item, shot in members.items()
            },
        },
    )
