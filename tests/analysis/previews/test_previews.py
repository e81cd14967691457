"""Previews and tiles show the whole image, the same every time, whatever its counts."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image

from smartscope.analysis.ctf.power_spectrum import power_spectrum
from smartscope.analysis.previews.jpeg import power_spectrum_jpeg, preview_jpeg
from smartscope.analysis.previews.render import Contrast, contrast, halve, render
from smartscope.analysis.previews.tiles import TILE_PX, scale_factors, write_tiles
from smartscope.domain.errors import BadFile, InvalidInput, NotFound
from smartscope.storage.tile_archive import TileArchive, open_tiles


def decoded(jpeg: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(jpeg)))


def gradient(height: int, width: int) -> np.ndarray:
    """Counts that tell where a pixel was."""
    y, x = np.mgrid[:height, :width]
    return np.asarray(1000.0 + 300.0 * x / width + 100.0 * y / height, dtype=np.float32)


def test_black_and_white_are_the_percentiles() -> None:
    image = np.arange(1000, dtype=np.float32).reshape(20, 50)
    shown = contrast(image, low_percentile=10.0, high_percentile=90.0)
    assert (shown.low, shown.high) == pytest.approx((99.9, 899.1))
    grey = render(image, shown)
    assert grey.dtype == np.uint8
    assert (grey == 0).mean() == pytest.approx(0.1, abs=0.01)
    assert (grey == 255).mean() == pytest.approx(0.1, abs=0.01)
    assert np.all(np.diff(grey.reshape(-1).astype(int)) >= 0)


def test_contrast_is_of_what_is_seen_not_of_single_noisy_pixels() -> None:
    noise = np.random.default_rng(1).normal(size=(4096, 4096)).astype(np.float32)
    shown = contrast(noise)
    assert shown.high - shown.low == pytest.approx(2 * 2.576 / 4, rel=0.05)


def test_pixels_that_are_no_numbers_are_black_and_do_not_count() -> None:
    image = np.arange(100, dtype=np.float32).reshape(10, 10)
    image[0, 0], image[5, 5] = np.nan, np.inf
    shown = contrast(image)
    assert 0.0 < shown.low < shown.high < 100.0
    grey = render(image, shown)
    assert grey[0, 0] == grey[5, 5] == 0


def test_a_flat_image_is_grey() -> None:
    image = np.full((30, 30), 7, dtype=np.uint16)
    assert np.all(render(image, contrast(image)) == 127)


@pytest.mark.parametrize(
    "image",
    [
        np.full((5, 5), np.nan, dtype=np.float32),
        np.zeros((0, 5), dtype=np.float32),
        np.zeros((2, 5, 5), dtype=np.float32),
        np.broadcast_to(np.float32(0), (20_000, 20_000)),
    ],
)
def test_what_cannot_be_shown_is_refused(image: np.ndarray) -> None:
    with pytest.raises(InvalidInput):
        contrast(image)


@pytest.mark.parametrize("shape", [(6, 8), (7, 9), (1, 1), (1, 5), (3001, 2003)])
def test_halving_averages_pixels_and_keeps_the_edge(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(2).normal(size=shape).astype(np.float32)
    half = halve(image)
    assert half.shape == (-(-shape[0] // 2), -(-shape[1] // 2))
    assert half[0, 0] == pytest.approx(image[:2, :2].mean(), abs=1e-6)
    bottom = (shape[0] - 1) // 2 * 2
    right = (shape[1] - 1) // 2 * 2
    assert half[-1, -1] == pytest.approx(image[bottom:, right:].mean(), abs=1e-6)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [((400, 300), (400, 300)), ((4000, 3000), (1024, 768)), ((1500, 1500), (1024, 1024))],
)
def test_a_preview_is_reduced_never_enlarged(
    shape: tuple[int, int], expected: tuple[int, int]
) -> None:
    seen = decoded(preview_jpeg(gradient(*shape)))
    assert seen.shape == expected
    assert seen[:, -20:].mean() > seen[:, :20].mean() + 100


def test_the_same_pixels_give_the_same_bytes() -> None:
    image = np.random.default_rng(3).poisson(20.0, (700, 900)).astype(np.float32)
    first, second = io.BytesIO(), io.BytesIO()
    write_tiles(first, image)
    write_tiles(second, image.copy())
    assert first.getvalue() == second.getvalue()
    assert preview_jpeg(image) == preview_jpeg(image.copy())


def test_a_power_spectrum_is_a_square_picture() -> None:
    image = np.random.default_rng(4).normal(size=(900, 900)).astype(np.float32)
    spectrum = power_spectrum(image, pixel_size_angstrom=1.0)
    assert decoded(power_spectrum_jpeg(spectrum, side_px=256)).shape == (256, 256)


def archive_of(image: np.ndarray) -> TileArchive:
    stream = io.BytesIO()
    write_tiles(stream, image)
    return open_tiles(stream)


@pytest.mark.parametrize("shape", [(1500, 1100), (512, 512), (513, 512), (100, 40), (1, 3000)])
def test_every_scale_covers_the_image_with_tiles_of_its_place(shape: tuple[int, int]) -> None:
    height, width = shape
    image = gradient(height, width)
    stream = io.BytesIO()
    pyramid = write_tiles(stream, image)
    count = 0
    with open_tiles(stream) as archive:
        assert (archive.width_px, archive.height_px) == (width, height)
        for scale in scale_factors(width, height):
            step = TILE_PX * scale
            for x, y in itertools.product(range(0, width, step), range(0, height, step)):
                w, h = min(step, width - x), min(step, height - y)
                size = (-(-w // scale), -(-h // scale))
                tile = decoded(archive.tile(f"{x},{y},{w},{h}", f"{size[0]},{size[1]}"))
                assert tile.shape == (size[1], size[0])
                expected = render(image[y : y + h, x : x + w], pyramid.shown).mean()
                assert tile.mean() == pytest.approx(expected, abs=2.0)
                count += 1
    assert count == pyramid.tiles


def test_the_whole_image_answers_to_its_other_names() -> None:
    with archive_of(gradient(700, 900)) as archive:
        whole = archive.tile("0,0,900,700", "450,350")
        assert archive.tile("full", "450,350") == whole
        assert archive.tile("full", "450,") == whole
        corner = archive.tile("0,0,512,512", "512,512")
        assert archive.tile("0,0,512,512", "max") == corner
        assert archive.tile("0,0,512,512", "512,") == corner


@pytest.mark.parametrize(
    ("region", "size"),
    [("0,0,511,512", "511,512"), ("full", "max"), ("..", "x"), ("", ""), ("0,0,512,512", "5,5")],
)
def test_a_tile_that_was_not_prepared_is_not_found(region: str, size: str) -> None:
    with archive_of(gradient(700, 900)) as archive, pytest.raises(NotFound):
        archive.tile(region, size)


def test_the_description_is_iiif_level_0_under_the_given_address() -> None:
    with archive_of(gradient(700, 1800)) as archive:
        info = archive.info("https://host/api/v1/images/5/tiles")
    assert info["id"] == "https://host/api/v1/images/5/tiles"
    assert info["type"] == "ImageService3"
    assert info["profile"] == "level0"
    assert (info["width"], info["height"]) == (1800, 700)
    assert info["tiles"] == [{"width": 512, "height": 512, "scaleFactors": [1, 2, 4]}]
    assert info["sizes"] == [{"width": 450, "height": 175}]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"x" * 1000])
def test_a_broken_archive_is_a_bad_file(content: bytes) -> None:
    with pytest.raises(BadFile):
        open_tiles(io.BytesIO(content))


def test_a_given_contrast_is_used() -> None:
    image = gradient(600, 600)
    stream = io.BytesIO()
    pyramid = write_tiles(stream, image, shown=Contrast(0.0, 1e6))
    assert pyramid.shown == Contrast(0.0, 1e6)
    with open_tiles(stream) as archive:
        assert decoded(archive.tile("full", "300,300")).max() < 5
