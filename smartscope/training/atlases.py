"""Labelled atlases from seeds: the simulator's specimen and camera, tile by tile."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine, Point
from smartscope.microscope.simulator.optics.acquire import take_image
from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.values import Level, NoiseKey
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec
from smartscope.microscope.simulator.specimen.values import Pose
from smartscope.microscope.simulator.specimen.world import Specimen
from smartscope.training.atlas_labels import lattice_px_of, squares_of
from smartscope.training.cameras import Imaging, random_imaging
from smartscope.training.samples import AtlasSample
from smartscope.training.specimens import generator, grid_id_of, random_grid
from smartscope.training.split import Split, split_of

KIND = "squares"
PITCH_PX = (40.0, 220.0)
LONG_SIDES_PX = (768, 1024, 1280, 1536, 2048)
_LONG_SIDE_ODDS = (0.25, 0.30, 0.25, 0.12, 0.08)
_MOST_SQUARES = 420
_BREAK_SHARE = 0.35
_BREAK_PITCHES = 0.1
_MISSING_TILES_SHARE = 0.15
_MISSING_TILE_ODDS = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How an atlas is put together: tiles of one shape, where each really was, which came.

    `offsets_px` (rows, columns, 2) is how far (x, y) what a tile shows lies from where the
    stitched image says.
    """

    tile_shape: tuple[int, int]
    pixel_size_um: float
    centre: Point
    offsets_px: NDArray[np.float64]
    present: NDArray[np.bool_]
    intensity: NDArray[np.float64]

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the whole in pixels."""
        rows, columns = self.present.shape
        return rows * self.tile_shape[0], columns * self.tile_shape[1]

    def to_stage(self) -> Affine:
        """The stitched image's own map: true but for the tiles' offsets."""
        pose = Pose(x_um=self.centre.x_um, y_um=self.centre.y_um)
        return pose.image_to_stage(self.shape, self.pixel_size_um)

    def offset_at(self, x_px: float, y_px: float) -> tuple[float, float]:
        """The offset of the tile that shows a pixel, or of the nearest one."""
        rows, columns = self.present.shape
        row = min(max(int(y_px // self.tile_shape[0]), 0), rows - 1)
        column = min(max(int(x_px // self.tile_shape[1]), 0), columns - 1)
        x, y = self.offsets_px[row, column]
        return float(x), float(y)


def stream_atlases(
    seed: int, split: Split | None, *, first: int = 0, count: int | None = None
) -> Iterator[AtlasSample]:
    """Atlases of one split (None: of all) in the order of their numbers, without end unless
    `count` of them are asked for.
    """
    numbers = (
        number
        for number in itertools.count(first)
        if split is None or split_of(grid_id_of(KIND, seed, number)) is split
    )
    for number in itertools.islice(numbers, count):
        yield atlas_sample(seed, number)


def atlas_sample(seed: int, number: int) -> AtlasSample:
    """Atlas `number` of a seed: the same bits whenever it is asked for."""
    random = generator(KIND, seed, number)
    grid_id = grid_id_of(KIND, seed, number)
    spec = random_grid(grid_id, random)
    layout = _layout(spec, random)
    imaging = random_imaging(random, Level.ATLAS, layout.tile_shape, layout.pixel_size_um)
    specimen = Specimen(spec)
    pixels, imaged = _take(specimen, layout, imaging)
    return AtlasSample(
        number=number,
        grid_id=grid_id,
        split=split_of(grid_id),
        pixels=pixels,
        imaged=imaged,
        pixel_size_um=layout.pixel_size_um,
        to_stage=layout.to_stage(),
        mesh=spec.mesh,
        film=spec.film,
        squares=squares_of(specimen, layout.to_stage(), imaged, layout.offset_at),
        lattice_px=lattice_px_of(specimen.mesh, layout.to_stage()),
        conditions=imaging.drawn()
        | {
            "contamination_density": spec.contamination_density,
            "largest_offset_px": float(np.abs(layout.offsets_px).max()),
            "tiles": float(layout.present.size),
        },
    )


def _layout(spec: SpecimenSpec, random: np.random.Generator) -> Layout:
    """Field, tiles and their errors; fields with too many squares to be worth it are cut down."""
    pitch_px = math.exp(random.uniform(*np.log(PITCH_PX)))
    pixel_um = spec.mesh.pitch_um / pitch_px
    long_px = int(random.choice(LONG_SIDES_PX, p=_LONG_SIDE_ODDS))
    aspect = float(random.uniform(0.34, 1.0))
    long_px = min(long_px, int(pitch_px * math.sqrt(_MOST_SQUARES / aspect)))
    width, height = long_px, max(256, int(long_px * aspect))
    if random.uniform() < 0.3:
        width, height = height, width
    columns, rows = (max(1, round(side / random.uniform(220.0, 700.0))) for side in (width, height))
    count = (rows, columns)
    reach_um = max(0.0, 900.0 - 0.5 * min(width, height) * pixel_um)
    angle, away = 2 * math.pi * random.uniform(), reach_um * math.sqrt(random.uniform())
    offsets = random.normal(0.0, random.uniform(0.0, 0.8), (*count, 2))
    if random.uniform() < _BREAK_SHARE:
        largest = _BREAK_PITCHES * pitch_px
        offsets += random.uniform(-largest, largest, (*count, 2))
    missing = np.zeros(count, dtype=np.bool_)
    if random.uniform() < _MISSING_TILES_SHARE:
        missing = random.uniform(size=count) < _MISSING_TILE_ODDS
    return Layout(
        tile_shape=(2 * math.ceil(height / rows / 2), 2 * math.ceil(width / columns / 2)),
        pixel_size_um=pixel_um,
        centre=Point(away * math.cos(angle), away * math.sin(angle)),
        offsets_px=offsets,
        present=~missing if not missing.all() else missing | True,
        intensity=1.0 + random.uniform(0.0, 0.04) * random.normal(size=count),
    )


def _take(
    specimen: Specimen, layout: Layout, imaging: Imaging
) -> tuple[NDArray[np.uint16], NDArray[np.bool_]]:
    """Every tile exposed where it really was and laid where it was meant to be."""
    level = imaging.conditions.level
    camera = Camera(imaging.profile, seed=imaging.camera_seed, lenses={level: imaging.lens})
    pixels = np.zeros(layout.shape, dtype=np.uint16)
    imaged = np.zeros(layout.shape, dtype=np.bool_)
    height, width = layout.tile_shape
    to_stage, pixel_um = layout.to_stage(), layout.pixel_size_um
    for row, column in np.argwhere(layout.present):
        middle = to_stage.apply(
            column * width + (width - 1) / 2 - layout.offsets_px[row, column, 0],
            row * height + (height - 1) / 2 - layout.offsets_px[row, column, 1],
        )
        noise = NoiseKey(
            seed=specimen.seed,
            level=level,
            stage_x_nm=round(middle.x_um * 1000),
            stage_y_nm=round(middle.y_um * 1000),
        )
        frame = take_image(
            specimen,
            Pose(x_um=middle.x_um, y_um=middle.y_um),
            camera,
            pixel_um,
            replace(imaging.conditions, intensity=float(layout.intensity[row, column])),
            noise,
        )
        place = np.s_[row * height : (row + 1) * height, column * width : (column + 1) * width]
        pixels[place], imaged[place] = frame.counts, True
    return pixels, imaged
