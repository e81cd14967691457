"""What it costs to go from one target to the next: moving, settling, drifting, focusing, switching.

The numbers are medians of the rates that published screening and collection sessions show; how
they depend on distance is assumed until a facility's log says better. Times in seconds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelModel:
    """τ(a, b) = move + settle + max(drift(d), view + focus) + [other square] switch
    + [first visit] prepare (analysis-targets, section 6).

    While a group is viewed and focused the stage comes to rest: waiting for drift costs only what
    is left of it then.
    """

    #: 3.0 s for 9 µm and 5.5 s for 300 µm, evenly between
    move_overhead_s: float = 2.92
    stage_speed_um_per_s: float = 116.4
    settle_s: float = 3.0
    #: drift after a move grows from 12 Å/s at 9 µm to 30 Å/s at 300 µm and falls by 1/e in 14 s
    drift_after_short_angstrom_per_s: float = 12.0
    short_move_um: float = 9.0
    drift_exponent: float = 0.26
    least_drift_angstrom_per_s: float = 3.0
    most_drift_angstrom_per_s: float = 30.0
    drift_decay_s: float = 14.0
    #: drift is waited for until it is below this; None does not wait
    drift_limit_angstrom_per_s: float | None = None
    #: the view that a group is centred on, and the lenses set for focus
    view_s: float = 7.0
    focus_s: float = 9.0
    #: autofocus holds for moves shorter than this
    focus_within_um: float = 5.0
    switch_square_s: float = 17.0
    #: realigning, height and image of a square not yet visited
    prepare_square_s: float = 50.0

    def move_s(self, distance_um: float) -> float:
        """The stage's own time for a move, settled."""
        return self.move_overhead_s + distance_um / self.stage_speed_um_per_s + self.settle_s

    def drift_s(self, distance_um: float) -> float:
        """How long after a move of this length drift is below the limit."""
        limit = self.drift_limit_angstrom_per_s
        if limit is None:
            return 0.0
        grown = max(distance_um / self.short_move_um, 1e-9) ** self.drift_exponent
        start = self.drift_after_short_angstrom_per_s * grown
        start = min(max(start, self.least_drift_angstrom_per_s), self.most_drift_angstrom_per_s)
        return self.drift_decay_s * max(math.log(start / limit), 0.0)

    def hop_s(self, distance_um: float) -> float:
        """From one target of a square to another, ready to expose."""
        focus_s = 0.0 if distance_um < self.focus_within_um else self.focus_s
        return self.move_s(distance_um) + max(self.drift_s(distance_um), self.view_s + focus_s)

    def switch_s(self, *, first_visit: bool) -> float:
        """What another square costs beyond the hop to it."""
        return self.switch_square_s + (self.prepare_square_s if first_visit else 0.0)
