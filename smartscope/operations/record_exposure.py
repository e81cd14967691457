"""Record what was measured in an exposure; what was not measured stays empty."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone

from smartscope.domain.actor import ANALYSIS
from smartscope.domain.ice import Thickness, contradiction
from smartscope.domain.status import (
    EXPOSURE_MOVES,
    HOLE_MOVES,
    ExposureStatus,
    TargetStatus,
    moved,
)
from smartscope.models import Exposure, Hole
from smartscope.operations.derived_image import Derived, derived_image
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.finish_analysis import result_of
from smartscope.operations.rerank_grid import rerank_grid
from smartscope.operations.settle import lock_above, settle_group
from smartscope.operations.want_denoised import denoise_by_protocol
from smartscope.operations.want_fine_sum import fine_sum_by_protocol
from smartscope.operations.want_picks import pick_by_protocol

T = TargetStatus


@dataclass(frozen=True, slots=True)
class FieldMotion:
    """How places (x, y from -1 to 1) moved beside the frame as a whole: Å (x, y), by frame."""

    places: tuple[tuple[float, float], ...]
    shifts_angstrom: tuple[tuple[tuple[float, float], ...], ...]


@dataclass(frozen=True, slots=True)
class Pictures:
    """What was made of a movie: sum, power spectrum, and the weighted sum when a dose is known.

    `halves` are the sums of even and of odd frames, where they are wanted.
    """

    total: Derived
    spectrum: Derived
    weighted: Derived | None = None
    halves: tuple[Derived, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What an exposure shows: class, how sure (0-1), why, by which plug-in; or why nobody can say.

    `contaminated_fraction` is the share of the field under dirt or foil, None where not sought.
    """

    quality_class: str = ""
    probability: float | None = None
    reasons: tuple[str, ...] = ()
    refusal: str = ""
    plugin: str = ""
    contaminated_fraction: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Numbers from the movie, None where not measured; shifts are per frame, in Å.

    `defocus_um` is the mean underfocus; `ctf_refusal` says why there is none though it was sought.
    `specimen_tilt_deg` is by rings and stage, underfocus grows towards `defocus_rises_deg`.
    `ice_rings_at_most` says that the ice's thickness by rings is an upper bound.
    """

    drift_total_angstrom: float | None
    drift_early_angstrom: float | None
    mean_counts: float
    shifts_angstrom: tuple[tuple[float, float], ...]
    defocus_um: float | None = None
    astigmatism_nm: float | None = None
    defocus_error_um: float | None = None
    astigmatism_axis_deg: float | None = None
    specimen_tilt_deg: float | None = None
    specimen_tilt_error_deg: float | None = None
    defocus_rises_deg: float | None = None
    ctf_fit_angstrom: float | None = None
    ctf_refusal: str = ""
    ice_rings_nm: float | None = None
    ice_rings_error_nm: float | None = None
    ice_rings_at_most: bool = False
    field_motion: FieldMotion | None = None
    judged: Judged = Judged()
    warnings: tuple[str, ...] = ()


def record_exposure(analysis_id: UUID, measured: Measured, pictures: Pictures) -> None:
    """Write sums, power spectrum and numbers, and let the grid be judged anew, once."""
    with result_of(analysis_id) as analysis:
        if analysis is None:
            return
        group = lock_above(Hole.objects.get(exposures__movie=analysis.image))
        hole = Hole.objects.select_for_update(of=("self",), no_key=True).get(
            exposures__movie=analysis.image
        )
        exposure = Exposure.objects.select_for_update(of=("self",), no_key=True).get(
            movie=analysis.image
        )
        _fill_in(exposure, hole, measured)
        exposure.sum_image = derived_image(analysis.image, pictures.total)
        exposure.spectrum_image = derived_image(analysis.image, pictures.spectrum)
        if pictures.weighted is not None:
            exposure.weighted_image = derived_image(analysis.image, pictures.weighted)
        for half in pictures.halves:
            derived_image(analysis.image, half)
        exposure.save()
        hole.status = moved(HOLE_MOVES, T(hole.status), T.ANALYSED, f"hole {hole.slug}")
        hole.save(update_fields=["status", "updated_at"])
        if group is not None:
            settle_group(group)
        grid = analysis.image.grid
        rerank_grid(grid)
        pick_by_protocol(exposure)
        denoise_by_protocol(exposure)
        fine_sum_by_protocol(exposure)
        record_event(
            "exposure.analysed",
            ANALYSIS,
            Scope(grid.session.microscope_id, grid.session_id, grid.pk),
            Told(subjects=[exposure.pk, hole.pk], reason="; ".join(measured.warnings)),
        )


def _fill_in(exposure: Exposure, hole: Hole, measured: Measured) -> None:
    # what was found to be worth nothing stays so, though it could be measured
    if exposure.status != ExposureStatus.INVALID:
        exposure.status = moved(
            EXPOSURE_MOVES, ExposureStatus(exposure.status), ExposureStatus.ANALYSED, exposure.slug
        )
    exposure.analysed_at = timezone.now()
    exposure.drift_total_angstrom = measured.drift_total_angstrom
    exposure.drift_early_angstrom = measured.drift_early_angstrom
    exposure.mean_counts = measured.mean_counts
    exposure.shifts_angstrom = [list(shift) for shift in measured.shifts_angstrom]
    exposure.defocus_um = measured.defocus_um
    exposure.astigmatism_nm = measured.astigmatism_nm
    exposure.defocus_error_um = measured.defocus_error_um
    exposure.astigmatism_axis_deg = measured.astigmatism_axis_deg
    exposure.specimen_tilt_deg = measured.specimen_tilt_deg
    exposure.specimen_tilt_error_deg = measured.specimen_tilt_error_deg
    exposure.defocus_rises_deg = measured.defocus_rises_deg
    exposure.ctf_fit_angstrom = measured.ctf_fit_angstrom
    exposure.ctf_refusal = measured.ctf_refusal
    exposure.ice_rings_nm = measured.ice_rings_nm
    exposure.ice_rings_error_nm = measured.ice_rings_error_nm
    exposure.ice_rings_at_most = measured.ice_rings_at_most
    exposure.field_motion = (
        None
        if measured.field_motion is None
        else {
            "places": [list(place) for place in measured.field_motion.places],
            "shifts_angstrom": [
                [list(shift) for shift in track] for track in measured.field_motion.shifts_angstrom
            ],
        }
    )
    _fill_in_quality(exposure, measured.judged)
    # seen in the square's image, the only measure of ice until the micrograph is measured too
    exposure.ice_thickness_nm = hole.ice_thickness_nm
    exposure.warnings = " ".join((*measured.warnings, *_ice_contradicted(hole, measured)))[:600]


def _ice_contradicted(hole: Hole, measured: Measured) -> tuple[str, ...]:
    """A sentence when the hole's brightness and the rings differ beyond errors that are known."""
    ice_nm, error_nm = hole.ice_thickness_nm, hole.ice_thickness_error_nm
    rings_nm, rings_error_nm = measured.ice_rings_nm, measured.ice_rings_error_nm
    if ice_nm is None or error_nm is None or rings_nm is None or rings_error_nm is None:
        return ()
    by_brightness = Thickness(nm=ice_nm, error_nm=error_nm)
    by_rings = Thickness(nm=rings_nm, error_nm=rings_error_nm, at_most=measured.ice_rings_at_most)
    said = contradiction(by_brightness, by_rings)
    return (said,) if said else ()


def _fill_in_quality(exposure: Exposure, judged: Judged) -> None:
    exposure.quality_class = judged.quality_class
    exposure.quality_probability = judged.probability
    exposure.quality_reasons = "; ".join(judged.reasons)[:500]
    exposure.quality_refusal = judged.refusal[:300]
    exposure.quality_plugin = judged.plugin
    exposure.contaminated_fraction = judged.contaminated_fraction
