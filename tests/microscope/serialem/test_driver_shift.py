"""An image shift that holds is not set and settled again; whatever may have moved it is noticed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.microscope.values import Area, ImageShift, RecordItem, RecordPlan
from tests.microscope.serialem.served import ServedRig, served

SHIFT = ImageShift(1.5, -0.8)


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ServedRig]:
    with served(tmp_path, error_scale=0, refills=False) as (found, _):
        found.ready()
        found.microscope.optics.go_to(Area.RECORD)
        yield found


def exposed(rig: ServedRig, folder: Path, shift: ImageShift, name: str = "h1") -> int:
    """Expose as the procedures do; how often the shift was sent in the exposure itself."""
    folder.mkdir(exist_ok=True)
    item = RecordItem(name=name, image_shift=shift, defocus_um=1.0, dose_e_per_a2=4.0, frames=2)
    before = rig.sent().count("SetImageShift")
    rig.microscope.camera.record(RecordPlan(items=(item,), folder=folder))
    shot = rig.scope.world.exposures.all()[-1]
    assert shot.area == "record"
    return rig.sent().count("SetImageShift") - before


@pytest.mark.parametrize("shift", [SHIFT, ImageShift(0.0, 0.0)])
def test_a_shift_that_holds_is_not_settled_again(
    rig: ServedRig, tmp_path: Path, shift: ImageShift
) -> None:
    rig.microscope.optics.set_image_shift(shift)
    began_s = rig.clock.now()
    assert exposed(rig, tmp_path / "ours", shift) == 0
    with_hold_s = rig.clock.now() - began_s
    began_s = rig.clock.now()
    assert exposed(rig, tmp_path / "ours", ImageShift(-1.0, 1.0), "h2") == 1
    assert rig.clock.now() - began_s > with_hold_s + 0.5, "a settle was to be won"


def moved_by_hand(rig: ServedRig) -> None:
    """Somebody at the console, through SerialEM's own command and without a word to us."""
    state = rig.scope.world.state
    rig.scope.world.put(lenses=replace(state.lenses, shift_x_um=0.3, shift_y_um=0.3))


def went_elsewhere(rig: ServedRig) -> None:
    """The area was changed to and fro, as autofocus does."""
    rig.microscope.tasks.autofocus()
    rig.microscope.optics.go_to(Area.RECORD)


def set_before_the_connection(rig: ServedRig) -> None:
    """A process that died had set it: ours has not, and asks nobody what else it did."""
    rig.microscope.optics._held = None  # type: ignore[attr-defined]


@pytest.mark.parametrize("happens", [moved_by_hand, went_elsewhere, set_before_the_connection])
def test_a_shift_that_something_may_have_moved_is_set_anew(
    rig: ServedRig, tmp_path: Path, happens: Callable[[ServedRig], None]
) -> None:
    rig.microscope.optics.set_image_shift(SHIFT)
    happens(rig)
    assert exposed(rig, tmp_path / "ours", SHIFT) >= 1
    reached = rig.microscope.optics.state().image_shift
    assert (reached.x_um, reached.y_um) == pytest.approx((SHIFT.x_um, SHIFT.y_um), abs=0.05)
    with ControlClient(rig.server.control_port) as control:
        names = [entry["name"] for entry in control.log()]
    last_shift = len(names) - names[::-1].index("SetImageShift")
    assert last_shift < len(names) - names[::-1].index("Record")
