"""Targets on continuous film: evenly spread places of the stage, clear of dirt, tears and bars."""

from __future__ import annotations

import hashlib
import math
from importlib.resources import files

import numpy as np

from smartscope.analysis.base import FindContext, Findings, FloatArray, Image
from smartscope.analysis.detection.off_lattice_film import (
    BareFilm,
    depth_um,
    look_at_bare_film,
    no_findings,
    targets_at,
)
from smartscope.analysis.manifest import Manifest, read_manifest

#: between the beam's edge and dirt, tear or bar
MARGIN_UM = 0.25
#: between neighbouring places, where the beam does not ask for more
PITCH_UM = 4.0
SPACING_BEAM_RADII = 2.2
#: a place may lie so far from its node of a triangular lattice, in pitches
JITTER_PITCHES = 0.25
CANDIDATES = 8
_ROW = math.sqrt(0.75)


class ContinuousPointFinder:
    """Blue noise that belongs to the stage: the same places however the image lies."""

    def __init__(self) -> None:
        self._manifest = read_manifest(
            files("smartscope.analysis.detection") / "off_lattice_points.toml"
        )

    @property
    def manifest(self) -> Manifest:
        """Name, version and labels."""
        return self._manifest

    def find(self, image: Image, context: FindContext) -> Findings:
        """Places of a square's image on sound film that keep the beam off everything else."""
        labels = self._manifest.label_keys()
        film = look_at_bare_film(image, context)
        if film is None:
            return no_findings(labels, "the image is flat")
        need_um = context.beam_radius_um + MARGIN_UM
        room = depth_um(film.sound, film.pixel_size_um)
        # half a pitch is left between neighbours at worst
        pitch_um = max(PITCH_UM, 2 * SPACING_BEAM_RADII * context.beam_radius_um)
        places = _places(image, film, room, need_um, pitch_um, context.seed)
        if len(places) == 0:
            return no_findings(labels, f"no clean film is {2 * need_um:.2f} µm wide")
        rows, columns = np.rint(film.in_film(places)[:, ::-1]).astype(int).T
        free_um = np.minimum(room[rows, columns], 0.5 * pitch_um)
        return targets_at(
            labels,
            places,
            np.full(len(places), need_um / image.pixel_size_um),
            np.clip(free_um / (2 * need_um), 0.3, 1.0),
            {"beam_radius_um": context.beam_radius_um, "pitch_um": pitch_um, "off_lattice": 1.0},
        )


def _places(
    image: Image,
    film: BareFilm,
    room_um: FloatArray,
    need_um: float,
    pitch_um: float,
    seed: int,
) -> FloatArray:
    """(N, 2) pixels of the image: near each node of the stage's lattice the first with room."""
    height, width = image.pixels.shape
    nodes = _nodes(image, pitch_um)
    stage = np.array([_candidates(column, row, pitch_um, seed) for column, row in nodes])
    m = image.to_stage
    to_px = np.linalg.inv([[m.a, m.b], [m.c, m.d]])
    places = (stage - [m.tx, m.ty]) @ to_px.T
    inside = ((places >= 0.0) & (places <= [width - 1, height - 1])).all(axis=-1)
    columns, rows = np.moveaxis(np.rint(film.in_film(places)).astype(int), -1, 0)
    good = inside & (room_um[rows, columns] >= need_um)
    first = good.argmax(axis=1)
    kept = good.any(axis=1)
    return np.asarray(places[kept, first[kept]])


def _nodes(image: Image, pitch_um: float) -> list[tuple[int, int]]:
    """Nodes of a triangular lattice of the stage that may show in the image."""
    height, width = image.pixels.shape
    corners = [image.to_stage.apply(x, y) for x in (0, width - 1) for y in (0, height - 1)]
    across = [corner.x_um / pitch_um for corner in corners]
    down = [corner.y_um / (pitch_um * _ROW) for corner in corners]
    nodes = []
    for row in range(math.floor(min(down)) - 1, math.ceil(max(down)) + 2):
        first = math.floor(min(across) - 0.5 * row) - 1
        last = math.ceil(max(across) - 0.5 * row) + 1
        nodes += [(column, row) for column in range(first, last + 1)]
    return nodes


def _candidates(column: int, row: int, pitch_um: float, seed: int) -> FloatArray:
    """(CANDIDATES, 2) stage µm about one node, the same for the same seed."""
    text = f"{seed}:{column}:{row}".encode()
    digest = hashlib.blake2b(text, digest_size=4 * CANDIDATES, person=b"points").digest()
    draw = np.frombuffer(digest, dtype="<u2").reshape(CANDIDATES, 2) / 65536.0
    away = JITTER_PITCHES * pitch_um * np.sqrt(draw[:, 0])
    angle = 2 * np.pi * draw[:, 1]
    x, y = (column + 0.5 * row) * pitch_um, row * _ROW * pitch_um
    return np.column_stack([x + away * np.cos(angle), y + away * np.sin(angle)])
