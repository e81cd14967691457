"""SerialEM's own montage, where a site chose it: the pieces are what tiles would have been."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartscope.domain.errors import BadFile, InstrumentError, SmartscopeError
from smartscope.domain.geometry import Point
from smartscope.microscope import contract
from smartscope.microscope.errors import (
    BadInstrumentSettings,
    CameraFailed,
    CommandRefused,
    ConnectionLost,
    StageLimit,
    ValvesClosed,
)
from smartscope.microscope.serialem.stack_files import read_stack
from smartscope.microscope.values import AcquiredMontage, Area, MontagePlan
from tests.microscope.serialem.served import ServedRig, quarter_turned, served
from tests.microscope.serialem.test_driver_lies import LIES

#: no error of the microscope: what differs is a mistake of ours
PERFECT: dict[str, Any] = {"error_scale": 0, "refills": False}
FULL = {"montages": "full"}
PLAN = MontagePlan(centre=Point(30.0, -20.0), columns=3, rows=2, overlap=0.2)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ServedRig]:
    with served(tmp_path, driver=FULL, **PERFECT) as (ready, _):
        ready.ready()
        yield ready


def require_truth(rig: ServedRig, montage: AcquiredMontage, plan: MontagePlan) -> None:
    """Each piece is at its place in the plan, and its map is that of the world's own camera."""
    assert len(montage.pieces) == plan.columns * plan.rows
    truths = rig.notebook.seen[-len(montage.pieces) :]
    rendered = rig.scope.area(montage.area).settings()
    field_um = rendered.field_um
    step_um = [side * (1.0 - plan.overlap) for side in field_um]
    tolerance_um = field_um[0] / 500
    for piece, truth in zip(montage.pieces, truths, strict=True):
        height, width = piece.image.pixels.shape
        told = piece.image.pixel_to_stage.apply((width - 1) / 2, (height - 1) / 2)
        middle = truth.nominal.apply((rendered.width_px - 1) / 2, (rendered.height_px - 1) / 2)
        assert told.distance_um(middle) < tolerance_um
        planned = Point(
            plan.centre.x_um + (piece.column - (plan.columns - 1) / 2) * step_um[0],
            plan.centre.y_um + (piece.row - (plan.rows - 1) / 2) * step_um[1],
        )
        assert planned.distance_um(told) < 2 * tolerance_um, (piece.column, piece.row)
    times = [piece.image.taken_at_s for piece in montage.pieces]
    assert times == sorted(times)
    assert times[-1] > times[0]


@pytest.mark.parametrize("version", ["4.1", "4.3"])
def test_a_full_montage_keeps_the_contract_of_tiles(tmp_path: Path, version: str) -> None:
    with served(tmp_path, driver=FULL, serialem_version=version) as (rig, _):
        contract.montages_tile_their_area(rig.ready().microscope)
        assert rig.sent().count("Montage") == 1
        assert "Search" not in rig.sent()


def test_before_4_1_there_is_no_whole_series_in_one_command(tmp_path: Path) -> None:
    for choice in ({"montages": "full"}, {"records": "multishot"}):
        with (
            pytest.raises(BadInstrumentSettings, match=r"4\.0 has no"),
            served(tmp_path, driver=choice, serialem_version="4.0"),
        ):
            pass


@pytest.mark.parametrize("area", [Area.ATLAS, Area.SQUARE])
def test_each_piece_is_where_its_map_says(rig: ServedRig, area: Area) -> None:
    began_s = rig.clock.now()
    montage = rig.microscope.camera.montage(area, PLAN)
    require_truth(rig, montage, PLAN)
    assert rig.microscope.stage.position().point.distance_um(PLAN.centre) < 0.5
    assert began_s <= montage.pieces[0].image.taken_at_s
    assert montage.pieces[-1].image.taken_at_s <= rig.clock.now()
    doses = [each.dose_e_per_a2 for each in rig.scope.world.exposures.all()[-6:]]
    assert doses == pytest.approx([each.image.dose_e_per_a2 for each in montage.pieces])


def test_pieces_come_when_all_are_exposed(rig: ServedRig) -> None:
    """What a site gives up by the choice: nothing can be stopped between two of them."""
    tiles = rig.microscope.camera.tiles(Area.ATLAS, PLAN)
    before = len(rig.scope.world.exposures.all())
    next(tiles)
    assert len(rig.scope.world.exposures.all()) == before + 6
    assert len(list(tiles)) == 5
    assert len(rig.scope.world.exposures.all()) == before + 6


def test_pieces_are_the_images_that_tiles_are(tmp_path: Path) -> None:
    """The same world twice: each tile's pixels, through the buffer and through the file."""
    taken = {}
    for way in ("tiles", "full"):
        (tmp_path / way).mkdir()
        with served(tmp_path / way, driver={"montages": way}, **PERFECT) as (rig, _):
            montage = rig.ready().microscope.camera.montage(Area.ATLAS, PLAN)
            taken[way] = {(p.column, p.row): p.image for p in montage.pieces}
    assert taken["tiles"].keys() == taken["full"].keys()
    for place, tile in taken["tiles"].items():
        piece = taken["full"][place]
        assert piece.pixels.dtype == tile.pixels.dtype
        assert piece.pixel_to_stage.as_list() == pytest.approx(
            tile.pixel_to_stage.as_list(), abs=tile.pixel_size_angstrom * 1e-4
        )
        # Noise differs from exposure to exposure; what is seen does not.
        one, other = (each.pixels.astype(np.float64) for each in (tile, piece))
        both = float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
        assert both > 0.9, place


@pytest.mark.parametrize("operation", [1, 2, 3, 4, 7])
def test_however_the_camera_is_turned_columns_follow_the_stage(
    tmp_path: Path, operation: int
) -> None:
    driver: dict[str, Any] = FULL
    if operation % 2:
        driver = FULL | quarter_turned({"areas": "mini", "control_port": 1}, operation)
        del driver["control_port"]
    with served(tmp_path, driver=driver, orientation=operation, **PERFECT) as (rig, _):
        montage = rig.ready().microscope.camera.montage(Area.ATLAS, PLAN)
        require_truth(rig, montage, PLAN)


def test_a_montage_whose_reply_was_lost_is_exposed_once_and_nothing_more_is_sent(
    rig: ServedRig,
) -> None:
    rig.plan(
        {"kind": "connection_lost", "nth": 1, "count": 1, "phase": "after", "command": "Montage"}
    )
    with pytest.raises(ConnectionLost):
        rig.microscope.camera.montage(Area.ATLAS, PLAN)
    sent = rig.sent()
    assert sent[-1] == "Montage"
    with pytest.raises(ConnectionLost):
        rig.microscope.camera.montage(Area.ATLAS, PLAN)
    assert rig.sent() == sent
    with rig.again(epoch=4) as successor:
        assert successor.camera.montage(Area.ATLAS, PLAN).pieces
    assert rig.sent().count("Montage") == 2


@pytest.mark.parametrize(
    ("planned", "kind"),
    [
        ({"kind": "error_reply", "command": "OpenNewMontage"}, SmartscopeError),
        (
            {
                "kind": "replaced_values",
                "command": "ReportNumMontagePieces",
                "parameters": {"values": [5.0]},
            },
            CommandRefused,
        ),
        ({"kind": "camera_error", "command": "Montage"}, CameraFailed),
    ],
)
def test_what_goes_wrong_has_its_error_and_leaves_no_file_open(
    rig: ServedRig, planned: dict[str, Any], kind: type[SmartscopeError]
) -> None:
    rig.plan({"nth": 1, "count": 1, **planned})
    with pytest.raises(kind):
        rig.microscope.camera.montage(Area.ATLAS, PLAN)
    assert rig.sent().count("CloseFile") == (planned["command"] != "OpenNewMontage")
    assert rig.microscope.camera.montage(Area.ATLAS, PLAN).pieces, "and the next one works"


def test_what_cannot_be_is_refused_before_anything_is_exposed(rig: ServedRig) -> None:
    far = MontagePlan(centre=Point(900.0, 0.0), columns=5, rows=1)
    for area, plan, kind in (
        (Area.ATLAS, far, StageLimit),
        (Area.FOCUS, PLAN, CommandRefused),
    ):
        with pytest.raises(kind, match="nothing was exposed"):
            rig.microscope.camera.montage(area, plan)
    rig.microscope.column.close_valves()
    with pytest.raises(ValvesClosed):
        rig.microscope.camera.montage(Area.ATLAS, PLAN)
    assert not {"OpenNewMontage", "Montage"} & set(rig.sent())


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: f"{lie['kind']}-{lie.get('parameters')}")
@pytest.mark.parametrize("commands", ["Report*", "*"])
def test_a_lying_server_gets_an_error_of_ours(
    rig: ServedRig, lie: dict[str, Any], commands: str
) -> None:
    rig.plan({"command": commands, "probability": 1.0, **lie})
    montage = None
    with suppress(InstrumentError):
        montage = rig.microscope.camera.montage(Area.ATLAS, PLAN)
    if montage is not None:
        require_truth(rig, montage, PLAN)


def test_a_file_that_is_not_whole_or_tells_nothing_is_no_montage(rig: ServedRig) -> None:
    rig.microscope.camera.montage(Area.ATLAS, PLAN)
    (path,) = Path(rig.settings["frames_mount"]).glob("smartscope_montage_*.mrc")
    notes = path.with_name(f"{path.name}.mdoc")
    assert len(read_stack(path, 6)) == 6
    with pytest.raises(BadFile, match="mode"):
        read_stack(path, 7)
    text = notes.read_text()
    notes.write_text(text.replace("PieceCoordinates", "Places"))
    with pytest.raises(BadFile, match="PieceCoordinates"):
        read_stack(path, 6)[0].numbers("PieceCoordinates", 2)
    notes.write_text(text[: len(text) // 2])
    with pytest.raises(BadFile, match="mdoc"):
        read_stack(path, 6)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)
    with pytest.raises(BadFile, match="bytes"):
        read_stack(path, 6)
