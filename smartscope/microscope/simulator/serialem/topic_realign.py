"""Finding a Navigator item again by the map it was drawn on."""

from __future__ import annotations

from smartscope.domain.geometry import Point
from smartscope.microscope.alignment import find
from smartscope.microscope.simulator import positioning
from smartscope.microscope.simulator.durations import Operation
from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.buffers import BufferImage
from smartscope.microscope.simulator.serialem.imaging_states import of_index
from smartscope.microscope.simulator.serialem.montage_setup import inside
from smartscope.microscope.simulator.serialem.navigator_items import Item, ItemType, Navigator
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.shots import shoot_image
from smartscope.microscope.simulator.serialem.topic_alignment import FAILS_BELOW, acquired
from smartscope.microscope.simulator.serialem.topic_navigator import navigator
from smartscope.microscope.simulator.serialem.topic_stage import move_stage
from smartscope.microscope.tilted_shift import SpecimenOffset
from smartscope.microscope.values import Area, ImageShift, Reference

#: what is left after the first look is brought into the middle by image shift if it is below this
SHIFTS_BELOW_UM = 5.0
LOOKS = 2


def _realign(program: Program, arguments: Arguments) -> Values:
    """Go to an item, take the map's kind of image there, and correct what it shows to be off."""
    nav = navigator(program)
    item = nav.item(arguments.whole(1))
    known = map_of(nav, item)
    positioning.set_image_shift(program.scope, ImageShift(0.0, 0.0))
    move_stage(program, item.stage.x_um, item.stage.y_um, item.z_um)
    for _ in range(LOOKS):
        program.heed_stop()
        _correct(program, known, item.stage)
    return NOTHING


def map_of(nav: Navigator, item: Item) -> BufferImage:
    """The image of the map that an item is, was drawn on, or lies in. Raises ScriptError."""
    drawn_on = [nav.items[item.drawn_on - 1]] if item.drawn_on else []
    around = [
        each for each in nav.items if each.kind is ItemType.MAP and inside(item.stage, each.points)
    ]
    for each in (item, *drawn_on, *around):
        if each.kind is ItemType.MAP and each.image is not None:
            return each.image
    raise ScriptError(f"There is no map to realign to for Navigator item {item.label}")


def _correct(program: Program, known: BufferImage, target: Point) -> None:
    """One look: where the target is, and the stage or the beam moved there."""
    scope, area = program.scope, of_index(known.mag_index).area
    if program.low_dose.on:
        positioning.go_to(scope, area)
    image = shoot_image(program, area, known.camera_set, routine="realign")
    scope.world.spend(Operation.ALIGN)
    extent_um = 0.8 * image.pixel_nm * 1e-3 * min(image.width, image.height)
    reference = Reference(image=acquired(known), target=target, extent_um=extent_um)
    found, correlation = find(reference, acquired(image))
    if correlation < FAILS_BELOW:
        raise ScriptError(f"Realigning failed: the correlation is only {correlation:.3f}")
    centre = image.centre()
    dx_um, dy_um = found.x_um - centre.x_um, found.y_um - centre.y_um
    lenses, stage = scope.world.state.lenses, scope.world.state.stage
    near = max(abs(dx_um), abs(dy_um)) < SHIFTS_BELOW_UM
    if near and area is not Area.ATLAS:
        more = SpecimenOffset(dx_um, dy_um).image_shift(stage.tilt_deg)
        shift = ImageShift(lenses.shift_x_um + more.x_um, lenses.shift_y_um + more.y_um)
        positioning.set_image_shift(scope, shift)
    else:
        move_stage(program, stage.x_um + dx_um, stage.y_um + dy_um, None)


COMMANDS: Table = {"RealignToOtherItem": _realign}
