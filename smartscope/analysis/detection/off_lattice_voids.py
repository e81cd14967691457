"""Targets on lacey film: middles of voids wide enough for the beam, told from strands by grey."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from smartscope.analysis.base import BoolArray, FindContext, Findings, FloatArray, Image
from smartscope.analysis.detection.ice import VacuumReference, thickness_nm
from smartscope.analysis.detection.off_lattice_film import (
    depth_um,
    look_at_bare_film,
    no_findings,
    targets_at,
)
from smartscope.analysis.detection.off_lattice_strands import voids_of
from smartscope.analysis.manifest import Manifest, read_manifest

#: between the beam's edge and the strand, for the stage and for what the picture leaves open
MARGIN_UM = 0.1
SPACING_BEAM_RADII = 2.2
GOOD_ICE_NM = (15.0, 100.0)
POOR_ICE_SCORE = 0.5
_RIDGE_UM = 0.15


class LaceyVoidFinder:
    """Void segmentation, distance to the nearest strand, one target for each wide place."""

    def __init__(self) -> None:
        self._manifest = read_manifest(
            files("smartscope.analysis.detection") / "off_lattice_voids.toml"
        )

    @property
    def manifest(self) -> Manifest:
        """Name, version and labels."""
        return self._manifest

    def find(self, image: Image, context: FindContext) -> Findings:
        """Voids of a square's image whose inscribed circle holds the beam and a margin.

        The radius of a target is as much of that circle as keeps a beam put off the middle by half
        of it inside the void.
        """
        labels = self._manifest.label_keys()
        film = look_at_bare_film(image, context)
        if film is None:
            return no_findings(labels, "the image is flat")
        void = voids_of(film)
        if void is None:
            return no_findings(labels, "no strands can be told from voids")
        room = depth_um(void & film.sound, film.pixel_size_um)
        need_um = context.beam_radius_um + MARGIN_UM
        places, radii_um = _middles(room, need_um, film.pixel_size_um)
        if len(places) == 0:
            return no_findings(labels, f"no void is {2 * need_um:.2f} µm wide")
        ice = _ice_scores(image, film.in_image(places), context)
        spacing_um = SPACING_BEAM_RADII * context.beam_radius_um
        kept = _apart(places, radii_um, ice, spacing_um, film.pixel_size_um)
        radii_um = np.minimum(radii_um, 2 * (radii_um - context.beam_radius_um))
        size = np.clip(radii_um / (2 * need_um), 0.3, 1.0)
        return targets_at(
            labels,
            film.in_image(places[kept]),
            radii_um[kept] / image.pixel_size_um,
            (ice * size)[kept],
            {
                "void_share": float(void[film.sound].mean()) if film.sound.any() else 0.0,
                "beam_radius_um": context.beam_radius_um,
                "off_lattice": 1.0,
            },
        )


def _middles(room_um: FloatArray, need_um: float, pixel_um: float) -> tuple[FloatArray, FloatArray]:
    """Local maxima (N, 2) of the room and their values (N,) that reach `need_um`, widest first."""
    ridge = ndimage.gaussian_filter(room_um, max(0.5, 0.5 * _RIDGE_UM / pixel_um))
    size = 2 * max(1, round(_RIDGE_UM / pixel_um)) + 1
    top = (ridge >= ndimage.maximum_filter(ridge, size)) & (room_um >= need_um)
    parts, count = ndimage.label(top, structure=np.ones((3, 3)))
    if count == 0:
        return np.empty((0, 2)), np.empty(0)
    middle = np.array(ndimage.center_of_mass(top, parts, np.arange(1, count + 1))).reshape(-1, 2)
    rows, columns = np.rint(middle).astype(int).T
    width = room_um[rows, columns]
    kept = width >= need_um
    places, width = middle[kept][:, ::-1], width[kept]
    order = np.lexsort((places[:, 0], places[:, 1], -width))
    return places[order], width[order]


def _ice_scores(image: Image, places: FloatArray, context: FindContext) -> FloatArray:
    """1 where the ice is known to be within the usual range, or not known; less elsewhere."""
    if context.vacuum_intensity is None:
        return np.ones(len(places))
    reference = VacuumReference(
        context.vacuum_intensity, context.vacuum_intensity_error, "calibration"
    )
    reach = max(1.0, 0.5 * context.beam_radius_um / image.pixel_size_um)
    smooth = ndimage.gaussian_filter(image.pixels, reach)
    rows, columns = np.rint(places[:, ::-1]).astype(int).T
    low, high = GOOD_ICE_NM
    good = [
        low <= thickness_nm(float(grey), 0.0, reference, context)[0] <= high
        for grey in smooth[rows, columns]
    ]
    return np.where(good, 1.0, POOR_ICE_SCORE)


def _apart(
    places: FloatArray,
    radii_um: FloatArray,
    ice: FloatArray,
    spacing_um: float,
    pixel_um: float,
) -> BoolArray:
    """(N,) best ice first, then widest: none within the spacing of, or inside, one before it."""
    order = np.lexsort((places[:, 0], places[:, 1], -radii_um, -ice))
    kept = np.zeros(len(places), dtype=np.bool_)
    gone = np.zeros(len(places), dtype=np.bool_)
    tree = cKDTree(places)
    for number in order:
        if gone[number]:
            continue
        kept[number] = True
        reach_um = max(spacing_um, float(radii_um[number]))
        for other in tree.query_ball_point(places[number], reach_um / pixel_um):
            gone[other] = True
    return kept
