"""Commands of montages: set one up over the grid, a polygon or so many pieces; take it."""

from __future__ import annotations

from smartscope.domain.geometry import Point
from smartscope.microscope.simulator import positioning
from smartscope.microscope.simulator.column import require_beam
from smartscope.microscope.simulator.durations import Operation
from smartscope.microscope.simulator.fault_kinds import Phase
from smartscope.microscope.simulator.serialem import imaging_states as sets
from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.buffers import BufferImage
from smartscope.microscope.simulator.serialem.montage_setup import (
    Field,
    MontageSetup,
    Piece,
    lay_out,
    touches_circle,
    touches_polygon,
)
from smartscope.microscope.simulator.serialem.navigator_items import ItemType
from smartscope.microscope.simulator.serialem.overview import Taken, overview
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.shots import area_of, camera_fault, shoot_image
from smartscope.microscope.simulator.serialem.topic_files import new_file, save_image
from smartscope.microscope.simulator.serialem.topic_navigator import navigator
from smartscope.microscope.values import Area

#: beyond this no piece of a grid is worth taking
GRID_RADIUS_UM = 950.0
MOST_PIECES = 400
STITCHING_S = 12.0
MOVING = (Operation.TILE_MOVE, Operation.TILE_SETTLE)
READING = (Operation.TILE_EXPOSE, Operation.TILE_READOUT, Operation.TILE_SAVE)
#: ParamSetToUseForMontage counts Mont-map, View, Search from 1; the dialog's own is Record
_PARAMETER_SETS = {1: sets.MONT_MAP, 2: sets.VIEW, 3: sets.SEARCH}


def _field(program: Program) -> Field:
    area = _area(program)
    camera = program.scope.area(area).camera
    height, width = camera.height_px, camera.width_px
    if program.orientation.swaps_sides:
        height, width = width, height
    pixel_um = program.scope.area(area).pixel_size_um
    return Field(width=width, height=height, to_stage=program.orientation.camera_to_stage(pixel_um))


def _area(program: Program) -> Area:
    return area_of(program, program.montage_set)


def _overlap(fraction: float) -> float:
    if not 0.0 <= fraction < 0.5:
        raise ScriptError(f"An overlap of {fraction:g} is no fraction below 0.5")
    return fraction


def _extent_px(program: Program, width_um: float, height_um: float) -> tuple[float, float]:
    """A stretch of the stage in pixels along the image's x and y."""
    pixel_um = program.scope.area(_area(program)).pixel_size_um
    sides = (width_um / pixel_um, height_um / pixel_um)
    return (sides[1], sides[0]) if program.orientation.swaps_sides else sides


def _full(program: Program, arguments: Arguments) -> Values:
    """Over the whole grid; corners outside it are left out."""
    overlap, field = _overlap(arguments.number(1)), _field(program)
    extent = _extent_px(program, 2.0 * GRID_RADIUS_UM, 2.0 * GRID_RADIUS_UM)
    columns, rows = field.count(extent, overlap)
    setup = lay_out(
        field,
        columns=columns,
        rows=rows,
        overlap=overlap,
        centre=Point(0.0, 0.0),
        camera_set=program.montage_set,
        wanted=touches_circle(GRID_RADIUS_UM),
    )
    return _open(program, setup, arguments.text(2))


def _polygon_setup(program: Program, number: int, overlap: float) -> MontageSetup:
    item, field = navigator(program).item(number), _field(program)
    if item.kind is not ItemType.POLYGON:
        raise ScriptError(f"Navigator item {item.label} is not a polygon")
    xs, ys = [p.x_um for p in item.points], [p.y_um for p in item.points]
    extent = _extent_px(program, max(xs) - min(xs), max(ys) - min(ys))
    columns, rows = field.count(extent, overlap)
    return lay_out(
        field,
        columns=columns,
        rows=rows,
        overlap=overlap,
        centre=Point((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2),
        camera_set=program.montage_set,
        wanted=touches_polygon(item.points),
    )


def _polygon(program: Program, arguments: Arguments) -> Values:
    """Over a polygon of the Navigator."""
    setup = _polygon_setup(program, arguments.whole(1), _overlap(arguments.number(2)))
    return _open(program, setup, arguments.text(3))


def _assess(program: Program, arguments: Arguments) -> Values:
    """Pieces that a polygon would need, without opening anything."""
    setup = _polygon_setup(program, arguments.whole(1), program.montage_overlap)
    return float(len(setup.pieces)), float(setup.columns), float(setup.rows)


def _open_new(program: Program, arguments: Arguments) -> Values:
    """So many columns and rows about where the stage is."""
    columns, rows = arguments.whole(1), arguments.whole(2)
    if columns < 1 or rows < 1:
        raise ScriptError(f"{columns} x {rows} pieces make no montage")
    stage = program.scope.world.state.stage
    setup = lay_out(
        _field(program),
        columns=columns,
        rows=rows,
        overlap=program.montage_overlap,
        centre=Point(stage.x_um, stage.y_um),
        camera_set=program.montage_set,
    )
    return _open(program, setup, arguments.text(3))


def _open(program: Program, setup: MontageSetup, name: str) -> Values:
    if not setup.pieces or len(setup.pieces) > MOST_PIECES:
        raise ScriptError(f"A montage of {len(setup.pieces)} pieces is not possible")
    new_file(program, name, montage=True)
    program.montage = setup
    return NOTHING


def _pieces(program: Program, arguments: Arguments) -> Values:
    return (float(len(program.montage.pieces)) if program.montage else 1.0,)


def _parameter_set(program: Program, arguments: Arguments) -> Values:
    number = arguments.whole(1)
    if abs(number) not in _PARAMETER_SETS:
        raise ScriptError(f"Montage parameter set {number} is not 1 to 3")
    program.montage_set = _PARAMETER_SETS[number] if number > 0 else sets.RECORD
    return NOTHING


def _parameters(program: Program, arguments: Arguments) -> Values:
    """Stage or image shift, then the overlap in pixels; here the stage always moves."""
    overlap_px = arguments.number_or(2, 0.0)
    if overlap_px > 0.0:
        program.montage_overlap = _overlap(overlap_px / _field(program).width)
    setup = program.montage
    if setup is not None and overlap_px > 0.0:
        program.montage = lay_out(
            _field(program),
            columns=setup.columns,
            rows=setup.rows,
            overlap=program.montage_overlap,
            centre=setup.centre,
            camera_set=setup.camera_set,
        )
    return NOTHING


def _take_piece(program: Program, setup: MontageSetup, piece: Piece, area: Area) -> BufferImage:
    positioning.move_to(program.scope, piece.centre, None, during=MOVING)
    image = shoot_image(program, area, setup.camera_set, during=READING)
    x_px, y_px = piece.column * setup.step_px[0], piece.row * setup.step_px[1]
    save_image(program, image, {"PieceCoordinates": f"{x_px} {y_px} 0"})
    return image


def _take(program: Program, arguments: Arguments) -> Values:
    """Every piece into the file; the piece in the middle into A and the overview into B."""
    setup = program.montage
    if setup is None:
        raise ScriptError("There is no open montage file")
    require_beam(program.scope)
    camera_fault(program, Phase.BEFORE)
    area = area_of(program, setup.camera_set)
    positioning.go_to(program.scope, area)
    taken: Taken = []
    for piece in setup.pieces:
        program.heed_stop()
        taken.append((piece.column, piece.row, _take_piece(program, setup, piece, area)))
    positioning.move_to(program.scope, setup.centre, None)
    program.scope.world.pass_time(STITCHING_S)
    middle = min(taken, key=lambda each: each[2].centre().distance_um(setup.centre))[2]
    program.buffers.put("B", overview(setup, taken))
    program.buffers.put("A", middle)
    camera_fault(program, Phase.AFTER)
    return NOTHING


COMMANDS: Table = {
    "SetupFullMontage": _full,
    "SetupPolygonMontage": _polygon,
    "AssessPolygonMontage": _assess,
    "OpenNewMontage": _open_new,
    "ReportNumMontagePieces": _pieces,
    "ParamSetToUseForMontage": _parameter_set,
    "SetMontageParams": _parameters,
    "SetMontPanelParams": lambda program, arguments: NOTHING,
    **dict.fromkeys(("Montage", "M"), _take),
}
