"""What a square's image shows: holes as ellipses, dirt as discs, the film's lattice in pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine, Point
from smartscope.microscope.simulator.optics.values import Image
from smartscope.microscope.simulator.specimen.attenuation import attenuation
from smartscope.microscope.simulator.specimen.film import Film
from smartscope.microscope.simulator.specimen.values import Box, Patch
from smartscope.microscope.simulator.specimen.world import Specimen
from smartscope.training.samples import LabelledContaminant, LabelledHole, LatticePx, Pixel

SMALLEST_DIRT_PX = 1.5
DIRT_PASSES_BELOW = 0.8
#: ice-equivalent dirt that lets 0.6 of the beam through at 300 kV, nm
OPAQUE_DIRT_NM = 150.0

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FilmLattice:
    """Lattice vectors as columns and one node near the image's middle."""

    vectors_px: LatticePx
    origin_px: Pixel


def film_lattice_px(film: Film, to_stage: Affine, shape: tuple[int, int]) -> FilmLattice:
    """The film's lattice as an image of (height, width) shows it at its middle."""
    columns = _to_px(to_stage) @ film.basis_matrix()
    middle = to_stage.apply((shape[1] - 1) / 2, (shape[0] - 1) / 2)
    a, b = film.lattice_coordinates(middle.x_um, middle.y_um)
    x, y = film.centres_um(np.rint(a), np.rint(b))
    (ax, bx), (ay, by) = columns.tolist()
    return FilmLattice(((ax, bx), (ay, by)), to_stage.to_pixel(Point(float(x[0]), float(y[0]))))


def holes_in_view(specimen: Specimen, image: Image, patch: Patch) -> tuple[LabelledHole, ...]:
    """Every hole on sound film whose centre is in the image, by position (y, then x).

    `patch` is what was rendered for the image, margins included.
    """
    to_stage, shape = image.image_to_stage, image.counts.shape
    (long, short), angle = _axes(specimen.film, to_stage)
    found = []
    for hole in specimen.holes(Box.of_image(to_stage, (shape[0], shape[1]))):
        x, y = to_stage.to_pixel(Point(hole.stage_x_um, hole.stage_y_um))
        if not hole.visible or not (-0.5 <= x < shape[1] - 0.5 and -0.5 <= y < shape[0] - 0.5):
            continue
        radius_um = hole.diameter_um / 2
        found.append(
            LabelledHole(
                id=hole.id,
                centre_px=(x, y),
                radius_px=radius_um / image.pixel_size_um,
                axes_px=(long * radius_um, short * radius_um),
                angle_deg=angle,
                ice_nm=hole.ice_nm,
                fault=hole.fault.value,
                dirty=_dirty(patch, hole.stage_x_um, hole.stage_y_um, radius_um),
            )
        )
    return tuple(sorted(found, key=lambda hole: (hole.centre_px[1], hole.centre_px[0])))


def dirt_in_view(
    specimen: Specimen, image: Image, voltage_kv: float
) -> tuple[LabelledContaminant, ...]:
    """Dirt on film that an eye could see, by position (y, then x)."""
    to_stage, shape = image.image_to_stage, image.counts.shape
    length_nm = attenuation(voltage_kv).ice_nm
    found = []
    box = Box.of_image(to_stage, (shape[0], shape[1]))
    for dirt in specimen.contaminants(box, SMALLEST_DIRT_PX * image.pixel_size_um):
        passes = math.exp(-dirt.ice_equivalent_nm / length_nm)
        x, y = to_stage.to_pixel(Point(dirt.stage_x_um, dirt.stage_y_um))
        if passes < DIRT_PASSES_BELOW and 0 <= x < shape[1] and 0 <= y < shape[0]:
            found.append(
                LabelledContaminant(
                    kind=dirt.kind.value,
                    centre_px=(x, y),
                    radius_px=dirt.radius_um / image.pixel_size_um,
                    transmission=passes,
                )
            )
    return tuple(sorted(found, key=lambda dirt: (dirt.centre_px[1], dirt.centre_px[0])))


def _to_px(to_stage: Affine) -> Floats:
    matrix = np.array([[to_stage.a, to_stage.b], [to_stage.c, to_stage.d]], dtype=np.float64)
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _axes(film: Film, to_stage: Affine) -> tuple[tuple[float, float], float]:
    """Semi-axes (px) of a hole of radius 1 µm as the image shows it, and the long one's angle."""
    turn = math.radians(film.ellipse_angle_deg)
    rotation = np.array([[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]])
    # `Film.metric` squeezes r² by 1/(1+e) along the angle: the semi-axis there is √(1+e)
    stretch = np.diag([math.sqrt(1 + film.ellipticity), 1 / math.sqrt(1 + film.ellipticity)])
    left, sizes, _ = np.linalg.svd(_to_px(to_stage) @ rotation @ stretch)
    angle = math.degrees(math.atan2(left[1, 0], left[0, 0])) % 180.0
    return (float(sizes[0]), float(sizes[1])), angle


def _dirty(patch: Patch, x_um: float, y_um: float, radius_um: float) -> float:
    """Share of 13 points spread over the hole that lie under opaque dirt."""
    turn = 2 * np.pi * np.arange(6) / 6
    away = np.concatenate([[0.0], np.full(6, 0.45), np.full(6, 0.85)]) * radius_um
    angle = np.concatenate([[0.0], turn, turn + np.pi / 6])
    m = patch.image_to_stage
    points = np.stack([x_um + away * np.cos(angle) - m.tx, y_um + away * np.sin(angle) - m.ty])
    columns, rows = np.rint(_to_px(m) @ points).astype(int)
    height, width = patch.contaminant_nm.shape
    rows, columns = np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)
    return float((patch.contaminant_nm[rows, columns] > OPAQUE_DIRT_NM).mean())
