"""Simulated atlases and squares with their truth, as the finders' benchmarks see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from scipy.spatial.distance import cdist

from smartscope.analysis.base import FindContext, Image, Level, Tile
from smartscope.analysis.detection.stitching import CorrelationStitcher
from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.optics.acquire import take_image
from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.ladder import MINI_LADDER, Rung
from smartscope.microscope.simulator.optics.profiles import CameraProfile
from smartscope.microscope.simulator.optics.values import Level as SimulatedLevel
from smartscope.microscope.simulator.optics.values import NoiseKey
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec
from smartscope.microscope.simulator.specimen.values import Box, Hole, Pose, Square
from smartscope.microscope.simulator.specimen.world import Specimen

FloatArray = NDArray[np.float64]
OVERLAP = 0.1
#: sd of a tile's true place around the commanded one, as good stages have, µm
STAGE_ERROR_UM = 0.5
PARTIAL_BELOW = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class AtlasScene:
    """A stitched atlas and every square it shows or may show a part of."""

    specimen: Specimen
    image: Image
    context: FindContext
    squares: tuple[Square, ...]

    def inside(self) -> FloatArray:
        """(N,) the fraction of each true opening that lies on imaged pixels."""
        ticks = (np.arange(15) + 0.5) / 15
        u, v = (grid.ravel()[:, None] for grid in np.meshgrid(ticks, ticks))
        height, width = self.image.pixels.shape
        fractions = []
        for square in self.squares:
            corner = np.array(square.corners_um())
            points = corner[0] + u * (corner[1] - corner[0]) + v * (corner[3] - corner[0])
            columns, rows = np.rint(pixels_of(self.image.to_stage, points.tolist())).astype(int).T
            within = (columns >= 0) & (rows >= 0) & (columns < width) & (rows < height)
            within[within] = self.image.imaged[rows[within], columns[within]]
            fractions.append(float(within.mean()))
        return np.array(fractions)

    def labels(self) -> list[str]:
        """True classes; what the image cuts below 70 % is partial whatever else it is."""
        return [
            "partial" if inside < PARTIAL_BELOW else str(square.label)
            for square, inside in zip(self.squares, self.inside(), strict=True)
        ]

    def truth_px(self) -> FloatArray:
        """(N, 2) true centres in pixels of the stitched image."""
        return pixels_of(self.image.to_stage, [(s.stage_x_um, s.stage_y_um) for s in self.squares])


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareScene:
    """One square's image and the visible holes in it."""

    specimen: Specimen
    image: Image
    context: FindContext
    holes: tuple[Hole, ...]

    def truth_px(self) -> FloatArray:
        """(N, 2) true centres in pixels."""
        return pixels_of(self.image.to_stage, [(h.stage_x_um, h.stage_y_um) for h in self.holes])


def context_of(spec: SpecimenSpec, vacuum_counts: float | None = None) -> FindContext:
    """What the service would know of a grid: the types a person entered, and a calibrated
    vacuum.
    """
    (_, shear), _ = spec.film.lattice
    return FindContext(
        mesh_opening_um=spec.mesh.opening_um,
        mesh_bar_um=spec.mesh.bar_um,
        hole_diameter_um=spec.film.hole_um,
        hole_pitch_um=spec.film.pitch_um,
        lattice="square" if shear == 0 else "triangular",
        foil="gold" if spec.film.gold else "carbon",
        vacuum_intensity=vacuum_counts,
    )


def take_atlas(spec: SpecimenSpec, *, columns: int, rows: int) -> AtlasScene:
    """A montage with stage errors, stitched by the shipped stitcher."""
    specimen, rung = Specimen(spec), MINI_LADDER[SimulatedLevel.ATLAS]
    camera = Camera(rung.camera, seed=1)
    height, width = rung.camera.shape
    step_x, step_y = round(width * (1 - OVERLAP)), round(height * (1 - OVERLAP))
    random = np.random.default_rng(spec.seed % 2**32)
    tiles = []
    for row in range(rows):
        for column in range(columns):
            x = (column - (columns - 1) / 2) * step_x * rung.pixel_size_um
            y = (row - (rows - 1) / 2) * step_y * rung.pixel_size_um
            error = random.normal(0, STAGE_ERROR_UM, 2)
            pose = Pose(x_um=x + error[0], y_um=y + error[1])
            frame = take_image(
                specimen,
                pose,
                camera,
                rung.pixel_size_um,
                rung.conditions(),
                _noise(spec, pose, rung.level),
            )
            commanded = Pose(x_um=x, y_um=y).image_to_stage((height, width), rung.pixel_size_um)
            tiles.append(Tile(frame.counts, column * step_x, row * step_y, commanded))
    image = CorrelationStitcher().stitch(tiles, level=Level.ATLAS, to_stage=None)
    shape = image.pixels.shape
    field = Box.of_image(image.to_stage, (shape[0], shape[1]))
    squares = specimen.squares(field.grown(spec.mesh.opening_um / 2))
    return AtlasScene(
        specimen=specimen, image=image, context=context_of(spec), squares=tuple(squares)
    )


def take_square(
    specimen: Specimen,
    square: Square,
    *,
    pixel_size_um: float | None = None,
    profile: CameraProfile | None = None,
    tilt_deg: float = 0.0,
) -> SquareScene:
    """One image centred on a square, on the ladder's rung unless another pixel or camera is
    given.
    """
    rung = MINI_LADDER[SimulatedLevel.SQUARE]
    camera = Camera(profile or rung.camera, seed=1)
    pixel = pixel_size_um or rung.pixel_size_um
    pose = Pose(x_um=square.stage_x_um, y_um=square.stage_y_um, tilt_deg=tilt_deg)
    frame = take_image(
        specimen, pose, camera, pixel, rung.conditions(), _noise(specimen.spec, pose, rung.level)
    )
    shape = camera.profile.shape
    affine = pose.image_to_stage(shape, pixel)
    image = Image.from_array(frame.counts, level=Level.SQUARE, to_stage=affine, tilt_deg=tilt_deg)
    holes = [
        hole
        for hole in specimen.holes(Box.of_image(affine, shape))
        if hole.visible and hole.square_id == square.id
    ]
    return SquareScene(
        specimen=specimen,
        image=image,
        context=context_of(specimen.spec, _vacuum_counts(specimen, pose, camera, pixel, rung)),
        holes=tuple(holes),
    )


def match(found: FloatArray, truth: FloatArray, within_px: float) -> tuple[list[int], list[int]]:
    """One-to-one pairs (numbers of found, of truth) no farther apart than `within_px`."""
    if len(found) == 0 or len(truth) == 0:
        return [], []
    distance = cdist(found, truth)
    allowed = np.where(distance <= within_px, distance, 1e6)
    rows, columns = linear_sum_assignment(allowed)
    kept = allowed[rows, columns] < 1e6
    return [int(r) for r in rows[kept]], [int(c) for c in columns[kept]]


def pixels_of(affine: Affine, points: Sequence[Sequence[float]]) -> FloatArray:
    """(N, 2) pixels of stage positions (µm)."""
    matrix = np.array([[affine.a, affine.b], [affine.c, affine.d]])
    offsets = np.array(points, dtype=np.float64).reshape(-1, 2) - [affine.tx, affine.ty]
    return np.asarray(np.linalg.solve(matrix, offsets.T).T)


def _noise(spec: SpecimenSpec, pose: Pose, level: SimulatedLevel) -> NoiseKey:
    return NoiseKey(
        seed=spec.seed,
        level=level,
        stage_x_nm=round(pose.x_um * 1000),
        stage_y_nm=round(pose.y_um * 1000),
    )


def _vacuum_counts(
    specimen: Specimen, pose: Pose, camera: Camera, pixel_um: float, rung: Rung
) -> float:
    """The median of an image without specimen: what a vacuum calibration would store."""
    conditions = rung.conditions()
    patch = specimen.render(pose, camera.render_shape(conditions, pixel_um), pixel_um)
    empty = replace(patch, transmission=np.ones_like(patch.transmission))
    calibration = replace(_noise(specimen.spec, pose, rung.level), repeat=1)
    return float(np.median(camera.expose(empty, conditions, calibration).counts))
