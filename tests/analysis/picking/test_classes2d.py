"""Two shapes at any angle are told apart, and what is no particle is named junk."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from smartscope.analysis.ctf.optics import Defocus
from smartscope.analysis.picking.class_averages import ClassAverages
from smartscope.analysis.picking.classes2d import class_averages
from smartscope.analysis.picking.particle_boxes import (
    BOX_PX,
    ParticleBoxes,
    cut_boxes,
    joined,
)
from smartscope.analysis.picking.plane_turns import turned
from smartscope.domain.errors import InvalidInput
from tests.analysis.ctf.ringed_specimen import Lens, transfer

DIAMETER, EACH = 150.0, 60


def shape(kind: str) -> np.ndarray:
    """Four spots in a row, or a triangle of three; a dot is one wide spot."""
    spots = {
        "row": [(-15, 0), (-5, 0), (5, 0), (15, 0)],
        "triangle": [(0, -13), (11, 8), (-11, 8)],
        "dot": [(0, 0)],
        "nothing": [],
    }[kind]
    width = 8.0 if kind == "dot" else 1.7
    y, x = np.mgrid[:BOX_PX, :BOX_PX] - BOX_PX // 2
    picture = np.zeros((BOX_PX, BOX_PX))
    for a, b in spots:
        picture += np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * width**2))
    return picture


def boxes(kinds: tuple[str, ...], *, seed: int = 1) -> tuple[ParticleBoxes, np.ndarray]:
    rng = np.random.default_rng(seed)
    names = np.repeat(kinds, EACH)
    pictures = []
    for name in names:
        whole = ndimage.rotate(shape(name), rng.uniform(0, 360), reshape=False, order=1)
        moved = ndimage.shift(whole, rng.uniform(-2.5, 2.5, 2), order=1)
        pictures.append(2.0 * moved + rng.normal(size=whole.shape))
    made = ParticleBoxes(
        pictures=np.array(pictures, dtype=np.float32),
        kept=np.arange(len(names)),
        pixel_size_angstrom=1.5 * DIAMETER / BOX_PX,
        diameter_angstrom=DIAMETER,
    )
    return made, names


@pytest.fixture(scope="module")
def sorted_boxes() -> tuple[ClassAverages, np.ndarray]:
    made, names = boxes(("row", "triangle", "dot", "nothing"))
    return class_averages(made, classes=6, seed=2), names


def test_each_class_holds_one_shape(sorted_boxes: tuple[ClassAverages, np.ndarray]) -> None:
    found, names = sorted_boxes
    for number in np.flatnonzero(~found.junk):
        members = names[found.classes == number]
        assert max((members == kind).mean() for kind in ("row", "triangle")) > 0.9


def test_dots_and_empty_ice_are_junk(sorted_boxes: tuple[ClassAverages, np.ndarray]) -> None:
    found, names = sorted_boxes
    real = np.isin(names, ["row", "triangle"])
    assert found.junk_particles[~real].mean() > 0.8
    assert found.junk_particles[real].mean() < 0.1


def test_averages_show_the_shapes(sorted_boxes: tuple[ClassAverages, np.ndarray]) -> None:
    found, names = sorted_boxes
    best = found.averages[0]
    kind = str(names[found.classes == 0][0])
    turns = turned(np.asarray(shape(kind)[None], dtype=np.float32), 72)[0]
    maps = np.fft.irfft2(np.fft.rfft2(best) * np.fft.rfft2(turns).conj())
    scale = np.linalg.norm(best - best.mean()) * np.linalg.norm(turns[0])
    assert maps.max() / scale > 0.85


def test_pictures_lie_in_their_average_as_told(
    sorted_boxes: tuple[ClassAverages, np.ndarray],
) -> None:
    found, names = sorted_boxes
    made, _ = boxes(("row", "triangle", "dot", "nothing"))
    members = np.flatnonzero(found.classes == 0)[:40]
    assert names[members[0]] in ("row", "triangle")
    total = np.zeros((BOX_PX, BOX_PX))
    for number in members:
        x, y = found.shifts_px[number]
        back = ndimage.shift(made.pictures[number], (-y, -x), order=1)
        angle = np.radians(found.turns_deg[number])
        # a picture turned from x towards y looks each pixel up the other way round
        matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        middle = np.array([BOX_PX // 2, BOX_PX // 2])
        total += ndimage.affine_transform(back, matrix, middle - matrix @ middle, order=1)
    inner = (slice(12, -12), slice(12, -12))
    assert np.corrcoef(total[inner].ravel(), found.averages[0][inner].ravel())[0, 1] > 0.9


def test_the_same_seed_gives_the_same_classes() -> None:
    made, _ = boxes(("row", "nothing"))
    one, other = (class_averages(made, classes=2, seed=3) for _ in range(2))
    assert np.array_equal(one.classes, other.classes)
    assert np.array_equal(one.averages, other.averages)


def test_noise_alone_shows_nothing() -> None:
    made, _ = boxes(("nothing", "nothing", "nothing"))
    found = class_averages(made, classes=3, seed=4)
    assert found.junk.all()


def test_too_few_particles_are_refused() -> None:
    made, _ = boxes(("row",))
    few = ParticleBoxes(
        pictures=made.pictures[:20],
        kept=made.kept[:20],
        pixel_size_angstrom=3.5,
        diameter_angstrom=DIAMETER,
    )
    with pytest.raises(InvalidInput, match="20 particles"):
        class_averages(few)


def test_boxes_are_cut_on_the_particle_bright_and_with_phases_flipped() -> None:
    pixel, places = 2.0, np.array([[150.0, 171.0], [301.0, 96.0], [6.0, 9.0]])
    y, x = np.mgrid[:400, :400]
    density = sum(
        np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * 6.0**2)) * np.cos(0.5 * (x - a))
        for a, b in places
    )
    lens = Lens(u=20_000.0, v=19_000.0)
    seen = np.fft.irfft2(np.fft.rfft2(density) * transfer(lens, (400, 400), pixel))
    found = cut_boxes(
        100.0 + seen,
        places,
        pixel_size_angstrom=pixel,
        diameter_angstrom=DIAMETER,
        defocus=Defocus.of_axes(lens.u, lens.v, lens.axis_deg),
    )
    assert found.kept.tolist() == [0, 1]
    assert found.pixel_size_angstrom == pytest.approx(1.5 * DIAMETER / 64)
    for picture in found.pictures:
        row, column = np.unravel_index(int(picture.argmax()), picture.shape)
        assert abs(row - 32) <= 1
        assert abs(column - 32) <= 1
    whole = joined([found, found], most=3, seed=1)
    assert len(whole) == 3
