"""Blobs whose projections are known exactly come back as the volume they were."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from smartscope.analysis.resolution.correlation import fsc
from smartscope.analysis.resolution.reconstruction import reconstruct_known, soft_sphere
from smartscope.domain.errors import InvalidInput

BOX, WIDTH_PX = 32, 1.3
BLOBS = np.array([[5.0, 0.0, 0.0], [0.0, -4.0, 2.0], [-3.0, 3.0, -5.0], [0.0, 6.0, 4.0]])


def volume() -> np.ndarray:
    axis = np.arange(BOX) - BOX // 2
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    return np.asarray(
        sum(
            np.exp(-((x - p[0]) ** 2 + (y - p[1]) ** 2 + (z - p[2]) ** 2) / (2 * WIDTH_PX**2))
            for p in BLOBS
        )
    )


def projection(rotation: np.ndarray) -> np.ndarray:
    axis = np.arange(BOX) - BOX // 2
    y, x = np.meshgrid(axis, axis, indexing="ij")
    places = BLOBS @ rotation.T
    high = np.sqrt(2 * np.pi) * WIDTH_PX
    return np.asarray(
        sum(high * np.exp(-((x - p[0]) ** 2 + (y - p[1]) ** 2) / (2 * WIDTH_PX**2)) for p in places)
    )


def test_projections_in_known_directions_give_the_volume_back() -> None:
    turns = Rotation.random(600, random_state=5).as_matrix()
    found = reconstruct_known(((projection(turn), turn, None) for turn in turns), box_px=BOX)
    mask = soft_sphere(BOX, radius_px=11.0, edge_px=4.0)
    curve = fsc(found * mask, volume() * mask, pixel_size_angstrom=1.0)
    assert curve.values[1:13].min() > 0.99


def test_the_other_hand_is_told_apart() -> None:
    turns = Rotation.random(300, random_state=6).as_matrix()
    found = reconstruct_known(((projection(turn), turn, None) for turn in turns), box_px=BOX)
    mirrored = fsc(found, volume()[::-1], pixel_size_angstrom=1.0).values[3:9].mean()
    assert mirrored < 0.9 < fsc(found, volume(), pixel_size_angstrom=1.0).values[3:9].mean()


def test_a_transfer_function_is_undone() -> None:
    turns = Rotation.random(300, random_state=7).as_matrix()
    k = np.hypot(np.fft.fftfreq(2 * BOX)[:, None], np.fft.rfftfreq(2 * BOX))
    ctf = np.asarray(0.2 + np.cos(9.0 * k**2), dtype=np.float32)

    def blurred(turn: np.ndarray) -> np.ndarray:
        wide = np.zeros((2 * BOX, 2 * BOX))
        wide[BOX // 2 : -BOX // 2, BOX // 2 : -BOX // 2] = projection(turn)
        moved = np.fft.irfft2(np.fft.rfft2(np.fft.ifftshift(wide)) * ctf)
        return np.asarray(np.fft.fftshift(moved)[BOX // 2 : -BOX // 2, BOX // 2 : -BOX // 2])

    found = reconstruct_known(((blurred(turn), turn, ctf) for turn in turns), box_px=BOX)
    assert fsc(found, volume(), pixel_size_angstrom=1.0).values[1:11].min() > 0.95


def test_what_cannot_be_reconstructed_is_refused() -> None:
    with pytest.raises(InvalidInput, match="even one"):
        reconstruct_known([], box_px=31)
    with pytest.raises(InvalidInput, match="no picture"):
        reconstruct_known([], box_px=BOX)
    with pytest.raises(InvalidInput, match="does not fit"):
        reconstruct_known([(np.zeros((8, 8)), np.eye(3), None)], box_px=BOX)
