"""The Navigator's file: written and read in SerialEM's own text form (autodoc, version 2)."""

from __future__ import annotations

import re

from smartscope.domain.geometry import Point
from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.navigator_items import Item, ItemType, Navigator
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.topic_files import named_parts
from smartscope.microscope.simulator.serialem.topic_navigator import navigator

_HEAD = "AdocVersion = 2.00\nLastSavedAs = {}\n"
_ITEM = re.compile(r"\[Item\s*=\s*(.*)\]")
_PAIR = re.compile(r"(\w+)\s*=\s*(.*)")


def _save(program: Program, arguments: Arguments) -> Values:
    nav = navigator(program)
    if arguments.given(1):
        nav.file = program.machine.named(arguments.text(1))
    if not nav.file:
        raise ScriptError("The Navigator has no file name yet; give one")
    text = _HEAD.format(nav.file) + "".join(_written(item) for item in nav.items)
    try:
        program.machine.path(nav.file).write_text(text, encoding="ascii")
    except OSError as error:
        raise ScriptError(f"{nav.file} cannot be written: {error.strerror}") from error
    return NOTHING


def _written(item: Item) -> str:
    points = (*item.points, item.points[0]) if len(item.points) > 1 else item.points
    lines = [
        "",
        f"[Item = {item.label}]",
        f"Color = {item.color}",
        f"StageXYZ = {item.stage.x_um:.3f} {item.stage.y_um:.3f} {item.z_um:.3f}",
        f"NumPts = {len(points)}",
        f"Regis = {item.registration}",
        f"Type = {int(item.kind)}",
        f"Note = {item.note}" if item.note else "",
        f"GroupID = {item.group}" if item.group else "",
        f"Acquire = {int(item.acquire)}",
        f"Draw = {int(item.drawn)}",
        f"MapFile = {item.file}" if item.file else "",
        f"MapSection = {item.section}" if item.file else "",
        "PtsX = " + " ".join(f"{p.x_um:.3f}" for p in points),
        "PtsY = " + " ".join(f"{p.y_um:.3f}" for p in points),
    ]
    return "\n".join([lines[0], *(line for line in lines[1:] if line)]) + "\n"


def _read(program: Program, arguments: Arguments) -> Values:
    name = program.machine.named(arguments.text(1))
    try:
        text = program.machine.path(name).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise ScriptError(f"{name} cannot be read: {error.strerror}") from error
    nav = Navigator(file=name)
    for label, pairs in _sections(text):
        try:
            nav.add(_item(label, pairs))
        except (KeyError, ValueError) as error:
            raise ScriptError(f"Item {label} of {name} cannot be read: {error}") from error
    nav.next_label = len(nav.items) + 1
    program.navigator = nav
    return NOTHING


def _sections(text: str) -> list[tuple[str, dict[str, str]]]:
    sections: list[tuple[str, dict[str, str]]] = []
    for line in text.splitlines():
        head, pair = _ITEM.match(line), _PAIR.match(line)
        if head:
            sections.append((head[1].strip(), {}))
        elif pair and sections:
            sections[-1][1][pair[1]] = pair[2].strip()
    return sections


def _item(label: str, pairs: dict[str, str]) -> Item:
    x_um, y_um, z_um = (float(word) for word in pairs["StageXYZ"].split())
    kind = ItemType(int(pairs.get("Type", "0")))
    xs = [float(word) for word in pairs.get("PtsX", str(x_um)).split()]
    ys = [float(word) for word in pairs.get("PtsY", str(y_um)).split()]
    points = tuple(Point(x, y) for x, y in zip(xs, ys, strict=True))
    if len(points) > 1 and points[0] == points[-1]:
        points = points[:-1]
    return Item(
        label=label,
        kind=kind,
        stage=Point(x_um, y_um),
        z_um=z_um,
        points=points,
        note=pairs.get("Note", ""),
        group=int(pairs.get("GroupID", "0")),
        color=int(pairs.get("Color", "0")),
        acquire=pairs.get("Acquire", "0") == "1",
        drawn=pairs.get("Draw", "1") != "0",
        registration=int(pairs.get("Regis", "1")),
        file=pairs.get("MapFile", ""),
        section=int(pairs.get("MapSection", "0")),
    )


def _name(program: Program, arguments: Arguments) -> Values:
    nav = navigator(program)
    if not nav.file:
        raise ScriptError("The Navigator has no file")
    return named_parts(nav.file) if arguments.whole_or(1, 0) else (nav.file,)


COMMANDS: Table = {"SaveNavigator": _save, "ReadNavFile": _read, "ReportNavFile": _name}
