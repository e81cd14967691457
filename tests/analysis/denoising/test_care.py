"""The network's answer is taken where both halves bear it out, and pieces meet without seams."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from smartscope.analysis.base import FloatImage, UnusableImage
from smartscope.analysis.denoising import tiles
from smartscope.analysis.denoising.care import CareDenoiser
from smartscope.analysis.denoising.contract import check_denoiser
from smartscope.analysis.denoising.halves import Halves
from smartscope.analysis.denoising.restoring import each_alone, linear, restored
from tests.analysis.denoising.noisy_pair import PIXEL_ANGSTROM, NoisyPair, noisy_pair, of_truth


@cache
def shipped() -> CareDenoiser:
    return CareDenoiser()


def halves(pair: NoisyPair) -> Halves:
    return Halves.of(pair.even, pair.odd, pixel_size_angstrom=PIXEL_ANGSTROM)


def test_it_keeps_the_contract_and_beats_the_linear_filter() -> None:
    pair = noisy_pair()
    clean = check_denoiser(shipped(), pair.even, pair.odd, PIXEL_ANGSTROM)
    ours, slope = of_truth(clean.pixels, pair.truth)
    assert ours > of_truth(linear(halves(pair)), pair.truth)[0]
    assert slope == pytest.approx(1.0, abs=0.1)
    assert not clean.tuned


def test_texture_that_a_network_invents_gets_no_weight() -> None:
    pair = noisy_pair()
    lattice = np.add.outer(*(np.sin(np.arange(side) * 0.9) for side in (256, 256)))

    def inventive(member: FloatImage) -> FloatImage:
        return np.asarray(lattice, dtype=np.float32)[: member.shape[0], : member.shape[1]]

    invented = restored(halves(pair), inventive, pixel_size_angstrom=PIXEL_ANGSTROM)
    plain = linear(halves(pair))
    assert np.abs(invented - plain).max() < 0.05 * float(plain.std())


def test_a_perfect_answer_is_taken_nearly_as_it_is() -> None:
    pair = noisy_pair(contrast=0.03)
    half, speck = pair.truth / np.float32(2), np.float32(1e-3) * pair.even
    wanted = halves(NoisyPair(half, half + speck, pair.truth))

    def oracle(member: FloatImage) -> FloatImage:
        from smartscope.analysis.io.fourier_crop import crop_to

        return crop_to(wanted.even, (member.shape[0], member.shape[1]))

    clean = restored(halves(pair), oracle, pixel_size_angstrom=PIXEL_ANGSTROM)
    assert of_truth(clean, pair.truth)[0] > 0.95
    assert of_truth(linear(halves(pair)), pair.truth)[0] < 0.9


@pytest.mark.parametrize("answer", [np.nan, 3.0])
def test_a_network_that_gives_no_picture_is_named(answer: float) -> None:
    def broken(member: FloatImage) -> FloatImage:
        return np.full_like(member, answer)

    with pytest.raises(UnusableImage, match="no picture"):
        restored(halves(noisy_pair(128)), broken, pixel_size_angstrom=PIXEL_ANGSTROM)


def test_pieces_of_any_size_meet_without_seams() -> None:
    member = np.random.default_rng(4).normal(size=(410, 333)).astype(np.float32)
    network = shipped()._network
    whole = tiles.run_in_tiles(network, member, tile_px=1024)
    assert whole.shape == member.shape
    for size in (160, 200, 256):
        pieces = tiles.run_in_tiles(network, member, tile_px=size)
        assert np.abs(pieces - whole).max() < 1e-4


def test_pure_noise_becomes_no_texture() -> None:
    even, odd = np.random.default_rng(5).poisson(30, (2, 512, 512)).astype(np.float32)
    clean = shipped().denoise(even, odd, pixel_size_angstrom=1.0).pixels
    assert float(clean.var()) < 1e-3 * float((even + odd).var())


def test_each_half_alone_keeps_its_own_counts() -> None:
    pair = noisy_pair(even_share=0.6)
    alone = each_alone(halves(pair), shipped().restore, pixel_size_angstrom=PIXEL_ANGSTROM)
    for share, clean in zip((0.6, 0.4), alone, strict=True):
        assert float(clean.mean()) == pytest.approx(share * float(pair.truth.mean()), rel=0.02)
        assert of_truth(clean, pair.truth)[0] > 0.5
