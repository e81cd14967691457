"""Labelled images of squares and parts of them, from seeds: all films, classes, scales, tilts."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from smartscope.domain.geometry import Point
from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.values import Image, Level, NoiseKey
from smartscope.microscope.simulator.specimen.attenuation import attenuation
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec
from smartscope.microscope.simulator.specimen.values import Patch, Pose, Square
from smartscope.microscope.simulator.specimen.world import Specimen
from smartscope.training.cameras import Imaging, random_imaging
from smartscope.training.hole_labels import dirt_in_view, film_lattice_px, holes_in_view
from smartscope.training.samples import Pixel, SquareSample
from smartscope.training.specimens import generator, grid_id_of, random_grid
from smartscope.training.split import Split, split_of

KIND = "holes"
#: good ones teach holes; the others teach what is none
CLASS_ODDS = {
    "good": 0.52,
    "small": 0.10,
    "cracked": 0.12,
    "contaminated": 0.12,
    "dry": 0.09,
    "partial": 0.05,
}
PITCH_PX = (8.0, 160.0)
_SHAPES = ((1024, 1024), (1024, 1024), (1024, 1440), (768, 1024))
_WIDEST_FIELD_PITCHES = 1.6
_TRIES = 8
_LEAST_VISIBLE = 0.25
_HOLE_LEVEL_BELOW_UM = 0.012
_HOLE_LEVEL_SHARE = 0.6
_TILTED_SHARE = 0.5
_TILTS_DEG = (5.0, 60.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Where and how one image is taken."""

    square: Square
    pose: Pose
    shape: tuple[int, int]
    pixel_size_um: float
    level: Level


def stream_square_images(
    seed: int, split: Split | None, *, first: int = 0, count: int | None = None
) -> Iterator[SquareSample]:
    """Images of one split (None: of all) in the order of their numbers, without end unless
    `count` of them are asked for.
    """
    numbers = (
        number
        for number in itertools.count(first)
        if split is None or split_of(grid_id_of(KIND, seed, number)) is split
    )
    for number in itertools.islice(numbers, count):
        yield square_sample(seed, number)


def square_sample(seed: int, number: int) -> SquareSample:
    """Image `number` of a seed: the same bits whenever it is asked for."""
    random = generator(KIND, seed, number)
    grid_id = grid_id_of(KIND, seed, number)
    wanted = str(random.choice(list(CLASS_ODDS), p=list(CLASS_ODDS.values())))
    spec = random_grid(grid_id, random, favoured=wanted)
    specimen = Specimen(spec)
    view = _view(specimen, wanted, random)
    imaging = random_imaging(random, view.level, view.shape, view.pixel_size_um)
    patch, image = _take(specimen, view, imaging)
    lattice = film_lattice_px(specimen.film, image.image_to_stage, view.shape)
    return SquareSample(
        number=number,
        grid_id=grid_id,
        split=split_of(grid_id),
        level=view.level.name.lower(),
        pixels=image.counts,
        pixel_size_um=view.pixel_size_um,
        to_stage=image.image_to_stage,
        tilt_deg=view.pose.tilt_deg,
        mesh=spec.mesh,
        film=spec.film,
        square_label=view.square.label.value,
        square_polygon_px=_polygon(view.square, image),
        holes=holes_in_view(specimen, image, patch),
        contaminants=dirt_in_view(specimen, image, imaging.conditions.voltage_kv),
        lattice_px=lattice.vectors_px,
        origin_px=lattice.origin_px,
        conditions=imaging.drawn() | {"contamination_density": spec.contamination_density},
    )


def _view(specimen: Specimen, wanted: str, random: np.random.Generator) -> View:
    """A square, as far as it can be had of the wanted class, and a pose on it."""
    spec = specimen.spec
    shape = _SHAPES[int(random.integers(len(_SHAPES)))]
    pixel_um = _pixel_um(spec, max(shape), random)
    square = _square(specimen, wanted, random)
    free_um = max(0.15 * square.opening_um, 0.5 * (square.opening_um - min(shape) * pixel_um))
    tilted = random.uniform() < _TILTED_SHARE
    level = Level.SQUARE
    if pixel_um < _HOLE_LEVEL_BELOW_UM and random.uniform() < _HOLE_LEVEL_SHARE:
        level = Level.HOLE
    return View(
        square=square,
        pose=Pose(
            x_um=square.stage_x_um + float(random.uniform(-free_um, free_um)),
            y_um=square.stage_y_um + float(random.uniform(-free_um, free_um)),
            tilt_deg=float(random.uniform(*_TILTS_DEG)) if tilted else 0.0,
        ),
        shape=shape,
        pixel_size_um=pixel_um,
        level=level,
    )


def _pixel_um(spec: SpecimenSpec, side_px: int, random: np.random.Generator) -> float:
    """Scale by the holes' pitch in pixels, no coarser than to show a square and its neighbours."""
    widest_um = _WIDEST_FIELD_PITCHES * spec.mesh.pitch_um
    coarsest_px = max(PITCH_PX[0], spec.film.pitch_um * side_px / widest_um)
    pitch_px = math.exp(random.uniform(math.log(coarsest_px), math.log(PITCH_PX[1])))
    return spec.film.pitch_um / pitch_px


def _square(specimen: Specimen, wanted: str, random: np.random.Generator) -> Square:
    pitch = specimen.mesh.spec.pitch_um
    rim_um = specimen.spec.mesh.rim_radius_um
    for _ in range(_TRIES):
        # a square is cut off only at the rim, so there such ones are looked for
        away = 0.97 * rim_um if wanted == "partial" else 0.9 * rim_um * math.sqrt(random.uniform())
        angle = 2 * math.pi * random.uniform()
        u, v = specimen.mesh.to_mesh(away * math.cos(angle), away * math.sin(angle))
        square = specimen.square(round(float(u) / pitch), round(float(v) / pitch))
        seen = square.numbers.visible_fraction >= _LEAST_VISIBLE
        if seen and square.label.value == wanted:
            break
    return square


def _take(specimen: Specimen, view: View, imaging: Imaging) -> tuple[Patch, Image]:
    """The rendered patch, margin cut off, and its image."""
    conditions = imaging.conditions
    camera = Camera(
        imaging.profile, seed=imaging.camera_seed, lenses={conditions.level: imaging.lens}
    )
    patch = specimen.render(
        view.pose,
        camera.render_shape(conditions, view.pixel_size_um),
        view.pixel_size_um,
        attenuation=attenuation(conditions.voltage_kv, slit_in=conditions.slit_in),
    )
    noise = NoiseKey(
        seed=specimen.seed,
        level=view.level,
        stage_x_nm=round(view.pose.x_um * 1000),
        stage_y_nm=round(view.pose.y_um * 1000),
    )
    return patch, camera.expose(patch, conditions, noise)


def _polygon(square: Square, image: Image) -> tuple[Pixel, ...]:
    return tuple(image.image_to_stage.to_pixel(Point(x, y)) for x, y in square.corners_um())
