"""A denoised image cannot be measured: the checker refuses it, and so does every measurement.

The `type: ignore` comments are the first half of the test: where one becomes unnecessary, the
check of types fails.
"""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.analysis import registry
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.denoising.denoised import DenoisedImage
from smartscope.analysis.denoising.wiener import WienerDenoiser
from smartscope.analysis.quality.context import Context
from smartscope.analysis.resolution.correlation import fsc
from smartscope.analysis.resolution.reconstruction import reconstruct_known
from tests.analysis.denoising.noisy_pair import noisy_pair


@pytest.fixture(scope="module")
def clean() -> DenoisedImage:
    pair = noisy_pair(128)
    return WienerDenoiser().denoise(pair.even, pair.odd, pixel_size_angstrom=2.0)


def test_no_ctf_is_fitted_to_it(clean: DenoisedImage) -> None:
    with pytest.raises((TypeError, AttributeError)):
        registry.ctf_estimator("thon-rings").estimate(
            clean,  # type: ignore[arg-type]
            None,
            pixel_size_angstrom=2.0,
            optics=Optics(),
        )


def test_no_quality_or_ice_is_judged_from_it(clean: DenoisedImage) -> None:
    with pytest.raises((TypeError, AttributeError)):
        registry.quality_assessor("quality-rules").assess(
            clean,  # type: ignore[arg-type]
            Context(),
            pixel_size_angstrom=2.0,
        )


def test_no_resolution_is_told_from_it(clean: DenoisedImage) -> None:
    with pytest.raises((TypeError, AttributeError)):
        fsc(clean, clean, pixel_size_angstrom=2.0)  # type: ignore[arg-type]


def test_nothing_is_reconstructed_from_it(clean: DenoisedImage) -> None:
    views = [(clean, np.eye(3), None)]
    with pytest.raises((TypeError, AttributeError)):
        reconstruct_known(views, box_px=128)  # type: ignore[arg-type]


def test_it_says_why_it_is_no_array(clean: DenoisedImage) -> None:
    with pytest.raises(TypeError, match="for eyes and for finding"):
        np.asarray(clean)
