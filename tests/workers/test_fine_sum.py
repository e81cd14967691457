"""An exposure on half its pixel: asked for once, made by the worker, or refused with the reason."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from smartscope.analysis.io.image import read_image
from smartscope.domain.actor import SETUP
from smartscope.domain.errors import Conflict
from smartscope.models import Analysis, Event, Exposure, FineSum, Image
from smartscope.operations.want_fine_sum import want_fine_sum
from tests.analysis.superresolution.fine_scene import movie, path, scene
from tests.workers.test_exposure_measured import PIXEL_ANGSTROM, taken
from workers.analyses.run import run_analysis

pytestmark = pytest.mark.django_db
SHAPE, FRAMES = (256, 256), 24


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings: object) -> None:
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()  # type: ignore[attr-defined]


def moving(reach_px: float) -> NDArray[np.uint8]:
    counted = movie(scene(SHAPE), path(FRAMES, reach_px=reach_px), counts=30.0)
    return np.asarray(counted.frames_px, dtype=np.uint8)


def measured(tmp_path: Path, frames: NDArray[np.uint8]) -> Exposure:
    analysis, exposure = taken(tmp_path, frames)
    run_analysis(analysis.pk)
    exposure.refresh_from_db()
    assert exposure.status == "analysed"
    assert not FineSum.objects.filter(exposure=exposure).exists()
    return exposure


def made(exposure: Exposure) -> FineSum:
    want_fine_sum(SETUP, exposure.pk)
    fine = FineSum.objects.get(exposure=exposure)
    run_analysis(fine.analysis_id)
    fine.refresh_from_db()
    return fine


def test_a_movie_that_moved_gets_a_sum_on_half_its_pixel(tmp_path: Path) -> None:
    exposure = measured(tmp_path, moving(3.0))
    fine = made(exposure)
    assert fine.refusal == ""
    assert fine.image is not None
    assert (fine.image.height_px, fine.image.width_px) == (512, 512)
    assert fine.image.pixel_size_angstrom == pytest.approx(PIXEL_ANGSTROM / 2)
    assert fine.beyond_nyquist_z is not None
    assert fine.beyond_nyquist_z > 5.0
    stored = read_image(tmp_path / "files" / fine.image.key)
    assert stored.pixels.shape == (512, 512)
    assert Event.objects.filter(kind="exposure.fine_sum_made").count() == 1


def test_each_picture_of_a_movie_has_a_preview_of_its_own(tmp_path: Path) -> None:
    exposure = measured(tmp_path, moving(3.0))
    made(exposure)
    keys = list(Image.objects.exclude(preview_key="").values_list("preview_key", flat=True))
    assert len(keys) == len(set(keys))


def test_a_specimen_at_rest_is_refused_with_the_reason(tmp_path: Path) -> None:
    fine = made(measured(tmp_path, moving(0.1)))
    assert fine.image is None
    assert "pixel" in fine.refusal or "motion" in fine.refusal
    assert Event.objects.get(kind="exposure.fine_sum_refused").reason == fine.refusal


def test_by_protocol_it_is_wanted_as_soon_as_the_exposure_is_measured(tmp_path: Path) -> None:
    analysis, exposure = taken(tmp_path, moving(3.0))
    assert analysis.image.grid is not None
    analysis.image.grid.fine_sums = True
    analysis.image.grid.save(update_fields=["fine_sums"])
    run_analysis(analysis.pk)
    fine = FineSum.objects.get(exposure=exposure)
    assert fine.analysis.state == "wanted"
    run_analysis(fine.analysis_id)
    fine.refresh_from_db()
    assert fine.image is not None


def test_asking_twice_makes_it_once_and_a_dead_attempt_is_taken_up_again(tmp_path: Path) -> None:
    exposure = measured(tmp_path, moving(3.0))
    want_fine_sum(SETUP, exposure.pk)
    want_fine_sum(SETUP, exposure.pk)
    analysis = Analysis.objects.get(kind="fine_sum")
    Analysis.objects.filter(pk=analysis.pk).update(state="dead", attempts=3, error="torn")
    want_fine_sum(SETUP, exposure.pk)
    analysis.refresh_from_db()
    assert (analysis.state, analysis.attempts, analysis.error) == ("wanted", 0, "")


def test_what_has_no_measured_movie_is_declined(tmp_path: Path) -> None:
    _, exposure = taken(tmp_path, moving(3.0))
    with pytest.raises(Conflict, match="once it is analysed"):
        want_fine_sum(SETUP, exposure.pk)
    Exposure.objects.filter(pk=exposure.pk).update(movie=None)
    with pytest.raises(Conflict, match="has no movie"):
        want_fine_sum(SETUP, exposure.pk)
