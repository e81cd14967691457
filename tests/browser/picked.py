"""Particles found in one exposure of a planted night, and its picture without noise."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from smartscope.analysis.io.mrc import write_mrc_image
from smartscope.analysis.previews.jpeg import preview_jpeg
from smartscope.models import Analysis, Denoised, Exposure, Image, PickEdit, Picking
from smartscope.operations.count_particles import count_particles
from smartscope.queries.picks import packed
from smartscope.storage.current import current_store
from tests.analysis.picking.pictures import DIAMETER_ANGSTROM, PIXEL_ANGSTROM, drawn
from tests.browser import pictures
from tests.browser.stored import stored

#: x, y and score in a picture of 512 px; the last is not sure enough
FOUND = np.column_stack([pictures.PARTICLES_PX, (9.1, 8.0, 7.5, 6.9, 5.2, 3.0)])
THRESHOLD = 5.0


def plant_picks(session: str, grid: str) -> str:
    """Of the first measured exposure; returns the query that opens it: its square and its hole."""
    exposure = _first(session, grid)
    assert exposure.sum_image is not None
    _write(exposure.sum_image)
    picking = Picking.objects.create(
        exposure=exposure,
        analysis=_done(exposure.sum_image, "pick", "matched-picker"),
        method="matched-picker",
        method_version="1",
        diameter_angstrom=42.0,
        diameter_spread_angstrom=3.0,
        threshold=THRESHOLD,
        packed=packed(FOUND[:, :2], FOUND[:, 2]),
    )
    Denoised.objects.create(
        exposure=exposure,
        analysis=_done(exposure.sum_image, "denoise", "wiener-halves"),
        image=_clean(exposure.sum_image),
        method="Wiener filter of two halves",
        method_version="1",
    )
    count_particles(exposure, picking)
    return f"?square={exposure.hole.square.slug}&hole={exposure.hole.slug}"


def plant_discs(session: str, grid: str) -> str:
    """As `plant_picks`: discs of which all are picked but ten, which a person added."""
    exposure = _first(session, grid)
    total = exposure.sum_image
    assert total is not None
    picture, centres = drawn()
    total.key, total.pixel_size_angstrom = f"{total.key}.mrc", PIXEL_ANGSTROM
    total.height_px, total.width_px = picture.shape
    total.save()
    exposure.pixel_size_angstrom, exposure.defocus_um = PIXEL_ANGSTROM, None
    exposure.save()
    current_store().write_atomic(
        total.key,
        lambda stream: write_mrc_image(stream, picture, pixel_size_angstrom=PIXEL_ANGSTROM),
    )
    picking = Picking.objects.create(
        exposure=exposure,
        analysis=_done(total, "pick", "matched-picker"),
        method="matched-picker",
        method_version="1",
        diameter_angstrom=DIAMETER_ANGSTROM,
        threshold=THRESHOLD,
        packed=packed(centres[10:], np.full(len(centres) - 10, 9.0)),
    )
    for x_px, y_px in centres[:10]:
        PickEdit.objects.create(exposure=exposure, is_particle=True, x_px=x_px, y_px=y_px)
    count_particles(exposure, picking)
    return f"?square={exposure.hole.square.slug}&hole={exposure.hole.slug}"


def _first(session: str, grid: str) -> Exposure:
    """The first measured exposure."""
    measured = Exposure.objects.filter(
        hole__square__grid__slug=grid, hole__square__grid__session__name=session
    ).exclude(sum_image=None)
    rows = measured.select_related("hole__square__grid", "sum_image")
    return rows.order_by("exposed_at_s")[0]


def _write(total: Image) -> None:
    """The sum itself, for what is computed from it while somebody waits."""
    pixels, pixel = pictures.micrograph(0), total.pixel_size_angstrom
    current_store().write_atomic(
        total.key, lambda stream: write_mrc_image(stream, pixels, pixel_size_angstrom=pixel)
    )


def _done(image: Image, kind: str, plugin: str) -> Analysis:
    return Analysis.objects.create(
        image=image, kind=kind, plugin=plugin, plugin_version="1", state="done", visible_at_s=0.0
    )


def _clean(total: Image) -> Image:
    pixels = gaussian_filter(pictures.micrograph(0), 4.0)
    picture = stored("micrograph-denoised", pixels, preview_jpeg(pixels))
    return Image.objects.create(
        grid=total.grid,
        kind="denoised",
        source=total,
        key=total.key.replace("sum", "denoised"),
        sha256="0" * 64,
        bytes=1,
        width_px=total.width_px,
        height_px=total.height_px,
        pixel_size_angstrom=total.pixel_size_angstrom,
        taken_at_s=total.taken_at_s,
        preview_key=f"{picture.key}.jpg",
        tiles_key=f"{picture.key}.zip",
    )
