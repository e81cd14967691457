"""Everything that is measured on one exposure when it arrives, in one call without side effects."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatImage
from smartscope.analysis.ctf.estimate import CtfResult, Source, tile_angstrom
from smartscope.analysis.ctf.estimator import CtfEstimator, RingEstimator
from smartscope.analysis.ctf.ice_thickness import IceThickness, thickness_by_rings
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import (
    MIN_TILE_PX,
    PolarSpectrum,
    SpectrumGatherer,
    polar_spectrum,
)
from smartscope.analysis.ctf.power_spectrum import PowerSpectrum, power_spectrum
from smartscope.analysis.ctf.ring_picture import ring_picture
from smartscope.analysis.ctf.search import SearchRange
from smartscope.analysis.ctf.stage_tilt import StageTilt
from smartscope.analysis.ctf.tile_spectra import TileGatherer
from smartscope.analysis.ctf.tilt import DefocusPlane, defocus_plane
from smartscope.analysis.io.eer import DEFAULT_FRACTIONS
from smartscope.analysis.io.movie import open_movie
from smartscope.analysis.movies.align import AlignedMovie, Taken
from smartscope.analysis.movies.aligner import LocalMotionAligner, MovieAligner


@dataclass(frozen=True, slots=True, eq=False)
class ExposureMeasures:
    """What a movie or single image says; see `AlignedMovie` for sums, drift and shifts.

    `power_spectrum` is for the eye; `rings` is the same picture, measured beside fitted. `ice` is
    the thickness by how the rings fade, None where nothing can be said. `plane` is how defocus
    changes over the field of a tilted stage, None on a level one and where nothing can be said.
    """

    aligned: AlignedMovie
    power_spectrum: PowerSpectrum
    ctf: CtfResult
    ice: IceThickness | None
    rings: FloatImage | None
    frames: int
    plane: DefocusPlane | None = None

    @property
    def shown_spectrum(self) -> PowerSpectrum:
        """What people should see: the spectrum beside its fit, alone when there is none."""
        if self.rings is None:
            return self.power_spectrum
        return replace(self.power_spectrum, amplitude=self.rings)


@dataclass(frozen=True, slots=True, kw_only=True)
class CtfWanted:
    """How a CTF is to be found: the microscope, who finds it, what defocus was asked for (Å), and
    what the stage says of the specimen's tilt, None where it is level.
    """

    optics: Optics
    estimator: CtfEstimator = field(default_factory=RingEstimator)
    limits: SearchRange = field(default_factory=SearchRange)
    expected_defocus_angstrom: float | None = None
    tilt: StageTilt | None = None


def measure_exposure(
    movie_path: Path,
    taken: Taken,
    *,
    ctf: CtfWanted,
    gain: NDArray[np.generic] | None = None,
    defects: BoolArray | None = None,
    aligner: MovieAligner | None = None,
    eer_fractions: int = DEFAULT_FRACTIONS,
) -> ExposureMeasures:
    """Align a movie (MRC or TIFF stack, EER; one frame is a single image), fit its CTF.

    The pixel size in `taken` comes from the session, not from the file's header, which is often
    wrong. `gain` (height, width) multiplies each frame; `defects` marks bad pixels; `aligner` None
    is the built-in one. An EER file's raw frames are summed to `eer_fractions`. The result is the
    same for the same file. Raises `BadFile` for a broken file, `InvalidInput` for an argument that
    cannot be.
    """
    pixel_size_angstrom = taken.pixel_size_angstrom
    gatherer = SpectrumGatherer(
        pixel_size_angstrom=pixel_size_angstrom,
        tile_angstrom=tile_angstrom(ctf.optics, ctf.expected_defocus_angstrom),
    )
    tiles = None if ctf.tilt is None else TileGatherer(pixel_size_angstrom=pixel_size_angstrom)

    def each_group(image: FloatImage) -> None:
        gatherer.add(image)
        if tiles is not None:
            tiles.add(image)

    with open_movie(movie_path, eer_fractions=eer_fractions) as movie:
        frames = movie.frames
        large = min(movie.height_px, movie.width_px) >= MIN_TILE_PX
        aligned = (aligner or LocalMotionAligner()).align(
            movie,
            taken,
            gain=gain,
            defects=defects,
            each_group=each_group if large and frames > 1 else None,
        )
    total = aligned.aligned_sum
    groups = gatherer.spectrum() if large and frames > 1 else None
    found = _ctf(total, groups, pixel_size_angstrom, ctf)
    shown = power_spectrum(total, pixel_size_angstrom=pixel_size_angstrom)
    return ExposureMeasures(
        aligned=aligned,
        power_spectrum=shown,
        ctf=found,
        ice=_ice(total, groups, pixel_size_angstrom, found, ctf),
        rings=_rings(shown, found, ctf.optics),
        frames=frames,
        plane=_plane(total, tiles, pixel_size_angstrom, found, ctf),
    )


def _ctf(
    total: FloatImage,
    groups: PolarSpectrum | None,
    pixel_size_angstrom: float,
    wanted: CtfWanted,
) -> CtfResult:
    if min(total.shape) < MIN_TILE_PX:
        return CtfResult(
            None, f"The image is under {MIN_TILE_PX} px a side: too small for a CTF.", None
        )
    return wanted.estimator.estimate(
        total,
        groups,
        pixel_size_angstrom=pixel_size_angstrom,
        optics=wanted.optics,
        limits=wanted.limits,
        expected_defocus_angstrom=wanted.expected_defocus_angstrom,
    )


def _plane(
    total: FloatImage,
    groups: TileGatherer | None,
    pixel_size_angstrom: float,
    found: CtfResult,
    wanted: CtfWanted,
) -> DefocusPlane | None:
    """How defocus changes over a tilted field, by its rings and by the stage."""
    if found.fit is None or groups is None or wanted.tilt is None:
        return None
    of_sum = TileGatherer.of(total, pixel_size_angstrom=pixel_size_angstrom)
    stacks = [stack for each in (groups, of_sum) if (stack := each.stack()) is not None]
    return defocus_plane(stacks, found.fit, wanted.optics, known=wanted.tilt.known)


def _ice(
    total: FloatImage,
    groups: PolarSpectrum | None,
    pixel_size_angstrom: float,
    found: CtfResult,
    wanted: CtfWanted,
) -> IceThickness | None:
    """Thickness in the spectrum that the CTF was fitted to."""
    if found.fit is None:
        return None
    spectrum = groups
    if spectrum is None or found.fit.source is Source.SUM:
        spectrum = polar_spectrum(
            total,
            pixel_size_angstrom=pixel_size_angstrom,
            tile_angstrom=tile_angstrom(wanted.optics, wanted.expected_defocus_angstrom),
        )
    return thickness_by_rings(spectrum, found.fit, wanted.optics)


def _rings(shown: PowerSpectrum, found: CtfResult, optics: Optics) -> FloatImage | None:
    if found.fit is None or found.profile is None:
        return None
    return ring_picture(shown, found.fit, found.profile, optics)
