"""MRC images and stacks: ours are valid by the reference library, and theirs are read."""

from __future__ import annotations

import io
from pathlib import Path

import mrcfile
import numpy as np
import pytest

from smartscope.analysis.io.mrc import open_mrc, read_mrc_image, save_mrc, write_mrc
from smartscope.domain.errors import BadFile, InvalidInput


def picture(dtype: str, shape: tuple[int, ...] = (6, 8)) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 100, shape).astype(dtype)


@pytest.mark.parametrize("dtype", ["int8", "int16", "float32", "uint16", "float16", "uint8"])
@pytest.mark.parametrize("shape", [(6, 8), (3, 6, 8)])
def test_the_reference_library_finds_our_files_valid(
    tmp_path: Path, dtype: str, shape: tuple[int, ...]
) -> None:
    path = tmp_path / "ours.mrc"
    pixels = picture(dtype, shape)
    save_mrc(path, pixels, pixel_size_angstrom=1.25)
    assert mrcfile.validate(path, print_file=io.StringIO())
    with mrcfile.open(path) as mrc:
        assert np.array_equal(mrc.data, pixels)
        assert mrc.voxel_size.x == pytest.approx(1.25)
        assert mrc.voxel_size.y == pytest.approx(1.25)


def test_row_zero_of_the_file_is_row_zero_of_the_picture(tmp_path: Path) -> None:
    path = tmp_path / "rows.mrc"
    pixels = np.zeros((3, 4), dtype=np.float32)
    pixels[0] = 7.0
    save_mrc(path, pixels, pixel_size_angstrom=1.0)
    assert np.frombuffer(path.read_bytes()[1024:], dtype="<f4")[0] == 7.0
    assert np.array_equal(read_mrc_image(path)[0], pixels)


def test_frames_are_read_one_by_one_in_their_own_type(tmp_path: Path) -> None:
    path = tmp_path / "big_endian.mrcs"
    pixels = picture("int16", (4, 6, 8))
    with mrcfile.new(path) as mrc:
        mrc.set_data(pixels.astype(">i2"))
    frames = open_mrc(path)
    try:
        for index, expected in enumerate(pixels):
            frame = frames.read(index)
            assert frame.dtype == np.dtype("int16")
            assert np.array_equal(frame, expected)
    finally:
        frames.close()


def test_a_file_cut_short_after_it_was_opened_is_told(tmp_path: Path) -> None:
    path = tmp_path / "stack.mrc"
    save_mrc(path, picture("uint16", (3, 6, 8)), pixel_size_angstrom=1.0)
    frames = open_mrc(path)
    try:
        with path.open("r+b") as stream:
            stream.truncate(path.stat().st_size - 1)
        assert frames.read(1).shape == (6, 8)
        with pytest.raises(BadFile, match="cut short"):
            frames.read(2)
    finally:
        frames.close()


def test_a_stack_is_not_read_as_an_image(tmp_path: Path) -> None:
    path = tmp_path / "stack.mrc"
    save_mrc(path, picture("uint16", (3, 6, 8)), pixel_size_angstrom=1.0)
    with pytest.raises(BadFile, match="3 frames"):
        read_mrc_image(path)


def test_an_image_with_a_pixel_that_is_no_number_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nan.mrc"
    pixels = picture("float32")
    save_mrc(path, pixels, pixel_size_angstrom=1.0)
    raw = bytearray(path.read_bytes())
    raw[1024:1028] = np.array(np.nan, dtype="<f4").tobytes()
    path.write_bytes(raw)
    with pytest.raises(BadFile, match="not finite"):
        read_mrc_image(path)


def test_frames_that_do_not_match_are_refused() -> None:
    frames = [picture("uint16"), picture("uint16", (5, 8))]
    with pytest.raises(InvalidInput, match="unlike"):
        write_mrc(io.BytesIO(), frames, frame_count=2, pixel_size_angstrom=1.0)
    with pytest.raises(InvalidInput, match="2 were due"):
        write_mrc(io.BytesIO(), frames[:1], frame_count=2, pixel_size_angstrom=1.0)
    with pytest.raises(InvalidInput, match="no mode"):
        write_mrc(io.BytesIO(), [picture("int64")], frame_count=1, pixel_size_angstrom=1.0)


def test_a_write_that_fails_keeps_the_old_file_and_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kept.mrc"
    save_mrc(path, picture("float32"), pixel_size_angstrom=1.0)
    before = path.read_bytes()
    with pytest.raises(InvalidInput):
        save_mrc(path, picture("int64"), pixel_size_angstrom=1.0)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("width", [7, 8])
def test_counts_packed_two_to_a_byte_are_read(tmp_path: Path, width: int) -> None:
    counts = np.random.default_rng(3).integers(0, 16, (3, 5, width)).astype(np.uint8)
    path = tmp_path / "packed.mrcs"
    save_mrc(path, counts, pixel_size_angstrom=1.0)
    header = bytearray(path.read_bytes()[:1024])
    header[12:16] = (101).to_bytes(4, "little")
    even = np.pad(counts, ((0, 0), (0, 0), (0, width % 2)))
    path.write_bytes(bytes(header) + (even[:, :, 0::2] | even[:, :, 1::2] << 4).tobytes())
    frames = open_mrc(path)
    try:
        assert all(np.array_equal(frames.read(n), counts[n]) for n in range(3))
    finally:
        frames.close()
