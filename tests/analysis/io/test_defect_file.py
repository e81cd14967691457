"""Lists of bad pixels mark exactly what they say, and one for another camera is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis.io.defect_file import read_defects
from smartscope.domain.errors import BadFile

SERIALEM = """CameraSizeX 12
CameraSizeY 8
RotationAndFlip 7
BadColumns 3 5
BadRows 6
PartialBadCol 9 1 2
PartialBadRow 0 7 8
BadPixels 0 1 2 4
"""


def listed(folder: Path, text: str) -> Path:
    path = folder / "defects.txt"
    path.write_text(text)
    return path


def test_serialem_s_words_mark_what_they_say(tmp_path: Path) -> None:
    expected = np.zeros((8, 12), dtype=bool)
    expected[:, [3, 5]] = True
    expected[6] = True
    expected[1:3, 9] = True
    expected[0, 7:9] = True
    expected[1, 0] = expected[4, 2] = True
    assert np.array_equal(read_defects(listed(tmp_path, SERIALEM), shape=(8, 12)), expected)


def test_boxes_are_x_y_width_height(tmp_path: Path) -> None:
    bad = read_defects(listed(tmp_path, "# x y w h\n2 1 3 2\n\n0 0 1 1\n"), shape=(5, 6))
    assert sorted(zip(*np.nonzero(bad), strict=True)) == sorted(
        [(0, 0), *((y, x) for y in (1, 2) for x in (2, 3, 4))]
    )


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1 2 3", "3 numbers where a box"),
        ("1 2 3 4.5", "whole numbers"),
        ("4 0 3 1", "outside frames"),
        ("BadPixels 1 2 3", "3 numbers after BadPixels"),
        ("BadColumns", "whole numbers"),
        ("CameraSizeX 5760\nCameraSizeY 4092", "camera of 5760 x 4092"),
    ],
)
def test_a_list_that_is_none_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(BadFile, match=complaint):
        read_defects(listed(tmp_path, text), shape=(5, 6))


def test_a_missing_list_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="cannot be read"):
        read_defects(tmp_path / "none.txt", shape=(5, 6))
