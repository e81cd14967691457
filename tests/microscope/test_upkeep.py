"""What keeps a column fit: flashes, references, tuning; and atlases that no refill overtakes."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.domain.geometry import Point
from smartscope.microscope.errors import CommandRefused
from smartscope.microscope.procedures.atlas import atlas
from smartscope.microscope.procedures.happenings import AboutToIssue, RoutineBegins, Waiting
from smartscope.microscope.procedures.requests import AtlasRequest
from smartscope.microscope.procedures.upkeep import flash_gun, tune_beam, update_dark_reference
from smartscope.microscope.values import CommandClass
from tests.microscope.rig import Rig
from tests.microscope.serialem.served import served


def test_a_flash_is_never_repeated_and_leaves_the_valves_closed(rig: Rig) -> None:
    happenings = rig.ready().run(flash_gun(rig.microscope))
    issued = [each for each in happenings if isinstance(each, AboutToIssue)]
    assert [each.command_class for each in issued] == [CommandClass.NEVER_REPEAT]
    assert rig.microscope.column.status().gun_flashed_at_s == rig.clock.now()
    assert not rig.microscope.column.status().valves_open


def test_an_instrument_that_cannot_tune_says_so_before_anything_moves(tmp_path: Path) -> None:
    with served(tmp_path, refills=False) as (rig, _):
        rig.ready()
        before = rig.microscope.stage.position()
        with pytest.raises(CommandRefused, match="nothing was exposed"):
            rig.run(tune_beam(rig.microscope, Point(50.0, 0.0)))
        assert rig.microscope.stage.position() == before


def test_a_dark_reference_is_taken_with_closed_valves(rig: Rig) -> None:
    rig.ready().run(update_dark_reference(rig.microscope, max_age_h=12.0))
    assert rig.microscope.column.status().valves_closed


def test_tuning_announces_its_beam_where_it_goes(rig: Rig) -> None:
    begun = [
        each
        for each in rig.ready().run(tune_beam(rig.microscope, Point(50.0, 0.0), beside_um=1.6))
        if isinstance(each, RoutineBegins)
    ]
    assert [(each.routine, each.cost.beside_um) for each in begun] == [("tuning", 1.6)] * 2
    assert begun[0].at.distance_um(Point(50.0, 0.0)) < 1.0
    announced = sum(each.cost.images * each.cost.dose_e_per_a2 for each in begun)
    spent = [each for each in rig.scope.world.exposures.all() if each.routine == "tuning"]
    assert sum(each.dose_e_per_a2 for each in spent) == pytest.approx(announced)


def test_serialem_tunes_where_its_site_says_it_can(tmp_path: Path) -> None:
    with served(tmp_path, driver={"corrects_by_ctf": True}, refills=False) as (rig, _):
        rig.ready()
        issued = [
            each.command
            for each in rig.run(tune_beam(rig.microscope, Point(50.0, 0.0)))
            if isinstance(each, AboutToIssue)
        ]
        rig.run(update_dark_reference(rig.microscope, max_age_h=12.0))
        sent = [name for name in rig.sent() if name.startswith(("Fix", "Update"))]
    assert issued == ["correct_astigmatism", "correct_coma"]
    assert sent == ["FixAstigmatismByCTF", "FixComaByCTF", "UpdateHWDarkRef"]


def test_an_atlas_that_a_refill_would_overtake_waits_for_its_end(rig: Rig) -> None:
    rig.ready()
    refill_at_s = rig.scope.world.began_at_s + 3 * 3600
    rig.clock.wait_until(refill_at_s - 25.0)
    request = AtlasRequest(item="atlas", columns=2, rows=1)
    waited = [each for each in rig.run(atlas(rig.microscope, request)) if isinstance(each, Waiting)]
    assert {each.cause for each in waited} == {"refill"}
    assert rig.scope.world.exposures.all()[0].start_s > refill_at_s
    assert not rig.microscope.column.refills().refilling


def test_an_atlas_that_ends_before_the_refill_does_not_wait(rig: Rig) -> None:
    rig.ready()
    rig.clock.wait_until(rig.scope.world.began_at_s + 3 * 3600 - 60.0)
    request = AtlasRequest(item="atlas", columns=2, rows=1)
    happenings = rig.run(atlas(rig.microscope, request))
    assert not [each for each in happenings if isinstance(each, Waiting)]
