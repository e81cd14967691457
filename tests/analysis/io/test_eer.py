"""Every electron of an event list is counted once in its pixel, and a cut list is refused."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis.io.eer import open_eer
from smartscope.analysis.io.movie import open_movie
from smartscope.domain.errors import BadFile, InvalidInput
from tests.analysis.io.event_lists import EIGHT_BIT, SEVEN_BIT, VARIABLE, Coding, write_eer

SHAPE = (24, 40)
SAID = (
    "<metadata>"
    '<item name="numberOfFrames">{frames}</item>'
    '<item name="totalDose" unit="e/pixel">31.5</item>'
    '<item name="sensorPixelSize.width" unit="m">7.5e-11</item>'
    "</metadata>"
)


def events(frames: int, *, rate: float = 0.02, seed: int = 1) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.random(SHAPE) < rate for _ in range(frames)]


def read_all(path: Path) -> None:
    with open_movie(path) as movie:
        for number in range(movie.frames):
            movie.read(number)


@pytest.mark.parametrize("coding", [EIGHT_BIT, SEVEN_BIT, VARIABLE])
def test_every_event_is_in_its_pixel(tmp_path: Path, coding: Coding) -> None:
    path = tmp_path / "movie.eer"
    raw = events(6)
    raw[2][:] = False  # a frame without an electron
    raw[3][0, 0] = raw[3][-1, -1] = True  # and the first and last pixel of one
    write_eer(path, raw, coding=coding)
    with open_movie(path, eer_fractions=6) as movie:
        assert (movie.frames, movie.height_px, movie.width_px) == (6, *SHAPE)
        for number, frame in enumerate(raw):
            assert np.array_equal(movie.read(number), frame)


@pytest.mark.parametrize("fractions", [1, 3, 7, 40])
def test_fractions_hold_every_raw_frame_once(tmp_path: Path, fractions: int) -> None:
    path = tmp_path / "movie.eer"
    raw = events(20, rate=0.3)
    write_eer(path, raw)
    with open_movie(path, eer_fractions=fractions) as movie:
        assert movie.frames == min(fractions, 20)
        sums = [movie.read(number) for number in range(movie.frames)]
    assert np.array_equal(np.sum(sums, axis=0), np.sum(raw, axis=0))
    electrons = [int(each.sum()) for each in sums]
    assert max(electrons) < 2.2 * min(electrons)


def test_what_the_camera_says_is_read(tmp_path: Path) -> None:
    path = tmp_path / "movie.eer"
    write_eer(path, events(4), metadata=SAID.format(frames=4))
    frames = open_eer(path)
    try:
        assert frames.pixel_size_angstrom == pytest.approx(0.75)
        assert frames.dose_per_pixel == pytest.approx(31.5)
    finally:
        frames.close()


def test_an_integrated_image_before_the_frames_is_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "movie.eer"
    raw = events(5)
    write_eer(path, raw, image_first=True)
    with open_movie(path) as movie:
        assert movie.frames == 5
        assert np.array_equal(movie.read(4), raw[4])


def test_fewer_frames_than_promised_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "movie.eer"
    write_eer(path, events(4), metadata=SAID.format(frames=9))
    with pytest.raises(BadFile, match="promises 9"), open_movie(path):
        pass


def test_a_file_cut_at_any_byte_is_refused(tmp_path: Path) -> None:
    whole = tmp_path / "whole.eer"
    write_eer(whole, events(5), metadata=SAID.format(frames=5))
    content = whole.read_bytes()
    cut = tmp_path / "cut.eer"
    for end in range(0, len(content) - 1, 37):
        cut.write_bytes(content[:end])
        with pytest.raises(BadFile):
            read_all(cut)


def test_a_growing_file_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "movie.eer"
    write_eer(path, events(5))
    os.truncate(path, path.stat().st_size - 250)
    with pytest.raises(BadFile, match="still being written"), open_movie(path):
        pass


def test_a_tiff_called_eer_is_refused(tmp_path: Path) -> None:
    import tifffile

    path = tmp_path / "movie.eer"
    tifffile.imwrite(path, np.zeros((3, *SHAPE), np.uint8), photometric="minisblack")
    with pytest.raises(BadFile, match="no event list"), open_movie(path):
        pass


def test_no_fractions_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "movie.eer"
    write_eer(path, events(2))
    with pytest.raises(InvalidInput, match="no number of frames"):
        open_eer(path, fractions=0)
