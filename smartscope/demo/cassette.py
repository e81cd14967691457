"""What lies in the demo's cassette: grids of known quality, so that verdicts can be checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

#: of the first slots; more grids begin again
QUALITIES = ("good", "thick", "contaminated", "damaged")


@dataclass(frozen=True, slots=True)
class Cassette:
    """Grids in the slots from 1 on; `seed` says which specimens."""

    grids: int
    seed: int

    def qualities(self) -> Mapping[int, str]:
        """Slot to what the grid in it is like."""
        return {slot: QUALITIES[(slot - 1) % len(QUALITIES)] for slot in range(1, self.grids + 1)}

    def specimens(self) -> Mapping[str, Mapping[str, str]]:
        """The same as the simulator is told it."""
        return {
            str(slot): {"preset": quality, "grid_id": f"demo-{self.seed}-{slot}"}
            for slot, quality in self.qualities().items()
        }

    def keep(self, file: Path) -> Cassette:
        """The cassette in `file`, which is this one from now on when there was none.

        A world goes on with the specimens it began with, whatever is asked of a later start.
        """
        if file.exists():
            return Cassette(**json.loads(file.read_text(encoding="utf-8")))
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return self
