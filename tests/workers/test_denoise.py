"""An exposure without its noise: asked for once, or by protocol, from halves aligned only once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis.io.image import read_image
from smartscope.domain.actor import SETUP
from smartscope.models import Analysis, Denoised, Event, Exposure, Grid, Image, ImageKind
from smartscope.operations.want_denoised import want_denoised
from tests.workers.test_exposure_measured import counted, taken
from workers.analyses.run import run_analysis

pytestmark = pytest.mark.django_db
HALVES = (ImageKind.EVEN_SUM, ImageKind.ODD_SUM)


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings: object) -> None:
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()  # type: ignore[attr-defined]


def measured(tmp_path: Path, *, frames: int = 6, **parameters: object) -> Exposure:
    rows, columns = np.indices((512, 512))
    scene = np.zeros((512, 512), np.float32)
    for x, y in ((100, 100), (400, 300), (250, 420)):
        scene[np.hypot(columns - x, rows - y) < 30] = -0.4
    analysis, exposure = taken(tmp_path, counted(scene, frames=frames))
    Exposure.objects.update(frames=frames)
    Grid.objects.update(picking_method="none", **parameters)
    run_analysis(analysis.pk)
    exposure.refresh_from_db()
    assert exposure.status == "analysed"
    return exposure


def made(exposure: Exposure) -> Denoised:
    denoised = Denoised.objects.get(exposure=exposure)
    run_analysis(denoised.analysis_id)
    denoised.refresh_from_db()
    assert denoised.analysis.state == "done", denoised.analysis.error
    return denoised


def test_a_picture_without_noise_is_made_when_asked_for(tmp_path: Path) -> None:
    exposure = measured(tmp_path)
    assert not Denoised.objects.exists()
    want_denoised(SETUP, [exposure.pk])
    denoised = made(exposure)
    assert denoised.refusal == ""
    assert denoised.method
    assert denoised.image is not None
    assert denoised.image.kind == ImageKind.DENOISED
    assert denoised.image.tiles_key
    assert exposure.sum_image is not None
    total, clean = (
        read_image(tmp_path / "files" / image.key).pixels.astype(np.float64)
        for image in (exposure.sum_image, denoised.image)
    )
    assert clean.shape == total.shape
    assert clean.mean() == pytest.approx(total.mean(), rel=0.02)
    ice = np.s_[150:280, 20:200]
    assert clean[ice].std() < 0.5 * total[ice].std()
    assert Event.objects.filter(kind="exposure.denoised").count() == 1
    want_denoised(SETUP, [exposure.pk])
    assert Analysis.objects.filter(kind="denoise", state="wanted").count() == 0


def test_by_protocol_the_halves_come_from_the_alignment_that_was_made_anyway(
    tmp_path: Path,
) -> None:
    exposure = measured(tmp_path, denoise_exposures=True)
    halves = {row.kind: row for row in Image.objects.filter(kind__in=HALVES)}
    assert set(halves) == set(HALVES)
    assert exposure.sum_image is not None
    even, odd, total = (
        read_image(tmp_path / "files" / image.key).pixels.astype(np.float64)
        for image in (*(halves[kind] for kind in HALVES), exposure.sum_image)
    )
    assert np.allclose(even + odd, total, atol=1e-3)
    # nobody reads the movie again
    assert exposure.movie is not None
    (tmp_path / "files" / exposure.movie.key).unlink()
    assert made(exposure).image is not None


def test_halves_that_were_lost_are_made_again(tmp_path: Path) -> None:
    exposure = measured(tmp_path, denoise_exposures=True)
    lost = Image.objects.get(kind=ImageKind.ODD_SUM)
    (tmp_path / "files" / lost.key).unlink()
    assert made(exposure).image is not None
    assert (tmp_path / "files" / lost.key).exists()


def test_a_movie_that_holds_nothing_has_no_picture_and_says_why(tmp_path: Path) -> None:
    exposure = measured(tmp_path, denoise_exposures=True)
    for image in Image.objects.filter(kind__in=HALVES):
        path = tmp_path / "files" / image.key
        data = bytearray(path.read_bytes())
        data[1024:] = bytes(len(data) - 1024)
        path.write_bytes(data)
    denoised = made(exposure)
    assert denoised.image is None
    assert denoised.refusal
    assert Event.objects.get(kind="exposure.denoising_refused").reason == denoised.refusal


def test_a_single_picture_is_skipped_with_the_reason(tmp_path: Path) -> None:
    exposure = measured(tmp_path)
    Exposure.objects.update(frames=1)
    outcome = want_denoised(SETUP, [exposure.pk])
    assert "has no movie" in outcome.skipped[0].reason
    assert not Denoised.objects.exists()
