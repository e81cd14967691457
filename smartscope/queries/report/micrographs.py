"""The exposures a person should look at: the best, the typical and the worst of a grid."""

from __future__ import annotations

from collections.abc import Sequence

from smartscope.domain.ranking import Exposed, usable
from smartscope.models import Exposure, Grid, Image
from smartscope.queries.report.values import Micrograph, Picture


def is_usable(exposure: Exposure, grid: Grid) -> bool:
    """As the ranking counts it."""
    seen = Exposed(
        exposure.label,
        exposure.drift_total_angstrom,
        exposure.ice_thickness_nm,
        exposure.ctf_fit_angstrom,
        bool(exposure.ctf_refusal),
        exposure.quality_class,
        exposure.quality_probability,
        exposure.particles,
    )
    return usable(
        seen,
        ice_range_nm=(grid.ice_min_nm, grid.ice_max_nm),
        fewest_particles=grid.fewest_particles,
    )


def telling_three(exposures: Sequence[Exposure], grid: Grid) -> tuple[Micrograph, ...]:
    """Best, typical and worst by usability, CTF fit and motion; fewer when there are fewer."""
    ordered = sorted(exposures, key=lambda each: _rank(each, grid))
    if not ordered:
        return ()
    chosen = {0: "best"}
    if len(ordered) > 1:
        chosen[len(ordered) - 1] = "worst"
    if len(ordered) > 2:
        chosen[len(ordered) // 2] = "typical"
    return tuple(_micrograph(ordered[n], grid, chosen[n]) for n in sorted(chosen))


def _rank(exposure: Exposure, grid: Grid) -> tuple[bool, float, float, str]:
    fit = exposure.ctf_fit_angstrom
    drift = exposure.drift_total_angstrom
    return (
        not is_usable(exposure, grid),
        float("inf") if fit is None else fit,
        float("inf") if drift is None else drift,
        exposure.slug,
    )


def _micrograph(exposure: Exposure, grid: Grid, standing: str) -> Micrograph:
    return Micrograph(
        standing=standing,
        slug=exposure.slug,
        picture=picture_of(exposure.sum_image),
        spectrum=picture_of(exposure.spectrum_image),
        usable=is_usable(exposure, grid),
        label_by_person=exposure.label,
        quality_class=exposure.quality_class,
        ice_nm=exposure.ice_thickness_nm,
        drift_angstrom=exposure.drift_total_angstrom,
        ctf_fit_angstrom=exposure.ctf_fit_angstrom,
        target_defocus_um=exposure.target_defocus_um,
        defocus_um=exposure.defocus_um,
    )


def picture_of(image: Image | None) -> Picture | None:
    """None until a preview was derived."""
    if image is None or not image.preview_key:
        return None
    return Picture(image.pk, image.preview_key, image.width_px, image.height_px)
