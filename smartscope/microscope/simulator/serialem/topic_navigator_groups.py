"""Commands of the Navigator's groups: points that belong together, and where they are."""

from __future__ import annotations

from smartscope.microscope.simulator.serialem.answers import Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.navigator_items import Item
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.topic_buffers import corner_map
from smartscope.microscope.simulator.serialem.topic_navigator import navigator


def _unique_group(program: Program, arguments: Arguments) -> Values:
    nav = navigator(program)
    nav.next_group += 1
    return (float(nav.next_group),)


def _group_status(program: Program, arguments: Arguments) -> Values:
    """0 no group, 1 first or only item of it, 2 a later one; group, size, still marked."""
    nav = navigator(program)
    item = nav.item(0)
    if not item.group:
        return 0.0, 0.0, 0.0, 0.0
    members = [each for each in nav.items if each.group == item.group]
    first = 1.0 if members[0] is item else 2.0
    marked = float(sum(each.acquire for each in members))
    return first, float(item.group), float(len(members)), marked


def _group_stage(program: Program, arguments: Arguments) -> Values:
    members = _members(program, arguments.whole(1))
    _store(program, arguments.text(2), [item.stage.x_um for item in members])
    _store(program, arguments.text(3), [item.stage.y_um for item in members])
    if arguments.given(4):
        _store(program, arguments.text(4), [item.z_um for item in members])
    return (float(len(members)),)


def _group_image(program: Program, arguments: Arguments) -> Values:
    members = _members(program, arguments.whole(1))
    affine = corner_map(program.buffers.get(arguments.text(2)))
    places = [affine.to_pixel(item.stage) for item in members]
    _store(program, arguments.text(3), [x for x, _ in places])
    _store(program, arguments.text(4), [y for _, y in places])
    return (float(len(members)),)


def _members(program: Program, group: int) -> list[Item]:
    return [item for item in navigator(program).items if item.group == group and group]


def _store(program: Program, name: str, values: list[float]) -> None:
    program.script.variables[name.upper()] = "\n".join(f"{value:.4f}" for value in values)


COMMANDS: Table = {
    "GetUniqueNavID": _unique_group,
    "ReportGroupStatus": _group_status,
    "GetNavGroupStageCoords": _group_stage,
    "GetNavGroupImageCoords": _group_image,
}
