"""Films without a lattice: lacey strands and voids, continuous carbon, and what is true of them."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.microscope.simulator.specimen.lacey import VOID_FRACTION, Strands
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box, Pose, Square, SquareLabel
from smartscope.microscope.simulator.specimen.world import Specimen


def good_square(film: str) -> tuple[Specimen, Square]:
    specimen = Specimen(preset_spec(Preset.GOOD, "films", film=film))
    squares = specimen.squares(Box.around(0.0, 0.0, 250.0))
    return specimen, next(each for each in squares if each.label is SquareLabel.GOOD)


@pytest.mark.parametrize("seed", [11, 12])
def test_voids_take_their_share_of_the_film(seed: int) -> None:
    x, y = np.meshgrid(np.arange(0.0, 200.0, 0.25), np.arange(0.0, 200.0, 0.25))
    assert (Strands(seed).depth_um(x, y) < 0.0).mean() == pytest.approx(VOID_FRACTION, abs=0.01)


def test_voids_are_of_all_sizes_and_strands_are_thin() -> None:
    from scipy import ndimage

    x, y = np.meshgrid(np.arange(0.0, 60.0, 0.03), np.arange(0.0, 60.0, 0.03))
    film = Strands(3).depth_um(x, y) > 0.0
    half_um = 0.03 * ndimage.distance_transform_edt(film)
    ridge = (half_um == ndimage.maximum_filter(half_um, 5)) & film
    assert 0.05 < 2 * np.median(half_um[ridge]) < 0.6
    inscribed_um = 0.03 * ndimage.distance_transform_edt(~film)
    assert 1.0 < inscribed_um.max() < 10.0


@pytest.mark.parametrize("pixel_um", [0.02, 0.08])
def test_rendered_voids_are_where_the_truth_says(pixel_um: float) -> None:
    specimen, square = good_square("lacey")
    pose = Pose(x_um=square.stage_x_um + 4.0, y_um=square.stage_y_um, rotation_deg=20.0)
    patch = specimen.render(pose, (200, 200), pixel_um)
    columns, rows = np.meshgrid(np.arange(200), np.arange(200))
    m = patch.image_to_stage
    depth = specimen.film.strands().depth_um(
        m.a * columns + m.b * rows + m.tx, m.c * columns + m.d * rows + m.ty
    )
    assert 0.05 < (depth > 0).mean() < 0.5
    assert ((patch.foil > 0.5) == (depth > 0)).mean() > 0.995


def test_molecules_of_a_lacey_grid_are_in_its_voids() -> None:
    specimen, square = good_square("lacey")
    found = specimen.particles(Box.around(square.stage_x_um, square.stage_y_um, 1.5))
    assert len(found) > 100
    x, y = (np.array([getattr(p, key) for p in found]) for key in ("stage_x_um", "stage_y_um"))
    assert (specimen.film.strands().depth_um(x, y) < 0.0).all()


def test_molecules_of_a_continuous_grid_lie_everywhere() -> None:
    specimen, square = good_square("continuous")
    found = specimen.particles(Box.around(square.stage_x_um, square.stage_y_um, 0.5))
    assert len(found) > 0.3 * specimen.spec.particle.density_per_um2
    assert not specimen.holes(Box.around(square.stage_x_um, square.stage_y_um, 20.0))


@pytest.mark.parametrize("film", ["lacey", "continuous"])
def test_squares_without_holes_are_judged_by_their_ice(film: str) -> None:
    specimen = Specimen(preset_spec(Preset.GOOD, "films", film=film))
    squares = specimen.squares(Box.around(0.0, 0.0, 250.0))
    good = [each for each in squares if each.label is SquareLabel.GOOD]
    assert len(good) > 0.4 * len(squares)
    assert all(each.numbers.median_hole_ice_nm > 5.0 and each.numbers.holes > 20 for each in good)
