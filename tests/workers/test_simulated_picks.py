"""A simulated exposure through the workers: particles are found where they really lie."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis.quality.classes import ExposureClass
from smartscope.microscope.simulator.optics.values import Recording, RecordSettings
from smartscope.microscope.simulator.specimen.world import Specimen
from smartscope.models import Exposure, Grid, Image, Picking
from smartscope.queries.picks import seen
from smartscope.training.exposures.places import place_for, spec_for
from smartscope.training.exposures.samples import TRAINING_CAMERA, film
from smartscope.training.specimens import generator, grid_id_of
from tests.workers.test_exposure_measured import taken
from workers.analyses.run import run_analysis

pytestmark = pytest.mark.django_db
SIDE_PX, PIXEL_ANGSTROM = 1024, 2.4
#: the simulator's round shells of this specimen
DIAMETER_ANGSTROM = 240.0


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings: object) -> None:
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()  # type: ignore[attr-defined]


def filmed() -> Recording:
    """Good ice of 17 nm with shells in it."""
    random = generator("exposure", 11, 2)
    specimen = Specimen(spec_for(ExposureClass.GOOD, grid_id_of("exposure", 11, 2), random))
    found = place_for(ExposureClass.GOOD, specimen, random, SIDE_PX * PIXEL_ANGSTROM * 1e-4)
    assert found is not None
    settings = RecordSettings(
        pixel_size_angstrom=PIXEL_ANGSTROM,
        dose_e_per_a2=45.0,
        frames=6,
        exposure_s=3.0,
        defocus_um=1.8,
        astigmatism_angstrom=0.0,
        astigmatism_angle_deg=0.0,
        voltage_kv=300.0,
        slit_in=True,
        drift_angstrom_per_s=(0.0, 0.0),
    )
    camera = replace(TRAINING_CAMERA, width_px=SIDE_PX, height_px=SIDE_PX)
    return film(specimen, found[0], settings, camera)


def test_a_simulated_exposures_particles_are_found_where_they_lie(tmp_path: Path) -> None:
    recording = filmed()
    analysis, exposure = taken(tmp_path, np.asarray(recording.movie.frames, dtype=np.uint8))
    assert exposure.movie_id is not None
    Image.objects.filter(pk=exposure.movie_id).update(pixel_size_angstrom=PIXEL_ANGSTROM)
    Exposure.objects.update(pixel_size_angstrom=PIXEL_ANGSTROM)
    Grid.objects.update(particle_diameter_angstrom=DIAMETER_ANGSTROM)
    run_analysis(analysis.pk)
    picking = Picking.objects.get(exposure=exposure)
    run_analysis(picking.analysis_id)
    picking = Picking.objects.select_related("exposure", "analysis").get()
    assert picking.analysis.state == "done", picking.analysis.error
    assert picking.exposure.particles is not None
    found = seen(picking, []).particles_px
    assert len(found) == picking.exposure.particles
    truth = recording.truth.particle_px
    inside = truth[((truth >= 0) & (truth < SIDE_PX)).all(axis=1)]
    away = np.hypot(*(found[:, None] - inside[None]).transpose(2, 0, 1)) * PIXEL_ANGSTROM
    hit = away.min(axis=1) < 0.5 * DIAMETER_ANGSTROM
    assert hit.mean() > 0.9
    assert hit.sum() > 0.5 * len(inside)
