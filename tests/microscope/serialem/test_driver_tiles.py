"""Between two tiles of a montage the column is looked at again, and a stop is a stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smartscope.domain.geometry import Point
from smartscope.microscope.errors import CommandRefused, InstrumentBusy, ValvesClosed
from smartscope.microscope.procedures.atlas import atlas
from smartscope.microscope.procedures.happenings import Checkpoint, Procedure
from smartscope.microscope.procedures.requests import AtlasRequest, SquareRequest
from smartscope.microscope.procedures.square import square
from smartscope.microscope.simulator import column
from smartscope.microscope.simulator.scope import Scope
from tests.microscope.rig import produced
from tests.microscope.serialem.served import ServedRig, served

Begin = Callable[[ServedRig], Procedure]


def of_atlas(rig: ServedRig) -> Procedure:
    return atlas(rig.microscope, AtlasRequest(item="a", columns=2, rows=2))


def of_square(rig: ServedRig) -> Procedure:
    target = Point(10.0, 20.0)
    request = SquareRequest(item="s", target=target, height=None, columns=2, rows=2)
    return square(rig.microscope, request)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ServedRig]:
    with served(tmp_path, error_scale=0, refills=False) as (ready, _):
        ready.ready()
        yield ready


def after_tiles(rig: ServedRig, procedure: Procedure, tiles: int) -> Procedure:
    """The same procedure, held where so many tiles are exposed and none is on its way."""
    for happening in procedure:
        if rig.sent().count("Search") == tiles:
            assert isinstance(happening, Checkpoint)
            assert happening.before_dose, "whoever runs it looks at the suspenders here"
            return procedure
    raise AssertionError("it came to its end")


def change(**changes: Any) -> Callable[[Scope], None]:
    def happen(scope: Scope) -> None:
        scope.world.put(column=replace(scope.world.state.column, **changes))

    return happen


TRIPS: list[tuple[Callable[[Scope], None], type[Exception]]] = [
    (lambda scope: column.begin_refill(scope, 600.0), InstrumentBusy),
    (lambda scope: column.run_pump(scope, 600.0), InstrumentBusy),
    (lambda scope: column.spoil_vacuum(scope, 600.0), InstrumentBusy),
    (change(valves_open=False), ValvesClosed),
    (change(screen_down=True), CommandRefused),
    (change(high_tension_on=False), CommandRefused),
]


@pytest.mark.parametrize("begin", [of_atlas, of_square])
@pytest.mark.parametrize(
    ("trip", "kind"), TRIPS, ids=["refill", "pump", "vacuum", "valves", "screen", "ht"]
)
def test_what_forbids_exposing_ends_a_montage_between_two_tiles(
    rig: ServedRig, begin: Begin, trip: Callable[[Scope], None], kind: type[Exception]
) -> None:
    procedure = after_tiles(rig, begin(rig), 2)
    trip(rig.scope)
    with pytest.raises(kind):
        list(procedure)
    assert rig.sent().count("Search") == 2


@pytest.mark.parametrize("begin", [of_atlas, of_square])
def test_a_stop_ends_a_montage_between_two_tiles(rig: ServedRig, begin: Begin) -> None:
    procedure = after_tiles(rig, begin(rig), 1)
    sent = rig.sent()
    procedure.close()
    assert rig.sent() == sent


@pytest.mark.parametrize("begin", [of_atlas, of_square])
def test_a_montage_that_nothing_stops_is_whole(rig: ServedRig, begin: Begin) -> None:
    (result,) = produced(rig.run(begin(rig)))
    assert result.montage is not None
    places = {(piece.column, piece.row) for piece in result.montage.pieces}
    assert places == {(0, 0), (1, 0), (0, 1), (1, 1)}
    centre = Point(0.0, 0.0) if begin is of_atlas else Point(10.0, 20.0)
    assert rig.microscope.stage.position().point.distance_um(centre) < 0.5
