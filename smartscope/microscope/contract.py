"""What every driver must do, as assertions on any `Microscope`: run them on a test instrument only.

Each function takes an idle, reachable microscope and leaves it usable. They spend dose and move
grids; `slot` must hold a grid, `empty_slot` must not.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from smartscope.domain.errors import LeaseLost
from smartscope.domain.geometry import Point
from smartscope.microscope.base import Microscope
from smartscope.microscope.errors import (
    CommandRefused,
    ImageShiftLimit,
    SlotEmpty,
    StageLimit,
    ValvesClosed,
)
from smartscope.microscope.procedures.exchange import load_grid, open_valves
from smartscope.microscope.procedures.happenings import Procedure, Waiting
from smartscope.microscope.procedures.requests import LoadRequest
from smartscope.microscope.values import (
    AcquiredImage,
    Area,
    HeightMode,
    ImageShift,
    MontagePlan,
    RecordItem,
    RecordPlan,
)

Wait = Callable[[float], None]


def run(procedure: Procedure, wait_until: Wait) -> None:
    """Drive a procedure to its end as the simplest runner would."""
    for happening in procedure:
        if isinstance(happening, Waiting):
            wait_until(happening.until_s)


def ready(microscope: Microscope, slot: int, wait_until: Wait) -> None:
    """A grid on the stage and the beam on it."""
    run(load_grid(microscope, LoadRequest(slot=slot)), wait_until)
    run(open_valves(microscope), wait_until)


def says_who_it_is(microscope: Microscope) -> None:
    """Identity is complete and does not change."""
    identity = microscope.identity()
    assert identity.name, "identity() must name the instrument"
    assert identity.driver
    assert 60 <= identity.voltage_kv <= 400
    assert identity == microscope.identity(), "identity() must not change"


def offers_all_areas(microscope: Microscope) -> None:
    """Every area once, from coarse to fine pixels."""
    areas = microscope.optics.areas()
    assert [each.area for each in areas] == list(Area), "areas() must list every area in order"
    pixels = [each.pixel_size_angstrom for each in areas if each.area is not Area.FOCUS]
    assert pixels == sorted(pixels, reverse=True), "pixel sizes must fall from atlas to record"
    assert all(each.dose_e_per_a2 > 0 for each in areas)


def inventory_is_stable(microscope: Microscope) -> None:
    """Two looks at an untouched cassette agree."""
    first, second = microscope.autoloader.inventory(), microscope.autoloader.inventory()
    assert first.fingerprint == second.fingerprint
    assert first.slots == second.slots


def refuses_an_empty_slot(microscope: Microscope, empty_slot: int) -> None:
    """Loading nothing raises and changes nothing."""
    before = microscope.autoloader.loaded()
    microscope.column.close_valves()
    _raises(SlotEmpty, lambda: microscope.autoloader.load(empty_slot))
    assert microscope.autoloader.loaded() == before


def loads_only_with_closed_valves(microscope: Microscope, slot: int, other_slot: int) -> None:
    """With a grid on the stage and the valves open, no exchange begins."""
    assert microscope.column.status().valves_open, "call ready() first"
    _raises(CommandRefused, lambda: microscope.autoloader.load(other_slot))
    assert microscope.autoloader.loaded() == slot


def exposes_only_with_open_valves(microscope: Microscope) -> None:
    """No image comes from a closed column."""
    microscope.column.close_valves()
    assert not microscope.column.status().valves_open
    _raises(ValvesClosed, lambda: microscope.camera.image(Area.SQUARE))


def stage_goes_where_it_is_sent(microscope: Microscope) -> None:
    """Positions are absolute and read back; beyond the limits nothing moves."""
    for point in (Point(12.0, -34.0), Point(-12.5, 30.0)):
        microscope.stage.move_to(point, z_um=3.0)
        pose = microscope.stage.position()
        assert pose.point.distance_um(point) < 0.5, f"asked for {point}, reads {pose}"
        assert abs(pose.z_um - 3.0) < 0.5
    microscope.stage.tilt_to(10.0)
    assert abs(microscope.stage.position().tilt_deg - 10.0) < 0.2
    microscope.stage.tilt_to(0.0)
    before = microscope.stage.position()
    _raises(StageLimit, lambda: microscope.stage.move_to(Point(5000.0, 0.0)))
    _raises(StageLimit, lambda: microscope.stage.move_to(Point(math.nan, 0.0)))
    _raises(StageLimit, lambda: microscope.stage.tilt_to(89.0))
    assert microscope.stage.position() == before


def image_shift_is_absolute_and_bounded(microscope: Microscope) -> None:
    """Setting twice is setting once; out of range raises; the atlas clears it."""
    optics = microscope.optics
    optics.go_to(Area.HOLE)
    for _ in range(2):
        optics.set_image_shift(ImageShift(2.0, -1.0))
    shift = optics.state().image_shift
    assert math.hypot(shift.x_um - 2.0, shift.y_um + 1.0) < 0.05
    _raises(ImageShiftLimit, lambda: optics.set_image_shift(ImageShift(80.0, 0.0)))
    optics.go_to(Area.ATLAS)
    assert optics.state().image_shift == ImageShift(0.0, 0.0)
    optics.go_to(Area.SQUARE)


def images_say_where_they_are(microscope: Microscope) -> None:
    """An image is 2-D, finite, of the calibrated size, and its centre is at the stage position."""
    by_area = {each.area: each for each in microscope.optics.areas()}
    for area in (Area.ATLAS, Area.SQUARE, Area.HOLE):
        image = microscope.camera.image(area)
        settings = by_area[area]
        assert image.pixels.shape == (settings.height_px, settings.width_px)
        assert np.isfinite(image.pixels.astype(np.float64)).all()
        assert image.pixel_size_angstrom > 0
        assert _centre(image).distance_um(image.pose.point) < 0.01 * settings.field_um[0]
        size = image.pixel_to_stage.pixel_size_um() * 1e4
        assert abs(size - image.pixel_size_angstrom) < 0.05 * size


def montages_tile_their_area(microscope: Microscope) -> None:
    """Every tile once, neighbours overlapping, taken at rising times."""
    plan = MontagePlan(centre=Point(0.0, 0.0), columns=2, rows=2, overlap=0.1)
    montage = microscope.camera.montage(Area.ATLAS, plan)
    places = {(piece.column, piece.row): piece.image for piece in montage.pieces}
    assert set(places) == {(0, 0), (1, 0), (0, 1), (1, 1)}
    times = [piece.image.taken_at_s for piece in montage.pieces]
    assert times == sorted(times)
    field_x, _ = next(a.field_um for a in microscope.optics.areas() if a.area is Area.ATLAS)
    apart = _centre(places[0, 0]).distance_um(_centre(places[1, 0]))
    assert 0.8 * field_x < apart < field_x, "neighbouring tiles must overlap"


def records_whole_files(microscope: Microscope, folder: Path) -> None:
    """A movie is on disk under its name when `record` returns, and is never overwritten."""
    item = RecordItem(
        name="contract-1",
        image_shift=ImageShift(0.5, 0.0),
        defocus_um=1.5,
        dose_e_per_a2=20.0,
        frames=4,
    )
    plan = RecordPlan(items=(item,), folder=folder)
    (file,) = microscope.camera.record(plan)
    assert file.item == "contract-1"
    assert file.path.name == "contract-1.tif"
    assert file.path.stat().st_size == file.size_bytes > 0
    assert file.frames == 4
    assert math.isclose(file.dose_e_per_a2, 20.0)
    assert not list(folder.glob("*.part")), "no half file may be left"
    found = microscope.camera.find_recorded("contract-1", folder, file_format="tif")
    assert found == file.path, "a recorded movie must be found again by its name"
    assert microscope.camera.find_recorded("contract-0", folder, file_format="tif") is None
    content = file.path.read_bytes()
    _raises(CommandRefused, lambda: microscope.camera.record(plan))
    assert file.path.read_bytes() == content


def refuses_an_impossible_record_beforehand(microscope: Microscope, folder: Path) -> None:
    """What cannot be recorded is refused before it is announced, and nothing is exposed by that."""
    item = RecordItem(
        name="contract-2",
        image_shift=ImageShift(0.0, 0.0),
        defocus_um=1.5,
        dose_e_per_a2=20.0,
        frames=4,
    )
    microscope.camera.require_possible(RecordPlan(items=(item,), folder=folder))
    for wrong in (
        RecordPlan(items=(item,), folder=folder / "missing"),
        RecordPlan(items=(item,), folder=folder, file_format="txt"),
        RecordPlan(items=(replace(item, name="a/b"),), folder=folder),
        RecordPlan(items=(replace(item, frames=0),), folder=folder),
        RecordPlan(items=(replace(item, dose_e_per_a2=math.nan),), folder=folder),
        RecordPlan(items=(replace(item, dose_e_per_a2=1e6),), folder=folder),
        RecordPlan(items=(replace(item, defocus_um=math.inf),), folder=folder),
    ):
        _raises(CommandRefused, partial(microscope.camera.require_possible, wrong))
    assert not list(folder.glob("contract-2*"))


def tiles_come_one_by_one(microscope: Microscope) -> None:
    """A montage may be left after any tile; other commands may be given between two of them."""
    plan = MontagePlan(centre=Point(0.0, 0.0), columns=2, rows=1)
    tiles = microscope.camera.tiles(Area.ATLAS, plan)
    first = next(tiles)
    assert microscope.column.status().valves_open
    assert (first.column, first.row) == (0, 0)
    assert microscope.stage.position().point.distance_um(_centre(first.image)) < 1.0
    (second,) = tiles
    assert (second.column, second.row) == (1, 0)
    assert second.image.taken_at_s >= first.image.taken_at_s
    assert microscope.stage.position().point.distance_um(plan.centre) < 1.0


def tasks_answer_in_range(microscope: Microscope) -> None:
    """Height and focus return finite corrections and leave the stage level."""
    height = microscope.tasks.eucentric_height(HeightMode.FINE)
    assert abs(height.z_um) < 300.0
    assert abs(microscope.stage.position().z_um - height.z_um) < 0.5
    assert microscope.stage.position().tilt_deg == 0.0
    focus = microscope.tasks.autofocus()
    assert math.isfinite(focus.corrected_um)


def is_safe_twice(microscope: Microscope) -> None:
    """The safe state is reached from anywhere and again from itself."""
    for _ in range(2):
        report = microscope.safe_state()
        assert report.valves_closed
        assert not microscope.column.status().valves_open
        assert microscope.stage.position().tilt_deg == 0.0


def sends_nothing_without_permit(microscope: Microscope, revoke: Callable[[], None]) -> None:
    """After the permit is gone every command raises LeaseLost; call this last."""
    revoke()
    for command in (
        microscope.column.status,
        microscope.column.open_valves,
        lambda: microscope.stage.move_to(Point(1.0, 1.0)),
        lambda: microscope.camera.image(Area.SQUARE),
        lambda: microscope.autoloader.load(1),
    ):
        _raises(LeaseLost, command)


def _centre(image: AcquiredImage) -> Point:
    height, width = image.pixels.shape
    return image.pixel_to_stage.apply((width - 1) / 2, (height - 1) / 2)


def _raises(kind: type[Exception], command: Callable[[], object]) -> None:
    try:
        command()
    except kind:
        return
    raise AssertionError(f"{kind.__name__} was expected")
