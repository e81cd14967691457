"""Movies are read frame by frame, whatever their format, and broken ones are refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import tifffile

from smartscope.analysis.io.image import read_image
from smartscope.analysis.io.movie import open_movie
from smartscope.analysis.io.mrc import save_mrc
from smartscope.analysis.io.tiff import save_tiff_stack
from smartscope.domain.errors import BadFile, InvalidInput


def frames(count: int = 4, dtype: str = "uint8") -> np.ndarray:
    return np.random.default_rng(2).integers(0, 50, (count, 40, 60)).astype(dtype)


@pytest.mark.parametrize("lzw", [False, True])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_a_tiff_movie_is_read_back(tmp_path: Path, *, lzw: bool, dtype: str) -> None:
    path = tmp_path / "movie.tif"
    expected = frames(dtype=dtype)
    save_tiff_stack(path, iter(expected), lzw=lzw, pixel_size_angstrom=0.83)
    with open_movie(path) as movie:
        assert (movie.frames, movie.height_px, movie.width_px) == (4, 40, 60)
        assert movie.pixel_size_angstrom == pytest.approx(0.83, rel=1e-4)
        assert all(np.array_equal(movie.read(i), expected[i]) for i in range(4))
    with tifffile.TiffFile(path) as other:
        assert np.array_equal(other.asarray(), expected)


@pytest.mark.parametrize("byte_order", ["<", ">"])
@pytest.mark.parametrize("written", [{"rowsperstrip": 7}, {"tile": (16, 16)}, {"predictor": True}])
def test_a_plain_tiff_is_read_however_its_pixels_lie(
    tmp_path: Path, byte_order: Literal["<", ">"], written: dict[str, Any]
) -> None:
    path = tmp_path / "movie.tif"
    expected = frames(dtype="uint16")
    packed = "adobe_deflate" if "predictor" in written else None
    with tifffile.TiffWriter(path, byteorder=byte_order) as writer:
        for frame in expected:
            writer.write(frame, contiguous=False, compression=packed, **written)
    with open_movie(path) as movie:
        for index, frame in enumerate(expected):
            read = movie.read(index)
            assert np.array_equal(read, frame)
            assert read.dtype.isnative


def test_an_mrc_movie_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "movie.mrcs"
    expected = frames(dtype="uint16")
    save_mrc(path, expected, pixel_size_angstrom=0.83)
    with open_movie(path) as movie:
        assert movie.frames == 4
        assert all(np.array_equal(movie.read(i), expected[i]) for i in range(4))


def test_a_printers_resolution_is_no_pixel_size(tmp_path: Path) -> None:
    path = tmp_path / "scan.tif"
    tifffile.imwrite(path, frames(1)[0], resolution=(300, 300), resolutionunit="INCH")
    assert read_image(path).pixel_size_angstrom is None


def test_broken_tiffs_are_refused(tmp_path: Path) -> None:
    good = tmp_path / "good.tif"
    save_tiff_stack(good, frames(), lzw=True)
    raw = good.read_bytes()
    bad = tmp_path / "bad.tif"
    for content in (b"", b"II*\x00", raw[:40], b"not a tiff at all" * 10):
        bad.write_bytes(content)
        with pytest.raises(BadFile), open_movie(bad) as movie:
            movie.read(0)


def test_a_movie_cut_between_two_frames_is_no_shorter_movie(tmp_path: Path) -> None:
    path = tmp_path / "movie.tif"
    content = np.zeros((3, 8, 8), np.uint16)
    tifffile.imwrite(path, content, metadata=None, photometric="minisblack")
    with tifffile.TiffFile(path) as movie:
        second = movie.pages[1].offset
    os.truncate(path, second)
    with pytest.raises(BadFile, match="more frames than the 1"), open_movie(path):
        pass


def test_a_colour_picture_is_no_movie(tmp_path: Path) -> None:
    path = tmp_path / "colour.tif"
    tifffile.imwrite(path, np.zeros((20, 20, 3), dtype=np.uint8), photometric="rgb")
    with pytest.raises(BadFile, match="not grey"), open_movie(path):
        pass


def test_frames_of_two_sizes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mixed.tif"
    with tifffile.TiffWriter(path) as writer:
        writer.write(np.zeros((20, 20), dtype=np.uint8), contiguous=False)
        writer.write(np.zeros((20, 21), dtype=np.uint8), contiguous=False)
    with pytest.raises(BadFile, match="Frame 1"), open_movie(path):
        pass


def test_a_file_that_would_burst_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tif"
    empty = np.zeros((4000, 4000), dtype=np.uint8)
    tifffile.imwrite(path, empty, compression="zlib", compressionargs={"level": 9})
    assert empty.nbytes > 200 * path.stat().st_size
    with pytest.raises(BadFile, match="expand"), open_movie(path):
        pass


def test_a_failed_write_leaves_nothing(tmp_path: Path) -> None:
    mixed = [frames()[0], frames()[0][:-1]]
    with pytest.raises(InvalidInput):
        save_tiff_stack(tmp_path / "movie.tif", mixed, lzw=True)
    with pytest.raises(InvalidInput, match="at least one"):
        save_tiff_stack(tmp_path / "movie.tif", [], lzw=True)
    assert list(tmp_path.iterdir()) == []


def test_a_format_we_do_not_read_is_said(tmp_path: Path) -> None:
    path = tmp_path / "movie.dm4"
    path.write_bytes(b"II*\x00")
    with pytest.raises(BadFile, match="no movie format"), open_movie(path):
        pass


def test_pictures_for_the_eye_are_marked(tmp_path: Path) -> None:
    from PIL import Image

    grey = frames(1)[0]
    Image.fromarray(grey).save(tmp_path / "a.png")
    Image.fromarray(np.dstack([grey] * 3)).save(tmp_path / "b.jpg")
    save_mrc(tmp_path / "c.mrc", grey.astype(np.float32), pixel_size_angstrom=2.0)
    png, jpg, mrc = (read_image(tmp_path / name) for name in ("a.png", "b.jpg", "c.mrc"))
    assert (png.display_only, jpg.display_only, mrc.display_only) == (True, True, False)
    assert np.array_equal(png.pixels, grey)
    assert jpg.pixels.shape == grey.shape
    assert mrc.pixel_size_angstrom == pytest.approx(2.0)


@pytest.mark.parametrize("name", ["x.png", "x.jpg", "x.tif", "x.mrc", "x.dm4"])
def test_an_image_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(b"this is not an image of any kind")
    with pytest.raises(BadFile):
        read_image(path)


@pytest.mark.filterwarnings("ignore")
def test_a_tiff_with_any_damaged_byte_is_read_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "damaged.tif"
    save_tiff_stack(path, frames(2), lzw=True, pixel_size_angstrom=1.0)
    good = path.read_bytes()
    chance = np.random.default_rng(5)
    refused = 0
    for _ in range(300):
        raw = bytearray(good)
        for place in chance.integers(0, len(raw), 3):
            raw[place] = chance.integers(0, 256)
        path.write_bytes(raw)
        try:
            with open_movie(path) as movie:
                for index in range(movie.frames):
                    movie.read(index)
        except BadFile:
            refused += 1
    assert refused > 0
