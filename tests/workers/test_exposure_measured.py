"""From a movie's file to what its row says: drift, defocus with its error, or why there is none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from smartscope.analysis.io.mrc import read_mrc_image, save_mrc
from smartscope.domain.ranking import SURE_ENOUGH
from smartscope.models import Analysis, Exposure, Hole, Image, ImageKind, Session
from smartscope.operations.record_holes import record_holes
from smartscope.operations.record_squares import record_squares
from tests.analysis.ctf.ringed_specimen import Lens, micrograph
from tests.analysis.ctf.tilted_specimen import PIXEL_ANGSTROM as TILTED_PIXEL_ANGSTROM
from tests.analysis.ctf.tilted_specimen import tilted
from tests.workers.night import grid_with_atlas, holes, image_of, imaged, squares, stitched, wanted
from workers.analyses.run import run_analysis

pytestmark = pytest.mark.django_db

PIXEL_ANGSTROM = 1.2
SIDE_PX = 1024
LENS = Lens(u=15_430.0, v=14_830.0, axis_deg=37.0)


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings: object) -> None:
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()  # type: ignore[attr-defined]


def taken(tmp_path: Path, frames: NDArray[np.uint8]) -> tuple[Analysis, Exposure]:
    """An exposure of one hole whose movie lies on storage and waits to be measured."""
    grid = grid_with_atlas()
    record_squares(Analysis.objects.get(image__grid=grid).pk, squares("ggg"), stitched())
    square = grid.squares.filter(status="queued").first()
    assert square is not None
    record_holes(imaged(square, at_s=200.0).pk, holes(40.0, 40.0, 40.0))
    hole = Hole.objects.filter(status="queued").first()
    assert hole is not None
    Hole.objects.filter(pk=hole.pk).update(status="imaged")
    movie = image_of(grid, ImageKind.MOVIE, at_s=300.0)
    key = movie.key.replace(".mrc", ".mrcs")
    Image.objects.filter(pk=movie.pk).update(
        key=key,
        sections=len(frames),
        pixel_size_angstrom=PIXEL_ANGSTROM,
        dose_e_per_angstrom2=float(len(frames)),
        defocus_um=1.5,
    )
    path = tmp_path / "files" / key
    path.parent.mkdir(parents=True)
    save_mrc(path, frames, pixel_size_angstrom=PIXEL_ANGSTROM)
    movie.refresh_from_db()
    exposure = Exposure.objects.create(
        hole=hole,
        slug=hole.slug,
        movie=movie,
        status="transferred",
        pixel_size_angstrom=PIXEL_ANGSTROM,
        dose_e_per_angstrom2=40.0,
        exposed_at_s=300.0,
    )
    return wanted(movie, "measure_exposure", plugin="local-motion"), exposure


def counted(contrast: NDArray[np.float32], frames: int = 8) -> NDArray[np.uint8]:
    """Electrons of a specimen that stands still."""
    rng = np.random.default_rng(1)
    mean = np.maximum(1.5 * (1.0 + contrast), 0.0)
    return rng.poisson(mean, (frames, *contrast.shape)).astype(np.uint8)


def test_a_movie_becomes_numbers_and_a_picture_of_its_rings(tmp_path: Path) -> None:
    scene = micrograph(LENS, side_px=SIDE_PX, pixel_size_angstrom=PIXEL_ANGSTROM, signal=25.0)
    analysis, exposure = taken(tmp_path, counted(0.08 * (scene - 40.0)))
    run_analysis(analysis.pk)
    analysis.refresh_from_db()
    assert (analysis.state, analysis.error) == ("done", "")
    exposure.refresh_from_db()
    assert exposure.defocus_um == pytest.approx(1.513, abs=0.005)
    assert exposure.defocus_error_um is not None
    assert 0.0 < exposure.defocus_error_um < 0.01
    assert exposure.astigmatism_nm == pytest.approx(60.0, abs=6.0)
    assert exposure.astigmatism_axis_deg == pytest.approx(37.0, abs=5.0)
    assert exposure.ctf_fit_angstrom is not None
    assert exposure.ctf_fit_angstrom < 6.0
    assert exposure.ctf_refusal == ""
    assert exposure.spectrum_image is not None
    assert (tmp_path / "files" / exposure.spectrum_image.preview_key).stat().st_size > 1000
    assert exposure.sum_image is not None
    assert exposure.weighted_image is not None
    plain, weighted = (
        read_mrc_image(tmp_path / "files" / image.key)[0]
        for image in (exposure.sum_image, exposure.weighted_image)
    )
    assert plain.mean() == pytest.approx(weighted.mean(), rel=1e-3)
    assert not np.allclose(plain, weighted, atol=0.5)
    # a specimen at rest has no motion over its field, and thin ice fades no rings
    assert exposure.field_motion is None
    assert exposure.ice_rings_nm is not None
    assert exposure.ice_rings_at_most
    assert exposure.warnings == ""
    # noise that was given rings is no ice the network has learnt; what it says is said with reasons
    assert exposure.quality_class
    assert exposure.quality_probability is not None
    assert exposure.quality_reasons
    assert exposure.quality_refusal == ""
    assert exposure.quality_plugin == "quality-network 2"
    assert exposure.contaminated_fraction == pytest.approx(0.0, abs=0.02)


def test_ice_that_is_dark_without_fading_any_ring_is_a_finding(tmp_path: Path) -> None:
    scene = micrograph(LENS, side_px=SIDE_PX, pixel_size_angstrom=PIXEL_ANGSTROM, signal=25.0)
    analysis, exposure = taken(tmp_path, counted(0.08 * (scene - 40.0)))
    Hole.objects.filter(pk=exposure.hole_id).update(
        ice_thickness_nm=300.0, ice_thickness_error_nm=20.0
    )
    run_analysis(analysis.pk)
    exposure.refresh_from_db()
    assert exposure.status == "analysed"
    assert "brightness gives 300 nm of ice, Thon rings under" in exposure.warnings
    assert "energy slit" in exposure.warnings


def on_a_stage(tmp_path: Path, tilt_deg: float) -> Exposure:
    """A specimen tilted by 20° towards 90° (down), where the stage says `tilt_deg`."""
    scene = tilted(20.0, 90.0, side_px=1152)
    analysis, exposure = taken(tmp_path, counted(0.08 * (scene - 40.0)))
    scale = 1e-4 * TILTED_PIXEL_ANGSTROM
    Image.objects.filter(pk=analysis.image_id).update(
        tilt_deg=tilt_deg,
        pixel_size_angstrom=TILTED_PIXEL_ANGSTROM,
        pixel_to_stage=[scale, 0.0, 0.0, 0.0, scale, 0.0],
    )
    run_analysis(analysis.pk)
    exposure.refresh_from_db()
    return exposure


def test_the_tilt_that_the_stage_says_is_measured_with_the_rings(tmp_path: Path) -> None:
    exposure = on_a_stage(tmp_path, 20.7)
    assert exposure.specimen_tilt_deg == pytest.approx(20.0, abs=1.0)
    assert exposure.specimen_tilt_error_deg is not None
    assert 0.0 < exposure.specimen_tilt_error_deg < 1.0
    assert exposure.defocus_rises_deg == pytest.approx(90.0, abs=4.0)
    assert "the stage says" not in exposure.warnings


def test_a_stage_that_the_rings_contradict_is_told_of(tmp_path: Path) -> None:
    exposure = on_a_stage(tmp_path, -45.0)
    assert exposure.specimen_tilt_deg == pytest.approx(20.0, abs=2.0)
    assert "the stage says 45.0° about 0°" in exposure.warnings


def test_on_a_level_stage_no_tilt_is_sought(tmp_path: Path) -> None:
    exposure = on_a_stage(tmp_path, 0.1)
    assert exposure.defocus_um is not None
    assert exposure.specimen_tilt_deg is None


def test_a_network_that_knows_only_simulated_exposures_does_not_judge_real_ones(
    tmp_path: Path,
) -> None:
    analysis, exposure = taken(tmp_path, counted(np.zeros((SIDE_PX, SIDE_PX), np.float32)))
    Session.objects.update(simulated=False)
    run_analysis(analysis.pk)
    exposure.refresh_from_db()
    assert exposure.quality_plugin.startswith("quality-rules")
    assert (exposure.quality_probability or 0.0) < SURE_ENOUGH


def test_an_exposure_too_small_to_be_judged_says_so_and_is_measured_all_the_same(
    tmp_path: Path,
) -> None:
    analysis, exposure = taken(tmp_path, counted(np.zeros((256, 256), np.float32)))
    run_analysis(analysis.pk)
    exposure.refresh_from_db()
    assert exposure.status == "analysed"
    assert exposure.quality_class == ""
    assert exposure.quality_probability is None
    assert "384 Å are needed" in exposure.quality_refusal


def test_an_empty_hole_says_that_it_has_no_rings_and_counts_as_no_success(tmp_path: Path) -> None:
    analysis, exposure = taken(tmp_path, counted(np.zeros((SIDE_PX, SIDE_PX), np.float32)))
    run_analysis(analysis.pk)
    exposure.refresh_from_db()
    assert exposure.status == "analysed"
    assert exposure.defocus_um is None
    assert exposure.ctf_fit_angstrom is None
    assert "No Thon rings" in exposure.ctf_refusal
    grid = exposure.hole.square.grid
    grid.refresh_from_db()
    assert any("1 no Thon rings" in reason for reason in grid.verdict_reasons)
