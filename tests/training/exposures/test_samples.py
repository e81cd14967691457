"""Simulated exposures are what their truth says, and the same seed gives the same ones."""

from __future__ import annotations

import numpy as np

from smartscope.analysis.quality.classes import ExposureClass
from smartscope.training.exposures.samples import sample
from smartscope.training.exposures.truth import ExposureTruth, class_of
from smartscope.training.split import Split

CLEAN = ExposureTruth(
    foil_share=0.0,
    dirt_share=0.0,
    crystalline_share=0.0,
    mean_ice_nm=35.0,
    frame_travel_angstrom=0.5,
    particles_per_um2=1500.0,
)


def changed(**numbers: float) -> ExposureTruth:
    """Clean ice but for some numbers."""
    return ExposureTruth(**{**CLEAN.numbers(), **numbers})


def test_the_first_limit_that_is_passed_names_the_exposure() -> None:
    assert class_of(CLEAN) is ExposureClass.GOOD
    assert class_of(changed(mean_ice_nm=2.0)) is ExposureClass.NO_ICE
    assert class_of(changed(mean_ice_nm=2.0, foil_share=0.5)) is ExposureClass.FOIL
    assert class_of(changed(particles_per_um2=0.0)) is ExposureClass.NO_PARTICLES
    assert class_of(changed(particles_per_um2=0.0, mean_ice_nm=150.0)) is ExposureClass.THICK
    assert class_of(changed(crystalline_share=0.9, dirt_share=0.05)) is ExposureClass.CRYSTALLINE


def test_the_same_number_gives_the_same_exposure_and_only_to_its_part() -> None:
    first, again = (sample(1, 12, Split.TRAIN) for _ in range(2))
    assert first is not None
    assert again is not None
    assert np.array_equal(first.total, again.total)
    assert first.context == again.context
    assert sample(1, 12, Split.TEST) is None
    assert first.label is ExposureClass.CRYSTALLINE
