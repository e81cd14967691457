"""Simulated squares with their true holes, and how an answer about them is scored."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.scenes import SquareScene, match, pixels_of, take_square
from smartscope.microscope.simulator.optics.profiles import CameraProfile
from smartscope.microscope.simulator.specimen.film_state import film_at
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box, Hole, Square
from smartscope.microscope.simulator.specimen.world import Specimen

FloatArray = NDArray[np.float64]

SAME_HOLE_DIAMETERS = 0.25
#: Thicker ice lets less than half through and is unusable; such holes are not demanded.
DEMANDED_BELOW_NM = 200.0
USABLE_HOLES = 30
#: Films whose pitch would be below 8 px at the ladder's 80 nm are looked at more closely.
PIXEL_UM = {"HexAuFoil": 0.035}
#: a place on a bar through which this share of the bright grey comes is no bar: it is missing
OPEN_BAR = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Precision, recall (0-1), median error of centres in nm and in hole diameters."""

    precision: float
    recall: float
    error_nm: float
    error_diameters: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HoleTruth:
    """True centres (N, 2) in px: every hole there is, and numbers of those an answer must hold.

    Every visible hole in the picture is right to find. Demanded are those of the square itself
    that are not hopelessly thick, not buried under dirt, and farther from the picture's border than
    what counts as the same place. `either` (M, 2) may be found or not: holes whose middle is open
    but whose disc the film's edge cuts, as on the real squares, and holes seen through a missing
    bar; the specimen's list calls both hidden.
    """

    every: FloatArray
    demanded: FloatArray
    either: FloatArray
    diameter_px: float
    pixel_um: float

    def score(self, found: FloatArray) -> Score:
        """How centres (K, 2) in px compare; a quarter of a diameter is the same hole."""
        reach = SAME_HOLE_DIAMETERS * self.diameter_px
        here, there = match(found, self.every, reach)
        rest = np.setdiff1d(np.arange(len(found)), here)
        neither = len(match(found[rest], self.either, reach)[0])
        seen = len(match(found, self.demanded, reach)[1])
        away = np.linalg.norm(found[here] - self.every[there], axis=1)
        error_px = float(np.median(away)) if here else float("nan")
        return Score(
            precision=len(here) / max(len(found) - neither, 1),
            recall=seen / max(len(self.demanded), 1),
            error_nm=error_px * self.pixel_um * 1000,
            error_diameters=error_px / self.diameter_px,
        )


def squares_of(film: str, preset: Preset, *, mesh: str = "300") -> tuple[Specimen, list[Square]]:
    """One grid and its squares that have holes to find, nearest the middle first."""
    specimen = Specimen(preset_spec(preset, f"holes-{film}-{preset}", mesh=mesh, film=film))
    usable = [
        square
        for square in specimen.squares(Box.around(0, 0, 300))
        if square.numbers.usable_holes > USABLE_HOLES
    ]
    usable.sort(key=lambda square: square.stage_x_um**2 + square.stage_y_um**2)
    return specimen, usable


def scenes(film: str, preset: Preset, squares: int) -> Iterator[SquareScene]:
    """Images of the first squares of one grid at the film's usual pixel."""
    specimen, usable = squares_of(film, preset)
    for square in usable[:squares]:
        yield take_square(specimen, square, pixel_size_um=PIXEL_UM.get(film))


def view(
    specimen: Specimen,
    square: Square,
    *,
    zoom: float = 1.0,
    tilt_deg: float = 0.0,
    profile: CameraProfile | None = None,
) -> SquareScene:
    """One square at `zoom` times its film's usual magnification."""
    usual = PIXEL_UM.get(specimen.spec.film.name, 0.08)
    return take_square(
        specimen, square, pixel_size_um=usual / zoom, tilt_deg=tilt_deg, profile=profile
    )


def truth_of(scene: SquareScene) -> HoleTruth:
    """What an answer about the picture is held against."""
    shape = scene.image.pixels.shape
    box = Box.of_image(scene.image.to_stage, (shape[0], shape[1]))
    holes = scene.specimen.holes(box)
    visible = [hole for hole in holes if hole.visible]
    places = pixels_of(scene.image.to_stage, [(h.stage_x_um, h.stage_y_um) for h in visible])
    hidden = [
        (hole.stage_x_um, hole.stage_y_um)
        for hole, is_cut in zip(holes, _cut(scene.specimen, holes), strict=True)
        if is_cut
        or (not hole.visible and scene.specimen.square_at(hole.stage_x_um, hole.stage_y_um) is None)
    ]
    wanted = [hole for hole in scene.holes if hole.ice_nm < DEMANDED_BELOW_NM]
    stage = np.array([(hole.stage_x_um, hole.stage_y_um) for hole in wanted]).reshape(-1, 2)
    buried = _buried(scene, box, stage)
    diameter = scene.context.hole_diameter_um or 1.0
    demanded = pixels_of(scene.image.to_stage, stage[~buried].tolist())
    margin = SAME_HOLE_DIAMETERS * diameter / scene.image.pixel_size_um
    last = np.array([shape[1] - 1, shape[0] - 1])
    well_in = ((demanded >= margin) & (demanded <= last - margin)).all(axis=1)
    return HoleTruth(
        every=places,
        demanded=demanded[well_in],
        either=_lit(scene, pixels_of(scene.image.to_stage, hidden)),
        diameter_px=diameter / scene.image.pixel_size_um,
        pixel_um=scene.image.pixel_size_um,
    )


def _cut(specimen: Specimen, holes: Sequence[Hole]) -> list[bool]:
    """Which holes the list calls hidden although there is film all round their middle."""
    if not holes:
        return []
    x, y = np.array([(hole.stage_x_um, hole.stage_y_um) for hole in holes]).T
    open_middle = film_at(specimen.spec, specimen.mesh, x, y, np.zeros(len(holes)))[2]
    return [
        bool(there) and not hole.visible for there, hole in zip(open_middle, holes, strict=True)
    ]


def _buried(scene: SquareScene, box: Box, stage: FloatArray) -> NDArray[np.bool_]:
    """(N,) True where a piece of dirt at least as large as half a hole covers the centre."""
    least = (scene.context.hole_diameter_um or 1.0) / 4
    dirt = scene.specimen.contaminants(box, least)
    if not dirt or not len(stage):
        return np.zeros(len(stage), dtype=np.bool_)
    centres = np.array([(piece.stage_x_um, piece.stage_y_um) for piece in dirt])
    radii = np.array([piece.radius_um for piece in dirt])
    largest = float(radii.max())
    near = cKDTree(centres).query_ball_point(stage, largest)
    return np.array(
        [
            bool(np.any(np.linalg.norm(centres[n] - place, axis=1) < radii[n]))
            for place, n in zip(stage, near, strict=True)
        ],
        dtype=np.bool_,
    )


def _lit(scene: SquareScene, places: FloatArray) -> FloatArray:
    """Those of the places (N, 2) where the picture is not dark."""
    pixels = scene.image.pixels
    bright = float(np.percentile(pixels, 99.0))
    columns, rows = np.rint(places).astype(int).T
    height, width = pixels.shape
    lit = np.array(
        [
            0 <= y < height
            and 0 <= x < width
            and float(pixels[max(0, y - 3) : y + 4, max(0, x - 3) : x + 4].mean())
            > OPEN_BAR * bright
            for x, y in zip(columns, rows, strict=True)
        ],
        dtype=np.bool_,
    )
    return places[lit] if len(places) else places
