"""How long the loop may be silent, by the command that it waits for."""

from __future__ import annotations

import pytest

from smartscope.domain.protocol import LIMITS
from smartscope.microscope.serialem.full_montage import MONTAGE_MARGIN_S, PIECE_MARGIN_S
from workers.bridge.pulse import GRACE_S, MOST_PIECES, TICK_S, Pulse


class Hands:
    """A clock that is set by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.mark.parametrize(("pieces", "exposure_s"), [(1, 1.0), (9, 30.0), (144, 45.0), (400, 1.0)])
def test_a_montage_may_take_as_long_as_its_pieces(pieces: int, exposure_s: float) -> None:
    clock = Hands()
    pulse = Pulse(clock=clock)
    pulse.plan_montage(pieces)
    pulse.expect("montage")
    clock.now_s = pieces * (exposure_s + PIECE_MARGIN_S) + MONTAGE_MARGIN_S
    assert pulse.lives(), "the keeper would end a bridge whose microscope is at work"
    clock.now_s = 2 * pieces * (45.0 + PIECE_MARGIN_S) + MONTAGE_MARGIN_S + GRACE_S
    assert not pulse.lives()


def test_while_nobody_said_how_many_the_largest_atlas_has_time() -> None:
    (_, across), (_, up) = LIMITS["atlas_tiles_x"], LIMITS["atlas_tiles_y"]
    assert across * up <= MOST_PIECES


def test_a_loop_that_does_not_turn_is_dead_after_ten_seconds() -> None:
    clock = Hands()
    pulse = Pulse(clock=clock)
    pulse.expect("montage")
    pulse.tick()
    clock.now_s = TICK_S - 0.1
    assert pulse.lives()
    clock.now_s = TICK_S
    assert not pulse.lives()
