"""An exposure just recorded: align its frames, sum them, fit the CTF, write down the numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from smartscope.analysis import registry
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.stage_tilt import LEVEL_WITHIN_DEG, StageTilt, tilt_axis_deg
from smartscope.analysis.ctf.tilt import doubt
from smartscope.analysis.movies.align import Taken
from smartscope.analysis.movies.local_field import LocalMotion
from smartscope.analysis.movies.measure import CtfWanted, ExposureMeasures, measure_exposure
from smartscope.domain.geometry import Affine
from smartscope.models import Analysis, Image, ImageKind
from smartscope.operations.derived_image import Derived
from smartscope.operations.record_exposure import (
    FieldMotion,
    Measured,
    Pictures,
    record_exposure,
)
from smartscope.storage.current import current_store
from workers.analyses.halves import write_halves
from workers.analyses.pictures import write_derived, write_spectrum
from workers.analyses.quality import judged
from workers.analyses.references import check_whole, defects_of, gain_of, magnification_of

#: width (standard deviation) of the blur of what people look at; files keep every detail
SHOWN_ANGSTROM = 5.0

CTF_ESTIMATOR = "thon-rings"

#: across and down the field, where its motion is written down for people
TRACED_PLACES = np.array([-0.8, -0.4, 0.0, 0.4, 0.8])


def measure(analysis: Analysis) -> None:
    """Raises BadFile for a broken movie; recording is idempotent."""
    movie = analysis.image
    check_whole(movie)
    with current_store().local_copy(movie.key) as path:
        measures = measure_exposure(
            path,
            how_taken(movie),
            ctf=_ctf_wanted(movie),
            gain=gain_of(movie),
            defects=defects_of(movie),
            aligner=registry.movie_aligner(analysis.plugin),
        )
    sums = measures.aligned.sums
    pictures = Pictures(
        total=_written(movie, ImageKind.SUM, sums.plain),
        spectrum=write_spectrum(movie, measures.shown_spectrum),
        weighted=None
        if sums.weighted is None
        else _written(movie, ImageKind.WEIGHTED_SUM, sums.weighted),
        # aligned here anyway, so that nobody has to do it again
        halves=write_halves(movie, sums) if movie.grid.denoise_exposures else (),
    )
    measured = replace(
        _measured(measures), judged=judged(movie, measures), warnings=_warnings(movie, measures)
    )
    record_exposure(analysis.pk, measured, pictures)


def _written(movie: Image, kind: ImageKind, pixels: NDArray[np.float32]) -> Derived:
    return write_derived(
        movie,
        kind,
        pixels,
        pixel_size_angstrom=movie.pixel_size_angstrom,
        to_stage=None,
        shown=for_the_eye(pixels, movie.pixel_size_angstrom),
    )


def for_the_eye(total: NDArray[np.float32], pixel_size_angstrom: float) -> NDArray[np.float32]:
    """Shot noise smoothed away: at full resolution nobody sees a particle."""
    smoothed: NDArray[np.float32] = gaussian_filter(total, SHOWN_ANGSTROM / pixel_size_angstrom)
    return smoothed


def how_taken(movie: Image) -> Taken:
    """Pixel, dose, voltage and magnification of an exposure, as its rows say."""
    return Taken(
        pixel_size_angstrom=movie.pixel_size_angstrom,
        dose_per_frame_e_per_a2=movie.dose_e_per_angstrom2 / max(movie.sections, 1) or None,
        voltage_kv=movie.grid.session.microscope.voltage_kv,
        magnification=magnification_of(movie),
    )


def _ctf_wanted(movie: Image) -> CtfWanted:
    microscope = movie.grid.session.microscope
    return CtfWanted(
        optics=Optics(
            voltage_kv=microscope.voltage_kv,
            spherical_aberration_mm=microscope.spherical_aberration_mm,
        ),
        estimator=registry.ctf_estimator(CTF_ESTIMATOR),
        expected_defocus_angstrom=None if movie.defocus_um is None else 1e4 * movie.defocus_um,
        tilt=_stage_tilt(movie),
    )


def _stage_tilt(movie: Image) -> StageTilt | None:
    """What the stage said when the movie was recorded; None for a level one."""
    if abs(movie.tilt_deg) < LEVEL_WITHIN_DEG:
        return None
    lies = movie.pixel_to_stage
    axis = tilt_axis_deg(Affine(*lies)) if isinstance(lies, list) else None
    return StageTilt(tilt_deg=movie.tilt_deg, axis_deg=axis)


def _measured(measures: ExposureMeasures) -> Measured:
    fit, aligned, ice, plane = measures.ctf.fit, measures.aligned, measures.ice, measures.plane
    return Measured(
        defocus_um=None if fit is None else 1e-4 * fit.defocus_angstrom,
        astigmatism_nm=None if fit is None else 0.1 * fit.astigmatism_angstrom,
        defocus_error_um=None if fit is None else 1e-4 * fit.defocus_error_angstrom,
        astigmatism_axis_deg=None if fit is None else fit.axis_deg,
        ctf_fit_angstrom=None if fit is None else fit.fit_angstrom,
        ctf_refusal=measures.ctf.reason,
        drift_total_angstrom=aligned.drift_total_angstrom,
        drift_early_angstrom=aligned.drift_early_angstrom,
        mean_counts=aligned.mean_counts,
        shifts_angstrom=tuple(
            (round(float(x), 3), round(float(y), 3)) for x, y in aligned.shifts_angstrom
        ),
        ice_rings_nm=None if ice is None else ice.thickness_nm,
        ice_rings_error_nm=None if ice is None else ice.error_nm,
        ice_rings_at_most=ice is not None and ice.upper_bound,
        field_motion=None if aligned.local is None else _field_motion(aligned.local),
        specimen_tilt_deg=None if plane is None else plane.tilt_deg,
        specimen_tilt_error_deg=None if plane is None else plane.tilt_error_deg,
        defocus_rises_deg=None if plane is None else plane.rises_deg,
    )


def _warnings(movie: Image, measures: ExposureMeasures) -> tuple[str, ...]:
    """What the aligner says, and where rings and stage contradict each other."""
    stage, plane = _stage_tilt(movie), measures.plane
    said = "" if stage is None or plane is None else doubt(plane, stage)
    return (*measures.aligned.warnings, *([said] if said else []))


def _field_motion(local: LocalMotion) -> FieldMotion:
    x, y = (each.ravel() for each in np.meshgrid(TRACED_PLACES, TRACED_PLACES))
    tracks = local.shifts_angstrom(x, y).transpose(1, 0, 2)
    return FieldMotion(
        tuple((float(a), float(b)) for a, b in zip(x, y, strict=True)),
        tuple(
            tuple((round(float(a), 3), round(float(b), 3)) for a, b in track) for track in tracks
        ),
    )
