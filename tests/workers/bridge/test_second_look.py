"""Odd images on a whole night: a sound place is looked at again before anybody is asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smartscope.domain.image_watch import ODD_ALLOWED, ImageWatch
from smartscope.microscope.values import Area
from smartscope.models import Event, Exposure, Run, Step
from tests.workers.bridge.invariants import check
from tests.workers.bridge.rig import Bridge, Facility
from tests.workers.bridge.whole_process import quick_facility
from workers.bridge.fault_points import Plan, arm

pytestmark = pytest.mark.django_db(transaction=True)

#: what images before had, in counts; those of these nights have far less
FAR_MORE = 1e5


@pytest.fixture
def house(tmp_path: Path) -> Facility:
    return quick_facility(tmp_path)


@pytest.fixture
def bridge(house: Facility) -> Iterator[Bridge]:
    bridge = house.bridge()
    yield bridge
    bridge.die()


def used_to_more(bridge: Bridge) -> ImageWatch:
    """As if views and exposures had been far brighter until now; the square's image stays."""
    images, view = bridge.helm.watch.images, bridge.helm.area(Area.HOLE)
    kinds = (f"g01 hole {view.dose_e_per_a2:g}", "g01 movie 4")
    return replace(images, means={**images.means, **dict.fromkeys(kinds, (FAR_MORE,) * 5)})


def kinds_from(first: str) -> list[str]:
    kinds = list(Step.objects.order_by("number").values_list("kind", flat=True))
    return kinds[kinds.index(first) :]


def test_a_thick_place_is_told_from_a_weak_beam_and_nobody_is_asked(
    house: Facility, bridge: Bridge
) -> None:
    def strike() -> None:
        bridge.helm.watch.images = used_to_more(bridge)

    arm(Plan("expose:begun", 1, strike))
    bridge.run_until_idle()
    assert kinds_from("expose")[:3] == ["expose", "beam_check", "expose"]
    look = Step.objects.get(kind="beam_check")
    square = Step.objects.get(kind="square")
    assert look.state == "done"
    assert look.parameters["area"] == "square"
    (dose,) = look.routine_doses.all()
    assert (dose.routine, dose.images, dose.ended_at_s is None) == ("beam_check", 1, False)
    assert look.parameters["stage_x_um"] == pytest.approx(square.parameters["stage_x_um"], abs=1.0)
    assert Exposure.objects.filter(status__in=("invalid", "lost")).count() == 0
    assert Exposure.objects.count() == 2
    assert not Event.objects.filter(kind="run.paused").exists()
    assert Run.objects.get().state == "done"
    check(house, deaths=0)


def test_a_weak_beam_is_looked_for_three_times_and_then_a_person_is_asked(
    house: Facility, bridge: Bridge
) -> None:
    reasons: list[str] = []
    exposed_before: list[int] = []

    def strike() -> None:
        images = used_to_more(bridge)
        assert images.reference is not None
        brighter = replace(images.reference, mean=4.0 * images.reference.mean)
        bridge.helm.watch.images = replace(images, reference=brighter)

    def a_person_resumes() -> None:
        run = Run.objects.get()
        if run.state == "paused":
            reasons.append(run.state_reason)
            exposed_before.append(Exposure.objects.count())
            Run.objects.update(wish="run")

    house.during_nap = a_person_resumes
    arm(Plan("expose:begun", 1, strike))
    bridge.run_until_idle()
    assert reasons == ["the beam is far weaker or stronger than in the images before"]
    assert exposed_before[0] <= ODD_ALLOWED
    assert kinds_from("expose")[:5] == ["expose", *["beam_check"] * 3, "safe_state"]
    assert Exposure.objects.count() == 2
    assert Run.objects.get().state == "done"
    check(house, deaths=0)
