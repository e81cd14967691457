"""Where the tiles of a montage lie.

Tiles are taken one by one, unless a site chose SerialEM's own `Montage()` (see `full_montage`):
it keeps its pieces in a file on its own machine, cannot be stopped, and a lost reply leaves
hundreds of exposures in doubt. One by one every tile comes with its own map, and a lease that ends
stops it.
"""

from __future__ import annotations

from smartscope.domain.geometry import Point
from smartscope.microscope.values import AreaSettings, MontagePlan


def tile_centres(area: AreaSettings, plan: MontagePlan) -> list[tuple[int, int, Point]]:
    """(column, row, stage position) in the order of a serpentine from the lower stage x and y."""
    width_um, height_um = area.field_um
    step_x_um, step_y_um = width_um * (1 - plan.overlap), height_um * (1 - plan.overlap)
    tiles = []
    for row in range(plan.rows):
        columns = range(plan.columns) if row % 2 == 0 else reversed(range(plan.columns))
        for column in columns:
            x_um = plan.centre.x_um + (column - (plan.columns - 1) / 2) * step_x_um
            y_um = plan.centre.y_um + (row - (plan.rows - 1) / 2) * step_y_um
            tiles.append((column, row, Point(x_um, y_um)))
    return tiles
