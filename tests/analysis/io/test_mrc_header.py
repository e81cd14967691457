"""A broken or lying MRC header is one clear refusal, before anything is allocated."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import mrcfile
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.analysis.io.mrc import save_mrc
from smartscope.analysis.io.mrc_header import check_mrc, parse_header
from smartscope.domain.errors import BadFile


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.mrc"
    save_mrc(path, np.ones((6, 8), dtype=np.float32), pixel_size_angstrom=1.5)
    return path


def patched(path: Path, offset: int, data: bytes) -> Path:
    raw = bytearray(path.read_bytes())
    raw[offset : offset + len(data)] = data
    path.write_bytes(raw)
    return path


def test_a_good_header_says_what_is_in_the_file(good: Path) -> None:
    header = check_mrc(good)
    assert (header.width_px, header.height_px, header.frames) == (8, 6, 1)
    assert header.dtype == np.float32
    assert header.pixel_size_angstrom == pytest.approx(1.5)


@pytest.mark.parametrize("kind", ["int8", "int16", "float32", "uint16", "float16"])
@pytest.mark.parametrize("swap", [False, True])
def test_what_the_reference_library_writes_is_accepted(
    tmp_path: Path, kind: str, swap: bool
) -> None:
    path = tmp_path / "library.mrc"
    data = np.arange(24).reshape(2, 3, 4).astype(kind)
    if swap:
        data = data.astype(data.dtype.newbyteorder())
    with mrcfile.new(path) as mrc:
        mrc.set_data(data)
        mrc.voxel_size = 2.25
    header = check_mrc(path)
    assert (header.frames, header.height_px, header.width_px) == (2, 3, 4)
    assert header.dtype == data.dtype
    assert header.pixel_size_angstrom == pytest.approx(2.25)


@pytest.mark.parametrize(
    ("offset", "data", "complaint"),
    [
        (0, struct.pack("<i", 9), "promises"),
        (0, struct.pack("<i", 7), "too long"),
        (0, struct.pack("<i", -8), "each side"),
        (0, struct.pack("<2i", 32_769, 1), "each side"),
        (0, struct.pack("<2i", 32_000, 32_000), "per image"),
        (8, struct.pack("<i", 0), "frames"),
        (8, struct.pack("<i", 4_097), "frames"),
        (8, struct.pack("<i", 2), "still being written"),
        (12, struct.pack("<i", 3), "mode 3"),
        (12, struct.pack("<i", 4), "mode 4"),
        (92, struct.pack("<i", -4), "extended header"),
        (92, struct.pack("<i", 1 << 30), "extended header"),
        (92, struct.pack("<i", 4), "promises"),
        (208, b"PAM ", "MAP is missing"),
        (212, b"\x99\x99\x00\x00", "machine stamp"),
        (212, b"\x00\x00\x00\x00", "machine stamp"),
        (212, b"\x11\x11\x00\x00", "MRC mode"),
        (76, struct.pack("<f", float("nan")), "not finite"),
        (216, struct.pack("<f", float("inf")), "not finite"),
    ],
)
def test_each_lie_is_named(good: Path, offset: int, data: bytes, complaint: str) -> None:
    with pytest.raises(BadFile, match=complaint) as refused:
        check_mrc(patched(good, offset, data))
    assert "good.mrc" in str(refused.value)


def test_a_compressed_file_is_named_as_such(good: Path) -> None:
    good.write_bytes(gzip.compress(good.read_bytes()))
    with pytest.raises(BadFile, match="gzip"):
        check_mrc(good)


@pytest.mark.parametrize("length", [0, 1, 512, 1023])
def test_a_file_shorter_than_a_header_is_refused(good: Path, length: int) -> None:
    good.write_bytes(good.read_bytes()[:length])
    with pytest.raises(BadFile):
        check_mrc(good)


def test_a_missing_file_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"gone\.mrc cannot be read"):
        check_mrc(tmp_path / "gone.mrc")


def test_bytes_of_an_imod_file_are_unsigned_unless_it_says_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "bytes.mrc"
    save_mrc(path, np.full((4, 4), -1, dtype=np.int8), pixel_size_angstrom=1.5)
    assert check_mrc(path).dtype == np.int8
    imod = struct.pack("<2i", 1_146_047_817, 0)
    assert check_mrc(patched(path, 152, imod)).dtype == np.uint8
    signed = struct.pack("<2i", 1_146_047_817, 1)
    assert check_mrc(patched(path, 152, signed)).dtype == np.int8


@given(st.binary(max_size=1100), st.integers(0, 10_000))
def test_random_bytes_are_refused_and_nothing_else_happens(raw: bytes, file_bytes: int) -> None:
    with pytest.raises(BadFile):
        parse_header(raw, file_bytes=file_bytes, name="noise")


@given(st.integers(0, 255), st.binary(min_size=4, max_size=4))
def test_no_four_bytes_of_a_header_can_do_harm(word: int, data: bytes) -> None:
    header = bytearray(1024)
    struct.pack_into("<4i", header, 0, 8, 6, 1, 2)
    header[208:216] = b"MAP \x44\x44\x00\x00"
    header[4 * word : 4 * word + 4] = data
    try:
        checked = parse_header(bytes(header), file_bytes=1024 + 192, name="one word off")
    except BadFile:
        return
    assert checked.width_px * checked.height_px * checked.frames * checked.dtype.itemsize <= 192
