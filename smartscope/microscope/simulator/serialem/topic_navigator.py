"""Commands of the Navigator: its items, their properties, and going to them."""

from __future__ import annotations

from smartscope.domain.geometry import Point
from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.navigator_items import Item, ItemType, Navigator
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.topic_buffers import corner_map
from smartscope.microscope.simulator.serialem.topic_stage import move_stage
from smartscope.microscope.simulator.serialem.topic_system import array_variable
from smartscope.microscope.simulator.serialem.version import V41

CLOSED, OPEN, OPEN_WITH_FILE = 0.0, 1.0, 2.0


def navigator(program: Program) -> Navigator:
    """The open Navigator. Raises ScriptError when it is closed."""
    if program.navigator is None:
        raise ScriptError("The Navigator is not open")
    return program.navigator


def _open(program: Program, arguments: Arguments) -> Values:
    if program.navigator is not None and program.navigator.items:
        raise ScriptError("The Navigator is already open and has items in it")
    program.navigator = Navigator(
        file=program.machine.named(arguments.text(1)) if arguments.given(1) else ""
    )
    return NOTHING


def _close(program: Program, arguments: Arguments) -> Values:
    program.navigator = None
    return NOTHING


def _is_open(program: Program, arguments: Arguments) -> Values:
    if program.navigator is None:
        return (CLOSED,)
    return (OPEN_WITH_FILE if program.navigator.file else OPEN,)


def _count(program: Program, arguments: Arguments) -> Values:
    return (float(len(navigator(program).items)),)


def _reported(program: Program, number: int) -> Values:
    """Index, stage position and type; label and note go into variables."""
    nav = navigator(program)
    item = nav.item(number)
    program.script.variables |= {
        "NAVLABEL": item.label,
        "NAVNOTE": item.note,
        "NAVCOLOR": str(item.color),
        "NAVREGIS": str(item.registration),
    }
    index = float(nav.items.index(item) + 1)
    return index, item.stage.x_um, item.stage.y_um, item.z_um, float(item.kind)


def _report(program: Program, arguments: Arguments) -> Values:
    return _reported(program, 0)


def _report_other(program: Program, arguments: Arguments) -> Values:
    return _reported(program, arguments.whole(1))


def _delete(program: Program, arguments: Arguments) -> Values:
    navigator(program).delete(arguments.whole(1))
    return NOTHING


def _select(program: Program, arguments: Arguments) -> Values:
    nav = navigator(program)
    nav.selected = nav.index(arguments.whole(1))
    return NOTHING


def _point(program: Program, place: Point, z_um: float, *, group: int, drawn_on: int = 0) -> Values:
    nav = navigator(program)
    item = Item(
        label=nav.label(),
        kind=ItemType.POINT,
        stage=place,
        z_um=z_um,
        points=(place,),
        group=group,
        drawn_on=drawn_on,
    )
    return (float(nav.add(item)),)


def _add_stage_point(program: Program, arguments: Arguments) -> Values:
    place = Point(arguments.number(1), arguments.number(2))
    return _point(program, place, arguments.number(3), group=arguments.whole_or(4, 0))


def _add_image_point(program: Program, arguments: Arguments) -> Values:
    image = program.buffers.get(arguments.text(1))
    place = corner_map(image).apply(arguments.number(2), arguments.number(3))
    z_um = arguments.number_or(4, image.stage.z_um)
    maps = [item.image is image for item in navigator(program).items]
    drawn_on = maps.index(True) + 1 if True in maps else 0
    return _point(program, place, z_um, group=arguments.whole_or(5, 0), drawn_on=drawn_on)


def _add_polygon(program: Program, arguments: Arguments) -> Values:
    xs = array_variable(program, arguments.text(1))
    ys = array_variable(program, arguments.text(2))
    if len(xs) != len(ys) or len(xs) < 3:
        raise ScriptError(f"{len(xs)} X and {len(ys)} Y values make no polygon")
    points = tuple(Point(x, y) for x, y in zip(xs, ys, strict=True))
    nav = navigator(program)
    item = Item(
        label=nav.label(),
        kind=ItemType.POLYGON,
        stage=_middle(points),
        z_um=arguments.number(3),
        points=points,
    )
    return (float(nav.add(item)),)


def _middle(points: tuple[Point, ...]) -> Point:
    xs, ys = [p.x_um for p in points], [p.y_um for p in points]
    return Point((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2)


def _new_map(program: Program, arguments: Arguments) -> Values:
    """From the montage overview when a montage is open, else from A; it must have been saved."""
    nav = navigator(program)
    file = program.files.file()
    if not file.sections:
        raise ScriptError("There is no saved image to make a map from")
    image = program.buffers.get("B" if file.montage else "A")
    corners = ((0, 0), (image.width, 0), (image.width, image.height), (0, image.height))
    outline = tuple(corner_map(image).apply(x, y) for x, y in corners)
    item = Item(
        label=nav.label(),
        kind=ItemType.MAP,
        stage=image.centre(),
        z_um=image.stage.z_um,
        points=outline,
        note=arguments.text_or(2),
        file=file.name,
        section=len(file.sections) - 1,
        image=image,
    )
    return (float(nav.add(item)),)


def _load_map(program: Program, arguments: Arguments) -> Values:
    item = navigator(program).item(arguments.whole(1))
    if item.kind is not ItemType.MAP or item.image is None:
        raise ScriptError(f"Navigator item {item.label} is not a map that can be loaded")
    program.buffers.put(arguments.text_or(2, "Q"), item.image)
    return NOTHING


def _move_to(program: Program, arguments: Arguments) -> Values:
    item = navigator(program).item(arguments.whole_or(1, 0))
    move_stage(program, item.stage.x_um, item.stage.y_um, item.z_um)
    return NOTHING


def _set_acquire(program: Program, arguments: Arguments) -> Values:
    item = navigator(program).item(arguments.whole_or(1, 0))
    item.acquire = arguments.whole_or(2, 1) != 0
    return (float(item.acquire),) if program.version.at_least(V41) else NOTHING


def _acquire(program: Program, arguments: Arguments) -> Values:
    return (float(navigator(program).item(arguments.whole_or(1, 0)).acquire),)


def _count_acquire(program: Program, arguments: Arguments) -> Values:
    if program.navigator is None:
        return -1.0, -1.0
    return float(sum(item.acquire for item in program.navigator.items)), 0.0


def _with_label(program: Program, arguments: Arguments) -> Values:
    return _first(program, [i.label == arguments.text(1) for i in navigator(program).items])


def _with_note(program: Program, arguments: Arguments) -> Values:
    return _first(program, [i.note == arguments.text(1) for i in navigator(program).items])


def _first(program: Program, matches: list[bool]) -> Values:
    return (float(matches.index(True) + 1) if True in matches else 0.0,)


def _drawn_on(program: Program, arguments: Arguments) -> Values:
    return (float(navigator(program).item(arguments.whole(1)).drawn_on),)


def _change_label(program: Program, arguments: Arguments) -> Values:
    navigator(program).item(arguments.whole(1)).label = arguments.text(2)
    return NOTHING


def _change_note(program: Program, arguments: Arguments) -> Values:
    navigator(program).item(arguments.whole(1)).note = arguments.text_or(2)
    return NOTHING


def _change_color(program: Program, arguments: Arguments) -> Values:
    color = arguments.whole(2)
    if not 0 <= color <= 5:
        raise ScriptError(f"Color {color} is not 0 to 5")
    navigator(program).item(arguments.whole(1)).color = color
    return NOTHING


def _change_draw(program: Program, arguments: Arguments) -> Values:
    navigator(program).item(arguments.whole(1)).drawn = arguments.whole_or(2, 1) != 0
    return NOTHING


def _update_z(program: Program, arguments: Arguments) -> Values:
    item = navigator(program).item(arguments.whole_or(1, 0))
    item.z_um = program.scope.world.state.stage.z_um
    return NOTHING


def _shift_items(program: Program, arguments: Arguments) -> Values:
    dx_um, dy_um = arguments.number(1), arguments.number(2)
    registration = arguments.whole_or(3, 0)
    for item in navigator(program).items:
        if registration in (0, item.registration):
            item.stage = Point(item.stage.x_um + dx_um, item.stage.y_um + dy_um)
            item.points = tuple(Point(p.x_um + dx_um, p.y_um + dy_um) for p in item.points)
    return NOTHING


def _adjusted(program: Program, arguments: Arguments) -> Values:
    """A stage position with the image shift that was on it, in stage µm."""
    lenses = program.scope.world.state.lenses
    return arguments.number(1) + lenses.shift_x_um, arguments.number(2) + lenses.shift_y_um


def _acquiring(program: Program, arguments: Arguments) -> Values:
    return 0.0, 0.0


def _nothing(program: Program, arguments: Arguments) -> Values:
    return NOTHING


COMMANDS: Table = {
    "OpenNavigator": _open,
    "CloseNavigator": _close,
    "ReportIfNavOpen": _is_open,
    "ReportNumTableItems": _count,
    "ReportNavItem": _report,
    "ReportOtherItem": _report_other,
    "DeleteNavigatorItem": _delete,
    "SetSelectedNavItem": _select,
    "AddStagePosAsNavPoint": _add_stage_point,
    "AddImagePosAsNavPoint": _add_image_point,
    "AddStagePointsAsPolygon": _add_polygon,
    "NewMap": _new_map,
    "LoadOtherMap": _load_map,
    "MoveToNavItem": _move_to,
    "SetItemAcquire": _set_acquire,
    "ReportItemAcquire": _acquire,
    "ReportNumNavAcquire": _count_acquire,
    "NavIndexWithLabel": _with_label,
    "NavIndexWithNote": _with_note,
    "NavIndexItemDrawnOn": _drawn_on,
    "ChangeItemLabel": _change_label,
    "ChangeItemNote": _change_note,
    "ChangeItemColor": _change_color,
    "ChangeItemDraw": _change_draw,
    "UpdateItemZ": _update_z,
    "ShiftItemsByMicrons": _shift_items,
    "AdjustStagePosForNav": _adjusted,
    "ReportIfNavAcquiring": _acquiring,
    "EndAcquireAtItems": _nothing,
    "SkipAcquiringNavItem": _nothing,
}
