"""A gain reference fits the frames as it is laid, or is refused in words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile

from smartscope.analysis.io.gain import read_gain
from smartscope.analysis.io.mrc import save_mrc
from smartscope.analysis.io.orientation import Orientation, oriented
from smartscope.domain.errors import BadFile, InvalidInput


def reference(shape: tuple[int, int] = (6, 9)) -> np.ndarray:
    return np.random.default_rng(1).uniform(0.8, 1.2, shape).astype(np.float32)


def test_the_eight_ways_differ_and_each_has_one_that_undoes_it() -> None:
    picture = reference((5, 5))
    ways = [oriented(picture, way) for way in Orientation]
    assert len({way.tobytes() for way in map(np.ascontiguousarray, ways)}) == 8
    for way in ways:
        back = [oriented(way, other) for other in Orientation]
        assert sum(np.array_equal(each, picture) for each in back) == 1


def test_a_turn_is_anticlockwise() -> None:
    picture = np.array([[1, 2], [3, 4]])
    assert oriented(picture, Orientation.TURNED_90).tolist() == [[2, 4], [1, 3]]
    assert oriented(picture, Orientation.FLIPPED).tolist() == [[2, 1], [4, 3]]


@pytest.mark.parametrize("name", ["gain.mrc", "gain.tif", "gain.gain"])
def test_mean_one_whatever_the_format(tmp_path: Path, name: str) -> None:
    path, picture = tmp_path / name, reference()
    if name.endswith(".mrc"):
        save_mrc(path, 7 * picture, pixel_size_angstrom=1.0)
    else:
        tifffile.imwrite(path, 7 * picture)
    factor = read_gain(path, shape=(6, 9))
    assert np.allclose(factor, picture / picture.mean(), rtol=1e-5)


def test_a_reciprocal_is_inverted_and_dead_pixels_stay_dead(tmp_path: Path) -> None:
    picture = reference((20, 30))
    picture[3, 4] = 0.0
    save_mrc(tmp_path / "gain.mrc", picture, pixel_size_angstrom=1.0)
    factor = read_gain(tmp_path / "gain.mrc", shape=(20, 30), reciprocal=True)
    live = picture > 0
    product = factor[live] * picture[live]
    assert np.allclose(product, product[0], rtol=1e-5)
    assert factor[3, 4] == 0.0
    assert factor[live].mean() == pytest.approx(1.0)


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "gain.mrc"
    save_mrc(path, reference(), pixel_size_angstrom=1.0)
    with pytest.raises(InvalidInput, match="9 x 6 pixels as as_is, the frames are 8 x 6"):
        read_gain(path, shape=(6, 8))
    turned = read_gain(path, shape=(9, 6), orientation=Orientation.TURNED_90)
    assert turned.shape == (9, 6)
    save_mrc(path, np.zeros((6, 9), np.float32), pixel_size_angstrom=1.0)
    with pytest.raises(InvalidInput, match="100 % of the pixels"):
        read_gain(path, shape=(6, 9))
    broken = reference()
    broken[0, 0] = np.nan
    save_mrc(path, broken[::-1], pixel_size_angstrom=1.0)
    with pytest.raises(BadFile, match="finite"):
        read_gain(path, shape=(6, 9))
