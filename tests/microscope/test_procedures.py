"""Procedures announce what cannot be taken back, and hit what they aim at."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smartscope.domain.errors import LeaseLost
from smartscope.domain.geometry import Point
from smartscope.microscope.errors import (
    CommandRefused,
    HeightFailed,
    ImageShiftLimit,
    InstrumentBusy,
    ValvesClosed,
)
from smartscope.microscope.procedures.atlas import atlas
from smartscope.microscope.procedures.exchange import open_valves
from smartscope.microscope.procedures.group import expose_group
from smartscope.microscope.procedures.happenings import (
    AboutToIssue,
    Checkpoint,
    Happening,
    Problem,
)
from smartscope.microscope.procedures.hole_centring import hole_locator
from smartscope.microscope.procedures.requests import (
    AtlasRequest,
    FocusPolicy,
    GroupMember,
    GroupRequest,
    SquareRequest,
)
from smartscope.microscope.procedures.square import square
from smartscope.microscope.procedures.upkeep import refine_zero_loss, safe_stop
from smartscope.microscope.values import (
    AcquiredImage,
    Area,
    CommandClass,
    HeightMode,
    Reference,
)
from tests.microscope.rig import OpenRig, Rig, produced

LOCATE = hole_locator(1.2, search_um=1.2)


def announced(happenings: list[Happening]) -> list[str]:
    return [item for each in happenings if isinstance(each, AboutToIssue) for item in each.items]


def group_at(rig: Rig, place: Point, folder: Path, holes: int = 2) -> GroupRequest:
    """A group of sound holes about a place, where a perfect detector sees them."""
    rig.microscope.stage.move_to(place)
    image = rig.microscope.camera.image(Area.SQUARE)
    seen = [rig.as_seen(image, hole) for hole in rig.sound_holes(place, holes)]
    return GroupRequest(
        view_item="view",
        centre=seen[0],
        members=tuple(
            GroupMember(item=f"hole-{index}", target=target, defocus_um=1.5)
            for index, target in enumerate(seen)
        ),
        folder=folder,
        dose_e_per_a2=30.0,
        frames=2,
        locate=LOCATE,
    )


def test_an_atlas_is_announced_before_it_is_exposed(rig: Rig) -> None:
    rig.ready()
    procedure = atlas(rig.microscope, AtlasRequest(item="atlas", columns=2, rows=1))
    for happening in procedure:
        if isinstance(happening, AboutToIssue):
            assert len(rig.scope.world.exposures) == 0
            break
    (result,) = produced(list(procedure))
    assert result.item == "atlas"
    assert result.montage is not None
    assert len(result.montage.pieces) == 2


def test_a_square_is_found_again_by_its_look_in_the_atlas(open_rig: OpenRig) -> None:
    rig = open_rig(grids={1: {"preset": "good", "mesh": "300"}}).ready()
    place = rig.good_square()
    rig.microscope.stage.move_to(place)
    overview = rig.microscope.camera.image(Area.ATLAS)
    true = rig.notebook.seen[-1].true
    target = overview.pixel_to_stage.apply(*true.to_pixel(place))
    reference = Reference(image=overview, target=target, extent_um=100.0)
    happenings = rig.run(
        square(rig.microscope, SquareRequest(item="square", target=target, reference=reference))
    )
    (result,) = produced(happenings)
    assert result.image is not None
    assert result.image.area is Area.SQUARE
    pose = rig.notebook.seen[-1].pose
    # The atlas has pixels of half a micron, the stage errs by a fifth of one.
    assert Point(pose.x_um, pose.y_um).distance_um(place) < 2.0
    assert not any(isinstance(each, Problem) for each in happenings)


def test_each_hole_is_announced_then_exposed_once_and_hit(rig: Rig, exposures: Path) -> None:
    place = rig.ready().good_square()
    request = group_at(rig, place, exposures, holes=3)
    holes = rig.sound_holes(place, 3)
    rig.notebook.seen.clear()
    happenings = rig.run(expose_group(rig.microscope, request))
    assert announced(happenings) == ["view", "hole-0", "hole-1", "hole-2"]
    assert [each.item for each in produced(happenings)] == announced(happenings)
    records = [each for each in rig.notebook.seen if each.area is Area.RECORD]
    assert [each.exposure.item for each in records] == ["hole-0", "hole-1", "hole-2"]
    for record, hole in zip(records, holes, strict=True):
        missed_um = Point(record.pose.x_um, record.pose.y_um).distance_um(
            Point(hole.stage_x_um, hole.stage_y_um)
        )
        assert missed_um < 0.2
        assert abs(record.defocus_um - 1.5) < 1.2
    for each in produced(happenings)[1:]:
        (file,) = each.files
        assert file.path == exposures / f"{each.item}.tif"


def test_a_hole_that_cannot_be_exposed_is_not_announced(rig: Rig, exposures: Path) -> None:
    request = group_at(rig.ready(), rig.good_square(), exposures)
    member = request.members[0]
    far_off = Point(member.target.x_um + 90.0, member.target.y_um)
    for impossible, refusal in (
        (replace(member, target=far_off), ImageShiftLimit),
        (replace(member, item="../elsewhere"), CommandRefused),
    ):
        seen: list[Happening] = []
        procedure = expose_group(rig.microscope, replace(request, members=(impossible,)))
        with pytest.raises(refusal):
            list(map(seen.append, procedure))
        assert announced(seen) == ["view"]


def test_a_group_follows_its_anchor_when_its_centre_is_no_hole(rig: Rig, exposures: Path) -> None:
    place = rig.ready().good_square()
    request = group_at(rig, place, exposures, holes=2)
    first, second = (member.target for member in request.members)
    between = Point((first.x_um + second.x_um) / 2, (first.y_um + second.y_um) / 2)
    rig.notebook.seen.clear()
    rig.run(
        expose_group(
            rig.microscope,
            GroupRequest(
                view_item="view",
                centre=between,
                anchor=first,
                members=request.members,
                folder=exposures,
                dose_e_per_a2=20.0,
                frames=1,
                locate=LOCATE,
            ),
        )
    )
    records = [each for each in rig.notebook.seen if each.area is Area.RECORD]
    for record, hole in zip(records, rig.sound_holes(place, 2), strict=True):
        centre = Point(hole.stage_x_um, hole.stage_y_um)
        assert Point(record.pose.x_um, record.pose.y_um).distance_um(centre) < 0.2


def test_focus_is_found_where_the_specimen_stands(rig: Rig) -> None:
    rig.ready().microscope.stage.move_to(rig.good_square(), z_um=-20.0)
    assert abs(rig.scope.true_defocus_um(Area.FOCUS) - 1.5) > 5.0
    rig.microscope.tasks.autofocus()
    assert abs(rig.scope.true_defocus_um(Area.FOCUS) - 1.5) < 1.0


def test_tilt_changes_each_members_defocus_back(open_rig: OpenRig, exposures: Path) -> None:
    rig = open_rig(error_scale=0).ready()
    place = rig.good_square()
    request = group_at(rig, place, exposures, holes=1)
    target = request.members[0].target
    members = tuple(
        GroupMember(item=f"at {dy}", target=Point(target.x_um, target.y_um + dy), defocus_um=2.0)
        for dy in (-2.5, 2.5)
    )
    tilted = GroupRequest(
        view_item="view",
        centre=target,
        members=members,
        folder=exposures,
        dose_e_per_a2=20.0,
        frames=1,
        tilt_deg=30.0,
        locate=None,
    )
    rig.run(expose_group(rig.microscope, tilted))
    low, high = (each for each in rig.notebook.seen if each.area is Area.RECORD)
    assert low.commanded_defocus_um - high.commanded_defocus_um == pytest.approx(2.5, abs=0.01)
    assert abs(low.defocus_um - high.defocus_um) < 0.6


@pytest.mark.parametrize("told", [True, False])
def test_on_a_tilted_stage_the_height_that_focus_met_tells_neighbouring_holes_apart(
    told: bool,
    open_rig: OpenRig,
    exposures: Path,
) -> None:
    """The same group again with its place 2 µm higher: at 45° it is seen 2 µm from its map."""
    rig = open_rig(error_scale=0).ready()
    place = rig.good_square()
    rig.microscope.stage.move_to(place)
    level = rig.microscope.tasks.eucentric_height(HeightMode.FINE).z_um
    request = replace(group_at(rig, place, exposures, holes=3), tilt_deg=45.0, z_um=level)
    first = rig.run(expose_group(rig.microscope, request))
    measured = produced(first)[-1].measurements
    leaned = Point(float(measured["offset_x_um"]), float(measured["offset_y_um"]))
    rig.notebook.seen.clear()
    later = exposures / "later"
    later.mkdir()
    higher = replace(request, z_um=level + 2.0, lattice_reach_um=1.25, folder=later)
    again = replace(higher, leaned=leaned) if told else higher
    rig.run(expose_group(rig.microscope, again))
    records = [each for each in rig.notebook.seen if each.area is Area.RECORD]
    missed_um = [
        Point(record.pose.x_um, record.pose.y_um).distance_um(
            Point(hole.stage_x_um, hole.stage_y_um)
        )
        for record, hole in zip(records, rig.sound_holes(place, 3), strict=True)
    ]
    assert len(missed_um) == 3
    assert (max(missed_um) < 0.6) is told


def test_an_anchor_that_is_not_seen_is_a_problem_and_not_an_end(rig: Rig, exposures: Path) -> None:
    place = rig.ready().good_square()

    def blind(image: AcquiredImage, believed: Point) -> None:
        return None

    request = group_at(rig, place, exposures, holes=1)
    unseen = GroupRequest(
        view_item="view",
        centre=request.centre,
        members=request.members,
        folder=exposures,
        dose_e_per_a2=20.0,
        frames=1,
        locate=blind,
    )
    happenings = rig.run(expose_group(rig.microscope, unseen))
    assert [each.code for each in happenings if isinstance(each, Problem)] == ["anchor_not_seen"]
    assert (exposures / "hole-0.tif").exists()


@pytest.mark.parametrize("commands", [5, 9, 14])
def test_a_lost_lease_stops_a_group_between_two_commands(
    rig: Rig, exposures: Path, commands: int
) -> None:
    place = rig.ready().good_square()
    request = group_at(rig, place, exposures)
    begun = len(rig.leash.asked)
    rig.leash.cut_after = begun + commands
    with pytest.raises(LeaseLost):
        rig.run(expose_group(rig.microscope, request))
    sent = [name for _, name in rig.leash.asked[begun:]]
    assert len(sent) == commands
    recorded = [each.item for each in rig.scope.world.exposures.all() if each.item]
    assert len(recorded) == sent.count("record")
    assert {path.stem for path in exposures.glob("*.tif")} == set(recorded)


def test_stopping_at_a_checkpoint_leaves_no_exposure_behind(rig: Rig, exposures: Path) -> None:
    place = rig.ready().good_square()
    request = group_at(rig, place, exposures)
    exposed_before = len(rig.scope.world.exposures)
    procedure = expose_group(rig.microscope, request)
    for happening in procedure:
        if isinstance(happening, Checkpoint) and happening.before_dose:
            procedure.close()
            break
    assert len(rig.scope.world.exposures) == exposed_before


def test_nothing_is_exposed_while_the_valves_are_closed_or_the_dewars_fill(
    rig: Rig, exposures: Path
) -> None:
    place = rig.ready().good_square()
    request = group_at(rig, place, exposures)
    exposed = len(rig.scope.world.exposures)
    rig.microscope.column.close_valves()
    with pytest.raises(ValvesClosed):
        rig.run(expose_group(rig.microscope, request))
    rig.run(open_valves(rig.microscope))
    rig.clock.wait_until(rig.scope.world.began_at_s + 3 * 3600 + 30)
    with pytest.raises(InstrumentBusy):
        rig.run(expose_group(rig.microscope, request))
    assert len(rig.scope.world.exposures) == exposed


def test_a_refill_shakes_the_specimen_tenfold(rig: Rig) -> None:
    rig.ready().microscope.stage.move_to(Point(0.0, 0.0))
    start_s = rig.scope.world.began_at_s + 3 * 3600
    rig.clock.wait_until(start_s - 1)
    quiet = np.hypot(*rig.scope.drift_angstrom_per_s())
    rig.clock.wait_until(start_s + 1)
    rig.microscope.column.status()
    assert np.hypot(*rig.scope.drift_angstrom_per_s()) > 8 * quiet


def test_a_runaway_height_moves_nothing(open_rig: OpenRig) -> None:
    rig = open_rig(faults=[{"kind": "runaway_height", "nth": 1}]).ready()
    with pytest.raises(HeightFailed, match="Skip"):
        rig.run(square(rig.microscope, SquareRequest(item="s", target=Point(0.0, 0.0))))
    assert rig.microscope.stage.position().z_um == 0.0


def test_zero_loss_is_a_long_command_and_is_remembered(rig: Rig) -> None:
    happenings = rig.ready().run(refine_zero_loss(rig.microscope))
    issued = [each for each in happenings if isinstance(each, AboutToIssue)]
    assert [each.command_class for each in issued] == [CommandClass.LONG]
    assert rig.microscope.column.status().zero_loss_refined_at_s == rig.clock.now()


def test_a_safe_stop_tries_every_action_without_a_lease(rig: Rig) -> None:
    rig.ready()
    (stopped,) = produced(rig.run(safe_stop(rig.microscope)))
    assert set(stopped.measurements.values()) == {"done"}
    assert not rig.microscope.column.status().valves_open


@pytest.mark.parametrize(
    ("policy", "needed"),
    [
        (FocusPolicy(), True),
        (FocusPolicy(never=True), False),
        (FocusPolicy(always=False), True),
        (FocusPolicy(always=False, last_at=Point(1.0, 0.0), last_at_s=900.0), False),
        (FocusPolicy(always=False, last_at=Point(9.0, 0.0), last_at_s=900.0), True),
        (FocusPolicy(always=False, last_at=Point(1.0, 0.0), last_at_s=-2000.0), True),
    ],
)
def test_focus_is_renewed_when_far_or_old(policy: FocusPolicy, needed: bool) -> None:
    assert policy.needed(Point(0.0, 0.0), 1000.0) is needed
