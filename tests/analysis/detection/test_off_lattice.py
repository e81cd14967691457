"""Films without a lattice: targets in voids of lacey film, spread over clean continuous film."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.distance import pdist

from smartscope.analysis import contract, pipeline, registry
from smartscope.analysis.base import FindContext, Image, Level
from smartscope.analysis.chains import HOLE_FINDERS, hole_finders_for
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box, Patch, Pose, SquareLabel
from smartscope.microscope.simulator.specimen.world import Specimen

CONTEXT = FindContext(lattice="none", beam_radius_um=0.32, seed=3)
FINDERS = {"lacey": "lacey-voids", "continuous": "continuous-points"}
SHAPE, PIXEL_UM = (420, 440), 0.1


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of one square and what was rendered for it."""

    image: Image
    patch: Patch


@cache
def shown(film: str) -> Shown:
    """The same half of a good square on either film, with shot noise."""
    specimen = Specimen(preset_spec(Preset.GOOD, "off-lattice", film=film))
    squares = specimen.squares(Box.around(0.0, 0.0, 250.0))
    square = next(each for each in squares if each.label is SquareLabel.GOOD)
    pose = Pose(x_um=square.stage_x_um + 12.0, y_um=square.stage_y_um)
    patch = specimen.render(pose, SHAPE, PIXEL_UM)
    random = np.random.default_rng(1)
    counts = 16.0 * random.poisson(80.0 * ndimage.gaussian_filter(patch.transmission, 0.7))
    return Shown(Image.from_array(counts, level=Level.SQUARE, to_stage=patch.image_to_stage), patch)


def under_beam(area: NDArray[np.bool_], places: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) share of the beam's disc about each place that lies in `area`."""
    rows, columns = np.indices(area.shape)
    radius = CONTEXT.beam_radius_um / PIXEL_UM
    discs = (np.hypot(columns - x, rows - y) <= radius for x, y in places)
    return np.array([area[disc].mean() for disc in discs])


@pytest.mark.parametrize("film", FINDERS)
def test_targets_keep_the_contract(film: str) -> None:
    finder, image = registry.finder(FINDERS[film]), shown(film).image
    contract.check_manifest(finder)
    contract.check_awkward_images(finder, Level.SQUARE, CONTEXT)
    contract.check_findings(finder, image, finder.find(image, CONTEXT))
    contract.check_determinism(finder, image, CONTEXT)
    contract.check_grey_change(finder, image, CONTEXT)


def test_continuous_targets_belong_to_the_stage() -> None:
    contract.check_quarter_turn(
        registry.finder("continuous-points"), shown("continuous").image, CONTEXT
    )


def test_beams_on_lacey_film_fall_into_voids() -> None:
    picture = shown("lacey")
    found = registry.finder("lacey-voids").find(picture.image, CONTEXT)
    assert len(found) > 20
    inside = under_beam(picture.patch.hole > 0.5, found.positions_px)
    assert (inside > 0.95).mean() > 0.95


def test_a_void_is_not_missed_where_a_beam_has_room() -> None:
    picture = shown("lacey")
    found = registry.finder("lacey-voids").find(picture.image, CONTEXT)
    clean = picture.patch.contaminant_nm < 100.0
    room_um = PIXEL_UM * ndimage.distance_transform_edt((picture.patch.hole > 0.5) & clean)
    voids, count = ndimage.label(room_um > 0.6)
    columns, rows = np.rint(found.positions_px).astype(int).T
    assert len(set(voids[rows, columns].tolist()) - {0}) >= 0.85 * count


def test_a_beam_put_off_the_middle_by_half_the_radius_stays_in_the_void() -> None:
    picture = shown("lacey")
    found = registry.finder("lacey-voids").find(picture.image, CONTEXT)
    shifts = 0.5 * found.radii_px[:, None] * np.array([[1.0, 0.0]])
    inside = under_beam(picture.patch.hole > 0.5, found.positions_px + shifts)
    assert (inside > 0.9).mean() > 0.9


@pytest.mark.parametrize("film", FINDERS)
def test_beams_do_not_meet_each_other_dirt_or_bars(film: str) -> None:
    picture = shown(film)
    found = registry.finder(FINDERS[film]).find(picture.image, CONTEXT)
    assert len(found) > 20
    assert pdist(found.positions_px).min() * PIXEL_UM >= 2.2 * CONTEXT.beam_radius_um - 1e-6
    open_film = picture.patch.bar < 0.5
    clean = picture.patch.contaminant_nm < 300.0
    assert (under_beam(open_film & clean, found.positions_px) > 0.95).mean() > 0.97


def test_film_without_strands_is_said_to_have_none() -> None:
    found = pipeline.find_holes(shown("continuous").image, CONTEXT, chain=("lacey-voids",))
    assert not found.holes
    assert found.needs_review
    assert "no strands" in str(found.diagnostics["failures"])


def test_each_film_has_its_chain() -> None:
    assert hole_finders_for("lacey") == ("lacey-voids",)
    assert hole_finders_for("continuous") == ("continuous-points",)
    assert hole_finders_for("R2/2") == HOLE_FINDERS
